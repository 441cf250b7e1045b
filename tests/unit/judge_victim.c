/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The victim analysis on synthetic completions whose right answer is known: a victim beside a neighbour that runs
 * something else, by rates and by GPU time, under policies that promise a share and under one that does not. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scene {
    const char *policy;
    double solo, victim, neighbour; /* jobs per second; 0: none */
    double victim_cpu;              /* of its renderer, contended; 0: no probe. Alone it uses 1 */
    double neighbour_from_s;        /* from the contended phase's beginning on; both work until 11 s */
    bool unverified_neighbour, starved_neighbour;
    const char *iterations; /* of the victim's job, contended; NULL: as alone */
};

static struct vg_measured_run *add(struct vg_measurements *m, struct vg_measured_phase *phase, const char *tenant,
                                   const char *workload, const char *iterations, double rate, double from_s)
{
    struct vg_measured_run *run = fixture_run(phase, tenant, workload);
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    if (iterations)
        fixture_fact(run, "job_iterations", iterations);
    fixture_completions(m, run, rate, 3, phase->start_host_ns + (int64_t)(from_s * 1e9), phase->start_host_ns + 11 * S);
    return run;
}

/* The victim's renderer: all of a core while it is alone (up to 20 s), then victim_cpu. */
static void add_probe(struct vg_measurements *m, double victim_cpu)
{
    const struct fixture_probe probe = fixture_probe(m, "process-cpu", "cpu", "cpu_s", "wait_s");
    for (int half = 0; half <= 80; half++) {
        double used = half <= 40 ? half * 0.5 : 20 + (half - 40) * 0.5 * victim_cpu;
        vg_csv_probe_row(probe.csv, half * S / 2, "victim.0", "renderer", (double[]) { used, 0 }, 2);
    }
    fixture_probe_close(&probe);
}

static struct vg_judgement *judge(const struct scene *s, const char *metric)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", s->policy);
    fixture_tenant(m, "victim.0");
    fixture_tenant(m, "neighbour.0");
    fixture_event(m, 17 * S, "neighbour.0", "start", false);
    fixture_event(m, 19 * S, "neighbour.0", "start", true);
    struct vg_measured_phase *phase = fixture_phase(m, "solo", 5 * S, 17 * S);
    fixture_fact(add(m, phase, "victim.0", "vk-compute-stream", "1000", s->solo, 1), "verified_jobs", "17");
    phase = fixture_phase(m, "contended", 20 * S, 40 * S);
    if (s->victim > 0)
        fixture_fact(
            add(m, phase, "victim.0", "vk-compute-stream", s->iterations ? s->iterations : "1000", s->victim, 1),
            "verified_jobs", "17");
    if (s->neighbour > 0)
        fixture_fact(add(m, phase, "neighbour.0", "vk-copy-stream", NULL, s->neighbour, s->neighbour_from_s),
                     "verified_jobs", s->unverified_neighbour ? "0" : "17");
    if (s->starved_neighbour)
        fixture_fact(add(m, phase, "neighbour.0", "vk-copy-stream", NULL, 1, 20), "verified_jobs", "1");
    m->software_renderer = s->victim_cpu > 0;
    if (s->victim_cpu > 0)
        add_probe(m, s->victim_cpu);
    struct fixture_test f;
    fixture_test(&f, "victim");
    fixture_param(&f, "phase", "contended");
    fixture_param(&f, "solo", "solo");
    fixture_param(&f, "tenant", "victim.0");
    fixture_expect(&f, metric, VG_OP_GE, 0.9);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void a_victim_that_keeps_its_share_passes(void **state)
{
    (void)state;
    /* The neighbour's jobs are of another kind: how many it does says nothing. */
    struct scene s = { "equal-share", 100, 50, 333, .neighbour_from_s = 1 };
    struct vg_judgement *j = judge(&s, "x.of_entitled");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.of_entitled"), 1, 1e-6);
    assert_near(value_of(j, "x.share"), 0.5, 1e-6);
    assert_near(value_of(j, "x.entitled"), 0.5, 1e-9);
    assert_near(value_of(j, "x.throughput"), 1, 1e-6);
    assert_near(value_of(j, "x.solo_rate"), 100, 1e-6);
    assert_near(value_of(j, "x.queued"), 1, 1e-9);
    vg_judgement_free(j);
    /* Jobs of half the length, twice as many. */
    struct scene halves = { "equal-share", 100, 100, 333, .neighbour_from_s = 1, .iterations = "500" };
    j = judge(&halves, "x.at_most");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.throughput"), 1, 1e-6);
    assert_near(value_of(j, "x.share"), 0.5, 1e-6);
    vg_judgement_free(j);
}

