/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run directory on disk with made-up samples: two latency tests over three mechanisms, one fairness test in which a
 * tenant got too little, one that was skipped. Same samples each time. */
#ifndef VG_TEST_REPORT_RUN_H
#define VG_TEST_REPORT_RUN_H

#include <math.h>
#include "catalog/catalog.h"
#include "report_results.h"

struct random {
    uint64_t state;
};

static inline double uniform(struct random *random)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(random->state >> 11) + 0.5) / 9007199254740992.0;
}

static inline double normal(struct random *random)
{
    double radius = sqrt(-2 * log(uniform(random)));
    return radius * cos(6.283185307179586 * uniform(random));
}

static inline void check(bool ok, const struct vg_error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static inline void write_test(const struct vg_results *results, const char *json)
{
    struct vg_error err = { 0 };
    vg_autojson json_t *object = vg_json_load_text(json, strlen(json), &err);
    check(object != NULL, &err);
    struct vg_test *test = vg_test_from_json(object, "test.json", &err);
    check(test != NULL, &err);
    check(vg_run_save_test(results->run, test, &err), &err);
    vg_test_free(test);
}

static inline struct vg_measurements *make_measurements(const struct vg_results *results,
                                                        const struct vg_judgement *judgement)
{
    struct vg_error err = { 0 };
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    m->test = vg_strdup(judgement->test);
    m->instance = vg_strdup(judgement->instance);
    m->mechanism = vg_strdup(judgement->mechanism);
    m->profile = vg_strdup(judgement->profile);
    m->policy = vg_strdup(judgement->policy);
    m->pgpu = vg_strdup("core-1");
    m->profile_max = 2;
    m->boot = 1;
    m->directory = vg_format("%s/%s", results->run->directory, judgement->directory);
    check(vg_make_directories(m->directory, &err), &err);
    return m;
}

static inline struct vg_measured_phase *add_phase(struct vg_measurements *m, const char *name, double from_s,
                                                  double to_s)
{
    struct vg_measured_phase *phase = &vg_push(m->phases, m->phase_count);
    *phase = (struct vg_measured_phase) { .name = vg_strdup(name),
                                          .outcome = vg_strdup("ok"),
                                          .start_host_ns = (int64_t)(from_s * 1e9),
                                          .end_host_ns = (int64_t)(to_s * 1e9) };
    return phase;
}

static inline void add_tenant(struct vg_measurements *m, const char *name)
{
    vg_push(m->tenants, m->tenant_count) = (struct vg_measured_tenant) { .name = vg_strdup(name),
                                                                         .vm = vg_strdup("vgauge-1"),
                                                                         .boot_id = vg_strdup("b"),
                                                                         .state = vg_strdup("ok"),
                                                                         .boot_s = 8,
                                                                         .hello = vg_json_new_object() };
}

/* As the workloads declare them: a column called "completed" is the instant at which a job was done. */
static inline bool named_completion(const char *column)
{
    return vg_equal(column, "completed") || vg_equal(column, "done");
}

static inline struct vg_measured_stream *add_run(struct vg_measured_phase *phase, const char *tenant,
                                                 const char *workload, const char *stream, const char *const *columns)
{
    struct vg_measured_run *run = &vg_push(phase->runs, phase->run_count);
    *run = (struct vg_measured_run) { .tenant = vg_strdup(tenant),
                                      .workload = vg_strdup(workload),
                                      .status = vg_strdup("ok"),
                                      .go_host_ns = phase->start_host_ns,
                                      .end_host_ns = phase->end_host_ns };
    struct vg_measured_stream *made = &vg_push(run->streams, run->stream_count);
    *made = (struct vg_measured_stream) { .name = vg_strdup(stream),
                                          .file = vg_format("%s.%s.%s.csv", phase->name, tenant, stream) };
    for (unsigned i = 0; i < 2; i++)
        vg_push(made->columns, made->column_count) =
            (struct vg_measured_column) { .name = vg_strdup(columns[i]),
                                          .unit = vg_strdup("ns"),
                                          .kind = vg_strdup(i                              ? "duration"
                                                            : named_completion(columns[i]) ? "completion"
                                                                                           : "time"),
                                          .better = vg_strdup(i ? "lower" : "neither") };
    return made;
}

/* Rows (instant, duration) from the phase's start on; pace and duration vary around their medians. */
static inline void write_samples(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                                 struct vg_measured_stream *stream, const char *const *columns, unsigned most,
                                 double median_ns, double spread, double tail, double pace_ns)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, 2, &err);
    check(csv != NULL, &err);
    struct random random = { .state = (uint64_t)median_ns };
    double now_ns = (double)phase->start_host_ns + 1e8;
    for (unsigned i = 0; i < most && now_ns < (double)phase->end_host_ns; i++) {
        double duration_ns = median_ns * exp(spread * normal(&random));
        if (uniform(&random) < tail)
            duration_ns *= 8 + 40 * uniform(&random);
        int64_t row[2] = { (int64_t)now_ns, (int64_t)duration_ns };
        assert_true(vg_csv_row(csv, row));
        now_ns += pace_ns * (0.9 + 0.2 * uniform(&random));
    }
    check(vg_csv_close(csv, &stream->rows, &err), &err);
}

