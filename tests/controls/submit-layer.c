/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Vulkan layer that makes submissions worse in a known way: a driver or a host that regressed, whose size of the
 * regression is known. $SUBMIT_LAYER says how (tests/controls/submit-layer):
 *
 *   pass             not at all: what the layer itself costs, its bookkeeping included
 *   fixed:NS         each takes NS longer
 *   part:FRACTION    each is seen FRACTION of the median latency later; one in 16 goes untouched, so that the layer
 * knows what the others would have taken, and that what a delay overlaps with does not make it smaller random:RATE:NS
 * one in 1/RATE, at random, takes NS longer batch:COUNT:NS   held back until COUNT are there, or the first of them has
 * waited for NS
 *   ask:SOCKET       a manager in the path: each asks the process at the other end of a Unix socket for leave, a byte
 *                    there and a byte back, and waits for it
 *
 * Delays are spent at the clock, not asleep: a sleep would end at some timer tick. One queue at a time is served, as
 * the workloads have it. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define EXPORT VK_LAYER_EXPORT VKAPI_ATTR

enum mode { PASS, FIXED, PART, RANDOM, BATCH, ASK };
enum { HELD_MAX = 64, HANDLES_MAX = 16, LATENCIES = 31, DEVICES_MAX = 16, UNTOUCHED_EVERY = 16 };

static enum mode mode;
static double fraction; /* also a rate */
static int64_t delay_ns;
static unsigned batch;
static struct sockaddr_un manager = { .sun_family = AF_UNIX };

/* A device, found again by the loader's table that all of its handles begin with. */
static struct device {
    void *key;
    VkDevice handle;
    PFN_vkGetDeviceProcAddr get;
    PFN_vkDestroyDevice destroy;
    PFN_vkQueueSubmit submit;
    PFN_vkQueueSubmit2 submit2;
    PFN_vkWaitForFences wait;
    PFN_vkGetFenceStatus status;
    PFN_vkWaitSemaphores wait_semaphores;
    PFN_vkGetSemaphoreCounterValue counter;
} devices[DEVICES_MAX];
static struct {
    void *key;
    PFN_vkGetInstanceProcAddr get;
} instances[DEVICES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* PART: when the newest submission came and how much of its latency is ours (0: it was left untouched); the newest
 * latencies without it, of those left untouched and of the others. */
static _Atomic int64_t entered_ns, ours_ns;
static struct latencies {
    int64_t newest[LATENCIES];
    unsigned count;
} untouched, delayed;
static unsigned submitted;

/* BATCH: copies of what is held back. */
static struct held {
    VkQueue queue;
    struct device *device;
    VkFence fence;
    VkSubmitInfo info;
    VkTimelineSemaphoreSubmitInfo timeline;
    VkSemaphore waits[HANDLES_MAX], signals[HANDLES_MAX];
    VkPipelineStageFlags stages[HANDLES_MAX];
    VkCommandBuffer commands[HANDLES_MAX];
    uint64_t wait_values[HANDLES_MAX], signal_values[HANDLES_MAX];
} held[HELD_MAX];
static unsigned held_count;
static int64_t held_since_ns;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *key_of(const void *dispatchable)
{
    return *(void *const *)dispatchable;
}

static struct device *device_of(const void *dispatchable)
{
    for (unsigned i = 0; i < DEVICES_MAX; i++)
        if (devices[i].key == key_of(dispatchable))
            return &devices[i];
    fprintf(stderr, "submit-layer: a call for a device that was never made\n");
    abort();
}

__attribute__((constructor)) static void read_mode(void)
{
    const char *text = getenv("SUBMIT_LAYER");
    long long ns = 0;
    double part = 0;
    unsigned count = 0;
    if (!text || strcmp(text, "pass") == 0) {
        mode = PASS;
    } else if (sscanf(text, "fixed:%lld", &ns) == 1) {
        mode = FIXED;
    } else if (sscanf(text, "part:%lf", &part) == 1) {
        mode = PART;
    } else if (sscanf(text, "random:%lf:%lld", &part, &ns) == 2) {
        mode = RANDOM;
    } else if (sscanf(text, "batch:%u:%lld", &count, &ns) == 2 && count > 0 && count <= HELD_MAX) {
        mode = BATCH;
    } else if (strncmp(text, "ask:/", 5) == 0 && strlen(text + 4) < sizeof(manager.sun_path)) {
        mode = ASK;
        memcpy(manager.sun_path, text + 4, strlen(text + 4) + 1);
    } else {
        fprintf(stderr,
                "submit-layer: SUBMIT_LAYER=%s is none of pass, fixed:NS, part:FRACTION, random:RATE:NS, "
                "batch:COUNT:NS, ask:/SOCKET\n",
                text);
        abort();
    }
    delay_ns = ns;
    fraction = part;
    batch = count;
}

static double median(const struct latencies *of)
{
    int64_t sorted[LATENCIES];
    unsigned count = of->count < LATENCIES ? of->count : LATENCIES;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at > 0 && sorted[at - 1] > of->newest[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = of->newest[i];
    }
    return count ? (double)sorted[count / 2] : 0;
}

/* As long as it takes for the whole to be (1 + fraction) of what it would have been. */
static int64_t partial_delay_ns(void)
{
    if (submitted++ % UNTOUCHED_EVERY == 0)
        return 0;
    double alone = median(&untouched), rest = delayed.count ? median(&delayed) : alone;
    double wanted = (1 + fraction) * alone - rest;
    return wanted > 1 ? (int64_t)wanted : 1;
}

/* Numerical Recipes' 64-bit congruential generator; its upper half is random enough. */
static bool strikes(void)
{
    static _Atomic uint64_t state = 1;
    uint64_t next = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    state = next;
    return (double)(next >> 32) < fraction * 4294967296.0;
}

/* A manager that is gone is no manager that says no: the test would be of something else. */
static void ask(void)
{
    static int line = -1;
    char byte = '?';
    if (line < 0) {
        line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(line, (struct sockaddr *)&manager, sizeof(manager)) < 0) {
            fprintf(stderr, "submit-layer: %s: %s\n", manager.sun_path, strerror(errno));
            abort();
        }
    }
    if (write(line, &byte, 1) != 1 || read(line, &byte, 1) != 1) {
        fprintf(stderr, "submit-layer: the manager at %s is gone\n", manager.sun_path);
        abort();
    }
}

