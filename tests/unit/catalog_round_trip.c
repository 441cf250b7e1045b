/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a good file becomes: every field, the defaults, the way through JSON and back, and --set. */
#include "catalog_fakes.h"

#include <stdio.h>
#include "catalog/load.h"

static struct vg_test *load_good(void)
{
    vg_autofree char *path = source_path("tests/unit/data/catalog/good-test.yaml");
    struct vg_error err = { 0 };
    struct vg_test *test = vg_test_load(path, "fairness", NULL, 0, &err);
    if (!test)
        fail_msg("%s", err.text);
    return test;
}

static void every_field_of_a_test_arrives(void **state)
{
    (void)state;
    struct vg_test *test = load_good();
    assert_string_equal(test->id, "fair-x");
    assert_string_equal(test->group, "fairness");
    assert_int_equal(test->requirements.count, 1); /* a single word stands for a list */
    assert_string_equal(test->requirements.items[0], "VGPU-SCHED-002");
    assert_string_equal(test->summary, "A summary.");
    assert_string_equal(test->why, "A reason.");
    assert_true(vg_words_have(&test->needs.capability, "vulkan"));
    assert_int_equal(test->needs.policy.count, 2);
    assert_true(vg_words_have(&test->needs.policy, "fixed-share"));
    assert_false(test->needs.vm);
    assert_int_equal(test->needs.tenants, 2);
    assert_string_equal(test->matrix.profile.items[0], "host");
    assert_int_equal(test->tenant_count, 2);
    assert_int_equal(test->tenants[0].count, 2);
    assert_false(test->tenants[0].later);
    assert_true(test->tenants[1].later);
    assert_int_equal(test->phase_count, 2);
    assert_string_equal(test->phases[1].actions[0].action, "start");
    assert_string_equal(test->phases[1].actions[0].on, "other");
    assert_string_equal(test->phases[0].runs[0].on, "peer.0");
    assert_string_equal(test->phases[0].runs[0].workload, "fake-work");
    assert_string_equal(vg_settings_get(&test->phases[0].runs[0].params, "seconds"), "5");
    assert_string_equal(vg_settings_get(&test->phases[1].runs[0].params, "iterations"), "=solo.iterations");
    assert_null(vg_settings_get(&test->phases[1].runs[0].params, "kind"));
    assert_string_equal(test->analyses[0].name, "fair");
    assert_string_equal(test->analyses[0].analysis, "fake-share");
    assert_int_equal(test->analyses[0].params.count, 2);
    assert_string_equal(vg_settings_get(&test->analyses[0].params, "phase"), "contended");
    assert_int_equal(test->expectation_count, 2);
    assert_int_equal(test->expectations[0].op, VG_OP_LE);
    assert_true(test->expectations[0].threshold == 0.10);
    assert_string_equal(test->expectations[0].source, "a paper");
    assert_int_equal(test->expectations[1].op, VG_OP_REPORT);
    assert_string_equal(test->controls.items[0], "unfair");
    vg_test_free(test);
}

/* One file, one test for each population; where nothing is left for the rest, nothing is asked of it either. */
static void a_file_stands_for_a_test_per_population(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        unsigned tenants, roles, rest, actions;
    } wanted[] = { { "fair-x", 2, 1, 0, 0 }, { "fair-x-of-3", 3, 2, 1, 1 }, { "fair-x-of-5", 5, 2, 3, 1 } };
    vg_autofree char *path = source_path("tests/unit/data/catalog/good-populations.yaml");
    for (unsigned i = 0; i < VG_COUNT(wanted); i++) {
        struct vg_error err = { 0 };
        struct vg_test *test = vg_test_load(path, "fairness", NULL, i, &err);
        if (!test)
            fail_msg("%s", err.text);
        assert_int_equal(vg_test_populations(test), 3);
        assert_string_equal(test->id, wanted[i].id);
        assert_int_equal(test->needs.tenants, wanted[i].tenants);
        assert_int_equal(test->tenant_count, wanted[i].roles);
        if (wanted[i].rest)
            assert_int_equal(test->tenants[1].count, wanted[i].rest);
        assert_int_equal(test->phases[1].action_count, wanted[i].actions);
        assert_int_equal(test->phases[1].run_count, wanted[i].roles);
        /* In a run directory it is a test as any other. */
        vg_autojson json_t *json = vg_test_to_json(test);
        struct vg_test *again = vg_test_from_json(json, "test.json", &err);
        if (!again)
            fail_msg("%s", err.text);
        assert_string_equal(again->id, wanted[i].id);
        assert_int_equal(again->needs.tenants, wanted[i].tenants);
        vg_test_free(again);
        vg_test_free(test);
    }
}

