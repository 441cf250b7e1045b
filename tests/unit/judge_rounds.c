/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds: quantiles are taken per round and their median is given, also where pooling all samples would say something
 * else; too few rounds, and rounds without samples, are no result. And waiting: against the policy's arithmetic. */
#include "judge_fixture.h"

#define MS INT64_C(1000000)

static struct vg_measurements *new_measurements(char **directory, const char *policy)
{
    *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(*directory, "virtio-venus", policy);
    fixture_tenant(m, "guest.0");
    return m;
}

static void end(char *directory, struct vg_measurements *m, struct vg_judgement *judgement)
{
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void add_round(struct vg_measurements *m, const char *phase, const int64_t *values, size_t count)
{
    struct vg_measured_run *run = fixture_run(fixture_phase(m, phase, 0, 10), "guest.0", "some-workload");
    int64_t rows[64][2];
    for (size_t i = 0; i < count; i++) {
        rows[i][0] = (int64_t)i + 1;
        rows[i][1] = values[i];
    }
    fixture_stream(m, run, "submission", "t0", "latency", (const int64_t(*)[2])rows, count);
}

static struct vg_judgement *judge(struct vg_measurements *m, const char *analysis, const char *param, const char *value)
{
    struct vg_error err = { 0 };
    struct fixture_test f;
    fixture_test(&f, analysis);
    fixture_param(&f, param, value);
    if (vg_equal(analysis, "waiting"))
        fixture_param(&f, "tenant", "guest.0");
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    return judgement;
}

static void quantiles_are_per_round(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory, "best-effort");
    /* One round in which all was slow: it would be a third of the pooled samples, and it is one reading of three. */
    add_round(m, "tiny-01", (const int64_t[]) { 100, 101, 102 }, 3);
    add_round(m, "tiny-02", (const int64_t[]) { 900, 901, 902, 903, 904 }, 5);
    add_round(m, "tiny-03", (const int64_t[]) { 104, 105, 115 }, 3);
    add_round(m, "other-04", (const int64_t[]) { 7, 7, 7 }, 3);
    add_round(m, "tinyish", (const int64_t[]) { 7, 7, 7 }, 3);
    struct vg_judgement *judgement = judge(m, "rounds", "phases", "tiny");
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.rounds"), 3, 0);
    assert_near(value_of(judgement, "x.samples"), 3, 0);
    assert_near(value_of(judgement, "x.p50"), 105, 0);
    assert_near(value_of(judgement, "x.p10"), 104.2, 1e-9);   /* between 104 and 105 */
    assert_near(value_of(judgement, "x.floor"), 100.2, 1e-9); /* of the first: between 100 and 101 */
    assert_near(value_of(judgement, "x.max"), 115, 0);
    assert_near(value_of(judgement, "x.round_p50[01]"), 101, 0);
    assert_near(value_of(judgement, "x.round_p50[02]"), 902, 0);
    assert_near(value_of(judgement, "x.spread"), (503.5 - 103) / 105,
                1e-9); /* R: quantile(c(101,902,105), c(.25,.75)) */
    end(directory, m, judgement);
}

static void too_few_rounds_are_invalid(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory, "best-effort");
    add_round(m, "tiny-01", (const int64_t[]) { 100 }, 1);
    add_round(m, "tiny-02", (const int64_t[]) { 100 }, 1);
    struct vg_judgement *judgement = judge(m, "rounds", "phases", "tiny");
    assert_verdict(judgement, VG_INVALID, "There are 2 rounds");
    vg_judgement_free(judgement);
    add_round(m, "tiny-03", (const int64_t[]) { 100 }, 1);
    fixture_phase(m, "tiny-04", 0, 10); /* nothing ran in it */
    judgement = judge(m, "rounds", "phases", "tiny");
    assert_verdict(judgement, VG_INVALID, "Round `tiny-04` left no samples");
    end(directory, m, judgement);
}

/* A quarter of a period of 20 ms: 15 ms is the longest that one has to wait. */
static void waits_are_held_against_the_slices(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        unsigned profile_max;
        int64_t slow_ns;
        double bound, of_bound; /* NaN: none */
    } cases[] = {
        { "fixed-share", 4, 16 * MS, 15e6, 1 },
        { "fixed-share", 4, 31 * MS, 15e6, 2 },
        { "fixed-share", 2, 16 * MS, 10e6, 1.5 },
        { "best-effort", 4, 16 * MS, NAN, NAN },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char *directory;
        struct vg_measurements *m = new_measurements(&directory, cases[i].policy);
        int64_t values[64];
        for (size_t j = 0; j < VG_COUNT(values); j++)
            values[j] = j % 4 ? MS : cases[i].slow_ns;
        add_round(m, "main", values, VG_COUNT(values));
        m->period_us = 20000;
        m->profile_max = cases[i].profile_max;
        fixture_fact(&m->phases[0].runs[0], "job_ns", "1000000");
        struct vg_judgement *judgement = judge(m, "waiting", "phase", "main");
        assert_verdict(judgement, VG_PASS, NULL);
        assert_near(value_of(judgement, "x.wait_p99"), (double)(cases[i].slow_ns - MS), 1);
        assert_near(value_of(judgement, "x.waited"), 0.25, 1e-9);
        if (isnan(cases[i].bound)) {
            assert_true(isnan(value_of(judgement, "x.bound")) && isnan(value_of(judgement, "x.of_bound")));
        } else {
            assert_near(value_of(judgement, "x.bound"), cases[i].bound, 1);
            assert_near(value_of(judgement, "x.of_bound"), cases[i].of_bound, 1e-6);
        }
        end(directory, m, judgement);
    }
}

/* Beside neighbours a job is found to take longer than it does alone. */
static void what_a_job_takes_alone_is_taken_from_where_it_was(void **state)
{
    (void)state;
    char *directory;
    struct vg_error err = { 0 };
    struct vg_measurements *m = new_measurements(&directory, "fixed-share");
    add_round(m, "alone", (const int64_t[]) { MS, MS }, 2);
    add_round(m, "main", (const int64_t[]) { 16 * MS, 16 * MS }, 2);
    m->period_us = 20000;
    m->profile_max = 4;
    fixture_fact(&m->phases[0].runs[0], "job_ns", "1000000");
    fixture_fact(&m->phases[1].runs[0], "job_ns", "4000000");
    struct fixture_test f;
    fixture_test(&f, "waiting");
    fixture_param(&f, "phase", "main");
    fixture_param(&f, "tenant", "guest.0");
    fixture_param(&f, "solo", "alone");
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    assert_near(value_of(judgement, "x.alone"), MS, 0);
    assert_near(value_of(judgement, "x.of_bound"), 1, 1e-6);
    end(directory, m, judgement);
}

static void a_job_of_unknown_length_is_invalid(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory, "fixed-share");
    add_round(m, "main", (const int64_t[]) { MS, MS }, 2);
    struct vg_judgement *judgement = judge(m, "waiting", "phase", "main");
    assert_verdict(judgement, VG_INVALID, "how long its job takes alone");
    end(directory, m, judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_per_round),
        cmocka_unit_test(too_few_rounds_are_invalid),
        cmocka_unit_test(waits_are_held_against_the_slices),
        cmocka_unit_test(what_a_job_takes_alone_is_taken_from_where_it_was),
        cmocka_unit_test(a_job_of_unknown_length_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
