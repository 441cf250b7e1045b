/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --set TEST-GLOB.PARAM=VALUE (also TEST-GLOB.timeout_s and TEST-GLOB.PHASE.timeout_s): the user's own parameters,
 * checked as the files' are. A changed test is a new one, made through its JSON form, so that every check of a loaded
 * test applies to it. */
#include "catalog/catalog.h"
#include "catalog/load.h"

/* One setting, taken apart. Pointers go into `copy`. */
struct wish {
    char *copy;
    const char *glob;
    const char *analysis; /* or a phase, for its limit; NULL: a parameter of workloads, or a limit of the test */
    const char *param;
    const char *value;
};

static bool take_apart(const char *setting, struct wish *wish, struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(setting, strlen(setting), 120);
    wish->copy = vg_strdup(setting);
    char *equals = strchr(wish->copy, '=');
    if (equals)
        *equals = '\0';
    char *first = strchr(wish->copy, '.');
    if (!equals || !equals[1] || !first || first == wish->copy || !first[1])
        return vg_fail(err, VG_ERROR_INPUT,
                       "`%s` is not a setting: write TEST.PARAM=VALUE or TEST.ANALYSIS.PARAM=VALUE", shown);
    *first = '\0';
    wish->glob = wish->copy;
    wish->param = first + 1;
    wish->value = equals + 1;
    char *second = strchr(first + 1, '.');
    if (second) {
        *second = '\0';
        wish->analysis = first + 1;
        wish->param = second + 1;
    }
    return true;
}

/* Words that could have been meant, for the nearest one. */
struct candidates {
    const char **words;
    size_t count;
};

/* Does the descriptor take it? *taken becomes true; false only if the value is wrong. */
static bool offer(const struct vg_descriptor *descriptor, const struct wish *wish, struct candidates *near, bool *taken,
                  struct vg_error *err)
{
    for (const struct vg_param *param = descriptor ? descriptor->params : NULL; param && param->name; param++) {
        vg_push(near->words, near->count) = param->name;
        if (strcmp(param->name, wish->param) != 0)
            continue;
        if (!vg_param_check(descriptor, param, wish->value, err))
            return false;
        *taken = true;
    }
    return true;
}

/* Into every thing of a phase (`run`, `provision`) whose descriptor takes it. */
static bool put_each(json_t *list, const char *key, enum vg_descriptor_kind kind, const struct wish *wish,
                     struct candidates *near, bool *taken, struct vg_error *err)
{
    size_t i;
    json_t *member;
    json_array_foreach(list, i, member)
    {
        bool here = false;
        if (!offer(vg_descriptor_find(kind, vg_json_text_or(member, key, "")), wish, near, &here, err))
            return false;
        if (here)
            vg_json_set_text(json_object_get(member, "params"), wish->param, wish->value);
        *taken = *taken || here;
    }
    return true;
}

/* Puts the value into every run whose workload takes it and every provisioning action that does. */
static bool put_runs(json_t *phases, const struct wish *wish, struct candidates *near, bool *taken,
                     struct vg_error *err)
{
    size_t i;
    json_t *phase;
    json_array_foreach(phases, i, phase)
    {
        if (!put_each(json_object_get(phase, "run"), "workload", VG_KIND_WORKLOAD, wish, near, taken, err) ||
            !put_each(json_object_get(phase, "provision"), "action", VG_KIND_ACTION, wish, near, taken, err))
            return false;
    }
    return true;
}

static bool put_analyses(json_t *analyses, const struct wish *wish, struct candidates *near, bool *taken,
                         struct vg_error *err)
{
    size_t i;
    json_t *analysis;
    json_array_foreach(analyses, i, analysis)
    {
        if (!vg_equal(vg_json_text_or(analysis, "name", ""), wish->analysis))
            continue;
        const char *kind = vg_json_text_or(analysis, "analysis", "");
        bool here = false;
        if (!offer(vg_descriptor_find(VG_KIND_ANALYSIS, kind), wish, near, &here, err))
            return false;
        if (here)
            vg_json_set_text(analysis, wish->param, wish->value);
        *taken = *taken || here;
    }
    return true;
}

/* How long the test or one of its phases may take, which every test has. The range is checked with the changed test. */
static bool put_limit(json_t *owner, const struct wish *wish, struct candidates *near, bool *taken,
                      struct vg_error *err)
{
    static const char *const limits[] = { "timeout_s", "inactivity_s" };
    for (size_t i = 0; i < (wish->analysis ? 1 : VG_COUNT(limits)); i++) { /* a phase has the first one only */
        long long seconds;
        vg_push(near->words, near->count) = limits[i];
        if (!vg_equal(wish->param, limits[i]))
            continue;
        vg_autofree char *shown = vg_printable(wish->value, strlen(wish->value), 80);
        if (!vg_parse_int(wish->value, &seconds) || seconds < 1 || seconds > 86400)
            return vg_fail(err, VG_ERROR_INPUT, "`%s` takes a whole number from 1 to 86400, not `%s`", wish->param,
                           shown);
        vg_json_set_int(owner, wish->param, seconds);
        *taken = true;
    }
    return true;
}

