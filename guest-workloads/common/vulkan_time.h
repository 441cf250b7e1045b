/* SPDX-License-Identifier: MIT */
/* GPU timestamps on the tenant's clock. The two clocks drift apart, so they are compared at the begin and at the end of
 * a measurement, and an instant in between is interpolated. */
#ifndef VG_WORKLOAD_VULKAN_TIME_H
#define VG_WORKLOAD_VULKAN_TIME_H

#include "common/vulkan.h"

struct vg_vk_instant {
    int64_t tenant_ns;
    uint64_t ticks;
    int64_t uncertainty_ns;
};

/* One comparison of the clocks: the best of a few. NULL, or why it cannot be: the driver does not offer it, or what it
 * calls CLOCK_MONOTONIC_RAW is not this tenant's (a driver may forward the question to the host). */
const char *vg_vk_compare_clocks(const struct vg_vk *vk, struct vg_vk_instant *instant);
/* Ticks from a to b, over a wrap of the counter. */
uint64_t vg_vk_ticks_between(const struct vg_vk *vk, uint64_t a, uint64_t b);
int64_t vg_vk_tenant_time(const struct vg_vk *vk, const struct vg_vk_instant *begin, const struct vg_vk_instant *end,
                          uint64_t ticks);
/* How far the GPU's begin (t2) lies before the submission (t0), or its end (t3) after completion was seen (t4): the
 * farther of the two; 0: neither does. The clocks' uncertainty explains that much and no more. */
int64_t vg_vk_outside(int64_t t0_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns);

#endif
