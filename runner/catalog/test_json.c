/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test as JSON with the keys of its YAML, so that a run directory can carry it. Defaults are written out. */
#include "catalog/load.h"

static json_t *settings_to_json(json_t *object, const struct vg_settings *settings)
{
    for (unsigned i = 0; i < settings->count; i++)
        vg_json_set_text(object, settings->items[i].name, settings->items[i].value);
    return object;
}

static json_t *grounds_to_json(const struct vg_needs *needs)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < needs->ground_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set(json, "mechanism", vg_words_to_json(&needs->grounds[i].mechanism));
        vg_json_set_text(json, "because", needs->grounds[i].because);
        vg_json_set_text(json, "source", needs->grounds[i].source);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *needs_to_json(const struct vg_needs *needs)
{
    json_t *json = vg_json_new_object();
    vg_json_set(json, "capability", vg_words_to_json(&needs->capability));
    vg_json_set(json, "mechanism", vg_words_to_json(&needs->mechanism));
    if (needs->ground_count)
        vg_json_set(json, "not_for", grounds_to_json(needs));
    vg_json_set(json, "policy", vg_words_to_json(&needs->policy));
    vg_json_set(json, "package", vg_words_to_json(&needs->package));
    vg_json_set_bool(json, "vm", needs->vm);
    vg_json_set_bool(json, "destructive", needs->destructive);
    vg_json_set_int(json, "tenants", needs->tenants);
    return json;
}

static json_t *matrix_to_json(const struct vg_matrix *matrix)
{
    json_t *json = vg_json_new_object();
    vg_json_set(json, "mechanism", vg_words_to_json(&matrix->mechanism));
    vg_json_set(json, "profile", vg_words_to_json(&matrix->profile));
    vg_json_set(json, "policy", vg_words_to_json(&matrix->policy));
    vg_json_set_int(json, "repeat", matrix->repeat);
    return json;
}

static json_t *tenants_to_json(const struct vg_test *test)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < test->tenant_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", test->tenants[i].name);
        vg_json_set_int(json, "count", test->tenants[i].count);
        vg_json_set_bool(json, "later", test->tenants[i].later);
        vg_json_set_bool(json, "fresh", test->tenants[i].fresh);
        vg_json_set_bool(json, "other_profile", test->tenants[i].other_profile);
        vg_json_set_int(json, "weight", test->tenants[i].weight);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *actions_to_json(const struct vg_phase *phase)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < phase->action_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "on", phase->actions[i].on);
        vg_json_set_text(json, "action", phase->actions[i].action);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *runs_to_json(const struct vg_phase *phase)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < phase->run_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "on", phase->runs[i].on);
        vg_json_set_text(json, "workload", phase->runs[i].workload);
        vg_json_set(json, "params", settings_to_json(vg_json_new_object(), &phase->runs[i].params));
        if (phase->runs[i].until)
            vg_json_set_text(json, "until", phase->runs[i].until);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *provisions_to_json(const struct vg_phase *phase)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < phase->provision_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "action", phase->provisions[i].action);
        vg_json_set(json, "params", settings_to_json(vg_json_new_object(), &phase->provisions[i].params));
        vg_json_append(array, json);
    }
    return array;
}

static json_t *phases_to_json(const struct vg_test *test)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < test->phase_count; i++) {
        const struct vg_phase *phase = &test->phases[i];
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", phase->name);
        if (phase->provision_count)
            vg_json_set(json, "provision", provisions_to_json(phase));
        if (phase->policy)
            vg_json_set_text(json, "policy", phase->policy);
        if (phase->action_count)
            vg_json_set(json, "do", actions_to_json(phase));
        if (phase->run_count)
            vg_json_set(json, "run", runs_to_json(phase));
        vg_json_set_int(json, "timeout_s", phase->timeout_s);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *analyses_to_json(const struct vg_test *test)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < test->analysis_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", test->analyses[i].name);
        vg_json_set_text(json, "analysis", test->analyses[i].analysis);
        vg_json_append(array, settings_to_json(json, &test->analyses[i].params));
    }
    return array;
}

static json_t *expectations_to_json(const struct vg_test *test)
{
    static const char *const operators[] = {
        [VG_OP_LE] = "<=", [VG_OP_GE] = ">=", [VG_OP_LT] = "<", [VG_OP_GT] = ">", [VG_OP_EQ] = "==",
    };
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < test->expectation_count; i++) {
        const struct vg_expectation *expectation = &test->expectations[i];
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "metric", expectation->metric);
        if (expectation->op == VG_OP_REPORT)
            vg_json_set_bool(json, "report", true);
        else
            vg_json_set_real(json, operators[expectation->op], expectation->threshold);
        if (expectation->invalid || expectation->finding || expectation->undecided)
            vg_json_set_text(json, "else", vg_expectation_otherwise(expectation));
        if (expectation->source)
            vg_json_set_text(json, "source", expectation->source);
        vg_json_append(array, json);
    }
    return array;
}

json_t *vg_test_to_json(const struct vg_test *test)
{
    json_t *json = vg_json_new_object();
    vg_json_set_text(json, "id", test->id);
    if (*test->group)
        vg_json_set_text(json, "group", test->group);
    if (test->requirements.count)
        vg_json_set(json, "requirement", vg_words_to_json(&test->requirements));
    if (test->no_requirement)
        vg_json_set_text(json, "no_requirement", test->no_requirement);
    vg_json_set_text(json, "summary", test->summary);
    vg_json_set_text(json, "why", test->why);
    vg_json_set(json, "needs", needs_to_json(&test->needs));
    vg_json_set(json, "matrix", matrix_to_json(&test->matrix));
    if (test->tenant_count)
        vg_json_set(json, "tenants", tenants_to_json(test));
    vg_json_set(json, "phases", phases_to_json(test));
    vg_json_set(json, "analyze", analyses_to_json(test));
    vg_json_set(json, "expect", expectations_to_json(test));
    if (test->controls.count)
        vg_json_set(json, "controls", vg_words_to_json(&test->controls));
    if (test->no_control)
        vg_json_set_text(json, "no_control", test->no_control);
    vg_json_set_int(json, "timeout_s", test->timeout_s);
    vg_json_set_int(json, "inactivity_s", test->inactivity_s);
    return json;
}
