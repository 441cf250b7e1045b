/* SPDX-License-Identifier: MIT */
/* Places a GPU's own clock on the tenant's. A job reads the GPU's clock when it ends; the tenant sees its fence some
 * time later, never earlier. The instants that were seen soonest after their reading, early in the run and late in it,
 * span the line
 *     tenant_ns = zero_ns + ticks * tick_ns,
 * whose slope is wrong by the difference of two shortest delays over the time between them (some 1e-5 over seconds) and
 * which lies late by the shortest delay itself.
 *
 * Of a reading only the low 32 bits are used, since there are drivers that leave the high ones 0; when the reading was
 * seen tells how often they wrapped. */
#ifndef VG_VULKAN_GPU_CLOCK_H
#define VG_VULKAN_GPU_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_CLOCK_POINTS 256

struct gpu_clock_point {
    uint64_t ticks;
    int64_t seen_ns;
};

struct gpu_clock {
    uint32_t first;
    struct gpu_clock_point early[GPU_CLOCK_POINTS], late[GPU_CLOCK_POINTS]; /* late: a ring */
    size_t count;
    double tick_ns; /* as far as known; 0: not yet */
};

/* The last reading of a job whose fence was seen at seen_ns; in the order of time. *ticks: since the first reading
 * ever. False: the clock went backwards. Until the rate was solved, less than one wrap may lie between two readings. */
bool gpu_clock_add(struct gpu_clock *clock, uint32_t reading, int64_t seen_ns, uint64_t *ticks);
/* The line, which also becomes the rate by which wraps are counted. False: the clock stood still or ran backwards. */
bool gpu_clock_solve(struct gpu_clock *clock, double *tick_ns, int64_t *zero_ns);

#endif
