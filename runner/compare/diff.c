/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs beside each other. Verdicts are facts and are simply compared; of a metric it is said whether its difference is
 * beyond its threshold, and called a regression only where the statistics of a comparison allow it. */
#include "compare/diff.h"

#include <math.h>

static const char *const names[VG_DIFF_KINDS] = { "regression", "fix", "change", "new", "gone", "same" };

const char *vg_diff_kind_name(enum vg_diff_kind kind)
{
    return names[kind];
}

static bool broke(enum vg_verdict verdict)
{
    return verdict == VG_FAIL || verdict == VG_LOST || verdict == VG_TIMEOUT;
}

static enum vg_diff_kind kind_of(const struct vg_diff_cell *then, const struct vg_diff_cell *now)
{
    if (!now->count)
        return VG_DIFF_GONE;
    if (!then->count)
        return VG_DIFF_NEW;
    if (then->worst->verdict == now->worst->verdict)
        return VG_DIFF_SAME;
    if (broke(now->worst->verdict) != broke(then->worst->verdict)) {
        /* Invalid or skipped is no pass: whether it had failed then is not known, nor whether it is mended now. */
        enum vg_verdict other = broke(now->worst->verdict) ? then->worst->verdict : now->worst->verdict;
        if (other == VG_PASS || other == VG_FINDING)
            return broke(now->worst->verdict) ? VG_DIFF_REGRESSION : VG_DIFF_FIX;
    }
    return VG_DIFF_CHANGE;
}

/* Instances are "virtio-venus.full.equal-share.boot-1". */
static size_t configuration_length(const char *instance)
{
    const char *boot = strstr(instance, ".boot-");
    return boot ? (size_t)(boot - instance) : strlen(instance);
}

static void add_judgement(struct vg_diff *diff, unsigned run, const struct vg_judgement *judgement, json_t *places)
{
    vg_autofree char *configuration =
        vg_format("%.*s", (int)configuration_length(judgement->instance), judgement->instance);
    vg_autofree char *key = vg_format("%s/%s", judgement->test, configuration);
    json_t *place = json_object_get(places, key);
    unsigned index = place ? (unsigned)json_integer_value(place) : diff->result_count;
    if (!place) {
        vg_push(diff->results, diff->result_count) =
            (struct vg_diff_result) { .test = vg_strdup(judgement->test),
                                      .configuration = VG_TAKE(configuration),
                                      .cells = vg_calloc(diff->run_count, sizeof(struct vg_diff_cell)) };
        vg_json_set_int(places, key, index);
    }
    struct vg_diff_cell *cell = &diff->results[index].cells[run];
    if (!cell->count || (cell->worst->verdict != judgement->verdict &&
                         vg_verdict_worst(cell->worst->verdict, judgement->verdict) == judgement->verdict))
        cell->worst = judgement;
    cell->count++;
}

