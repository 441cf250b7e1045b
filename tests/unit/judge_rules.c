/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decides before any number does: preconditions in their order, the driver, missing metrics; and the leak,
 * identity and host-quiet analyses. */
#include "judge_fixture.h"
#include "mechanism/mechanism.h"

#define S INT64_C(1000000000)

static const struct vg_identity vm_identity[] = { { "vk_driver_id", "TEST_VENUS" },
                                                  { "gl_renderer", "testvirgl*" },
                                                  { NULL, NULL } };
VG_MECHANISM(test_vm) = {
    .kind = VG_KIND_MECHANISM,
    .name = "test-vm",
    .summary = "a mechanism for this test",
    .vm = true,
    .capabilities = "vulkan",
    .identity = vm_identity,
    .software_drivers = "MESA_LLVMPIPE, llvmpipe*",
};
VG_MECHANISM(test_native) = {
    .kind = VG_KIND_MECHANISM,
    .name = "test-native",
    .summary = "a mechanism without VMs for this test",
    .capabilities = "gl",
    .software_drivers = "MESA_LLVMPIPE, llvmpipe*",
};

struct bench {
    char *directory;
    struct vg_measurements *m;
    struct vg_measured_run *run;
    struct fixture_test f;
};

static void set_up(struct bench *b, const char *mechanism, const char *analysis)
{
    b->directory = scratch_directory();
    b->m = fixture_new(b->directory, mechanism, "");
    fixture_tenant(b->m, "peer.0");
    b->run = fixture_run(fixture_phase(b->m, "main", 10 * S, 20 * S), "peer.0", "some-workload");
    fixture_test(&b->f, analysis);
    if (analysis)
        fixture_param(&b->f, "phase", "main");
}

/* Judged at once, and again from what was saved: the same verdict for the same reasons. */
static void expect(struct bench *b, enum vg_verdict verdict, const char *word)
{
    struct vg_error err = { 0 };
    struct vg_judgement *judgement = vg_judge(&b->f.test, b->m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    assert_verdict(judgement, verdict, word);
    assert_good(vg_measurements_save(b->m, &err), err);
    struct vg_measurements *loaded = vg_measurements_load(b->directory, &err);
    assert_good(loaded, err);
    struct vg_judgement *again = vg_judge(&b->f.test, loaded, &err);
    assert_good(again, err);
    vg_autojson json_t *first = vg_judgement_to_json(judgement), *second = vg_judgement_to_json(again);
    assert_true(json_equal(first, second));
    vg_judgement_free(again);
    vg_measurements_free(loaded);
    vg_judgement_free(judgement);
    vg_measurements_free(b->m);
    scratch_remove(b->directory);
}

static void set(char **text, const char *value)
{
    free(*text);
    *text = vg_strdup(value);
}

static void statuses(void **state)
{
    (void)state;
    static const struct {
        const char *status, *message;
        enum vg_verdict verdict;
        const char *word;
    } cases[] = {
        { "ok", NULL, VG_PASS, NULL },
        { "running", NULL, VG_PASS, NULL },
        { "fail", "word 3 is wrong", VG_FAIL, "word 3 is wrong" },
        { "invalid", "cannot saturate", VG_INVALID, "cannot saturate" },
        { "skip", "no compute queue", VG_SKIP, "no compute queue" },
        { "error", "killed by signal 11", VG_FAIL, "killed by signal 11" },
        { "error", "exit status 4 without an end", VG_INVALID, "exit status 4" },
        { "error", NULL, VG_INVALID, "without a word" },
        { "stopped", "by the test (kill)", VG_PASS, NULL },
        { "lost", NULL, VG_LOST, "lost" },
        { "timeout", NULL, VG_TIMEOUT, "in time" },
        { "fail", "red \x1b[31malert", VG_FAIL, "\\x1b" }, /* foreign text is escaped */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, "test-vm", NULL);
        set(&b.run->status, cases[i].status);
        b.run->message = cases[i].message ? vg_strdup(cases[i].message) : NULL;
        expect(&b, cases[i].verdict, cases[i].word);
    }
    for (unsigned status = 0; status < VG_RUN_STATUSES; status++) { /* none was forgotten */
        bool found = false;
        for (size_t i = 0; i < VG_COUNT(cases); i++)
            found = found || vg_equal(cases[i].status, vg_run_status_words[status]);
        assert_true(found);
    }
}

