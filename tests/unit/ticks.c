/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock of timed loops: when the counter is trusted, and that what it says is the kernel's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "common/ticks.h"
#include "support/clock_tree.h"

/* What the clock of a machine with these files is; NULL: a file that is not there. */
static struct ticks clock_of(const char *source, const char *cpu)
{
    struct vg_error err = { 0 };
    vg_autofree char *root = make_clock_tree(source, cpu);
    struct ticks ticks;
    ticks_open(&ticks, root);
    assert_true(vg_remove_tree(root, &err));
    return ticks;
}

static void trusts_what_the_kernel_keeps_time_by(void **state)
{
    (void)state;
#if defined(__x86_64__)
    assert_true(clock_of("tsc\n", good_cpu).counter);
#endif
    assert_false(clock_of("hpet\n", good_cpu).counter);
    assert_false(clock_of("tsc-early\n", good_cpu).counter);
    assert_false(clock_of("kvm-clock\n", good_cpu).counter);
    assert_false(clock_of("", good_cpu).counter);
    assert_false(clock_of(NULL, good_cpu).counter);
}

static void trusts_no_cpu_that_does_not_promise(void **state)
{
    (void)state;
    assert_false(clock_of("tsc\n", NULL).counter);
    assert_false(clock_of("tsc\n", "").counter);
    assert_false(clock_of("tsc\n", "\nflags\t: tsc rdtscp constant_tsc\n").counter);
    assert_false(clock_of("tsc\n", "\nflags\t: tsc rdtscp nonstop_tsc\n").counter);
    assert_false(clock_of("tsc\n", "\nflags\t: constant_tsc nonstop_tsc\n").counter);
    assert_false(clock_of("tsc\n", "\nflags\t: rdtscp xconstant_tsc nonstop_tscx\n").counter);
    /* Not of another line, and not of one that has no end. */
    assert_false(clock_of("tsc\n", "\nflags\t: rdtscp\nbugs\t: constant_tsc nonstop_tsc rdtscp\n").counter);
    assert_false(clock_of("tsc\n", "\nflags\t: rdtscp constant_tsc nonstop_tsc").counter);
}

static void a_clock_without_counter_is_the_kernels(void **state)
{
    (void)state;
    struct ticks ticks = clock_of(NULL, NULL);
    assert_non_null(ticks.why_not);
    ticks_start(&ticks);
    int64_t before_ns = vg_now_ns(), is_ns = ticks_now_ns(&ticks), after_ns = vg_now_ns();
    assert_true(before_ns <= is_ns && is_ns <= after_ns);
}

/* The one test that takes this machine's own: it says nothing where there is no counter to trust. */
static void the_counter_is_the_kernels_time(void **state)
{
    (void)state;
    struct ticks ticks;
    ticks_open(&ticks, "");
    ticks_start(&ticks);
    for (int i = 0; i < 20; i++) {
        vg_sleep_ns(2 * VG_NS_PER_MS);
        int64_t before_ns = vg_now_ns(), is_ns = ticks_ns(&ticks, ticks_read_after(&ticks)), after_ns = vg_now_ns();
        assert_true(is_ns > before_ns - TICKS_TRUSTED_NS && is_ns < after_ns + TICKS_TRUSTED_NS);
        ticks_compare(&ticks);
    }
    assert_true(ticks.error_ns <= TICKS_TRUSTED_NS + ticks.bracket_ns);
}

/* A counter whose rate changes after it was taken is found out. */
static void a_counter_that_changes_is_found_out(void **state)
{
    (void)state;
    struct ticks ticks;
    ticks_open(&ticks, "");
    if (!ticks.counter)
        skip();
    ticks_start(&ticks);
    ticks.scale += ticks.scale / 100;
    vg_sleep_ns(10 * VG_NS_PER_MS);
    ticks_compare(&ticks);
    assert_true(ticks.error_ns > 90 * VG_NS_PER_US);
    assert_true(ticks.error_ns > TICKS_TRUSTED_NS);
}

static void instants_before_the_last_comparison_are_right(void **state)
{
    (void)state;
    struct ticks ticks = { .counter = true, .base_ticks = 1000000, .base_ns = 500, .scale = UINT64_C(1) << 31 };
    assert_int_equal(ticks_ns(&ticks, 1000000), 500);
    assert_int_equal(ticks_ns(&ticks, 1000200), 600);
    assert_int_equal(ticks_ns(&ticks, 999800), 400);
    /* A day later, at 5 GHz: nothing overflows. */
    assert_int_equal(ticks_ns(&ticks, 1000000 + UINT64_C(432000000000000)), 500 + INT64_C(216000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusts_what_the_kernel_keeps_time_by),
        cmocka_unit_test(trusts_no_cpu_that_does_not_promise),
        cmocka_unit_test(a_clock_without_counter_is_the_kernels),
        cmocka_unit_test(the_counter_is_the_kernels_time),
        cmocka_unit_test(a_counter_that_changes_is_found_out),
        cmocka_unit_test(instants_before_the_last_comparison_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
