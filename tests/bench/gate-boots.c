/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-gate with boots that were really made: baseline and run are drawn from the same boots, again and again.
 * Whatever made these boots differ, random halves of them differ in nothing but chance, so that a change that is called
 * is a false alarm. The draws share boots and are not independent of each other; neither are the metrics of one boot. A
 * true change of 10 % is put on real boots by multiplying the run's values. */
#include "gate.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include "statistics/statistics.h"

enum { POWER_REPEATS = 2000 };

/* One set of boots and where it was made. */
struct boots {
    struct vg_side side;
    struct vg_baseline *blessed; /* NULL: runs */
};

static void free_boots(struct boots *boots)
{
    vg_side_free(&boots->side);
    vg_baseline_free(boots->blessed);
}

static bool is_blessed(const char *place)
{
    size_t length = strlen(place);
    return length > 5 && vg_equal(place + length - 5, ".json");
}

static bool load(const char *const *places, unsigned count, struct boots *boots, struct vg_error *err)
{
    if (is_blessed(places[0]))
        return (boots->blessed = vg_baseline_load(places[0], err)) != NULL;
    return vg_side_load(places, count, NULL, &boots->side, err);
}

static void print_origin(const struct boots *boots, const char *place)
{
    static const char *const keys[] = { "host.cpu", "host.cores", "host.kernel", "host.os", "host.accelerator" };
    struct vg_fingerprint fingerprint =
        boots->blessed ? vg_baseline_fingerprint_of(boots->blessed) : vg_run_fingerprint_of(boots->side.runs[0]->run);
    if (boots->blessed)
        printf("  %s: %s\n  %u runs, the first %s, the last %s;", place, boots->blessed->reason,
               boots->blessed->run_count, boots->blessed->runs[0].started,
               boots->blessed->runs[boots->blessed->run_count - 1].started);
    else
        printf("  %s\n  %u runs, the first %s;", place, boots->side.count, boots->side.runs[0]->run->started);
    for (unsigned i = 0; i < fingerprint.count; i++)
        for (size_t j = 0; j < VG_COUNT(keys); j++)
            if (vg_equal(fingerprint.fields[i].key, keys[j]))
                printf(" %s %s;", keys[j], fingerprint.fields[i].value ? fingerprint.fields[i].value : "not known");
    putchar('\n');
}

/* --- one metric --------------------------------------------------------------------------------------------------- */

struct metric {
    const struct vg_metric_series *series;
    double *values; /* in the order of the boots, turned so that lower is better */
    double cv;      /* standard deviation of the logarithms */
    double threshold;
};

static void take(struct vg_metric_series *series, const double *values, unsigned count, double factor)
{
    for (unsigned i = 0; i < count; i++)
        vg_push(series->values, series->value_count) =
            (struct vg_boot_value) { .value = factor * values[i], .boot = i + 1 };
}

static enum vg_change compare_split(const struct metric *metric, const double *values, unsigned n, unsigned m,
                                    double factor)
{
    struct vg_metrics now = { 0 }, then = { 0 };
    bench_add_metric(&now, 0, metric->threshold);
    bench_add_metric(&then, 0, metric->threshold);
    take(&then.items[0], values, m, 1);
    take(&now.items[0], values + m, n, factor);
    enum vg_change change = bench_compare(&now, &then);
    vg_metrics_free(&now);
    vg_metrics_free(&then);
    return change;
}

static size_t count_alarms(const struct metric *metric, const struct bench_promise *promise)
{
    size_t alarms = 0;
    unsigned boots = metric->series->value_count;
    vg_autofree double *values = vg_calloc(boots, sizeof(*values));
    memcpy(values, metric->values, boots * sizeof(*values));
    for (unsigned repeat = 0; repeat < BENCH_ALARM_REPEATS; repeat++) {
        gsl_ran_shuffle(bench_rng, values, boots, sizeof(*values));
        alarms += bench_is_alarm(compare_split(metric, values, promise->n, promise->m, 1));
    }
    return alarms;
}

/* Windows of boots as they followed each other, the baseline first: what drifts shows itself. */
static unsigned count_alarms_in_order(const struct metric *metric, const struct bench_promise *promise,
                                      unsigned *windows)
{
    unsigned alarms = 0;
    *windows = metric->series->value_count - promise->n - promise->m + 1;
    for (unsigned i = 0; i < *windows; i++)
        alarms += bench_is_alarm(compare_split(metric, metric->values + i, promise->n, promise->m, 1));
    return alarms;
}

static double rate_seen(const struct metric *metric, const struct bench_promise *promise, double factor)
{
    unsigned seen = 0, boots = metric->series->value_count;
    vg_autofree double *values = vg_calloc(boots, sizeof(*values));
    memcpy(values, metric->values, boots * sizeof(*values));
    for (unsigned repeat = 0; repeat < POWER_REPEATS; repeat++) {
        gsl_ran_shuffle(bench_rng, values, boots, sizeof(*values));
        seen += compare_split(metric, values, promise->n, promise->m, factor) == VG_CHANGE_REGRESSED;
    }
    return (double)seen / POWER_REPEATS;
}

