/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles against values computed with R's quantile(type = 7), warm-up on the host's clock, and the speed that
 * judging millions of samples needs. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

static void quantiles_are_type_7(void **state)
{
    (void)state;
    const double values[] = { 7, 1, 3, 15, 2 };
    /* R: quantile(c(7,1,3,15,2), c(0,.1,.25,.5,.9,.99,1)) */
    assert_near(vg_quantile(values, 5, 0), 1, 0);
    assert_near(vg_quantile(values, 5, 0.1), 1.4, 1e-12);
    assert_near(vg_quantile(values, 5, 0.25), 2, 1e-12);
    assert_near(vg_quantile(values, 5, 0.5), 3, 1e-12);
    assert_near(vg_quantile(values, 5, 0.9), 11.8, 1e-12);
    assert_near(vg_quantile(values, 5, 0.99), 14.68, 1e-12);
    assert_near(vg_quantile(values, 5, 1), 15, 0);
    assert_near(vg_quantile((const double[]) { 4 }, 1, 0.99), 4, 0);
    assert_true(isnan(vg_quantile(values, 0, 0.5)));
    assert_true(isnan(vg_quantile(values, 5, 1.5)));
    assert_true(isnan(vg_quantile((const double[]) { 1, NAN }, 2, 0.5)));
}

static void large_arrays_are_sorted_right(void **state)
{
    (void)state;
    enum { N = 50001 };
    double *values = vg_calloc(N, sizeof(*values));
    for (int i = 0; i < N; i++) /* 25000.5 steps around zero, shuffled by a factor coprime to N */
        values[i] = ((double)((int64_t)i * 20011 % N) - 25000) * 0.5;
    assert_near(vg_quantile(values, N, 0), -12500, 0);
    assert_near(vg_quantile(values, N, 0.5), 0, 1e-9);
    assert_near(vg_quantile(values, N, 0.25), -6250, 1e-9);
    assert_near(vg_quantile(values, N, 1), 12500, 0);
    free(values);
}

static struct vg_judgement *judge_latency(struct vg_measurements *m)
{
    struct vg_error err = { 0 };
    struct fixture_test f;
    fixture_test(&f, "latency");
    fixture_param(&f, "phase", "main");
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    return judgement;
}

/* Facts of the run; NULL: it does not say. of: what the metric must be; below 0: none. */
static void judge_instants(const char *clock, const char *outside, const char *uncertainty, double of,
                           enum vg_verdict verdict)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "passthrough", "");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", S, 2 * S), "a", "some-workload");
    if (clock)
        fixture_fact(run, "gpu_clock", clock);
    if (outside)
        fixture_fact(run, "gpu_outside_ns", outside);
    if (uncertainty)
        fixture_fact(run, "clock_uncertainty_ns", uncertainty);
    struct fixture_test f;
    fixture_test(&f, "gpu-instants");
    fixture_param(&f, "phase", "main");
    fixture_expect(&f, "x.of_uncertainty", VG_OP_LE, 1)->invalid = true;
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_non_null(judgement);
    assert_verdict(judgement, verdict, NULL);
    double found = value_of(judgement, "x.of_uncertainty");
    if (of < 0)
        assert_true(isnan(found));
    else
        assert_near(found, of, 1e-9);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void instants_of_the_gpu_lie_within_the_submission(void **state)
{
    (void)state;
    judge_instants("compared", "0", "2000", 0, VG_PASS);
    judge_instants("compared", "1500", "2000", 0.75, VG_PASS);
    judge_instants("compared", "2100", "2000", 1.05, VG_INVALID);
    judge_instants("compared", "10000000", "2000", 5000, VG_INVALID); /* 10 ms off */
    judge_instants("compared", NULL, "2000", -1, VG_INVALID);
    judge_instants("compared", "0", "0", -1, VG_INVALID);
    judge_instants(NULL, NULL, NULL, -1, VG_INVALID);
    judge_instants("no VK_EXT_calibrated_timestamps", NULL, NULL, -1, VG_SKIP);
}