static void delay(void)
{
    if (mode == ASK)
        ask();
    int64_t start_ns = now_ns(), until_ns = start_ns;
    if (mode == FIXED || (mode == RANDOM && strikes()))
        until_ns += delay_ns;
    else if (mode == PART)
        until_ns += partial_delay_ns();
    int64_t end_ns = start_ns;
    while (end_ns < until_ns)
        end_ns = now_ns();
    ours_ns = until_ns > start_ns ? end_ns - start_ns : 0;
    entered_ns = start_ns;
}

/* A submission is over, as far as the application sees. */
static void seen(void)
{
    int64_t since_ns = atomic_exchange(&entered_ns, 0);
    struct latencies *into = ours_ns ? &delayed : &untouched;
    if (since_ns)
        into->newest[into->count++ % LATENCIES] = now_ns() - since_ns - ours_ns;
}

/* --- batches --------------------------------------------------------------------------------------------------------
 */

static VkResult flush(void)
{
    VkResult result = VK_SUCCESS;
    for (unsigned i = 0; i < held_count && result == VK_SUCCESS; i++)
        result = held[i].device->submit(held[i].queue, 1, &held[i].info, held[i].fence);
    held_count = 0;
    return result;
}

/* Until they go by themselves: whoever asks for one of them waits as long as it has to. */
static VkResult flush_due(bool wait)
{
    VkResult result = VK_SUCCESS;
    pthread_mutex_lock(&lock);
    while (wait && held_count && now_ns() - held_since_ns < delay_ns)
        ;
    if (held_count && (held_count >= batch || now_ns() - held_since_ns >= delay_ns))
        result = flush();
    pthread_mutex_unlock(&lock);
    return result;
}

static bool hold(struct device *device, VkQueue queue, const VkSubmitInfo *info, VkFence fence)
{
    const VkTimelineSemaphoreSubmitInfo *timeline = info->pNext;
    if (info->waitSemaphoreCount > HANDLES_MAX || info->signalSemaphoreCount > HANDLES_MAX ||
        info->commandBufferCount > HANDLES_MAX ||
        (timeline && (timeline->sType != VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO || timeline->pNext)))
        return false;
    struct held *into = &held[held_count];
    *into = (struct held) { .queue = queue, .device = device, .fence = fence, .info = *info };
#define COPY(to, from, count)                                                                                          \
    if (from)                                                                                                          \
    memcpy(to, from, (count) * sizeof(*(to)))
    COPY(into->waits, info->pWaitSemaphores, info->waitSemaphoreCount);
    COPY(into->stages, info->pWaitDstStageMask, info->waitSemaphoreCount);
    COPY(into->commands, info->pCommandBuffers, info->commandBufferCount);
    COPY(into->signals, info->pSignalSemaphores, info->signalSemaphoreCount);
    into->info.pWaitSemaphores = into->waits;
    into->info.pWaitDstStageMask = into->stages;
    into->info.pCommandBuffers = into->commands;
    into->info.pSignalSemaphores = into->signals;
    if (timeline) {
        into->timeline = *timeline;
        COPY(into->wait_values, timeline->pWaitSemaphoreValues, timeline->waitSemaphoreValueCount);
        COPY(into->signal_values, timeline->pSignalSemaphoreValues, timeline->signalSemaphoreValueCount);
        into->timeline.pWaitSemaphoreValues = into->wait_values;
        into->timeline.pSignalSemaphoreValues = into->signal_values;
        into->info.pNext = &into->timeline;
    }
#undef COPY
    if (held_count++ == 0)
        held_since_ns = now_ns();
    return true;
}