static void defaults_are_applied(void **state)
{
    (void)state;
    struct vg_test *test = load_good();
    assert_int_equal(test->tenants[1].count, 1);
    assert_int_equal(test->phases[0].timeout_s, 120);
    assert_int_equal(test->timeout_s, 600);
    assert_int_equal(test->inactivity_s, 180);
    assert_int_equal(test->matrix.repeat, 1);
    assert_int_equal(test->matrix.mechanism.count, 1);
    assert_string_equal(test->matrix.mechanism.items[0], "host");
    vg_test_free(test);
}

static void a_test_goes_through_json_unchanged(void **state)
{
    (void)state;
    struct vg_test *test = load_good();
    struct vg_error err = { 0 };
    vg_autojson json_t *json = vg_test_to_json(test);
    struct vg_test *again = vg_test_from_json(json, "tests/fair-x/test.json", &err);
    if (!again)
        fail_msg("%s", err.text);
    vg_autojson json_t *json_again = vg_test_to_json(again);
    assert_true(json_equal(json, json_again));
    assert_string_equal(again->group, "fairness");
    assert_true(again->expectations[0].threshold == test->expectations[0].threshold);
    vg_test_free(again);
    vg_test_free(test);
}

/* It decides nothing, and says so wherever the test goes. */
static void a_test_may_decide_no_requirement(void **state)
{
    (void)state;
    struct vg_test *test = load_good();
    struct vg_error err = { 0 };
    vg_autojson json_t *json = vg_test_to_json(test);
    json_object_del(json, "requirement");
    assert_null(vg_test_from_json(json, "tests/fair-x/test.json", &err));
    assert_non_null(strstr(err.text, "no_requirement"));
    err = (struct vg_error) { 0 };
    json_object_set_new(json, "no_requirement", json_string("it looks at the suite"));
    struct vg_test *again = vg_test_from_json(json, "tests/fair-x/test.json", &err);
    if (!again)
        fail_msg("%s", err.text);
    assert_int_equal(again->requirements.count, 0);
    assert_string_equal(again->no_requirement, "it looks at the suite");
    vg_autojson json_t *json_again = vg_test_to_json(again);
    assert_true(json_equal(json, json_again));
    vg_test_free(again);
    vg_test_free(test);
}

/* The other operators and `else`, which good-test.yaml does not use. */
static void every_operator_survives(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum vg_operator op;
    } operators[] = {
        { "<=", VG_OP_LE }, { ">=", VG_OP_GE }, { "<", VG_OP_LT }, { ">", VG_OP_GT }, { "==", VG_OP_EQ }
    };
    struct vg_test *test = load_good();
    struct vg_error err = { 0 };
    for (size_t i = 0; i < VG_COUNT(operators); i++) {
        vg_autojson json_t *json = vg_test_to_json(test);
        json_t *expectation = json_array_get(json_object_get(json, "expect"), 0);
        json_object_del(expectation, "<=");
        vg_json_set_real(expectation, operators[i].key, -0.125);
        vg_json_set_text(expectation, "else", i == 4 ? "undecided" : i % 2 ? "invalid" : "finding");
        struct vg_test *changed = vg_test_from_json(json, "x", &err);
        assert_non_null(changed);
        assert_int_equal(changed->expectations[0].op, operators[i].op);
        assert_true(changed->expectations[0].threshold == -0.125);
        assert_int_equal(changed->expectations[0].invalid, i % 2);
        assert_int_equal(changed->expectations[0].finding, !(i % 2) && i != 4);
        assert_int_equal(changed->expectations[0].undecided, i == 4);
        vg_autojson json_t *json_again = vg_test_to_json(changed);
        assert_true(json_equal(json, json_again));
        vg_test_free(changed);
    }
    vg_test_free(test);
}

static void json_is_checked_as_strictly(void **state)
{
    (void)state;
    struct vg_test *test = load_good();
    struct vg_error err = { 0 };
    vg_autojson json_t *json = vg_test_to_json(test);
    vg_json_set_text(json, "surprise", "x");
    assert_null(vg_test_from_json(json, "test.json", &err));
    assert_ptr_equal(strstr(err.text, "test.json, at /surprise: unknown key `surprise`; possible here: "), err.text);
    json_object_del(json, "surprise");
    vg_json_set_text(json, "id", "../../etc/passwd");
    assert_null(vg_test_from_json(json, "test.json", &err));
    assert_ptr_equal(strstr(err.text, "test.json, at /id: `../../etc/passwd` is not a name"), err.text);
    vg_json_set_text(json, "id", "fair-x");
    vg_json_set_text(json, "group", "../x");
    assert_null(vg_test_from_json(json, "test.json", &err));
    vg_autojson json_t *array = vg_json_new_array();
    assert_null(vg_test_from_json(array, "test.json", &err));
    vg_test_free(test);
}

