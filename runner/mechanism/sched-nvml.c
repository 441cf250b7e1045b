/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's scheduler by its management library, which is loaded when it is asked for: a host without it must run
 * everything else (sched-knobs.h). */
#include "mechanism/sched-knobs.h"

#include "mechanism/nvml-library.h"
#include "mechanism/sched-nvml-abi.h"

struct vg_nvml_scheduler {
    struct vg_nvml_library library;
    int (*get)(nvml_device, struct nvml_scheduler_state *);
    int (*set)(nvml_device, struct nvml_scheduler_set_state *);
    int (*capabilities)(nvml_device, struct nvml_scheduler_capabilities *);
    int (*log)(nvml_device, struct nvml_scheduler_log *);
};

static const char *const policies[] = {
    [NVML_POLICY_BEST_EFFORT] = "best-effort",
    [NVML_POLICY_EQUAL] = "equal-share",
    [NVML_POLICY_FIXED] = "fixed-share",
};

static const char *policy_name(unsigned policy)
{
    return policy < VG_COUNT(policies) ? policies[policy] : NULL;
}

struct vg_nvml_scheduler *vg_nvml_scheduler_open(const char *root, struct vg_error *err)
{
    struct vg_nvml_scheduler *nvml = vg_calloc(1, sizeof(*nvml));
    const struct vg_nvml_function functions[] = {
        { "nvmlDeviceGetVgpuSchedulerState", &nvml->get },
        { "nvmlDeviceSetVgpuSchedulerState", &nvml->set },
        { "nvmlDeviceGetVgpuSchedulerCapabilities", &nvml->capabilities },
        { "nvmlDeviceGetVgpuSchedulerLog", &nvml->log },
    };
    if (vg_nvml_library_open(&nvml->library, root, functions, VG_COUNT(functions), "scheduler settings", err))
        return nvml;
    free(nvml);
    return NULL;
}

void vg_nvml_scheduler_close(struct vg_nvml_scheduler *nvml)
{
    if (!nvml)
        return;
    vg_nvml_library_close(&nvml->library);
    free(nvml);
}

static bool good(const struct vg_nvml_scheduler *nvml, int result, const char *what, const char *pci,
                 struct vg_error *err)
{
    return vg_nvml_library_good(&nvml->library, result, what, pci, err);
}

static bool find(struct vg_nvml_scheduler *nvml, const char *pci, nvml_device *device, struct vg_error *err)
{
    return good(nvml, nvml->library.find(pci, device), "find the pGPU", pci, err);
}

bool vg_nvml_scheduler_state(struct vg_nvml_scheduler *nvml, const char *pci, struct vg_nvml_state *state,
                             struct vg_error *err)
{
    nvml_device device;
    struct nvml_scheduler_state now = { 0 };
    if (!find(nvml, pci, &device, err) || !good(nvml, nvml->get(device, &now), "read the scheduler's state", pci, err))
        return false;
    bool adaptive = now.arr == NVML_ARR_ON;
    *state = (struct vg_nvml_state) {
        .policy = policy_name(now.policy),
        .adaptive = adaptive,
        .slice_ns = adaptive ? now.parameters.adaptive.slice_ns : now.parameters.plain.slice_ns,
        .averaging = adaptive ? now.parameters.adaptive.averaging : 0,
    };
    return state->policy || now.policy == NVML_POLICY_UNKNOWN ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML names the unknown scheduling policy %u for %s", now.policy, pci);
}

bool vg_nvml_scheduler_capabilities(struct vg_nvml_scheduler *nvml, const char *pci,
                                    struct vg_nvml_capabilities *capabilities, struct vg_error *err)
{
    nvml_device device;
    struct nvml_scheduler_capabilities now = { 0 };
    if (!find(nvml, pci, &device, err) ||
        !good(nvml, nvml->capabilities(device, &now), "read what the scheduler can", pci, err))
        return false;
    *capabilities = (struct vg_nvml_capabilities) {
        .adaptive = now.arr,
        .min_slice_ns = now.min_slice_ns,
        .max_slice_ns = now.max_slice_ns,
        .min_frequency_hz = now.min_frequency_hz,
        .max_frequency_hz = now.max_frequency_hz,
        .min_averaging = now.min_averaging,
        .max_averaging = now.max_averaging,
    };
    for (unsigned i = 0; i < NVML_POLICIES; i++) {
        capabilities->best_effort |= now.policies[i] == NVML_POLICY_BEST_EFFORT;
        capabilities->equal_share |= now.policies[i] == NVML_POLICY_EQUAL;
        capabilities->fixed_share |= now.policies[i] == NVML_POLICY_FIXED;
    }
    return now.min_slice_ns <= now.max_slice_ns ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML says that slices on %s are at least %u ns and at most %u ns", pci,
                   now.min_slice_ns, now.max_slice_ns);
}

