/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The share analysis on synthetic completions whose right answer is known: splits, waste, starvation, windows. */
#include "support/share_scenario.h"

static struct vg_judgement *judge(const struct scenario *s, double at_most)
{
    return judge_by(s, "share", "x.max_deviation", VG_OP_LE, at_most);
}

static void even_split_passes(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 50, 50, 1, 11, 1.3, 11.2, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.max_deviation"), 0, 1e-6);
    assert_near(value_of(j, "x.jain"), 1, 1e-9);
    assert_near(value_of(j, "x.solo_rate"), 100, 1e-6);
    assert_near(value_of(j, "x.solo_cv"), 0, 1e-6);
    assert_near(value_of(j, "x.window_s"), 9.7, 0.03);
    vg_judgement_free(j);
}

static void uneven_split_fails(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 60, 40, 1, 11, 1, 11, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_FAIL, "x.max_deviation is 0.2");
    assert_near(value_of(j, "x.max_deviation"), 0.2, 1e-6);
    assert_near(value_of(j, "x.min_max_ratio"), 40.0 / 60, 1e-6);
    assert_near(value_of(j, "x.jain"), 10000.0 / (2 * (3600 + 1600)), 1e-6);
    assert_near(value_of(j, "x.share[peer.1]"), 0.4, 1e-6);
    assert_near(value_of(j, "x.rate[peer.0]"), 60, 1e-6);
    vg_judgement_free(j);
}

static void fair_waste_fails(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 30, 30, 1, 11, 1, 11, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_FAIL, "some source");
    assert_near(value_of(j, "x.max_deviation"), 0.4, 1e-6);
    assert_near(value_of(j, "x.min_max_ratio"), 1, 1e-6);
    vg_judgement_free(j);
}

static void starved_tenant_is_a_failure(void **state)
{
    (void)state;
    struct scenario s = {
        "equal-share", 100, 95, 100, 1, 11, 3, 2, false, NULL, 0, 0, .in_flight = 3
    }; /* the second completes nothing */
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_FAIL, NULL);
    assert_near(value_of(j, "x.max_deviation"), 1, 1e-6);
    assert_near(value_of(j, "x.rate[peer.1]"), 0, 0);
    vg_judgement_free(j);
}

/* The second tenant's good share must not stand for the first one's, which nobody saw. */
static void a_tenant_whose_time_was_not_seen_is_not_passed_over(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          .first_start = 1,
                          .first_end = 19,
                          .second_start = 1,
                          .second_end = 19,
                          .cpu = 0.5,
                          .wait = 0.5,
                          .software_host = true };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    vg_judgement_free(j);
    s.first_unseen_from_s = 35; /* of a window from 21 to 39 s */
    j = judge(&s, 0.1);
    assert_true(isnan(value_of(j, "x.share[peer.0]")));
    assert_true(isnan(value_of(j, "x.max_deviation")));
    assert_verdict(j, VG_INVALID, "x.max_deviation could not be computed");
    vg_judgement_free(j);
}

static void windows_that_do_not_meet_are_invalid(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 50, 50, 1, 6, 7, 12, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "never at work at the same time");
    vg_judgement_free(j);
}

static void only_the_common_window_counts(void **state)
{
    (void)state;
    /* Alone for 8 of 10 s at twice the rate would look like 50 against 14 if all of the time counted. */
    struct scenario s = { "equal-share", 100, 50, 50, 1, 11, 9, 19, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.window_s"), 2, 1e-6);
    vg_judgement_free(j);
}

static void too_few_jobs_are_invalid(void **state)
{
    (void)state;
    struct scenario s = {
        "equal-share", 100, 50, 50, 1, 11, 10.6, 11, false, NULL, 0, 0, .in_flight = 3
    }; /* 0.4 s at 50/s */
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "at least 25");
    vg_judgement_free(j);
    struct scenario solo = { "equal-share", 2, 1, 1, 1, 19, 1, 19, false, NULL, 0, 0, .in_flight = 3 };
    j = judge(&solo, 0.1);
    assert_verdict(j, VG_INVALID, "too few completions");
    vg_judgement_free(j);
}

