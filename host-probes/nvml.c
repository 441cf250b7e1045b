/* SPDX-License-Identifier: MIT */
/* nvml: what NVIDIA's driver tells of its pGPUs and of the vGPUs on them: utilisation, memory, and the time slices that
 * its scheduler gave. The library is loaded when there is one. What it says is not supported is told as not seen, never
 * as 0: on a MIG-backed vGPU of some generations there is no utilisation. */
#include "nvml-abi.h"
#include "probe.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define PGPUS_MAX     32
#define INSTANCES_MAX 256
#define SAMPLES_MAX   4096

struct library {
    void *handle;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error)(int result);
    int (*device)(const char *pci, nvml_device *device);
    int (*utilization)(nvml_device device, struct nvml_utilization *utilization);
    /* These are in drivers with vGPU only; any may be NULL. */
    int (*active)(nvml_device device, unsigned *count, nvml_instance *instances);
    int (*uuid)(nvml_instance instance, char *uuid, unsigned size);
    int (*memory)(nvml_instance instance, unsigned long long *bytes);
    int (*samples)(nvml_device device, unsigned long long since_us, int *type, unsigned *count,
                   struct nvml_instance_sample *samples);
    int (*scheduler)(nvml_device device, struct nvml_scheduler_record *record);
};

struct pgpu {
    char *name;
    nvml_device device;
    unsigned long long since_us; /* newest utilisation seen */
    unsigned long long slice_ns; /* newest slice seen */
};

struct state {
    struct vg_probe_sink sink;
    struct library library;
    struct pgpu pgpus[PGPUS_MAX];
    size_t count;
    struct nvml_scheduler_record record;
};

static void bind(struct library *library)
{
    const struct {
        const char *name;
        void *place;
    } symbols[] = {
        { "nvmlInit_v2", &library->init },
        { "nvmlShutdown", &library->shutdown },
        { "nvmlErrorString", &library->error },
        { "nvmlDeviceGetHandleByPciBusId_v2", &library->device },
        { "nvmlDeviceGetUtilizationRates", &library->utilization },
        { "nvmlDeviceGetActiveVgpus", &library->active },
        { "nvmlVgpuInstanceGetUUID", &library->uuid },
        { "nvmlVgpuInstanceGetFbUsage", &library->memory },
        { "nvmlDeviceGetVgpuUtilization", &library->samples },
        { "nvmlDeviceGetVgpuSchedulerLog", &library->scheduler },
    };
    for (size_t i = 0; i < VG_COUNT(symbols); i++) {
        void *symbol = dlsym(library->handle, symbols[i].name);
        memcpy(symbols[i].place, &symbol, sizeof(symbol)); /* C has no cast from object to function */
    }
}

/* False where the library said no; told as a fact, once per reason. */
static bool works(const struct state *state, const struct pgpu *pgpu, const char *what, int result)
{
    if (result == NVML_OK)
        return true;
    const char *said = state->library.error ? state->library.error(result) : NULL;
    vg_autofree char *shown = said ? vg_printable(said, strlen(said), 200) : vg_format("error %d", result);
    vg_autofree char *name = vg_format("unseen[%s/%s]", pgpu->name, what);
    state->sink.fact(state->sink.context, name, result == NVML_UNSUPPORTED ? "not supported by this device" : shown);
    return false;
}

static void look_at_device(const struct state *state, const struct pgpu *pgpu, int64_t now_ns)
{
    struct nvml_utilization used = { 0 };
    if (!state->library.utilization ||
        !works(state, pgpu, "utilization", state->library.utilization(pgpu->device, &used)))
        return;
    const double values[] = { used.gpu, used.memory };
    state->sink.row(state->sink.context, "pgpu", now_ns, "", pgpu->name, values);
}

/* A vGPU's UUID, with the pGPU's name; printable, without what a CSV cannot hold. */
static char *item_of(const struct state *state, const struct pgpu *pgpu, nvml_instance instance)
{
    char uuid[NVML_UUID_BYTES + 1] = { 0 };
    if (!state->library.uuid || state->library.uuid(instance, uuid, NVML_UUID_BYTES) != NVML_OK)
        return vg_format("%s/%u", pgpu->name, instance);
    uuid[strspn(uuid, "0123456789abcdefABCDEF-GPU")] = '\0';
    return vg_format("%s/%s", pgpu->name, uuid);
}

static void look_at_instances(const struct state *state, const struct pgpu *pgpu, int64_t now_ns)
{
    nvml_instance instances[INSTANCES_MAX] = { 0 };
    unsigned count = INSTANCES_MAX;
    if (!state->library.active ||
        !works(state, pgpu, "instances", state->library.active(pgpu->device, &count, instances)))
        return;
    if (count > INSTANCES_MAX) { /* it had no room to name them all, and says that it did */
        vg_autofree char *name = vg_format("unseen[%s/instances]", pgpu->name);
        vg_autofree char *said =
            vg_format("the library tells of %u where there is room for %d: none is believed", count, INSTANCES_MAX);
        state->sink.fact(state->sink.context, name, said);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned long long bytes = 0;
        vg_autofree char *item = item_of(state, pgpu, instances[i]);
        if (!state->library.memory || !works(state, pgpu, "memory", state->library.memory(instances[i], &bytes)))
            continue;
        const double values[] = { (double)bytes };
        state->sink.row(state->sink.context, "instance", now_ns, "", item, values);
    }
}

