/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A baseline from its file, which may be anybody's: cut, edited, of another program or of a later one. */
#include "compare/internal.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

enum { LIST_MAX = 20000 };
#define FILE_MAX ((size_t)16 << 20)

static bool take_text(const json_t *object, const char *key, char **value, struct vg_error *err)
{
    const char *text;
    if (!vg_json_text(object, key, &text, err))
        return false;
    *value = vg_strdup(text);
    return true;
}

static bool take_text_or_null(const json_t *object, const char *key, char **value, struct vg_error *err)
{
    return json_is_null(json_object_get(object, key)) || take_text(object, key, value, err);
}

static bool take_list(const json_t *object, const char *key, json_t **list, struct vg_error *err)
{
    if (!vg_json_array(object, key, list, err))
        return false;
    return json_array_size(*list) <= LIST_MAX ||
           vg_fail(err, VG_ERROR_INPUT, "`%s` has more than %d members", key, LIST_MAX);
}

/* No other keys than these: one that this vgauge does not know may change what the others mean. */
static bool only(const json_t *object, const char *const *keys, size_t count, struct vg_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return vg_fail(err, VG_ERROR_INPUT, "it is not an object");
    json_object_foreach((json_t *)object, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || vg_equal(keys[i], key);
        if (known)
            continue;
        vg_autofree char *shown = vg_printable(key, strlen(key), 80);
        vg_autofree char *meant = vg_did_you_mean(key, keys, count);
        return vg_fail(err, VG_ERROR_INPUT, "unknown key `%s`%s", shown, meant);
    }
    return true;
}

static bool load_run(const json_t *object, struct vg_baseline *baseline, struct vg_error *err)
{
    static const char *const keys[] = { "name", "plan", "host", "started", "version", "seed" };
    struct vg_blessed_run *run = &vg_push(baseline->runs, baseline->run_count);
    *run = (struct vg_blessed_run) { 0 };
    return only(object, keys, VG_COUNT(keys), err) && take_text(object, "name", &run->name, err) &&
           take_text(object, "plan", &run->plan, err) && take_text(object, "host", &run->host, err) &&
           take_text(object, "started", &run->started, err) && take_text(object, "version", &run->version, err) &&
           take_text(object, "seed", &run->seed, err);
}

static bool load_field(const json_t *object, struct vg_baseline *baseline, struct vg_error *err)
{
    static const char *const keys[] = { "key", "value", "source" };
    struct vg_fingerprint_field *field = &vg_push(baseline->fields, baseline->field_count);
    *field = (struct vg_fingerprint_field) { 0 };
    return only(object, keys, VG_COUNT(keys), err) && take_text(object, "key", &field->key, err) &&
           take_text_or_null(object, "value", &field->value, err) && take_text(object, "source", &field->source, err);
}

static bool load_values(const json_t *object, struct vg_metric_series *series, struct vg_error *err)
{
    json_t *list, *value;
    size_t index;
    if (!take_list(object, "boots", &list, err))
        return false;
    json_array_foreach(list, index, value)
    {
        if (!json_is_number(value) || !isfinite(json_number_value(value)))
            return vg_fail(err, VG_ERROR_INPUT, "boots[%zu] is not a number", index);
        vg_push(series->values, series->value_count) =
            (struct vg_boot_value) { .value = json_number_value(value), .boot = (unsigned)index + 1 };
    }
    return true;
}

static bool load_series(const json_t *object, struct vg_baseline *baseline, struct vg_error *err)
{
    static const char *const keys[] = { "test",   "configuration", "metric", "unit",
                                        "better", "min_effect",    "recipe", "boots" };
    struct vg_metrics *metrics = &baseline->metrics;
    struct vg_metric_series *series = &vg_push(metrics->items, metrics->count);
    *series = (struct vg_metric_series) { 0 };
    if (!only(object, keys, VG_COUNT(keys), err) || !take_text(object, "test", &series->test, err) ||
        !take_text(object, "configuration", &series->configuration, err) ||
        !take_text(object, "metric", &series->metric, err) || !take_text(object, "unit", &series->unit, err) ||
        !take_text(object, "better", &series->better, err) ||
        !vg_json_real(object, "min_effect", &series->min_effect, err) ||
        !take_text(object, "recipe", &series->recipe, err) || !load_values(object, series, err))
        return false;
    if (!vg_equal(series->better, "lower") && !vg_equal(series->better, "higher"))
        return vg_fail(err, VG_ERROR_INPUT, "`better` is neither lower nor higher");
    series->id = vg_format("%s/%s/%s", series->test, series->configuration, series->metric);
    if (vg_metric_series_find(metrics, series->id))
        return vg_fail(err, VG_ERROR_INPUT, "%s is there twice", series->id);
    vg_json_set_int(metrics->places, series->id, metrics->count - 1);
    return true;
}