bool vg_nvml_scheduler_log(struct vg_nvml_scheduler *nvml, const char *pci,
                           struct vg_nvml_slice slices[VG_NVML_SLICES_MAX], unsigned *count, struct vg_error *err)
{
    nvml_device device;
    vg_autofree struct nvml_scheduler_log *log = vg_calloc(1, sizeof(*log));
    *count = 0;
    if (!find(nvml, pci, &device, err) || !good(nvml, nvml->log(device, log), "read the scheduler's log", pci, err))
        return false;
    if (log->count > NVML_LOG_ENTRIES)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML says that the scheduler's log of %s has %u entries; %d fit",
                       pci, log->count, NVML_LOG_ENTRIES);
    for (; *count < log->count; (*count)++) {
        const struct nvml_scheduler_log_entry *entry = &log->entries[*count];
        slices[*count] = (struct vg_nvml_slice) { entry->timestamp_ns, entry->run_ns, entry->target_ns,
                                                  entry->run_total_ns, entry->runlist };
    }
    return true;
}

static enum vg_refusal refuse(struct vg_error *err, enum vg_refusal refusal, const char *pci, const char *why)
{
    vg_fail(err, VG_ERROR_REFUSED, "the scheduler of %s %s", pci, why);
    return refusal;
}

static enum vg_refusal check(const struct vg_nvml_capabilities *can, const char *pci, enum nvml_policy policy,
                             unsigned slice_ns, struct vg_error *err)
{
    bool offered = (policy == NVML_POLICY_BEST_EFFORT && can->best_effort) ||
                   (policy == NVML_POLICY_EQUAL && can->equal_share) ||
                   (policy == NVML_POLICY_FIXED && can->fixed_share);
    if (!offered)
        return refuse(err, VG_REFUSED_UNSUPPORTED, pci, "does not offer this policy");
    if (slice_ns && policy != NVML_POLICY_BEST_EFFORT &&
        (slice_ns < can->min_slice_ns || slice_ns > can->max_slice_ns)) {
        vg_fail(err, VG_ERROR_REFUSED, "a time slice of %u ns cannot be had on %s: %u to %u ns", slice_ns, pci,
                can->min_slice_ns, can->max_slice_ns);
        return VG_REFUSED_UNSUPPORTED;
    }
    return VG_REFUSED_NOT;
}

static enum nvml_policy policy_number(const char *policy)
{
    for (unsigned i = 1; i < VG_COUNT(policies); i++)
        if (vg_equal(policies[i], policy))
            return (enum nvml_policy)i;
    return NVML_POLICY_UNKNOWN;
}

static enum vg_refusal read_back(struct vg_nvml_scheduler *nvml, const char *pci, const char *policy, unsigned slice_ns,
                                 struct vg_error *err)
{
    struct vg_nvml_state now;
    if (!vg_nvml_scheduler_state(nvml, pci, &now, err))
        return VG_REFUSED_ERROR;
    bool sliced = slice_ns && !vg_equal(policy, "best-effort");
    if (vg_equal(now.policy, policy) && (!sliced || now.slice_ns == slice_ns))
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "the scheduler of %s was set to %s with slices of %u ns, but has %s with %u ns",
            pci, policy, slice_ns, now.policy ? now.policy : "no policy", now.slice_ns);
    return VG_REFUSED_ERROR;
}

enum vg_refusal vg_nvml_scheduler_set(struct vg_nvml_scheduler *nvml, const char *pci, const char *policy,
                                      unsigned slice_ns, struct vg_error *err)
{
    struct vg_nvml_capabilities can;
    nvml_device device;
    struct nvml_scheduler_set_state wanted = { .policy = policy_number(policy), .arr = NVML_ARR_OFF };
    wanted.parameters.plain.slice_ns = slice_ns;
    if (!vg_nvml_scheduler_capabilities(nvml, pci, &can, err) || !find(nvml, pci, &device, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = check(&can, pci, (enum nvml_policy)wanted.policy, slice_ns, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    int result = nvml->set(device, &wanted);
    if (result == NVML_IN_USE)
        return refuse(err, VG_REFUSED_BUSY, pci, "cannot be changed while a VM runs on it");
    if (result == NVML_NOT_SUPPORTED)
        return refuse(err, VG_REFUSED_UNSUPPORTED, pci, "cannot be changed by NVML");
    if (result == NVML_NO_PERMISSION)
        return refuse(err, VG_REFUSED_DISABLED, pci, "may be changed by root only");
    if (!good(nvml, result, "set the scheduler", pci, err))
        return VG_REFUSED_ERROR;
    return read_back(nvml, pci, policy, slice_ns, err);
}