static inline void finish(const struct vg_results *results, struct vg_measurements *m,
                          const struct vg_judgement *judgement)
{
    struct vg_error err = { 0 };
    check(vg_measurements_save(m, &err), &err);
    check(vg_judgement_save(judgement, results->run->directory, &err), &err);
    vg_measurements_free(m);
}

static inline void add_driver(struct vg_measured_phase *phase, const char *mechanism)
{
    struct vg_measured_run *run = &phase->runs[phase->run_count - 1];
    bool native = vg_equal(mechanism, "native");
    vg_push(run->facts, run->fact_count) =
        (struct vg_fact) { vg_strdup("vk_device_name"),
                           vg_strdup(native ? "llvmpipe" : "Virtio-GPU Venus (llvmpipe)") };
    vg_push(run->facts, run->fact_count) =
        (struct vg_fact) { vg_strdup("vk_driver_info"),
                           vg_strdup(native ? "Mesa 22.3.6 (LLVM 15.0.6)" : "Mesa 25.0.7-2") };
}

static inline void add_latency(struct vg_results *results, const char *test, const char *workload,
                               const char *mechanism, double median_ns, bool two)
{
    static const char *const columns[] = { "t0", "latency" };
    static const char *const phases[] = { "tiny", "empty" };
    struct vg_judgement *judgement = add_judgement(results, test, mechanism, VG_PASS, NULL);
    vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup("VGPU-DSUB-007");
    struct vg_measurements *m = make_measurements(results, judgement);
    add_tenant(m, "guest.0");
    for (unsigned i = 0; i < (two ? 2 : 1); i++) {
        struct vg_measured_phase *phase = add_phase(m, phases[i], 100 + 20 * i, 115 + 20 * i);
        struct vg_measured_stream *stream = add_run(phase, "guest.0", workload, "submission", columns);
        add_driver(phase, mechanism);
        write_samples(m, phase, stream, columns, 4000, median_ns * (i ? 0.55 : 1), 0.18, 0.012, 1e6);
        static const double scale[] = { 1, 1.25, 1.6, 18, 45 };
        static const char *const metrics[] = { "p50", "p90", "p99", "p99_9", "max" };
        for (unsigned j = 0; j < VG_COUNT(metrics); j++) {
            vg_autofree char *metric = vg_format("%s.%s", phases[i], metrics[j]);
            add_value(judgement, metric, median_ns * scale[j] * (i ? 0.55 : 1), "ns");
        }
    }
    add_value(judgement, "tiny.count", 4000, "1");
    add_check(judgement, "tiny.count", ">=", 2000, 4000, true);
    finish(results, m, judgement);
}