static struct vg_host *load_host(void)
{
    vg_autofree char *path = source_path("tests/unit/data/catalog/good-host.yaml");
    struct vg_error err = { 0 };
    struct vg_host *host = vg_host_load("/nonexistent", path, &err);
    if (!host)
        fail_msg("%s", err.text);
    return host;
}

static void every_field_of_a_host_arrives(void **state)
{
    (void)state;
    struct vg_host *host = load_host();
    assert_string_equal(host->name, "my-host");
    assert_string_equal(host->connection, "qemu:///system");
    assert_string_equal(host->root, "/");
    assert_string_equal(host->machine.accel, "auto");
    assert_string_equal(host->machine.display, "auto");
    assert_int_equal(host->machine.vcpus, 2);
    assert_int_equal(host->machine.memory_mib, 1024);
    assert_int_equal(host->machine.boot_timeout_s, 90);
    assert_string_equal(host->machine.vcpu_cpus, "0-1");
    assert_null(host->machine.kernel);
    assert_string_equal(host->pgpus[0].pci, "0000:41:00.0");
    const struct vg_host_mechanism *mechanism = vg_host_mechanism_find(host, "fake-vm");
    assert_non_null(mechanism);
    assert_null(vg_host_mechanism_find(host, "fake-process"));
    assert_true(mechanism->hostmem_bytes == UINT64_C(256) << 20);
    assert_true(vg_host_profile_find(mechanism, "full")->memory_bytes == UINT64_C(512) << 20);
    assert_int_equal(vg_host_profile_find(mechanism, "full")->max, 2);
    assert_int_equal(vg_host_policy_find(mechanism, "equal-share")->period_us, 20000);
    assert_int_equal(vg_host_policy_find(mechanism, "equal-share")->slice_us, 500);
    assert_string_equal(mechanism->environment.items[0], "LP_NUM_THREADS=1");
    assert_string_equal(mechanism->managers.items[0], "vgpu-mgr");
    vg_host_free(host);
}

static void host_json_loads_again(void **state)
{
    (void)state;
    struct vg_host *host = load_host();
    vg_autojson json_t *json = vg_host_to_json(host);
    char path[] = "/tmp/vgauge-host-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct vg_error err = { 0 };
    assert_true(vg_json_save_file(json, path, &err));
    struct vg_host *again = vg_host_load("/nonexistent", path, &err);
    unlink(path);
    if (!again)
        fail_msg("%s", err.text);
    vg_autojson json_t *json_again = vg_host_to_json(again);
    assert_true(json_equal(json, json_again));
    vg_host_free(again);
    vg_host_free(host);
}

/* A catalogue of two tests, as vg_catalog_set wants it. */
struct two {
    struct vg_catalog catalog;
    const struct vg_test *tests[2];
};

static struct two *two_tests(void)
{
    struct two *two = vg_calloc(1, sizeof *two);
    two->tests[0] = load_good();
    two->tests[1] = load_good();
    ((struct vg_test *)two->tests[1])->id[5] = 'y';
    two->catalog.tests = two->tests;
    two->catalog.test_count = 2;
    return two;
}

static void two_free(struct two *two)
{
    vg_test_free((struct vg_test *)two->tests[0]);
    vg_test_free((struct vg_test *)two->tests[1]);
    free(two);
}

static const char *param(const struct two *two, unsigned test, unsigned phase, const char *name)
{
    return vg_settings_get(&two->tests[test]->phases[phase].runs[0].params, name);
}

static void set_changes_what_it_names(void **state)
{
    (void)state;
    struct two *two = two_tests();
    struct vg_error err = { 0 };
    assert_true(vg_catalog_set(&two->catalog, "fair-x.seconds=7.5", &err));
    assert_string_equal(param(two, 0, 0, "seconds"), "7.5");
    assert_string_equal(param(two, 0, 1, "seconds"), "7.5");
    assert_string_equal(param(two, 1, 0, "seconds"), "5");
    assert_true(vg_catalog_set(&two->catalog, "*.kind=tiny", &err));
    assert_string_equal(param(two, 0, 0, "kind"), "tiny");
    assert_string_equal(param(two, 1, 0, "kind"), "tiny");
    assert_true(vg_catalog_set(&two->catalog, "fairness/*.fair.limit=0.5", &err));
    assert_string_equal(vg_settings_get(&two->tests[1]->analyses[0].params, "limit"), "0.5");
    assert_string_equal(two->tests[0]->group, "fairness");
    two_free(two);
}

static void trying_a_setting_changes_nothing(void **state)
{
    (void)state;
    struct two *two = two_tests();
    const struct vg_test *before = two->tests[0];
    struct vg_error err = { 0 };
    assert_true(vg_catalog_try_set(&two->catalog, "fair-x.seconds=7.5", false, &err));
    assert_ptr_equal(two->tests[0], before);
    assert_string_equal(param(two, 0, 0, "seconds"), "5");
    two_free(two);
}

