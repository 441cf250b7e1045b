/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line from a GPU's clock to the tenant's: rate and place over delays that only ever lengthen, over wraps of the
 * low word, and over a clock that cannot be one. And the closed form of the walk that proves that jobs were done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "base/base.h"
#include "vulkan/gpu-clock.h"
#include "vulkan/walk.h"

#define START INT64_C(12345678901234)

/* Jobs that end every step_ns, seen 20 us to 3 ms later; the clock ticks every tick_ns and begins at `first`. Seconds:
 * how far the placed instants are off at most, compared with the shortest delay. */
static double worst_error_ns(double tick_ns, uint32_t first, int64_t step_ns, size_t count, double *found_tick_ns)
{
    struct gpu_clock *clock = vg_calloc(1, sizeof(*clock));
    uint64_t *ticks = vg_calloc(count, sizeof(*ticks));
    int64_t zero_ns;
    for (size_t i = 0; i < count; i++) {
        int64_t end_ns = START + (int64_t)i * step_ns;
        int64_t delay_ns = 20000 + (int64_t)(i * 7919 % 31) * 96000;
        uint32_t reading = first + (uint32_t)(uint64_t)((double)(end_ns - START) / tick_ns);
        assert_true(gpu_clock_add(clock, reading, end_ns + delay_ns, &ticks[i]));
        if (i == 20)
            assert_true(gpu_clock_solve(clock, found_tick_ns, &zero_ns));
    }
    assert_true(gpu_clock_solve(clock, found_tick_ns, &zero_ns));
    double worst_ns = 0;
    for (size_t i = 0; i < count; i++) {
        double placed_ns = (double)(zero_ns - START) + (double)ticks[i] * *found_tick_ns;
        worst_ns = fmax(worst_ns, fabs(placed_ns - (double)i * (double)step_ns));
    }
    free(ticks);
    free(clock);
    return worst_ns;
}

static void the_line_is_found(void **state)
{
    (void)state;
    static const struct {
        double tick_ns;
        uint32_t first;
        int64_t step_ns;
        size_t count;
    } cases[] = {
        { 1, 0, 1000000, 5000 },              /* wraps once in 4.3 s */
        { 1, UINT32_MAX - 5, 1000000, 5000 }, /* at once, too */
        { 52.083, 17, 1000000, 5000 },        /* 19.2 MHz */
        { 0.4, 1, 5000000, 2000 },            /* 2.5 GHz: wraps every 1.7 s */
        { 1, 0, 1000000, 300 },               /* early and late points overlap */
        { 1, 0, 10000000, 64 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        double tick_ns;
        double error_ns = worst_error_ns(cases[i].tick_ns, cases[i].first, cases[i].step_ns, cases[i].count, &tick_ns);
        if (error_ns > 25000 || fabs(tick_ns / cases[i].tick_ns - 1) > 2e-5)
            fail_msg("case %zu: off by %.0f ns, tick %.9g", i, error_ns, tick_ns);
    }
}

/* A starved tenant reads the clock again after several wraps. */
static void wraps_are_counted_by_time(void **state)
{
    (void)state;
    struct gpu_clock *clock = vg_calloc(1, sizeof(*clock));
    uint64_t ticks = 0;
    double tick_ns;
    int64_t zero_ns;
    for (int64_t i = 0; i < 100; i++)
        assert_true(gpu_clock_add(clock, (uint32_t)(i * 1000000), START + i * 1000000, &ticks));
    assert_true(gpu_clock_solve(clock, &tick_ns, &zero_ns));
    const int64_t later_ns = INT64_C(13000000000);
    assert_true(gpu_clock_add(clock, (uint32_t)later_ns, START + later_ns + 300000, &ticks));
    assert_int_equal(ticks, later_ns);
    free(clock);
}

static void what_is_no_clock_is_refused(void **state)
{
    (void)state;
    struct gpu_clock *clock = vg_calloc(1, sizeof(*clock));
    uint64_t ticks;
    double tick_ns;
    int64_t zero_ns;
    assert_false(gpu_clock_solve(clock, &tick_ns, &zero_ns));
    assert_true(gpu_clock_add(clock, 5, START, &ticks));
    assert_false(gpu_clock_solve(clock, &tick_ns, &zero_ns));
    for (int i = 1; i < 50; i++)
        assert_true(gpu_clock_add(clock, 5, START + i * 1000000, &ticks));
    assert_false(gpu_clock_solve(clock, &tick_ns, &zero_ns)); /* it stands still */
    *clock = (struct gpu_clock) { 0 };
    for (uint32_t i = 0; i < 50; i++)
        assert_true(gpu_clock_add(clock, 100000000 + i * 1000000, START + i * 1000000, &ticks));
    assert_true(gpu_clock_solve(clock, &tick_ns, &zero_ns));
    assert_false(gpu_clock_add(clock, 100000000, START + 51000000, &ticks)); /* backwards */
    free(clock);
}

static void walks_end_where_their_steps_lead(void **state)
{
    (void)state;
    static const uint32_t lengths[] = { 0, 1, 2, 3, 64, 1000, 65537, 1234567 };
    for (size_t i = 0; i < VG_COUNT(lengths); i++) {
        struct walk walk = walk_of(lengths[i]);
        for (uint32_t index = 0; index < 3; index++) {
            uint32_t x = ((index + 1) * UINT32_C(0x9E3779B1)) ^ (77 * UINT32_C(0x85EBCA6B));
            for (uint32_t step = 0; step < lengths[i]; step++)
                x = x * WALK_MULTIPLIER + WALK_INCREMENT;
            assert_int_equal(walk_result(&walk, index, 77), x);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_is_found),
        cmocka_unit_test(wraps_are_counted_by_time),
        cmocka_unit_test(what_is_no_clock_is_refused),
        cmocka_unit_test(walks_end_where_their_steps_lead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
