/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The run directory: made once, journalled, gathered, judged again, and written as a results.json that its published
 * schema accepts. Runs from the root of the source tree. */
#include "common/workload.h"
#include "judge_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

static struct vg_judgement *judgement(const char *test, const char *instance, enum vg_verdict verdict)
{
    struct vg_judgement *j = vg_calloc(1, sizeof(*j));
    j->test = vg_strdup(test);
    j->instance = vg_strdup(instance);
    j->mechanism = vg_strdup("virtio-venus");
    j->policy = vg_strdup("");
    vg_push(j->requirements.items, j->requirements.count) = vg_strdup("VGPU-SCHED-002");
    j->boot = 1;
    j->verdict = verdict;
    vg_push(j->reasons, j->reason_count) = vg_strdup("x.y is 3 and must be at most 2 (somewhere).");
    vg_push(j->values, j->value_count) =
        (struct vg_value) { vg_strdup("x.y"), 3, vg_strdup("1"), vg_strdup("lower"), 0.05, NULL };
    vg_push(j->values, j->value_count) =
        (struct vg_value) { vg_strdup("x.z"), NAN, vg_strdup("ns"), vg_strdup("neither"), 0, vg_strdup("no samples") };
    vg_push(j->checks, j->check_count) =
        (struct vg_checked) { vg_strdup("x.y"),  vg_strdup("<="),       2, 3, vg_strdup("1"), false,
                              vg_strdup("fail"), vg_strdup("somewhere") };
    j->duration_s = 1.5;
    j->directory = vg_format("tests/%s/%s", test, instance);
    return j;
}

static void add(struct vg_run *run, const char *test, const char *instance, enum vg_verdict verdict, bool journal)
{
    struct vg_error err = { 0 };
    struct vg_judgement *j = judgement(test, instance, verdict);
    assert_good(vg_judgement_save(j, run->directory, &err), err);
    if (journal)
        assert_good(vg_journal_append(run, j, &err), err);
    vg_judgement_free(j);
}

static void runs_never_share_a_directory(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *runs[4];
    for (int i = 0; i < 4; i++) {
        runs[i] = vg_run_create(parent, NULL, "quick", "../odd host", &err);
        assert_good(runs[i], err);
        assert_int_equal(runs[i]->directory[0], '/');
        assert_int_equal(strncmp(runs[i]->directory, parent, strlen(parent)), 0);
        assert_non_null(strstr(runs[i]->directory, "Z-quick----odd-host"));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(runs[i]->directory, runs[j]->directory);
    }
    assert_null(vg_run_create(parent, parent, "quick", "h", &err)); /* not empty */
    assert_non_null(strstr(err.text, "--out"));
    vg_autofree char *exact = vg_format("%s/exact/one", parent);
    struct vg_run *run = vg_run_create(parent, exact, "quick", "h", &err);
    assert_good(run, err);
    run->seed = UINT64_MAX;
    vg_run_fingerprint(run, "host.kernel", "6.1", "uname(2)");
    vg_run_fingerprint(run, "host.gpu", NULL, "lspci");
    vg_run_fingerprint(run, "host.kernel", "6.2", "uname(2)");
    vg_push(run->arguments, run->argument_count) = vg_strdup("--plan=quick");
    assert_good(vg_run_save(run, &err), err);
    struct vg_run *loaded = vg_run_load(exact, &err);
    assert_good(loaded, err);
    assert_true(loaded->seed == UINT64_MAX);
    assert_int_equal(loaded->fingerprint_count, 2);
    assert_string_equal(loaded->fingerprint[0].value, "6.2");
    assert_null(loaded->fingerprint[1].value);
    assert_string_equal(loaded->arguments[0], "--plan=quick");
    assert_string_equal(loaded->state, "running");
    vg_run_free(loaded);
    vg_run_free(run);
    for (int i = 0; i < 4; i++)
        vg_run_free(runs[i]);
    assert_null(vg_run_load(parent, &err));
    assert_non_null(strstr(err.text, "not a run directory"));
    scratch_remove(parent);
}

