/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Change points: the split against a direct computation of its formula, known steps, and how often nothing is taken for
 * something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/base.h"
#include "statistics/statistics.h"

static double mean_distance(const double *x, size_t n, const double *y, size_t m)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            sum += fabs(x[i] - y[j]);
    return x == y ? sum / ((double)n * (double)(n - 1)) : sum / ((double)n * (double)m);
}

/* Matteson and James (2014), equations 5 to 7, as they are written. */
static double direct(const double *values, size_t count, size_t split)
{
    const double *x = values, *y = values + split;
    size_t n = split, m = count - split;
    double energy = 2 * mean_distance(x, n, y, m) - mean_distance(x, n, x, n) - mean_distance(y, m, y, m);
    return (double)n * (double)m / (double)(n + m) * energy;
}

static void noise(gsl_rng *rng, double *values, size_t count, double level, double cv)
{
    for (size_t i = 0; i < count; i++)
        values[i] = level * exp(gsl_ran_gaussian(rng, cv));
}

static void the_split_is_the_formulas(void **state)
{
    (void)state;
    enum { MOST = 60 };
    double values[MOST];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 3);
    struct vg_changepoint_options options = vg_changepoint_defaults();
    options.permutations = 0;
    for (unsigned trial = 0; trial < 200; trial++) {
        size_t count = 10 + trial % (MOST - 10), best = 0;
        double highest = -INFINITY;
        noise(rng, values, count, 1e6, trial % 3 ? 0.03 : 0.5);
        if (trial % 4 == 0)
            for (size_t i = 0; i < count; i++)
                values[i] = floor(values[i] / 2e4); /* many ties */
        for (size_t split = options.min_segment; split + options.min_segment <= count; split++)
            if (direct(values, count, split) > highest) {
                highest = direct(values, count, split);
                best = split;
            }
        struct vg_split found;
        vg_changepoint_split(values, count, &options, &found);
        if (fabs(found.statistic - highest) > 1e-9 * fabs(highest) + 1e-9)
            fail_msg("trial %u: %.15g is not %.15g", trial, found.statistic, highest);
        if (found.index != best && fabs(direct(values, count, found.index) - highest) > 1e-9 * fabs(highest))
            fail_msg("trial %u: split at %zu, not %zu", trial, found.index, best);
    }
    gsl_rng_free(rng);
}

static void known_steps_are_found(void **state)
{
    (void)state;
    enum { COUNT = 120 };
    double values[COUNT];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct vg_changepoint_options options = vg_changepoint_defaults();
    struct vg_changepoints found, again;
    options.min_effect = 0.05;
    gsl_rng_set(rng, 5);
    noise(rng, values, 40, 100, 0.01);
    noise(rng, values + 40, 40, 112, 0.01);
    noise(rng, values + 80, 40, 103, 0.01); /* 3 % above the first level: not of interest by itself */
    vg_changepoints_find(values, COUNT, &options, &found);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].index, 40);
    assert_int_equal(found.items[1].index, 80);
    assert_true(fabs(found.items[0].ratio - 1.12) < 0.01 && found.items[0].low < 1.12 && found.items[0].high > 1.12);
    assert_true(fabs(found.items[1].ratio - 103.0 / 112) < 0.01);
    assert_true(fabs(found.items[0].before - 100) < 1 && fabs(found.items[0].after - 112) < 1);
    assert_true(found.items[0].p < 1e-6 && !found.items[0].doubtful);
    vg_changepoints_find(values, COUNT, &options, &again);
    assert_memory_equal(found.items, again.items, found.count * sizeof(*found.items));
    vg_changepoints_free(&again);
    vg_changepoints_free(&found);
    options.min_effect = 0.15; /* more than the steps */
    vg_changepoints_find(values, COUNT, &options, &found);
    assert_int_equal(found.count, 0);
    vg_changepoints_free(&found);
    gsl_rng_free(rng);
}

