/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The neighbour analysis: a gap inside the phase that is looked at is found, one before it is not, and work that
 * stopped for good is a gap until the phase's end. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

enum { ROWS = 4000, RATE = 100 };

/* Works at RATE from 1 s to 40 s, apart from [gap_from_s, gap_to_s); the phase `fault` is from 10 s to 30 s. */
static struct vg_judgement *judge(double gap_from_s, double gap_to_s)
{
    struct vg_error err = { 0 };
    static int64_t rows[ROWS][2];
    size_t count = 0;
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "neighbour.0");
    struct vg_measured_phase *phase = fixture_phase(m, "beside", 1 * S, 5 * S);
    struct vg_measured_run *run = fixture_run(phase, "neighbour.0", "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    for (int64_t at_ns = 1 * S; at_ns < 40 * S; at_ns += S / RATE) {
        double at_s = (double)at_ns / 1e9;
        if (at_s > gap_from_s && at_s < gap_to_s)
            continue;
        rows[count][0] = at_ns;
        rows[count++][1] = S / RATE;
    }
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, count);
    fixture_phase(m, "fault", 10 * S, 30 * S);
    struct fixture_test f;
    fixture_test(&f, "neighbour");
    fixture_param(&f, "started", "beside");
    fixture_param(&f, "phase", "fault");
    fixture_param(&f, "workload", "vk-compute-stream");
    fixture_expect(&f, "x.longest_gap", VG_OP_LE, 2e9);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void steady_work_passes(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(0, 0);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.longest_gap"), 1e9 / RATE, 1e6);
    assert_near(value_of(j, "x.slowest_second"), 100, 1);
    vg_judgement_free(j);
}

static void a_gap_in_the_phase_fails(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(15, 18);
    assert_verdict(j, VG_FAIL, "longest_gap");
    assert_near(value_of(j, "x.longest_gap"), 3e9, 3e7);
    vg_judgement_free(j);
    j = judge(15, 100); /* never again */
    assert_verdict(j, VG_FAIL, "longest_gap");
    assert_near(value_of(j, "x.longest_gap"), 15e9, 3e7);
    vg_judgement_free(j);
}

static void a_gap_before_it_does_not_count(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(5, 9);
    assert_verdict(j, VG_PASS, NULL);
    vg_judgement_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_work_passes),
        cmocka_unit_test(a_gap_in_the_phase_fails),
        cmocka_unit_test(a_gap_before_it_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
