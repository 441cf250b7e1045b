/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One side of a comparison: its values as logarithms, and how they are spread. */
#include "compare/internal.h"

#include <math.h>

double *cmp_logarithms(const struct vg_metric_series *series)
{
    double *values = vg_reallocarray(NULL, series->value_count, sizeof(*values));
    for (unsigned i = 0; i < series->value_count; i++) {
        if (!(series->values[i].value > 0)) {
            free(values);
            return NULL;
        }
        values[i] = log(series->values[i].value);
    }
    return values;
}

struct vg_spread cmp_spread(const struct vg_metric_series *series)
{
    struct vg_spread spread = { .median = NAN, .mad_ratio = NAN, .autocorrelation = NAN };
    if (!series)
        return spread;
    vg_autofree double *values = vg_reallocarray(NULL, series->value_count, sizeof(*values));
    for (unsigned i = 0; i < series->value_count; i++)
        values[i] = series->values[i].value;
    spread.boots = series->value_count;
    spread.median = vg_median(values, series->value_count);
    if (spread.median != 0)
        spread.mad_ratio = vg_median_absolute_deviation(values, series->value_count) / fabs(spread.median);
    spread.autocorrelation = vg_lag1_autocorrelation(values, series->value_count);
    spread.spikes = vg_spikes(values, series->value_count);
    return spread;
}