static void set_changes_limits(void **state)
{
    (void)state;
    struct two *two = two_tests();
    struct vg_error err = { 0 };
    vg_autofree char *of_phase = vg_format("fair-x.%s.timeout_s=7", two->tests[0]->phases[0].name);
    assert_true(vg_catalog_set(&two->catalog, "fair-x.timeout_s=30", &err));
    assert_true(vg_catalog_set(&two->catalog, "fair-x.inactivity_s=4", &err));
    assert_true(vg_catalog_set(&two->catalog, of_phase, &err));
    assert_int_equal(two->tests[0]->timeout_s, 30);
    assert_int_equal(two->tests[0]->inactivity_s, 4);
    assert_int_equal(two->tests[0]->phases[0].timeout_s, 7);
    assert_string_equal(param(two, 0, 0, "seconds"), "5");
    assert_int_equal(two->tests[1]->timeout_s, 600); /* another test */
    two_free(two);
}

static void set_refuses_what_nobody_takes(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *text;
    } cases[] = {
        { "fair-z.seconds=1", "no test is called `fair-z`, did you mean `fair-x`?" },
        { "fair-x.secnds=1", "no workload of `fair-x` has a parameter `secnds`, did you mean `seconds`?" },
        { "fair-x.fair.limt=1",
          "no analysis or phase `fair` of `fair-x` has a parameter `limt`, did you mean `limit`?" },
        { "fair-x.timeout_s=0", "test `fair-x`: `timeout_s` takes a whole number from 1 to 86400, not `0`" },
        { "fair-x.inactivity_s=5s", "test `fair-x`: `inactivity_s` takes a whole number from 1 to 86400, not `5s`" },
        { "fair-x.inactivty_s=5",
          "no workload of `fair-x` has a parameter `inactivty_s`, did you mean `inactivity_s`?" },
        { "fair-x.seconds=0", "test `fair-x`: workload `fake-work`: parameter `seconds` must be between 0.1 and 600 s, "
                              "not `0`" },
        { "fair-x.seconds=",
          "`fair-x.seconds=` is not a setting: write TEST.PARAM=VALUE or TEST.ANALYSIS.PARAM=VALUE" },
        { "seconds=1", "`seconds=1` is not a setting: write TEST.PARAM=VALUE or TEST.ANALYSIS.PARAM=VALUE" },
        { "fair-x.seconds", "`fair-x.seconds` is not a setting: write TEST.PARAM=VALUE or TEST.ANALYSIS.PARAM=VALUE" },
    };
    struct two *two = two_tests();
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        assert_false(vg_catalog_set(&two->catalog, cases[i].setting, &err));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.kind, VG_ERROR_INPUT);
        assert_string_equal(param(two, 0, 0, "seconds"), "5");
    }
    two_free(two);
}

static void plan_and_requirement_become_json(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *plan_path = source_path("tests/unit/data/catalog/good-plan.yaml");
    struct vg_plan *plan = vg_plan_load(plan_path, &err);
    assert_non_null(plan);
    vg_autojson json_t *json = vg_plan_to_json(plan);
    assert_string_equal(vg_json_text_or(json, "name", ""), "quick");
    assert_int_equal(json_array_size(json_object_get(json, "tests")), 2);
    assert_int_equal(vg_json_int_or(json, "repeat", 0), 2);
    assert_int_equal(plan->rerun, 3);
    assert_int_equal(vg_json_int_or(json, "rerun", 0), 3);
    assert_int_equal(vg_json_int_or(json, "timeout_s", 0), 7200);
    vg_plan_free(plan);
    vg_autofree char *path = source_path("tests/unit/data/catalog/good-requirement.yaml");
    struct vg_requirement_file *file = vg_requirement_file_load(path, &err);
    assert_non_null(file);
    vg_autojson json_t *requirement = vg_requirement_to_json(&file->requirements[0]);
    assert_string_equal(vg_json_text_or(requirement, "group", ""), "SCHED");
    assert_string_equal(vg_json_text_or(requirement, "severity", ""), "S2");
    vg_requirement_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_test_arrives),
        cmocka_unit_test(a_file_stands_for_a_test_per_population),
        cmocka_unit_test(defaults_are_applied),
        cmocka_unit_test(a_test_goes_through_json_unchanged),
        cmocka_unit_test(a_test_may_decide_no_requirement),
        cmocka_unit_test(every_operator_survives),
        cmocka_unit_test(json_is_checked_as_strictly),
        cmocka_unit_test(every_field_of_a_host_arrives),
        cmocka_unit_test(host_json_loads_again),
        cmocka_unit_test(set_changes_what_it_names),
        cmocka_unit_test(trying_a_setting_changes_nothing),
        cmocka_unit_test(set_changes_limits),
        cmocka_unit_test(set_refuses_what_nobody_takes),
        cmocka_unit_test(plan_and_requirement_become_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
