/* SPDX-License-Identifier: MIT */
/* The loop of every workload that keeps something busy: jobs in flight, completed in order, each stamped when it was
 * seen done, verified, and replaced by the next; first until the warm-up is over, then until the time is. A workload
 * can work in bursts and rest between them.
 *
 * The descriptor must have the parameter `seconds` (VG_FLIGHT_SECONDS) and the streams `job` and `warmup`
 * (VG_FLIGHT_STREAMS). */
#ifndef VG_FLIGHT_H
#define VG_FLIGHT_H

#include "common/workload.h"

#define VG_FLIGHT_MAX 64 /* jobs in flight */

/* What a job is. `slot` says which of the jobs in flight; one is submitted only after it was verified. */
struct vg_flight_ops {
    void (*submit)(void *self, unsigned slot); /* NULL: all of the work is done in `wait` */
    void (*wait)(void *self, unsigned slot);   /* returns when the job is done */
    void (*verify)(void *self, unsigned slot); /* ends the run if the job did not do what it should; NULL: `wait` did */
    int64_t (*bytes)(void *self, unsigned slot); /* of the job, for the column `bytes`; NULL: there is no such column */
};

struct vg_flight {
    struct vg_workload_context *context;
    const struct vg_flight_ops *ops;
    void *self;
    unsigned slots; /* 1 to VG_FLIGHT_MAX */

    /* Bursts: jobs are submitted only in the first burst_ns of each period_ns, and, the first job of a burst aside,
     * only if job_ns, the length of a job alone, lets those in flight be done by its end. period_ns 0: there is no
     * rest. */
    int64_t period_ns, burst_ns, job_ns;

    /* Results. */
    uint64_t measured;       /* jobs after the warm-up, each with its row */
    uint64_t verified;       /* of these and all others */
    int64_t busy_ns, ran_ns; /* with a job in flight, and altogether */

    /* Its own. */
    int64_t start_ns, busy_since_ns, burst; /* burst: number of the period that the last job was submitted in */
    unsigned oldest, flying;
    int64_t submitted_ns[VG_FLIGHT_MAX];
};

/* Passes the barrier, marks "busy" when the first job is done, warms up (warmup.h), measures for `seconds` from the
 * barrier on or until it is asked to stop, and sees every job through that it submitted. */
void vg_flight_run(struct vg_flight *flight);

#define VG_FLIGHT_SECONDS                                                                                              \
    {                                                                                                                  \
        "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 86400, .unit = "s",                                         \
                            .summary = "how long, from the barrier on, warm-up included"                               \
    }
/* Jobs of the warm-up are kept, but are no completions that count. `...`: VG_FLIGHT_BYTES, or nothing. */
#define VG_FLIGHT_STREAMS(completed, latency, ...)                                                                     \
    VG_STREAMS                                                                                                         \
    {                                                                                                                  \
        { "job", "one row per job completed since the warm-up ended",                                                  \
          VG_COLUMNS { { "completed", "ns", VG_COLUMN_COMPLETION, VG_NEITHER, 0, completed },                          \
                       { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, latency },                               \
                       __VA_ARGS__ { 0 } } },                                                                          \
            { "warmup", "one row per job of the warm-up",                                                              \
              VG_COLUMNS { { "completed", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, completed },                            \
                           { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, latency },                           \
                           __VA_ARGS__ { 0 } } },                                                                      \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
#define VG_FLIGHT_BYTES { "bytes", "bytes", VG_COLUMN_COUNT, VG_NEITHER, 0, "size of the job" },

#endif