static bool load_list(const json_t *document, const char *key, struct vg_baseline *baseline,
                      bool (*load)(const json_t *, struct vg_baseline *, struct vg_error *), struct vg_error *err)
{
    json_t *list, *member;
    size_t index;
    if (!take_list(document, key, &list, err))
        return false;
    json_array_foreach(list, index, member) if (!load(member, baseline, err)) return vg_wrap(err, "%s[%zu]", key,
                                                                                             index);
    return true;
}

static bool load_accepted(const json_t *member, struct vg_baseline *baseline, struct vg_error *err)
{
    if (!json_is_string(member))
        return vg_fail(err, VG_ERROR_INPUT, "it is not text");
    vg_push(baseline->accepted, baseline->accepted_count) = vg_strdup(json_string_value(member));
    return true;
}

static bool load_members(const json_t *document, struct vg_baseline *baseline, struct vg_error *err)
{
    static const char *const keys[] = { "schema",   "name", "blessed_at",  "blessed_by", "reason",
                                        "accepted", "runs", "fingerprint", "metrics",    "digest" };
    baseline->metrics.places = vg_json_new_object();
    return only(document, keys, VG_COUNT(keys), err) && take_text(document, "name", &baseline->name, err) &&
           take_text(document, "blessed_at", &baseline->blessed_at, err) &&
           take_text(document, "blessed_by", &baseline->blessed_by, err) &&
           take_text_or_null(document, "reason", &baseline->reason, err) &&
           load_list(document, "accepted", baseline, load_accepted, err) &&
           load_list(document, "runs", baseline, load_run, err) &&
           load_list(document, "fingerprint", baseline, load_field, err) &&
           load_list(document, "metrics", baseline, load_series, err);
}

static bool check_schema(const json_t *document, struct vg_error *err)
{
    static const char family[] = "vgauge-baseline/";
    const char *schema = json_string_value(json_object_get(document, "schema"));
    if (vg_equal(schema, CMP_BASELINE_SCHEMA))
        return true;
    vg_autofree char *shown = schema ? vg_printable(schema, strlen(schema), 60) : vg_strdup("nothing");
    if (schema && strncmp(schema, family, strlen(family)) == 0)
        return vg_fail(err, VG_ERROR_INPUT,
                       "it was written by another version of vgauge (%s, and this one reads %s): use that version, or "
                       "bless again with this one",
                       shown, CMP_BASELINE_SCHEMA);
    return vg_fail(err, VG_ERROR_INPUT, "it is no baseline: its `schema` says %s", shown);
}

static bool check_digest(json_t *document, struct vg_error *err)
{
    const char *said;
    if (!vg_json_text(document, "digest", &said, err))
        return vg_wrap(err, "it is not signed");
    vg_autofree char *written = vg_strdup(said);
    json_object_del(document, "digest");
    vg_autofree char *found = vg_digest_json(document);
    return vg_equal(written, found) ||
           vg_fail(err, VG_ERROR_INPUT,
                   "it was changed after it was blessed: its content has the digest %.19s..., and it says %.19s... "
                   "Restore it from version control, or bless again",
                   found, written);
}

static bool is_regular(const char *path, struct vg_error *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "it cannot be opened");
    return S_ISREG(status.st_mode) || vg_fail(err, VG_ERROR_INPUT, "it is not a regular file");
}

struct vg_baseline *vg_baseline_load(const char *path, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length;
    vg_autojson json_t *document = NULL;
    if (!is_regular(path, err) || !vg_read_file(path, FILE_MAX, &text, &length, err) ||
        !(document = vg_json_load_text(text, length, err))) {
        vg_wrap(err, "the baseline %s cannot be read, perhaps because it was cut", path);
        return NULL;
    }
    struct vg_baseline *baseline = vg_calloc(1, sizeof(*baseline));
    baseline->file = vg_strdup(path);
    if (check_schema(document, err) && check_digest(document, err) && load_members(document, baseline, err))
        return baseline;
    vg_wrap(err, "the baseline %s cannot be used", path);
    vg_baseline_free(baseline);
    return NULL;
}
