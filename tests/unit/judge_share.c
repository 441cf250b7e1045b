/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The share analysis on synthetic completions whose right answer is known: splits, waste, starvation, windows. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scenario {
    const char *policy;
    double solo, first, second;
    double first_start, first_end, second_start, second_end; /* s in the contended phase */
    bool idle_neighbour_in_solo;
    const char *second_iterations;
    double cpu, wait; /* of each renderer, as parts of the contended phase; both 0: no probe */
    bool software_host;
    double in_flight;     /* jobs per tenant; 0: 3 */
    double clock_error_s; /* of each tenant */
    const char *end_mark; /* of warm-up */
    bool warms_up, unverified, no_latency;
};

/* What the process-cpu probe would have seen of both renderers. */
static void add_probe(struct vg_measurements *m, double cpu, double wait)
{
    struct vg_error err = { 0 };
    static const char *const columns[] = { "time_ns", "tenant", "item", "cpu_s", "wait_s" };
    struct vg_measured_probe *probe = &vg_push(m->probes, m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup("process-cpu") };
    struct vg_measured_stream *stream = &vg_push(probe->streams, probe->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup("cpu"), .file = vg_strdup("cpu.csv") };
    for (int i = 0; i < 5; i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]) };
    vg_autofree char *path = vg_format("%s/cpu.csv", m->directory);
    struct vg_csv *csv = vg_csv_create(path, columns, 5, &err);
    assert_non_null(csv);
    for (int half = 0; half <= 80; half++) {
        for (int tenant = 0; tenant < 2; tenant++) {
            const char *name = tenant ? "peer.1" : "peer.0";
            vg_csv_probe_row(csv, half * S / 2, name, "vmm", (double[]) { half * 0.5, 0 }, 2);
            vg_csv_probe_row(csv, half * S / 2, name, "renderer", (double[]) { half * 0.5 * cpu, half * 0.5 * wait },
                             2);
        }
    }
    assert_good(vg_csv_close(csv, &stream->rows, &err), err);
}

static struct vg_measured_run *add_run(struct vg_measurements *m, const struct scenario *s,
                                       struct vg_measured_phase *phase, const char *tenant, const char *iterations,
                                       double rate, int64_t first_ns, int64_t last_ns)
{
    struct vg_measured_run *run = fixture_run(phase, tenant, "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "job_iterations", iterations);
    fixture_fact(run, "verified_jobs", s->unverified ? "0" : "17");
    if (s->warms_up)
        fixture_fact(run, "warmup_rule", "two windows within 5 %");
    if (s->end_mark)
        fixture_mark(run, s->end_mark, phase->start_host_ns);
    double in_flight = s->no_latency ? 0 : s->in_flight > 0 ? s->in_flight : 3;
    fixture_completions(m, run, rate, in_flight, first_ns, last_ns);
    return run;
}

static struct vg_judgement *judge(const struct scenario *s, double at_most)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", s->policy);
    m->software_renderer = s->software_host;
    fixture_tenant(m, "peer.0");
    fixture_tenant(m, "peer.1");
    for (int i = 0; i < 2 && s->clock_error_s > 0; i++)
        vg_push(m->tenants[i].clock, m->tenants[i].clock_count) =
            (struct vg_clock_point) { 0, 0, (int64_t)(s->clock_error_s * 1e9) };
    if (!s->idle_neighbour_in_solo) {
        fixture_event(m, 17 * S, "peer.1", "start", false);
        fixture_event(m, 19 * S, "peer.1", "start", true);
    }
    struct vg_measured_phase *phase = fixture_phase(m, "solo", 10 * S, 18 * S);
    add_run(m, s, phase, "peer.0", "1000", s->solo, 11 * S, 17 * S);
    phase = fixture_phase(m, "contended", 20 * S, 40 * S);
    add_run(m, s, phase, "peer.0", "1000", s->first, 20 * S + (int64_t)(s->first_start * 1e9),
            20 * S + (int64_t)(s->first_end * 1e9));
    add_run(m, s, phase, "peer.1", s->second_iterations ? s->second_iterations : "1000", s->second,
            20 * S + (int64_t)(s->second_start * 1e9), 20 * S + (int64_t)(s->second_end * 1e9));
    if (s->cpu + s->wait > 0)
        add_probe(m, s->cpu, s->wait);
    struct fixture_test f;
    fixture_test(&f, "share");
    fixture_param(&f, "phase", "contended");
    fixture_param(&f, "solo", "solo");
    fixture_expect(&f, "x.max_deviation", VG_OP_LE, at_most);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void even_split_passes(void **state)
{
    (void)state;
    struct scenario s = { "equal-share", 100, 50, 50, 1, 11, 1.3, 11.2, false, NULL, 0, 0, .in_flight = 3 };
    struct vg_judgement *j = judge(&s, 0.1);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.max_deviation"), 0, 1e-6);
    assert_near(value_of(j, "x.jain"), 1, 1e-9);
    assert_near(value_of(j, "x.efficiency"), 1, 1e-6);
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
    assert_near(value_of(j, "x.efficiency"), 0.6, 1e-6);
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
            assert_verdict(j, VG_FAIL, NULL);
        }
        vg_judgement_free(j);
    }
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
        cmocka_unit_test(windows_that_do_not_meet_are_invalid),
        cmocka_unit_test(only_the_common_window_counts),
        cmocka_unit_test(too_few_jobs_are_invalid),
        cmocka_unit_test(policies_promise_different_shares),
        cmocka_unit_test(jobs_of_other_length_are_weighed),
        cmocka_unit_test(saturation_is_demand_not_success),
        cmocka_unit_test(clocks_must_be_known),
        cmocka_unit_test(runs_must_be_warm_and_verified),
        cmocka_unit_test(rates_are_interpolated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