static inline void add_fairness(struct vg_results *results)
{
    static const char *const columns[] = { "completed", "latency" };
    struct vg_judgement *judgement = add_judgement(
        results, "fair-equal-throughput", "virtio-venus", VG_FAIL,
        "fair.max_deviation is 0.170, and must be at most 0.100: peer.1 got 41.5 % of solo where 50 % are due.");
    vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup("VGPU-SCHED-002");
    struct vg_measurements *m = make_measurements(results, judgement);
    add_tenant(m, "peer.0");
    add_tenant(m, "peer.1");
    struct vg_measured_phase *solo = add_phase(m, "solo", 200, 205);
    struct vg_measured_stream *stream = add_run(solo, "peer.0", "vk-compute-stream", "job", columns);
    write_samples(m, solo, stream, columns, 100000, 36e6, 0.05, 0, 12.3e6);
    struct vg_measured_phase *both = add_phase(m, "contended", 206, 216);
    stream = add_run(both, "peer.0", "vk-compute-stream", "job", columns);
    write_samples(m, both, stream, columns, 100000, 72e6, 0.05, 0, 21.9e6);
    stream = add_run(both, "peer.1", "vk-compute-stream", "job", columns);
    write_samples(m, both, stream, columns, 100000, 73e6, 0.05, 0, 29.6e6);
    vg_push(m->events, m->event_count) =
        (struct vg_measured_event) { .host_ns = 205600000000, .what = vg_strdup("policy equal-share applied") };
    add_value(judgement, "fair.max_deviation", 0.17, "1");
    add_value(judgement, "fair.share[peer.0]", 0.562, "1");
    add_value(judgement, "fair.share[peer.1]", 0.415, "1");
    add_value(judgement, "fair.entitled", 0.5, "1");
    add_value(judgement, "fair.jain", 0.978, "1");
    add_value(judgement, "fair.efficiency", 0.977, "1");
    add_check(judgement, "fair.max_deviation", "<=", 0.1, 0.17, false);
    finish(results, m, judgement);
    judgement = add_judgement(results, "fair-equal-throughput", "native", VG_SKIP,
                              "the mechanism native has none of the policies that the test needs");
    vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup("VGPU-SCHED-002");
    struct vg_error err = { 0 };
    check(vg_judgement_save(judgement, results->run->directory, &err), &err);
}

#define LATENCY_TEST(id, workload, more)                                                                               \
    "{\"id\":\"" id "\",\"requirement\":[\"VGPU-DSUB-007\"],\"summary\":\"How long one submission takes until its "    \
    "fence is seen, as a distribution.\",\"why\":\"A host that handles submissions one by one shows here first.\","    \
    "\"tenants\":[{\"name\":\"guest\"}],\"phases\":[{\"name\":\"tiny\",\"run\":[{\"on\":\"guest\",\"workload\":"       \
    "\"" workload "\"}]},{\"name\":\"empty\",\"run\":[{\"on\":\"guest\",\"workload\":\"" workload "\"}]}],"            \
    "\"analyze\":[{\"name\":\"tiny\",\"analysis\":\"latency\",\"phase\":\"tiny\",\"workload\":\"" workload "\"}" more  \
    "],\"expect\":[{\"metric\":\"tiny.count\",\">=\":2000,\"source\":\"enough for a tail\"},"                          \
    "{\"metric\":\"tiny.p50\",\"report\":true},{\"metric\":\"tiny.p99\",\"report\":true}],"                            \
    "\"no_control\":\"made up for a test of the report\"}"

