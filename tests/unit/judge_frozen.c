/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis `frozen` on completions whose right answer is known: a tenant that works on while its manager stands
 * still from 20 s to 30 s, slower then, or not at all. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scene {
    double before, during, after;              /* jobs per second */
    double swing;                              /* how much faster and slower it is in turns while it stands still */
    bool never_frozen, never_thawed, recovers; /* recovers: it has to */
    int64_t begin_s;                           /* when its work began */
};

static size_t add_part(int64_t (*rows)[2], size_t count, double rate, int64_t from_s, int64_t to_s)
{
    for (size_t i = 0; rate > 0 && (double)i < (double)(to_s - from_s) * rate; i++) {
        rows[count][0] = from_s * S + (int64_t)(((double)i + 0.25) * 1e9 / rate);
        rows[count++][1] = S / 100;
    }
    return count;
}

static struct vg_judgement *judge(const struct scene *s)
{
    static int64_t rows[20000][2];
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "guest.0");
    struct vg_measured_phase *phase = fixture_phase(m, "load", 5 * S, 6 * S);
    struct vg_measured_run *run = fixture_run(phase, "guest.0", "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "verified_jobs", "17");
    size_t count = add_part(rows, 0, s->before, s->begin_s ? s->begin_s : 5, 20);
    for (int64_t at_s = 20; at_s < 30; at_s++)
        count = add_part(rows, count, s->during * (at_s % 2 ? 1 - s->swing : 1 + s->swing), at_s, at_s + 1);
    count = add_part(rows, count, s->after, 30, 42);
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, count);
    if (!s->never_frozen) {
        fixture_event(m, 19 * S, "guest.0", "freeze-manager", false);
        fixture_event(m, 20 * S, "guest.0", "freeze-manager", true);
    }
    if (!s->never_thawed) {
        fixture_event(m, 30 * S, "guest.0", "thaw-manager", false);
        fixture_event(m, 31 * S, "guest.0", "thaw-manager", true);
    }
    struct fixture_test f;
    fixture_test(&f, "frozen");
    fixture_param(&f, "phase", "load");
    fixture_param(&f, "tenant", "guest.0");
    fixture_expect(&f, "x.at_most", VG_OP_GE, 0.95);
    if (s->recovers)
        fixture_expect(&f, "x.recovery_at_most", VG_OP_GE, 0.95);
    fixture_expect(&f, "x.at_least", VG_OP_GE, 0.95)->undecided = true;
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void a_manager_out_of_the_path_is_not_missed(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .before = 200, .during = 200, .after = 200 });
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.throughput"), 1, 1e-9);
    assert_near(value_of(judgement, "x.error"), 0, 0.01);
    assert_near(value_of(judgement, "x.rate"), 200, 1e-6);
    assert_near(value_of(judgement, "x.stood_still_s"), 10, 1e-9);
    assert_near(value_of(judgement, "x.longest_gap_s"), 0.005, 1e-6);
    assert_near(value_of(judgement, "x.jobs_after"), 2400, 0);
    vg_judgement_free(judgement);
}

static void slower_by_a_tenth_is_seen(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .before = 200, .during = 180, .after = 200 });
    assert_verdict(judgement, VG_FAIL, "x.at_most");
    assert_near(value_of(judgement, "x.throughput"), 0.9, 1e-9);
    vg_judgement_free(judgement);
}

static void one_that_stops_has_no_throughput(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .before = 200, .after = 200 });
    assert_verdict(judgement, VG_FAIL, "x.at_most");
    assert_near(value_of(judgement, "x.throughput"), 0, 1e-12);
    assert_near(value_of(judgement, "x.longest_gap_s"), 10, 1e-6);
    vg_judgement_free(judgement);
}

/* A machine that gets slower evenly is no manager; what a half of the time before and after differ by widens the
 * interval. */
static void a_drift_is_no_change_while_it_stood_still(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .before = 220, .during = 200, .after = 180 });
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.throughput"), 1, 1e-9);
    assert_true(value_of(judgement, "x.error") > 0.01);
    vg_judgement_free(judgement);
}

/* 200, 160 and 120: in the middle of before and after, and gone for good. */
static void what_does_not_come_back_is_seen(void **state)
{
    (void)state;
    struct vg_judgement *judgement =
        judge(&(struct scene) { .before = 200, .during = 160, .after = 120, .recovers = true });
    assert_near(value_of(judgement, "x.throughput"), 1, 1e-9);
    assert_near(value_of(judgement, "x.recovery"), 0.6, 1e-9);
    assert_near(value_of(judgement, "x.recovery_error"), 0, 0.01);
    assert_verdict(judgement, VG_FAIL, "x.recovery_at_most");
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { .before = 200, .during = 198, .after = 199, .recovers = true });
    assert_verdict(judgement, VG_PASS, NULL);
    vg_judgement_free(judgement);
}

/* 0.86, and as far as anybody knows between 0.7 and 1: no verdict. A loss that is beyond doubt is one all the same. */
static void what_is_open_is_no_pass(void **state)
{
    (void)state;
    struct vg_judgement *judgement =
        judge(&(struct scene) { .before = 200, .during = 172, .after = 200, .swing = 0.3 });
    assert_near(value_of(judgement, "x.throughput"), 0.86, 0.005);
    assert_true(value_of(judgement, "x.at_most") >= 0.95);
    assert_verdict(judgement, VG_INVALID, "x.at_least");
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { .before = 200, .during = 100, .after = 200, .swing = 0.3 });
    assert_verdict(judgement, VG_FAIL, "x.at_most");
    vg_judgement_free(judgement);
}

static void what_was_not_measured_is_no_number(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .before = 200, .during = 200, .never_frozen = true });
    assert_verdict(judgement, VG_INVALID, "was not frozen");
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { .before = 200, .during = 200, .never_thawed = true });
    assert_verdict(judgement, VG_INVALID, "was not frozen");
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { .before = 200, .during = 200, .after = 200, .begin_s = 19 });
    assert_verdict(judgement, VG_INVALID, "too few");
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { 0 });
    assert_verdict(judgement, VG_INVALID, NULL);
    vg_judgement_free(judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_out_of_the_path_is_not_missed),
        cmocka_unit_test(slower_by_a_tenth_is_seen),
        cmocka_unit_test(what_does_not_come_back_is_seen),
        cmocka_unit_test(what_is_open_is_no_pass),
        cmocka_unit_test(one_that_stops_has_no_throughput),
        cmocka_unit_test(a_drift_is_no_change_while_it_stood_still),
        cmocka_unit_test(what_was_not_measured_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
