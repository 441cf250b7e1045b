/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expectations over verdicts: what they excuse, for whom and for how long, and that a flake is never a pass. */
#include <stdio.h>
#include "report/report.h"
#include "support/judged_run.h"

static char *parent;

static int begin(void **state)
{
    (void)state;
    parent = scratch_directory();
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_remove(parent);
    return 0;
}

/* A run with one instance of this verdict, started on 2026-11-22; its directory. Caller frees. */
static char *make_run(enum vg_verdict verdict)
{
    struct vg_error err = { 0 };
    struct vg_run *run = judged_run(parent);
    free(run->started);
    run->started = vg_strdup("2026-11-22T10:00:00Z");
    vg_run_fingerprint(run, "host.qemu", "10.0.13", "package list");
    assert_good(vg_run_save(run, &err), err);
    judged_save(run, judged("iso-scrub", "virtio-venus.full.none", 1, verdict));
    char *directory = vg_strdup(run->directory);
    vg_run_free(run);
    return directory;
}

static char *write_yaml(const char *text)
{
    struct vg_error err = { 0 };
    char *path = vg_format("%s/known.yaml", parent);
    assert_good(vg_write_file(path, text, strlen(text), &err), err);
    return path;
}

static struct vg_results *judge_by(const char *run, const char *yaml)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = write_yaml(yaml);
    assert_good(vg_run_save_expectations(run, (const char *const *)&path, 1, &err), err);
    struct vg_results *results = vg_results_gather(run, &err);
    assert_good(results, err);
    return results;
}

#define ENTRY(expect, expires, more)                                                                                   \
    "expectations:\n  - { test: 'iso-*', expect: " expect ", reason: known, reference: BUG-1, expires: " expires more  \
    " }\n"

static void each_kind_excuses_its_own(void **state)
{
    (void)state;
    static const struct {
        enum vg_verdict verdict;
        const char *yaml;
        enum vg_overlay overlay;
        int status;
    } cases[] = {
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ""), VG_OVERLAY_XFAIL, 0 },
        { VG_LOST, ENTRY("xfail", "2027-01-31", ""), VG_OVERLAY_XFAIL, 0 },
        { VG_PASS, ENTRY("xfail", "2027-01-31", ""), VG_OVERLAY_XPASS, 0 },
        { VG_INVALID, ENTRY("xfail", "2027-01-31", ""), VG_OVERLAY_NONE, 3 },
        { VG_FAIL, ENTRY("waived", "2027-01-31", ""), VG_OVERLAY_WAIVED, 0 },
        { VG_INVALID, ENTRY("waived", "2027-01-31", ""), VG_OVERLAY_WAIVED, 4 }, /* nothing was tested */
        { VG_PASS, ENTRY("waived", "2027-01-31", ""), VG_OVERLAY_NONE, 0 },
        { VG_FAIL, ENTRY("flake", "2027-01-31", ""), VG_OVERLAY_NONE, 1 },  /* no rerun showed that it is one */
        { VG_FAIL, ENTRY("xfail", "2026-11-22", ""), VG_OVERLAY_XFAIL, 0 }, /* the last day */
        { VG_FAIL, ENTRY("xfail", "2026-11-21", ""), VG_OVERLAY_NONE, 1 },
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ", instance: 'native.*'"), VG_OVERLAY_NONE, 1 },
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ", instance: 'virtio-*'"), VG_OVERLAY_XFAIL, 0 },
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ", versions: [{ key: host.qemu, from: '10.0.2', below: '10.1' }]"),
          VG_OVERLAY_XFAIL, 0 },
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ", versions: [{ key: host.qemu, below: '10.0.13' }]"), VG_OVERLAY_NONE,
          1 },
        { VG_FAIL, ENTRY("xfail", "2027-01-31", ", versions: [{ key: host.driver, from: '1' }]"), VG_OVERLAY_NONE, 1 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_autofree char *run = make_run(cases[i].verdict);
        struct vg_results *results = judge_by(run, cases[i].yaml);
        if (results->judgements[0]->overlay != cases[i].overlay)
            fail_msg("case %zu: `%s`", i, vg_overlay_name(results->judgements[0]->overlay));
        assert_int_equal(results->judgements[0]->verdict, cases[i].verdict);
        assert_int_equal(vg_results_status(results), cases[i].status);
        vg_results_free(results);
    }
}

static void what_does_not_hold_is_said(void **state)
{
    (void)state;
    vg_autofree char *run = make_run(VG_FAIL);
    struct vg_results *results = judge_by(run, ENTRY("xfail", "2026-11-21", ""));
    assert_non_null(strstr(results->judgements[0]->overlay_reason, "expired on 2026-11-21"));
    vg_results_free(results);
    results = judge_by(run, ENTRY("xfail", "2027-01-31", ", versions: [{ key: host.qemu, below: '9' }]"));
    assert_non_null(strstr(results->judgements[0]->overlay_reason, "host.qemu is 10.0.13"));
    vg_results_free(results);
    /* Also of a result that means nothing, which a waiver was to excuse. */
    vg_autofree char *invalid = make_run(VG_INVALID);
    results = judge_by(invalid, ENTRY("waived", "2026-11-21", ""));
    assert_int_equal(results->judgements[0]->overlay, VG_OVERLAY_NONE);
    assert_non_null(strstr(results->judgements[0]->overlay_reason, "expired on 2026-11-21"));
    assert_int_equal(vg_results_status(results), 3);
    vg_results_free(results);
    results = judge_by(invalid, ENTRY("waived", "2027-01-31", ", versions: [{ key: host.qemu, below: '9' }]"));
    assert_non_null(strstr(results->judgements[0]->overlay_reason, "host.qemu is 10.0.13"));
    vg_results_free(results);
    /* Nobody misses an excuse for what passed. */
    vg_autofree char *good = make_run(VG_PASS);
    results = judge_by(good, ENTRY("waived", "2026-11-21", ""));
    assert_null(results->judgements[0]->overlay_reason);
    vg_results_free(results);
}

