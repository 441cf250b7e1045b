/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TAP as its real reader sees it: each file is given to Debian's `prove`, whose exit status and words decide. */
#include <sys/wait.h>
#include "support/report_results.h"

struct proved {
    int status;
    char *said;
};

static bool have_prove(void)
{
    return access("/usr/bin/prove", X_OK) == 0;
}

static char *write_tap(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/results.tap", results->run->directory);
    if (!vg_report_tap(results, path, &err))
        fail_msg("%s", err.text);
    return read_back(results, "results.tap");
}

static struct proved prove(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    struct proved proved = { 0 };
    vg_autofree char *tap = write_tap(results);
    vg_autofree char *path = vg_format("%s/results.tap", results->run->directory);
    const char *const argv[] = { "prove", "-v", "--norc", "--exec", "cat", path, NULL };
    int status = 0;
    if (!vg_run_command(argv, 30000, 1 << 20, &proved.said, &status, &err))
        fail_msg("%s", err.text);
    assert_true(WIFEXITED(status));
    proved.status = WEXITSTATUS(status);
    assert_null(strstr(proved.said, "Parse errors"));
    return proved;
}

static void expect(const struct vg_results *results, bool ok, const char *words)
{
    struct proved proved = prove(results);
    if ((proved.status == 0) != ok || !strstr(proved.said, words))
        fail_msg("prove ended with %d and said:\n%s\nwanted: %s", proved.status, proved.said, words);
    free(proved.said);
}

static void a_pass_is_ok(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *judgement = add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    add_value(judgement, "fair.jain", 0.999, "1");
    add_value(judgement, "fair.missing", 0.0 / 0.0, "1");
    add_check(judgement, "fair.max_deviation", "<=", 0.1, 0.02, true);
    add_judgement(results, "canary", "native", VG_FINDING, "memory is not cleared, as documented");
    expect(results, true, "Result: PASS");
    drop_results(results);
}

static void fail_lost_and_timeout_are_not_ok(void **state)
{
    (void)state;
    static const enum vg_verdict verdicts[] = { VG_FAIL, VG_LOST, VG_TIMEOUT };
    for (unsigned i = 0; i < VG_COUNT(verdicts); i++) {
        struct vg_results *results = make_results("reference");
        add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
        add_judgement(results, "fair", "native", verdicts[i], "peer.1 got 38.2 % and not 50 %");
        expect(results, false, "Failed 1/2 subtests");
        vg_autofree char *tap = read_back(results, "results.tap");
        assert_non_null(strstr(tap, "not ok 2 - fair native.full.equal-share.boot-1\n"));
        assert_non_null(strstr(tap, "    - \"peer.1 got 38.2 % and not 50 %\"\n"));
        drop_results(results);
    }
}

static void a_skip_has_its_reason(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    add_judgement(results, "fair", "native", VG_SKIP, "needs a VM");
    expect(results, true, "ok 2 - fair native.full.equal-share.boot-1 # SKIP needs a VM");
    drop_results(results);
}

static void invalid_beside_a_pass_is_not_ok(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    add_judgement(results, "fair", "native", VG_INVALID, "the host was busy");
    expect(results, false, "Failed 1/2 subtests");
    vg_autofree char *tap = read_back(results, "results.tap");
    assert_non_null(strstr(tap, "not ok 2 - fair native.full.equal-share.boot-1\n  ---\n  verdict: invalid\n"));
    assert_non_null(strstr(tap, "    - \"the host was busy\"\n"));
    assert_int_equal(vg_results_status(results), 3);
    drop_results(results);
}

static void invalid_alone_is_not_ok(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "native", VG_INVALID, "the host was busy");
    expect(results, false, "Failed 1/1 subtests");
    assert_int_equal(vg_results_status(results), 3);
    drop_results(results);
}

static void nothing_tested_is_no_pass(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    expect(results, true, "Result: NOTESTS");
    add_judgement(results, "fair", "native", VG_SKIP, "needs a VM");
    expect(results, true, "Result: NOTESTS");
    assert_int_equal(vg_results_status(results), 4);
    drop_results(results);
}

static void an_interrupted_run_bails_out(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "native", VG_PASS, NULL);
    free(results->run->state);
    results->run->state = vg_strdup("interrupted");
    expect(results, false, "Further testing stopped");
    drop_results(results);
}

static void foreign_text_stays_text(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *judgement =
        add_judgement(results, "a # SKIP b\nok 9 - forged", "native\\", VG_FAIL, "x # TODO y\n  ...\nok 3\n\"quoted\\");
    add_value(judgement, "a: b\n- c", 1, "\x1b[31m");
    struct proved proved = prove(results);
    assert_int_not_equal(proved.status, 0);
    assert_non_null(strstr(proved.said, "Failed 1/1 subtests"));
    assert_null(strstr(proved.said, "skipped"));
    free(proved.said);
    vg_autofree char *tap = read_back(results, "results.tap");
    assert_null(strchr(tap, '\x1b'));
    assert_null(strstr(tap, "\nok"));
    drop_results(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_is_ok),
        cmocka_unit_test(fail_lost_and_timeout_are_not_ok),
        cmocka_unit_test(a_skip_has_its_reason),
        cmocka_unit_test(invalid_beside_a_pass_is_not_ok),
        cmocka_unit_test(invalid_alone_is_not_ok),
        cmocka_unit_test(nothing_tested_is_no_pass),
        cmocka_unit_test(an_interrupted_run_bails_out),
        cmocka_unit_test(foreign_text_stays_text),
    };
    if (!have_prove()) { /* part of perl, which every Debian has */
        print_error("prove is not installed: nothing was tested\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