static void policies_promise_different_shares(void **state)
{
    (void)state;
    /* fixed-share, 4 vGPUs at most: alone a tenant gets a quarter, measured as 25/s, and keeps it beside another. */
    struct scenario fixed = { "fixed-share", 25, 25, 25, 1, 11, 1, 11, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&fixed, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.solo_rate"), 100, 1e-6);
    assert_near(value_of(j, "x.share[peer.0]"), 0.25, 1e-6);
    assert_near(value_of(j, "x.entitled"), 0.25, 1e-9);
    assert_near(value_of(j, "x.saturation"), 1, 1e-6);
    vg_judgement_free(j);
    /* equal-share with an idle neighbour in the solo phase: half of the pGPU stays idle there. */
    struct scenario idle = { "equal-share", 50, 50, 50, 1, 11, 1, 11, true, NULL, 0, 0, .in_flight = 3 };
    j = judge(&idle, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.solo_rate"), 100, 1e-6);
    vg_judgement_free(j);
    /* best-effort promises nothing: the mean is the measure. */
    struct scenario best = { "best-effort", 100, 60, 20, 1, 11, 1, 11, true, NULL, 0, 0, .in_flight = 3 };
    j = judge(&best, 0.1);
    assert_verdict(j, VG_FAIL, NULL);
    assert_near(value_of(j, "x.max_deviation"), 0.5, 1e-6);
    assert_true(isnan(value_of(j, "x.entitled")));
    vg_judgement_free(j);
}

static void jobs_of_other_length_are_weighed(void **state)
{
    (void)state;
    struct scenario s = {
        "equal-share", 100, 50, 100, 1, 11, 1, 11, false, "500", 0, 0, .in_flight = 3
    }; /* twice as many of half the work */
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.rate[peer.1]"), 50, 1e-6);
    vg_judgement_free(j);
}

/* 30 of 50 jobs per second: a scheduler that wastes, or tenants that ask for little? */
static void saturation_is_demand_not_success(void **state)
{
    (void)state;
    static const struct {
        bool software_host, no_latency;
        double in_flight, cpu, wait, saturation;
    } cases[] = {
        { true, false, 3, 0.3, 0.7, 1 },    /* throttled all the time: the scheduler's doing */
        { true, false, 3, 0.3, 0.05, 0.6 }, /* seldom asked; it used 0.6 of its share */
        { true, false, 3, 0.5, 0, 1 },      /* used all of its share, on a kernel that does not count throttled time */
        { true, false, 0.9, 0.3, 0.7, 0 },  /* a busy renderer, and a tenant that launches and waits */
        { true, false, 3, 0, 0, NAN },      /* no probe: nothing is known, least of all from throughput */
        { true, true, 3, 0.3, 0.7, NAN },   /* no latency */
        { false, false, 3, 0, 0, 1 },       /* elsewhere the queue says it all */
        { false, false, 3, 0.3, 0.05, 1 },  /* a renderer's CPU time is not GPU time there */
        { false, false, 0.9, 0.3, 0.7, 0 }, /* launch and wait */
        { false, true, 3, 0.3, 0.7, NAN },  /* no latency */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct scenario s = { "equal-share",
                              100,
                              30,
                              30,
                              1,
                              11,
                              1,
                              11,
                              false,
                              NULL,
                              cases[i].cpu,
                              cases[i].wait,
                              .software_host = cases[i].software_host,
                              .in_flight = cases[i].in_flight,
                              .no_latency = cases[i].no_latency };
        struct vg_judgement *j = judge(&s, 0.1);
        if (isnan(cases[i].saturation)) {
            assert_true(isnan(value_of(j, "x.saturation")));
            assert_verdict(j, VG_INVALID, "always had work waiting");
        } else {
            assert_near(value_of(j, "x.saturation"), cases[i].saturation, 1e-6);
            /* Where GPU time is counted it is the scheduler that is judged: it gave 0.5 of the pGPU in one case, and
             * what the tenant made of it is for `efficiency` to judge. */
            bool given = cases[i].software_host && cases[i].cpu == 0.5;
            assert_verdict(j, given ? VG_PASS : VG_FAIL, NULL);
        }
        vg_judgement_free(j);
    }
}

/* On a pGPU that is a set of cores, the scheduler is judged by the time that it gives. */
static void gpu_time_is_what_a_scheduler_gives(void **state)
{
    (void)state;
    static const struct {
        double rate, cpu, wait, deviation;
        enum vg_verdict verdict;
    } cases[] = {
        { 40, 0.5, 0.5, 0, VG_PASS },     /* the core was slower by a fifth meanwhile */
        { 50, 0.4, 0.6, 0.2, VG_FAIL },   /* ... or faster, which does not make up for a fifth of the time */
        { 50, 0.56, 0.4, 0.12, VG_FAIL }, /* too much is as wrong as too little */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct scenario s = { "equal-share", 100,          cases[i].rate, cases[i].rate,        1, 11, 1, 11, false,
                              NULL,          cases[i].cpu, cases[i].wait, .software_host = true };
        struct vg_judgement *j = judge(&s, 0.1);
        assert_verdict(j, cases[i].verdict, NULL);
        assert_near(value_of(j, "x.max_deviation"), cases[i].deviation, 1e-6);
        assert_near(value_of(j, "x.rate_deviation"), fabs(cases[i].rate / 50 - 1), 1e-6);
        vg_judgement_free(j);
    }
}

/* A renderer ends with its workload, and what it used since its last reading is never seen. */
static void what_a_renderer_takes_along_is_not_missed(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          .first_start = 16,
                          .first_end = 19.3,
                          .second_start = 16,
                          .second_end = 19.3,
                          .cpu = 0.5,
                          .wait = 0.5,
                          .renderer_gone_s = 39.4,
                          .software_host = true };
    struct vg_judgement *j = judge(&s, 0.05);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.max_deviation"), 0, 1e-6); /* 0.3 of 3.3 s would be 9 % */
    vg_judgement_free(j);
    s.renderer_gone_s = 37.4; /* a renderer that goes early got less */
    j = judge(&s, 0.05);
    assert_verdict(j, VG_FAIL, "x.max_deviation");
    vg_judgement_free(j);
}

static void clocks_must_be_known(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 50, 50, 1, 11, 1, 11, false, NULL, 0, 0, .clock_error_s = 0.19 };
    struct vg_judgement *j = judge(&s, 0.1); /* of a window of 10 s */
    assert_verdict(j, VG_PASS, NULL);
    vg_judgement_free(j);
    s.clock_error_s = 0.21;
    j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "clock of peer.0");
    vg_judgement_free(j);
}

