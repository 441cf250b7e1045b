/* SPDX-License-Identifier: MIT */
/* The inside of the workload runtime: what its files share and what main.c starts it with. Workloads never see this;
 * they see workload.h. One process runs one workload, so there is one context and it is never freed. */
#ifndef VG_RUNTIME_H
#define VG_RUNTIME_H

#include <semaphore.h>
#include <stdatomic.h>
#include "common/workload.h"

#define VG_LINE_BYTES 65536 /* longest line of the link protocol, newline included */
#define VG_TEXT_BYTES 1024  /* longest value of a fact and longest message */

/* One row is `width` values. Standalone, flushed rows move to `kept`, which grows; on the link they leave at once. */
struct vg_stream {
    struct vg_workload_context *context;
    const struct vg_stream_spec *spec;
    unsigned width;
    size_t capacity, count;
    int64_t *rows;
    int64_t *kept;
    size_t kept_count;
};

struct vg_kept_fact {
    char *name, *value;
};

struct vg_workload_context {
    const struct vg_workload *workload;
    const char **values; /* one per parameter, in the descriptor's order */
    unsigned run;        /* 0: standalone */
    int fd;              /* the link to the agent; -1: standalone */
    bool show_rows;      /* standalone --samples */

    bool released; /* past the barrier */
    int64_t release_ns;
    atomic_bool go, stop;
    _Atomic int64_t go_at_ns;
    sem_t wake; /* posted by whoever sets go or stop, also from a signal handler */

    struct vg_stream *streams; /* one per spec, in the descriptor's order; width 0: not opened */
    struct vg_kept_fact *facts;
    size_t fact_count;
    char line[VG_LINE_BYTES];
};

/* Runs the workload and ends the process. values: one per parameter, already checked. run 0: standalone. */
_Noreturn void vg_workload_execute(const struct vg_workload *workload, const char **values, unsigned run, int fd,
                                   bool show_rows);

/* Puts out a line of the protocol. If the agent is gone, the process ends. */
void vg_emit_bytes(const struct vg_workload_context *context, const char *bytes, size_t length);
void vg_emit_json(const struct vg_workload_context *context, json_t *object_stolen);
/* The `end` message of a run that has no context (wrong parameters). */
void vg_emit_end(int fd, unsigned run, const char *status, const char *message);
/* Ends the process: flushes, says `end` or prints the standalone result. */
_Noreturn void vg_finish(struct vg_workload_context *context, const char *status, const char *message);
/* A bug in a workload: `end` with status "error". */
_Noreturn void vg_bug(struct vg_workload_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

size_t vg_format_int(char *out, int64_t value); /* without NUL; at most 20 bytes */

/* A parameter that is still VG_PARAM_SEED gets a random value. On the link it is an error: tenants that must share the
 * value would each have one of their own, and find nothing. */
void vg_params_settle(struct vg_workload_context *context);

/* The fact cpu_affinity: on which CPUs the kernel may run this process, as "0-1,4". */
void vg_affinity_fact(struct vg_workload_context *context);

void vg_standalone_print(const struct vg_workload_context *context);

#endif
