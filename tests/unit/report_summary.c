/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal summary: the answer first, one screen, nothing foreign that a terminal would obey. */
#include <stdio.h>
#include "support/report_results.h"

static char *summary(const struct vg_results *results, bool colour)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    vg_report_summary(results, out, colour);
    assert_int_equal(fclose(out), 0);
    return text;
}

static unsigned lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void expect(const struct vg_results *results, const char *words)
{
    vg_autofree char *text = summary(results, false);
    if (!strstr(text, words))
        fail_msg("wanted: %s\ngot:\n%s", words, text);
}

static void the_answer_comes_first(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    expect(results, "Nothing was tested on host reference.\n");
    add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    add_judgement(results, "canary", "virtio-venus", VG_PASS, NULL);
    vg_autofree char *text = summary(results, false);
    assert_ptr_equal(strstr(text, "All 2 tests passed on host reference.\n"), text);
    add_judgement(results, "canary", "native", VG_SKIP, "needs a VM");
    expect(results, "All 2 tests passed on host reference (2 results, 1 not applicable).\n");
    add_judgement(results, "identity", "native", VG_SKIP, "needs a VM");
    expect(results, "2 of 3 tests passed on host reference; the other does not apply (2 results, 2 not applicable).\n");
    add_judgement(results, "fair", "native", VG_FAIL, "peer.1 got 38.2 %");
    add_judgement(results, "latency", "native", VG_INVALID, "the host was busy");
    expect(results, "1 of 4 results failed: fair on native; 1 is invalid: latency on native (host reference).\n");
    expect(results, "native: peer.1 got 38.2 %\n");
    expect(results, "virtio-venus pass, native fail\n");
    expect(results, "virtio-venus pass; 1 not applicable\n");
    expect(results, "2 pass, 1 fail, 1 invalid, 2 skip (6 instances), took 3 m 20 s");
    free(results->run->ended); /* its instants are in whole seconds, so that nothing is known of parts of one */
    results->run->ended = vg_strdup(results->run->started);
    expect(results, "(6 instances), took less than 1 s");
    drop_results(results);
}

/* Boots and policies are results too, and count; the sentence names each place once. */
static void results_are_counted_not_tests(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    for (unsigned i = 0; i < 3; i++) {
        add_judgement(results, "fair", "virtio-venus", i == 1 ? VG_PASS : VG_INVALID, "the host was busy");
        add_judgement(results, "fair", "native", VG_PASS, NULL);
    }
    add_judgement(results, "fair", "virtio-virgl", VG_SKIP, "no vulkan");
    expect(results, "2 of 6 results are invalid: fair on virtio-venus (host reference).\n");
    expect(results, "virtio-venus invalid (3), native pass (3); 1 not applicable\n");
    drop_results(results);
}

/* Measured in whatever order: shown by how much it matters, then by name. */
static void what_matters_comes_first(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    static const struct {
        const char *test;
        enum vg_verdict verdict;
    } made[] = { { "zeta", VG_PASS },  { "mid", VG_INVALID }, { "alpha", VG_PASS },
                 { "omega", VG_FAIL }, { "beta", VG_SKIP },   { "lost", VG_LOST } };
    static const char *const shown[] = { "FAIL    omega", "INVALID mid", "PASS    alpha", "SKIP    beta",
                                         "PASS    zeta" };
    for (unsigned i = 0; i < VG_COUNT(made); i++)
        add_judgement(results, made[i].test, "native", made[i].verdict, "a reason");
    vg_autofree char *text = summary(results, false);
    const char *last = strstr(text, "LOST    lost");
    assert_non_null(last);
    for (unsigned i = 0; i < VG_COUNT(shown); i++) {
        const char *at = strstr(text, shown[i]);
        if (!at || at < last)
            fail_msg("`%s` is not behind the one before it in:\n%s", shown[i], text);
        last = at;
    }
    drop_results(results);
}

/* Under a test in trouble stands what explains the trouble: nothing that another mechanism met. */
static void trouble_is_explained_by_itself(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *good = add_judgement(results, "fair", "native", VG_PASS, "a remark on a pass");
    add_check(good, "fair.jain", ">=", 0.9, 0.99, true);
    add_value(good, "fair.jain", 0.99, "1");
    struct vg_judgement *bad = add_judgement(results, "fair", "virtio-venus", VG_INVALID, "fair.solo_cv is 0.06");
    add_check(bad, "fair.solo_cv", "<=", 0.03, 0.06, false);
    add_check(bad, "quiet.steal_cpu", "<=", 0.03, 0.5, false);
    add_check(bad, "fair.jain", ">=", 0.9, 0.95, true);
    add_value(bad, "fair.jain", 0.95, "1");
    add_judgement(results, "fair", "virtio-virgl", VG_SKIP, "virgl has no vulkan");
    vg_autofree char *text = summary(results, false);
    assert_non_null(strstr(text, "        virtio-venus: fair.solo_cv is 0.06\n"));
    assert_non_null(strstr(text, "virtio-venus 0.500 (required: at most 0.030)\n"));
    assert_null(strstr(text, "fair.jain"));
    assert_null(strstr(text, "a remark"));
    assert_null(strstr(text, "virgl has no vulkan"));
    assert_null(strstr(text, "0.060 (required")); /* the reason has said it */
    drop_results(results);
}