static const char fairness_test[] =
    "{\"id\":\"fair-equal-throughput\",\"requirement\":[\"VGPU-SCHED-002\"],\"summary\":\"Equal settings and equal "
    "jobs "
    "give every tenant the same throughput.\",\"why\":\"A scheduler that favours one VM sells the same vGPU twice.\","
    "\"tenants\":[{\"name\":\"peer\",\"count\":2}],\"phases\":["
    "{\"name\":\"solo\",\"run\":[{\"on\":\"peer.0\",\"workload\":\"vk-compute-stream\"}]},"
    "{\"name\":\"contended\",\"run\":[{\"on\":\"peer\",\"workload\":\"vk-compute-stream\"}]}],"
    "\"analyze\":[{\"name\":\"fair\",\"analysis\":\"share\",\"phase\":\"contended\",\"solo\":\"solo\","
    "\"workload\":\"vk-compute-stream\"}],"
    "\"expect\":[{\"metric\":\"fair.max_deviation\",\"<=\":0.1,\"source\":\"IGT equal-throughput\"},"
    "{\"metric\":\"fair.jain\",\"report\":true}],\"no_control\":\"made up for a test of the report\"}";

#define REST                                                                                                           \
    "\"tiers\":[\"software-rendering\"],\"mechanisms\":[\"all\"],\"probe\":\"none\",\"workload\":\"none\","            \
    "\"accept\":\"made up\",\"source\":\"made up\"}"
static const char requirements_document[] =
    "{\"schema\":\"vgauge-requirements/1\",\"requirements\":["
    "{\"id\":\"VGPU-DSUB-007\",\"group\":\"DSUB\",\"level\":\"SHOULD\",\"severity\":\"S3\","
    "\"statement\":\"Submission latency is reported as a distribution, beside that of the bare metal.\"," REST ","
    "{\"id\":\"VGPU-SCHED-002\",\"group\":\"SCHED\",\"level\":\"MUST\",\"severity\":\"S2\","
    "\"statement\":\"Under equal-share, tenants with equal jobs get equal throughput.\"," REST ","
    "{\"id\":\"VGPU-ISO-002\",\"group\":\"ISO\",\"level\":\"MUST\",\"severity\":\"S1\","
    "\"statement\":\"Memory of a destroyed tenant is not visible to the next.\"," REST "]}";

/* The whole run directory; read it back with vg_results_gather. */
static inline struct vg_results *make_run(void)
{
    struct vg_error err = { 0 };
    struct vg_results *results = make_results("reference");
    vg_autofree char *path = vg_format("%s/requirements.json", results->run->directory);
    check(vg_write_file(path, requirements_document, strlen(requirements_document), &err), &err);
    vg_run_fingerprint(results->run, "host.kernel", "6.1.0-30-amd64", "uname(2)");
    vg_run_fingerprint(results->run, "host.cpu", "2 x AMD EPYC", "/proc/cpuinfo");
    vg_run_fingerprint(results->run, "gpu.firmware", NULL, "no render node");
    results->run->environment =
        json_pack("{s:{s:s,s:s},s:[s,s]}", "accel", "value", "tcg", "why",
                  "a probe boot under KVM never reached its agent", "unavailable", "probe a", "probe b");
    write_test(results, LATENCY_TEST("dsub-vulkan-latency", "vk-submit-latency",
                                     ",{\"name\":\"empty\",\"analysis\":\"latency\",\"phase\":\"empty\"}"));
    write_test(results, LATENCY_TEST("dsub-gl-latency", "gl-submit-latency", ""));
    write_test(results, fairness_test);
    add_latency(results, "dsub-vulkan-latency", "vk-submit-latency", "virtio-venus", 66e3, true);
    add_latency(results, "dsub-vulkan-latency", "vk-submit-latency", "native", 38e3, true);
    add_latency(results, "dsub-gl-latency", "gl-submit-latency", "virtio-virgl", 410e3, false);
    add_latency(results, "dsub-gl-latency", "gl-submit-latency", "native", 52e3, false);
    add_fairness(results);
    check(vg_run_save(results->run, &err), &err);
    return results;
}

#endif