static void results_are_gathered_in_order(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = vg_run_create(parent, NULL, "quick", "h", &err);
    assert_good(run, err);
    add(run, "zebra", "one", VG_PASS, true);
    add(run, "ant", "two", VG_FINDING, true);
    add(run, "ant", "one", VG_SKIP, false);  /* judged, and the crash came before the journal */
    add(run, "zebra", "one", VG_PASS, true); /* a resumed run */
    vg_autofree char *journal = vg_format("%s/journal.jsonl", run->directory);
    FILE *file = fopen(journal, "a");
    assert_non_null(file);
    fputs("{\"test\": \"ze", file); /* cut by a crash */
    fclose(file);
    struct vg_results *results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_int_equal(results->count, 3);
    assert_string_equal(results->judgements[0]->test, "zebra");
    assert_string_equal(results->judgements[1]->instance, "two");
    assert_string_equal(results->judgements[2]->instance, "one");
    assert_int_equal(results->requirement_count, 1);
    assert_int_equal(results->requirements[0].verdict, VG_FINDING);
    assert_int_equal(results->requirements[0].decided, 2);
    assert_int_equal(results->requirements[0].total, 3);
    assert_int_equal(vg_results_status(results), 0);
    vg_results_free(results);

    /* A verdict that claims another place, or a journal that leads outside. */
    vg_autofree char *from = vg_format("%s/tests/zebra/one/verdict.json", run->directory);
    vg_autofree char *to = vg_format("%s/tests/ant/one/verdict.json", run->directory);
    assert_int_equal(rename(from, to), 0);
    assert_null(vg_results_gather(run->directory, &err));
    assert_int_equal(rename(to, from), 0);
    file = fopen(journal, "w");
    assert_non_null(file);
    fputs("{\"test\": \"..\", \"instance\": \"x\"}\n", file);
    fclose(file);
    assert_null(vg_results_gather(run->directory, &err));
    assert_non_null(strstr(err.text, "line 1"));
    vg_run_free(run);
    scratch_remove(parent);
}

static void exit_status_follows_the_worst(void **state)
{
    (void)state;
    static const struct {
        enum vg_verdict verdicts[3];
        int status;
    } cases[] = {
        { { VG_PASS, VG_SKIP, VG_FINDING }, 0 }, { { VG_PASS, VG_FAIL, VG_PASS }, 1 },
        { { VG_PASS, VG_LOST, VG_PASS }, 1 },    { { VG_TIMEOUT, VG_SKIP, VG_PASS }, 1 },
        { { VG_INVALID, VG_SKIP, VG_SKIP }, 3 }, { { VG_SKIP, VG_SKIP, VG_SKIP }, 4 },
        { { VG_INVALID, VG_PASS, VG_PASS }, 3 }, { { VG_FINDING, VG_INVALID, VG_PASS }, 3 },
        { { VG_INVALID, VG_FAIL, VG_PASS }, 1 }, { { VG_SKIP, VG_FINDING, VG_SKIP }, 0 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement judgements[3];
        struct vg_judgement *list[3];
        for (int j = 0; j < 3; j++) {
            judgements[j] = (struct vg_judgement) { .verdict = cases[i].verdicts[j] };
            list[j] = &judgements[j];
        }
        struct vg_results results = { .judgements = list, .count = 3 };
        assert_int_equal(vg_results_status(&results), cases[i].status);
    }
    assert_int_equal(vg_results_status(&(struct vg_results) { 0 }), 4);
    for (int verdict = VG_PASS; verdict <= VG_TIMEOUT; verdict++) {
        enum vg_verdict parsed;
        assert_true(vg_verdict_parse(vg_verdict_name((enum vg_verdict)verdict), &parsed));
        assert_int_equal(parsed, verdict);
        assert_int_equal(vg_verdict_worst(VG_FAIL, (enum vg_verdict)verdict), VG_FAIL);
        assert_int_equal(vg_verdict_worst((enum vg_verdict)verdict, VG_SKIP), verdict);
    }
}

static int saved_exit_status(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/results.json", results->run->directory);
    assert_good(vg_results_save(results, &err), err);
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 20, &err);
    assert_good(document, err);
    json_t *status = json_object_get(json_object_get(document, "summary"), "exit_status");
    assert_true(json_is_integer(status));
    return (int)json_integer_value(status);
}