static void changed_parameters_are_told(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "native", VG_PASS, NULL);
    vg_autofree char *plain = summary(results, false);
    assert_null(strstr(plain, "Changed parameters"));
    results->run->plan_file = json_pack("{s:[s]}", "set", "fair.job_ms=3");
    vg_push(results->run->arguments, results->run->argument_count) = vg_strdup("--set=fair.seconds=9");
    expect(results, "\nChanged parameters: fair.job_ms=3 (plan), fair.seconds=9 (--set).\n");
    drop_results(results);
}

/* A person opens the page: its path is the last thing on the terminal. */
static void the_page_is_the_last_line(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_error err = { 0 };
    add_judgement(results, "fair", "native", VG_PASS, NULL);
    vg_autofree char *folder = vg_format("%s/report", results->run->directory);
    vg_autofree char *page = vg_format("%s/index.html", folder);
    vg_autofree char *json = vg_format("%s/results.json", results->run->directory);
    assert_true(vg_make_directories(folder, &err) && vg_write_file(page, "x", 1, &err));
    assert_true(vg_write_file(json, "x", 1, &err));
    vg_autofree char *text = summary(results, false);
    vg_autofree char *wanted = vg_format("Results  %s\nReport   %s\n", json, page);
    assert_string_equal(text + strlen(text) - strlen(wanted), wanted);
    drop_results(results);
}

static void numbers_have_units_and_limits(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *judgement = add_judgement(results, "fair", "virtio-venus", VG_FAIL, "unfair");
    add_value(judgement, "noise", 1, "1");
    add_value(judgement, "empty.p50", 44100, "ns");
    add_value(judgement, "fair.max_deviation", 0.18, "1");
    add_check(judgement, "fair.max_deviation", "<=", 0.1, 0.18, false);
    expect(results, "0.180 (required: at most 0.100)\n");
    judgement->verdict = VG_PASS;
    judgement->checks[0].met = true;
    expect(results, "0.180 (required: at most 0.100)\n");
    expect(results, "44.10 us\n");
    vg_autofree char *text = summary(results, false);
    assert_true(strstr(text, "fair.max_deviation") < strstr(text, "empty.p50"));
    drop_results(results);
}

static void a_large_run_fits_a_screen(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    for (unsigned i = 0; i < 92; i++) {
        vg_autofree char *test = vg_format("test-%u", i);
        struct vg_judgement *judgement =
            add_judgement(results, test, "native", i == 50 ? VG_FAIL : VG_PASS, i == 50 ? "broken" : NULL);
        add_value(judgement, "a.p50", i, "ns");
    }
    vg_autofree char *text = summary(results, false);
    assert_in_range(lines(text), 5, 24);
    assert_non_null(strstr(text, "test-50"));
    assert_non_null(strstr(text, "91 more tests passed"));
    drop_results(results);
}

static void the_terminal_obeys_nobody_else(void **state)
{
    (void)state;
    struct vg_results *results = make_results("\x1b]0;owned\x07");
    struct vg_judgement *judgement =
        add_judgement(results, "\x1b[2J", "\x1b[31m", VG_FAIL, "a\r\nAll 1 test passed\x9b");
    add_value(judgement, "\x1b[5m", 1, "\x1b[6m");
    vg_autofree char *plain = summary(results, false);
    for (const char *c = plain; *c; c++)
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
    assert_null(strstr(plain, "\nAll"));
    vg_autofree char *coloured = summary(results, true);
    assert_non_null(strstr(coloured, "\x1b[1;31mFAIL"));
    assert_null(strstr(coloured, "\x1b[2J"));
    drop_results(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_comes_first),         cmocka_unit_test(results_are_counted_not_tests),
        cmocka_unit_test(what_matters_comes_first),       cmocka_unit_test(trouble_is_explained_by_itself),
        cmocka_unit_test(changed_parameters_are_told),    cmocka_unit_test(the_page_is_the_last_line),
        cmocka_unit_test(numbers_have_units_and_limits),  cmocka_unit_test(a_large_run_fits_a_screen),
        cmocka_unit_test(the_terminal_obeys_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
