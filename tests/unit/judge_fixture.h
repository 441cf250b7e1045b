/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds synthetic measurements whose right answer is known, in a scratch directory. For the tests of judge/ and
 * record/. */
#ifndef VG_TEST_JUDGE_FIXTURE_H
#define VG_TEST_JUDGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/base.h"
#include "common/workload.h"
#include "judge/judge.h"

static void fixture_idle(struct vg_workload_context *context)
{
    (void)context;
}

VG_WORKLOAD(fixture_without_gpu) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "some-workload",
    .summary = "needs nothing of its tenant",
    .run = fixture_idle,
};
VG_WORKLOAD(fixture_with_gpu) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "some-gpu-workload",
    .summary = "needs Vulkan",
    .needs = VG_NEED_VULKAN,
    .run = fixture_idle,
};

static inline char *scratch_directory(void)
{
    char template[] = "/tmp/vgauge-test-XXXXXX";
    assert_non_null(mkdtemp(template));
    return vg_strdup(template);
}

static inline void scratch_remove(char *directory)
{
    struct vg_error err = { 0 };
    assert_true(vg_remove_tree(directory, &err));
    free(directory);
}

#define assert_good(condition, err)                                                                                    \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: %s", #condition, (err).text);                                                                \
    } while (0)

static inline struct vg_measurements *fixture_new(const char *directory, const char *mechanism, const char *policy)
{
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    m->test = vg_strdup("some-test");
    m->instance = vg_strdup("one");
    m->mechanism = vg_strdup(mechanism);
    m->profile = vg_strdup("full");
    m->policy = vg_strdup(policy);
    m->pgpu = vg_strdup("pgpu0");
    m->profile_max = 4;
    m->boot = 1;
    m->directory = vg_strdup(directory);
    return m;
}

static inline void fixture_tenant(struct vg_measurements *m, const char *name)
{
    vg_push(m->tenants, m->tenant_count) =
        (struct vg_measured_tenant) { .name = vg_strdup(name), .vm = vg_strdup(name), .state = vg_strdup("ok") };
}

static inline struct vg_measured_phase *fixture_phase(struct vg_measurements *m, const char *name, int64_t start_ns,
                                                      int64_t end_ns)
{
    struct vg_measured_phase *phase = &vg_push(m->phases, m->phase_count);
    *phase = (struct vg_measured_phase) {
        .name = vg_strdup(name), .outcome = vg_strdup("ok"), .start_host_ns = start_ns, .end_host_ns = end_ns
    };
    return phase;
}

static inline struct vg_measured_run *fixture_run(struct vg_measured_phase *phase, const char *tenant,
                                                  const char *workload)
{
    struct vg_measured_run *run = &vg_push(phase->runs, phase->run_count);
    *run = (struct vg_measured_run) { .tenant = vg_strdup(tenant),
                                      .workload = vg_strdup(workload),
                                      .status = vg_strdup("ok"),
                                      .go_host_ns = phase->start_host_ns,
                                      .end_host_ns = phase->end_host_ns };
    return run;
}

static inline void fixture_fact(struct vg_measured_run *run, const char *name, const char *value)
{
    vg_push(run->facts, run->fact_count) = (struct vg_fact) { vg_strdup(name), vg_strdup(value) };
}

static inline void fixture_mark(struct vg_measured_run *run, const char *name, int64_t host_ns)
{
    vg_push(run->marks, run->mark_count) = (struct vg_mark) { vg_strdup(name), host_ns };
}

static inline void fixture_event(struct vg_measurements *m, int64_t host_ns, const char *tenant, const char *action,
                                 bool done)
{
    vg_push(m->events, m->event_count) =
        (struct vg_measured_event) { host_ns, vg_strdup(tenant), vg_strdup(action), done, vg_strdup("for people") };
}

/* As the workloads declare them: a column called "completed" is the instant at which a job was done. */
static inline bool named_completion(const char *column)
{
    return vg_equal(column, "completed") || vg_equal(column, "done");
}

/* A stream of one instant and one duration; columns are named by the caller. */
static inline void fixture_stream(struct vg_measurements *m, struct vg_measured_run *run, const char *name,
                                  const char *instant, const char *duration, const int64_t (*rows)[2], size_t count)
{
    struct vg_error err = { 0 };
    struct vg_measured_stream *stream = &vg_push(run->streams, run->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup(name), .rows = count };
    stream->file = vg_format("%s.%s.%u.csv", run->tenant, name, m->phase_count);
    const char *const columns[] = { instant, duration };
    for (int i = 0; i < 2; i++)
        vg_push(stream->columns, stream->column_count) =
            (struct vg_measured_column) { .name = vg_strdup(columns[i]),
                                          .unit = vg_strdup("ns"),
                                          .kind = vg_strdup(i                              ? "duration"
                                                            : named_completion(columns[i]) ? "completion"
                                                                                           : "time"),
                                          .better = vg_strdup(i ? "lower" : "neither") };
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, 2, &err);
    assert_non_null(csv);
    for (size_t i = 0; i < count; i++)
        vg_csv_row(csv, rows[i]);
    assert_good(vg_csv_close(csv, NULL, &err), err);
}

