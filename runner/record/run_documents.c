/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requirements and tests that a run carries with it, so that it can be judged and reported where its suites are
 * not, or have changed since. */
#include "record/internal.h"

bool vg_run_save_requirements(const struct vg_run *run, const struct vg_requirement *const *requirements,
                              unsigned count, struct vg_error *err)
{
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", "vgauge-requirements/1");
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++)
        vg_json_append(list, vg_requirement_to_json(requirements[i]));
    vg_json_set(document, "requirements", list);
    vg_autofree char *path = vg_format("%s/requirements.json", run->directory);
    return vg_json_save_file(document, path, err);
}

static bool one_of(const json_t *object, const char *key, const char *const *words, size_t count, struct vg_error *err)
{
    const char *found = vg_json_text_or(object, key, "");
    for (size_t i = 0; i < count; i++)
        if (vg_equal(words[i], found))
            return true;
    vg_autofree char *shown = vg_printable(found, strlen(found), 60);
    return vg_fail(err, VG_ERROR_INPUT, "`%s` is `%s`, which is none", key, shown);
}

/* A page shows them as they are, so that what is no text must not get as far. */
static bool requirement_good(const json_t *object, struct vg_error *err)
{
    static const char *const texts[] = { "statement", "probe", "workload", "accept", "source" };
    static const char *const lists[] = { "tiers", "mechanisms" };
    static const char *const levels[] = { "MUST", "SHOULD" }, *const severities[] = { "S1", "S2", "S3", "S4" };
    vg_autofree char *id = NULL, *group = NULL;
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        vg_autofree char *text = NULL;
        if (!rec_text(object, texts[i], &text, err))
            return false;
    }
    for (size_t i = 0; i < VG_COUNT(lists); i++) {
        char **items = NULL;
        unsigned count = 0;
        bool good = rec_texts(object, lists[i], &items, &count, err);
        rec_free_texts(items, count);
        if (!good)
            return false;
    }
    return rec_name(object, "id", &id, err) && rec_name(object, "group", &group, err) &&
           one_of(object, "level", levels, VG_COUNT(levels), err) &&
           one_of(object, "severity", severities, VG_COUNT(severities), err);
}

json_t *vg_run_load_requirements(const char *run_directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/requirements.json", run_directory);
    vg_autojson json_t *document = rec_load_document(path, "vgauge-requirements/1", err);
    json_t *list;
    if (!document)
        return NULL;
    if (!rec_objects(document, "requirements", &list, err)) {
        vg_wrap(err, "%s", path);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!requirement_good(json_array_get(list, i), err)) {
            vg_wrap(err, "%s, requirements[%zu]", path, i);
            return NULL;
        }
    return json_incref(list);
}

bool vg_run_save_test(const struct vg_run *run, const struct vg_test *test, struct vg_error *err)
{
    if (!vg_record_name_ok(test->id))
        return vg_fail(err, VG_ERROR_INPUT, "the test id %s cannot be a folder's name", test->id);
    vg_autofree char *directory = vg_format("%s/tests/%s", run->directory, test->id);
    vg_autofree char *path = vg_format("%s/test.json", directory);
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", "vgauge-test/1");
    vg_json_set(document, "test", vg_test_to_json(test));
    return vg_make_directories(directory, err) && vg_json_save_file(document, path, err);
}

struct vg_test *vg_run_load_test(const char *run_directory, const char *test_id, struct vg_error *err)
{
    if (!vg_record_name_ok(test_id)) {
        vg_fail(err, VG_ERROR_INPUT, "a test of the run has an id that is not a plain name");
        return NULL;
    }
    vg_autofree char *path = vg_format("%s/tests/%s/test.json", run_directory, test_id);
    vg_autojson json_t *document = rec_load_document(path, "vgauge-test/1", err);
    json_t *object = NULL;
    if (!document)
        return NULL;
    if (!vg_json_object(document, "test", &object, err)) {
        vg_wrap(err, "%s", path);
        return NULL;
    }
    struct vg_test *test = vg_test_from_json(object, path, err);
    if (test && !vg_equal(test->id, test_id)) {
        vg_fail(err, VG_ERROR_INPUT, "%s holds another test than its folder says", path);
        vg_test_free(test);
        return NULL;
    }
    return test;
}