/* A result of which nobody knows where it comes from is none; what is a failure by itself stays one. */
static void an_unknown_environment_is_invalid(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, "test-vm", NULL);
    vg_push(b.m->unread, b.m->unread_count) = vg_strdup("The environment's `host.kernel` is not known (uname).");
    expect(&b, VG_INVALID, "`host.kernel` is not known");
    set_up(&b, "test-vm", NULL);
    vg_push(b.m->unread, b.m->unread_count) = vg_strdup("The environment's `host.kernel` is not known (uname).");
    set(&b.run->status, "fail");
    b.run->message = vg_strdup("word 3 is wrong");
    expect(&b, VG_FAIL, "word 3 is wrong");
}

static void skips_are_not_believed(void **state)
{
    (void)state;
    static const struct {
        const char *mechanism, *workload, *analysis;
        enum vg_verdict verdict;
    } cases[] = {
        { "test-vm", "some-gpu-workload", NULL, VG_INVALID }, /* it offers Vulkan */
        { "test-vm", "some-gpu-workload", "identity", VG_FAIL },
        { "test-native", "some-gpu-workload", NULL, VG_SKIP }, /* it offers GL only */
        { "test-native", "some-gpu-workload", "identity", VG_SKIP },
        { "test-vm", "some-workload", NULL, VG_SKIP }, /* needs nothing that a mechanism offers */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, cases[i].mechanism, cases[i].analysis);
        set(&b.run->workload, cases[i].workload);
        set(&b.run->status, "skip");
        b.run->message = vg_strdup("no Vulkan device");
        expect(&b, cases[i].verdict, "no Vulkan device");
    }
}

/* Compared at 10 s and `seconds` later; meanwhile the tenant's clock went on by `guest_ns`. */
static void clock_ran(struct vg_measured_tenant *tenant, int64_t seconds, int64_t guest_ns, int64_t unsure_ns)
{
    int64_t host_ns = seconds * S, offset_ns = 7 * S;
    vg_push(tenant->clock, tenant->clock_count) = (struct vg_clock_point) { 10 * S, offset_ns, unsure_ns };
    vg_push(tenant->clock, tenant->clock_count) = (struct vg_clock_point) { 10 * S + host_ns / 2, -90 * S, 0 };
    vg_push(tenant->clock, tenant->clock_count) =
        (struct vg_clock_point) { 10 * S + host_ns, offset_ns + host_ns - guest_ns, unsure_ns };
}

static void clocks_run_at_one_rate(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds, guest_ns, unsure_ns;
        enum vg_verdict verdict;
        const char *word;
    } cases[] = {
        { 35, 35 * S, 50000, VG_PASS, NULL },
        { 100, 101 * S - 1, 0, VG_PASS, NULL },
        { 100, 99 * S + 1, 0, VG_PASS, NULL },
        { 100, 101 * S + 1000, 0, VG_INVALID, "peer.0: its clock ran 1.01 times" },
        { 100, 99 * S - 1000, 0, VG_INVALID, "0.99 times" },
        { 100, 101 * S + 1000, 1000, VG_PASS, NULL },            /* not known so exactly */
        { 35, 1296 * S, 50000, VG_INVALID, "37 times as fast" }, /* as it was found */
        { 0, 1296 * S, 50000, VG_PASS, NULL },                   /* at one instant there is no rate */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, "test-vm", NULL);
        clock_ran(&b.m->tenants[0], cases[i].seconds, cases[i].guest_ns, cases[i].unsure_ns);
        /* It comes before what the tenant says of itself: that was by its clock. */
        set(&b.run->status, cases[i].verdict == VG_INVALID ? "fail" : "ok");
        expect(&b, cases[i].verdict, cases[i].word);
    }
    struct bench once;
    set_up(&once, "test-vm", NULL);
    vg_push(once.m->tenants[0].clock, once.m->tenants[0].clock_count) = (struct vg_clock_point) { 10 * S, 7 * S, 5 };
    expect(&once, VG_PASS, NULL);
}

