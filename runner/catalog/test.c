/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schema of a test file, loading and freeing. What must hold beyond the schema is in test_check.c. */
#include "catalog/test.h"

#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

static const cyaml_schema_field_t tenant_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_test_tenant, name),
    CYAML_FIELD_UINT("count", VG_OPTIONAL, struct vg_test_tenant, count),
    CYAML_FIELD_BOOL("later", VG_OPTIONAL, struct vg_test_tenant, later),
    CYAML_FIELD_BOOL("fresh", VG_OPTIONAL, struct vg_test_tenant, fresh),
    CYAML_FIELD_BOOL("other_profile", VG_OPTIONAL, struct vg_test_tenant, other_profile),
    CYAML_FIELD_UINT("weight", VG_OPTIONAL, struct vg_test_tenant, weight),
    CYAML_FIELD_BOOL("rest", VG_OPTIONAL, struct vg_test_tenant, rest),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t tenant_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_test_tenant, tenant_fields),
};

static const cyaml_schema_field_t action_fields[] = {
    VG_FIELD_WORD("on", VG_MANDATORY, struct vg_test_action, on),
    VG_FIELD_WORD("action", VG_MANDATORY, struct vg_test_action, action),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t action_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_test_action, action_fields),
};

static const cyaml_schema_field_t run_fields[] = {
    VG_FIELD_WORD("on", VG_MANDATORY, struct vg_test_run, on),
    VG_FIELD_WORD("workload", VG_MANDATORY, struct vg_test_run, workload),
    VG_FIELD_SETTINGS("params", VG_OPTIONAL, struct vg_test_run, params),
    VG_FIELD_WORD("until", VG_OPTIONAL, struct vg_test_run, until),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t run_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_test_run, run_fields),
};

static const cyaml_schema_field_t provision_fields[] = {
    VG_FIELD_WORD("action", VG_MANDATORY, struct vg_test_provision, action),
    VG_FIELD_SETTINGS("params", VG_OPTIONAL, struct vg_test_provision, params),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t provision_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_test_provision, provision_fields),
};

static const cyaml_schema_field_t phase_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_phase, name),
    VG_FIELD_LIST("provision", VG_OPTIONAL, struct vg_phase, provisions, provision_count, provision_entry),
    VG_FIELD_WORD("policy", VG_OPTIONAL, struct vg_phase, policy),
    VG_FIELD_LIST("do", VG_OPTIONAL, struct vg_phase, actions, action_count, action_entry),
    VG_FIELD_LIST("run", VG_OPTIONAL, struct vg_phase, runs, run_count, run_entry),
    CYAML_FIELD_UINT("timeout_s", VG_OPTIONAL, struct vg_phase, timeout_s),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t phase_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_phase, phase_fields),
};

static const cyaml_schema_field_t analysis_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_test_analysis, name),
    VG_FIELD_WORD("analysis", VG_MANDATORY, struct vg_test_analysis, analysis),
    VG_FIELD_SETTINGS("*", VG_MANDATORY, struct vg_test_analysis, params),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t analysis_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_test_analysis, analysis_fields),
};

static const cyaml_strval_t otherwise[] = {
    { "fail", VG_ELSE_FAIL },
    { "invalid", VG_ELSE_INVALID },
    { "finding", VG_ELSE_FINDING },
    { "undecided", VG_ELSE_UNDECIDED },
};
static const cyaml_schema_field_t expectation_fields[] = {
    VG_FIELD_WORD("metric", VG_MANDATORY, struct vg_raw_expectation, metric),
    CYAML_FIELD_FLOAT_PTR("<=", VG_OPTIONAL, struct vg_raw_expectation, le),
    CYAML_FIELD_FLOAT_PTR(">=", VG_OPTIONAL, struct vg_raw_expectation, ge),
    CYAML_FIELD_FLOAT_PTR("<", VG_OPTIONAL, struct vg_raw_expectation, lt),
    CYAML_FIELD_FLOAT_PTR(">", VG_OPTIONAL, struct vg_raw_expectation, gt),
    CYAML_FIELD_FLOAT_PTR("==", VG_OPTIONAL, struct vg_raw_expectation, eq),
    CYAML_FIELD_BOOL("report", VG_OPTIONAL, struct vg_raw_expectation, report),
    CYAML_FIELD_ENUM("else", CYAML_FLAG_STRICT | VG_OPTIONAL, struct vg_raw_expectation, otherwise, otherwise,
                     VG_COUNT(otherwise)),
    VG_FIELD_TEXT("source", VG_OPTIONAL, struct vg_raw_expectation, source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t expectation_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_raw_expectation, expectation_fields),
};

