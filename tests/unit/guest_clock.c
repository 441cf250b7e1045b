/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an emulated guest is told about the rate of its clock, on recorded trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "common/ticks.h"
#include "engine/internal.h"
#include "support/clock_tree.h"

/* On a host whose kernel keeps time by this. Caller frees. */
static char *option_of(enum vg_accel accel, const char *source)
{
    struct vg_error err = { 0 };
    vg_autofree char *root = make_clock_tree(source, good_cpu);
    char *option = vg_guest_clock_option(accel, root);
    assert_true(vg_remove_tree(root, &err));
    return option;
}

static void nobody_is_told_what_is_not_known(void **state)
{
    (void)state;
    assert_null(option_of(VG_ACCEL_KVM, "tsc\n"));
    assert_null(option_of(VG_ACCEL_TCG, "hpet\n"));
    assert_null(option_of(VG_ACCEL_TCG, "kvm-clock\n"));
}

static void an_emulated_guest_is_told_the_rate(void **state)
{
    (void)state;
#if defined(__x86_64__)
    vg_autofree char *option = option_of(VG_ACCEL_TCG, "tsc\n");
    unsigned khz = 0;
    int length = 0;
    assert_non_null(option);
    assert_int_equal(sscanf(option, "tsc_early_khz=%u%n", &khz, &length), 1);
    assert_int_equal(length, strlen(option));
    /* Counted in another way: the guest refines the rate if it is within 1 %. Somebody may have had the CPU between a
     * reading and the next, but not each time. */
    bool close = false;
    for (int i = 0; i < 100 && !close; i++) {
        int64_t start_ns = vg_now_ns();
        uint64_t start = __rdtsc();
        vg_sleep_ns(5 * VG_NS_PER_MS);
        int64_t end_ns = vg_now_ns();
        double counted_khz = (double)(__rdtsc() - start) / (double)(end_ns - start_ns) * 1e6;
        close = khz > 0.99 * counted_khz && khz < 1.01 * counted_khz;
    }
    assert_true(close);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_told_what_is_not_known),
        cmocka_unit_test(an_emulated_guest_is_told_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
