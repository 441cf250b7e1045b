/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One side of a comparison: its values as logarithms, and how they are spread. */
#include "compare/internal.h"

#include <math.h>

static const struct vg_boot_value *partner(const struct vg_metric_series *series, const struct vg_boot_value *value)
{
    for (unsigned i = 0; i < series->value_count; i++)
        if (series->values[i].run == value->run && series->values[i].boot == value->boot)
            return &series->values[i];
    return NULL;
}

void cmp_samples_make(const struct vg_metric_series *now, const struct vg_metric_series *then, bool paired,
                      struct cmp_samples *samples)
{
    *samples = (struct cmp_samples) { .x = vg_calloc(now->value_count, sizeof(*samples->x)),
                                      .y = vg_calloc(then->value_count, sizeof(*samples->y)) };
    for (unsigned i = 0; i < now->value_count; i++) {
        const struct vg_boot_value *other = paired ? partner(then, &now->values[i]) : NULL;
        if (other && samples->m < then->value_count)
            samples->y[samples->m++] = log(other->value);
        if (other || !paired)
            samples->x[samples->n++] = log(now->values[i].value);
    }
    for (unsigned i = 0; i < then->value_count && !paired; i++)
        samples->y[samples->m++] = log(then->values[i].value);
}

bool cmp_samples_usable(const struct cmp_samples *samples)
{
    for (unsigned i = 0; i < samples->n; i++)
        if (!isfinite(samples->x[i]))
            return false;
    for (unsigned i = 0; i < samples->m; i++)
        if (!isfinite(samples->y[i]))
            return false;
    return true;
}

void cmp_samples_free(struct cmp_samples *samples)
{
    free(samples->x);
    free(samples->y);
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
