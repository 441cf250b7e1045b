/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs become a baseline: only if they are in order, or somebody said that what is not is accepted. */
#include "compare/internal.h"

struct objections {
    char **items;
    unsigned count;
};

static void object(struct objections *objections, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void object(struct objections *objections, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = vg_vformat(format, arguments);
    va_end(arguments);
    vg_push(objections->items, objections->count) = text;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void look_at_run(const struct vg_results *results, struct objections *objections)
{
    const char *name = base_name(results->run->directory);
    if (!vg_equal(results->run->state, "complete"))
        object(objections, "%s is %s, not complete.", name, results->run->state);
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (judgement->verdict != VG_PASS && judgement->verdict != VG_FINDING && judgement->verdict != VG_SKIP)
            object(objections, "%s in %s is %s: %s", judgement->test, judgement->instance,
                   vg_verdict_name(judgement->verdict),
                   judgement->reason_count ? judgement->reasons[0] : "no reason given");
    }
}

static void copy_fingerprint(struct vg_baseline *baseline, const struct vg_run *run, struct objections *objections)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        const struct vg_fingerprint_field *field = &run->fingerprint[i];
        vg_push(baseline->fields, baseline->field_count) = (struct vg_fingerprint_field) {
            .key = vg_strdup(field->key),
            .value = field->value ? vg_strdup(field->value) : NULL,
            .source = vg_strdup(field->source),
        };
        if (!field->value)
            object(objections, "%s could not be read (%s): nothing can be compared with it but --across %s.",
                   field->key, field->source, field->key);
    }
}

static void copy_series(struct vg_baseline *baseline, const struct vg_metric_series *series)
{
    struct vg_metrics *metrics = &baseline->metrics;
    vg_json_set_int(metrics->places, series->id, metrics->count);
    struct vg_metric_series *copy = &vg_push(metrics->items, metrics->count);
    *copy = (struct vg_metric_series) {
        .id = vg_strdup(series->id),
        .test = vg_strdup(series->test),
        .configuration = vg_strdup(series->configuration),
        .metric = vg_strdup(series->metric),
        .unit = vg_strdup(series->unit),
        .better = vg_strdup(series->better),
        .min_effect = series->min_effect,
        .recipe = vg_strdup(series->recipe),
    };
    for (unsigned i = 0; i < series->value_count; i++)
        vg_push(copy->values, copy->value_count) = series->values[i];
}

static void copy_metrics(struct vg_baseline *baseline, const struct vg_metrics *metrics,
                         const struct vg_gate_policy *policy, struct objections *objections)
{
    baseline->metrics.places = vg_json_new_object();
    for (unsigned i = 0; i < metrics->count; i++) {
        const struct vg_metric_series *series = &metrics->items[i];
        if (!(vg_gate_policy_threshold(policy, series->id, series->min_effect) > 0) ||
            vg_equal(series->better, "neither"))
            continue;
        if (series->value_count >= policy->baseline_boots)
            copy_series(baseline, series);
        else
            object(objections, "%s has %u boots with a result; a baseline needs %u.", series->id, series->value_count,
                   policy->baseline_boots);
    }
}

static bool refuse(const struct objections *objections, struct vg_error *err)
{
    enum { SHOWN = 5 };
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < objections->count && i < SHOWN; i++)
        vg_text_add(&text, "\n  %s", objections->items[i]);
    if (objections->count > SHOWN)
        vg_text_add(&text, "\n  ... and %u more", objections->count - SHOWN);
    return vg_fail(err, VG_ERROR_INPUT,
                   "these runs are not in order, so that nothing was blessed (--accept takes them as they are, and "
                   "writes down what was accepted):%s",
                   text.data);
}

struct vg_baseline *vg_bless(const struct vg_side *side, const char *name, const char *by, const char *reason,
                             bool accept, const struct vg_gate_policy *policy, struct vg_error *err)
{
    struct vg_baseline *baseline = vg_calloc(1, sizeof(*baseline));
    struct objections objections = { 0 };
    baseline->name = vg_strdup(name);
    baseline->blessed_at = vg_wall_time();
    baseline->blessed_by = vg_strdup(by);
    baseline->reason = reason ? vg_strdup(reason) : NULL;
    for (unsigned i = 0; i < side->count; i++) {
        const struct vg_run *run = side->runs[i]->run;
        look_at_run(side->runs[i], &objections);
        vg_push(baseline->runs, baseline->run_count) = (struct vg_blessed_run) {
            .name = vg_strdup(base_name(run->directory)),
            .plan = vg_strdup(run->plan),
            .host = vg_strdup(run->host),
            .started = vg_strdup(run->started),
            .version = vg_strdup(run->version),
            .seed = vg_format("%llu", (unsigned long long)run->seed),
        };
    }
    copy_fingerprint(baseline, side->runs[0]->run, &objections);
    copy_metrics(baseline, &side->metrics, policy, &objections);
    bool good = objections.count == 0 || accept || refuse(&objections, err);
    if (good && baseline->metrics.count == 0)
        good = vg_fail(err, VG_ERROR_INPUT, "these runs have no metric with %u boots that could be compared",
                       policy->baseline_boots);
    baseline->accepted = objections.items;
    baseline->accepted_count = objections.count;
    if (good)
        return baseline;
    vg_baseline_free(baseline);
    return NULL;
}
