/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates from completion instants. Counting whole jobs in a window would be wrong by one job at each end, 10 % for ten
 * jobs; the count is taken as growing evenly between one completion and the next instead. */
#include "judge/internal.h"

#include <math.h>

/* How many jobs were over at at_s, in fractions; at_s must lie within the series. `near` is where the last search
 * ended: calls go forward in time. */
static double jobs_until(const struct vg_completion_series *series, double at_s, size_t *near)
{
    size_t low = *near, high = series->count - 1;
    while (low < high) { /* the last completion at or before at_s */
        size_t middle = low + (high - low + 1) / 2;
        if (series->at_s[middle] <= at_s)
            low = middle;
        else
            high = middle - 1;
    }
    *near = low;
    if (low + 1 >= series->count)
        return (double)low;
    double gap_s = series->at_s[low + 1] - series->at_s[low];
    return (double)low + (gap_s > 0 ? (at_s - series->at_s[low]) / gap_s : 0);
}

static bool covers(const struct vg_completion_series *series, double from_s, double to_s)
{
    return series->count >= 2 && from_s < to_s && series->at_s[0] <= from_s && series->at_s[series->count - 1] >= to_s;
}

double vg_completion_rate(const struct vg_completion_series *series, double from_s, double to_s)
{
    size_t near = 0;
    if (!covers(series, from_s, to_s))
        return NAN;
    double before = jobs_until(series, from_s, &near);
    return (jobs_until(series, to_s, &near) - before) / (to_s - from_s);
}

void vg_share_series(const struct vg_completion_series *series, double bin_s, double *start_s, double **rates,
                     size_t *count)
{
    *rates = NULL;
    *count = 0;
    *start_s = 0;
    if (series->count < 2 || !(bin_s > 0))
        return;
    *start_s = ceil(series->at_s[0] / bin_s) * bin_s;
    double bins = floor((series->at_s[series->count - 1] - *start_s) / bin_s + 1e-9);
    if (!(bins >= 1 && bins <= 1e6))
        return;
    *rates = vg_calloc((size_t)bins, sizeof(**rates));
    size_t near = 0;
    double before = jobs_until(series, *start_s, &near);
    for (; *count < (size_t)bins; (*count)++) {
        double until = jobs_until(series, *start_s + (double)(*count + 1) * bin_s, &near);
        (*rates)[*count] = (until - before) / bin_s;
        before = until;
    }
}
