/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of a test beyond its schema: names that refer to something do, metrics exist, parameters are taken.
 * Also applies defaults. */
#include "catalog/check.h"
#include "catalog/explain.h"
#include "catalog/load.h"

static const char *const capabilities[] = { "vulkan", "gl", "drm" };

static bool check_requirements(const struct vg_document *document, const struct vg_test *test,
                               const struct vg_catalog *catalog, struct vg_error *err)
{
    if (test->requirements.count && test->no_requirement)
        return vg_document_fail_key(document, "no_requirement", err,
                                    "give either `requirement` or `no_requirement`, not both");
    if (!test->requirements.count && !test->no_requirement)
        return vg_document_fail(document, vg_document_at(document, "requirement") ? "requirement" : "", err,
                                "the test names no `requirement` that it decides; if there is none, say in "
                                "`no_requirement` what it is for");
    vg_autofree const char **ids = NULL;
    size_t count = 0;
    for (unsigned i = 0; catalog && i < catalog->requirement_count; i++)
        vg_push(ids, count) = catalog->requirements[i]->id;
    return vg_check_words(document, "requirement", "requirement", &test->requirements, catalog ? ids : NULL, count,
                          err);
}

/* `host` and `default` stand alone. */
static bool check_axis(const struct vg_document *document, const char *path, struct vg_words *axis,
                       const char *fallback, struct vg_error *err)
{
    if (!axis->count) {
        free(axis->items);
        axis->items = vg_calloc(1, sizeof *axis->items);
        axis->items[0] = vg_strdup(fallback);
        axis->count = 1;
        return true;
    }
    for (unsigned i = 0; i < axis->count; i++) {
        vg_autofree char *place = vg_format("%s/%u", path, i);
        bool word = vg_equal(axis->items[i], "host") || vg_equal(axis->items[i], "default");
        if (word && axis->count > 1)
            return vg_document_fail(document, place, err, "`%s` stands for the whole axis; it cannot be in a list",
                                    axis->items[i]);
        if (!vg_check_name(document, place, axis->items[i], err))
            return false;
    }
    return vg_check_words(document, path, "value", axis, NULL, 0, err);
}

static bool axis_is_list(const struct vg_words *axis)
{
    return !vg_equal(axis->items[0], "host") && !vg_equal(axis->items[0], "default");
}

static bool check_matrix(const struct vg_document *document, struct vg_test *test, struct vg_error *err)
{
    struct vg_matrix *matrix = &test->matrix;
    if (!check_axis(document, "matrix/mechanism", &matrix->mechanism, "host", err) ||
        !check_axis(document, "matrix/profile", &matrix->profile, "default", err) ||
        !check_axis(document, "matrix/policy", &matrix->policy, "default", err) ||
        !vg_check_range(document, "matrix/repeat", &matrix->repeat, 1, 1, 1000, err))
        return false;
    if (axis_is_list(&matrix->mechanism) && !vg_check_mechanisms(document, "matrix/mechanism", &matrix->mechanism, err))
        return false;
    return !axis_is_list(&matrix->policy) || vg_check_words(document, "matrix/policy", "policy", &matrix->policy,
                                                            vg_known_policies, vg_known_policy_count, err);
}

static bool check_packages(const struct vg_document *document, const struct vg_needs *needs, struct vg_error *err)
{
    for (unsigned i = 0; i < needs->package.count; i++) {
        vg_autofree char *place = vg_format("needs/package/%u", i);
        if (!vg_check_name(document, place, needs->package.items[i], err))
            return false;
    }
    if (needs->package.count && !needs->vm)
        return vg_document_fail(document, "needs/package", err,
                                "packages are those of the guest image, so that the test needs `vm: true`, too");
    return vg_check_words(document, "needs/package", "package", &needs->package, NULL, 0, err);
}