static void runs_must_be_warm_and_verified(void **state)
{
    (void)state;
    static const struct {
        const char *mark;
        bool rule, unverified;
        const char *word; /* NULL: good */
    } cases[] = {
        { NULL, false, false, NULL },
        { "steady", true, false, NULL },
        { "warm-up-limit", true, false, "did not reach a steady state: two windows" },
        { "warm-up-limit", false, false, "did not reach a steady state" },
        { NULL, true, false, "did not reach a steady state" },
        { "steady", true, true, "does not say that it verified" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct scenario s = { "equal-share",
                              100,
                              50,
                              50,
                              1,
                              11,
                              1,
                              11,
                              false,
                              NULL,
                              0,
                              0,
                              .end_mark = cases[i].mark,
                              .warms_up = cases[i].rule,
                              .unverified = cases[i].unverified };
        struct vg_judgement *j = judge(&s, 0.1);
        assert_verdict(j, cases[i].word ? VG_INVALID : VG_PASS, cases[i].word);
        vg_judgement_free(j);
    }
}

/* GPU time is what a scheduler gives, however long the jobs take that are done with it. */
static void gpu_time_needs_no_steady_jobs(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 50,
                          .second = 50,
                          .first_start = 1,
                          .first_end = 19,
                          .second_start = 1,
                          .second_end = 19,
                          .cpu = 0.5,
                          .wait = 0.5,
                          .software_host = true,
                          .end_mark = "warm-up-limit",
                          .warms_up = true };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    vg_judgement_free(j);
    s.unverified = true;
    j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "does not say that it verified");
    vg_judgement_free(j);
}

