/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our statistics against R's: the cases that tests/reference/statistics.R printed, and, where R is installed, the cases
 * that it prints now. Runs from the root of the source tree. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/base.h"
#include "statistics/statistics.h"

#define TOLERANCE 1e-9

enum { R_TIMEOUT_MS = 60000, MOST_BYTES = 4 << 20, LEAST_CASES = 200 };

struct reader {
    char *rest;
    unsigned line;
};

static double number(struct reader *reader)
{
    char *end;
    double value = strtod(reader->rest, &end);
    if (end == reader->rest)
        fail_msg("line %u: a number is missing", reader->line);
    reader->rest = end;
    return value;
}

static double *list(struct reader *reader, size_t *count)
{
    *count = (size_t)number(reader);
    double *values = vg_calloc(*count, sizeof(*values));
    for (size_t i = 0; i < *count; i++)
        values[i] = number(reader);
    return values;
}

static void near(const struct reader *reader, const char *what, double ours, double r)
{
    bool same = isinf(r) ? ours == r : fabs(ours - r) <= TOLERANCE * fmax(1, fabs(r));
    if (!same)
        fail_msg("line %u: %s is %.17g, R has %.17g", reader->line, what, ours, r);
}

static void check_samples(struct reader *reader, bool paired, bool has_interval, bool exact)
{
    size_t n, m;
    vg_autofree double *x = list(reader, &n), *y = list(reader, &m);
    double shift = number(reader), confidence = number(reader);
    struct vg_rank_test test =
        paired ? vg_signed_rank_test_greater(x, y, n, shift) : vg_rank_test_greater(x, n, y, m, shift);
    struct vg_shift range = paired ? vg_paired_shift(x, y, n, confidence) : vg_shift(x, n, y, m, confidence);
    assert_int_equal(test.method, exact ? VG_RANK_EXACT : VG_RANK_NORMAL);
    near(reader, "the statistic", test.u, number(reader));
    near(reader, "p", test.p, number(reader));
    near(reader, "the estimate", range.estimate, number(reader));
    if (has_interval) {
        near(reader, "the lower limit", range.lower, number(reader));
        near(reader, "the upper limit", range.upper, number(reader));
    }
}

static void check_ties(struct reader *reader)
{
    size_t n, m;
    vg_autofree double *x = list(reader, &n), *y = list(reader, &m);
    struct vg_rank_test test = vg_rank_test_greater(x, n, y, m, 0);
    near(reader, "U", test.u, number(reader));
    near(reader, "p", test.p, number(reader));
}

static void check_adjust(struct reader *reader)
{
    size_t count;
    vg_autofree double *p = list(reader, &count);
    vg_adjust_benjamini_hochberg(p, count, (size_t)number(reader));
    for (size_t i = 0; i < count; i++)
        near(reader, "the adjusted p", p[i], number(reader));
}

static void check_proportion(struct reader *reader)
{
    size_t k = (size_t)number(reader), n = (size_t)number(reader);
    double confidence = number(reader);
    near(reader, "the bound", vg_upper_proportion(k, n, confidence), number(reader));
}

static void check_line(struct reader *reader)
{
    size_t n, m;
    vg_autofree double *x = list(reader, &n), *y = list(reader, &m);
    struct vg_line line = vg_line_fit(x, y, n, number(reader));
    near(reader, "the slope", line.slope, number(reader));
    near(reader, "its lower limit", line.slope_lower, number(reader));
    near(reader, "its upper limit", line.slope_upper, number(reader));
    near(reader, "the intercept", line.intercept, number(reader));
    near(reader, "its lower limit", line.intercept_lower, number(reader));
    near(reader, "its upper limit", line.intercept_upper, number(reader));
    near(reader, "r squared", line.r_squared, number(reader));
}

/* How many cases there were. */
static unsigned check_all(char *text)
{
    struct reader reader = { 0 };
    for (char *line; (line = strsep(&text, "\n")) != NULL && *line;) {
        char *kind = strsep(&line, " ");
        reader.line++;
        reader.rest = line;
        if (vg_equal(kind, "exact"))
            check_samples(&reader, false, true, true);
        else if (vg_equal(kind, "normal"))
            check_samples(&reader, false, false, false);
        else if (vg_equal(kind, "ties"))
            check_ties(&reader);
        else if (vg_equal(kind, "paired"))
            check_samples(&reader, true, true, true);
        else if (vg_equal(kind, "paired-normal"))
            check_samples(&reader, true, false, false);
        else if (vg_equal(kind, "adjust"))
            check_adjust(&reader);
        else if (vg_equal(kind, "proportion"))
            check_proportion(&reader);
        else if (vg_equal(kind, "line"))
            check_line(&reader);
        else
            fail_msg("line %u: unknown kind %s", reader.line, kind);
    }
    return reader.line;
}

static void agrees_with_the_cases_of_r(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *text = NULL;
    size_t length;
    if (!vg_read_file("tests/unit/data/statistics/reference.txt", MOST_BYTES, &text, &length, &err))
        fail_msg("%s", err.text);
    unsigned cases = check_all(text);
    print_message("%u cases agree with R to %g\n", cases, TOLERANCE);
    assert_true(cases >= LEAST_CASES);
}

static void agrees_with_the_r_that_is_here(void **state)
{
    (void)state;
    static const char *const command[] = { "Rscript", "tests/reference/statistics.R", NULL };
    struct vg_error err = { 0 };
    vg_autofree char *text = NULL;
    int status;
    if (!vg_run_command(command, R_TIMEOUT_MS, MOST_BYTES, &text, &status, &err)) {
        print_message("R is not installed here (%s): only its stored cases were compared\n", err.text);
        return;
    }
    if (status != 0)
        fail_msg("Rscript: %s", text);
    unsigned cases = check_all(text);
    print_message("%u cases agree with this R to %g\n", cases, TOLERANCE);
    assert_true(cases >= LEAST_CASES);
}

/* By hand, from the binomial distribution: of 9 values P(X <= 1) = 10/512, and P(X <= 2) = 46/512 is over 2.5 %. */
static void medians_have_an_interval(void **state)
{
    (void)state;
    static const unsigned counts[] = { 0, 1, 5, 6, 8, 9, 20, 30 }, ranks[] = { 0, 0, 0, 1, 1, 2, 6, 10 };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        assert_int_equal(vg_median_rank(counts[i], 0.95), ranks[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_have_an_interval),
        cmocka_unit_test(agrees_with_the_cases_of_r),
        cmocka_unit_test(agrees_with_the_r_that_is_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
