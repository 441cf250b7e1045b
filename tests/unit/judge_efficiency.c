/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The efficiency analysis: waste must show, a clock that moved must not be taken for waste, nor excuse it. */
#include "support/share_scenario.h"

#define BOTH .first_start = 1, .first_end = 19, .second_start = 1, .second_end = 19

static struct vg_judgement *judge(const struct scenario *s)
{
    return judge_by(s, "efficiency", "x.at_most", VG_OP_GE, 0.9);
}

static void nothing_lost_passes(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share", .solo = 100, .first = 50, .second = 50, BOTH };
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.efficiency"), 1, 1e-6);
    assert_near(value_of(j, "x.error"), 0, 1e-6);
    assert_true(isnan(value_of(j, "x.clock_change")));
    vg_judgement_free(j);
}

static void fair_waste_fails(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share", .solo = 100, .first = 30, .second = 30, BOTH };
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_FAIL, "x.at_most is 0.6");
    vg_judgement_free(j);
    /* Also where all of the time was given, and used up by something that is no work. */
    struct scenario busy = { .policy = "equal-share",
                             .solo = 100,
                             .first = 30,
                             .second = 30,
                             BOTH,
                             .cpu = 0.5,
                             .wait = 0.5,
                             .software_host = true };
    j = judge(&busy);
    assert_verdict(j, VG_FAIL, "x.at_most is 0.6");
    vg_judgement_free(j);
}

static void idle_slices_of_the_policy_are_no_loss(void **state)
{
    (void)state;
    struct scenario s = {
        .policy = "fixed-share", .solo = 25, .first = 25, .second = 25, BOTH
    }; /* a quarter each, always */
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.efficiency"), 1, 1e-6);
    vg_judgement_free(j);
}

/* The fixture's jobs come at an even rate while its clock swings by a tenth: they do not feel it. */
static void jobs_that_do_not_feel_the_clock_are_not_corrected(void **state)
{
    (void)state;
    struct scenario s = {
        .policy = "equal-share", .solo = 100, .first = 50, .second = 50, BOTH, .solo_clock = 100, .contended_clock = 70
    };
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.clock_change"), 0.7, 0.03);
    assert_near(value_of(j, "x.sensitivity"), 0, 0.01);
    assert_near(value_of(j, "x.efficiency"), 1, 0.01);
    vg_judgement_free(j);
    s.first = s.second = 35; /* a slower clock is no excuse for jobs that do not depend on it */
    j = judge(&s);
    assert_verdict(j, VG_FAIL, "x.at_most");
    vg_judgement_free(j);
}

static void a_clock_that_is_felt_is_corrected(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          BOTH,
                          .solo_clock = 100,
                          .contended_clock = 70,
                          .feels_clock = true };
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.sensitivity"), 1, 0.05);
    assert_near(value_of(j, "x.efficiency"), 1, 0.03);
    vg_judgement_free(j);
    s.first = s.second = 37; /* a quarter is lost beside what the clock explains */
    j = judge(&s);
    assert_verdict(j, VG_FAIL, "x.at_most");
    assert_near(value_of(j, "x.efficiency"), 0.74, 0.03);
    vg_judgement_free(j);
}

/* Nothing tells how much of such a change the jobs felt. Somewhere between none and all of it lies the truth, and
 * nowhere else: what is lost even if all of it was felt, is lost. */
static void a_clock_that_moved_between_the_phases_excuses_no_more_than_it_can(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 33.5,
                          .second = 33.5,
                          BOTH,
                          .solo_clock = 100,
                          .contended_clock = 85,
                          .even_clock = true };
    struct vg_judgement *j = judge(&s);
    assert_near(value_of(j, "x.clock_change"), 0.85, 0.01);
    assert_near(value_of(j, "x.at_most"), 0.67 / 0.85, 0.01);
    assert_true(value_of(j, "x.at_least") <= 0.68);
    assert_near(value_of(j, "x.error"), 0.67 / 0.85 * log(1 / 0.85), 0.01);
    assert_verdict(j, VG_FAIL, "x.at_most");
    vg_judgement_free(j);
    s.contended_clock = 118; /* and a faster one may have been of no use to them at all */
    s.first = s.second = 46;
    j = judge(&s);
    assert_near(value_of(j, "x.at_most"), 0.92, 0.01);
    assert_near(value_of(j, "x.at_least"), 0.92 / 1.18, 0.01);
    assert_verdict(j, VG_PASS, NULL);
    vg_judgement_free(j);
}

/* What a probe's noise makes of a clock that did not move says nothing about how much of it the jobs feel. */
static void noise_is_not_taken_for_a_clock_that_moved(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 35,
                          .second = 35,
                          BOTH,
                          .solo_clock = 100,
                          .contended_clock = 130,
                          .feels_clock = true,
                          .even_clock = true,
                          .clock_noise = 0.2 };
    struct vg_judgement *j = judge(&s); /* 91 jobs for 100, on a clock that would have been good for 130 */
    assert_near(value_of(j, "x.clock_change"), 1.3, 0.02);
    assert_near(value_of(j, "x.efficiency"), 0.7, 0.02);
    assert_true(value_of(j, "x.error") > 0.2); /* which the tests call invalid */
    vg_judgement_free(j);
}

static void noise_does_not_flatten_the_slope(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          BOTH,
                          .solo_clock = 100,
                          .contended_clock = 70,
                          .feels_clock = true,
                          .clock_noise = 0.3 };
    struct vg_judgement *j = judge(&s);
    assert_near(value_of(j, "x.sensitivity"), 1, 0.06);
    assert_near(value_of(j, "x.efficiency"), 1, 0.04);
    vg_judgement_free(j);
}

static void a_hole_in_the_clock_means_nothing_can_be_compared(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          BOTH,
                          .solo_clock = 100,
                          .contended_clock = 70,
                          .clock_hole_s = 0.5 };
    struct vg_judgement *j = judge(&s);
    assert_verdict(j, VG_INVALID, "clock was not followed");
    assert_true(isnan(value_of(j, "x.clock_change")));
    vg_judgement_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_lost_passes),
        cmocka_unit_test(fair_waste_fails),
        cmocka_unit_test(idle_slices_of_the_policy_are_no_loss),
        cmocka_unit_test(jobs_that_do_not_feel_the_clock_are_not_corrected),
        cmocka_unit_test(a_clock_that_is_felt_is_corrected),
        cmocka_unit_test(a_clock_that_moved_between_the_phases_excuses_no_more_than_it_can),
        cmocka_unit_test(noise_is_not_taken_for_a_clock_that_moved),
        cmocka_unit_test(noise_does_not_flatten_the_slope),
        cmocka_unit_test(a_hole_in_the_clock_means_nothing_can_be_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
