/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the gate is right: rates of false and of seen regressions, of the whole method as `vgauge gate` applies it.
 *   bench-gate                synthetic boots of several shapes of noise, beside the figures that the method was
 *                             designed by
 *   bench-gate BOOTS.json...  besides, boots that were really made, as `vgauge bless` wrote them down: split at random
 *                             into baseline and run, again and again
 *   bench-gate RUN...         the same with runs, which are replicates of each other
 * Exit status 1 if anything that is promised does not hold. A seed as VGAUGE_BENCH_SEED gives the same figures again
 * (default 1). */
#include "gate.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include "statistics/statistics.h"

enum { REPEATS = 2000, FAMILY = 200, FAMILY_REPEATS = 200 };

const struct bench_promise bench_promises[] = { { 8, 20, 0.85 }, { 20, 20, 0.98 } };
_Static_assert(VG_COUNT(bench_promises) == BENCH_PROMISES, "one is missing");
gsl_rng *bench_rng;
struct vg_gate_policy *bench_policy;

/* --- noise -----------------------------------------------------------------------------------------------------------
 */

enum shape { NORMAL, LOGNORMAL, BIMODAL, SPIKES };

static double draw(enum shape shape, double cv)
{
    switch (shape) {
    case NORMAL:
        return 1 + gsl_ran_gaussian_ziggurat(bench_rng, cv);
    case LOGNORMAL:
        return exp(gsl_ran_gaussian_ziggurat(bench_rng, sqrt(log1p(cv * cv))));
    case BIMODAL: /* two equally frequent modes, all in all of this cv */
        return 1 + (gsl_rng_uniform(bench_rng) < 0.5 ? -0.8 : 0.8) * cv +
               gsl_ran_gaussian_ziggurat(bench_rng, 0.6 * cv);
    case SPIKES: /* every twentieth boot has a noisy neighbour */
        return (1 + gsl_ran_gaussian_ziggurat(bench_rng, cv)) * (gsl_rng_uniform(bench_rng) < 0.05 ? 1.3 : 1);
    }
    return NAN;
}

/* --- metrics made of it ----------------------------------------------------------------------------------------------
 */

void bench_add_metric(struct vg_metrics *metrics, unsigned number, double min_effect)
{
    if (!metrics->places)
        metrics->places = vg_json_new_object();
    struct vg_metric_series *series = &vg_push(metrics->items, metrics->count);
    *series = (struct vg_metric_series) {
        .id = vg_format("bench/synthetic/m%u", number),
        .test = vg_strdup("bench"),
        .configuration = vg_strdup("synthetic"),
        .metric = vg_format("m%u", number),
        .unit = vg_strdup("ns"),
        .better = vg_strdup("lower"),
        .min_effect = min_effect,
        .recipe = vg_strdup(""),
    };
    vg_json_set_int(metrics->places, series->id, number);
}

static void add_boots(struct vg_metric_series *series, unsigned boots, enum shape shape, double cv, double ratio)
{
    for (unsigned i = 0; i < boots; i++)
        vg_push(series->values, series->value_count) =
            (struct vg_boot_value) { .value = ratio * draw(shape, cv), .boot = i + 1 };
}

enum vg_change bench_compare(const struct vg_metrics *now, const struct vg_metrics *then)
{
    const struct vg_comparing comparing = {
        .policy = bench_policy, .now = now, .then = then, .least_then = 1, .look = 1
    };
    struct vg_comparison *comparison = vg_compare(&comparing);
    enum vg_change change = comparison->items[0].change;
    vg_comparison_free(comparison);
    return change;
}

bool bench_is_alarm(enum vg_change change)
{
    return change == VG_CHANGE_REGRESSED || change == VG_CHANGE_IMPROVED;
}

static bool is_regressed(enum vg_change change)
{
    return change == VG_CHANGE_REGRESSED;
}

/* How many of the comparisons end as is asked for. */
static unsigned count_of(bool (*asked)(enum vg_change), unsigned n, unsigned m, enum shape shape, double cv,
                         double ratio, unsigned repeats)
{
    unsigned hits = 0;
    for (unsigned i = 0; i < repeats; i++) {
        struct vg_metrics now = { 0 }, then = { 0 };
        bench_add_metric(&now, 0, 0.05);
        bench_add_metric(&then, 0, 0.05);
        add_boots(&now.items[0], n, shape, cv, ratio);
        add_boots(&then.items[0], m, shape, cv, 1);
        hits += asked(bench_compare(&now, &then));
        vg_metrics_free(&now);
        vg_metrics_free(&then);
    }
    return hits;
}

