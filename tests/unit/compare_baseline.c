/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Baselines: blessed only from runs that are in order, read back as they were written, refused when cut, changed,
 * newer, foreign or in the wrong place; found for their environment only. Runs from the root of the source tree. */
#include <sys/stat.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "compare/compare.h"
#include "support/judged_run.h"

static struct vg_gate_policy *policy;
static char *parent; /* of runs and baselines, new for each test */

static int begin(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    parent = scratch_directory();
    policy = vg_gate_policy_load("suites", NULL, &err);
    return policy ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    vg_gate_policy_free(policy);
    scratch_remove(parent);
    return 0;
}

/* A run of so many boots; its directory. Caller frees. */
static char *make_run(unsigned boots, double centre, enum vg_verdict last)
{
    struct vg_run *run = judged_run(parent);
    judged_test(run, "dsub", 10);
    for (unsigned boot = 1; boot <= boots; boot++) {
        struct vg_judgement *judgement = judged("dsub", "native.full.none", boot, boot == boots ? last : VG_PASS);
        judged_value(judgement, "empty.p50", centre + (boot * 7) % boots * 0.3, 0.05);
        judged_value(judgement, "empty.max", centre * 2, 0);
        judged_save(run, judgement);
    }
    char *directory = vg_strdup(run->directory);
    vg_run_free(run);
    return directory;
}

static bool load_side(const char *directory, struct vg_side *side, struct vg_error *err)
{
    return vg_side_load(&directory, 1, NULL, side, err);
}

static struct vg_baseline *bless(const char *directory, bool accept, struct vg_error *err)
{
    struct vg_side side;
    assert_good(load_side(directory, &side, err), *err);
    struct vg_baseline *baseline = vg_bless(&side, "main", "me@here", "because", accept, policy, err);
    vg_side_free(&side);
    return baseline;
}

/* A baseline on disk. Caller frees the path. */
static char *blessed_file(void)
{
    struct vg_error err = { 0 };
    vg_autofree char *run = make_run(20, 100, VG_PASS), *directory = vg_format("%s/baselines", parent);
    struct vg_baseline *baseline = bless(run, false, &err);
    assert_good(baseline, err);
    assert_good(vg_baseline_save(baseline, directory, false, &err), err);
    char *path = vg_strdup(baseline->file);
    vg_baseline_free(baseline);
    return path;
}

static char *contents(const char *path)
{
    struct vg_error err = { 0 };
    char *text = NULL;
    size_t length;
    assert_good(vg_read_file(path, 1 << 20, &text, &length, &err), err);
    return text;
}

static void is_read_back_as_it_was(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = blessed_file();
    struct vg_baseline *baseline = vg_baseline_load(path, &err);
    assert_good(baseline, err);
    assert_string_equal(baseline->name, "main");
    assert_string_equal(baseline->blessed_by, "me@here");
    assert_string_equal(baseline->reason, "because");
    assert_int_equal(baseline->accepted_count, 0);
    assert_int_equal(baseline->run_count, 1);
    assert_int_equal(baseline->field_count, 2);
    assert_int_equal(baseline->metrics.count, 1); /* empty.max is not compared */
    const struct vg_metric_series *series =
        vg_metric_series_find(&baseline->metrics, "dsub/native.full.none/empty.p50");
    assert_non_null(series);
    assert_int_equal(series->value_count, 20);
    assert_true(series->values[0].value == 102.1 && series->min_effect == 0.05);
    vg_baseline_free(baseline);
    /* One metric, one line: that is what makes it diff well. */
    vg_autofree char *text = contents(path);
    unsigned lines = 0, metrics = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL; lines++)
        metrics += strstr(line, "\"metric\":") && strstr(line, "\"boots\": [102.1,");
    assert_int_equal(metrics, 1);
    assert_true(lines < 25);
}