static void order_of_rules(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, "test-vm", NULL); /* skip > lost > timeout > fail > invalid */
    set(&b.run->status, "fail");
    b.run->message = vg_strdup("wrong result");
    vg_push(b.m->invalid, b.m->invalid_count) = vg_strdup("The host was busy.");
    set(&b.m->phases[0].outcome, "timeout");
    set(&b.m->tenants[0].state, "lost");
    b.m->tenants[0].reason = vg_strdup("QEMU ended with status 1");
    b.m->skip = vg_strdup("The host offers no such policy.");
    expect(&b, VG_SKIP, "no such policy");
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "fail");
    set(&b.m->phases[0].outcome, "timeout");
    set(&b.m->tenants[0].state, "lost");
    b.m->tenants[0].reason = vg_strdup("QEMU ended with status 1");
    expect(&b, VG_LOST, "QEMU ended with status 1");
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "fail");
    set(&b.m->phases[0].outcome, "timeout");
    expect(&b, VG_TIMEOUT, "Phase main was not over after 10.0 s.");
    set_up(&b, "test-vm", NULL);
    set(&b.m->phases[0].outcome, "timeout");
    b.m->phases[0].reason = vg_strdup("phase main did not end within 10 s; what was found then: kernel\x1b.log");
    expect(&b, VG_TIMEOUT, "10.0 s: phase main did not end within 10 s; what was found then: kernel\\x1b.log.");
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "fail");
    vg_push(b.m->invalid, b.m->invalid_count) = vg_strdup("The host was busy.");
    expect(&b, VG_FAIL, NULL);
    set_up(&b, "test-vm", NULL);
    vg_push(b.m->invalid, b.m->invalid_count) = vg_strdup("The host was busy.");
    expect(&b, VG_INVALID, "The host was busy.");
}

static void what_an_action_ends_is_not_lost(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "lost");
    set(&b.m->tenants[0].state, "stopped");
    expect(&b, VG_PASS, NULL);
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "lost");
    fixture_event(b.m, 15 * S, "peer.0", "kill", false);
    expect(&b, VG_PASS, NULL);
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "lost");
    fixture_event(b.m, 15 * S, "peer.00", "kill", true); /* somebody else */
    expect(&b, VG_LOST, NULL);
    set_up(&b, "test-vm", NULL);
    set(&b.run->status, "lost");
    fixture_event(b.m, 15 * S, "peer.0", "start", true);
    expect(&b, VG_LOST, NULL);
}

static void phase_not_reached(void **state)
{
    (void)state;
    struct bench b;
    struct vg_phase phases[] = { { .name = (char *)"main" }, { .name = (char *)"after" } };
    set_up(&b, "test-vm", NULL);
    b.f.test.phases = phases;
    b.f.test.phase_count = 2;
    expect(&b, VG_INVALID, "Phase after was not reached");
}