/* Part in which the shifted test alone has p <= 0.01: what the design figures are of. */
static double rate_of_test(unsigned n, unsigned m, enum shape shape, double cv, double ratio)
{
    unsigned hits = 0;
    vg_autofree double *x = vg_calloc(n, sizeof(*x)), *y = vg_calloc(m, sizeof(*y));
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        for (unsigned i = 0; i < n; i++)
            x[i] = log(ratio * draw(shape, cv));
        for (unsigned i = 0; i < m; i++)
            y[i] = log(draw(shape, cv));
        hits += vg_rank_test_greater(x, n, y, m, log(1.05)).p <= 0.01;
    }
    return (double)hits / REPEATS;
}

/* --- synthetic tables
 * ------------------------------------------------------------------------------------------------- */

static const double ratios[] = { 1.00, 1.03, 1.05, 1.08, 1.10 };

/* The figures by which the method was designed; negative: none was given. */
static const struct row {
    const char *label;
    enum shape shape;
    double cv;
    unsigned n, m;
    double design[VG_COUNT(ratios)];
} rows[] = {
    { "normal 3 %", NORMAL, 0.03, 8, 8, { 0.000, 0.000, 0.006, 0.215, 0.606 } },
    { "normal 3 %", NORMAL, 0.03, 12, 12, { 0.000, 0.000, 0.010, 0.393, 0.852 } },
    { "normal 3 %", NORMAL, 0.03, 20, 20, { 0.000, 0.000, 0.010, 0.676, 0.987 } },
    { "normal 1 %", NORMAL, 0.01, 20, 20, { 0.000, 0.000, 0.008, 1.000, 1.000 } },
    { "lognormal 5 %", LOGNORMAL, 0.05, 20, 20, { 0.000, 0.000, 0.011, 0.245, 0.659 } },
    { "bimodal 3 %", BIMODAL, 0.03, 20, 20, { 0.000, 0.000, 0.010, 0.810, 0.936 } },
    { "3 %, 5 % spikes", SPIKES, 0.03, 20, 20, { 0.000, 0.000, 0.009, 0.567, 0.937 } },
    { "lognormal 3 %", LOGNORMAL, 0.03, 6, 20, { -1, -1, 0.010, 0.301, 0.742 } },
    { "lognormal 3 %", LOGNORMAL, 0.03, 8, 20, { -1, -1, 0.008, 0.377, 0.851 } },
    { "lognormal 3 %", LOGNORMAL, 0.03, 12, 40, { -1, -1, 0.010, 0.633, 0.982 } },
};

static void print_head(const char *title)
{
    printf("\n%s\n\n  %-16s %3s %3s", title, "true ratio", "", "");
    for (size_t i = 0; i < VG_COUNT(ratios); i++)
        printf("  %15.2f", ratios[i]);
    printf("\n  %-16s %3s %3s", "noise", "N", "N0");
    for (size_t i = 0; i < VG_COUNT(ratios); i++)
        printf("  %5s %9s", "here", "reference");
    putchar('\n');
}

/* Rates beside the figures of the design, which are of the shifted test alone. */
static void print_table(const char *title, double (*rate)(const struct row *row, double ratio))
{
    print_head(title);
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        printf("  %-16s %3u %3u", rows[i].label, rows[i].n, rows[i].m);
        for (size_t j = 0; j < VG_COUNT(ratios); j++) {
            printf("  %5.3f ", rate(&rows[i], ratios[j]));
            if (rows[i].design[j] < 0)
                printf("%9s", "-");
            else
                printf("%9.3f", rows[i].design[j]);
        }
        putchar('\n');
        fflush(stdout);
    }
}

static double rate_of_row_by_test(const struct row *row, double ratio)
{
    return rate_of_test(row->n, row->m, row->shape, row->cv, ratio);
}

static double rate_of_row(const struct row *row, double ratio)
{
    return (double)count_of(is_regressed, row->n, row->m, row->shape, row->cv, ratio, REPEATS) / REPEATS;
}

static void print_tables(void)
{
    print_table("1. The shifted test alone, p <= 0.01, threshold 5 %: rate, beside that of the design",
                rate_of_row_by_test);
    print_table("2. The whole method, one metric, false discovery rate 5 %: rate of `regressed`, beside the design's "
                "test",
                rate_of_row);
}

