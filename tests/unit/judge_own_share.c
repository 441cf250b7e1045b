/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analyses own-share and policy-readback: one tenant among idle and busy neighbours, weights, a policy that changes
 * in mid-test, settings that do not stay. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scene {
    const char *policy, *phase_policy; /* of the test; of the judged phase, NULL: the same */
    double solo, rate;                 /* of the first tenant, jobs per second */
    bool second_works;
    unsigned second_weight;
    const char *entitlement, *idle; /* of the policy, by the host file; NULL: it says nothing */
    const char *second_end_mark;    /* of its warm-up */
    bool second_unverified;
    unsigned elastic_percent, max; /* max 0: as the fixture has it, 4 */
};

static struct vg_measured_run *add_run(struct vg_measurements *m, struct vg_measured_phase *phase, const char *tenant,
                                       double rate, bool verified)
{
    struct vg_measured_run *run = fixture_run(phase, tenant, "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "job_iterations", "1000");
    fixture_fact(run, "verified_jobs", verified ? "17" : "0");
    fixture_completions(m, run, rate, 3, phase->start_host_ns + S / 2, phase->end_host_ns - S / 2);
    return run;
}

static struct vg_measurements *measure(const struct scene *s, char *directory)
{
    struct vg_measurements *m = fixture_new(directory, "native", s->policy);
    fixture_tenant(m, "peer.0");
    fixture_tenant(m, "peer.1");
    m->tenants[0].weight = 1;
    m->elastic_percent = s->elastic_percent;
    m->profile_max = s->max ? s->max : m->profile_max;
    m->tenants[1].weight = s->second_weight ? s->second_weight : 1;
    fixture_event(m, 17 * S, "peer.1", "start", false);
    fixture_event(m, 19 * S, "peer.1", "start", true);
    add_run(m, fixture_phase(m, "solo", 5 * S, 15 * S), "peer.0", s->solo, true);
    struct vg_measured_phase *phase = fixture_phase(m, "shared", 20 * S, 30 * S);
    if (s->phase_policy)
        phase->policy = vg_strdup(s->phase_policy);
    add_run(m, phase, "peer.0", s->rate, true);
    struct vg_measured_run *second =
        s->second_works ? add_run(m, phase, "peer.1", s->rate, !s->second_unverified) : NULL;
    if (second && s->second_end_mark)
        fixture_mark(second, s->second_end_mark, phase->start_host_ns + S);
    if (s->entitlement)
        vg_push(m->promises, m->promise_count) =
            (struct vg_measured_promise) { vg_strdup(s->policy), vg_strdup(s->entitlement), vg_strdup(s->idle) };
    return m;
}

static struct vg_judgement *judge_own(const struct scene *s, const char *before, const char *metric, double at_most)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = measure(s, directory);
    struct fixture_test f;
    fixture_test(&f, "own-share");
    fixture_param(&f, "phase", "shared");
    fixture_param(&f, "solo", "solo");
    fixture_param(&f, "tenant", "peer.0");
    if (before)
        fixture_param(&f, "baseline_phase", before);
    fixture_expect(&f, metric, VG_OP_LE, at_most);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void assert_own(const struct scene *s, enum vg_verdict verdict, double share, double entitled)
{
    struct vg_judgement *j = judge_own(s, NULL, "x.deviation", 0.1);
    assert_verdict(j, verdict, NULL);
    assert_near(value_of(j, "x.share"), share, 1e-3);
    assert_near(value_of(j, "x.entitled"), entitled, 1e-9);
    vg_judgement_free(j);
}

static void elastic_shares_grow_while_there_is_room(void **state)
{
    (void)state;
    const struct scene alone = { "best-effort", "fixed-elastic", 100, 37.5, .elastic_percent = 50 };
    const struct scene beside = { "best-effort", "fixed-elastic", 100, 37.5, true, .elastic_percent = 50 };
    const struct scene wide = { "best-effort", "fixed-elastic", 100, 100, .elastic_percent = 900 };
    const struct scene crowded = { "best-effort", "fixed-elastic", 100, 50, true, .elastic_percent = 900 };
    const struct scene full = { "best-effort", "fixed-elastic", 100, 50, .elastic_percent = 50, .max = 2 };
    const struct scene kept = { "best-effort", "fixed-elastic", 100, 25, .elastic_percent = 50 };
    assert_own(&alone, VG_PASS, 0.375, 0.375);
    assert_own(&beside, VG_PASS, 0.375, 0.375);
    assert_own(&wide, VG_PASS, 1, 1);
    assert_own(&crowded, VG_PASS, 0.5, 0.5);
    assert_own(&full, VG_PASS, 0.5, 0.5);
    assert_own(&kept, VG_FAIL, 0.25, 0.375); /* did not grow */
}

static void the_promise_depends_on_the_neighbours(void **state)
{
    (void)state;
    /* Equal share: half, also beside a neighbour that only runs; what it leaves is not given away. */
    assert_own(&(struct scene) { .policy = "equal-share", .solo = 100, .rate = 50, .second_works = true }, VG_PASS, 0.5,
               0.5);
    assert_own(&(struct scene) { .policy = "equal-share", .solo = 100, .rate = 50 }, VG_PASS, 0.5, 0.5);
    assert_own(&(struct scene) { .policy = "equal-share", .solo = 100, .rate = 95 }, VG_FAIL, 0.95, 0.5);
    /* Fixed share of at most four: a quarter in both phases, so that 25/s alone means 100/s. */
    assert_own(&(struct scene) { .policy = "fixed-share", .solo = 25, .rate = 25, .second_works = true }, VG_PASS, 0.25,
               0.25);
    assert_own(&(struct scene) { .policy = "fixed-share", .solo = 25, .rate = 50, .second_works = true }, VG_FAIL, 0.5,
               0.25);
    /* Weighted: all of it beside an idle neighbour, 1 of 1 + 3 beside a busy one. */
    assert_own(&(struct scene) { .policy = "weighted", .solo = 100, .rate = 98, .second_weight = 3 }, VG_PASS, 0.98, 1);
    assert_own(
        &(struct scene) { .policy = "weighted", .solo = 100, .rate = 25, .second_works = true, .second_weight = 3 },
        VG_PASS, 0.25, 0.25);
    assert_own(
        &(struct scene) { .policy = "weighted", .solo = 100, .rate = 50, .second_works = true, .second_weight = 3 },
        VG_FAIL, 0.5, 0.25);
    /* Weights mean nothing to equal share. */
    assert_own(
        &(struct scene) { .policy = "equal-share", .solo = 100, .rate = 50, .second_works = true, .second_weight = 3 },
        VG_PASS, 0.5, 0.5);
}

static void the_host_file_has_the_first_word(void **state)
{
    (void)state;
    /* A vendor's equal share that gives idle slices away; a quantum that is a multiple of the slice; an instance of its
     * own. */
    assert_own(
        &(struct scene) {
            .policy = "equal-share", .solo = 100, .rate = 95, .entitlement = "running", .idle = "given-away" },
        VG_PASS, 0.95, 1);
    assert_own(&(struct scene) { .policy = "equal-share",
                                 .solo = 100,
                                 .rate = 95,
                                 .second_works = true,
                                 .entitlement = "running",
                                 .idle = "given-away" },
               VG_FAIL, 0.95, 0.5);
    assert_own(&(struct scene) { .policy = "amd-liquid",
                                 .solo = 100,
                                 .rate = 25,
                                 .second_works = true,
                                 .second_weight = 3,
                                 .entitlement = "quantum",
                                 .idle = "given-away" },
               VG_PASS, 0.25, 0.25);
    assert_own(&(struct scene) { .policy = "amd-liquid", .solo = 25, .rate = 25, .entitlement = "max", .idle = "kept" },
               VG_PASS, 0.25, 0.25);
    assert_own(&(struct scene) { .policy = "best-effort",
                                 .solo = 100,
                                 .rate = 97,
                                 .second_works = true,
                                 .entitlement = "instance",
                                 .idle = "kept" },
               VG_PASS, 0.97, 1);
    /* Without its word, what the policy's name means. */
    assert_own(
        &(struct scene) { .policy = "xe-quanta", .solo = 100, .rate = 25, .second_works = true, .second_weight = 3 },
        VG_PASS, 0.25, 0.25);
    assert_own(&(struct scene) { .policy = "gvt-weights", .solo = 100, .rate = 25, .second_weight = 3 }, VG_PASS, 0.25,
               0.25);
    assert_own(&(struct scene) { .policy = "mig", .solo = 100, .rate = 97, .second_works = true }, VG_PASS, 0.97, 1);
}

static void only_the_judged_tenant_must_be_steady(void **state)
{
    (void)state;
    struct scene s = { .policy = "weighted",
                       .solo = 100,
                       .rate = 50,
                       .second_works = true,
                       .second_weight = 1,
                       .second_end_mark = "warm-up-limit" };
    assert_own(&s, VG_PASS, 0.5, 0.5);
    s.second_unverified = true;
    struct vg_judgement *j = judge_own(&s, NULL, "x.deviation", 0.1);
    assert_verdict(j, VG_INVALID, "peer.1 does not say that it verified any result");
    vg_judgement_free(j);
}

static void a_phase_has_its_own_policy(void **state)
{
    (void)state;
    assert_own(&(struct scene) { .policy = "equal-share", .phase_policy = "fixed-share", .solo = 100, .rate = 25 },
               VG_PASS, 0.25, 0.25);
    assert_own(&(struct scene) { .policy = "equal-share", .phase_policy = "best-effort", .solo = 100, .rate = 50 },
               VG_FAIL, 0.5, 1);
}

static void a_change_of_the_own_rate_shows(void **state)
{
    (void)state;
    const struct scene s = { .policy = "weighted", .solo = 100, .rate = 80 };
    struct vg_judgement *j = judge_own(&s, "solo", "x.change", 0.05);
    assert_verdict(j, VG_FAIL, "x.change is 0.2");
    vg_judgement_free(j);
}

static struct vg_judgement *judge_readings(const struct vg_policy_reading *readings, unsigned count)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m =
        measure(&(struct scene) { .policy = "equal-share", .solo = 100, .rate = 50, .second_works = true }, directory);
    struct vg_measured_phase *phase = &m->phases[1];
    for (unsigned i = 0; i < count; i++)
        vg_push(phase->readings, phase->reading_count) =
            (struct vg_policy_reading) { vg_strdup("peer.0"), vg_strdup(readings[i].knob), readings[i].wanted,
                                         readings[i].found, readings[i].after };
    struct fixture_test f;
    fixture_test(&f, "policy-readback");
    fixture_expect(&f, "x.mismatches", VG_OP_EQ, 0);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void settings_must_stay(void **state)
{
    (void)state;
    static char quota[] = "quota_us", weight[] = "weight";
    const struct vg_policy_reading good[] = { { NULL, quota, 10000, 10000, false }, { NULL, weight, 1, 1, true } };
    const struct vg_policy_reading bad[] = { { NULL, quota, 10000, 10000, false }, { NULL, quota, 10000, 0, true } };
    struct vg_judgement *j = judge_readings(good, 2);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.readings"), 2, 0);
    vg_judgement_free(j);
    j = judge_readings(bad, 2);
    assert_verdict(j, VG_FAIL, "x.mismatches is 1");
    vg_judgement_free(j);
    j = judge_readings(NULL, 0);
    assert_verdict(j, VG_INVALID, "could not be read back");
    vg_judgement_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elastic_shares_grow_while_there_is_room),
        cmocka_unit_test(the_promise_depends_on_the_neighbours),
        cmocka_unit_test(the_host_file_has_the_first_word),
        cmocka_unit_test(only_the_judged_tenant_must_be_steady),
        cmocka_unit_test(a_phase_has_its_own_policy),
        cmocka_unit_test(a_change_of_the_own_rate_shows),
        cmocka_unit_test(settings_must_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
