/* SPDX-License-Identifier: MIT */
/* One more command where nothing moves (vulkan_nudge.h). */
#include "common/vulkan_nudge.h"

#include <pthread.h>

#define LOOK_NS  (100 * VG_NS_PER_MS)
#define STALL_NS (1 * VG_NS_PER_S)

/* Any command would do that goes to the host and belongs to nobody: a device that comes and goes. That it may fail is
 * no matter. */
static void nudge_once(const struct vg_vk_nudge *nudge)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = nudge->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
    };
    VkDevice device;
    if (vkCreateDevice(nudge->physical, &info, NULL, &device) == VK_SUCCESS)
        vkDestroyDevice(device, NULL);
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
        if (jobs == seen) {
            nudge_once(nudge);
            atomic_fetch_add(&nudge->nudges, 1);
        }
        seen = jobs;
        since_ns = vg_now_ns();
    }
    return NULL;
}

void vg_vk_nudge_begin(struct vg_vk_nudge *nudge, const struct vg_vk *vk)
{
    pthread_t thread;
    nudge->physical = vk->physical;
    nudge->family = vk->family;
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