/* Longer than a window: steps in different windows, and one where two windows meet. */
static void long_series_are_seen_in_windows(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static const size_t steps[] = { 100, 350, 600, 995 };
    double values[COUNT];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct vg_changepoint_options options = vg_changepoint_defaults();
    struct vg_changepoints found;
    options.min_effect = 0.05;
    gsl_rng_set(rng, 5);
    noise(rng, values, COUNT, 100, 0.02);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t s = 0; s < VG_COUNT(steps); s++)
            values[i] *= i >= steps[s] ? (s % 2 ? 1 / 1.15 : 1.15) : 1;
    vg_changepoints_find(values, COUNT, &options, &found);
    assert_int_equal(found.count, VG_COUNT(steps));
    for (size_t s = 0; s < VG_COUNT(steps); s++) {
        assert_in_range(found.items[s].index, steps[s] - 1, steps[s] + 1);
        assert_false(found.items[s].doubtful);
    }
    vg_changepoints_free(&found);
    gsl_rng_free(rng);
}

static void odd_values_are_no_trouble(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    double values[COUNT];
    struct vg_changepoint_options options = vg_changepoint_defaults();
    struct vg_changepoints found;
    options.min_effect = 0.05;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 7;
    vg_changepoints_find(values, COUNT, &options, &found); /* nothing ever differs */
    assert_int_equal(found.count, 0);
    vg_changepoints_free(&found);
    vg_changepoints_find(values, 9, &options, &found); /* too few */
    assert_int_equal(found.count, 0);
    vg_changepoints_free(&found);
    vg_changepoints_find(values, 0, &options, &found);
    assert_int_equal(found.count, 0);
    vg_changepoints_free(&found);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = i < 20 ? 0 : 3; /* no logarithm, no ratio */
    vg_changepoints_find(values, COUNT, &options, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.items[0].index, 20);
    assert_true(isnan(found.items[0].ratio) && found.items[0].before == 0 && found.items[0].after == 3);
    vg_changepoints_free(&found);
    values[10] = 1e300; /* one spike is no level */
    for (size_t i = 20; i < COUNT; i++)
        values[i] = 0;
    vg_changepoints_find(values, COUNT, &options, &found);
    assert_int_equal(found.count, 0);
    vg_changepoints_free(&found);
}

/* How often something is found (believed) in series where nothing happens. */
static void rates(size_t count, double rho, double threshold, double *any, double *believed)
{
    enum { REPETITIONS = 400, MOST = 200 };
    double values[MOST];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct vg_changepoint_options options = vg_changepoint_defaults();
    unsigned found_any = 0, found_believed = 0;
    options.min_effect = threshold;
    gsl_rng_set(rng, 11);
    for (unsigned i = 0; i < REPETITIONS; i++) {
        double last = gsl_ran_gaussian(rng, 1);
        bool good = false;
        struct vg_changepoints found;
        for (size_t j = 0; j < count; j++) {
            values[j] = 100 * exp(0.03 * last);
            last = rho * last + sqrt(1 - rho * rho) * gsl_ran_gaussian(rng, 1);
        }
        vg_changepoints_find(values, count, &options, &found);
        for (size_t c = 0; c < found.count; c++)
            good = good || !found.items[c].doubtful;
        found_any += found.count > 0;
        found_believed += good;
        vg_changepoints_free(&found);
    }
    gsl_rng_free(rng);
    *any = (double)found_any / REPETITIONS;
    *believed = (double)found_believed / REPETITIONS;
}

static void nothing_is_seldom_something(void **state)
{
    (void)state;
    double any, believed;
    rates(60, 0, 0, &any, &believed); /* the level of the permutation test is 0.01 */
    assert_true(any <= 0.025);
    rates(200, 0, 0.05, &any, &believed);
    assert_true(any <= 0.005);
    rates(200, 0.5, 0, &any, &believed); /* what the check of the autocorrelation is for */
    assert_true(any > 0.2);
    assert_true(believed < 0.04);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_split_is_the_formulas),       cmocka_unit_test(known_steps_are_found),
        cmocka_unit_test(long_series_are_seen_in_windows), cmocka_unit_test(odd_values_are_no_trouble),
        cmocka_unit_test(nothing_is_seldom_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
