/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each metric of one side against the same metric of the other: tested on the scale of logarithms, where a ratio is a
 * shift, against the metric's practical threshold and not against zero; adjusted over all metrics; decided. */
#include "compare/internal.h"

#include <math.h>

static const char *const names[] = {
    [VG_CHANGE_REGRESSED] = "regressed",       [VG_CHANGE_IMPROVED] = "improved",
    [VG_CHANGE_EQUIVALENT] = "equivalent",     [VG_CHANGE_INCONCLUSIVE] = "inconclusive",
    [VG_CHANGE_INSUFFICIENT] = "insufficient", [VG_CHANGE_NO_BASELINE] = "no baseline",
    [VG_CHANGE_NOT_MEASURED] = "not measured",
};

const char *vg_change_name(enum vg_change change)
{
    return names[change];
}

/* What a metric's decision needs beside what is reported. */
struct work {
    bool tested;
    unsigned n, m;                   /* boots that were compared; paired: both are the pairs */
    double equal_lower, equal_upper; /* logarithms: the interval of the equivalence test */
    double worse_lower, worse_upper; /* the interval as logarithms of "worse by" */
};

static void note(struct vg_compared *item, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct vg_compared *item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = vg_vformat(format, arguments);
    va_end(arguments);
    char *joined = item->note ? vg_format("%s; %s", item->note, text) : vg_strdup(text);
    free(text);
    free(item->note);
    item->note = joined;
}

static struct vg_compared *create(struct vg_comparison *comparison, const struct vg_metric_series *series,
                                  double min_effect)
{
    struct vg_compared *item = &vg_push(comparison->items, comparison->count);
    *item = (struct vg_compared) {
        .id = vg_strdup(series->id),
        .unit = vg_strdup(series->unit),
        .better = vg_strdup(series->better),
        .min_effect = min_effect,
        .ratio = NAN,
        .lower = NAN,
        .upper = NAN,
        .cliffs_delta = NAN,
        .p_regressed = NAN,
        .p_improved = NAN,
        .q_regressed = NAN,
        .q_improved = NAN,
        .p_unchanged = NAN,
        .look = comparison->look,
    };
    return item;
}

/* Whether there is anything to compare with; else the item says why not. */
static bool has_counterpart(struct vg_compared *item, const struct vg_metric_series *now,
                            const struct vg_metric_series *then)
{
    item->change = VG_CHANGE_NO_BASELINE;
    if (!then)
        note(item, "the other side has no such metric");
    else if (!vg_equal(now->recipe, then->recipe))
        note(item, "its test has changed: other phases, parameters or analyses");
    else if (!vg_equal(now->unit, then->unit) || !vg_equal(now->better, then->better))
        note(item, "it is in %s, %s is better, and was in %s, %s", now->unit, now->better, then->unit, then->better);
    else
        return true;
    return false;
}

static bool has_enough(const struct vg_comparing *comparing, struct vg_compared *item,
                       const struct cmp_samples *samples)
{
    const char *what = comparing->paired ? "pairs of boots" : "boots";
    item->change = VG_CHANGE_INSUFFICIENT;
    if (samples->n > VG_SAMPLE_MAX || samples->m > VG_SAMPLE_MAX)
        note(item, "more than %d boots", VG_SAMPLE_MAX);
    else if (samples->n < comparing->policy->boots)
        note(item, "%u %s with a result here; at least %u are needed", samples->n, what, comparing->policy->boots);
    else if (samples->m < comparing->least_then)
        note(item, "%u %s with a result there; at least %u are needed", samples->m, what, comparing->least_then);
    else if (!cmp_samples_usable(samples))
        note(item, "a value is 0 or less, so that there is no ratio");
    else
        return true;
    return false;
}