static void wrong_driver_spoils_any_test(void **state)
{
    (void)state;
    static const struct {
        const char *mechanism, *fact, *value;
        bool software_host;
        enum vg_verdict verdict;
        const char *word;
    } cases[] = {
        { "test-vm", "vk_driver_id", "TEST_VENUS", true, VG_PASS, NULL },
        { "test-vm", "gl_renderer", "testvirgl (LLVMPIPE (LLVM 15))", true, VG_PASS, NULL },
        { "test-vm", "vk_driver_id", "MESA_LLVMPIPE", true, VG_INVALID, "software renderer" },
        { "test-vm", "gl_renderer", "llvmpipe (LLVM 15)", false, VG_INVALID, "software renderer" },
        { "test-vm", "vk_driver_id", "OTHER", false, VG_INVALID, "another driver" },
        { "test-native", "gl_renderer", "llvmpipe (LLVM 15)", true, VG_PASS, NULL },
        { "test-native", "gl_renderer", "llvmpipe (LLVM 15)", false, VG_INVALID, "software renderer" },
        { "test-native", "vk_driver_id", "SOME_HARDWARE", false, VG_PASS, NULL },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, cases[i].mechanism, NULL);
        b.m->software_renderer = cases[i].software_host;
        fixture_fact(b.run, cases[i].fact, cases[i].value);
        expect(&b, cases[i].verdict, cases[i].word);
        /* The identity analysis turns the same into numbers that fail the test. */
        set_up(&b, cases[i].mechanism, "identity");
        b.m->software_renderer = cases[i].software_host;
        fixture_fact(b.run, cases[i].fact, cases[i].value);
        fixture_fact(b.run, "verified_results", "7");
        fixture_expect(&b.f, "x.driver_matches", VG_OP_EQ, 1);
        fixture_expect(&b.f, "x.verified", VG_OP_EQ, 1);
        expect(&b, cases[i].verdict == VG_PASS ? VG_PASS : VG_FAIL, cases[i].word ? "x.driver_matches is 0" : NULL);
    }
    struct bench b;
    set_up(&b, "test-vm", "identity"); /* no driver named */
    expect(&b, VG_INVALID, "reports no driver");
    set_up(&b, "test-vm", "identity"); /* the right driver, a wrong image */
    fixture_fact(b.run, "gl_renderer", "testvirgl");
    fixture_fact(b.run, "verified_pixels", "4096");
    fixture_fact(b.run, "mismatched_pixels", "1");
    fixture_expect(&b.f, "x.verified", VG_OP_EQ, 1);
    expect(&b, VG_FAIL, "x.verified is 0");
}

static void drivers_must_be_named(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, "test-vm", NULL);
    expect(&b, VG_PASS, NULL); /* needs no GPU */
    set_up(&b, "test-vm", NULL);
    set(&b.run->workload, "some-gpu-workload");
    expect(&b, VG_INVALID, "reports no driver");
    set_up(&b, "test-native", NULL);
    set(&b.run->workload, "some-gpu-workload");
    expect(&b, VG_INVALID, "reports no driver");
    set_up(&b, "test-vm", NULL);
    set(&b.run->workload, "some-gpu-workload");
    fixture_fact(b.run, "vk_driver_id", "TEST_VENUS");
    expect(&b, VG_PASS, NULL);
    set_up(&b, "test-vm", "identity");
    set(&b.run->workload, "some-gpu-workload");
    expect(&b, VG_INVALID, "reports no driver");
    set_up(&b, "test-unknown", NULL);
    expect(&b, VG_INVALID, "no mechanism test-unknown");
    set_up(&b, "test-vm", NULL);
    set(&b.run->workload, "no-such-workload");
    expect(&b, VG_INVALID, "no workload no-such-workload");
}

static void add_scan(struct bench *b, const char *filled, const char *words, const char *runs, const char *nonzero,
                     const char *proved)
{
    fixture_fact(b->run, "filled_bytes", filled);
    struct vg_measured_phase *scan = fixture_phase(b->m, "scan", 30 * S, 40 * S);
    struct vg_measured_run *run = fixture_run(scan, "peer.0", "some-workload");
    fixture_fact(run, "scanned_bytes", "400000000");
    fixture_fact(run, "coverage_percent", "99.5"); /* the guest's own word, which does not count */
    fixture_fact(run, "canary_words", words);
    fixture_fact(run, "canary_runs", runs);
    if (nonzero)
        fixture_fact(run, "nonzero_bytes", nonzero);
    fixture_fact(run, "detector_proved", proved);
    b->f.settings[0].value = (char *)"scan";
    fixture_param(&b->f, "fill", "main");
    fixture_param(&b->f, "workload", "some-workload");
    fixture_expect(&b->f, "x.coverage", VG_OP_GE, 95)->invalid = true;
    fixture_expect(&b->f, "x.canary_runs", VG_OP_EQ, 0);
}

