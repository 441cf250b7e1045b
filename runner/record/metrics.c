/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judged runs as series of one value per boot per metric: what is compared, blessed and kept over months. */
#include "record/internal.h"

#include <math.h>

/* What an instance is called without its boot: all boots of one configuration are replicates of each other. */
static char *configuration_of(const char *instance)
{
    const char *boot = strstr(instance, ".boot-");
    return boot ? vg_format("%.*s", (int)(boot - instance), instance) : vg_strdup(instance);
}

/* Only what decides what is measured: an edited threshold or sentence measures the same as before. */
static char *recipe_of(const char *run_directory, const char *test, struct vg_error *err)
{
    static const char *const keys[] = { "tenants", "phases", "analyze" };
    vg_autofree char *path = vg_format("%s/tests/%s/test.json", run_directory, test);
    vg_autojson json_t *document = rec_load_document(path, "vgauge-test/1", err);
    json_t *object = NULL;
    if (!document || !vg_json_object(document, "test", &object, err))
        return NULL;
    vg_autojson json_t *recipe = vg_json_new_object();
    for (size_t i = 0; i < VG_COUNT(keys); i++) {
        json_t *member = json_object_get(object, keys[i]);
        vg_json_set(recipe, keys[i], member ? json_incref(member) : json_null());
    }
    return vg_digest_json(recipe);
}

static bool is_number(enum vg_verdict verdict)
{
    return verdict == VG_PASS || verdict == VG_FINDING || verdict == VG_FAIL;
}

static struct vg_metric_series *find(const struct vg_metrics *metrics, const char *id)
{
    const json_t *place = json_object_get(metrics->places, id);
    return place ? &metrics->items[json_integer_value(place)] : NULL;
}

static struct vg_metric_series *create(struct vg_metrics *metrics, const char *id, const struct vg_judgement *judgement,
                                       const char *configuration, const struct vg_value *value, const char *recipe)
{
    vg_json_set_int(metrics->places, id, metrics->count);
    struct vg_metric_series *series = &vg_push(metrics->items, metrics->count);
    *series = (struct vg_metric_series) {
        .id = vg_strdup(id),
        .test = vg_strdup(judgement->test),
        .configuration = vg_strdup(configuration),
        .metric = vg_strdup(value->metric),
        .unit = vg_strdup(value->unit ? value->unit : "1"),
        .better = vg_strdup(value->better ? value->better : "neither"),
        .min_effect = isfinite(value->min_effect) ? value->min_effect : 0,
        .recipe = vg_strdup(recipe),
    };
    return series;
}

static bool same(const struct vg_metric_series *series, const struct vg_value *value, const char *recipe,
                 struct vg_error *err)
{
    double min_effect = isfinite(value->min_effect) ? value->min_effect : 0;
    if (!vg_equal(series->recipe, recipe))
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s was measured by another version of its test, or with other parameters, than in the run "
                       "before; give runs of one kind only",
                       series->id);
    if (vg_equal(series->unit, value->unit ? value->unit : "1") &&
        vg_equal(series->better, value->better ? value->better : "neither") && series->min_effect == min_effect)
        return true;
    return vg_fail(err, VG_ERROR_INPUT,
                   "%s has another unit, direction or practical threshold than in the run before; judge both again "
                   "with one vgauge (`vgauge judge RUN`)",
                   series->id);
}

static bool add_judgement(struct vg_metrics *metrics, const struct vg_judgement *judgement, const char *recipe,
                          struct vg_error *err)
{
    vg_autofree char *configuration = configuration_of(judgement->instance);
    for (unsigned i = 0; i < judgement->value_count; i++) {
        const struct vg_value *value = &judgement->values[i];
        vg_autofree char *id = vg_format("%s/%s/%s", judgement->test, configuration, value->metric);
        struct vg_metric_series *series = find(metrics, id);
        if (!series)
            series = create(metrics, id, judgement, configuration, value, recipe);
        else if (!same(series, value, recipe, err))
            return false;
        if (!is_number(judgement->verdict) || !isfinite(value->value))
            series->missing++;
        else
            vg_push(series->values, series->value_count) =
                (struct vg_boot_value) { .value = value->value, .boot = judgement->boot, .run = metrics->runs };
    }
    return true;
}

/* An instance that was lost before anything was analysed names no metrics: the boot is missing from all of its
 * configuration's. */
static void count_silent(struct vg_metrics *metrics, const struct vg_judgement *judgement)
{
    vg_autofree char *configuration = configuration_of(judgement->instance);
    for (unsigned i = 0; i < metrics->count; i++)
        if (vg_equal(metrics->items[i].test, judgement->test) &&
            vg_equal(metrics->items[i].configuration, configuration))
            metrics->items[i].missing++;
}

bool vg_metrics_add(struct vg_metrics *metrics, const struct vg_results *results, struct vg_error *err)
{
    if (!metrics->places)
        metrics->places = vg_json_new_object();
    vg_autojson json_t *recipes = vg_json_new_object();
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (judgement->verdict == VG_SKIP || judgement->value_count == 0)
            continue;
        if (!json_object_get(recipes, judgement->test)) {
            vg_autofree char *recipe = recipe_of(results->run->directory, judgement->test, err);
            if (!recipe)
                return false;
            vg_json_set_text(recipes, judgement->test, recipe);
        }
        const char *recipe = json_string_value(json_object_get(recipes, judgement->test));
        if (!add_judgement(metrics, judgement, recipe, err))
            return vg_wrap(err, "%s", results->run->directory);
    }
    for (unsigned i = 0; i < results->count; i++)
        if (results->judgements[i]->verdict != VG_SKIP && results->judgements[i]->value_count == 0)
            count_silent(metrics, results->judgements[i]);
    metrics->runs++;
    return true;
}

bool vg_metrics_merge_configurations(struct vg_metrics *metrics, struct vg_error *err)
{
    json_t *places = vg_json_new_object();
    for (unsigned i = 0; i < metrics->count; i++) {
        struct vg_metric_series *series = &metrics->items[i];
        vg_autofree char *id = vg_format("%s/%s", series->test, series->metric);
        const json_t *other = json_object_get(places, id);
        if (other) {
            json_decref(places);
            return vg_fail(err, VG_ERROR_INPUT,
                           "test %s has run as %s and as %s: give a run with one mechanism, profile and policy",
                           series->test, metrics->items[json_integer_value(other)].configuration,
                           series->configuration);
        }
        vg_json_set_int(places, id, i);
    }
    for (unsigned i = 0; i < metrics->count; i++) {
        free(metrics->items[i].id);
        metrics->items[i].id = vg_format("%s/%s", metrics->items[i].test, metrics->items[i].metric);
    }
    json_decref(metrics->places);
    metrics->places = places;
    return true;
}

const struct vg_metric_series *vg_metric_series_find(const struct vg_metrics *metrics, const char *id)
{
    return metrics->places ? find(metrics, id) : NULL;
}

void vg_metrics_free(struct vg_metrics *metrics)
{
    for (unsigned i = 0; i < metrics->count; i++) {
        struct vg_metric_series *series = &metrics->items[i];
        free(series->id);
        free(series->test);
        free(series->configuration);
        free(series->metric);
        free(series->unit);
        free(series->better);
        free(series->recipe);
        free(series->values);
    }
    free(metrics->items);
    json_decref(metrics->places);
    *metrics = (struct vg_metrics) { 0 };
}
