/* SPDX-License-Identifier: MIT */
/* Spot checks (spots.h). */
#include "vulkan/spots.h"

#define WORD 8 /* bytes */

uint64_t spots_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void spots_open(struct spots *spots, const struct vg_vk *vk)
{
    spots->readback = vg_vk_shared_buffer(vk, SPOTS * WORD);
}

void spots_record(struct spots *spots, VkCommandBuffer commands, VkBuffer buffer, uint64_t words, uint64_t number)
{
    VkBufferCopy regions[SPOTS];
    for (unsigned i = 0; i < SPOTS; i++) {
        spots->at[i] = i == 0 ? 0 : i == 1 ? words - 1 : spots_mix(number * SPOTS + i) % words;
        regions[i] = (VkBufferCopy) { .srcOffset = spots->at[i] * WORD, .dstOffset = i * WORD, .size = WORD };
    }
    /* Nothing that a workload writes looks like this: a copy that is not done is found out. */
    memset(spots->readback.map, 0xa5, SPOTS * WORD);
    vkCmdCopyBuffer(commands, buffer, spots->readback.buffer, SPOTS, regions);
    vg_vk_record_transfer_barrier(commands);
}
