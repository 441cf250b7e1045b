/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.json: what the judge decided about one instance, with every value and every comparison that led to it, so
 * that nobody has to take the verdict's word for it. */
#include "record/internal.h"

static json_t *values_to_json(const struct vg_value *values, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *value = vg_json_new_object();
        vg_json_set_text(value, "metric", values[i].metric);
        vg_json_set_real(value, "value", values[i].value);
        vg_json_set_text(value, "unit", values[i].unit);
        vg_json_set_text(value, "better", values[i].better);
        vg_json_set_real(value, "min_effect", values[i].min_effect);
        vg_json_set_text(value, "note", values[i].note);
        vg_json_append(list, value);
    }
    return list;
}

static json_t *checks_to_json(const struct vg_checked *checks, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *check = vg_json_new_object();
        vg_json_set_text(check, "metric", checks[i].metric);
        vg_json_set_text(check, "op", checks[i].op);
        vg_json_set_real(check, "threshold", checks[i].threshold);
        vg_json_set_real(check, "value", checks[i].value);
        vg_json_set_text(check, "unit", checks[i].unit);
        vg_json_set_bool(check, "met", checks[i].met);
        vg_json_set_text(check, "otherwise", checks[i].otherwise);
        vg_json_set_text(check, "source", checks[i].source);
        vg_json_append(list, check);
    }
    return list;
}

json_t *vg_judgement_to_json(const struct vg_judgement *judgement)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "test", judgement->test);
    vg_json_set_text(object, "instance", judgement->instance);
    vg_json_set_text(object, "mechanism", judgement->mechanism);
    vg_json_set_text(object, "profile", judgement->profile);
    vg_json_set_text(object, "policy", judgement->policy);
    vg_json_set_text(object, "summary", judgement->summary);
    vg_json_set_text(object, "why", judgement->why);
    vg_json_set(object, "requirements",
                rec_texts_to_json(judgement->requirements.items, judgement->requirements.count));
    vg_json_set_int(object, "boot", judgement->boot);
    vg_json_set_text(object, "verdict", vg_verdict_name(judgement->verdict));
    vg_json_set(object, "reasons", rec_texts_to_json(judgement->reasons, judgement->reason_count));
    vg_json_set(object, "values", values_to_json(judgement->values, judgement->value_count));
    vg_json_set(object, "checks", checks_to_json(judgement->checks, judgement->check_count));
    vg_json_set_real(object, "duration_s", judgement->duration_s);
    vg_json_set_text(object, "directory", judgement->directory);
    return object;
}

static bool directory_ok(const struct vg_judgement *judgement)
{
    if (!vg_record_name_ok(judgement->test) || !vg_record_name_ok(judgement->instance))
        return false;
    vg_autofree char *expected = vg_format("tests/%s/%s", judgement->test, judgement->instance);
    return vg_equal(expected, judgement->directory);
}

static bool save(const struct vg_judgement *judgement, const char *run_directory,
                 bool (*save_file)(const json_t *, const char *, struct vg_error *), struct vg_error *err)
{
    if (!directory_ok(judgement))
        return vg_fail(err, VG_ERROR_INPUT,
                       "a judgement must lie in tests/TEST/INSTANCE of its run, and these two must "
                       "be plain names; \"%s\" is not",
                       judgement->directory ? judgement->directory : "");
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", "vgauge-verdict/1");
    vg_autojson json_t *content = vg_judgement_to_json(judgement);
    json_object_update(document, content);
    vg_autofree char *directory = vg_format("%s/%s", run_directory, judgement->directory);
    vg_autofree char *path = vg_format("%s/verdict.json", directory);
    return vg_make_directories(directory, err) && save_file(document, path, err);
}

bool vg_judgement_save(const struct vg_judgement *judgement, const char *run_directory, struct vg_error *err)
{
    return save(judgement, run_directory, vg_json_save_file, err);
}

bool vg_judgement_save_unsynced(const struct vg_judgement *judgement, const char *run_directory, struct vg_error *err)
{
    return save(judgement, run_directory, vg_json_save_file_unsynced, err);
}

