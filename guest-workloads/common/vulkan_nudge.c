/* SPDX-License-Identifier: MIT */
/* One more command where nothing moves (vulkan_nudge.h). */
#include "common/vulkan_nudge.h"

#include <pthread.h>

#define LOOK_NS  (100 * VG_NS_PER_MS)
#define STALL_NS (1 * VG_NS_PER_S)

/* Any command would do that goes to the host, belongs to nobody and takes no lock: the loader holds one while a device
 * is made or destroyed, which may be just where the other thread waits. Drivers keep answers, so each question is new.
 */
static void nudge_once(const struct vg_vk_nudge *nudge, unsigned number)
{
    enum { FORMATS = VK_FORMAT_R64G64B64A64_SFLOAT, USAGES = 6 };
    VkImageFormatProperties ignored;
    vkGetPhysicalDeviceImageFormatProperties(nudge->physical, (VkFormat)(1 + number % FORMATS), VK_IMAGE_TYPE_2D,
                                             VK_IMAGE_TILING_OPTIMAL, 1U << (number / FORMATS % USAGES), 0, &ignored);
}

static void *watch(void *argument)
{
    struct vg_vk_nudge *nudge = argument;
    unsigned long seen = 0;
    for (int64_t since_ns = vg_now_ns();;) {
        vg_sleep_ns(LOOK_NS);
        unsigned long jobs = atomic_load(&nudge->jobs);
        int64_t now_ns = vg_now_ns();
        if (jobs == seen && (jobs == 0 || now_ns - since_ns < STALL_NS))
            continue; /* also while it waits to begin */
        if (jobs == seen)
            nudge_once(nudge, atomic_fetch_add(&nudge->nudges, 1));
        seen = jobs;
        since_ns = vg_now_ns();
    }
    return NULL;
}

void vg_vk_nudge_begin(struct vg_vk_nudge *nudge, const struct vg_vk *vk)
{
    pthread_t thread;
    nudge->physical = vk->physical;
    if (pthread_create(&thread, NULL, watch, nudge) != 0)
        vg_w_invalid(vk->context, "cannot start the thread that looks whether anything moves");
}

void vg_vk_nudge_job(struct vg_vk_nudge *nudge)
{
    atomic_fetch_add(&nudge->jobs, 1);
}

void vg_vk_nudge_fact(const struct vg_vk_nudge *nudge, struct vg_workload_context *context)
{
    vg_w_fact_int(context, "nudges", atomic_load(&nudge->nudges));
}