/* Completions at an even rate from first_ns to last_ns (tenant's clock), with so many jobs in flight; 0: latency was
 * not measured. */
static inline void fixture_completions(struct vg_measurements *m, struct vg_measured_run *run, double rate,
                                       double in_flight, int64_t first_ns, int64_t last_ns)
{
    size_t count = last_ns > first_ns ? (size_t)((double)(last_ns - first_ns) / 1e9 * rate + 1e-6) + 1 : 0;
    int64_t(*rows)[2] = vg_calloc(count + 1, sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        rows[i][0] = first_ns + (int64_t)llround((double)i * 1e9 / rate);
        rows[i][1] = in_flight > 0 ? llround(in_flight * 1e9 / rate) : -1;
    }
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, count);
    free(rows);
}

/* A stream of a probe, with two columns of values, to be closed with fixture_probe_close. */
struct fixture_probe {
    struct vg_csv *csv;
    struct vg_measured_stream *stream; /* until the measurements get another */
};

static inline struct fixture_probe fixture_probe(struct vg_measurements *m, const char *name, const char *stream,
                                                 const char *first, const char *second)
{
    struct vg_error err = { 0 };
    const char *const columns[] = { "time_ns", "tenant", "item", first, second };
    struct vg_measured_probe *probe = &vg_push(m->probes, m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup(name) };
    struct vg_measured_stream *measured = &vg_push(probe->streams, probe->stream_count);
    *measured = (struct vg_measured_stream) { .name = vg_strdup(stream), .file = vg_format("%s.csv", name) };
    for (int i = 0; i < 5; i++)
        vg_push(measured->columns, measured->column_count) =
            (struct vg_measured_column) { .name = vg_strdup(columns[i]) };
    vg_autofree char *path = vg_format("%s/%s", m->directory, measured->file);
    struct vg_csv *csv = vg_csv_create(path, columns, 5, &err);
    assert_good(csv, err);
    return (struct fixture_probe) { csv, measured };
}

static inline void fixture_probe_close(const struct fixture_probe *probe)
{
    struct vg_error err = { 0 };
    assert_good(vg_csv_close(probe->csv, &probe->stream->rows, &err), err);
}

/* A test with one analysis; parameters as "name=value" up to NULL. Everything but the array of settings is static. */
struct fixture_test {
    struct vg_test test;
    struct vg_test_analysis analysis;
    struct vg_setting settings[16];
    struct vg_expectation expectations[16];
};

static inline void fixture_test(struct fixture_test *f, const char *analysis)
{
    *f = (struct fixture_test) { 0 };
    f->test.id = (char *)"some-test";
    f->test.summary = (char *)"a summary";
    f->test.analyses = &f->analysis;
    f->test.analysis_count = analysis ? 1 : 0;
    f->analysis.name = (char *)"x";
    f->analysis.analysis = (char *)analysis;
    f->analysis.params.items = f->settings;
    f->test.expectations = f->expectations;
}

static inline void fixture_param(struct fixture_test *f, const char *name, const char *value)
{
    f->settings[f->analysis.params.count++] = (struct vg_setting) { (char *)name, (char *)value };
}

static inline struct vg_expectation *fixture_expect(struct fixture_test *f, const char *metric, enum vg_operator op,
                                                    double threshold)
{
    struct vg_expectation *expectation = &f->expectations[f->test.expectation_count++];
    *expectation = (struct vg_expectation) {
        .metric = (char *)metric, .op = op, .threshold = threshold, .source = (char *)"some source"
    };
    return expectation;
}

static inline double value_of(const struct vg_judgement *judgement, const char *metric)
{
    for (unsigned i = 0; i < judgement->value_count; i++)
        if (vg_equal(judgement->values[i].metric, metric))
            return judgement->values[i].value;
    return NAN;
}

static inline void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not %.12g within %g", value, expected, tolerance);
}

static inline void assert_verdict(const struct vg_judgement *judgement, enum vg_verdict verdict, const char *word)
{
    assert_non_null(judgement);
    const char *reason = judgement->reason_count ? judgement->reasons[0] : "(no reason)";
    if (judgement->verdict != verdict)
        fail_msg("%s instead of %s: %s", vg_verdict_name(judgement->verdict), vg_verdict_name(verdict), reason);
    bool found = !word;
    for (unsigned i = 0; i < judgement->reason_count; i++)
        found = found || strstr(judgement->reasons[i], word);
    if (!found)
        fail_msg("no reason has \"%s\"; the first is: %s", word, reason);
}

#endif
