/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starvation and pacing on synthetic completions: tenants that have their full share or the right mean rate, and are
 * served badly all the same. */
#include "judge_fixture.h"

#define S  INT64_C(1000000000)
#define MS INT64_C(1000000)

/* Completions and when their jobs were submitted, in ns since the phase started at 10 s. */
struct jobs {
    int64_t done_ns[4000], submitted_ns[4000];
    size_t count;
};

static void add_job(struct jobs *jobs, int64_t submitted_ns, int64_t done_ns)
{
    assert_true(jobs->count < VG_COUNT(jobs->done_ns));
    jobs->submitted_ns[jobs->count] = submitted_ns;
    jobs->done_ns[jobs->count++] = done_ns;
}

struct options {
    const char *workload, *target_fps, *period_ms, *mark;
    bool no_submission, unverified;
};

static struct vg_measured_run *add_run(struct vg_measurements *m, struct vg_measured_phase *phase, const char *tenant,
                                       const struct jobs *jobs, const struct options *options)
{
    struct vg_measured_run *run = fixture_run(phase, tenant, options->workload);
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "verified_jobs", options->unverified ? "0" : "9");
    if (options->mark)
        fixture_mark(run, options->mark, phase->start_host_ns);
    if (options->target_fps)
        vg_push(run->params.items, run->params.count) =
            (struct vg_setting) { vg_strdup("target_fps"), vg_strdup(options->target_fps) };
    int64_t(*rows)[2] = vg_calloc(jobs->count + 1, sizeof(*rows));
    for (size_t i = 0; i < jobs->count; i++) {
        rows[i][0] = 10 * S + jobs->done_ns[i];
        rows[i][1] = options->no_submission ? -1 : jobs->done_ns[i] - jobs->submitted_ns[i];
    }
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, jobs->count);
    free(rows);
    return run;
}

static struct vg_judgement *judge(const char *analysis, const struct jobs *first, const struct jobs *second,
                                  const struct options *options, const char *metric, double at_most)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "a");
    fixture_tenant(m, "b");
    struct vg_measured_phase *phase = fixture_phase(m, "main", 10 * S, 30 * S);
    add_run(m, phase, "a", first, options);
    if (second)
        add_run(m, phase, "b", second, options);
    struct fixture_test f;
    fixture_test(&f, analysis);
    fixture_param(&f, "phase", "main");
    fixture_param(&f, "workload", options->workload);
    if (options->period_ms)
        fixture_param(&f, "period_ms", options->period_ms);
    fixture_expect(&f, metric, VG_OP_LE, at_most);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static const struct options compute = { .workload = "vk-compute-stream" };

/* Three in flight, 10 ms each; from `from_ns` on for length_ns nothing is completed, and then faster until the mean
 * rate is right again. */
static void saturating(struct jobs *jobs, int64_t from_ns, int64_t length_ns)
{
    int64_t at_ns = 0, before[3] = { 0 };
    *jobs = (struct jobs) { 0 };
    for (int i = 0; i < 1500; i++) {
        int64_t even_ns = (i + 1) * 10 * MS;
        at_ns = length_ns && even_ns > from_ns && even_ns < from_ns + length_ns ? from_ns + length_ns : even_ns;
        add_job(jobs, before[i % 3], at_ns);
        before[i % 3] = at_ns;
    }
}

static void even_service_is_no_starvation(void **state)
{
    (void)state;
    struct jobs a, b;
    saturating(&a, 0, 0);
    saturating(&b, 0, 0);
    struct vg_judgement *j = judge("starvation", &a, &b, &compute, "x.longest_gap", 1e9);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.longest_gap"), 10e6, 10);
    assert_near(value_of(j, "x.longest_gap[b]"), 10e6, 10);
    assert_near(value_of(j, "x.completions[a]"), 1500, 0);
    vg_judgement_free(j);
}

static void one_long_stop_fails_at_the_same_rate(void **state)
{
    (void)state;
    struct jobs a, b;
    saturating(&a, 0, 0);
    saturating(&b, 4 * S, 2 * S); /* all that was missed is delivered at once */
    struct vg_judgement *j = judge("starvation", &a, &b, &compute, "x.longest_gap", 1e9);
    assert_verdict(j, VG_FAIL, "x.longest_gap");
    assert_near(value_of(j, "x.longest_gap"), 2e9, 1e3);
    assert_near(value_of(j, "x.longest_gap[a]"), 10e6, 10);
    assert_near(value_of(j, "x.longest_gap[b]"), 2e9, 1e3);
    vg_judgement_free(j);
}

