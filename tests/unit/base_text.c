/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words, globs, foreign text, numbers: what every message and every check of input is built on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/base.h"

static void nearest_word(void **state)
{
    (void)state;
    static const char *const words[] = { "quick", "full", "ci", "certification", NULL };
    assert_string_equal(vg_nearest("quik", words, VG_COUNT(words)), "quick");
    assert_string_equal(vg_nearest("uqick", words, VG_COUNT(words)), "quick");
    assert_string_equal(vg_nearest("certifcation", words, VG_COUNT(words)), "certification");
    assert_string_equal(vg_nearest("QUICK", words, VG_COUNT(words)), "quick");
    assert_null(vg_nearest("placement-model", words, VG_COUNT(words)));
    vg_autofree char *hint = vg_did_you_mean("ful", words, VG_COUNT(words));
    assert_string_equal(hint, ", did you mean `full`?");
    vg_autofree char *none = vg_did_you_mean("something-else", words, VG_COUNT(words));
    assert_string_equal(none, "");
}

static void a_part_of_a_word(void **state)
{
    (void)state;
    static const char *const words[] = { "vk-submit", "submit-latency-long", "submit-latency", "fair-equal-throughput",
                                         NULL };
    static const struct {
        const char *word, *hint;
    } cases[] = {
        { "submit", ", did you mean `submit-latency`?" }, /* begins with it, before what only holds it; the shortest */
        { "Fair", ", did you mean `fair-equal-throughput`?" },
        { "throughput", ", did you mean `fair-equal-throughput`?" },
        { "fa", "" }, /* two letters are in too many words */
        { "", "" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_autofree char *hint = vg_did_you_mean(cases[i].word, words, VG_COUNT(words));
        assert_string_equal(hint, cases[i].hint);
    }
    assert_null(vg_nearest("submit", words, VG_COUNT(words))); /* near is by typing slips alone */
}

static void selection_by_globs(void **state)
{
    (void)state;
    assert_true(vg_select(NULL, "a"));
    assert_true(vg_select("", "a"));
    assert_true(vg_select("fair-*", "fair-equal"));
    assert_false(vg_select("fair-*", "api-driver"));
    assert_true(vg_select("fair-*, api-*", "api-driver"));
    assert_false(vg_select("*,!api-*", "api-driver"));
    assert_false(vg_select("!api-*,*", "api-driver"));
    assert_true(vg_select("!api-*", "fair-equal")); /* only negations: everything else */
}

static void foreign_text_is_shown_harmlessly(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *shown;
    } cases[] = {
        { "plain", 5, "plain" },
        { "\033[2Jgone", 8, "\\x1b[2Jgone" },
        { "a\nb\rc\0d", 7, "a\\x0ab\\x0dc\\x00d" },
        { "gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f" },
        { "\xc3(", 2, "\\xc3(" },                 /* broken sequence */
        { "\xc0\xaf", 2, "\\xc0\\xaf" },          /* overlong */
        { "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" }, /* surrogate */
        { "\xe2\x80\xae"
          "abc",
          6,
          "\\xe2\\x80\\xae"
          "abc" }, /* right-to-left override */
        { "\xc2\x9b"
          "31m",
          5,
          "\\xc2\\x9b"
          "31m" }, /* C1 control sequence introducer */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_autofree char *shown = vg_printable(cases[i].bytes, cases[i].length, 1000);
        assert_string_equal(shown, cases[i].shown);
    }
    vg_autofree char *cut = vg_printable("0123456789", 10, 4);
    assert_string_equal(cut, "0123...");
}