/* A ground is for a mechanism that the test leaves out, and for each there is one. */
static bool check_grounds(const struct vg_document *document, const struct vg_needs *needs, struct vg_error *err)
{
    struct vg_words seen = { 0 }; /* borrows its items */
    bool good = true;
    for (unsigned i = 0; good && i < needs->ground_count; i++) {
        const struct vg_ground *ground = &needs->grounds[i];
        vg_autofree char *place = vg_format("needs/not_for/%u/mechanism", i);
        if (!ground->mechanism.count || !*ground->because || !*ground->source)
            good = vg_document_fail(document, place, err, "name the mechanisms, what their documents say, and which");
        good = good && vg_check_mechanisms(document, place, &ground->mechanism, err);
        for (unsigned j = 0; good && j < ground->mechanism.count; j++) {
            char *name = ground->mechanism.items[j];
            if (!needs->mechanism.count || vg_words_have(&needs->mechanism, name))
                good = vg_document_fail(document, place, err, "the test is for `%s`: see `needs/mechanism`", name);
            else if (vg_words_have(&seen, name))
                good = vg_document_fail(document, place, err, "`%s` has a ground already", name);
            vg_push(seen.items, seen.count) = name;
        }
    }
    free(seen.items);
    return good;
}

static bool check_needs(const struct vg_document *document, struct vg_test *test, struct vg_error *err)
{
    unsigned at_once = 0, usual = test->needs.tenants; /* of a population */
    for (unsigned i = 0; i < test->tenant_count; i++)
        at_once += test->tenants[i].later ? 0 : test->tenants[i].count;
    usual = usual ? usual : at_once ? at_once : 1;
    return vg_check_words(document, "needs/capability", "capability", &test->needs.capability, capabilities,
                          VG_COUNT(capabilities), err) &&
           vg_check_mechanisms(document, "needs/mechanism", &test->needs.mechanism, err) &&
           check_grounds(document, &test->needs, err) &&
           vg_check_words(document, "needs/policy", "policy", &test->needs.policy, vg_known_policies,
                          vg_known_policy_count, err) &&
           check_packages(document, &test->needs, err) &&
           vg_check_range(document, "needs/tenants", &test->needs.tenants, usual, 1, 64, err);
}

static bool check_phase_name(const struct vg_document *document, const char *path, const struct vg_test *test,
                             const char *name, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < test->phase_count; i++)
        vg_push(names, count) = test->phases[i].name;
    return vg_check_word(document, path, "phase", name, names, count, err);
}

/* Names of phases, blanks between them. */
static bool check_phase_names(const struct vg_document *document, const char *path, const struct vg_test *test,
                              const char *names, struct vg_error *err)
{
    vg_autofree char *copy = vg_strdup(names);
    char *at = copy;
    for (const char *name; (name = strsep(&at, " "));)
        if (*name && !check_phase_name(document, path, test, name, err))
            return false;
    return true;
}

/* Parameters of analyses that name something of the test, by what they are called. */
static bool check_reference(const struct vg_document *document, const char *path, const struct vg_test *test,
                            const struct vg_setting *setting, struct vg_error *err)
{
    static const char *const phases[] = { "phase", "solo", "fill", "baseline_phase", "started" };
    int instance;
    for (size_t i = 0; i < VG_COUNT(phases); i++)
        if (vg_equal(setting->name, phases[i]))
            return check_phase_name(document, path, test, setting->value, err);
    if (vg_equal(setting->name, "rates"))
        return check_phase_names(document, path, test, setting->value, err);
    /* What is provisioned or exercised is reported as a workload of the host's. */
    if (vg_equal(setting->name, "workload") && vg_descriptor_find(VG_KIND_ACTION, setting->value))
        return true;
    if (vg_equal(setting->name, "workload"))
        return vg_check_descriptor(document, path, VG_KIND_WORKLOAD, setting->value, err);
    if (vg_equal(setting->name, "tenant") && vg_test_tenant_index(test, setting->value, &instance) < 0)
        return vg_document_fail(document, path, err, "the test has no tenant `%s`", setting->value);
    return true;
}

