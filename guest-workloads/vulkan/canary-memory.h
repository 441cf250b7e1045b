/* SPDX-License-Identifier: MIT */
/* Blocks of raw device memory for vram-canary: allocated without being cleared, filled and searched by the GPU, and
 * searched through a mapping where the host can see them. */
#ifndef VG_CANARY_MEMORY_H
#define VG_CANARY_MEMORY_H

#include "common/vulkan.h"
#include "vulkan/canary-pattern.h"

struct canary_gpu {
    struct vg_vk *vk;
    VkMemoryPropertyFlags wanted; /* properties of the memory that canary_allocate takes */
    struct vg_vk_pipeline fill, scan;
    VkDescriptorSet fill_set, scan_set;
    struct vg_vk_buffer findings;
};

struct canary_block {
    VkBuffer buffer;
    VkDeviceMemory memory;
    uint64_t bytes; /* a multiple of 8 */
    uint32_t type;
};

/* `wanted` is the caller's: set it before or after. */
void canary_gpu_open(struct canary_gpu *gpu, struct vg_vk *vk);
/* Memory of the first wanted type that has some left, from *type on, which moves as types run out. False: all of
 * it is taken. */
bool canary_allocate(const struct canary_gpu *gpu, uint64_t bytes, uint32_t *type, struct canary_block *block);
void canary_release(const struct canary_gpu *gpu, struct canary_block *block);
/* The first `words` words become canaries of first_index and up. */
void canary_fill(const struct canary_gpu *gpu, const struct canary_block *block, struct canary_key key,
                 uint32_t first_index, uint32_t words);
struct canary_findings canary_scan(const struct canary_gpu *gpu, const struct canary_block *block,
                                   struct canary_key key);
/* False: the host cannot see this block (or could not map it now). */
bool canary_scan_mapped(const struct canary_gpu *gpu, const struct canary_block *block, struct canary_key key,
                        struct canary_findings *found);
/* Proves on canaries of another key that both detectors find what is there, and only that: whole, at an odd place, runs
 * of 16 and not of 15. Leaves its block allocated, so that the search does not meet it. */
bool canary_prove_detector(const struct canary_gpu *gpu, struct canary_key key);

#endif
