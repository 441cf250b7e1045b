/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to compare/. */
#ifndef VG_COMPARE_INTERNAL_H
#define VG_COMPARE_INTERNAL_H

#include "compare/compare.h"
#include "statistics/statistics.h"

#define CMP_BASELINE_SCHEMA "vgauge-baseline/1"

/* The natural logarithms of two sides' values; paired: of the boots that both have, in the same order. Where a pair of
 * boots took turns and has a value of every round (`x.round_p50[01]`, ... beside `x.p50`), its difference is the median
 * of those of its rounds: each compares what was measured a moment apart. */
struct cmp_samples {
    double *x, *y;
    unsigned n, m;
};
void cmp_samples_make(const struct vg_comparing *comparing, const struct vg_metric_series *now,
                      const struct vg_metric_series *then, struct cmp_samples *samples);
bool cmp_samples_usable(const struct cmp_samples *samples); /* every value has a logarithm */
void cmp_samples_free(struct cmp_samples *samples);
struct vg_spread cmp_spread(const struct vg_metric_series *series); /* NULL: an empty side */

#endif