static const cyaml_schema_field_t ground_fields[] = {
    VG_FIELD_WORDS("mechanism", VG_MANDATORY, struct vg_ground, mechanism),
    VG_FIELD_TEXT("because", VG_MANDATORY, struct vg_ground, because),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_ground, source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t ground_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_ground, ground_fields),
};

static const cyaml_schema_field_t needs_fields[] = {
    VG_FIELD_WORDS("capability", VG_OPTIONAL, struct vg_needs, capability),
    VG_FIELD_WORDS("mechanism", VG_OPTIONAL, struct vg_needs, mechanism),
    VG_FIELD_LIST("not_for", VG_OPTIONAL, struct vg_needs, grounds, ground_count, ground_entry),
    VG_FIELD_WORDS("policy", VG_OPTIONAL, struct vg_needs, policy),
    VG_FIELD_WORDS("package", VG_OPTIONAL, struct vg_needs, package),
    CYAML_FIELD_BOOL("vm", VG_OPTIONAL, struct vg_needs, vm),
    CYAML_FIELD_BOOL("destructive", VG_OPTIONAL, struct vg_needs, destructive),
    CYAML_FIELD_UINT("tenants", VG_OPTIONAL, struct vg_needs, tenants),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t matrix_fields[] = {
    VG_FIELD_WORDS("mechanism", VG_OPTIONAL, struct vg_matrix, mechanism),
    VG_FIELD_WORDS("profile", VG_OPTIONAL, struct vg_matrix, profile),
    VG_FIELD_WORDS("policy", VG_OPTIONAL, struct vg_matrix, policy),
    CYAML_FIELD_UINT("repeat", VG_OPTIONAL, struct vg_matrix, repeat),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t test_fields[] = {
    VG_FIELD_WORD("id", VG_MANDATORY, struct vg_raw_test, id),
    VG_FIELD_WORD("group", VG_OPTIONAL, struct vg_raw_test, raw_group),
    VG_FIELD_WORDS("requirement", VG_OPTIONAL, struct vg_raw_test, requirements),
    VG_FIELD_TEXT("no_requirement", VG_OPTIONAL, struct vg_raw_test, no_requirement),
    VG_FIELD_TEXT("summary", VG_MANDATORY, struct vg_raw_test, summary),
    VG_FIELD_TEXT("why", VG_MANDATORY, struct vg_raw_test, why),
    CYAML_FIELD_MAPPING("needs", VG_OPTIONAL, struct vg_raw_test, needs, needs_fields),
    CYAML_FIELD_MAPPING("matrix", VG_OPTIONAL, struct vg_raw_test, matrix, matrix_fields),
    VG_FIELD_WORDS("populations", VG_OPTIONAL, struct vg_raw_test, populations),
    VG_FIELD_LIST("tenants", VG_OPTIONAL, struct vg_raw_test, tenants, tenant_count, tenant_entry),
    VG_FIELD_LIST("phases", VG_MANDATORY, struct vg_raw_test, phases, phase_count, phase_entry),
    VG_FIELD_LIST("analyze", VG_MANDATORY, struct vg_raw_test, analyses, analysis_count, analysis_entry),
    VG_FIELD_LIST("expect", VG_MANDATORY, struct vg_raw_test, raw, raw_count, expectation_entry),
    VG_FIELD_WORDS("controls", VG_OPTIONAL, struct vg_raw_test, controls),
    VG_FIELD_TEXT("no_control", VG_OPTIONAL, struct vg_raw_test, no_control),
    CYAML_FIELD_UINT("timeout_s", VG_OPTIONAL, struct vg_raw_test, timeout_s),
    CYAML_FIELD_UINT("inactivity_s", VG_OPTIONAL, struct vg_raw_test, inactivity_s),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t test_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_raw_test, test_fields),
};

/* One operator with its threshold, or `report`. */
static bool convert_expectation(const struct vg_document *document, unsigned index, struct vg_raw_expectation *raw,
                                struct vg_expectation *expectation, struct vg_error *err)
{
    const struct {
        const double *threshold;
        enum vg_operator op;
    } operators[] = {
        { raw->le, VG_OP_LE }, { raw->ge, VG_OP_GE }, { raw->lt, VG_OP_LT },
        { raw->gt, VG_OP_GT }, { raw->eq, VG_OP_EQ },
    };
    vg_autofree char *path = vg_format("expect/%u", index);
    unsigned given = raw->report;
    for (size_t i = 0; i < VG_COUNT(operators); i++) {
        if (!operators[i].threshold)
            continue;
        given++;
        expectation->op = operators[i].op;
        expectation->threshold = *operators[i].threshold;
    }
    if (given != 1)
        return vg_document_fail(document, path, err,
                                "give exactly one of `<=`, `>=`, `<`, `>`, `==` with a threshold, or `report: true`");
    if (raw->report && raw->otherwise != VG_ELSE_FAIL)
        return vg_document_fail(document, path, err, "a metric that is only reported has no `else`");
    if (!raw->report && !raw->source)
        return vg_document_fail(document, path, err,
                                "the threshold has no `source`; say where it comes from, or use `report: true`");
    expectation->metric = VG_TAKE(raw->metric);
    expectation->source = VG_TAKE(raw->source);
    expectation->invalid = raw->otherwise == VG_ELSE_INVALID;
    expectation->finding = raw->otherwise == VG_ELSE_FINDING;
    expectation->undecided = raw->otherwise == VG_ELSE_UNDECIDED;
    return true;
}

static bool convert_expectations(const struct vg_document *document, struct vg_raw_test *raw, struct vg_error *err)
{
    raw->expectations = vg_calloc(raw->raw_count, sizeof *raw->expectations);
    raw->expectation_count = raw->raw_count;
    for (unsigned i = 0; i < raw->raw_count; i++)
        if (!convert_expectation(document, i, &raw->raw[i], &raw->expectations[i], err))
            return false;
    return true;
}

static bool finish(const struct vg_document *document, struct vg_raw_test *raw, const char *group,
                   const struct vg_catalog *catalog, unsigned population, struct vg_error *err)
{
    if (raw->raw_group && document->has_positions)
        return vg_document_fail_key(document, "group", err,
                                    "the group is the folder that the file is in; remove this line");
    raw->file = vg_strdup(document->file);
    raw->group = vg_strdup(group ? group : raw->raw_group ? raw->raw_group : "");
    if (*raw->group && !document->has_positions && !vg_check_name(document, "group", raw->group, err))
        return false;
    return convert_expectations(document, raw, err) && vg_test_populate(document, raw, population, err) &&
           vg_test_check(document, (struct vg_test *)raw, catalog, err);
}

static struct vg_test *from_document(const struct vg_document *document, const char *group,
                                     const struct vg_catalog *catalog, unsigned population, struct vg_error *err)
{
    struct vg_raw_test *raw = vg_bind(document, &test_schema, err);
    if (!raw)
        return NULL;
    struct vg_test *test = (struct vg_test *)raw;
    if (finish(document, raw, group, catalog, population, err))
        return test;
    vg_test_free(test);
    return NULL;
}

struct vg_test *vg_test_load(const char *path, const char *group, const struct vg_catalog *catalog, unsigned population,
                             struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    return document ? from_document(document, group, catalog, population, err) : NULL;
}

struct vg_test *vg_test_from_json(const json_t *json, const char *file, struct vg_error *err)
{
    vg_autofree char *text = json_dumps(json, JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY);
    if (!text) {
        vg_fail(err, VG_ERROR_INPUT, "%s: the test cannot be read as JSON", file);
        return NULL;
    }
    vg_autodocument struct vg_document *document = vg_document_parse(text, strlen(text), file, false, err);
    return document ? from_document(document, NULL, NULL, 0, err) : NULL;
}

void vg_test_free(struct vg_test *test)
{
    if (!test)
        return;
    for (unsigned i = 0; i < test->expectation_count; i++) {
        free(test->expectations[i].metric);
        free(test->expectations[i].source);
    }
    free(test->expectations);
    free((char *)test->file);
    free((char *)test->group);
    vg_unbind(&test_schema, test);
}
