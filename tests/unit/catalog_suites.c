/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suites that are shipped: they load with the real descriptors, the requirement catalogue is whole, every source
 * that a requirement cites is explained in docs/sources.md. */
#define VG_TEST_NO_FAKES
#include "catalog_fakes.h"

#include <ctype.h>
#include <stdio.h>

static struct vg_catalog *catalog;
static char *suites;

static int load(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    suites = source_path("suites");
    catalog = vg_catalog_load(suites, &err);
    if (!catalog)
        print_error("%s\n", err.text);
    return catalog ? 0 : 1;
}

static int unload(void **state)
{
    (void)state;
    vg_catalog_free(catalog);
    free(suites);
    return 0;
}

static void requirements_are_whole(void **state)
{
    (void)state;
    assert_int_equal(catalog->requirement_count, 92);
    for (unsigned i = 0; i < catalog->requirement_count; i++) {
        const struct vg_requirement *one = catalog->requirements[i];
        const char *texts[] = {
            one->id, one->statement, one->probe, one->workload, one->accept, one->source, one->group
        };
        for (size_t j = 0; j < VG_COUNT(texts); j++)
            assert_true(texts[j] && *texts[j]);
        assert_true(one->tiers.count > 0 && one->mechanisms.count > 0);
        assert_true(one->severity >= VG_S1 && one->severity <= VG_S4);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(one->id, catalog->requirements[j]->id);
    }
}

/* Reads KEY off the front of a citation `R KEY/KEY rest`; false if it is not one. */
static bool next_key(const char **text, char *key, size_t size)
{
    size_t length = 0;
    while (isupper((unsigned char)**text) || isdigit((unsigned char)**text) || (**text == '-' && length)) {
        if (length + 1 < size)
            key[length++] = **text;
        (*text)++;
    }
    key[length] = '\0';
    return length > 0;
}

static void every_cited_source_is_explained(void **state)
{
    (void)state;
    vg_autofree char *path = source_path("docs/sources.md");
    vg_autofree char *page = NULL;
    size_t length;
    struct vg_error err = { 0 };
    assert_true(vg_read_file(path, 1 << 20, &page, &length, &err));
    unsigned citations = 0;
    for (unsigned i = 0; i < catalog->requirement_count; i++) {
        const char *text = catalog->requirements[i]->source;
        while ((text = strstr(text, "R "))) {
            bool starts_word = text == catalog->requirements[i]->source || text[-1] == ' ';
            text += 2;
            char key[64];
            while (starts_word && next_key(&text, key, sizeof key)) {
                vg_autofree char *cell = vg_format("`%s`", key);
                if (!strstr(page, cell))
                    fail_msg("%s cites %s, which docs/sources.md does not explain", catalog->requirements[i]->id, key);
                citations++;
                if (*text != '/')
                    break;
                text++;
            }
        }
    }
    assert_true(citations > 150);
}

static void the_quick_plan_has_its_tests(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "api-driver-vulkan",     "api-driver-gl",        "dsub-vulkan-latency",      "dsub-gl-latency",
        "fair-equal-throughput", "iso-scrub-after-kill", "iso-scrub-after-shutdown",
    };
    struct vg_error err = { 0 };
    const struct vg_plan *plan = vg_catalog_plan(catalog, "quick", &err);
    assert_non_null(plan);
    assert_int_equal(plan->budget_s, 360);
    assert_int_equal(plan->rerun, 1);
    /* Handed to somebody else: a failure has no second chance there. */
    const struct vg_plan *certification = vg_catalog_plan(catalog, "certification", &err);
    assert_non_null(certification);
    assert_int_equal(certification->rerun, 0);
    for (size_t i = 0; i < VG_COUNT(ids); i++) {
        assert_non_null(vg_catalog_test(catalog, ids[i]));
        bool selected = false;
        for (unsigned j = 0; j < plan->tests.count; j++)
            selected = selected || vg_select(plan->tests.items[j], ids[i]);
        assert_true(selected);
    }
    assert_null(vg_catalog_plan(catalog, "quik", &err));
    assert_string_equal(err.text, "unknown plan `quik`, did you mean `quick`?");
}

static void every_shipped_host_loads(void **state)
{
    (void)state;
    char **names;
    unsigned count;
    struct vg_error err = { 0 };
    assert_true(vg_host_names(suites, &names, &count, &err));
    assert_true(count >= 2);
    for (unsigned i = 0; i < count; i++) {
        struct vg_host *host = vg_host_load(suites, names[i], &err);
        if (!host)
            fail_msg("%s", err.text);
        assert_string_equal(host->name, names[i]);
        vg_host_free(host);
    }
    vg_names_free(names, count);
    vg_autofree char *example = vg_format("%s/hosts/examples/virtio-render-node.yaml", suites);
    struct vg_host *host = vg_host_load(suites, example, &err);
    if (!host)
        fail_msg("%s", err.text);
    vg_host_free(host);
}