/* Intervals and tests of one metric. */
static void test(const struct vg_comparing *comparing, struct vg_compared *item, struct work *work,
                 const struct cmp_samples *samples)
{
    const struct vg_gate_policy *policy = comparing->policy;
    const double *x = samples->x, *y = samples->y;
    unsigned n = samples->n, m = samples->m;
    bool paired = comparing->paired, larger_is_worse = vg_equal(item->better, "lower");
    /* The looks share the error of every claim, also of "equivalent". */
    double share = comparing->looks ? policy->look_count : 1;
    double confidence = 1 - (1 - policy->confidence) / share;
    double equivalence = 1 - (1 - policy->equivalence) / share;
    struct vg_shift shift = paired ? vg_paired_shift(x, y, n, confidence) : vg_shift(x, n, y, m, confidence);
    struct vg_shift equal = paired ? vg_paired_shift(x, y, n, equivalence) : vg_shift(x, n, y, m, equivalence);
    item->ratio = exp(shift.estimate);
    item->lower = exp(shift.lower);
    item->upper = exp(shift.upper);
    item->cliffs_delta = vg_cliffs_delta(x, n, y, m);
    work->worse_lower = larger_is_worse ? shift.lower : -shift.upper;
    work->worse_upper = larger_is_worse ? shift.upper : -shift.lower;
    work->equal_lower = equal.lower;
    work->equal_upper = equal.upper;
    work->tested = true;
    work->n = n;
    work->m = m;
    double delta = log1p(item->min_effect);
    struct vg_rank_test larger =
        paired ? vg_signed_rank_test_greater(x, y, n, delta) : vg_rank_test_greater(x, n, y, m, delta);
    struct vg_rank_test smaller =
        paired ? vg_signed_rank_test_greater(y, x, n, delta) : vg_rank_test_greater(y, m, x, n, delta);
    item->p_regressed = larger_is_worse ? larger.p : smaller.p;
    item->p_improved = larger_is_worse ? smaller.p : larger.p;
    item->method = vg_rank_method_name(larger.method);
    double any_larger = paired ? vg_signed_rank_test_greater(x, y, n, 0).p : vg_rank_test_greater(x, n, y, m, 0).p;
    double any_smaller = paired ? vg_signed_rank_test_greater(y, x, n, 0).p : vg_rank_test_greater(y, m, x, n, 0).p;
    item->p_unchanged = fmin(1, 2 * fmin(any_larger, any_smaller));
}

static void warn_of_drift(const struct vg_comparing *comparing, struct vg_compared *item)
{
    const struct vg_spread *sides[] = { &item->now, &item->then };
    for (size_t i = 0; i < VG_COUNT(sides); i++)
        if (sides[i]->autocorrelation > comparing->policy->autocorrelation)
            note(item, "consecutive boots %s resemble each other (lag-1 autocorrelation %.2f): the values drift",
                 i ? "there" : "here", sides[i]->autocorrelation);
}

/* A decision of an earlier look stays; the metric still counts among those that the error is shared by. */
static const struct vg_compared *decided_before(const struct vg_comparing *comparing, const char *id)
{
    const struct vg_compared *before = comparing->before ? vg_compared_find(comparing->before, id) : NULL;
    return before && before->change <= VG_CHANGE_EQUIVALENT ? before : NULL;
}

static void copy_decision(struct vg_compared *item, const struct vg_compared *before)
{
    struct vg_compared kept = *before;
    kept.id = item->id;
    kept.unit = item->unit;
    kept.better = item->better;
    kept.note = before->note ? vg_strdup(before->note) : NULL;
    free(item->note);
    *item = kept;
}

static void test_series(const struct vg_comparing *comparing, struct vg_compared *item, struct work *work,
                        const struct vg_metric_series *now, const struct vg_metric_series *then)
{
    struct cmp_samples samples VG_CLEANUP(cmp_samples_free);
    cmp_samples_make(comparing, now, then, &samples);
    if (has_enough(comparing, item, &samples))
        test(comparing, item, work, &samples);
}

static void add(const struct vg_comparing *comparing, struct vg_comparison *comparison, struct work *work,
                const struct vg_metric_series *now, double min_effect)
{
    const struct vg_metric_series *then = vg_metric_series_find(comparing->then, now->id);
    struct vg_compared *item = create(comparison, now, min_effect);
    item->now = cmp_spread(now);
    item->then = cmp_spread(then);
    const struct vg_compared *before = decided_before(comparing, now->id);
    *work = (struct work) { 0 };
    if (before)
        copy_decision(item, before);
    else if (has_counterpart(item, now, then))
        test_series(comparing, item, work, now, then);
    comparison->tested += work->tested || before;
    if (work->tested) {
        item->change = VG_CHANGE_INCONCLUSIVE;
        warn_of_drift(comparing, item);
    }
}

