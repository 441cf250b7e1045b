/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to compare/. */
#ifndef VG_COMPARE_INTERNAL_H
#define VG_COMPARE_INTERNAL_H

#include "compare/compare.h"
#include "statistics/statistics.h"

#define CMP_BASELINE_SCHEMA "vgauge-baseline/1"

/* The natural logarithms of two sides' values; paired: of the boots that both have, in the same order. */
struct cmp_samples {
    double *x, *y;
    unsigned n, m;
};
void cmp_samples_make(const struct vg_metric_series *now, const struct vg_metric_series *then, bool paired,
                      struct cmp_samples *samples);
bool cmp_samples_usable(const struct cmp_samples *samples); /* every value has a logarithm */
void cmp_samples_free(struct cmp_samples *samples);
struct vg_spread cmp_spread(const struct vg_metric_series *series); /* NULL: an empty side */

#endif
