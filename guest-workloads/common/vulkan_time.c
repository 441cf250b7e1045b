/* SPDX-License-Identifier: MIT */
/* GPU timestamps on the tenant's clock (vulkan_time.h). */
#include "common/vulkan_time.h"

#define TRIES 16

static bool compare_once(const struct vg_vk *vk, struct vg_vk_instant *instant)
{
    const VkCalibratedTimestampInfoEXT infos[] = {
        { .sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_DEVICE_EXT },
        { .sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT,
          .timeDomain = VK_TIME_DOMAIN_CLOCK_MONOTONIC_RAW_EXT },
    };
    uint64_t stamps[2], deviation;
    int64_t before_ns = vg_now_ns();
    VG_VK(vk, vk->calibrate(vk->device, 2, infos, stamps, &deviation));
    int64_t after_ns = vg_now_ns();
    int64_t cpu_ns = (int64_t)stamps[1];
    if (cpu_ns < before_ns || cpu_ns > after_ns)
        return false; /* another machine's clock */
    *instant =
        (struct vg_vk_instant) { .tenant_ns = cpu_ns, .ticks = stamps[0], .uncertainty_ns = after_ns - before_ns };
    return true;
}

static bool has_raw_clock(const struct vg_vk *vk)
{
    PFN_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT query =
        (PFN_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT)vkGetInstanceProcAddr(
            vk->instance, "vkGetPhysicalDeviceCalibrateableTimeDomainsEXT");
    VkTimeDomainEXT domains[16];
    uint32_t count = VG_COUNT(domains);
    if (!query || query(vk->physical, &count, domains) < 0)
        return false;
    bool device = false, raw = false;
    for (uint32_t i = 0; i < count; i++) {
        device |= domains[i] == VK_TIME_DOMAIN_DEVICE_EXT;
        raw |= domains[i] == VK_TIME_DOMAIN_CLOCK_MONOTONIC_RAW_EXT;
    }
    return device && raw;
}

const char *vg_vk_compare_clocks(const struct vg_vk *vk, struct vg_vk_instant *instant)
{
    if (!vk->calibrate)
        return "no VK_EXT_calibrated_timestamps";
    if (!has_raw_clock(vk))
        return "the driver does not offer CLOCK_MONOTONIC_RAW";
    for (int i = 0; i < TRIES; i++) {
        struct vg_vk_instant each;
        if (!compare_once(vk, &each))
            return "the driver's CLOCK_MONOTONIC_RAW is not this tenant's";
        if (i == 0 || each.uncertainty_ns < instant->uncertainty_ns)
            *instant = each;
    }
    return NULL;
}

uint64_t vg_vk_ticks_between(const struct vg_vk *vk, uint64_t a, uint64_t b)
{
    uint64_t mask = vk->timestamp_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << vk->timestamp_bits) - 1;
    return (b - a) & mask;
}

int64_t vg_vk_tenant_time(const struct vg_vk *vk, const struct vg_vk_instant *begin, const struct vg_vk_instant *end,
                          uint64_t ticks)
{
    uint64_t whole = vg_vk_ticks_between(vk, begin->ticks, end->ticks);
    if (whole == 0)
        return -1;
    double scale = (double)(end->tenant_ns - begin->tenant_ns) / (double)whole;
    return begin->tenant_ns + (int64_t)((double)vg_vk_ticks_between(vk, begin->ticks, ticks) * scale);
}

int64_t vg_vk_outside(int64_t t0_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns)
{
    int64_t before_ns = t0_ns > t2_ns ? t0_ns - t2_ns : 0;
    int64_t after_ns = t3_ns > t4_ns ? t3_ns - t4_ns : 0;
    return before_ns > after_ns ? before_ns : after_ns;
}