/* One metric of many got worse by 10 %. */
static void print_family(unsigned n, unsigned m, double cv)
{
    unsigned seen = 0, wrong = 0;
    for (unsigned repeat = 0; repeat < FAMILY_REPEATS; repeat++) {
        struct vg_metrics now = { 0 }, then = { 0 };
        for (unsigned i = 0; i < FAMILY; i++) {
            bench_add_metric(&now, i, 0.05);
            bench_add_metric(&then, i, 0.05);
            add_boots(&now.items[i], n, NORMAL, cv, i == 0 ? 1.10 : 1);
            add_boots(&then.items[i], m, NORMAL, cv, 1);
        }
        const struct vg_comparing comparing = {
            .policy = bench_policy, .now = &now, .then = &then, .least_then = 1, .look = 1
        };
        struct vg_comparison *comparison = vg_compare(&comparing);
        bool hit = comparison->items[0].change == VG_CHANGE_REGRESSED;
        seen += hit;
        wrong += comparison->counts[VG_CHANGE_REGRESSED] - hit;
        vg_comparison_free(comparison);
        vg_metrics_free(&now);
        vg_metrics_free(&then);
    }
    printf("  N=%2u N0=%2u cv %.0f %%: seen %.3f; false alarms %u of %u\n", n, m, 100 * cv,
           (double)seen / FAMILY_REPEATS, wrong, FAMILY_REPEATS * (FAMILY - 1));
    fflush(stdout);
}

/* Boots are added while the metric is inconclusive, as --top-up does. */
static enum vg_change top_up(enum shape shape, double cv, double ratio, unsigned *boots)
{
    struct vg_metrics now = { 0 }, then = { 0 };
    struct vg_comparison *before = NULL;
    bench_add_metric(&now, 0, 0.05);
    bench_add_metric(&then, 0, 0.05);
    add_boots(&then.items[0], bench_policy->baseline_boots, shape, cv, 1);
    for (unsigned look = 1; look <= bench_policy->look_count; look++) {
        add_boots(&now.items[0], bench_policy->looks[look - 1] - now.items[0].value_count, shape, cv, ratio);
        const struct vg_comparing comparing = { .policy = bench_policy,
                                                .now = &now,
                                                .then = &then,
                                                .least_then = bench_policy->baseline_boots,
                                                .look = look,
                                                .looks = true,
                                                .before = before };
        struct vg_comparison *comparison = vg_compare(&comparing);
        vg_comparison_free(before);
        before = comparison;
        if (comparison->items[0].change != VG_CHANGE_INCONCLUSIVE)
            break;
    }
    enum vg_change change = before->items[0].change;
    *boots += now.items[0].value_count;
    vg_comparison_free(before);
    vg_metrics_free(&now);
    vg_metrics_free(&then);
    return change;
}

static void print_top_up(void)
{
    printf("\n4. With --top-up (6, 12, 20 boots against 20), one metric: rate of each verdict by true ratio\n\n"
           "  %-16s %6s  %9s %10s %12s  %s\n",
           "noise", "ratio", "regressed", "equivalent", "inconclusive", "boots on average");
    for (size_t i = 2; i < 7; i++) {
        for (size_t j = 0; j < VG_COUNT(ratios); j++) {
            unsigned counts[VG_CHANGES] = { 0 }, boots = 0;
            for (unsigned repeat = 0; repeat < REPEATS; repeat++)
                counts[top_up(rows[i].shape, rows[i].cv, ratios[j], &boots)]++;
            printf("  %-16s %6.2f  %9.4f %10.4f %12.4f  %.1f\n", rows[i].label, ratios[j],
                   (double)counts[VG_CHANGE_REGRESSED] / REPEATS, (double)counts[VG_CHANGE_EQUIVALENT] / REPEATS,
                   (double)counts[VG_CHANGE_INCONCLUSIVE] / REPEATS, (double)boots / REPEATS);
        }
        fflush(stdout);
    }
}

bool bench_print_alarms(const char *label, size_t alarms, size_t total)
{
    bool kept = alarms <= BENCH_FALSE_ALARMS * total;
    printf("    %-18s %3zu of %zu, below %.5f with 95 %% confidence; promised %g: %s\n", label, alarms, total,
           vg_upper_proportion(alarms, total, 0.95), BENCH_FALSE_ALARMS, kept ? "kept" : "NOT KEPT");
    fflush(stdout);
    return kept;
}

