/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plan files: which tests, with which parameters, how often. */
#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

static const cyaml_schema_field_t mandatory_fields[] = {
    VG_FIELD_WORDS("mechanisms", VG_MANDATORY, struct vg_plan_mandatory, mechanisms),
    VG_FIELD_WORDS("tests", VG_MANDATORY, struct vg_plan_mandatory, tests),
    VG_FIELD_WORD("level", VG_OPTIONAL, struct vg_plan_mandatory, level),
    VG_FIELD_TEXT("why", VG_MANDATORY, struct vg_plan_mandatory, why),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t mandatory_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_plan_mandatory, mandatory_fields),
};

static const cyaml_schema_field_t plan_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_plan, name),
    VG_FIELD_TEXT("summary", VG_MANDATORY, struct vg_plan, summary),
    VG_FIELD_WORD("host", VG_OPTIONAL, struct vg_plan, host),
    VG_FIELD_WORDS("tests", VG_MANDATORY, struct vg_plan, tests),
    VG_FIELD_WORDS("set", VG_OPTIONAL, struct vg_plan, sets),
    VG_FIELD_WORDS("profiles", VG_OPTIONAL, struct vg_plan, profiles),
    VG_FIELD_WORDS("policies", VG_OPTIONAL, struct vg_plan, policies),
    CYAML_FIELD_UINT("repeat", VG_OPTIONAL, struct vg_plan, repeat),
    CYAML_FIELD_UINT("rerun", VG_OPTIONAL, struct vg_plan, rerun),
    CYAML_FIELD_UINT("budget_s", VG_OPTIONAL, struct vg_plan, budget_s),
    CYAML_FIELD_UINT("timeout_s", VG_OPTIONAL, struct vg_plan, timeout_s),
    VG_FIELD_LIST("mandatory", VG_OPTIONAL, struct vg_plan, mandatory, mandatory_count, mandatory_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t plan_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_plan, plan_fields),
};

void vg_plan_free(struct vg_plan *plan)
{
    vg_unbind(&plan_schema, plan);
}

static bool check_mandatory(const struct vg_document *document, const struct vg_plan *plan, unsigned index,
                            struct vg_error *err)
{
    static const char *const levels[] = { "MUST", "SHOULD" };
    const struct vg_plan_mandatory *entry = &plan->mandatory[index];
    vg_autofree char *mechanisms = vg_format("mandatory/%u/mechanisms", index),
                     *tests = vg_format("mandatory/%u/tests", index), *level = vg_format("mandatory/%u/level", index);
    if (!entry->mechanisms.count)
        return vg_document_fail(document, mechanisms, err, "`mechanisms` must not be empty; `\"*\"` selects every one");
    for (unsigned i = 0; i < entry->mechanisms.count; i++) {
        const char *glob = entry->mechanisms.items[i] + (*entry->mechanisms.items[i] == '!');
        bool hit = false;
        for (size_t j = 0; j < vg_known_mechanism_count && !hit; j++)
            hit = vg_select(glob, vg_known_mechanisms[j]);
        vg_autofree char *place = vg_format("mandatory/%u/mechanisms/%u", index, i);
        vg_autofree char *shown = vg_printable(glob, strlen(glob), 80);
        vg_autofree char *meant = vg_did_you_mean(glob, vg_known_mechanisms, vg_known_mechanism_count);
        if (!hit)
            return vg_document_fail(document, place, err, "`%s` selects no mechanism%s", shown, meant);
    }
    if (!entry->tests.count)
        return vg_document_fail(document, tests, err, "`tests` must not be empty; `\"*\"` selects every test");
    return !entry->level || vg_check_word(document, level, "level", entry->level, levels, VG_COUNT(levels), err);
}

static bool check_plan(const struct vg_document *document, struct vg_plan *plan, struct vg_error *err)
{
    if (!plan->tests.count)
        return vg_document_fail(document, "tests", err, "`tests` must not be empty; `\"*\"` selects every test");
    for (unsigned i = 0; i < plan->mandatory_count; i++)
        if (!check_mandatory(document, plan, i, err))
            return false;
    return vg_check_name(document, "name", plan->name, err) &&
           (!plan->host || vg_check_name(document, "host", plan->host, err)) &&
           vg_check_range(document, "repeat", &plan->repeat, 0, 1, 1000, err) &&
           vg_check_range(document, "rerun", &plan->rerun, 0, 0, VG_RERUNS_MAX, err) &&
           vg_check_range(document, "budget_s", &plan->budget_s, 0, 1, 604800, err) &&
           vg_check_range(document, "timeout_s", &plan->timeout_s, 0, 1, 2592000, err);
}

struct vg_plan *vg_plan_load(const char *path, struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    struct vg_plan *plan = document ? vg_bind(document, &plan_schema, err) : NULL;
    if (!plan || check_plan(document, plan, err))
        return plan;
    vg_plan_free(plan);
    return NULL;
}

