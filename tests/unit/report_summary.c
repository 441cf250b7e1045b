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
    expect(results, "All 2 tests passed on host reference.\n");
    add_judgement(results, "identity", "native", VG_SKIP, "needs a VM");
    expect(results, "2 of 3 tests passed on host reference; the others were skipped.\n");
    add_judgement(results, "fair", "native", VG_FAIL, "peer.1 got 38.2 %");
    add_judgement(results, "latency", "native", VG_INVALID, "the host was busy");
    expect(results, "1 of 4 tests failed: fair; 1 of 4 gave no valid result: latency (host reference).\n");
    expect(results, "native: peer.1 got 38.2 %\n");
    expect(results, "virtio-venus pass, native fail\n");
    expect(results, "2 pass, 1 fail, 1 invalid, 2 skip (6 instances), took 3 m 20 s");
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
        cmocka_unit_test(the_answer_comes_first),
        cmocka_unit_test(numbers_have_units_and_limits),
        cmocka_unit_test(a_large_run_fits_a_screen),
        cmocka_unit_test(the_terminal_obeys_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