static bool put_limits(json_t *test, const struct wish *wish, struct candidates *near, bool *taken,
                       struct vg_error *err)
{
    size_t i;
    json_t *phase;
    if (!wish->analysis)
        return put_limit(test, wish, near, taken, err);
    json_array_foreach(json_object_get(test, "phases"), i, phase)
    {
        if (vg_equal(vg_json_text_or(phase, "name", ""), wish->analysis) && !put_limit(phase, wish, near, taken, err))
            return false;
    }
    return true;
}

/* *changed: the test with the wish granted, or NULL if it does not concern it. */
static bool grant(const struct vg_test *test, const struct wish *wish, struct candidates *near,
                  struct vg_test **changed, struct vg_error *err)
{
    vg_autojson json_t *json = vg_test_to_json(test);
    bool taken = false;
    bool good = wish->analysis ? put_analyses(json_object_get(json, "analyze"), wish, near, &taken, err)
                               : put_runs(json_object_get(json, "phases"), wish, near, &taken, err);
    good = good && (taken || put_limits(json, wish, near, &taken, err));
    if (!good)
        return vg_wrap(err, "test `%s`", test->id);
    if (!taken)
        return true;
    *changed = vg_test_from_json(json, test->file, err);
    return *changed != NULL;
}

static bool selects(const struct wish *wish, const struct vg_test *test)
{
    vg_autofree char *long_name = vg_format("%s/%s", test->group, test->id);
    return vg_select(wish->glob, test->id) || vg_select(wish->glob, long_name);
}

static bool nobody_took_it(const struct vg_catalog *catalog, const struct wish *wish, unsigned selected,
                           const struct candidates *near, struct vg_error *err)
{
    if (!selected) {
        vg_autofree const char **ids = NULL;
        size_t count = 0;
        for (unsigned i = 0; i < catalog->test_count; i++)
            vg_push(ids, count) = catalog->tests[i]->id;
        vg_autofree char *shown = vg_printable(wish->glob, strlen(wish->glob), 80);
        vg_autofree char *meant = vg_did_you_mean(wish->glob, ids, count);
        return vg_fail(err, VG_ERROR_INPUT, "no test is called `%s`%s", shown, meant);
    }
    vg_autofree char *shown = vg_printable(wish->param, strlen(wish->param), 80);
    vg_autofree char *meant = vg_did_you_mean(wish->param, near->words, near->count);
    if (wish->analysis) {
        vg_autofree char *name = vg_printable(wish->analysis, strlen(wish->analysis), 80);
        return vg_fail(err, VG_ERROR_INPUT, "no analysis or phase `%s` of `%s` has a parameter `%s`%s", name,
                       wish->glob, shown, meant);
    }
    return vg_fail(err, VG_ERROR_INPUT, "no workload of `%s` has a parameter `%s`%s", wish->glob, shown, meant);
}

static bool set_all(struct vg_catalog *catalog, const struct wish *wish, struct vg_test **changed, bool *any,
                    struct vg_error *err)
{
    struct candidates near = { 0 };
    unsigned selected = 0;
    bool good = true;
    for (unsigned i = 0; good && i < catalog->test_count; i++) {
        if (!selects(wish, catalog->tests[i]))
            continue;
        selected++;
        good = grant(catalog->tests[i], wish, &near, &changed[i], err);
        *any = *any || changed[i];
    }
    if (good && !*any)
        good = nobody_took_it(catalog, wish, selected, &near, err);
    free(near.words);
    return good;
}

bool vg_catalog_try_set(struct vg_catalog *catalog, const char *setting, bool apply, struct vg_error *err)
{
    struct wish wish = { 0 };
    bool good = take_apart(setting, &wish, err);
    struct vg_test **changed = vg_calloc(catalog->test_count + 1, sizeof(*changed));
    bool any = false;
    good = good && set_all(catalog, &wish, changed, &any, err);
    for (unsigned i = 0; i < catalog->test_count; i++) {
        if (!changed[i])
            continue;
        struct vg_test *out = changed[i];
        if (good && apply) {
            out = (struct vg_test *)catalog->tests[i];
            catalog->tests[i] = changed[i];
        }
        vg_test_free(out);
    }
    free(changed);
    free(wish.copy);
    return good;
}

bool vg_catalog_set(struct vg_catalog *catalog, const char *setting, struct vg_error *err)
{
    return vg_catalog_try_set(catalog, setting, true, err);
}
