/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A suite of a given size and a run of its certification plan, with made-up samples that it was judged by: for the
 * tests of certify/, and for timing what large runs cost. Same samples each time. */
#ifndef VG_TEST_CERTIFIED_RUN_H
#define VG_TEST_CERTIFIED_RUN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "certify/certify.h"
#include "engine/engine.h"
#include "judge/judge.h"

struct made_size {
    unsigned tests, profiles; /* instances: one for each pair */
    unsigned rows;            /* raw samples of each instance */
};

/* Where everything lies below one directory. */
static inline char *made_path(const char *parent, const char *name)
{
    return vg_format("%s/%s", parent, name);
}

static inline void must(bool good, const struct vg_error *err)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

static inline char *made_scratch(void)
{
    char template[] = "/tmp/vgauge-test-XXXXXX";
    struct vg_error err = { 0 };
    bool made =
        mkdtemp(template) != NULL || vg_fail_errno(&err, VG_ERROR_ENVIRONMENT, errno, "cannot make %s", template);
    must(made, &err);
    return vg_strdup(template);
}

static inline bool made_file(const char *parent, const char *name, const char *text, struct vg_error *err)
{
    vg_autofree char *path = made_path(parent, name), *folder = vg_strdup(path);
    *strrchr(folder, '/') = '\0';
    return vg_make_directories(folder, err) && vg_write_file(path, text, strlen(text), err);
}

#define MADE_REQUIREMENT(number, level)                                                                                \
    "  - id: VGPU-MADE-00" number "\n    level: " level "\n    severity: S2\n    tiers: [software-rendering]\n"        \
    "    mechanisms: [all]\n    statement: Work is done in time, " number ".\n    probe: none\n    workload: none\n"   \
    "    accept: made up\n    source: made up\n"

static inline bool made_suites(const char *parent, struct made_size size, struct vg_error *err)
{
    bool good = made_file(parent, "suites/requirements/made.yaml",
                          "group: MADE\ntitle: made up\nrequirements:\n" MADE_REQUIREMENT("1", "MUST")
                              MADE_REQUIREMENT("2", "SHOULD"),
                          err) &&
                made_file(parent, "suites/plans/certification.yaml",
                          "name: certification\nsummary: All of it.\ntests: [\"*\"]\nrepeat: 1\nmandatory:\n"
                          "  - { mechanisms: [\"*\", \"!native\"], tests: [\"*\"], level: MUST, why: a test }\n",
                          err);
    for (unsigned i = 0; good && i < size.tests; i++) {
        vg_autofree char *name = vg_format("suites/tests/made/made-%03u.yaml", i);
        vg_autofree char *text =
            vg_format("id: made-%03u\nrequirement: VGPU-MADE-00%d\nsummary: The %uth of its kind.\nwhy: Made up.\n"
                      "needs: { capability: vulkan, destructive: true }\nmatrix: { mechanism: host, profile: host, "
                      "policy: default }\n"
                      "tenants:\n  - { name: guest }\nphases:\n"
                      "  - { name: tiny, run: [ { on: guest, workload: vk-submit-latency } ] }\nanalyze:\n"
                      "  - { name: tiny, analysis: latency, phase: tiny, workload: vk-submit-latency }\nexpect:\n"
                      "  - { metric: tiny.count, \">=\": %u, else: invalid, source: made up }\n"
                      "  - { metric: tiny.p50, \"<=\": 100000, source: made up }\n"
                      "no_control: made up for a test of packages\n",
                      i, i && i % 3 == 0 ? 2 : 1, i + 1, size.rows);
        good = made_file(parent, name, text, err);
    }
    struct vg_text host = { 0 };
    vg_text_add(&host,
                "name: made\nsummary: A host that is not there.\nconnection: qemu:///embed\n"
                "pgpus:\n  - { name: core1, cpus: \"1\" }\nmechanisms:\n  - name: virtio-venus\n    profiles:\n");
    for (unsigned i = 0; i < size.profiles; i++)
        vg_text_add(&host, "      - { name: p%u, max: %u }\n", i, i + 1);
    vg_text_add(&host, "    policies:\n      - { name: equal-share, period_us: 20000 }\n    software_renderer: true\n"
                       "allow: [destructive]\n");
    good = good && made_file(parent, "host.yaml", host.data, err);
    vg_text_free(&host);
    return good;
}