static void strict_numbers(void **state)
{
    (void)state;
    long long integer;
    double real;
    assert_true(vg_parse_int("-12", &integer) && integer == -12);
    static const char *const not_integers[] = { "", " 1", "1 ", "12x", "1.0", "99999999999999999999", "0x10" };
    for (size_t i = 0; i < VG_COUNT(not_integers); i++)
        assert_false(vg_parse_int(not_integers[i], &integer));
    assert_true(vg_parse_real("0.10", &real));
    assert_float_equal(real, 0.10, 1e-12);
    static const char *const not_reals[] = { "", "nan", "inf", "1e999", "0x1p3", "1,5", "1 ", "-" };
    for (size_t i = 0; i < VG_COUNT(not_reals); i++)
        assert_false(vg_parse_real(not_reals[i], &real));
}

static void cpu_lists(void **state)
{
    (void)state;
    cpu_set_t set;
    assert_int_equal(vg_parse_cpu_list("0-3,5", &set), 5);
    assert_true(CPU_ISSET(5, &set) && !CPU_ISSET(4, &set));
    static const char *const wrong[] = { "", "a", "3-1", "0,", "-1", "0-99999" };
    for (size_t i = 0; i < VG_COUNT(wrong); i++)
        assert_int_equal(vg_parse_cpu_list(wrong[i], &set), 0);
}

static void quantities_for_people(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *unit, *text;
    } cases[] = {
        { 31250, "ns", "31.25 us" },       { 950, "ns", "950 ns" },  { 12.5e6, "ns", "12.50 ms" }, { 3e9, "ns", "3 s" },
        { 268435456, "bytes", "256 MiB" }, { 0.0312, "1", "0.031" }, { 99.5, "%", "99.50 %" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_autofree char *text = vg_quantity_text(cases[i].value, cases[i].unit);
        assert_string_equal(text, cases[i].text);
    }
    vg_autofree char *missing = vg_quantity_text(0.0 / 0.0, "ns");
    assert_string_equal(missing, "-");
    vg_autofree char *minutes = vg_duration_text(92);
    assert_string_equal(minutes, "1 m 32 s");
}

static void growing_text_and_arrays(void **state)
{
    (void)state;
    struct vg_text text = { 0 };
    for (int i = 0; i < 1000; i++)
        vg_text_add(&text, "%d,", i % 10);
    assert_int_equal(text.length, 2000);
    assert_int_equal(strlen(text.data), 2000);
    vg_text_free(&text);
    int *numbers = NULL;
    size_t count = 0;
    for (int i = 0; i < 1000; i++)
        vg_push(numbers, count) = i;
    assert_int_equal(count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    free(numbers);
}

static void errors_gather_context(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_false(vg_fail(&err, VG_ERROR_INPUT, "no %s", "plan"));
    assert_false(vg_wrap(&err, "while reading %s", "x.yaml"));
    assert_string_equal(err.text, "while reading x.yaml: no plan");
    assert_int_equal(vg_error_exit_status(&err), 2);
    vg_autofree char *long_text = vg_calloc(5000, 1);
    memset(long_text, 'x', 4999);
    vg_fail(&err, VG_ERROR_ENVIRONMENT, "%s", long_text);
    vg_wrap(&err, "context");
    assert_true(strlen(err.text) < sizeof(err.text));
    assert_int_equal(vg_error_exit_status(&err), 3);
}

static void large_arrays_are_zero_and_aligned(void **state)
{
    (void)state;
    static const size_t counts[] = { 0, 1, 1000, 3 << 20 };
    for (size_t i = 0; i < VG_COUNT(counts); i++) {
        vg_autofree unsigned char *array = vg_calloc_large(counts[i], 1);
        assert_int_equal((uintptr_t)array % 128, 0);
        for (size_t j = 0; j < counts[i]; j += 997)
            assert_int_equal(array[j], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_arrays_are_zero_and_aligned),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(a_part_of_a_word),
        cmocka_unit_test(selection_by_globs),
        cmocka_unit_test(foreign_text_is_shown_harmlessly),
        cmocka_unit_test(strict_numbers),
        cmocka_unit_test(cpu_lists),
        cmocka_unit_test(quantities_for_people),
        cmocka_unit_test(growing_text_and_arrays),
        cmocka_unit_test(errors_gather_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
