/* SPDX-License-Identifier: MIT */
/* When warm-up is over: by one rule on the metric itself, for every workload that measures. Steady means that among
 * three windows in a row no two differ in a way that is both relevant (their medians by more than a tenth) and more
 * than chance (Kolmogorov-Smirnov, 10 %: a window that is not yet steady must not pass for want of samples). Either
 * alone misjudges: medians of a metric with two modes jump for ever, as where a host polls; and with many samples any
 * machine's small drift is beyond chance. A tenant that never gets there is measured all the same, and says so. */
#ifndef VG_WARMUP_H
#define VG_WARMUP_H

#include "common/workload.h"

#define VG_WARMUP_WINDOW_MIN 8 /* fewer samples cannot differ beyond chance */
#define VG_WARMUP_WINDOW_MAX 64
#define VG_WARMUP_WINDOWS    3

struct vg_warmup {
    struct vg_workload_context *context;
    size_t window;
    int64_t start_ns, limit_ns;
    int64_t values[VG_WARMUP_WINDOWS][VG_WARMUP_WINDOW_MAX]; /* those that are full are in ascending order */
    size_t value_count, total, window_count; /* of the window that is being filled; of all; full windows */
};

/* window: samples per window, VG_WARMUP_WINDOW_MIN to _MAX; given up limit_ns from now. */
void vg_warmup_begin(struct vg_warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns);
/* Takes a sample. True once warm-up is over, also because the workload was asked to stop; it then has marked "steady"
 * (or "warm-up-limit") and recorded the facts warmup_rule, warmup_steady, warmup_samples and warmup_ns. */
bool vg_warmup_add(struct vg_warmup *warmup, int64_t value_ns);

#endif