static VkResult submit_batched(struct device *device, VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                               VkFence fence)
{
    VkResult result;
    pthread_mutex_lock(&lock);
    if (count == 1 && held_count < batch && hold(device, queue, submits, fence)) {
        result = held_count >= batch ? flush() : VK_SUCCESS;
    } else {
        result = flush();
        if (result == VK_SUCCESS)
            result = device->submit(queue, count, submits, fence);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* --- what is intercepted --------------------------------------------------------------------------------------------
 */

static VKAPI_ATTR VkResult VKAPI_CALL queue_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits,
                                                   VkFence fence)
{
    struct device *device = device_of(queue);
    if (mode == BATCH)
        return submit_batched(device, queue, count, submits, fence);
    delay();
    return device->submit(queue, count, submits, fence);
}

/* Not held back: what an application submits this way comes in its own time. */
static VKAPI_ATTR VkResult VKAPI_CALL queue_submit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits,
                                                    VkFence fence)
{
    struct device *device = device_of(queue);
    if (mode != BATCH)
        delay();
    return device->submit2(queue, count, submits, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_for_fences(VkDevice handle, uint32_t count, const VkFence *fences,
                                                      VkBool32 all, uint64_t timeout_ns)
{
    struct device *device = device_of(handle);
    /* A short wait is one that looks whether there is time left: it must not be made longer than it was asked to be. */
    VkResult result = mode == BATCH ? flush_due(timeout_ns > (uint64_t)delay_ns) : VK_SUCCESS;
    if (result == VK_SUCCESS)
        result = device->wait(handle, count, fences, all, timeout_ns);
    if (result == VK_SUCCESS)
        seen();
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_fence_status(VkDevice handle, VkFence fence)
{
    struct device *device = device_of(handle);
    VkResult result = mode == BATCH ? flush_due(false) : VK_SUCCESS;
    if (result == VK_SUCCESS)
        result = device->status(handle, fence);
    if (result == VK_SUCCESS)
        seen();
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_semaphores(VkDevice handle, const VkSemaphoreWaitInfo *info,
                                                      uint64_t timeout_ns)
{
    struct device *device = device_of(handle);
    VkResult result = mode == BATCH ? flush_due(timeout_ns > (uint64_t)delay_ns) : VK_SUCCESS;
    if (result == VK_SUCCESS)
        result = device->wait_semaphores(handle, info, timeout_ns);
    if (result == VK_SUCCESS)
        seen();
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_counter(VkDevice handle, VkSemaphore semaphore, uint64_t *value)
{
    struct device *device = device_of(handle);
    VkResult result = mode == BATCH ? flush_due(false) : VK_SUCCESS;
    return result == VK_SUCCESS ? device->counter(handle, semaphore, value) : result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice handle, const VkAllocationCallbacks *allocator)
{
    if (!handle)
        return;
    struct device *device = device_of(handle);
    pthread_mutex_lock(&lock);
    device->key = NULL;
    pthread_mutex_unlock(&lock);
    device->destroy(handle, allocator);
}

/* --- the loader's side ----------------------------------------------------------------------------------------------
 */

static PFN_vkVoidFunction own_function(const char *name);

static PFN_vkVoidFunction get_device_proc(VkDevice handle, const char *name);
static PFN_vkVoidFunction get_instance_proc(VkInstance handle, const char *name);

/* The next layer's entry in a chain of the given kind, taken off it. */
static const void *take_link(const void *create_info, VkStructureType type, size_t function_offset, size_t link_offset)
{
    for (const VkBaseInStructure *each = create_info; each; each = each->pNext) {
        const char *bytes = (const char *)each;
        if (each->sType == type && *(const int *)(bytes + function_offset) == VK_LAYER_LINK_INFO)
            return bytes + link_offset;
    }
    return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator, VkInstance *instance)
{
    VkLayerInstanceLink **link = (VkLayerInstanceLink **)take_link(
        info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO, offsetof(VkLayerInstanceCreateInfo, function),
        offsetof(VkLayerInstanceCreateInfo, u));
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr get = (*link)->pfnNextGetInstanceProcAddr;
    *link = (*link)->pNext;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)get(NULL, "vkCreateInstance");
    VkResult result = create(info, allocator, instance);
    if (result != VK_SUCCESS)
        return result;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < DEVICES_MAX; i++)
        if (!instances[i].key || instances[i].key == key_of(*instance)) {
            instances[i].key = key_of(*instance);
            instances[i].get = get;
            break;
        }
    pthread_mutex_unlock(&lock);
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkDevice *handle)
{
    VkLayerDeviceLink **link = (VkLayerDeviceLink **)take_link(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO,
                                                               offsetof(VkLayerDeviceCreateInfo, function),
                                                               offsetof(VkLayerDeviceCreateInfo, u));
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr get_instance = (*link)->pfnNextGetInstanceProcAddr;
    PFN_vkGetDeviceProcAddr get = (*link)->pfnNextGetDeviceProcAddr;
    *link = (*link)->pNext;
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)get_instance(NULL, "vkCreateDevice");
    VkResult result = create(physical, info, allocator, handle);
    if (result != VK_SUCCESS)
        return result;
    pthread_mutex_lock(&lock);
    unsigned free_one = 0;
    while (free_one < DEVICES_MAX && devices[free_one].key)
        free_one++;
    if (free_one == DEVICES_MAX) {
        fprintf(stderr, "submit-layer: more than %d devices\n", DEVICES_MAX);
        abort();
    }
    struct device *device = &devices[free_one];
#define NEXT(type, name) (PFN_##type) get(*handle, name)
    *device = (struct device) {
        .handle = *handle,
        .get = get,
        .destroy = NEXT(vkDestroyDevice, "vkDestroyDevice"),
        .submit = NEXT(vkQueueSubmit, "vkQueueSubmit"),
        .submit2 = NEXT(vkQueueSubmit2, "vkQueueSubmit2"),
        .wait = NEXT(vkWaitForFences, "vkWaitForFences"),
        .status = NEXT(vkGetFenceStatus, "vkGetFenceStatus"),
        .wait_semaphores = NEXT(vkWaitSemaphores, "vkWaitSemaphores"),
        .counter = NEXT(vkGetSemaphoreCounterValue, "vkGetSemaphoreCounterValue"),
    };
    if (!device->submit2)
        device->submit2 = NEXT(vkQueueSubmit2, "vkQueueSubmit2KHR");
    device->key = key_of(*handle);
#undef NEXT
    pthread_mutex_unlock(&lock);
    return VK_SUCCESS;
}

static PFN_vkVoidFunction own_function(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } own[] = {
        { "vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance_proc },
        { "vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device_proc },
        { "vkCreateInstance", (PFN_vkVoidFunction)create_instance },
        { "vkCreateDevice", (PFN_vkVoidFunction)create_device },
        { "vkDestroyDevice", (PFN_vkVoidFunction)destroy_device },
        { "vkQueueSubmit", (PFN_vkVoidFunction)queue_submit },
        { "vkQueueSubmit2", (PFN_vkVoidFunction)queue_submit2 },
        { "vkQueueSubmit2KHR", (PFN_vkVoidFunction)queue_submit2 },
        { "vkWaitForFences", (PFN_vkVoidFunction)wait_for_fences },
        { "vkGetFenceStatus", (PFN_vkVoidFunction)get_fence_status },
        { "vkWaitSemaphores", (PFN_vkVoidFunction)wait_semaphores },
        { "vkGetSemaphoreCounterValue", (PFN_vkVoidFunction)get_counter },
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].name, name) == 0)
            return own[i].function;
    return NULL;
}

static PFN_vkVoidFunction get_device_proc(VkDevice handle, const char *name)
{
    struct device *device = device_of(handle);
    PFN_vkVoidFunction next = device->get(handle, name);
    PFN_vkVoidFunction own = own_function(name);
    return own && next ? own : next; /* what the device does not have, it does not get from here */
}

static PFN_vkVoidFunction get_instance_proc(VkInstance handle, const char *name)
{
    PFN_vkVoidFunction own = own_function(name);
    if (own)
        return own;
    for (unsigned i = 0; handle && i < DEVICES_MAX; i++)
        if (instances[i].key == key_of(handle))
            return instances[i].get(handle, name);
    return NULL;
}

EXPORT VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface)
{
    if (interface->loaderLayerInterfaceVersion < 2)
        return VK_ERROR_INITIALIZATION_FAILED;
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = (PFN_vkGetInstanceProcAddr)get_instance_proc;
    interface->pfnGetDeviceProcAddr = (PFN_vkGetDeviceProcAddr)get_device_proc;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