static void a_file_that_is_not_what_was_blessed_is_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = blessed_file(), *good = contents(path);
    static const struct {
        const char *from, *to, *said;
    } edits[] = {
        { "102.1", "202.1", "changed after it was blessed" },
        { "me@here", "you@there", "changed after it was blessed" },
        { "vgauge-baseline/1", "vgauge-baseline/2", "another version of vgauge" },
        { "vgauge-baseline/1", "vgauge-results/1", "no baseline" },
        { "\"digest\": \"sha256:", "\"digits\": \"sha256:", "not signed" },
        { "{\n", "[\n", "cannot be read" },
    };
    for (size_t i = 0; i < VG_COUNT(edits); i++) {
        char *at = strstr(good, edits[i].from);
        assert_non_null(at);
        vg_autofree char *bad = vg_format("%.*s%s%s", (int)(at - good), good, edits[i].to, at + strlen(edits[i].from));
        assert_good(vg_write_file(path, bad, strlen(bad), &err), err);
        assert_null(vg_baseline_load(path, &err));
        if (!strstr(err.text, edits[i].said))
            fail_msg("edit %zu: %s", i, err.text);
        assert_int_equal(err.kind, VG_ERROR_INPUT);
    }
    for (size_t length = 0; length < strlen(good) - 1; length += 37) { /* cut anywhere */
        assert_good(vg_write_file(path, good, length, &err), err);
        assert_null(vg_baseline_load(path, &err));
        assert_non_null(strstr(err.text, path));
    }
    /* What no text editor makes: other white space. The content is the same, and so is the digest. */
    vg_autojson json_t *document = vg_json_load_text(good, strlen(good), &err);
    assert_good(vg_json_save_file(document, path, &err), err);
    struct vg_baseline *baseline = vg_baseline_load(path, &err);
    assert_good(baseline, err);
    vg_baseline_free(baseline);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(vg_baseline_load(path, &err)); /* and does not hang */
}

/* Signed, and still not believed. */
static void a_signed_file_is_checked_all_the_same(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = blessed_file(), *good = contents(path);
    static const struct {
        const char *key, *json, *said;
    } edits[] = {
        { "metrics", "[{\"test\": 1}]", "`test` must be" },
        { "metrics", "[1]", "not an object" },
        { "metrics", "{}", "metrics" },
        { "surprise", "1", "unknown key `surprise`" },
        { "metrix", "1", "did you mean `metrics`" },
        { "fingerprint", "[{\"key\": \"a\", \"value\": 5, \"source\": \"b\"}]", "`value`" },
        { "name", "7", "`name`" },
    };
    for (size_t i = 0; i < VG_COUNT(edits); i++) {
        vg_autojson json_t *document = vg_json_load_text(good, strlen(good), &err);
        json_object_del(document, "digest");
        vg_json_set(document, edits[i].key, json_loads(edits[i].json, JSON_DECODE_ANY, NULL));
        vg_autofree char *digest = vg_digest_json(document);
        vg_json_set_text(document, "digest", digest);
        assert_good(vg_json_save_file(document, path, &err), err);
        assert_null(vg_baseline_load(path, &err));
        if (!strstr(err.text, edits[i].said))
            fail_msg("edit %zu: %s", i, err.text);
    }
}

static void runs_that_are_not_in_order_are_not_blessed(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *failed = make_run(21, 100, VG_FAIL), *few = make_run(19, 100, VG_PASS);
    assert_null(bless(failed, false, &err));
    assert_non_null(strstr(err.text, "boot-21 is fail: It is said to be so."));
    assert_null(bless(few, false, &err));
    assert_non_null(strstr(err.text, "19 boots"));
    assert_null(bless(few, true, &err)); /* nothing would be left */
    struct vg_baseline *baseline = bless(failed, true, &err);
    assert_good(baseline, err);
    assert_int_equal(baseline->accepted_count, 1);
    assert_non_null(strstr(baseline->accepted[0], "is fail"));
    vg_baseline_free(baseline);
}