/* Three windows of a warm-up take their time where a tenant gets next to nothing: that is a failure, and no excuse. */
static void starvation_is_no_lack_of_warmth(void **state)
{
    (void)state;
    struct scenario s = { .policy = "equal-share",
                          .solo = 100,
                          .first = 95,
                          .second = 5,
                          .first_start = 1,
                          .first_end = 19,
                          .second_start = 1,
                          .second_end = 19,
                          .end_mark = "warm-up-limit",
                          .warms_up = true,
                          .alone_was_warm = true,
                          .contended_samples = "47" };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_FAIL, "x.max_deviation is 0.9");
    vg_judgement_free(j);
    s.contended_samples = "48"; /* enough to tell, and it was not steady */
    j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "did not reach a steady state");
    vg_judgement_free(j);
    s.contended_samples = "47"; /* alone there is nobody whose doing it could be */
    s.alone_was_warm = false;
    j = judge(&s, 0.1);
    assert_verdict(j, VG_INVALID, "did not reach a steady state");
    vg_judgement_free(j);
}

static void rates_are_interpolated(void **state)
{
    (void)state;
    double at_s[] = { 0, 1, 2, 4, 8 };
    struct vg_completion_series series = { .at_s = at_s, .count = 5, .steady_s = NAN };
    assert_near(vg_completion_rate(&series, 0, 8), 0.5, 1e-12);
    assert_near(vg_completion_rate(&series, 0.5, 3), 2.0 / 2.5, 1e-12); /* 0.5 until 0.5 s, 2.5 until 3 s */
    assert_true(isnan(vg_completion_rate(&series, -1, 3)));
    assert_true(isnan(vg_completion_rate(&series, 1, 9)));
    assert_true(isnan(vg_completion_rate(&series, 3, 3)));
    double start_s, *rates;
    size_t count;
    vg_share_series(&series, 2, &start_s, &rates, &count);
    assert_int_equal(count, 4);
    assert_near(rates[0], 1, 1e-12);
    assert_near(rates[1], 0.5, 1e-12);
    assert_near(rates[3], 0.25, 1e-12);
    free(rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_split_passes),
        cmocka_unit_test(uneven_split_fails),
        cmocka_unit_test(fair_waste_fails),
        cmocka_unit_test(starved_tenant_is_a_failure),
        cmocka_unit_test(a_tenant_whose_time_was_not_seen_is_not_passed_over),
        cmocka_unit_test(windows_that_do_not_meet_are_invalid),
        cmocka_unit_test(only_the_common_window_counts),
        cmocka_unit_test(too_few_jobs_are_invalid),
        cmocka_unit_test(policies_promise_different_shares),
        cmocka_unit_test(jobs_of_other_length_are_weighed),
        cmocka_unit_test(saturation_is_demand_not_success),
        cmocka_unit_test(gpu_time_is_what_a_scheduler_gives),
        cmocka_unit_test(what_a_renderer_takes_along_is_not_missed),
        cmocka_unit_test(clocks_must_be_known),
        cmocka_unit_test(runs_must_be_warm_and_verified),
        cmocka_unit_test(gpu_time_needs_no_steady_jobs),
        cmocka_unit_test(starvation_is_no_lack_of_warmth),
        cmocka_unit_test(rates_are_interpolated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