static void an_entry_about_nothing_is_said(void **state)
{
    (void)state;
    vg_autofree char *run = make_run(VG_FAIL);
    struct vg_results *results =
        judge_by(run, ENTRY("xfail", "2027-01-31", "") "  - { test: iso-scrbu, expect: waived, reason: r, reference: "
                                                       "BUG-2, expires: 2027-01-31 }\n"
                                                       "  - { test: iso-scrub, instance: 'native.*', expect: waived, "
                                                       "reason: r, reference: BUG-3, expires: 2027-01-31 }\n");
    assert_int_equal(results->unmatched_count, 2);
    assert_non_null(strstr(results->unmatched[0], "known.yaml: entry 2 (iso-scrbu, BUG-2)"));
    assert_non_null(strstr(results->unmatched[1], "entry 3 (iso-scrub in native.*, BUG-3)"));
    char *said = NULL;
    size_t length;
    FILE *out = open_memstream(&said, &length);
    vg_report_summary(results, out, false);
    fclose(out);
    assert_non_null(strstr(said, "warning  "));
    assert_non_null(strstr(said, "iso-scrbu"));
    free(said);
    vg_results_free(results);
}

static void add_rerun(const char *run, unsigned number, enum vg_verdict verdict)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_rerun_directory(run, number);
    struct vg_run *rerun = vg_run_create(parent, directory, "ci", "reference", &err);
    assert_good(rerun, err);
    judged_save(rerun, judged("iso-scrub", "virtio-venus.full.none", 1, verdict));
    vg_run_free(rerun);
}

static void a_flake_is_never_a_pass(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *run = make_run(VG_FAIL);
    add_rerun(run, 1, VG_FAIL);
    struct vg_results *results = vg_results_gather(run, &err);
    assert_int_equal(results->judgements[0]->overlay, VG_OVERLAY_NONE);
    vg_results_free(results);
    add_rerun(run, 2, VG_PASS);
    results = vg_results_gather(run, &err);
    assert_int_equal(results->judgements[0]->overlay, VG_OVERLAY_UNSTABLE);
    assert_int_equal(results->judgements[0]->verdict, VG_FAIL);
    assert_int_equal(vg_results_status(results), 1);
    vg_results_free(results);
    results = judge_by(run, ENTRY("flake", "2027-01-31", ""));
    assert_int_equal(results->judgements[0]->overlay, VG_OVERLAY_FLAKE);
    assert_int_equal(results->judgements[0]->verdict, VG_FAIL);
    assert_int_equal(vg_results_status(results), 0);
    vg_results_free(results);
}

static void the_files_stay_with_the_run(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *run = make_run(VG_FAIL);
    struct vg_results *results = judge_by(run, ENTRY("xfail", "2027-01-31", ""));
    assert_good(vg_results_save(results, &err), err);
    vg_results_free(results);
    vg_autofree char *yaml = vg_format("%s/known.yaml", parent), *file = vg_format("%s/results.json", run);
    assert_int_equal(unlink(yaml), 0);
    results = vg_results_gather(run, &err);
    assert_int_equal(results->judgements[0]->overlay, VG_OVERLAY_XFAIL);
    vg_results_free(results);
    vg_autojson json_t *document = vg_json_load_file(file, 1 << 20, &err);
    const json_t *named = json_array_get(json_object_get(document, "expectations"), 0);
    assert_string_equal(json_string_value(json_object_get(named, "file")), yaml);
    assert_int_equal(strlen(json_string_value(json_object_get(named, "digest"))), 71);
    assert_good(vg_run_save_expectations(run, NULL, 0, &err), err);
    results = vg_results_gather(run, &err);
    assert_int_equal(results->expectation_count, 0);
    vg_results_free(results);
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { ENTRY("xfial", "2027-01-31", ""), "did you mean `xfail`" },
        { ENTRY("xfail", "2027-02-30", ""), "date" },
        { ENTRY("xfail", "tomorrow", ""), "date" },
        { ENTRY("xfail", "2027-01-31", ", versions: [{ key: host.qemu }]"), "`from`, `below`" },
        { "expectations:\n  - { test: a, expect: xfail, reason: r, expires: 2027-01-31 }\n", "reference" },
        { "expectations: []\n", "expectations" },
        { "expectation: []\n", "did you mean `expectations`" },
    };
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vg_error err = { 0 };
        vg_autofree char *path = write_yaml(wrong[i][0]);
        assert_null(vg_known_issues_load(path, &err));
        if (!strstr(err.text, wrong[i][1]) || !strstr(err.text, "line "))
            fail_msg("file %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_excuses_its_own, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_hold_is_said, begin, end),
        cmocka_unit_test_setup_teardown(an_entry_about_nothing_is_said, begin, end),
        cmocka_unit_test_setup_teardown(a_flake_is_never_a_pass, begin, end),
        cmocka_unit_test_setup_teardown(the_files_stay_with_the_run, begin, end),
        cmocka_unit_test_setup_teardown(wrong_files_are_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