static void runs_of_other_environments_are_no_replicates(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *one = make_run(6, 100, VG_PASS), *two = make_run(6, 100, VG_PASS);
    struct vg_run *run = vg_run_load(two, &err);
    run->seed++; /* else it is a copy of the other */
    vg_run_fingerprint(run, "host.kernel", "6.5", "uname(2)");
    assert_good(vg_run_save(run, &err), err);
    vg_run_free(run);
    vg_autofree char *copy = make_run(6, 100, VG_PASS);
    struct vg_run *first = vg_run_load(one, &err), *same = vg_run_load(copy, &err);
    free(same->started); /* made a moment later */
    same->started = vg_strdup(first->started);
    assert_good(vg_run_save(same, &err), err);
    vg_run_free(first);
    vg_run_free(same);
    const char *copied[] = { one, copy };
    const char *both[] = { one, two }, *twice[] = { one, one };
    struct vg_side side;
    assert_false(vg_side_load(both, 2, NULL, &side, &err));
    assert_non_null(strstr(err.text, "host.kernel is `6.5` here and `6.1` there"));
    assert_good(vg_side_load(both, 2, "host.kernel", &side, &err), err);
    assert_int_equal(side.metrics.items[0].value_count, 12);
    vg_side_free(&side);
    assert_false(vg_side_load(twice, 2, NULL, &side, &err));
    assert_non_null(strstr(err.text, "given twice:"));
    assert_false(vg_side_load(copied, 2, NULL, &side, &err));
    assert_non_null(strstr(err.text, "given twice, also as "));
}

#define FIELD(key, value)                                                                                              \
    {                                                                                                                  \
        (char *)(key), (char *)(value), (char *)"host file"                                                            \
    }

/* What one side merely offers beside what both have is no difference; another setting of what both have is one, and so
 * is what is not written down of tenants that ran. */