static void a_tenant_without_work_is_not_starved(void **state)
{
    (void)state;
    struct jobs jobs = { 0 };
    for (int i = 0; i < 5; i++) /* a job every two seconds, done in 30 ms */
        add_job(&jobs, (2 * i + 1) * S, (2 * i + 1) * S + 30 * MS);
    struct vg_judgement *j = judge("starvation", &jobs, NULL, &compute, "x.longest_gap", 1e9);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.longest_gap"), 30e6, 10);
    vg_judgement_free(j);
    /* If nobody knows when they were submitted, the whole time counts. */
    struct options options = compute;
    options.no_submission = true;
    j = judge("starvation", &jobs, NULL, &options, "x.longest_gap", 1e9);
    assert_verdict(j, VG_FAIL, "x.longest_gap");
    assert_near(value_of(j, "x.longest_gap"), 2e9, 10);
    vg_judgement_free(j);
}

/* Job 0 waits for three seconds while later jobs overtake it; then nothing is done for one. */
static void overtaken_jobs_are_waiting_too(void **state)
{
    (void)state;
    struct jobs jobs = { 0 };
    add_job(&jobs, 100 * MS, 200 * MS);
    add_job(&jobs, 250 * MS, 300 * MS);
    add_job(&jobs, 1790 * MS, 1800 * MS); /* submitted late, but the next one was waiting */
    add_job(&jobs, 100 * MS, 1900 * MS);
    struct vg_judgement *j = judge("starvation", &jobs, NULL, &compute, "x.longest_gap", 1e9);
    assert_verdict(j, VG_FAIL, NULL);
    assert_near(value_of(j, "x.longest_gap"), 1.5e9, 10);
    vg_judgement_free(j);
}

static void nothing_completed_is_the_longest_gap(void **state)
{
    (void)state;
    struct jobs a, none = { 0 };
    saturating(&a, 0, 0);
    struct options options = compute;
    options.mark = "warm-up-limit"; /* which makes no difference: how should it have got warm */
    struct vg_judgement *j = judge("starvation", &a, &none, &options, "x.longest_gap", 1e9);
    assert_verdict(j, VG_FAIL, "x.longest_gap");
    assert_near(value_of(j, "x.longest_gap[b]"), 20e9, 10);
    vg_judgement_free(j);
}

static void unverified_service_is_invalid(void **state)
{
    (void)state;
    static const char *const analyses[] = { "starvation", "pacing" };
    struct jobs a;
    saturating(&a, 0, 0);
    struct options options = compute;
    options.unverified = true;
    for (int i = 0; i < 2; i++) {
        struct vg_judgement *j = judge(analyses[i], &a, NULL, &options, i ? "x.jitter" : "x.longest_gap", 1e12);
        assert_verdict(j, VG_INVALID, "verified");
        vg_judgement_free(j);
    }
    struct options other = { .workload = "some-workload" };
    struct jobs none = { 0 };
    struct vg_judgement *j = judge("pacing", &none, NULL, &other, "x.jitter", 1);
    assert_verdict(j, VG_INVALID, "has 0 intervals");
    vg_judgement_free(j);
}

/* --- pacing ------------------------------------------------------------------------------------------------------- */

/* Frames at 100 Hz; `together` of them come at once, every so many periods. */
static void frames(struct jobs *jobs, int together)
{
    *jobs = (struct jobs) { 0 };
    for (int i = 0; i < 1200; i++)
        add_job(jobs, i * 10 * MS, (i / together + 1) * together * 10 * MS + i % together * 100000);
}

static void even_frames_pass(void **state)
{
    (void)state;
    struct jobs a;
    frames(&a, 1);
    struct options options = { .workload = "vk-compute-stream", .target_fps = "100" };
    struct vg_judgement *j = judge("pacing", &a, NULL, &options, "x.late_1_5", 0.01);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.late_2"), 0, 0);
    assert_near(value_of(j, "x.burst"), 0, 0);
    assert_near(value_of(j, "x.longest_burst"), 1, 0);
    assert_near(value_of(j, "x.jitter"), 0, 1e-6);
    assert_near(value_of(j, "x.rate_error"), 0, 1e-6);
    assert_near(value_of(j, "x.period[a]"), 10e6, 1e-3);
    vg_judgement_free(j);
}

