/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to statistics/. */
#ifndef VG_STATISTICS_INTERNAL_H
#define VG_STATISTICS_INTERNAL_H

#include "base/base.h"
#include "statistics/statistics.h"

/* R uses exact distributions below 50 values a side; libRmath's tables stay below 5 MB up to this. */
enum { STAT_EXACT_MAX = 50 };

void stat_sort(double *values, size_t count);
/* The k-th smallest (from 1) and k-th largest of sorted differences; infinite for k = 0. */
void stat_interval(const double *sorted, size_t count, size_t k, struct vg_shift *shift);
/* Mid-ranks of values, doubled so that they are whole; in the order of values. Returns whether there are ties. */
bool stat_double_ranks(const double *values, size_t count, size_t *ranks);
/* sum of t^3 - t over groups of t equal values. */
double stat_tie_term(const double *values, size_t count);
/* P(Z >= z) of the standard normal. */
double stat_normal_upper(double z);

#endif