static void every_test_survives_json(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    for (unsigned i = 0; i < catalog->test_count; i++) {
        vg_autojson json_t *json = vg_test_to_json(catalog->tests[i]);
        struct vg_test *again = vg_test_from_json(json, catalog->tests[i]->file, &err);
        if (!again)
            fail_msg("%s", err.text);
        vg_autojson json_t *json_again = vg_test_to_json(again);
        assert_true(json_equal(json, json_again));
        vg_test_free(again);
    }
}

/* A source is shown beside its limit, wherever that stands: what is "above" it there is another limit. */
static void every_limit_says_its_source_itself(void **state)
{
    (void)state;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const struct vg_test *test = catalog->tests[i];
        for (unsigned j = 0; j < test->expectation_count; j++) {
            const char *source = test->expectations[j].source;
            if (source && strncasecmp(source, "as above", 8) == 0)
                fail_msg("%s: the source of %s is \"%s\"; say it in full", test->id, test->expectations[j].metric,
                         source);
        }
    }
}

static const char *param(const struct vg_test_analysis *analysis, const char *name)
{
    for (unsigned i = 0; i < analysis->params.count; i++)
        if (vg_equal(analysis->params.items[i].name, name))
            return analysis->params.items[i].value;
    return NULL;
}

/* One that finds something and that nobody asks is no watch. */
static bool is_asked(const struct vg_test *test, const char *analysis)
{
    static const char *const metrics[] = { "others_cpu", "steal_cpu" };
    for (unsigned i = 0; i < test->expectation_count; i++)
        for (size_t j = 0; j < VG_COUNT(metrics); j++) {
            vg_autofree char *metric = vg_format("%s.%s", analysis, metrics[j]);
            if (test->expectations[i].op != VG_OP_REPORT && vg_equal(test->expectations[i].metric, metric))
                return true;
        }
    return false;
}

/* phase: NULL: all of them. */
static bool host_is_watched(const struct vg_test *test, const char *phase)
{
    for (unsigned i = 0; i < test->analysis_count; i++) {
        const char *watched = param(&test->analyses[i], "phase");
        if (vg_equal(test->analyses[i].analysis, "host-quiet") && is_asked(test, test->analyses[i].name) &&
            (!watched || (phase && vg_equal(watched, phase))))
            return true;
    }
    return false;
}

/* A number from a phase in which nobody looked whether the host had other work is none. */
static void times_are_taken_on_a_watched_host(void **state)
{
    (void)state;
    static const char *const timed[] = { "latency", "rounds", "waiting", "utilisation" };
    unsigned found = 0;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const struct vg_test *test = catalog->tests[i];
        if (!vg_equal(test->group, "direct-submission") && !vg_equal(test->group, "telemetry"))
            continue;
        for (unsigned j = 0; j < test->analysis_count; j++) {
            bool times = false;
            for (size_t k = 0; k < VG_COUNT(timed); k++)
                times = times || vg_equal(test->analyses[j].analysis, timed[k]);
            const char *const phases[] = { param(&test->analyses[j], "phase"), param(&test->analyses[j], "solo") };
            for (size_t k = 0; k < VG_COUNT(phases); k++)
                if (times && (k == 0 || phases[k]) && !host_is_watched(test, phases[k]))
                    fail_msg("%s: nobody watches the host in %s, from which `%s` takes its numbers", test->id,
                             phases[k] ? phases[k] : "all phases", test->analyses[j].name);
            found += times;
        }
    }
    assert_true(found > 25);
}

/* Known failures of the reference hypervisor: each entry is about tests that there are, and has not expired. */
static void shipped_expectations_are_about_tests(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/expectations/reference.yaml", suites);
    struct vg_known_issues *issues = vg_known_issues_load(path, &err);
    if (!issues)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < issues->count; i++) {
        bool any = false;
        for (unsigned j = 0; j < catalog->test_count; j++)
            any = any || vg_select(issues->items[i].test, catalog->tests[j]->id);
        if (!any)
            fail_msg("entry %u: `%s` selects no test", i, issues->items[i].test);
        assert_true(strlen(issues->items[i].reason) > 20 && strlen(issues->items[i].reference) > 0);
    }
    vg_known_issues_free(issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requirements_are_whole),
        cmocka_unit_test(every_cited_source_is_explained),
        cmocka_unit_test(the_quick_plan_has_its_tests),
        cmocka_unit_test(every_shipped_host_loads),
        cmocka_unit_test(every_test_survives_json),
        cmocka_unit_test(times_are_taken_on_a_watched_host),
        cmocka_unit_test(shipped_expectations_are_about_tests),
        cmocka_unit_test(every_limit_says_its_source_itself),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