/* Adjusts the p-values of one direction over all metrics of the comparison. */
static void adjust(struct vg_comparison *comparison, const struct work *works, bool regressed)
{
    vg_autofree double *p = vg_calloc(comparison->count, sizeof(*p));
    size_t count = 0;
    for (unsigned i = 0; i < comparison->count; i++)
        if (works[i].tested)
            p[count++] = regressed ? comparison->items[i].p_regressed : comparison->items[i].p_improved;
    vg_adjust_benjamini_hochberg(p, count, comparison->tested);
    count = 0;
    for (unsigned i = 0; i < comparison->count; i++)
        if (works[i].tested)
            *(regressed ? &comparison->items[i].q_regressed : &comparison->items[i].q_improved) = p[count++];
}

/* The one-sided p of the most extreme order that so many boots can have. */
static double smallest_p(const struct vg_comparison *comparison, const struct work *work)
{
    double n = work->n, m = work->m;
    return comparison->paired ? exp2(-n) : exp(lgamma(n + 1) + lgamma(m + 1) - lgamma(n + m + 1));
}

static void decide(struct vg_comparison *comparison, struct vg_compared *item, const struct work *work)
{
    double delta = log1p(item->min_effect);
    /* The intervals say in which direction; this says that boots which differ in nothing are hardly ever this far
     * apart, however noisy they are. */
    bool changed = item->p_unchanged <= comparison->false_alarm;
    if (changed && item->q_regressed <= comparison->error && work->worse_lower > delta)
        item->change = VG_CHANGE_REGRESSED;
    else if (changed && item->q_improved <= comparison->error && work->worse_upper < -delta)
        item->change = VG_CHANGE_IMPROVED;
    else if (work->equal_lower >= -delta && work->equal_upper <= delta)
        item->change = VG_CHANGE_EQUIVALENT;
    else if (smallest_p(comparison, work) * comparison->tested > comparison->error ||
             2 * smallest_p(comparison, work) > comparison->false_alarm) {
        item->change = VG_CHANGE_INSUFFICIENT;
        comparison->powerless++;
        note(item, "%u and %u boots could not single out one of %u metrics, however large the change", work->n, work->m,
             comparison->tested);
    }
}

static bool compared(const struct vg_comparing *comparing, const struct vg_metric_series *series, double *min_effect)
{
    *min_effect = vg_gate_policy_threshold(comparing->policy, series->id, series->min_effect);
    return *min_effect > 0 && !vg_equal(series->better, "neither");
}

struct vg_comparison *vg_compare(const struct vg_comparing *comparing)
{
    struct vg_comparison *comparison = vg_calloc(1, sizeof(*comparison));
    vg_autofree struct work *works = vg_calloc(comparing->now->count, sizeof(*works));
    double min_effect;
    comparison->paired = comparing->paired;
    comparison->look = comparing->look;
    comparison->looks = comparing->looks ? comparing->policy->look_count : 1;
    comparison->error = comparing->policy->error / comparison->looks;
    comparison->false_alarm = comparing->policy->false_alarm / comparison->looks;
    for (unsigned i = 0; i < comparing->now->count; i++)
        if (compared(comparing, &comparing->now->items[i], &min_effect))
            add(comparing, comparison, &works[comparison->count], &comparing->now->items[i], min_effect);
    adjust(comparison, works, true);
    adjust(comparison, works, false);
    for (unsigned i = 0; i < comparison->count; i++)
        if (works[i].tested)
            decide(comparison, &comparison->items[i], &works[i]);
    for (unsigned i = 0; i < comparing->then->count; i++) {
        const struct vg_metric_series *then = &comparing->then->items[i];
        if (!compared(comparing, then, &min_effect) || vg_metric_series_find(comparing->now, then->id))
            continue;
        struct vg_compared *item = create(comparison, then, min_effect);
        item->then = cmp_spread(then);
        item->now = cmp_spread(NULL);
        item->change = VG_CHANGE_NOT_MEASURED;
    }
    for (unsigned i = 0; i < comparison->count; i++)
        comparison->counts[comparison->items[i].change]++;
    return comparison;
}

const struct vg_compared *vg_compared_find(const struct vg_comparison *comparison, const char *id)
{
    for (unsigned i = 0; i < comparison->count; i++)
        if (vg_equal(comparison->items[i].id, id))
            return &comparison->items[i];
    return NULL;
}

void vg_comparison_free(struct vg_comparison *comparison)
{
    if (!comparison)
        return;
    for (unsigned i = 0; i < comparison->count; i++) {
        free(comparison->items[i].id);
        free(comparison->items[i].unit);
        free(comparison->items[i].better);
        free(comparison->items[i].note);
    }
    free(comparison->items);
    free(comparison);
}
