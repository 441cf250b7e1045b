/* SPDX-License-Identifier: MIT */
/* When warm-up is over: by a rule on the metric itself, not by a guess. Steady means that the medians of three windows
 * in a row lie within a tenth of each other. A tenant that never gets there is measured all the same, and says so. */
#ifndef VG_GLES_WARMUP_H
#define VG_GLES_WARMUP_H

#include "common/workload.h"

#define WARMUP_WINDOW_MAX 64
#define WARMUP_MEDIANS    3

struct warmup {
    struct vg_workload_context *context;
    size_t window;
    int64_t start_ns, limit_ns;
    int64_t values[WARMUP_WINDOW_MAX];
    size_t value_count, total;
    int64_t medians[WARMUP_MEDIANS];
    size_t median_count;
};

/* window: samples per median, at most WARMUP_WINDOW_MAX; given up after limit_ns. */
void warmup_begin(struct warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns);
/* Takes a sample. True once warm-up is over; it then has marked "steady" (or "warm-up-limit") and recorded the facts
 * warmup_rule, warmup_steady, warmup_samples and warmup_ns. */
bool warmup_add(struct warmup *warmup, int64_t value_ns);

#endif
