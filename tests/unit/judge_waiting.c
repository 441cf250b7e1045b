/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis `waiting` on latencies whose right answer is known: slices, and stalls that a closed loop hides. */
#include "judge_fixture.h"

#define S  INT64_C(1000000000)
#define MS INT64_C(1000000)

enum { SAMPLES = 600 };

struct scene {
    bool open_loop;
    int stalls; /* of 2 s */
    bool unverified, no_period;
    unsigned slice_us;
    const char *submission_ns; /* NULL: the job's length is that of a submission */
};

/* A quarter of 20 ms, and jobs of 1 ms: each fifth is cut in two by the end of the slice and waits for 15 ms. In the
 * open loop, at 60 Hz, a stall of 2 s is met by the 120 ticks in it. */
static size_t make(const struct scene *s, int64_t rows[SAMPLES][2])
{
    size_t stalled = s->open_loop ? 120 : 1;
    for (size_t i = 0; i < SAMPLES; i++) {
        rows[i][0] = (int64_t)i * 17 * MS;
        rows[i][1] = i % 5 ? 1 * MS : 16 * MS;
    }
    for (int k = 0; k < s->stalls; k++)
        for (size_t j = 0; j < stalled; j++)
            rows[(size_t)k * stalled + j][1] = 2 * S - (int64_t)j * 2 * S / 120;
    return SAMPLES;
}

static struct vg_judgement *judge(const struct scene *s, const char *metric)
{
    static int64_t rows[SAMPLES][2];
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "fixed-share");
    m->period_us = s->no_period ? 0 : 20000;
    m->slice_us = s->slice_us;
    fixture_tenant(m, "light.0");
    struct vg_measured_phase *phase = fixture_phase(m, "beside", 5 * S, 25 * S);
    struct vg_measured_run *run = fixture_run(phase, "light.0", "vk-submit-latency");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "job_ns", "1000000");
    if (s->submission_ns)
        fixture_fact(run, "submission_ns", s->submission_ns);
    fixture_fact(run, "verified_submissions", s->unverified ? "0" : "600");
    if (s->open_loop)
        fixture_fact(run, "submissions_behind", "0");
    fixture_stream(m, run, "submission", "t0", "latency", (const int64_t(*)[2])rows, make(s, rows));
    struct fixture_test f;
    fixture_test(&f, "waiting");
    fixture_param(&f, "phase", "beside");
    fixture_param(&f, "tenant", "light.0");
    fixture_expect(&f, metric, VG_OP_LE, 1.2);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void slices_are_waited_for(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { 0 }, "x.of_bound");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.bound"), 15e6, 1);
    assert_near(value_of(j, "x.of_bound"), 1, 1e-9);
    assert_near(value_of(j, "x.waited"), 0.2, 1e-9);
    /* Of 20 ms, 16 in one piece: 16 - w is 1 % of 20, and 1 ms is the job itself. */
    assert_near(value_of(j, "x.wait_any_p99"), 14.8e6, 1);
    assert_near(value_of(j, "x.any_of_bound"), 14.8 / 15, 1e-9);
    vg_judgement_free(j);
}

/* A path that adds to the work is there when nobody waits, too. */
static void a_wait_is_beyond_the_whole_submission(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { .submission_ns = "3000000" }, "x.of_bound");
    assert_near(value_of(j, "x.alone"), 3e6, 0);
    assert_near(value_of(j, "x.wait_p99"), 13e6, 1);
    vg_judgement_free(j);
}

/* Five stalls of 2 s are ten of twelve seconds, and five of 600 samples. */
static void a_stall_weighs_what_it_takes(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { .stalls = 5 }, "x.any_of_bound");
    assert_near(value_of(j, "x.of_bound"), 1, 1e-9);
    assert_verdict(j, VG_FAIL, "x.any_of_bound");
    assert_true(value_of(j, "x.wait_any_p99") > 1.9e9 && value_of(j, "x.wait_any_p99") < 2e9);
    vg_judgement_free(j);
    j = judge(&(struct scene) { .stalls = 1 }, "x.any_of_bound");
    assert_verdict(j, VG_FAIL, "x.any_of_bound");
    vg_judgement_free(j);
}

static void ticks_meet_a_stall_by_themselves(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { .open_loop = true }, "x.of_bound");
    assert_verdict(j, VG_PASS, NULL);
    assert_true(isnan(value_of(j, "x.any_of_bound")));
    vg_judgement_free(j);
    j = judge(&(struct scene) { .open_loop = true, .stalls = 1 }, "x.of_bound");
    assert_verdict(j, VG_FAIL, "x.of_bound");
    vg_judgement_free(j);
}

/* NVIDIA's and AMD's drivers tell the slice only: of four turns of 5 ms three are others'. */
static void slices_alone_are_a_bound(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { .no_period = true, .slice_us = 5000 }, "x.of_bound");
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.bound"), 15e6, 1);
    vg_judgement_free(j);
    j = judge(&(struct scene) { .no_period = true, .slice_us = 2000 }, "x.of_bound");
    assert_verdict(j, VG_FAIL, "x.of_bound");
    assert_near(value_of(j, "x.bound"), 6e6, 1);
    vg_judgement_free(j);
}

static void what_is_not_known_is_no_bound(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scene) { .no_period = true }, "x.of_bound");
    assert_verdict(j, VG_INVALID, "period");
    vg_judgement_free(j);
    j = judge(&(struct scene) { .unverified = true }, "x.of_bound");
    assert_verdict(j, VG_INVALID, NULL);
    vg_judgement_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_waited_for),         cmocka_unit_test(a_wait_is_beyond_the_whole_submission),
        cmocka_unit_test(a_stall_weighs_what_it_takes),  cmocka_unit_test(ticks_meet_a_stall_by_themselves),
        cmocka_unit_test(what_is_not_known_is_no_bound), cmocka_unit_test(slices_alone_are_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
