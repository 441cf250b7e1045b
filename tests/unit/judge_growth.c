/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis `growth` on readings whose slope is known. */
#include "judge_fixture.h"

static struct vg_judgement *judge(const char *readings, const char *settle, double most)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "peer.0");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "cycles", 0, 1000000000), "peer.0", "some-workload");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    if (readings)
        fixture_fact(run, "own_bytes", readings);
    struct fixture_test f;
    fixture_test(&f, "growth");
    fixture_param(&f, "phase", "cycles");
    fixture_param(&f, "workload", "some-workload");
    fixture_param(&f, "fact", "own_bytes");
    if (settle)
        fixture_param(&f, "settle", settle);
    fixture_expect(&f, "x.least", VG_OP_LE, most);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void a_line_is_found_exactly(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge("100000 102048 104096 106144 108192", NULL, 2048);
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.readings"), 5, 0);
    assert_near(value_of(judgement, "x.per_round"), 2048, 1e-6);
    assert_near(value_of(judgement, "x.least"), 2048, 1e-3);
    assert_near(value_of(judgement, "x.most"), 2048, 1e-3);
    vg_judgement_free(judgement);
    judgement = judge("100000 102048 104096 106144 108192", NULL, 1024);
    assert_verdict(judgement, VG_FAIL, "x.least");
    vg_judgement_free(judgement);
}

/* R: confint(lm(c(5000, 1000, 4000, 2000, 6000, 3000) ~ seq(0, 5)))[2, ] */
static void noise_is_no_growth(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge("5000 1000 4000 2000 6000 3000", NULL, 1024);
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.per_round"), 85.71429, 1e-4);
    assert_true(value_of(judgement, "x.least") < -1000);
    assert_true(value_of(judgement, "x.most") > 1000);
    assert_near(value_of(judgement, "x.most") + value_of(judgement, "x.least"), 2 * 85.71429, 1e-3);
    vg_judgement_free(judgement);
}

static void what_settles_is_left_out(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge("0 900000 1000000 1000001 1000002 1000003", "2", 1024);
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.readings"), 4, 0);
    assert_near(value_of(judgement, "x.per_round"), 1, 1e-6);
    vg_judgement_free(judgement);
}

static void what_says_nothing_passes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *readings, *settle, *word;
    } cases[] = {
        { NULL, NULL, "own_bytes" },         { "", NULL, "own_bytes" },          { "1 2 x 4 5", NULL, "own_bytes" },
        { "1 2 -3 4 5", NULL, "own_bytes" }, { "1 2 3.5 4", NULL, "own_bytes" }, { "1 2 3", NULL, "x.least" },
        { "1 2 3 4", "1", "x.least" },       { "1 2 3 4", "9", "x.least" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement *judgement = judge(cases[i].readings, cases[i].settle, 1e9);
        assert_verdict(judgement, VG_INVALID, cases[i].word);
        vg_judgement_free(judgement);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_found_exactly),
        cmocka_unit_test(noise_is_no_growth),
        cmocka_unit_test(what_settles_is_left_out),
        cmocka_unit_test(what_says_nothing_passes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