static void three_classes_of_leak(void **state)
{
    (void)state;
    static const struct {
        const char *filled, *words, *runs, *nonzero, *proved;
        enum vg_verdict verdict;
        const char *word;
        uint64_t profile_bytes;
        const char *least;
    } cases[] = {
        { "400000000", "0", "0", "0", "1", VG_PASS, NULL, 0, NULL },
        { "400000000", "48", "3", "384", "true", VG_FAIL, "3 runs", 0, NULL },
        { "400000000", "3", "0", "24", "1", VG_FINDING, "not zero", 0, NULL }, /* single words: chance */
        { "400000000", "3", "0", "0", "1", VG_PASS, NULL, 0, NULL },
        { "400000000", "0", "0", "24", "1", VG_FINDING, "not zero", 0, NULL },
        { "400000000", "0", "0", "0", "0", VG_INVALID, "did not prove", 0, NULL },
        { "400000000", "0", "0", NULL, "1", VG_INVALID, "nonzero_bytes", 0, NULL },
        { "400000000", "nan", "0", "0", "1", VG_INVALID, "canary_words", 0, NULL },
        { "500000000", "0", "0", "0", "1", VG_INVALID, "x.coverage is 80 %", 0, NULL }, /* more than was scanned */
        { "1048576", "0", "0", "0", "1", VG_INVALID, "filled only 1 MiB", 0, NULL },
        { "1048576", "0", "0", "0", "1", VG_PASS, NULL, 0, "1048576" },
        /* Partitioned: all of the profile's memory counts. */
        { "400000000", "0", "0", "0", "1", VG_INVALID, "x.coverage is 50 %", 800000000, NULL },
        { "1048576", "0", "0", "0", "1", VG_PASS, NULL, 400000000, NULL },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, "test-vm", "leak");
        add_scan(&b, cases[i].filled, cases[i].words, cases[i].runs, cases[i].nonzero, cases[i].proved);
        b.m->profile_memory_bytes = cases[i].profile_bytes;
        if (cases[i].least)
            fixture_param(&b.f, "min_fill_bytes", cases[i].least);
        expect(&b, cases[i].verdict, cases[i].word);
    }
    struct bench b;
    struct vg_error err = { 0 };
    set_up(&b, "test-vm", "leak");
    add_scan(&b, "400000000", "3", "0", "0", "1");
    struct vg_judgement *judgement = vg_judge(&b.f.test, b.m, &err);
    assert_good(judgement, err);
    assert_near(value_of(judgement, "x.canary_words"), 3, 0);
    bool noted = false;
    for (unsigned i = 0; i < judgement->value_count; i++)
        noted = noted || (vg_equal(judgement->values[i].metric, "x.canary_words") && judgement->values[i].note);
    assert_true(noted);
    vg_judgement_free(judgement);
    expect(&b, VG_PASS, NULL);
}

static void missing_metric_is_never_met(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, "test-vm", NULL);
    fixture_expect(&b.f, "x.nothing", VG_OP_LE, 5);
    struct vg_error err = { 0 };
    struct vg_judgement *judgement = vg_judge(&b.f.test, b.m, &err);
    assert_int_equal(judgement->check_count, 1);
    assert_false(judgement->checks[0].met);
    assert_true(isnan(judgement->checks[0].value));
    vg_judgement_free(judgement);
    expect(&b, VG_INVALID, "x.nothing was not measured");
    set_up(&b, "test-vm", NULL);
    fixture_expect(&b.f, "x.nothing", VG_OP_REPORT, 0);
    expect(&b, VG_PASS, NULL);
}

/* A probe with one row a second from first to last, whose counter of others grows at these rates before, in and after
 * the phase from 10 s to 20 s. */
static void add_pressure(struct bench *b, int first, int last, const double rates[3])
{
    struct vg_error err = { 0 };
    static const char *const columns[] = { "time_ns", "tenant", "item", "others_s", "steal_s" };
    struct vg_measured_probe *probe = &vg_push(b->m->probes, b->m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup("host-pressure") };
    struct vg_measured_stream *stream = &vg_push(probe->streams, probe->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup("pressure"), .file = vg_strdup("p.csv") };
    for (int i = 3; i < 5; i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]) };
    vg_autofree char *path = vg_format("%s/p.csv", b->directory);
    struct vg_csv *csv = vg_csv_create(path, columns, 5, &err);
    assert_non_null(csv);
    for (int second = first; second <= last; second++) {
        double others = 10 + rates[0] * fmin(second, 10) + rates[1] * fmin(fmax(second - 10, 0), 10) +
                        rates[2] * fmax(second - 20, 0);
        vg_csv_probe_row(csv, second * S, "", "", (double[]) { others, 0 }, 2);
    }
    assert_good(vg_csv_close(csv, &stream->rows, &err), err);
}