#define MADE_LONG_NS (1000 * VG_NS_PER_S) /* each instance, one after the other */

static const char *const made_columns[] = { "t0", "submit", "gpu_start", "gpu", "seen", "latency" };

static inline bool made_samples(const struct vg_measurements *m, struct vg_measured_stream *stream, unsigned rows,
                                int64_t now_ns, uint64_t *state, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, made_columns, VG_COUNT(made_columns), err);
    bool good = csv != NULL;
    for (unsigned i = 0; good && i < rows; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        int64_t latency_ns = 40000 + (int64_t)(*state >> 49);
        good = vg_csv_row(csv, (const int64_t[]) { now_ns, latency_ns / 8, -1, -1, -1, latency_ns });
        now_ns += latency_ns;
    }
    return csv && vg_csv_close(csv, &stream->rows, err) && good;
}

/* Every parameter of the workload by its default, as a run has them whose test sets none. */
static inline void made_params(struct vg_settings *params, const char *workload)
{
    const struct vg_descriptor *descriptor = vg_descriptor_find(VG_KIND_WORKLOAD, workload);
    for (const struct vg_param *param = descriptor->params; param->name; param++)
        vg_push(params->items, params->count) =
            (struct vg_setting) { .name = vg_strdup(param->name), .value = vg_strdup(param->def) };
}

/* What one instance measured, samples on the disk and all. */
static inline bool made_measurements(const struct vg_run *run, const struct vg_instance *instance,
                                     const struct vg_host *host, unsigned rows, int64_t start_ns, uint64_t *state,
                                     struct vg_error *err)
{
    const struct vg_host_profile *profile = vg_host_profile_find(&host->mechanisms[0], instance->profile);
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    m->test = vg_strdup(instance->test->id);
    m->instance = vg_strdup(instance->name);
    m->mechanism = vg_strdup(instance->mechanism);
    m->profile = vg_strdup(instance->profile);
    m->policy = vg_strdup(instance->policy);
    m->pgpu = vg_strdup("core1");
    m->profile_max = profile->max;
    m->profile_memory_bytes = profile->memory_bytes;
    m->period_us = host->mechanisms[0].policies[0].period_us;
    m->slice_us = host->mechanisms[0].policies[0].slice_us;
    m->boot = instance->boot;
    m->software_renderer = true;
    m->duration_s = 2.5;
    m->directory = vg_format("%s/tests/%s/%s", run->directory, m->test, m->instance);
    vg_push(m->tenants, m->tenant_count) = (struct vg_measured_tenant) {
        .name = vg_strdup("guest.0"), .vm = vg_strdup("guest.0"), .state = vg_strdup("ok"), .weight = 1
    };
    struct vg_measured_phase *phase = &vg_push(m->phases, m->phase_count);
    *phase = (struct vg_measured_phase) { .name = vg_strdup("tiny"),
                                          .outcome = vg_strdup("ok"),
                                          .policy = vg_strdup("equal-share"),
                                          .start_host_ns = start_ns,
                                          .end_host_ns = start_ns + MADE_LONG_NS };
    struct vg_measured_run *one = &vg_push(phase->runs, phase->run_count);
    *one = (struct vg_measured_run) { .tenant = vg_strdup("guest.0"),
                                      .workload = vg_strdup("vk-submit-latency"),
                                      .status = vg_strdup("ok"),
                                      .go_host_ns = phase->start_host_ns,
                                      .end_host_ns = phase->end_host_ns };
    made_params(&one->params, one->workload);
    vg_push(one->facts, one->fact_count) = (struct vg_fact) { vg_strdup("vk_driver_id"), vg_strdup("MESA_VENUS") };
    vg_push(one->facts, one->fact_count) = (struct vg_fact) { vg_strdup("verified_jobs"), vg_strdup("1") };
    vg_push(one->marks, one->mark_count) = (struct vg_mark) { vg_strdup("steady"), phase->start_host_ns };
    struct vg_measured_stream *stream = &vg_push(one->streams, one->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup("submission"),
                                            .file = vg_strdup("tiny.guest.0.0.submission.csv") };
    for (size_t i = 0; i < VG_COUNT(made_columns); i++)
        vg_push(stream->columns, stream->column_count) =
            (struct vg_measured_column) { .name = vg_strdup(made_columns[i]),
                                          .unit = vg_strdup("ns"),
                                          .kind = vg_strdup(i == 0 ? "time" : "duration"),
                                          .better = vg_strdup(i == 0 ? "neither" : "lower") };
    bool good = vg_make_directories(m->directory, err) && made_samples(m, stream, rows, start_ns, state, err) &&
                vg_measurements_save(m, err);
    vg_measurements_free(m);
    return good;
}

