/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a native tenant: every Vulkan submission takes so many microseconds longer (SLOW_SUBMIT_US). What the
 * gate must notice. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <vulkan/vulkan.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

VKAPI_ATTR VkResult VKAPI_CALL vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    static PFN_vkQueueSubmit next;
    const char *delay = getenv("SLOW_SUBMIT_US");
    double end_us = now_us() + (delay ? atof(delay) : 0);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "vkQueueSubmit");
    while (now_us() < end_us)
        ;
    return next(queue, count, submits, fence);
}
