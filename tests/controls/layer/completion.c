/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: completions that come late, never, or not in the order of submission. The work itself is done. */
#include "layer.h"

#define LATE_US_DEFAULT    2000 /* VGAUGE_CONTROL_LATE_US */
#define LOST_EVERY_DEFAULT 300  /* VGAUGE_CONTROL_EVERY */
#define HELD_NS            (INT64_C(20) * 1000000)

static VkResult forward(struct layer_device *d, VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                        VkFence fence)
{
    pthread_mutex_lock(&d->queues);
    VkResult result = d->QueueSubmit(queue, count, submits, fence);
    pthread_mutex_unlock(&d->queues);
    return result;
}

/* --- late ----------------------------------------------------------------------------------------------------------
 */

static void wait_before(void)
{
    layer_sleep_ns(layer_number("VGAUGE_CONTROL_LATE_US", LATE_US_DEFAULT) * 1000);
}

static VKAPI_ATTR VkResult VKAPI_CALL submit_late(VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                                                  VkFence fence)
{
    wait_before();
    return forward(layer_find(queue), queue, count, submits, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL submit2_late(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits,
                                                   VkFence fence)
{
    wait_before();
    return layer_find(queue)->QueueSubmit2(queue, count, submits, fence);
}

/* --- the completing part of a submission ----------------------------------------------------------------------------
 */

/* A guest's driver learns of a completion from a last command buffer that it added, which writes a word for it; without
 * such, from the fence. A submission with semaphores is left alone. */
struct completion {
    VkCommandBuffer last; /* NULL: none */
    VkFence fence;
};

static bool split(uint32_t count, const VkSubmitInfo *submits, VkFence fence, VkSubmitInfo *work,
                  struct completion *completion)
{
    if (count != 1 || submits->pNext || submits->waitSemaphoreCount || submits->signalSemaphoreCount ||
        submits->commandBufferCount == 0)
        return false;
    *work = *submits;
    *completion = (struct completion) { .fence = fence };
    if (submits->commandBufferCount > 1 || !fence) {
        work->commandBufferCount--;
        completion->last = submits->pCommandBuffers[work->commandBufferCount];
    }
    return true;
}

static VkResult complete(struct layer_device *d, VkQueue queue, const struct completion *completion)
{
    const VkSubmitInfo last = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &completion->last,
    };
    return d->QueueSubmit(queue, completion->last ? 1 : 0, &last, completion->fence);
}

/* --- lost ----------------------------------------------------------------------------------------------------------
 */

static VKAPI_ATTR VkResult VKAPI_CALL submit_lost(VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                                                  VkFence fence)
{
    static atomic_ulong submissions;
    struct layer_device *d = layer_find(queue);
    struct completion completion;
    VkSubmitInfo work;
    long every = layer_number("VGAUGE_CONTROL_EVERY", LOST_EVERY_DEFAULT);
    if (!split(count, submits, fence, &work, &completion) || ++submissions % (unsigned long)every != 0)
        return forward(d, queue, count, submits, fence);
    return forward(d, queue, work.commandBufferCount ? 1 : 0, &work, VK_NULL_HANDLE);
}

/* --- reordered ------------------------------------------------------------------------------------------------------
 */

/* Of every second submission the work is done at once and the completion is held back until the next one's has gone
 * ahead of it; for a tenant that has only one in flight, for a while. */
static struct held {
    struct layer_device *device; /* NULL: nothing is held */
    VkQueue queue;
    struct completion completion;
    int64_t since_ns;
} held[LAYER_QUEUES];
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;

static void let_go(struct held *one)
{
    struct layer_device *d = one->device;
    one->device = NULL;
    if (d && d->device && complete(d, one->queue, &one->completion) != VK_SUCCESS)
        layer_say("a completion that was held back cannot be submitted");
}

static void *watch_held(void *unused)
{
    (void)unused;
    for (;;) {
        layer_sleep_ns(HELD_NS / 4);
        pthread_mutex_lock(&held_lock);
        for (int i = 0; i < LAYER_QUEUES; i++)
            if (held[i].device && layer_now_ns() - held[i].since_ns > HELD_NS)
                let_go(&held[i]);
        pthread_mutex_unlock(&held_lock);
    }
    return NULL;
}

static void start_watching(struct layer_device *device)
{
    static bool started;
    pthread_t thread;
    (void)device;
    if (!started && pthread_create(&thread, NULL, watch_held, NULL) == 0)
        started = true;
}

static struct held *held_of(VkQueue queue)
{
    for (int i = 0; i < LAYER_QUEUES; i++)
        if (held[i].device && held[i].queue == queue)
            return &held[i];
    return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL submit_reordered(VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                                                       VkFence fence)
{
    struct layer_device *d = layer_find(queue);
    struct completion completion;
    VkSubmitInfo work;
    VkResult result;
    pthread_mutex_lock(&held_lock);
    struct held *before = held_of(queue), *place = NULL;
    for (int i = 0; i < LAYER_QUEUES && !place; i++)
        place = held[i].device ? NULL : &held[i];
    if (!before && place && split(count, submits, fence, &work, &completion)) {
        result = d->QueueSubmit(queue, work.commandBufferCount ? 1 : 0, &work, VK_NULL_HANDLE);
        *place = (struct held) { d, queue, completion, layer_now_ns() };
    } else {
        result = d->QueueSubmit(queue, count, submits, fence);
        if (before)
            let_go(before);
    }
    pthread_mutex_unlock(&held_lock);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL queue_idle(VkQueue queue)
{
    pthread_mutex_lock(&held_lock);
    struct held *one = held_of(queue);
    if (one)
        let_go(one);
    VkResult result = layer_find(queue)->QueueWaitIdle(queue);
    pthread_mutex_unlock(&held_lock);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL device_idle(VkDevice device)
{
    struct layer_device *d = layer_find(device);
    pthread_mutex_lock(&held_lock);
    for (int i = 0; i < LAYER_QUEUES; i++)
        if (held[i].device == d)
            let_go(&held[i]);
    VkResult result = d->DeviceWaitIdle(device);
    pthread_mutex_unlock(&held_lock);
    return result;
}

const struct control layer_completion_controls[] = {
    { .name = "late-completion", .QueueSubmit = submit_late, .QueueSubmit2 = submit2_late },
    { .name = "lost-completion", .QueueSubmit = submit_lost },
    { .name = "reordered-completion",
      .device = start_watching,
      .QueueSubmit = submit_reordered,
      .QueueWaitIdle = queue_idle,
      .DeviceWaitIdle = device_idle },
    { 0 },
};