static void only_the_steady_state_counts(void **state)
{
    (void)state;
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    struct vg_measured_phase *phase = fixture_phase(m, "main", 100 * S, 200 * S);
    static const char *const names[] = { "a", "b" };
    for (int tenant = 0; tenant < 2; tenant++) {
        fixture_tenant(m, names[tenant]);
        vg_push(m->tenants[tenant].clock, m->tenants[tenant].clock_count) =
            (struct vg_clock_point) { 100 * S, (90 + tenant) * S, 1000 }; /* guest 10 s is host 100 s, for b 101 s */
        struct vg_measured_run *run = fixture_run(phase, names[tenant], "some-workload");
        int64_t rows[10][2];
        for (int i = 0; i < 10; i++) {
            rows[i][0] = (10 + i) * S;
            rows[i][1] = i < 4 ? 1000000 : 100 + i;
        }
        rows[9][1] = -1; /* not available */
        fixture_stream(m, run, "submission", "t0", "latency", (const int64_t(*)[2])rows, 10);
        fixture_mark(run, "steady", (104 + tenant) * S); /* guest 14 s in both: rows 4 to 9 */
    }
    struct vg_judgement *judgement = judge_latency(m);
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.count"), 10, 0);
    assert_near(value_of(judgement, "x.max"), 108, 0);
    assert_near(value_of(judgement, "x.min"), 104, 0);
    assert_near(value_of(judgement, "x.p50"), 106, 0);
    assert_near(value_of(judgement, "x.mean"), 106, 1e-9);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void runs_must_be_warm_and_verified(void **state)
{
    (void)state;
    static const struct {
        const char *workload, *mark, *rule, *verified, *word; /* word NULL: good */
    } cases[] = {
        { "some-workload", NULL, NULL, NULL, NULL }, /* no vGPU, no warm-up: as agent-idle */
        { "some-gpu-workload", NULL, NULL, "5", NULL },
        { "some-gpu-workload", "steady", "the rule", "5", NULL },
        { "some-gpu-workload", "warm-up-limit", "the rule", "5", "did not reach a steady state: the rule" },
        { "some-gpu-workload", NULL, "the rule", "5", "did not reach a steady state: the rule" },
        { "some-gpu-workload", "steady", "the rule", "0", "does not say that it verified" },
        { "some-gpu-workload", "steady", "the rule", NULL, "does not say that it verified" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char *directory = scratch_directory();
        struct vg_measurements *m = fixture_new(directory, "native", "");
        fixture_tenant(m, "a");
        struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", cases[i].workload);
        const int64_t rows[2][2] = { { 5, 7 }, { 6, 8 } };
        fixture_stream(m, run, "submission", "t0", "latency", rows, 2);
        fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
        if (cases[i].mark)
            fixture_mark(run, cases[i].mark, 1);
        if (cases[i].rule)
            fixture_fact(run, "warmup_rule", cases[i].rule);
        if (cases[i].verified)
            fixture_fact(run, "verified_submissions", cases[i].verified);
        struct vg_judgement *judgement = judge_latency(m);
        assert_verdict(judgement, cases[i].word ? VG_INVALID : VG_PASS, cases[i].word);
        vg_judgement_free(judgement);
        vg_measurements_free(m);
        scratch_remove(directory);
    }
}

static void nothing_to_measure_is_invalid(void **state)
{
    (void)state;
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", "some-workload");
    struct vg_judgement *judgement = judge_latency(m);
    assert_verdict(judgement, VG_INVALID, "left a stream `submission`");
    vg_judgement_free(judgement);
    const int64_t rows[1][2] = { { 5, 7 } };
    fixture_stream(m, run, "submission", "t0", "latency", rows, 1);
    fixture_mark(run, "steady", 6);
    judgement = judge_latency(m);
    assert_verdict(judgement, VG_INVALID, "no samples");
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

/* Two runs of an open loop; facts NULL: it does not say. of: what `behind` must be; below 0: none. */
static void judge_behind(const char *const behind[2], const char *const submissions[2], double of,
                         enum vg_verdict verdict)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    static const char *const names[] = { "a", "b" };
    struct vg_measured_phase *phase = fixture_phase(m, "main", 0, 10 * S);
    for (int i = 0; i < 2; i++) {
        fixture_tenant(m, names[i]);
        struct vg_measured_run *run = fixture_run(phase, names[i], "some-workload");
        const int64_t rows[2][2] = { { 5, 7 }, { 6, 8 } };
        fixture_stream(m, run, "submission", "t0", "latency", rows, 2);
        if (behind[i])
            fixture_fact(run, "submissions_behind", behind[i]);
        if (submissions[i])
            fixture_fact(run, "submissions", submissions[i]);
    }
    struct fixture_test f;
    fixture_test(&f, "latency");
    fixture_param(&f, "phase", "main");
    fixture_expect(&f, "x.behind", VG_OP_LE, 0.01)->invalid = true;
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    assert_verdict(judgement, verdict, NULL);
    double found = value_of(judgement, "x.behind");
    if (of < 0)
        assert_true(isnan(found));
    else
        assert_near(found, of, 1e-12);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

/* A rate that was not held leaves a queue, and its length instead of a latency. */
static void a_backlog_is_no_latency(void **state)
{
    (void)state;
    static const char *const thousands[] = { "10000", "10000" }, *const none[] = { NULL, NULL };
    judge_behind((const char *const[]) { "0", "0" }, thousands, 0, VG_PASS);
    judge_behind((const char *const[]) { "200", "0" }, thousands, 0.01, VG_PASS);
    judge_behind((const char *const[]) { "200", "1" }, thousands, 0.01005, VG_INVALID);
    judge_behind((const char *const[]) { "9999", NULL }, thousands, 0.9999, VG_INVALID); /* the other is closed */
    judge_behind((const char *const[]) { "9999", "9999" }, thousands, 0.9999, VG_INVALID);
    judge_behind((const char *const[]) { "0", "many" }, thousands, -1, VG_INVALID);
    judge_behind((const char *const[]) { "0", "0" }, none, -1, VG_INVALID);
    judge_behind(none, thousands, -1, VG_INVALID); /* no open loop at all */
}

/* Instants of the GPU that nobody can place are none, and not a failure of the run. */
static void without_the_gpus_clock_it_is_skipped(void **state)
{
    (void)state;
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", "some-workload");
    const int64_t rows[2][2] = { { 5, -1 }, { 6, -1 } };
    fixture_stream(m, run, "submission", "t0", "latency", rows, 2);
    fixture_fact(run, "gpu_clock", "compared");
    struct vg_judgement *judgement = judge_latency(m);
    assert_verdict(judgement, VG_INVALID, "no samples");
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    m = fixture_new(directory, "native", "");
    fixture_tenant(m, "a");
    run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", "some-workload");
    fixture_stream(m, run, "submission", "t0", "latency", rows, 2);
    fixture_fact(run, "gpu_clock", "the driver does not say");
    judgement = judge_latency(m);
    assert_verdict(judgement, VG_SKIP, "the driver does not say");
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void garbage_samples_are_an_error(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", "some-workload");
    const int64_t rows[2][2] = { { 5, 7 }, { 6, 8 } };
    fixture_stream(m, run, "submission", "t0", "latency", rows, 2);
    vg_autofree char *path = vg_format("%s/%s", directory, run->streams[0].file);
    assert_good(vg_write_file(path, "t0,latency\n5,7\n6,x\n", 19, &err), err);
    struct fixture_test f;
    fixture_test(&f, "latency");
    fixture_param(&f, "phase", "main");
    assert_null(vg_judge(&f.test, m, &err));
    assert_non_null(strstr(err.text, "line 3"));
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void a_million_samples_are_judged_fast(void **state)
{
    (void)state;
    enum { N = 1000000 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 0, 10 * S), "a", "some-workload");
    int64_t(*rows)[2] = vg_calloc(N, sizeof(*rows));
    uint64_t random = 1;
    for (int i = 0; i < N; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        rows[i][0] = INT64_C(123456789012345) + i * INT64_C(1000);
        rows[i][1] = (int64_t)(random >> 40);
    }
    fixture_stream(m, run, "submission", "t0", "latency", (const int64_t(*)[2])rows, N);
    free(rows);
    int64_t start_ns = vg_now_ns();
    struct vg_judgement *judgement = judge_latency(m);
    double seconds = (double)(vg_now_ns() - start_ns) / 1e9;
    print_message("%d rows judged in %.3f s\n", N, seconds);
    assert_near(value_of(judgement, "x.count"), N, 0);
    assert_near(value_of(judgement, "x.p50"), (1 << 24) / 2, 1e5); /* uniform over 24 bits */
    assert_true(seconds < 4);                                      /* generous: sanitizers, a shared core */
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_type_7),
        cmocka_unit_test(large_arrays_are_sorted_right),
        cmocka_unit_test(only_the_steady_state_counts),
        cmocka_unit_test(instants_of_the_gpu_lie_within_the_submission),
        cmocka_unit_test(a_backlog_is_no_latency),
        cmocka_unit_test(nothing_to_measure_is_invalid),
        cmocka_unit_test(garbage_samples_are_an_error),
        cmocka_unit_test(a_million_samples_are_judged_fast),
        cmocka_unit_test(runs_must_be_warm_and_verified),
        cmocka_unit_test(without_the_gpus_clock_it_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