static void describe(struct metric *metric)
{
    const struct vg_metric_series *series = metric->series;
    vg_autofree double *logarithms = vg_calloc(series->value_count, sizeof(*logarithms));
    double mean = 0, square = 0;
    metric->values = vg_calloc(series->value_count, sizeof(*metric->values));
    for (unsigned i = 0; i < series->value_count; i++) {
        double value = series->values[i].value;
        metric->values[i] = vg_equal(series->better, "higher") ? 1 / value : value;
        logarithms[i] = log(metric->values[i]);
        mean += logarithms[i] / series->value_count;
    }
    for (unsigned i = 0; i < series->value_count; i++)
        square += (logarithms[i] - mean) * (logarithms[i] - mean);
    metric->cv = sqrt(square / (series->value_count - 1));
}

/* What is not compared has nothing to be asked of it. */
static bool is_asked(const struct vg_metric_series *series, double *threshold)
{
    const struct bench_promise *most = &bench_promises[BENCH_PROMISES - 1];
    *threshold = vg_gate_policy_threshold(bench_policy, series->id, series->min_effect);
    return *threshold > 0 && !vg_equal(series->better, "neither") && series->value_count >= most->n + most->m;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

/* The promise is made for 3 %, as a whole number of percent. */
static bool is_steady(const struct metric *metric)
{
    return lround(100 * metric->cv) <= 3;
}

static const char *short_name(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? slash + 1 : id;
}

/* One metric under one promise: a line of the table, and whether it holds. */
static bool print_line(const struct metric *metric, const struct bench_promise *promise)
{
    unsigned windows, in_order = count_alarms_in_order(metric, promise, &windows);
    size_t alarms = count_alarms(metric, promise);
    double bound = vg_upper_proportion(alarms, BENCH_ALARM_REPEATS, 0.95);
    double ten = rate_seen(metric, promise, 1.10), fifty = rate_seen(metric, promise, 1.50);
    double lag = vg_lag1_autocorrelation(metric->values, metric->series->value_count);
    bool quiet = alarms <= BENCH_FALSE_ALARMS * BENCH_ALARM_REPEATS, sharp = !is_steady(metric) || ten >= promise->seen;
    printf("  %-14s %5u %6.1f %6.2f  %3u %3u  %5zu of %d  %8.5f  %3u of %2u  %6.3f  %6.3f  %s\n",
           short_name(metric->series->id), metric->series->value_count, 100 * metric->cv, lag, promise->n, promise->m,
           alarms, BENCH_ALARM_REPEATS, bound, in_order, windows, ten, fifty,
           !quiet              ? "NOT KEPT: false alarms"
           : !sharp            ? "NOT KEPT: +10 %"
           : is_steady(metric) ? "kept, both"
                               : "kept: false alarms");
    fflush(stdout);
    return quiet && sharp;
}

static void print_head(void)
{
    printf("\n  %-14s %5s %6s %6s  %3s %3s  %14s  %8s  %9s  %6s  %6s\n", "metric", "boots", "cv %", "lag-1", "N", "N0",
           "A/A alarms", "below", "in order", "+10 %", "+50 %");
    for (size_t i = 0; i < BENCH_PROMISES; i++)
        printf("  %-14s %5s %6.1f %6s  %3u %3u  %5.0f of %d  %8s  %9s  %6.3f  %6s\n", "promised", "-", 3.0, "-",
               bench_promises[i].n, bench_promises[i].m, BENCH_FALSE_ALARMS * BENCH_ALARM_REPEATS, BENCH_ALARM_REPEATS,
               "-", "-", bench_promises[i].seen, "-");
    /* The design's figures are of its test alone, on log-normal boots. */
    printf("  %-14s %5s %6.1f %6s  %3u %3u  %14s  %8s  %9s  %6.3f  %6s\n", "reference", "-", 3.0, "-", 8, 20, "0.000",
           "-", "-", 0.851, "-");
    printf("  %-14s %5s %6.1f %6s  %3u %3u  %14s  %8s  %9s  %6.3f  %6s\n", "reference", "-", 3.0, "-", 20, 20, "0.000",
           "-", "-", 0.987, "-");
}

static unsigned print_metrics(const struct vg_metrics *metrics, bool *kept)
{
    unsigned asked = 0, steady = 0;
    for (unsigned i = 0; i < metrics->count; i++) {
        struct metric metric = { .series = &metrics->items[i] };
        if (!is_asked(metric.series, &metric.threshold))
            continue;
        describe(&metric);
        for (size_t j = 0; j < BENCH_PROMISES; j++)
            *kept = print_line(&metric, &bench_promises[j]) && *kept;
        asked++;
        steady += is_steady(&metric);
        free(metric.values);
    }
    if (asked)
        printf("  %u metrics of the same boots; %u of them steady enough (cv of 3 %% when rounded) that +10 %% is "
               "promised to be seen.\n",
               asked, steady);
    return asked;
}

bool bench_boots(const char *const *places, unsigned count, bool *kept, struct vg_error *err)
{
    struct boots boots VG_CLEANUP(free_boots) = { 0 };
    if (!load(places, count, &boots, err))
        return false;
    print_origin(&boots, places[0]);
    print_head();
    const struct vg_metrics *metrics = boots.blessed ? &boots.blessed->metrics : &boots.side.metrics;
    const struct bench_promise *most = &bench_promises[BENCH_PROMISES - 1];
    return print_metrics(metrics, kept) ||
           vg_fail(err, VG_ERROR_INPUT, "%s: no metric has %u boots to be split", places[0], most->n + most->m);
}
