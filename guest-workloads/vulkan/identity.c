/* SPDX-License-Identifier: MIT */
/* Which Vulkan driver and device this tenant really has. The facts come with every Vulkan run
 * (common/vulkan_identity.c); this workload adds a job whose results are checked, so that a driver that only answers
 * questions is found out. */
#include "common/vulkan.h"

static void run(struct vg_workload_context *context)
{
    struct vg_vk vk;
    vg_vk_open(&vk, context);
    vg_w_barrier(context);
    unsigned verified = 0;
    for (uint32_t seed = 1; seed <= 4; seed++)
        verified += vg_vk_prove_compute(&vk, seed * UINT32_C(0x01000193) ^ (uint32_t)vg_now_ns());
    vg_w_fact_int(context, "verified_results", verified);
}

VG_WORKLOAD(vk_identity) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-identity",
    .summary = "names the Vulkan driver and device, and has it compute something that is checked",
    .why = "A vGPU that is missing often shows as a software driver that answers in its place",
    .needs = VG_NEED_VULKAN,
    .run = run,
};