/* Returns whether the figures are what is promised. */
static bool print_promises(void)
{
    static const struct {
        enum shape shape;
        double cv;
        const char *label;
    } noises[] = {
        { NORMAL, 0.03, "normal 3 %" },        { NORMAL, 0.10, "normal 10 %" },  { LOGNORMAL, 0.05, "lognormal 5 %" },
        { LOGNORMAL, 0.20, "lognormal 20 %" }, { BIMODAL, 0.03, "bimodal 3 %" }, { SPIKES, 0.03, "3 %, 5 % spikes" },
    };
    bool kept = true;
    printf("\n5. What is promised\n");
    for (size_t i = 0; i < BENCH_PROMISES; i++) {
        const struct bench_promise *promise = &bench_promises[i];
        printf("\n  A/A comparisons, N=%u N0=%u: false alarms, `regressed` and `improved` together\n", promise->n,
               promise->m);
        for (size_t j = 0; j < VG_COUNT(noises); j++)
            kept = bench_print_alarms(noises[j].label,
                                      count_of(bench_is_alarm, promise->n, promise->m, noises[j].shape, noises[j].cv, 1,
                                               BENCH_ALARM_REPEATS),
                                      BENCH_ALARM_REPEATS) &&
                   kept;
    }
    printf("\n  +10 %%, cv 3 %% (normal): seen\n");
    for (size_t i = 0; i < BENCH_PROMISES; i++) {
        const struct bench_promise *promise = &bench_promises[i];
        double rate = (double)count_of(is_regressed, promise->n, promise->m, NORMAL, 0.03, 1.10, BENCH_ALARM_REPEATS) /
                      BENCH_ALARM_REPEATS;
        kept = kept && rate >= promise->seen;
        printf("    N=%2u N0=%2u          %.4f; promised %.2f: %s\n", promise->n, promise->m, rate, promise->seen,
               rate >= promise->seen ? "kept" : "NOT KEPT");
        fflush(stdout);
    }
    return kept;
}

/* Files of blessed boots one by one; runs together. */
static bool print_boots(const char *const *places, unsigned count, bool *kept, struct vg_error *err)
{
    printf("\n6. Real boots, drawn from them %d times (+10 %%, +50 %%: the run's values multiplied): false alarms, and "
           "the "
           "rate of `regressed`\n\n",
           BENCH_ALARM_REPEATS);
    for (unsigned i = 0; i < count;) {
        size_t length = strlen(places[i]);
        bool file = length > 5 && vg_equal(places[i] + length - 5, ".json");
        unsigned taken = file ? 1 : count - i;
        if (!bench_boots(places + i, taken, kept, err))
            return false;
        putchar('\n');
        i += taken;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct vg_error err = { 0 };
    const char *seed = getenv("VGAUGE_BENCH_SEED");
    vg_autofree char *directory = vg_catalog_directory(&err);
    bench_policy = directory ? vg_gate_policy_load(directory, NULL, &err) : NULL;
    if (!bench_policy) {
        fprintf(stderr, "bench-gate: %s\n", err.text);
        return 3;
    }
    bench_rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(bench_rng, seed ? strtoul(seed, NULL, 10) : 1);
    printf("Operating characteristics of the gate on synthetic boots%s; seed %s, %d comparisons each.\n",
           argc > 1 ? " and on real ones" : "", seed ? seed : "1", REPEATS);
    print_tables();
    printf("\n3. One of %d metrics is worse by 10 %%\n\n", FAMILY);
    print_family(8, 20, 0.03);
    print_family(12, 20, 0.03);
    print_family(20, 20, 0.03);
    print_top_up();
    bool good = print_promises();
    gsl_rng_set(bench_rng,
                seed ? strtoul(seed, NULL, 10) : 1); /* what came before must not move the figures of real boots */
    if (argc > 1 && !print_boots((const char *const *)argv + 1, (unsigned)argc - 1, &good, &err)) {
        fprintf(stderr, "bench-gate: %s\n", err.text);
        good = false;
    }
    gsl_rng_free(bench_rng);
    vg_gate_policy_free(bench_policy);
    puts(good ? "Every promise was kept." : "NOT every promise was kept.");
    return good ? 0 : 1;
}
