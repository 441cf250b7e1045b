/* SPDX-License-Identifier: MIT */
/* Raw device memory and the two detectors over it (canary-memory.h). */
#include "vulkan/canary-memory.h"

#include <sys/mman.h>
#include <unistd.h>
#include "shaders/canary_fill.comp.h"
#include "shaders/canary_scan.comp.h"
#include "shaders/canary_scan_wide.comp.h"

#define LOCAL       64
#define GROUPS      512
#define PROOF_WORDS 8192

struct fill_push {
    uint32_t key_low, key_high, first_index, word_count, stride;
};
struct scan_push {
    uint32_t key_low, key_high, word_count, stride;
};

void canary_gpu_open(struct canary_gpu *gpu, struct vg_vk *vk)
{
    gpu->vk = vk;
    gpu->fill =
        vg_vk_compute(vk, shader_canary_fill_comp, sizeof(shader_canary_fill_comp), 1, sizeof(struct fill_push));
    const uint32_t *scan = vk->wide_integers ? shader_canary_scan_wide_comp : shader_canary_scan_comp;
    size_t scan_bytes = vk->wide_integers ? sizeof(shader_canary_scan_wide_comp) : sizeof(shader_canary_scan_comp);
    gpu->scan = vg_vk_compute(vk, scan, scan_bytes, 3, sizeof(struct scan_push));
    gpu->findings = vg_vk_shared_buffer(vk, 4 * sizeof(uint32_t));
    const VkBuffer some = gpu->findings.buffer; /* until a block takes its place */
    gpu->fill_set = vg_vk_buffer_set(vk, &gpu->fill, &some);
    gpu->scan_set = vg_vk_buffer_set(vk, &gpu->scan, (const VkBuffer[]) { some, some, some });
}

/* One set serves all blocks: each is looked at to the end before the next. */
static void point_at(const struct canary_gpu *gpu, VkDescriptorSet set, uint32_t binding, VkBuffer buffer)
{
    const VkDescriptorBufferInfo whole = { .buffer = buffer, .range = VK_WHOLE_SIZE };
    const VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = set,
        .dstBinding = binding,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .pBufferInfo = &whole,
    };
    vkUpdateDescriptorSets(gpu->vk->device, 1, &write, 0, NULL);
}

bool canary_allocate(const struct canary_gpu *gpu, uint64_t bytes, uint32_t *type, struct canary_block *block)
{
    const struct vg_vk *vk = gpu->vk;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
    };
    VkMemoryRequirements needs;
    block->bytes = bytes;
    VG_VK(vk, vkCreateBuffer(vk->device, &info, NULL, &block->buffer));
    vkGetBufferMemoryRequirements(vk->device, block->buffer, &needs);
    for (; *type < vk->memory.memoryTypeCount; ++*type) {
        if (!(needs.memoryTypeBits & (UINT32_C(1) << *type)) ||
            (vk->memory.memoryTypes[*type].propertyFlags & gpu->wanted) != gpu->wanted)
            continue;
        const VkMemoryAllocateInfo allocate = {
            .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
            .allocationSize = needs.size,
            .memoryTypeIndex = *type,
        };
        VkResult result = vkAllocateMemory(vk->device, &allocate, NULL, &block->memory);
        if (result == VK_SUCCESS) {
            VG_VK(vk, vkBindBufferMemory(vk->device, block->buffer, block->memory, 0));
            block->type = *type;
            return true;
        }
        if (result != VK_ERROR_OUT_OF_DEVICE_MEMORY && result != VK_ERROR_OUT_OF_HOST_MEMORY &&
            result != VK_ERROR_TOO_MANY_OBJECTS)
            vg_vk_check(vk, result, "vkAllocateMemory");
    }
    vkDestroyBuffer(vk->device, block->buffer, NULL);
    return false;
}

void canary_release(const struct canary_gpu *gpu, struct canary_block *block)
{
    vkDestroyBuffer(gpu->vk->device, block->buffer, NULL);
    vkFreeMemory(gpu->vk->device, block->memory, NULL);
    *block = (struct canary_block) { 0 };
}

void canary_fill(const struct canary_gpu *gpu, const struct canary_block *block, struct canary_key key,
                 uint32_t first_index, uint32_t words)
{
    const struct fill_push push = { key.low, key.high, first_index, words, GROUPS * LOCAL };
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &gpu->fill,
        .set = gpu->fill_set,
        .push = &push,
        .push_bytes = sizeof(push),
        .groups = GROUPS,
    };
    point_at(gpu, gpu->fill_set, 0, block->buffer);
    vg_vk_run(gpu->vk, &dispatch);
}