static void busy_host(void **state)
{
    (void)state;
    static const struct {
        int first, last;
        double rates[3];
        enum vg_verdict verdict;
        const char *word;
    } cases[] = {
        { 0, 30, { 2, 0, 0 }, VG_PASS, NULL }, /* busy only outside the phase */
        { 0, 30, { 0, 0.5, 0 }, VG_INVALID, "x.others_cpu is 0.5" },
        { 10, 20, { 0, 0.1, 0 }, VG_PASS, NULL },
        { 11, 20, { 0, 0.1, 0 }, VG_PASS, NULL }, /* 90 % of it */
        { 12, 30, { 0, 0, 0 }, VG_INVALID, "was not watched for the whole" },
        { 0, 15, { 0, 0, 0 }, VG_INVALID, "was not watched for the whole" },
        { 0, 9, { 0, 0, 0 }, VG_INVALID, "was not watched for the whole" },
        { 15, 15, { 0, 0, 0 }, VG_INVALID, "was not watched for the whole" },
        { 0, 30, { 0, -0.015, 0 }, VG_PASS, NULL }, /* ticks */
        { 0, 30, { 0, -0.03, 0 }, VG_INVALID, "could not be computed" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, "test-vm", "host-quiet");
        add_pressure(&b, cases[i].first, cases[i].last, cases[i].rates);
        fixture_expect(&b.f, "x.others_cpu", VG_OP_LE, 0.25)->invalid = true;
        fixture_expect(&b.f, "x.others_cpu", VG_OP_GE, 0);
        expect(&b, cases[i].verdict, cases[i].word);
    }
    struct bench b;
    set_up(&b, "test-vm", "host-quiet");
    expect(&b, VG_INVALID, "not watched");
}

/* No phase named: all of them, and the one in which the host was busy is said. */
static void busy_in_another_phase(void **state)
{
    (void)state;
    static const struct {
        int last;
        double rates[3];
        enum vg_verdict verdict;
        const char *word;
    } cases[] = {
        { 40, { 0, 0.1, 0.1 }, VG_PASS, NULL },
        { 40, { 0, 0, 0.5 }, VG_INVALID, "x.others_cpu is 0.5" },
        { 40, { 0, 0.5, 0 }, VG_INVALID, "x.others_cpu is 0.5" },
        { 40, { 0, 0.1, -0.03 }, VG_INVALID, "could not be computed" },
        { 25, { 0, 0, 0 }, VG_INVALID, "the whole of phase `later`" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        set_up(&b, "test-vm", "host-quiet");
        b.f.analysis.params.count = 0;
        fixture_run(fixture_phase(b.m, "later", 20 * S, 30 * S), "peer.0", "some-workload");
        fixture_phase(b.m, "nothing-ran", 40 * S, 50 * S);
        add_pressure(&b, 0, cases[i].last, cases[i].rates);
        fixture_expect(&b.f, "x.others_cpu", VG_OP_LE, 0.25)->invalid = true;
        struct vg_error err = { 0 };
        struct vg_judgement *judgement = vg_judge(&b.f.test, b.m, &err);
        assert_good(judgement, err);
        for (unsigned j = 0; j < judgement->value_count; j++)
            if (cases[i].last == 40 && isfinite(judgement->values[j].value))
                assert_non_null(strstr(judgement->values[j].note, "in phase "));
        vg_judgement_free(judgement);
        expect(&b, cases[i].verdict, cases[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(an_unknown_environment_is_invalid),
        cmocka_unit_test(clocks_run_at_one_rate),
        cmocka_unit_test(order_of_rules),
        cmocka_unit_test(what_an_action_ends_is_not_lost),
        cmocka_unit_test(phase_not_reached),
        cmocka_unit_test(skips_are_not_believed),
        cmocka_unit_test(wrong_driver_spoils_any_test),
        cmocka_unit_test(drivers_must_be_named),
        cmocka_unit_test(three_classes_of_leak),
        cmocka_unit_test(missing_metric_is_never_met),
        cmocka_unit_test(busy_host),
        cmocka_unit_test(busy_in_another_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