static void what_is_only_offered_is_no_difference(void **state)
{
    (void)state;
    struct vg_fingerprint_field one[] = { FIELD("mechanism.a.policy.best-effort", "period 0 us"),
                                          FIELD("mechanism.a.caps", "none") };
    struct vg_fingerprint_field more[] = { FIELD("mechanism.a.policy.best-effort", "period 0 us"),
                                           FIELD("mechanism.a.caps", "none"),
                                           FIELD("mechanism.a.policy.fixed-share", "period 20000 us"),
                                           FIELD("mechanism.a.profile.half", "at most 2"),
                                           FIELD("mechanism.b.caps", "none") };
    struct vg_fingerprint_field other[] = { FIELD("mechanism.a.policy.best-effort", "period 1000 us"),
                                            FIELD("mechanism.a.caps", "none") };
    struct vg_fingerprint_field silent[] = { FIELD("mechanism.a.policy.best-effort", "period 0 us") };
    struct vg_fingerprint_field ran[] = { FIELD("tenant.b.kernel", "6.1"),
                                          FIELD("mechanism.a.policy.best-effort", "period 0 us"),
                                          FIELD("mechanism.a.caps", "none") };
    const struct {
        struct vg_fingerprint now, then;
        unsigned barring;
    } cases[] = {
        { { one, 2 }, { more, 5 }, 0 },   { { more, 5 }, { one, 2 }, 0 }, { { other, 2 }, { one, 2 }, 1 },
        { { silent, 1 }, { one, 2 }, 1 }, { { more, 5 }, { ran, 3 }, 1 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_differences differences;
        struct vg_error err = { 0 };
        assert_good(vg_fingerprints_compare(cases[i].now, cases[i].then, NULL, &differences, &err), err);
        assert_int_equal(differences.barring, cases[i].barring);
        vg_differences_free(&differences);
    }
}

static void only_equal_environments_are_compared(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = blessed_file(), *directory = vg_format("%s/baselines", parent);
    struct vg_baselines baselines;
    assert_good(vg_baselines_load(directory, "main", &baselines, &err), err);
    struct vg_fingerprint_field fields[] = { { (char *)"host.kernel", (char *)"6.5", (char *)"" },
                                             { (char *)"vgauge.version", (char *)"0.1.0", (char *)"" },
                                             { (char *)"host.gpu", NULL, (char *)"" } };
    struct vg_differences differences;
    const struct {
        struct vg_fingerprint now;
        const char *across;
        unsigned count, barring;
    } cases[] = {
        { { fields, 2 }, NULL, 1, 1 },
        { { fields, 2 }, "host.kernel", 1, 0 },
        { { fields, 3 }, "host.kernel", 2, 1 }, /* nobody knows the GPU on either side: not equal */
        { { fields, 3 }, "host.*", 2, 0 },
        { { fields, 1 }, "host.kernel", 2, 1 }, /* the version is missing here */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        assert_good(vg_baselines_choose(&baselines, cases[i].now, cases[i].across, &differences, &err), err);
        assert_int_equal(differences.count, cases[i].count);
        assert_int_equal(differences.barring, cases[i].barring);
        vg_differences_free(&differences);
    }
    assert_null(vg_baselines_choose(&baselines, cases[0].now, "host.kernle", &differences, &err));
    assert_non_null(strstr(err.text, "did you mean `host.kernel`"));
    vg_baselines_free(&baselines);
    assert_false(vg_baselines_load(directory, "mian", &baselines, &err));
    assert_non_null(strstr(err.text, "did you mean `main`"));
    vg_autofree char *empty = vg_format("%s/empty", directory), *nowhere = vg_format("%s/nowhere", directory);
    assert_good(vg_make_directories(empty, &err), err);
    assert_false(vg_baselines_load(directory, "empty", &baselines, &err));
    assert_non_null(strstr(err.text, "/empty is there, and no baseline in it"));
    assert_false(vg_baselines_load(nowhere, "main", &baselines, &err));
    assert_non_null(strstr(err.text, "there is no directory "));
    /* Renamed by hand: it would stand for an environment that it is not of. */
    vg_autofree char *other = vg_format("%s/main/0123456789ab.json", directory);
    assert_int_equal(rename(path, other), 0);
    assert_false(vg_baselines_load(directory, "main", &baselines, &err));
    assert_non_null(strstr(err.text, "belongs elsewhere"));
}

static void builds_of_one_version_may_be_compared(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_fingerprint_field one[] = { FIELD("host.cpu", "x"), FIELD("vgauge.build", "0123456789ab") },
                                other[] = { FIELD("host.cpu", "x"), FIELD("vgauge.build", "ba9876543210") };
    const struct vg_fingerprint now = { one, 2 }, then[] = { { other, 2 }, { other, 1 } }; /* another one, and none */
    for (size_t i = 0; i < VG_COUNT(then); i++) {
        struct vg_gate gate = { 0 };
        assert_good(vg_fingerprints_compare(now, then[i], NULL, &gate.differences, &err), err);
        assert_int_equal(gate.differences.count, 1);
        assert_int_equal(gate.differences.barring, 0);
        assert_true(gate.differences.items[0].recorded && !gate.differences.items[0].across);
        assert_true(vg_gate_admits(&gate, policy));
        struct vg_gate_policy strict = *policy;
        strict.same_build = true;
        assert_false(vg_gate_admits(&gate, &strict));
        assert_non_null(strstr(gate.objections[0], "vgauge.build is `0123456789ab` here and "));
        vg_gate_free(&gate);
        assert_good(vg_fingerprints_compare(now, then[i], "vgauge.build", &gate.differences, &err), err);
        assert_true(vg_gate_admits(&gate, &strict));
        vg_gate_free(&gate);
        /* Nor is it another environment, in which there may be another baseline of one name. */
        vg_autofree char *a = vg_fingerprint_digest(now), *b = vg_fingerprint_digest(then[i]);
        assert_string_equal(a, b);
    }
}

static void boots_of_two_builds_are_no_replicates(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *a = make_run(6, 100, VG_PASS), *b = make_run(6, 100, VG_PASS);
    struct vg_run *run = vg_run_load(b, &err);
    assert_good(run, err);
    run->seed++; /* else it is a copy of the other */
    vg_run_fingerprint(run, "vgauge.build", "0123456789ab", "test");
    assert_good(vg_run_save(run, &err), err);
    vg_run_free(run);
    struct vg_side side;
    const char *const both[] = { a, b };
    assert_false(vg_side_load(both, 2, NULL, &side, &err));
    if (!strstr(err.text, "not replicates of each other: vgauge.build"))
        fail_msg("%s", err.text);
    assert_good(vg_side_load(both, 2, "vgauge.build", &side, &err), err);
    vg_side_free(&side);
}

static void of_two_writers_one_wins(void **state)
{
    (void)state;
    enum { WRITERS = 8 };
    struct vg_error err = { 0 };
    vg_autofree char *run = make_run(20, 100, VG_PASS), *directory = vg_format("%s/baselines", parent);
    pid_t children[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct vg_baseline *baseline = bless(run, false, &err);
            bool saved = baseline && vg_baseline_save(baseline, directory, false, &err);
            vg_baseline_free(baseline);
            _exit(saved ? 0 : strstr(err.text, "is there already") ? 1 : 2);
        }
    }
    unsigned won = 0, refused = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        won += WIFEXITED(status) && WEXITSTATUS(status) == 0;
        refused += WIFEXITED(status) && WEXITSTATUS(status) == 1;
    }
    assert_int_equal(won, 1);
    assert_int_equal(refused, WRITERS - 1);
    struct vg_baselines baselines;
    assert_good(vg_baselines_load(directory, "main", &baselines, &err), err);
    assert_int_equal(baselines.count, 1);
    vg_baselines_free(&baselines);
    struct vg_baseline *again = bless(run, false, &err);
    assert_good(vg_baseline_save(again, directory, true, &err), err);
    vg_baseline_free(again);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = blessed_file(), *before = contents(path);
    vg_autofree char *run = make_run(20, 200, VG_PASS), *directory = vg_format("%s/baselines", parent);
    struct vg_baseline *baseline = bless(run, false, &err);
    assert_good(baseline, err);
    pid_t child = fork();
    if (child == 0) { /* writing stops after so many bytes, as on a full disk */
        struct rlimit limit = { 700, 700 };
        signal(SIGXFSZ, SIG_IGN);
        bool saved = setrlimit(RLIMIT_FSIZE, &limit) == 0 && vg_baseline_save(baseline, directory, true, &err);
        bool told = err.kind == VG_ERROR_ENVIRONMENT && strstr(err.text, path);
        vg_baseline_free(baseline);
        free(path);
        free(before);
        free(run);
        free(directory);
        _exit(saved ? 0 : told ? 1 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    vg_autofree char *after = contents(path);
    assert_string_equal(before, after);
    struct vg_baselines baselines;
    assert_good(vg_baselines_load(directory, "main", &baselines, &err), err); /* and no half file beside it */
    assert_int_equal(baselines.count, 1);
    vg_baselines_free(&baselines);
    vg_baseline_free(baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_read_back_as_it_was, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_what_was_blessed_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_signed_file_is_checked_all_the_same, begin, end),
        cmocka_unit_test_setup_teardown(runs_that_are_not_in_order_are_not_blessed, begin, end),
        cmocka_unit_test_setup_teardown(runs_of_other_environments_are_no_replicates, begin, end),
        cmocka_unit_test(what_is_only_offered_is_no_difference),
        cmocka_unit_test_setup_teardown(only_equal_environments_are_compared, begin, end),
        cmocka_unit_test_setup_teardown(builds_of_one_version_may_be_compared, begin, end),
        cmocka_unit_test_setup_teardown(boots_of_two_builds_are_no_replicates, begin, end),
        cmocka_unit_test_setup_teardown(of_two_writers_one_wins, begin, end),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_old_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
