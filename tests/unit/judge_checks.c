/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks analysis, from what workloads count (common/checks.h) to a verdict: what was wrong is said, what was not
 * tried proves nothing, and a tenant's malformed word is no count. */
#include "common/checks.h"
#include "judge_fixture.h"

struct fact {
    const char *name, *value;
};

static struct vg_judgement *judge(const struct fact *facts, const char *only, const char *wrong,
                                  const char *wanted_metric)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "peer.0");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "attack", 0, 1000000000), "peer.0", "some-workload");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    for (; facts->name; facts++)
        fixture_fact(run, facts->name, facts->value);
    struct fixture_test f;
    fixture_test(&f, "checks");
    fixture_param(&f, "phase", "attack");
    if (only)
        fixture_param(&f, "only", only);
    if (wrong)
        fixture_param(&f, "wrong", wrong);
    struct vg_expectation *expectation = fixture_expect(&f, wanted_metric, VG_OP_EQ, 0);
    expectation->finding = wrong && vg_equal(wrong, "finding");
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_non_null(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void test_all_hold(void **state)
{
    (void)state;
    const struct fact facts[] = {
        { "check.a", "1000 0" }, { "check.b", "7 0" }, { "check.c", "skip not here" }, { 0 }
    };
    struct vg_judgement *judgement = judge(facts, NULL, NULL, "x.wrong");
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.tried"), 1007, 0);
    assert_near(value_of(judgement, "x.kinds"), 2, 0);
    assert_near(value_of(judgement, "x.skipped"), 1, 0);
    assert_near(value_of(judgement, "x.wrong[a]"), 0, 0);
    vg_judgement_free(judgement);
}

static void test_one_is_wrong(void **state)
{
    (void)state;
    const struct fact facts[] = { { "check.a", "1000 1 word 7 is 3" }, { "check.b", "7 0" }, { 0 } };
    struct vg_judgement *judgement = judge(facts, NULL, NULL, "x.wrong");
    assert_verdict(judgement, VG_FAIL, "word 7 is 3");
    assert_verdict(judgement, VG_FAIL, "x.wrong");
    vg_judgement_free(judgement);
    judgement = judge(facts, NULL, "finding", "x.wrong");
    assert_verdict(judgement, VG_FINDING, "word 7 is 3");
    vg_judgement_free(judgement);
    judgement = judge(facts, "b", NULL, "x.wrong"); /* only the other kind */
    assert_verdict(judgement, VG_PASS, NULL);
    vg_judgement_free(judgement);
}

static void test_nothing_tried(void **state)
{
    (void)state;
    const struct fact skipped[] = { { "check.a", "skip no such feature" }, { 0 } };
    struct vg_judgement *judgement = judge(skipped, NULL, NULL, "x.wrong");
    assert_verdict(judgement, VG_INVALID, "x.wrong");
    vg_judgement_free(judgement);
    const struct fact none[] = { { 0 } };
    judgement = judge(none, NULL, NULL, "x.wrong");
    assert_verdict(judgement, VG_INVALID, "did not report");
    vg_judgement_free(judgement);
    const struct fact one[] = { { "check.a", "10 0" }, { 0 } };
    judgement = judge(one, NULL, NULL, "x.wrong[b]"); /* a kind that the test counts on was not tried */
    assert_verdict(judgement, VG_INVALID, "x.wrong[b]");
    vg_judgement_free(judgement);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const words[] = { "", "many", "3 4", "-1 0", "10", "1e9 0" };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        const struct fact facts[] = { { "check.a", words[i] }, { 0 } };
        struct vg_judgement *judgement = judge(facts, NULL, NULL, "x.wrong");
        assert_verdict(judgement, VG_INVALID, "in a form that is none");
        vg_judgement_free(judgement);
    }
}

static void test_counting(void **state)
{
    (void)state;
    struct vg_checks checks = { 0 };
    assert_true(vg_check(&checks, "a", true, "never said"));
    assert_false(vg_check(&checks, "a", 1 > 2, "first %d", 1));
    assert_false(vg_check_many(&checks, "a", 10, 3, "second"));
    vg_check_skip(&checks, "a", "was tried already");
    vg_check_skip(&checks, "b", "no %s", "such thing");
    assert_int_equal(checks.count, 2);
    assert_int_equal(checks.items[0].tried, 12);
    assert_int_equal(checks.items[0].wrong, 4);
    assert_string_equal(checks.items[0].first, "first 1");
    assert_true(checks.items[1].skipped);
    assert_string_equal(checks.items[1].first, "no such thing");
    for (int i = 0; i < 2 * VG_MAX_CHECKS; i++) { /* too many kinds: what was wrong is not lost */
        char name[16];
        snprintf(name, sizeof(name), "kind-%d", i);
        vg_check(&checks, name, false, "wrong");
    }
    uint64_t wrong = 0;
    for (unsigned i = 0; i < checks.count; i++)
        wrong += checks.items[i].wrong;
    assert_int_equal(checks.count, VG_MAX_CHECKS);
    assert_int_equal(wrong, 4 + 2 * VG_MAX_CHECKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_hold),  cmocka_unit_test(test_one_is_wrong), cmocka_unit_test(test_nothing_tried),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