static void look_at_utilization(const struct state *state, struct pgpu *pgpu, int64_t now_ns)
{
    unsigned count = SAMPLES_MAX;
    int type = 0;
    if (!state->library.samples)
        return;
    vg_autofree struct nvml_instance_sample *samples = vg_calloc(SAMPLES_MAX, sizeof(*samples));
    int result = state->library.samples(pgpu->device, pgpu->since_us, &type, &count, samples);
    if (!works(state, pgpu, "instance utilization", result) || type != NVML_TYPE_UNSIGNED)
        return;
    for (unsigned i = 0; i < count && i < SAMPLES_MAX; i++) {
        const struct nvml_instance_sample *one = &samples[i];
        if (one->time_us > pgpu->since_us)
            pgpu->since_us = one->time_us;
        vg_autofree char *item = item_of(state, pgpu, one->instance);
        const double values[] = { one->sm.whole, one->memory.whole, one->encoder.whole, one->decoder.whole };
        state->sink.row(state->sink.context, "utilization", now_ns, "", item, values);
    }
}

/* The log is a ring that repeats what was read before. */
static void look_at_scheduler(struct state *state, struct pgpu *pgpu, int64_t now_ns)
{
    struct nvml_scheduler_record *record = &state->record;
    *record = (struct nvml_scheduler_record) { 0 };
    if (!state->library.scheduler ||
        !works(state, pgpu, "scheduler log", state->library.scheduler(pgpu->device, record)))
        return;
    unsigned long long newest = pgpu->slice_ns;
    for (unsigned i = 0; i < record->count && i < NVML_SCHEDULER_ENTRIES; i++) {
        const struct nvml_scheduler_entry *one = &record->entries[i];
        if (one->time_ns <= pgpu->slice_ns)
            continue;
        newest = one->time_ns > newest ? one->time_ns : newest;
        vg_autofree char *item = vg_format("%s/%u", pgpu->name, one->runlist);
        const double values[] = { (double)one->time_ns / 1e9, (double)one->run_ns, (double)one->target_ns,
                                  (double)one->preempted_ns };
        state->sink.row(state->sink.context, "slice", now_ns, "", item, values);
    }
    pgpu->slice_ns = newest;
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)targets;
    (void)target_count;
    (void)err;
    for (size_t i = 0; i < state->count; i++) {
        int64_t now_ns = vg_now_ns();
        look_at_device(state, &state->pgpus[i], now_ns);
        look_at_instances(state, &state->pgpus[i], now_ns);
        look_at_utilization(state, &state->pgpus[i], now_ns);
        look_at_scheduler(state, &state->pgpus[i], now_ns);
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    for (size_t i = 0; i < state->count; i++)
        free(state->pgpus[i].name);
    if (state->library.handle) {
        if (state->library.shutdown)
            state->library.shutdown();
        dlclose(state->library.handle);
    }
    free(state);
}

/* The pGPUs of the host file that the library knows. */
static void find_devices(struct state *state, const struct vg_probe_host *host)
{
    for (size_t i = 0; i < host->pgpu_count && state->count < PGPUS_MAX; i++) {
        struct pgpu *pgpu = &state->pgpus[state->count];
        if (!host->pgpus[i].pci || state->library.device(host->pgpus[i].pci, &pgpu->device) != NVML_OK)
            continue;
        pgpu->name = vg_strdup(host->pgpus[i].name);
        state->count++;
    }
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    vg_autofree char *path = vg_equal(host->root, "/")
                                 ? vg_strdup("libnvidia-ml.so.1")
                                 : vg_format("%s/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1", host->root);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVIDIA's management library is not there (%s)", path);
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->library.handle = handle;
    bind(&state->library);
    struct library *library = &state->library;
    if (!library->init || !library->device || !library->shutdown) {
        library->shutdown = NULL; /* was never begun */
        end(state);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is not NVIDIA's management library", path);
    }
    int result = library->init();
    if (result != NVML_OK) {
        library->shutdown = NULL;
        end(state);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVIDIA's management library does not start (error %d)", result);
    }
    find_devices(state, host);
    if (state->count > 0) {
        *opaque = state;
        return true;
    }
    end(state);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "no pGPU of this host is a device that NVIDIA's driver knows");
}

VG_PROBE(nvml) = {
    .kind = VG_KIND_PROBE,
    .name = "nvml",
    .summary = "utilisation, memory and time slices of NVIDIA's pGPUs and vGPUs, as the driver tells them",
    .why = "What the vendor's own counters say is held against what was measured.",
    .period_ms = 1000,
    .streams =
        VG_PROBE_STREAMS {
            { "pgpu", "one row per pGPU",
              VG_PROBE_COLUMNS {
                  { "gpu", "%", "time in which something ran on it, of the driver's last period" },
                  { "memory", "%", "time in which its memory was used" },
                  { .name = NULL },
              } },
            { "instance", "one row per vGPU (pGPU/UUID)",
              VG_PROBE_COLUMNS {
                  { "memory", "bytes", "framebuffer that it uses" },
                  { .name = NULL },
              } },
            { "utilization", "one row per vGPU and period of the driver (pGPU/UUID); part of the whole pGPU",
              VG_PROBE_COLUMNS {
                  { "sm", "%", "of the compute units" },
                  { "memory", "%", "of the memory's bandwidth" },
                  { "encoder", "%", "of the encoder" },
                  { "decoder", "%", "of the decoder" },
                  { .name = NULL },
              } },
            { "slice", "one row per time slice of the scheduler's log (pGPU/runlist)",
              VG_PROBE_COLUMNS {
                  { "at_s", "s", "when, on the driver's clock" },
                  { "run", "ns", "how long it ran" },
                  { "target", "ns", "how long it was meant to" },
                  { "preempted", "ns", "in all that was taken from it" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