static void only_a_complete_run_decides(void **state)
{
    (void)state;
    static const struct {
        const char *run_state;
        enum vg_verdict verdict;
        int status;
    } cases[] = {
        { "complete", VG_PASS, 0 },    { "complete", VG_FAIL, 1 }, { "complete", VG_SKIP, 4 },
        { "interrupted", VG_PASS, 3 }, { "aborted", VG_PASS, 3 },  { "running", VG_PASS, 3 },
        { "interrupted", VG_FAIL, 3 }, { "aborted", VG_SKIP, 3 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        char *parent = scratch_directory();
        struct vg_run *run = vg_run_create(parent, NULL, "quick", "h", &err);
        assert_good(run, err);
        free(run->state);
        run->state = vg_strdup(cases[i].run_state);
        assert_good(vg_run_save(run, &err), err);
        add(run, "some-test", "one", cases[i].verdict, true);
        struct vg_results *results = vg_results_gather(run->directory, &err);
        assert_good(results, err);
        if (vg_run_exit_status(results) != cases[i].status)
            fail_msg("case %zu: %d", i, vg_run_exit_status(results));
        assert_int_equal(saved_exit_status(results), cases[i].status);
        vg_results_free(results);
        vg_run_free(run);
        scratch_remove(parent);
    }
}

/* Exit status of Debian's python3-jsonschema on the file. */
static int validate(const char *path)
{
    struct vg_error err = { 0 };
    const char *const argv[] = { "python3",    "-W", "ignore", "-m",
                                 "jsonschema", "-i", path,     "runner/record/results.schema.json",
                                 NULL };
    vg_autofree char *output = NULL;
    int status;
    assert_good(vg_run_command(argv, 60000, 65536, &output, &status, &err), err);
    assert_true(WIFEXITED(status));
    if (output && strstr(output, "No module named"))
        fail_msg("python3-jsonschema is not installed");
    return WEXITSTATUS(status);
}

static void results_obey_their_schema(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = vg_run_create(parent, NULL, "quick", "h", &err);
    assert_good(run, err);
    vg_run_fingerprint(run, "host.gpu", NULL, "lspci");
    run->environment = json_pack("{s:s}", "accel", "tcg");
    run->ended = vg_wall_time();
    assert_good(vg_run_save(run, &err), err);
    for (int verdict = VG_PASS; verdict <= VG_TIMEOUT; verdict++)
        add(run, "some-test", vg_verdict_name((enum vg_verdict)verdict), (enum vg_verdict)verdict, true);
    struct vg_results *results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_good(vg_results_save(results, &err), err);
    vg_autofree char *path = vg_format("%s/results.json", run->directory);
    assert_int_equal(validate(path), 0);
    /* The validation itself must be able to fail. */
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 20, &err);
    assert_good(document, err);
    json_object_set_new(json_array_get(json_object_get(document, "judgements"), 0), "verdict", json_string("fine"));
    assert_good(vg_json_save_file(document, path, &err), err);
    assert_int_not_equal(validate(path), 0);
    vg_results_free(results);
    vg_run_free(run);
    scratch_remove(parent);
}

/* The loader of tests wants to know the workload. */
static void run_nothing(struct vg_workload_context *context)
{
    (void)context;
}

VG_WORKLOAD(test_nothing) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "test-nothing",
    .summary = "a workload for this test",
    .run = run_nothing,
};

/* An instance that was skipped, and the test that it belongs to. */
static void write_instance(const struct vg_run *run, const char *test_json)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/tests/api-driver/one", run->directory);
    vg_autofree char *test = vg_format("%s/tests/api-driver/test.json", run->directory);
    assert_good(vg_make_directories(directory, &err), err);
    assert_good(vg_write_file(test, test_json, strlen(test_json), &err), err);
    struct vg_measurements *m = fixture_new(directory, "virtio-venus", "equal-share");
    m->duration_s = 2.5;
    free(m->test);
    m->test = vg_strdup("api-driver");
    m->skip = vg_strdup("The host offers no such policy.");
    assert_good(vg_measurements_save(m, &err), err);
    vg_measurements_free(m);
}

static void assert_same(const char *text, const char *expected) /* either may be NULL */
{
    assert_string_equal(text ? text : "(none)", expected ? expected : "(none)");
}