/* "" if the glob selects a test, else the end of a sentence about it. Caller frees. */
static char *nothing_selected(const struct vg_catalog *catalog, const char *glob)
{
    vg_autofree const char **ids = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const struct vg_test *test = catalog->tests[i];
        vg_autofree char *long_name = vg_format("%s/%s", test->group, test->id);
        if (vg_select(glob, test->id) || vg_select(glob, long_name))
            return vg_strdup("");
        vg_push(ids, count) = test->id;
    }
    vg_autofree char *meant = vg_did_you_mean(glob, ids, count);
    vg_autofree char *shown = vg_printable(glob, strlen(glob), 80);
    return vg_format("`%s` selects no test%s", shown, meant);
}

static bool globs_select(const struct vg_document *document, const char *where, const struct vg_words *globs,
                         const struct vg_catalog *catalog, struct vg_error *err)
{
    for (unsigned i = 0; i < globs->count; i++) {
        const char *glob = globs->items[i];
        vg_autofree char *place = vg_format("%s/%u", where, i);
        vg_autofree char *trouble = nothing_selected(catalog, *glob == '!' ? glob + 1 : glob);
        if (*trouble)
            return vg_document_fail(document, place, err, "%s", trouble);
    }
    return true;
}

bool vg_plan_check(const struct vg_plan *plan, const char *path, struct vg_catalog *catalog, struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    if (!document || !globs_select(document, "tests", &plan->tests, catalog, err))
        return false;
    for (unsigned i = 0; i < plan->mandatory_count; i++) {
        vg_autofree char *place = vg_format("mandatory/%u/tests", i);
        if (!globs_select(document, place, &plan->mandatory[i].tests, catalog, err))
            return false;
    }
    for (unsigned i = 0; i < plan->sets.count; i++) {
        vg_autofree char *place = vg_format("set/%u", i);
        if (!vg_catalog_try_set(catalog, plan->sets.items[i], false, err))
            return vg_check_placed(document, place, err);
    }
    return true;
}

/* Whether a requirement of that level speaks of the mechanism. */
static bool decides(const struct vg_catalog *catalog, const struct vg_test *test, const char *level,
                    const char *mechanism)
{
    for (unsigned i = 0; i < test->requirements.count; i++) {
        const struct vg_requirement *requirement = vg_catalog_requirement(catalog, test->requirements.items[i]);
        if (requirement && (requirement->level == VG_MUST) == vg_equal(level, "MUST") &&
            (vg_words_have(&requirement->mechanisms, "all") || vg_words_have(&requirement->mechanisms, mechanism)))
            return true;
    }
    return false;
}

static bool selects(const struct vg_words *globs, const char *name, const char *other)
{
    bool any = false;
    for (unsigned i = 0; i < globs->count; i++) {
        const char *glob = globs->items[i];
        if (*glob == '!' && (vg_select(glob + 1, name) || (other && vg_select(glob + 1, other))))
            return false;
        any = any || (*glob != '!' && (vg_select(glob, name) || (other && vg_select(glob, other))));
    }
    return any;
}

bool vg_plan_demands(const struct vg_plan *plan, const struct vg_catalog *catalog, const struct vg_test *test,
                     const char *mechanism)
{
    vg_autofree char *qualified = vg_format("%s/%s", test->group, test->id);
    for (unsigned i = 0; i < plan->mandatory_count; i++) {
        const struct vg_plan_mandatory *entry = &plan->mandatory[i];
        if (selects(&entry->mechanisms, mechanism, NULL) && selects(&entry->tests, test->id, qualified) &&
            (!entry->level || decides(catalog, test, entry->level, mechanism)))
            return true;
    }
    return false;
}

static json_t *mandatory_to_json(const struct vg_plan *plan)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < plan->mandatory_count; i++) {
        const struct vg_plan_mandatory *entry = &plan->mandatory[i];
        json_t *json = vg_json_new_object();
        vg_json_set(json, "mechanisms", vg_words_to_json(&entry->mechanisms));
        vg_json_set(json, "tests", vg_words_to_json(&entry->tests));
        if (entry->level)
            vg_json_set_text(json, "level", entry->level);
        vg_json_set_text(json, "why", entry->why);
        vg_json_append(list, json);
    }
    return list;
}

json_t *vg_plan_to_json(const struct vg_plan *plan)
{
    json_t *json = vg_json_new_object();
    vg_json_set_text(json, "name", plan->name);
    vg_json_set_text(json, "summary", plan->summary);
    if (plan->host)
        vg_json_set_text(json, "host", plan->host);
    vg_json_set(json, "tests", vg_words_to_json(&plan->tests));
    vg_json_set(json, "set", vg_words_to_json(&plan->sets));
    if (plan->profiles.count)
        vg_json_set(json, "profiles", vg_words_to_json(&plan->profiles));
    if (plan->policies.count)
        vg_json_set(json, "policies", vg_words_to_json(&plan->policies));
    vg_json_set_int(json, "repeat", plan->repeat);
    if (plan->rerun)
        vg_json_set_int(json, "rerun", plan->rerun);
    vg_json_set_int(json, "budget_s", plan->budget_s);
    if (plan->timeout_s)
        vg_json_set_int(json, "timeout_s", plan->timeout_s);
    if (plan->mandatory_count)
        vg_json_set(json, "mandatory", mandatory_to_json(plan));
    return json;
}