static void a_victim_that_loses_fails(void **state)
{
    (void)state;
    struct scene s = { "equal-share", 100, 40, 333, .neighbour_from_s = 1 };
    struct vg_judgement *j = judge(&s, "x.of_entitled");
    assert_verdict(j, VG_FAIL, "x.of_entitled is 0.8");
    assert_near(value_of(j, "x.throughput"), 0.8, 1e-6);
    vg_judgement_free(j);
    j = judge(&s, "x.at_most");
    assert_verdict(j, VG_FAIL, "x.at_most is 0.8");
    vg_judgement_free(j);
    /* A quarter is promised; a fifth is 0.8 of it, though the neighbour leaves most of the pGPU idle. */
    struct scene fixed = { "fixed-share", 25, 20, 5, .neighbour_from_s = 1 };
    j = judge(&fixed, "x.of_entitled");
    assert_verdict(j, VG_FAIL, "0.8");
    assert_near(value_of(j, "x.entitled"), 0.25, 1e-9);
    assert_near(value_of(j, "x.share"), 0.2, 1e-6);
    vg_judgement_free(j);
}

/* It was given its half of the time, and got a third less done in it: a neighbour that takes bandwidth. */
static void time_and_work_are_told_apart(void **state)
{
    (void)state;
    struct scene s = { "equal-share", 99, 33, 333, .victim_cpu = 0.5, .neighbour_from_s = 1 };
    struct vg_judgement *j = judge(&s, "x.of_entitled");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.of_entitled"), 1, 1e-6);
    assert_near(value_of(j, "x.throughput"), 2.0 / 3, 1e-6);
    vg_judgement_free(j);
    j = judge(&s, "x.at_most");
    assert_verdict(j, VG_FAIL, "x.at_most is 0.66");
    vg_judgement_free(j);
}

static void only_the_time_with_neighbours_counts(void **state)
{
    (void)state;
    struct scene s = { "equal-share", 100, 50, 333, .neighbour_from_s = 8 };
    struct vg_judgement *j = judge(&s, "x.of_entitled");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.window_s"), 3, 0.02);
    vg_judgement_free(j);
}

static void without_a_promise_it_is_reported(void **state)
{
    (void)state;
    struct scene s = { "best-effort", 100, 30, 333, .neighbour_from_s = 1 };
    struct vg_judgement *j = judge(&s, "x.solo_rate");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.throughput"), 0.3, 1e-6);
    assert_near(value_of(j, "x.share"), 0.3, 1e-6);
    assert_true(isnan(value_of(j, "x.entitled")));
    vg_judgement_free(j);
}

static void what_means_nothing_is_invalid(void **state)
{
    (void)state;
    static const struct {
        struct scene scene;
        const char *word;
    } cases[] = {
        { { "equal-share", 100, 100, 0, .neighbour_from_s = 1 }, "had no neighbour" },
        { { "equal-share", 100, 0, 333, .neighbour_from_s = 1 }, "ran nothing" },
        { { "equal-share", 100, 100, 0, .starved_neighbour = true }, "it was none" },
        { { "equal-share", 100, 50, 333, .neighbour_from_s = 10.8 }, "room for fewer" },
        { { "equal-share", 100, 50, 333, .neighbour_from_s = 1, .unverified_neighbour = true }, "verified" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement *j = judge(&cases[i].scene, "x.of_entitled");
        assert_verdict(j, VG_INVALID, cases[i].word);
        vg_judgement_free(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_victim_that_keeps_its_share_passes), cmocka_unit_test(a_victim_that_loses_fails),
        cmocka_unit_test(time_and_work_are_told_apart),         cmocka_unit_test(only_the_time_with_neighbours_counts),
        cmocka_unit_test(without_a_promise_it_is_reported),     cmocka_unit_test(what_means_nothing_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