static void a_run_is_judged_again(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = vg_run_create(parent, NULL, "quick", "h", &err);
    assert_good(run, err);
    static struct vg_test_tenant tenant = { .name = (char *)"guest", .count = 1, .weight = 1 };
    static char *ids[] = { (char *)"VGPU-API-001" };
    static struct vg_test_run one = { .on = (char *)"guest", .workload = (char *)"test-nothing" };
    static struct vg_phase phase = { .name = (char *)"main", .runs = &one, .run_count = 1, .timeout_s = 120 };
    static struct vg_setting settings[] = { { (char *)"phase", (char *)"main" } };
    static struct vg_test_analysis analysis = { .name = (char *)"x",
                                                .analysis = (char *)"identity",
                                                .params = { settings, 1 } };
    static struct vg_expectation expectation = {
        .metric = (char *)"x.verified", .op = VG_OP_EQ, .threshold = 1, .source = (char *)"somewhere"
    };
    struct vg_test test = {
        .id = (char *)"api-driver",
        .group = "",
        .file = "",
        .summary = (char *)"s",
        .why = (char *)"w",
        .requirements = { ids, 1 },
        .needs = { .tenants = 1 },
        .matrix = { .repeat = 1 },
        .tenants = &tenant,
        .tenant_count = 1,
        .phases = &phase,
        .phase_count = 1,
        .analyses = &analysis,
        .analysis_count = 1,
        .expectations = &expectation,
        .expectation_count = 1,
        .no_control = (char *)"a test of the judge itself",
        .timeout_s = 600,
        .inactivity_s = 180,
    };
    vg_autojson json_t *document = json_pack("{s:s,s:o}", "schema", "vgauge-test/1", "test", vg_test_to_json(&test));
    vg_autofree char *text = json_dumps(document, 0);
    write_instance(run, text);
    if (!vg_judge_run(run->directory, &err))
        fail_msg("%s", err.text);
    struct vg_results *results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_int_equal(results->count, 1);
    assert_verdict(results->judgements[0], VG_SKIP, "no such policy");
    vg_results_free(results);
    /* Measurements that cannot be read are a verdict, not a hole. */
    vg_autofree char *broken = vg_format("%s/tests/api-driver/one/measurements.json", run->directory);
    assert_good(vg_write_file(broken, "{", 1, &err), err);
    assert_good(vg_judge_run(run->directory, &err), err);
    results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_verdict(results->judgements[0], VG_INVALID, "cannot be read");
    /* What it was is still known from the verdict that was there. */
    assert_string_equal(results->judgements[0]->mechanism, "virtio-venus");
    assert_string_equal(results->judgements[0]->profile, "full");
    assert_string_equal(results->judgements[0]->policy, "equal-share");
    assert_near(results->judgements[0]->duration_s, 2.5, 0);
    vg_results_free(results);
    /* Without one, the folder's name says it. */
    static const struct {
        const char *folder, *mechanism, *profile, *policy;
        unsigned boot;
    } names[] = {
        { "virtio-venus.a100-4.c.best-effort.boot-2", "virtio-venus", "a100-4.c", "best-effort", 2 },
        { "native.full.none.boot-1", "native", "full", "", 1 },
        { "odd", "", NULL, NULL, 0 },
        { "a.b.boot-1", "", NULL, NULL, 0 },
        { "a.b.c.boot-x", "", NULL, NULL, 0 },
    };
    vg_autofree char *folder = vg_format("%s/tests/api-driver/one", run->directory);
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        vg_autofree char *from = vg_strdup(folder);
        free(folder);
        folder = vg_format("%s/tests/api-driver/%s", run->directory, names[i].folder);
        assert_int_equal(rename(from, folder), 0);
        assert_good(vg_judge_run(run->directory, &err), err);
        results = vg_results_gather(run->directory, &err);
        assert_good(results, err);
        assert_int_equal(results->count, 1);
        const struct vg_judgement *j = results->judgements[0];
        assert_verdict(j, VG_INVALID, "cannot be read");
        assert_string_equal(j->mechanism, names[i].mechanism);
        assert_same(j->profile, names[i].profile);
        assert_same(j->policy, names[i].policy);
        assert_int_equal(j->boot, names[i].boot);
        vg_results_free(results);
    }
    vg_run_free(run);
    scratch_remove(parent);
}

