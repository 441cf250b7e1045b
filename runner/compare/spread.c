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

/* "TEST/CONFIGURATION/tiny.p50" -> "TEST/CONFIGURATION/tiny.round_p50["; NULL: no such form. Caller frees. */
static char *round_prefix(const char *id)
{
    const char *slash = strrchr(id, '/'), *dot = strchr(slash ? slash : id, '.');
    return dot ? vg_format("%.*sround_%s[", (int)(dot + 1 - id), id, dot + 1) : NULL;
}

/* Median over the rounds that both boots of a pair have of the logarithm of now / then. NaN: they have none. */
static double median_of_rounds(const struct vg_comparing *comparing, const char *prefix,
                               const struct vg_boot_value *boot)
{
    vg_autofree double *differences = NULL;
    size_t count = 0;
    for (unsigned i = 0; prefix && i < comparing->now->count; i++) {
        const struct vg_metric_series *now = &comparing->now->items[i];
        if (strncmp(now->id, prefix, strlen(prefix)) != 0)
            continue;
        const struct vg_metric_series *then = vg_metric_series_find(comparing->then, now->id);
        const struct vg_boot_value *one = partner(now, boot), *other = then ? partner(then, boot) : NULL;
        if (one && other && one->value > 0 && other->value > 0)
            vg_push(differences, count) = log(one->value) - log(other->value);
    }
    return count ? vg_median(differences, count) : NAN;
}

void cmp_samples_make(const struct vg_comparing *comparing, const struct vg_metric_series *now,
                      const struct vg_metric_series *then, struct cmp_samples *samples)
{
    bool paired = comparing->paired;
    vg_autofree char *prefix = comparing->turns ? round_prefix(now->id) : NULL;
    *samples = (struct cmp_samples) { .x = vg_calloc(now->value_count, sizeof(*samples->x)),
                                      .y = vg_calloc(then->value_count, sizeof(*samples->y)) };
    for (unsigned i = 0; i < now->value_count; i++) {
        const struct vg_boot_value *other = paired ? partner(then, &now->values[i]) : NULL;
        double x = log(now->values[i].value), rounds = median_of_rounds(comparing, prefix, &now->values[i]);
        if (other && samples->m < then->value_count)
            samples->y[samples->m++] = isnan(rounds) ? log(other->value) : x - rounds;
        if (other || !paired)
            samples->x[samples->n++] = x;
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