static void bursts_at_the_right_rate_fail(void **state)
{
    (void)state;
    static const struct {
        int together;
        double late_1_5, late_2, burst;
    } cases[] = { { 2, 0.5, 0, 0.5 }, { 4, 0.25, 0.25, 0.75 } };
    static const char *const periods[] = { "10", "0" }; /* as promised; as the tenant's own mean has it */
    for (size_t i = 0; i < VG_COUNT(cases) * VG_COUNT(periods); i++) {
        struct jobs a, b;
        frames(&a, 1);
        frames(&b, cases[i / 2].together);
        struct options options = { .workload = "vk-compute-stream", .period_ms = periods[i % 2] };
        struct vg_judgement *j = judge("pacing", &a, &b, &options, "x.burst", 0.1);
        assert_verdict(j, VG_FAIL, "x.burst");
        assert_near(value_of(j, "x.rate_error"), 0, 0.005);
        assert_near(value_of(j, "x.late_1_5"), cases[i / 2].late_1_5, 0.002);
        assert_near(value_of(j, "x.late_2"), cases[i / 2].late_2, 0.002);
        assert_near(value_of(j, "x.burst"), cases[i / 2].burst, 0.002);
        assert_near(value_of(j, "x.burst[a]"), 0, 0);
        assert_near(value_of(j, "x.longest_burst"), cases[i / 2].together, 0);
        assert_true(value_of(j, "x.jitter") > 0.5);
        vg_judgement_free(j);
    }
}

static void half_the_rate_is_late_and_even(void **state)
{
    (void)state;
    struct jobs a;
    frames(&a, 1);
    struct options options = { .workload = "vk-compute-stream", .period_ms = "4.9" };
    struct vg_judgement *j = judge("pacing", &a, NULL, &options, "x.late_2", 0.01);
    assert_verdict(j, VG_FAIL, "x.late_2");
    assert_near(value_of(j, "x.late_2"), 1, 0);
    assert_near(value_of(j, "x.jitter"), 0, 1e-6);
    assert_near(value_of(j, "x.rate_error"), 10 / 4.9 - 1, 1e-6);
    vg_judgement_free(j);
}

/* A workload that stops to read a frame back marks the interval after it; only what it says itself counts. */
static void marked_intervals_do_not_count(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "a");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 10 * S, 30 * S), "a", "gl-frame-stream");
    fixture_fact(run, "gl_renderer", "SOME_HARDWARE");
    fixture_fact(run, "verified_frames", "9");
    int64_t rows[200][2], at_ns = 10 * S;
    for (int i = 0; i < 200; i++) {
        at_ns += i % 20 == 0 ? 100 * MS : 10 * MS;
        rows[i][0] = at_ns;
        rows[i][1] = i % 20 == 0 ? -1 : 10 * MS;
    }
    fixture_stream(m, run, "frame", "completed", "interval", (const int64_t(*)[2])rows, 200);
    struct fixture_test f;
    fixture_test(&f, "pacing");
    fixture_param(&f, "phase", "main");
    fixture_param(&f, "period_ms", "10");
    fixture_expect(&f, "x.late_1_5", VG_OP_LE, 0);
    struct vg_judgement *j = vg_judge(&f.test, m, &err);
    if (!j)
        fail_msg("%s", err.text);
    assert_verdict(j, VG_PASS, NULL);
    assert_near(value_of(j, "x.interval_max"), 10e6, 0.1);
    vg_judgement_free(j);
    vg_measurements_free(m);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_service_is_no_starvation),
        cmocka_unit_test(one_long_stop_fails_at_the_same_rate),
        cmocka_unit_test(a_tenant_without_work_is_not_starved),
        cmocka_unit_test(overtaken_jobs_are_waiting_too),
        cmocka_unit_test(nothing_completed_is_the_longest_gap),
        cmocka_unit_test(unverified_service_is_invalid),
        cmocka_unit_test(even_frames_pass),
        cmocka_unit_test(bursts_at_the_right_rate_fail),
        cmocka_unit_test(half_the_rate_is_late_and_even),
        cmocka_unit_test(marked_intervals_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
