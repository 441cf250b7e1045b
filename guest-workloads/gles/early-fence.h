/* SPDX-License-Identifier: MIT */
/* Whether fences are signalled before the work is done. OpenGL lets a read wait for the drawing in front of it, so a
 * result that is read right after an early fence is right, too: only the read takes as much longer as the fence came
 * too early. Reads long after their fences tell how long a read takes that has nothing to wait for. */
#ifndef VG_GLES_EARLY_FENCE_H
#define VG_GLES_EARLY_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EARLY_IDLE  32
#define EARLY_KEPT  512
#define EARLY_LEAST 16

struct early_fence {
    int64_t idle_ns[EARLY_IDLE]; /* reads long after the fence */
    size_t idle_count;
    int64_t read_ns[EARLY_KEPT], latency_ns[EARLY_KEPT]; /* the newest reads right after the fence */
    size_t count;                                        /* of all such reads */
};

struct early_verdict {
    bool known;         /* there were enough reads of both kinds */
    bool early;         /* more was left to do after the fence than had been done before it */
    int64_t missing_ns; /* by which the median read after a fence is longer than the median idle one */
    int64_t latency_ns; /* the median */
};

void early_fence_idle(struct early_fence *early, int64_t read_ns);
void early_fence_read(struct early_fence *early, int64_t latency_ns, int64_t read_ns);
/* Sorts what it was given: at the end. */
struct early_verdict early_fence_judge(struct early_fence *early);

#endif
