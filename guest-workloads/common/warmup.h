/* SPDX-License-Identifier: MIT */
/* When warm-up is over: by one rule on the metric itself, for every workload that measures. Steady means that the
 * medians of three windows in a row lie within a tenth of each other. A tenant that never gets there is measured all
 * the same, and says so. */
#ifndef VG_WARMUP_H
#define VG_WARMUP_H

#include "common/workload.h"

#define VG_WARMUP_WINDOW_MAX 64
#define VG_WARMUP_MEDIANS    3

struct vg_warmup {
    struct vg_workload_context *context;
    size_t window;
    int64_t start_ns, limit_ns;
    int64_t values[VG_WARMUP_WINDOW_MAX];
    size_t value_count, total;
    int64_t medians[VG_WARMUP_MEDIANS];
    size_t median_count;
};

/* window: samples per median, at most VG_WARMUP_WINDOW_MAX; given up limit_ns from now. */
void vg_warmup_begin(struct vg_warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns);
/* Takes a sample. True once warm-up is over, also because the workload was asked to stop; it then has marked "steady"
 * (or "warm-up-limit") and recorded the facts warmup_rule, warmup_steady, warmup_samples and warmup_ns. */
bool vg_warmup_add(struct vg_warmup *warmup, int64_t value_ns);

#endif