static bool load_value(const json_t *object, struct vg_value *value, struct vg_error *err)
{
    return rec_text(object, "metric", &value->metric, err) && rec_real(object, "value", &value->value, err) &&
           rec_text_or_null(object, "unit", &value->unit, err) &&
           rec_text_or_null(object, "better", &value->better, err) &&
           rec_real(object, "min_effect", &value->min_effect, err) &&
           rec_text_or_null(object, "note", &value->note, err);
}

static bool load_check(const json_t *object, struct vg_checked *check, struct vg_error *err)
{
    return rec_text(object, "metric", &check->metric, err) && rec_text(object, "op", &check->op, err) &&
           rec_real(object, "threshold", &check->threshold, err) && rec_real(object, "value", &check->value, err) &&
           rec_text_or_null(object, "unit", &check->unit, err) && rec_bool(object, "met", &check->met, err) &&
           rec_text(object, "otherwise", &check->otherwise, err) &&
           rec_text_or_null(object, "source", &check->source, err);
}

static bool load_judgement(const json_t *object, struct vg_judgement *judgement, struct vg_error *err)
{
    vg_autofree char *verdict = NULL;
    if (!rec_name(object, "test", &judgement->test, err) || !rec_name(object, "instance", &judgement->instance, err) ||
        !rec_text(object, "mechanism", &judgement->mechanism, err) ||
        !rec_text_or_null(object, "profile", &judgement->profile, err) ||
        !rec_text_or_null(object, "policy", &judgement->policy, err) ||
        !rec_text_or_null(object, "summary", &judgement->summary, err) ||
        !rec_text_or_null(object, "why", &judgement->why, err) ||
        !rec_texts(object, "requirements", &judgement->requirements.items, &judgement->requirements.count, err) ||
        !rec_unsigned(object, "boot", &judgement->boot, err) || !rec_text(object, "verdict", &verdict, err) ||
        !rec_texts(object, "reasons", &judgement->reasons, &judgement->reason_count, err) ||
        !REC_LOAD_LIST(object, "values", judgement->values, judgement->value_count, load_value, err) ||
        !REC_LOAD_LIST(object, "checks", judgement->checks, judgement->check_count, load_check, err) ||
        !rec_real(object, "duration_s", &judgement->duration_s, err) ||
        !rec_text(object, "directory", &judgement->directory, err))
        return false;
    if (!vg_verdict_parse(verdict, &judgement->verdict))
        return vg_fail(err, VG_ERROR_INPUT, "`verdict` is not a verdict");
    if (!directory_ok(judgement))
        return vg_fail(err, VG_ERROR_INPUT, "`directory` is not tests/TEST/INSTANCE");
    return true;
}

struct vg_judgement *vg_judgement_load(const char *instance_directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/verdict.json", instance_directory);
    vg_autojson json_t *document = rec_load_document(path, "vgauge-verdict/1", err);
    if (!document)
        return NULL;
    struct vg_judgement *judgement = vg_calloc(1, sizeof(*judgement));
    if (load_judgement(document, judgement, err))
        return judgement;
    vg_wrap(err, "%s", path);
    vg_judgement_free(judgement);
    return NULL;
}

void vg_judgement_free(struct vg_judgement *judgement)
{
    if (!judgement)
        return;
    for (unsigned i = 0; i < judgement->value_count; i++) {
        free(judgement->values[i].metric);
        free(judgement->values[i].unit);
        free(judgement->values[i].better);
        free(judgement->values[i].note);
    }
    for (unsigned i = 0; i < judgement->check_count; i++) {
        free(judgement->checks[i].metric);
        free(judgement->checks[i].op);
        free(judgement->checks[i].unit);
        free(judgement->checks[i].otherwise);
        free(judgement->checks[i].source);
    }
    free(judgement->values);
    free(judgement->checks);
    rec_free_texts(judgement->reasons, judgement->reason_count);
    rec_free_texts(judgement->requirements.items, judgement->requirements.count);
    free(judgement->test);
    free(judgement->instance);
    free(judgement->mechanism);
    free(judgement->profile);
    free(judgement->policy);
    free(judgement->summary);
    free(judgement->why);
    free(judgement->directory);
    free(judgement->overlay_reason);
    free(judgement);
}
