/* SPDX-License-Identifier: MIT */
/* Takes device memory and objects until the driver refuses, holds them, gives them back, begins again. A refusal must
 * be one of the codes that say so, and a heap that gives more than it has shows that nothing limits the tenant. */
#include <stdio.h>
#include <unistd.h>
#include "common/checks.h"
#include "common/vulkan.h"

#define MIB         (UINT64_C(1) << 20)
#define MAX_OBJECTS 65536

struct greedy {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct vg_checks checks;
    VkDeviceMemory memory[MAX_OBJECTS];
    VkFence fences[MAX_OBJECTS];
    VkBuffer buffers[MAX_OBJECTS];
    uint64_t most_bytes, heap_bytes;
    unsigned most_memory, most_fences, most_buffers;
};

static void refused(struct greedy *g, const char *what, VkResult result)
{
    vg_check(&g->checks, "refusal-says-why",
             result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY ||
                 result == VK_ERROR_TOO_MANY_OBJECTS,
             "%s was refused with %s", what, vg_vk_result_name(result));
}

static unsigned take_memory(struct greedy *g, uint32_t type)
{
    uint64_t block = (uint64_t)vg_w_int(g->context, "block_mib") * MIB, bytes = 0;
    /* A little more than there is, if it is given: enough to know. */
    uint64_t limit = (uint64_t)((double)g->heap_bytes * vg_w_real(g->context, "of_heap"));
    unsigned count = 0;
    while (count < MAX_OBJECTS && bytes < limit && !vg_w_should_stop(g->context)) {
        const VkMemoryAllocateInfo info = {
            .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
            .allocationSize = block,
            .memoryTypeIndex = type,
        };
        VkResult result = vkAllocateMemory(g->vk.device, &info, NULL, &g->memory[count]);
        if (result != VK_SUCCESS) {
            refused(g, "memory", result);
            break;
        }
        bytes += block;
        count++;
    }
    g->most_bytes = bytes > g->most_bytes ? bytes : g->most_bytes;
    g->most_memory = count > g->most_memory ? count : g->most_memory;
    return count;
}

static unsigned take_fences(struct greedy *g, unsigned most)
{
    const VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    unsigned count = 0;
    VkResult result = VK_SUCCESS;
    while (count < most && !vg_w_should_stop(g->context) &&
           (result = vkCreateFence(g->vk.device, &info, NULL, &g->fences[count])) == VK_SUCCESS)
        count++;
    if (result != VK_SUCCESS)
        refused(g, "a fence", result);
    g->most_fences = count > g->most_fences ? count : g->most_fences;
    return count;
}

static unsigned take_buffers(struct greedy *g, unsigned most)
{
    const VkBufferCreateInfo info = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                      .size = 65536,
                                      .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT };
    unsigned count = 0;
    VkResult result = VK_SUCCESS;
    while (count < most && !vg_w_should_stop(g->context) &&
           (result = vkCreateBuffer(g->vk.device, &info, NULL, &g->buffers[count])) == VK_SUCCESS)
        count++;
    if (result != VK_SUCCESS)
        refused(g, "a buffer", result);
    g->most_buffers = count > g->most_buffers ? count : g->most_buffers;
    return count;
}

static void hold(struct greedy *g)
{
    for (int64_t held = 0; held < vg_w_int(g->context, "hold_ms") && !vg_w_should_stop(g->context); held += 50)
        usleep(50000);
}

static void take_all_once(struct greedy *g, uint32_t type)
{
    unsigned objects = (unsigned)vg_w_int(g->context, "objects"), count = take_memory(g, type);
    vg_check(&g->checks, "gets-something", count > 0, "not even one block of memory was given");
    hold(g);
    while (count > 0)
        vkFreeMemory(g->vk.device, g->memory[--count], NULL);
    count = take_fences(g, objects);
    hold(g);
    while (count > 0)
        vkDestroyFence(g->vk.device, g->fences[--count], NULL);
    count = take_buffers(g, objects);
    hold(g);
    while (count > 0)
        vkDestroyBuffer(g->vk.device, g->buffers[--count], NULL);
}

static void run(struct vg_workload_context *context)
{
    static struct greedy g;
    g.context = context;
    vg_vk_open(&g.vk, context);
    int type = vg_vk_memory_type(&g.vk, UINT32_MAX, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    if (type < 0)
        vg_w_skip(context, "the device has no device-local memory");
    g.heap_bytes = g.vk.memory.memoryHeaps[g.vk.memory.memoryTypes[type].heapIndex].size;
    vg_w_barrier(context);
    int64_t end_ns = vg_now_ns() + vg_w_int(context, "seconds") * VG_NS_PER_S;
    do {
        take_all_once(&g, (uint32_t)type);
    } while (vg_now_ns() < end_ns && !vg_w_should_stop(context));
    vg_vk_prove_compute(&g.vk, 99);
    vg_check(&g.checks, "bounded-by-heap", g.most_bytes <= g.heap_bytes,
             "%llu bytes were given out of a heap that has %llu", (unsigned long long)g.most_bytes,
             (unsigned long long)g.heap_bytes);
    vg_w_fact_int(context, "most_bytes", (int64_t)g.most_bytes);
    vg_w_fact_int(context, "most_fences", g.most_fences);
    vg_w_fact_int(context, "most_buffers", g.most_buffers);
    vg_checks_report(context, &g.checks);
}

VG_WORKLOAD(vk_exhaust) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-exhaust",
    .summary = "takes all device memory, fences and buffers that it gets, holds them, and begins again",
    .why = "A tenant that takes everything must get no more than its share",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_INT, .def = "10", .min = 0, .max = 86400, .unit = "s",
              .summary = "begin again for so long; once at least" },
            { "hold_ms", VG_INT, .def = "500", .min = 0, .max = 600000, .unit = "ms",
              .summary = "hold each kind for so long" },
            { "block_mib", VG_INT, .def = "16", .min = 1, .max = 1024, .unit = "MiB", .summary = "one allocation" },
            { "of_heap", VG_REAL, .def = "1.1", .min = 0.01, .max = 16, .unit = "1",
              .summary = "stop at this multiple of the heap's size, if so much is given" },
            { "objects", VG_INT, .def = "5000", .min = 1, .max = 65536, .unit = "1",
              .summary = "fences, and buffers, at most" },
            { 0 },
        },
    .run = run,
};
