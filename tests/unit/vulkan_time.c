/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an instant of the GPU lies on the tenant's clock, with a made-up GPU: its rate, its drift, the wrap of its
 * counter, and drivers that do not tell or answer with another machine's clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "common/vulkan_time.h"

#define S VG_NS_PER_S

static VkTimeDomainEXT offered[2];
static int64_t elsewhere_ns; /* how far the driver's CPU clock is off */
static uint64_t gpu_ticks;

static VkResult domains(VkPhysicalDevice physical, uint32_t *count, VkTimeDomainEXT *into)
{
    (void)physical;
    assert_true(*count >= 2);
    *count = 2;
    memcpy(into, offered, sizeof(offered));
    return VK_SUCCESS;
}

PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance, const char *name)
{
    (void)instance;
    return strstr(name, "TimeDomains") ? (PFN_vkVoidFunction)domains : NULL;
}

static VkResult calibrate(VkDevice device, uint32_t count, const VkCalibratedTimestampInfoEXT *infos, uint64_t *stamps,
                          uint64_t *deviation)
{
    (void)device;
    assert_int_equal(count, 2);
    assert_int_equal(infos[0].timeDomain, VK_TIME_DOMAIN_DEVICE_EXT);
    stamps[0] = ++gpu_ticks;
    stamps[1] = (uint64_t)(vg_now_ns() + elsewhere_ns);
    *deviation = 1;
    return VK_SUCCESS;
}

static void instants_are_placed(void **state)
{
    (void)state;
    /* 36 bits at 1.25 MHz, wrapping in between; the tenant's clock runs 0.1 % faster than the GPU's says. */
    const struct vg_vk vk = { .timestamp_bits = 36, .timestamp_ns = 800 };
    const uint64_t top = UINT64_C(1) << 36;
    const struct vg_vk_instant begin = { .tenant_ns = 100 * S, .ticks = top - 1250000 };
    const struct vg_vk_instant end = { .tenant_ns = 102 * S + 2 * S / 1000, .ticks = 1250000 };
    assert_int_equal(vg_vk_ticks_between(&vk, begin.ticks, end.ticks), 2500000);
    assert_int_equal(vg_vk_tenant_time(&vk, &begin, &end, begin.ticks), begin.tenant_ns);
    assert_int_equal(vg_vk_tenant_time(&vk, &begin, &end, 0), 101 * S + S / 1000);
    assert_int_equal(vg_vk_tenant_time(&vk, &begin, &end, end.ticks), end.tenant_ns);
    const struct vg_vk wide = { .timestamp_bits = 64 };
    assert_int_equal(vg_vk_ticks_between(&wide, UINT64_MAX, 4), 5);
    assert_true(vg_vk_tenant_time(&vk, &begin, &begin, 7) < 0); /* a clock that stands still tells nothing */
}

static void clocks_are_compared_only_if_they_are_these(void **state)
{
    (void)state;
    struct vg_vk vk = { .timestamp_bits = 64 };
    struct vg_vk_instant instant;
    assert_non_null(strstr(vg_vk_compare_clocks(&vk, &instant), "no VK_EXT_calibrated_timestamps"));
    vk.calibrate = calibrate;
    offered[0] = VK_TIME_DOMAIN_DEVICE_EXT;
    offered[1] = VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT;
    assert_non_null(strstr(vg_vk_compare_clocks(&vk, &instant), "does not offer CLOCK_MONOTONIC_RAW"));
    offered[1] = VK_TIME_DOMAIN_CLOCK_MONOTONIC_RAW_EXT;
    int64_t before_ns = vg_now_ns();
    assert_null(vg_vk_compare_clocks(&vk, &instant));
    assert_true(instant.tenant_ns >= before_ns && instant.tenant_ns <= vg_now_ns());
    assert_true(instant.ticks > 0 && instant.uncertainty_ns >= 0);
    elsewhere_ns = -3600 * S; /* a host that was started an hour later */
    assert_non_null(strstr(vg_vk_compare_clocks(&vk, &instant), "is not this tenant's"));
    elsewhere_ns = S;
    assert_non_null(strstr(vg_vk_compare_clocks(&vk, &instant), "is not this tenant's"));
}

/* A clock that is off puts the GPU's work before its submission, or after it was seen complete. */
static void a_clock_that_is_off_shows(void **state)
{
    (void)state;
    const struct vg_vk vk = { .timestamp_bits = 64, .timestamp_ns = 1 };
    const struct {
        int64_t off_ns, outside_ns;
    } cases[] = {
        { 0, 0 }, { -10 * VG_NS_PER_MS, 10 * VG_NS_PER_MS - 20000 }, { 10 * VG_NS_PER_MS, 9970000 }, { 5000, 0 }
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_vk_instant begin = { .tenant_ns = S + cases[i].off_ns, .ticks = 0 };
        const struct vg_vk_instant end = { .tenant_ns = 2 * S + cases[i].off_ns, .ticks = S };
        int64_t t0_ns = S + 500, t2_ns = vg_vk_tenant_time(&vk, &begin, &end, 20500);
        int64_t t3_ns = vg_vk_tenant_time(&vk, &begin, &end, 70500), t4_ns = t0_ns + 100000;
        assert_int_equal(vg_vk_outside(t0_ns, t2_ns, t3_ns, t4_ns), cases[i].outside_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_placed),
        cmocka_unit_test(clocks_are_compared_only_if_they_are_these),
        cmocka_unit_test(a_clock_that_is_off_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
