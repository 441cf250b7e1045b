/* SPDX-License-Identifier: MIT */
/* What a host probe is. A probe watches the host while tests run and yields raw samples; it never judges. The engine
 * calls sample() from one thread at the probe's period; all paths are resolved under `root`, so that the same code runs
 * against / and against a recorded tree. */
#ifndef VG_PROBE_H
#define VG_PROBE_H

#include <sys/types.h>
#include "base/base.h"

/* One process group that belongs to a tenant, for probes that attribute by process. */
struct vg_probe_target {
    const char *tenant; /* "peer.0" */
    pid_t pid;          /* QEMU, or the agent of a native tenant; descendants belong to it too */
    /* Asks the tenant's VMM over QMP. *answer: the reply as JSON text, foreign input; the caller frees it. Bounded in
     * time. NULL: there is no VMM. */
    bool (*ask)(void *vmm, const char *command, char **answer, struct vg_error *err);
    void *vmm;
    const char *device; /* of the host, that was given to it: "0000:41:00.4", or an mdev's UUID; NULL: none */
};

/* What is watched. Valid until end(). */
struct vg_probe_pgpu {
    const char *name;
    const char *cpus; /* "1": the cores that are this pGPU; NULL: it is no set of cores */
    const char *pci;  /* "0000:41:00.0"; NULL: it is no PCI device */
};
struct vg_probe_host {
    const char *root; /* prefix of all paths */
    const struct vg_probe_pgpu *pgpus;
    size_t pgpu_count;
};

/* Where a probe writes. Numbers only; what is text goes into facts. */
struct vg_probe_sink {
    /* One row of a stream that the probe's descriptor declares; time_ns is CLOCK_MONOTONIC_RAW of the host. `tenant`
     * and `item` ("vcpu0", "vkr-ring-7") may be "". */
    void (*row)(void *context, const char *stream, int64_t time_ns, const char *tenant, const char *item,
                const double *values);
    void (*fact)(void *context, const char *name, const char *value);
    /* A line of host log that belongs to the time of the test. Foreign text: escaped by whoever shows it. */
    void (*log_line)(void *context, int64_t time_ns, const char *line);
    void *context;
};

struct vg_probe_column {
    const char *name;
    const char *unit;
    const char *summary;
};

struct vg_probe_stream {
    const char *name;
    const char *summary;
    const struct vg_probe_column *columns; /* ends with a NULL name */
};

struct vg_probe {
    struct vg_descriptor; /* .kind = VG_KIND_PROBE */
    int period_ms;        /* how often sample() is called; 0: only at begin and end */
    const struct vg_probe_stream *streams;
    /* Opens what the probe needs. False with VG_ERROR_ENVIRONMENT if this host cannot be watched this way; the run then
     * goes on, and records why the probe could not see. *state is the probe's own. */
    bool (*begin)(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **state,
                  struct vg_error *err);
    /* targets changes between calls: tenants come and go. A target that vanished is not an error. */
    bool (*sample)(void *state, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err);
    /* CPU time of threads of the probe's own; NULL: it has none. That of sample() is measured by the engine. */
    int64_t (*own_cost_ns)(void *state);
    void (*end)(void *state);
};

#define VG_PROBE_STREAMS (const struct vg_probe_stream[])
#define VG_PROBE_COLUMNS (const struct vg_probe_column[])
#define VG_PROBE(symbol)                                                                                               \
    extern const struct vg_probe vg_probe_##symbol;                                                                    \
    VG_REGISTER(vg_probe_##symbol);                                                                                    \
    const struct vg_probe vg_probe_##symbol

#endif