static bool check_analysis(const struct vg_document *document, unsigned index, const struct vg_test *test,
                           struct vg_error *err)
{
    const struct vg_test_analysis *analysis = &test->analyses[index];
    vg_autofree char *path = vg_format("analyze/%u", index);
    vg_autofree char *name = vg_format("analyze/%u/name", index);
    vg_autofree char *kind = vg_format("analyze/%u/analysis", index);
    if (!vg_check_name(document, name, analysis->name, err))
        return false;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(test->analyses[i].name, analysis->name))
            return vg_document_fail(document, name, err, "two analyses are called `%s`", analysis->name);
    const struct vg_descriptor *descriptor =
        vg_check_descriptor(document, kind, VG_KIND_ANALYSIS, analysis->analysis, err);
    if (!descriptor || !vg_check_settings(document, path, descriptor, &analysis->params, false, err))
        return false;
    for (unsigned i = 0; i < analysis->params.count; i++) {
        vg_autofree char *place = vg_format("%s/%s", path, analysis->params.items[i].name);
        if (!check_reference(document, place, test, &analysis->params.items[i], err))
            return false;
    }
    return true;
}

/* NAME.METRIC or NAME.METRIC[SUFFIX]: NAME is an analysis of this test, METRIC is declared by its descriptor. */
static bool check_metric(const struct vg_document *document, unsigned index, const struct vg_test *test,
                         struct vg_error *err)
{
    vg_autofree char *path = vg_format("expect/%u/metric", index);
    vg_autofree char *name = vg_strdup(test->expectations[index].metric);
    char *metric = strchr(name, '.');
    if (!metric)
        return vg_document_fail(document, path, err, "a metric is written ANALYSIS.METRIC, with a name from `analyze`");
    *metric++ = '\0';
    metric[strcspn(metric, "[")] = '\0';
    vg_autofree const char **names = NULL;
    size_t count = 0;
    const struct vg_test_analysis *analysis = NULL;
    for (unsigned i = 0; i < test->analysis_count; i++) {
        vg_push(names, count) = test->analyses[i].name;
        if (vg_equal(test->analyses[i].name, name))
            analysis = &test->analyses[i];
    }
    if (!analysis)
        return vg_check_word(document, path, "analysis", name, names, count, err);
    const struct vg_descriptor *descriptor = vg_descriptor_find(VG_KIND_ANALYSIS, analysis->analysis);
    vg_autofree const char **metrics = NULL;
    size_t metric_count = 0;
    for (const struct vg_metric *each = descriptor ? descriptor->metrics : NULL; each && each->name; each++)
        vg_push(metrics, metric_count) = each->name;
    vg_autofree char *what = vg_format("metric of analysis `%s`:", analysis->analysis);
    return vg_check_word(document, path, what, metric, metrics, metric_count, err);
}

static bool check_controls(const struct vg_document *document, const struct vg_test *test, struct vg_error *err)
{
    if (test->controls.count && test->no_control)
        return vg_document_fail_key(document, "no_control", err, "give either `controls` or `no_control`, not both");
    if (!test->controls.count && !test->no_control)
        return vg_document_fail(
            document, vg_document_at(document, "controls") ? "controls" : "", err,
            "the test names no `controls` that it must fail under; if there can be none, say why in "
            "`no_control`");
    for (unsigned i = 0; i < test->controls.count; i++) {
        vg_autofree char *place = vg_format("controls/%u", i);
        if (!vg_check_name(document, place, test->controls.items[i], err))
            return false;
    }
    return vg_check_words(document, "controls", "control", &test->controls, NULL, 0, err);
}

bool vg_test_check(const struct vg_document *document, struct vg_test *test, const struct vg_catalog *catalog,
                   struct vg_error *err)
{
    if (!vg_check_name(document, "id", test->id, err) || !check_requirements(document, test, catalog, err) ||
        !vg_test_check_phases(document, test, err) || !check_needs(document, test, err) ||
        !check_matrix(document, test, err))
        return false;
    for (unsigned i = 0; i < test->analysis_count; i++)
        if (!check_analysis(document, i, test, err))
            return false;
    for (unsigned i = 0; i < test->expectation_count; i++)
        if (!check_metric(document, i, test, err))
            return false;
    return check_controls(document, test, err) &&
           vg_check_range(document, "timeout_s", &test->timeout_s, 600, 1, 86400, err) &&
           vg_check_range(document, "inactivity_s", &test->inactivity_s, 180, 1, 86400, err);
}