static void compare_results(struct vg_diff *diff)
{
    vg_autojson json_t *places = vg_json_new_object();
    for (unsigned r = 0; r < diff->run_count; r++)
        for (unsigned i = 0; i < diff->runs[r]->count; i++)
            add_judgement(diff, r, diff->runs[r]->judgements[i], places);
    for (unsigned i = 0; i < diff->result_count; i++) {
        struct vg_diff_result *result = &diff->results[i];
        result->kind = kind_of(&result->cells[0], &result->cells[diff->run_count - 1]);
        diff->result_counts[result->kind]++;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const struct vg_metric_series *series)
{
    vg_autofree double *values = vg_calloc(series->value_count + 1, sizeof(*values));
    for (unsigned i = 0; i < series->value_count; i++)
        values[i] = series->values[i].value;
    qsort(values, series->value_count, sizeof(*values), ascending);
    return series->value_count ? (values[(series->value_count - 1) / 2] + values[series->value_count / 2]) / 2 : NAN;
}

static struct vg_diff_metric *metric_for(struct vg_diff *diff, const struct vg_metric_series *series, json_t *places)
{
    json_t *place = json_object_get(places, series->id);
    if (place)
        return &diff->metrics[json_integer_value(place)];
    vg_json_set_int(places, series->id, diff->metric_count);
    struct vg_diff_metric *metric = &vg_push(diff->metrics, diff->metric_count);
    *metric = (struct vg_diff_metric) { .id = vg_strdup(series->id),
                                        .unit = vg_strdup(series->unit),
                                        .better = vg_strdup(series->better),
                                        .min_effect = series->min_effect,
                                        .ratio = NAN,
                                        .kind = VG_DIFF_SAME,
                                        .numbers = vg_calloc(diff->run_count, sizeof(struct vg_diff_number)) };
    for (unsigned r = 0; r < diff->run_count; r++)
        metric->numbers[r].median = NAN;
    return metric;
}

/* By the medians alone, which is all that there is to say without statistics. */
static void judge_medians(struct vg_diff_metric *metric, unsigned last)
{
    double then = metric->numbers[0].median, now = metric->numbers[last].median;
    bool ever = false;
    for (unsigned i = 0; i < last; i++)
        ever = ever || !isnan(metric->numbers[i].median);
    if (isnan(now) && !ever)
        return; /* never measured: nothing new, nothing gone */
    if (isnan(then) || isnan(now)) {
        metric->kind = isnan(now) ? VG_DIFF_GONE : VG_DIFF_NEW;
        return;
    }
    metric->ratio = then != 0 ? now / then : now == 0 ? 1 : NAN;
    /* Between a ratio and its inverse no direction is favoured. */
    if (metric->ratio > 0 ? fabs(log(metric->ratio)) > log1p(metric->min_effect) : now != then) {
        metric->kind = VG_DIFF_CHANGE;
        metric->note = vg_format("too few boots to tell it from noise (%u and %u)", metric->numbers[0].boots,
                                 metric->numbers[last].boots);
    }
}

/* Medians that differ although there would be boots enough: nobody can say what made the difference. */
static void blame_environment(struct vg_diff_metric *metric, const struct vg_gate_policy *policy, unsigned last)
{
    if (metric->kind != VG_DIFF_CHANGE || metric->numbers[0].boots < policy->boots ||
        metric->numbers[last].boots < policy->boots)
        return;
    free(metric->note);
    metric->note = vg_strdup("not decided: the environments differ (--across KEY)");
}

static void judge_by_statistics(struct vg_diff_metric *metric, const struct vg_compared *item, double confidence)
{
    if (!item || item->change == VG_CHANGE_INSUFFICIENT || item->change == VG_CHANGE_NOT_MEASURED)
        return;
    if (item->change == VG_CHANGE_NO_BASELINE) {
        if (metric->kind == VG_DIFF_CHANGE || metric->kind == VG_DIFF_SAME) {
            metric->kind = VG_DIFF_CHANGE;
            free(metric->note);
            metric->note = vg_strdup("the test has changed, so that its numbers cannot be compared");
        }
        return;
    }
    free(metric->note);
    metric->note = item->change == VG_CHANGE_INCONCLUSIVE
                       ? vg_strdup("not decided: more boots would tell")
                       : vg_format("%+.1f %% to %+.1f %% with %g %% confidence", 100 * (item->lower - 1),
                                   100 * (item->upper - 1), 100 * confidence);
    if (item->change == VG_CHANGE_REGRESSED)
        metric->kind = VG_DIFF_REGRESSION;
    else if (item->change == VG_CHANGE_IMPROVED)
        metric->kind = VG_DIFF_FIX;
    else if (item->change == VG_CHANGE_EQUIVALENT)
        metric->kind = VG_DIFF_SAME;
}

static bool comparable(const struct vg_diff *diff)
{
    return diff->environment.barring == 0;
}

static bool compare_metrics(struct vg_diff *diff, const struct vg_gate_policy *policy, struct vg_error *err)
{
    unsigned last = diff->run_count - 1;
    vg_autojson json_t *places = vg_json_new_object();
    struct vg_metrics *of_run = vg_calloc(diff->run_count, sizeof(*of_run));
    bool good = true;
    for (unsigned r = 0; r < diff->run_count && good; r++) {
        good = vg_metrics_add(&of_run[r], diff->runs[r], err);
        for (unsigned i = 0; i < of_run[r].count && good; i++) {
            const struct vg_metric_series *series = &of_run[r].items[i];
            if (!(series->min_effect > 0) || vg_equal(series->better, "neither"))
                continue;
            metric_for(diff, series, places)->numbers[r] =
                (struct vg_diff_number) { median_of(series), series->value_count };
        }
    }
    vg_autofree const struct vg_metrics **sides = vg_calloc(diff->run_count, sizeof(*sides));
    for (unsigned r = 0; r < diff->run_count; r++)
        sides[r] = &of_run[r];
    good = good && vg_thresholds_apply(policy, sides, diff->run_count, err);
    for (unsigned i = 0; i < diff->metric_count; i++) {
        judge_medians(&diff->metrics[i], last);
        if (!comparable(diff))
            blame_environment(&diff->metrics[i], policy, last);
    }
    if (good && comparable(diff)) {
        const struct vg_comparing comparing = {
            .policy = policy,
            .now = &of_run[last],
            .then = &of_run[0],
            .least_then = policy->boots,
            .look = 1,
        };
        struct vg_comparison *comparison = vg_compare(&comparing);
        for (unsigned i = 0; i < diff->metric_count; i++)
            judge_by_statistics(&diff->metrics[i], vg_compared_find(comparison, diff->metrics[i].id),
                                policy->confidence);
        vg_comparison_free(comparison);
    }
    for (unsigned i = 0; i < diff->metric_count; i++)
        diff->metric_counts[diff->metrics[i].kind]++;
    for (unsigned r = 0; r < diff->run_count; r++)
        vg_metrics_free(&of_run[r]);
    free(of_run);
    return good;
}

bool vg_diff_make(const char *const *directories, unsigned count, const struct vg_gate_policy *policy,
                  const char *across, struct vg_diff *diff, struct vg_error *err)
{
    *diff = (struct vg_diff) { 0 };
    bool good = count > 1 || vg_fail(err, VG_ERROR_INPUT, "a difference is between two runs at least");
    for (unsigned i = 0; i < count && good; i++) {
        struct vg_results *results = vg_results_gather(directories[i], err);
        good = results != NULL;
        if (results)
            vg_push(diff->runs, diff->run_count) = results;
    }
    good = good && vg_fingerprints_compare(vg_run_fingerprint_of(diff->runs[count - 1]->run),
                                           vg_run_fingerprint_of(diff->runs[0]->run), across, &diff->environment, err);
    if (good) {
        compare_results(diff);
        good = compare_metrics(diff, policy, err);
    }
    if (!good)
        vg_diff_free(diff);
    return good;
}

void vg_diff_free(struct vg_diff *diff)
{
    for (unsigned i = 0; i < diff->run_count; i++)
        vg_results_free(diff->runs[i]);
    for (unsigned i = 0; i < diff->result_count; i++) {
        free(diff->results[i].test);
        free(diff->results[i].configuration);
        free(diff->results[i].cells);
    }
    for (unsigned i = 0; i < diff->metric_count; i++) {
        free(diff->metrics[i].id);
        free(diff->metrics[i].unit);
        free(diff->metrics[i].better);
        free(diff->metrics[i].numbers);
        free(diff->metrics[i].note);
    }
    free(diff->runs);
    free(diff->results);
    free(diff->metrics);
    vg_differences_free(&diff->environment);
    *diff = (struct vg_diff) { 0 };
}

int vg_diff_exit_status(const struct vg_diff *diff)
{
    return diff->result_counts[VG_DIFF_REGRESSION] || diff->metric_counts[VG_DIFF_REGRESSION] ? 1 : 0;
}
