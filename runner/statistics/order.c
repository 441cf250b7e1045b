/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorting, ranks and robust measures of location and spread. */
#include "statistics/internal.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void stat_sort(double *values, size_t count)
{
    if (count)
        gsl_sort(values, 1, count);
}

static double *sorted_copy(const double *values, size_t count)
{
    double *copy = vg_reallocarray(NULL, count, sizeof(*copy));
    if (count)
        memcpy(copy, values, count * sizeof(*copy));
    stat_sort(copy, count);
    return copy;
}

double vg_median(const double *values, size_t count)
{
    vg_autofree double *sorted = sorted_copy(values, count);
    return count ? gsl_stats_median_from_sorted_data(sorted, 1, count) : NAN;
}

unsigned vg_median_rank(unsigned count, double confidence)
{
    unsigned k = 0;
    while (k < count / 2 && gsl_cdf_binomial_P(k, 0.5, count) <= (1 - confidence) / 2)
        k++;
    return k;
}

double vg_median_absolute_deviation(const double *values, size_t count)
{
    double median = vg_median(values, count);
    vg_autofree double *distances = vg_reallocarray(NULL, count, sizeof(*distances));
    for (size_t i = 0; i < count; i++)
        distances[i] = fabs(values[i] - median);
    return vg_median(distances, count);
}

double vg_lag1_autocorrelation(const double *values, size_t count)
{
    if (count < 3 || !(gsl_stats_variance(values, 1, count) > 0))
        return NAN;
    return gsl_stats_lag1_autocorrelation(values, 1, count);
}

size_t vg_spikes(const double *values, size_t count)
{
    const double to_sigma = 1.4826, sigmas = 5; /* 1 / qnorm(3/4): the MAD of a normal distribution in its sigmas */
    double median = vg_median(values, count);
    double bound = sigmas * to_sigma * vg_median_absolute_deviation(values, count);
    size_t spikes = 0;
    for (size_t i = 0; i < count; i++)
        spikes += fabs(values[i] - median) > bound;
    return spikes;
}

void stat_interval(const double *sorted, size_t count, size_t k, struct vg_shift *shift)
{
    shift->lower = k >= 1 && k <= count ? sorted[k - 1] : -INFINITY;
    shift->upper = k >= 1 && k <= count ? sorted[count - k] : INFINITY;
}

bool stat_double_ranks(const double *values, size_t count, size_t *ranks)
{
    vg_autofree size_t *order = vg_calloc(count, sizeof(*order));
    bool ties = false;
    gsl_sort_index(order, values, 1, count);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && values[order[next]] == values[order[first]]; next++)
            ties = true;
        for (size_t i = first; i < next; i++) /* the mean of the ranks first+1 .. next, twice */
            ranks[order[i]] = first + 1 + next;
    }
    return ties;
}

double stat_tie_term(const double *values, size_t count)
{
    vg_autofree double *sorted = sorted_copy(values, count);
    double term = 0;
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && sorted[next] == sorted[first]; next++)
            ;
        double t = (double)(next - first);
        term += t * t * t - t;
    }
    return term;
}

double stat_normal_upper(double z)
{
    return gsl_cdf_ugaussian_Q(z);
}
