/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/ and to the stand-in library of its tests: NVML's binary interface for the vGPU scheduler, from
 * the NVML API reference (group vGPU APIs; structures nvmlVgpuSchedulerGetState_t, ...SetState_t, ...Capabilities_t and
 * ...Log_t, as they are since driver 535). Its header is in no package of Debian main; names are our own. */
#ifndef VG_MECHANISM_SCHED_NVML_ABI_H
#define VG_MECHANISM_SCHED_NVML_ABI_H

typedef void *nvml_device;

enum nvml_return {
    NVML_OK = 0,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_IN_USE = 19,
};

enum nvml_policy { NVML_POLICY_UNKNOWN, NVML_POLICY_BEST_EFFORT, NVML_POLICY_EQUAL, NVML_POLICY_FIXED };
enum nvml_arr { NVML_ARR_DEFAULT, NVML_ARR_OFF, NVML_ARR_ON };
enum { NVML_POLICIES = 3, NVML_LOG_ENTRIES = 200 };

/* With adaptive round robin an averaging factor comes first, so that the slice stands elsewhere. */
union nvml_scheduler_parameters {
    struct {
        unsigned averaging, slice_ns;
    } adaptive;
    struct {
        unsigned slice_ns;
    } plain;
};
struct nvml_scheduler_state {
    unsigned policy, arr;
    union nvml_scheduler_parameters parameters;
};

union nvml_scheduler_set_parameters {
    struct {
        unsigned averaging, frequency_hz;
    } adaptive;
    struct {
        unsigned slice_ns;
    } plain;
};
struct nvml_scheduler_set_state {
    unsigned policy, arr;
    union nvml_scheduler_set_parameters parameters;
};

struct nvml_scheduler_capabilities {
    unsigned policies[NVML_POLICIES];
    unsigned max_slice_ns, min_slice_ns;
    unsigned arr;
    unsigned max_frequency_hz, min_frequency_hz, max_averaging, min_averaging;
};

struct nvml_scheduler_log_entry {
    unsigned long long timestamp_ns, run_total_ns, run_ns;
    unsigned runlist;
    unsigned long long target_ns, preemption_total_ns;
};
struct nvml_scheduler_log {
    unsigned engine, policy, arr;
    union nvml_scheduler_parameters parameters;
    unsigned count;
    struct nvml_scheduler_log_entry entries[NVML_LOG_ENTRIES];
};

_Static_assert(sizeof(struct nvml_scheduler_state) == 16, "as the library has it");
_Static_assert(sizeof(struct nvml_scheduler_set_state) == 16, "as the library has it");
_Static_assert(sizeof(struct nvml_scheduler_capabilities) == 40, "as the library has it");
_Static_assert(sizeof(struct nvml_scheduler_log_entry) == 48, "as the library has it");
_Static_assert(sizeof(struct nvml_scheduler_log) == 24 + 48 * NVML_LOG_ENTRIES, "as the library has it");

#endif