/* The test that kills a tenant, as the engine leaves it: its workload was stopped by that. */
static void a_kill_test_is_judged_again(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *parent = scratch_directory();
    struct vg_run *run = vg_run_create(parent, NULL, "quick", "h", &err);
    assert_good(run, err);
    struct vg_catalog *catalog = vg_catalog_load("suites", &err);
    assert_good(catalog, err);
    const struct vg_test *test = vg_catalog_test(catalog, "iso-scrub-after-kill");
    assert_non_null(test);
    assert_good(vg_run_save_test(run, test, &err), err);
    vg_autofree char *directory = vg_format("%s/tests/%s/one", run->directory, test->id);
    struct vg_measurements *m = fixture_new(directory, "virtio-venus", "equal-share");
    free(m->test);
    m->test = vg_strdup(test->id);
    m->duration_s = 23.25;
    fixture_tenant(m, "first.0");
    fixture_tenant(m, "second.0");
    free(m->tenants[0].state);
    m->tenants[0].state = vg_strdup("stopped");
    struct vg_measured_run *fill = fixture_run(fixture_phase(m, "fill", 10, 20), "first.0", "vram-canary");
    free(fill->status);
    fill->status = vg_strdup("stopped");
    fill->message = vg_strdup("stopped by the test (kill)");
    fixture_fact(fill, "vk_driver_id", "MESA_VENUS");
    fixture_fact(fill, "filled_bytes", "268435456");
    fixture_event(m, 21, "first.0", "kill", false);
    fixture_event(m, 22, "first.0", "kill", true);
    fixture_phase(m, "end", 22, 22);
    fixture_event(m, 23, "second.0", "start", true);
    struct vg_measured_run *scan = fixture_run(fixture_phase(m, "scan", 30, 40), "second.0", "vram-canary");
    static const char *const facts[][2] = {
        { "vk_driver_id", "MESA_VENUS" }, { "scanned_bytes", "268435456" }, { "canary_words", "0" },
        { "canary_runs", "0" },           { "nonzero_bytes", "0" },         { "detector_proved", "1" },
    };
    for (size_t i = 0; i < VG_COUNT(facts); i++)
        fixture_fact(scan, facts[i][0], facts[i][1]);
    static const char *const known[] = { "host.kernel", "tenant.virtio-venus.vk_driver_info" };
    for (size_t i = 0; i < VG_COUNT(known); i++) {
        vg_run_fingerprint(run, known[i], "6.1", "somewhere");
        vg_push(m->rests_on, m->rests_on_count) = vg_strdup(known[i]);
    }
    assert_good(vg_run_save(run, &err), err);
    assert_good(vg_measurements_save(m, &err), err);
    struct vg_judgement *first = vg_judge(test, m, &err);
    assert_good(first, err);
    assert_verdict(first, VG_PASS, NULL);
    assert_good(vg_judgement_save(first, run->directory, &err), err);
    assert_good(vg_judge_run(run->directory, &err), err);
    struct vg_results *results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_int_equal(results->count, 1);
    vg_autojson json_t *before = vg_judgement_to_json(first), *after = vg_judgement_to_json(results->judgements[0]);
    assert_true(json_equal(before, after));
    vg_results_free(results);
    /* What its numbers rest on was taken out of run.json meanwhile: by name, or only its value. */
    vg_autofree char *path = vg_format("%s/run.json", run->directory);
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 20, &err);
    assert_good(document, err);
    json_t *fields = json_object_get(document, "fingerprint");
    json_array_remove(fields, 1);
    json_object_set_new(json_array_get(fields, 0), "value", json_null());
    assert_good(vg_json_save_file(document, path, &err), err);
    assert_good(vg_judge_run(run->directory, &err), err);
    results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_verdict(results->judgements[0], VG_INVALID, "`host.kernel` is not in run.json");
    assert_verdict(results->judgements[0], VG_INVALID, "`tenant.virtio-venus.vk_driver_info` is not in run.json");
    vg_results_free(results);
    /* A result that does not say what it rests on any more is none. */
    vg_autofree char *measured = vg_format("%s/measurements.json", m->directory);
    vg_autojson json_t *silent = vg_json_load_file(measured, 1 << 20, &err);
    assert_good(silent, err);
    assert_int_equal(json_object_del(silent, "rests_on"), 0);
    assert_good(vg_json_save_file(silent, measured, &err), err);
    assert_good(vg_judge_run(run->directory, &err), err);
    results = vg_results_gather(run->directory, &err);
    assert_good(results, err);
    assert_verdict(results->judgements[0], VG_INVALID, "rests_on");
    vg_results_free(results);
    vg_judgement_free(first);
    vg_measurements_free(m);
    vg_catalog_free(catalog);
    vg_run_free(run);
    scratch_remove(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_never_share_a_directory),  cmocka_unit_test(results_are_gathered_in_order),
        cmocka_unit_test(exit_status_follows_the_worst), cmocka_unit_test(only_a_complete_run_decides),
        cmocka_unit_test(results_obey_their_schema),     cmocka_unit_test(a_run_is_judged_again),
        cmocka_unit_test(a_kill_test_is_judged_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
