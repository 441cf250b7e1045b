/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to compare/. */
#ifndef VG_COMPARE_INTERNAL_H
#define VG_COMPARE_INTERNAL_H

#include "compare/compare.h"
#include "statistics/statistics.h"

#define CMP_BASELINE_SCHEMA "vgauge-baseline/1"

/* The values as natural logarithms; NULL if one of them has none. Caller frees. */
double *cmp_logarithms(const struct vg_metric_series *series);
struct vg_spread cmp_spread(const struct vg_metric_series *series); /* NULL: an empty side */

#endif