struct canary_findings canary_scan(const struct canary_gpu *gpu, const struct canary_block *block,
                                   struct canary_key key)
{
    volatile uint32_t *raw = gpu->findings.map;
    const struct scan_push push = { key.low, key.high, (uint32_t)(block->bytes / 8), GROUPS * LOCAL };
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &gpu->scan,
        .set = gpu->scan_set,
        .push = &push,
        .push_bytes = sizeof(push),
        .groups = GROUPS,
    };
    raw[0] = raw[1] = raw[2] = 0;
    raw[3] = UINT32_MAX;
    point_at(gpu, gpu->scan_set, 0, block->buffer);
    point_at(gpu, gpu->scan_set, 2, block->buffer);
    vg_vk_run(gpu->vk, &dispatch);
    return (struct canary_findings) {
        .canary_words = raw[0],
        .nonzero_words = raw[1],
        .runs = raw[2],
        .first_run = raw[3] == UINT32_MAX ? UINT64_MAX : raw[3],
    };
}

/* Memory that a process of this machine provides is made of small pages, and the first touch of each takes longer than
 * the search in it. What is in the memory stays the same. Refused for a device's memory, which is as well. */
static void ask_for_large_pages(void *map, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)map + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)map + bytes) / page * page;
    if (end > begin)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

bool canary_scan_mapped(const struct canary_gpu *gpu, const struct canary_block *block, struct canary_key key,
                        struct canary_findings *found)
{
    const struct vg_vk *vk = gpu->vk;
    VkMemoryPropertyFlags flags = vk->memory.memoryTypes[block->type].propertyFlags;
    void *map;
    if (!(flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT))
        return false;
    if (vkMapMemory(vk->device, block->memory, 0, VK_WHOLE_SIZE, 0, &map) != VK_SUCCESS)
        return false; /* the window for mappings is smaller than the memory; the GPU has searched it */
    if (!(flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) {
        const VkMappedMemoryRange whole = {
            .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
            .memory = block->memory,
            .size = VK_WHOLE_SIZE,
        };
        VG_VK(vk, vkInvalidateMappedMemoryRanges(vk->device, 1, &whole));
    }
    ask_for_large_pages(map, block->bytes);
    *found = canary_scan_words(key, map, block->bytes / 8);
    vkUnmapMemory(vk->device, block->memory);
    return true;
}

static bool finds(const struct canary_gpu *gpu, const struct canary_block *block, struct canary_key key,
                  uint64_t canaries, uint64_t runs, uint64_t first_run)
{
    struct canary_findings found = canary_scan(gpu, block, key), mapped = found;
    canary_scan_mapped(gpu, block, key, &mapped);
    return found.canary_words == canaries && found.runs == runs && found.first_run == first_run &&
           found.nonzero_words == PROOF_WORDS && mapped.canary_words == canaries && mapped.runs == runs &&
           mapped.first_run == first_run && mapped.nonzero_words == PROOF_WORDS;
}

bool canary_prove_detector(const struct canary_gpu *gpu, struct canary_key key)
{
    const struct canary_key known = { ~key.low, key.high ^ UINT32_C(0x5bd1e995) };
    const struct canary_key cover = { key.low ^ UINT32_C(0x1b873593), ~key.high };
    struct canary_block block;
    uint32_t type = 0;
    if (!canary_allocate(gpu, PROOF_WORDS * 8, &type, &block))
        return false;
    canary_fill(gpu, &block, known, 12345, PROOF_WORDS);
    bool whole = finds(gpu, &block, known, PROOF_WORDS, 1, 0) && finds(gpu, &block, key, 0, 0, UINT64_MAX);
    canary_fill(gpu, &block, cover, 0, 1001);
    bool odd = finds(gpu, &block, known, PROOF_WORDS - 1001, 1, 1001);
    canary_fill(gpu, &block, cover, 0, PROOF_WORDS - CANARY_RUN);
    bool run = finds(gpu, &block, known, CANARY_RUN, 1, PROOF_WORDS - CANARY_RUN);
    canary_fill(gpu, &block, cover, 0, PROOF_WORDS - CANARY_RUN + 1);
    bool no_run = finds(gpu, &block, known, CANARY_RUN - 1, 0, UINT64_MAX);
    return whole && odd && run && no_run;
}