static inline void made_identity(struct vg_run *run, const struct vg_suite *suite)
{
    run->environment = json_pack("{s:{s:s,s:s},s:{s:s,s:s},s:{s:{s:s},s:s}}", "suites", "value", suite->digest, "why",
                                 "the suite that this vgauge was built with", "source", "value", "0123456789ab", "why",
                                 "the commit that this vgauge was built from", "programs", "value", "vgauge",
                                 "sha256:00", "why", "digests of the files that ran");
    vg_run_fingerprint(run, "host.kernel", "6.1.0-<script>", "uname(2)");
    vg_run_fingerprint(run, "gpu.firmware", NULL, "no render node");
}

/* Measured, but not judged; run is filled in. */
static inline bool made_run(struct vg_run *run, const struct vg_suite *suite, const struct vg_schedule *schedule,
                            const struct vg_host *host, unsigned rows, struct vg_error *err)
{
    uint64_t state = 1;
    struct vg_text journal = { 0 };
    run->seed = 7;
    run->plan_file = vg_plan_to_json(suite->plan);
    made_identity(run, suite);
    bool good = vg_run_save_requirements(run, suite->catalog->requirements, suite->catalog->requirement_count, err);
    for (unsigned i = 0; good && i < suite->catalog->test_count; i++)
        good = vg_run_save_test(run, suite->catalog->tests[i], err);
    vg_text_add(&journal, "%s", "");
    for (unsigned i = 0; good && i < schedule->count; i++) {
        const struct vg_instance *instance = &schedule->items[i];
        good = made_measurements(run, instance, host, rows, (i + 1) * MADE_LONG_NS, &state, err);
        vg_text_add(&journal,
                    "{\"test\":\"%s\",\"instance\":\"%s\",\"verdict\":\"pass\",\"at\":\"2026-11-22T10:00:00Z\"}\n",
                    instance->test->id, instance->name);
    }
    good = good && made_file(run->directory, "journal.jsonl", journal.data, err);
    vg_text_free(&journal);
    free(run->state);
    free(run->started);
    free(run->ended);
    run->state = vg_strdup("complete");
    run->started = vg_strdup("2026-11-22T10:00:00Z");
    run->ended = vg_strdup("2026-11-22T11:00:00Z");
    return good && vg_run_save(run, err);
}

/* parent/suites, parent/host.yaml, parent/run: judged, complete, and certifiable. */
static inline bool made_certified_run(const char *parent, struct made_size size, struct vg_error *err)
{
    vg_autofree char *suites = made_path(parent, "suites"), *directory = made_path(parent, "run"),
                     *host_file = made_path(parent, "host.yaml");
    if (!made_suites(parent, size, err))
        return false;
    struct vg_suite *suite = vg_suite_open(suites, err);
    struct vg_host *host = suite ? vg_host_load(suites, host_file, err) : NULL;
    struct vg_schedule schedule = { 0 };
    struct vg_run *run = NULL;
    bool good = host && vg_schedule_make(suite->catalog, suite->plan, host, NULL, NULL, &schedule, err) &&
                (run = vg_run_create(NULL, directory, "certification", "made", err)) != NULL;
    if (good)
        run->host_file = vg_host_to_json(host);
    good = good && made_run(run, suite, &schedule, host, size.rows, err) && vg_judge_run(run->directory, err);
    vg_run_free(run);
    vg_schedule_free(&schedule);
    vg_host_free(host);
    vg_suite_free(suite);
    return good;
}

/* The same where nothing may go wrong: in a test. */
static inline void make_certified_run(const char *parent, struct made_size size)
{
    struct vg_error err = { 0 };
    must(made_certified_run(parent, size, &err), &err);
}

static inline void make_suites(const char *parent, struct made_size size)
{
    struct vg_error err = { 0 };
    must(made_suites(parent, size, &err), &err);
}

static inline void make_file(const char *parent, const char *name, const char *text)
{
    struct vg_error err = { 0 };
    must(made_file(parent, name, text, &err), &err);
}

#endif
