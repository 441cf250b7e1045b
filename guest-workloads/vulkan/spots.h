/* SPDX-License-Identifier: MIT */
/* Spot checks of a buffer that is too large to be read back whole for each job: its first, its last and 62 other 64-bit
 * words are copied to where the host sees them, other places for each job. Where it pays, a workload also looks at
 * every word at the end of its run. */
#ifndef VG_VULKAN_SPOTS_H
#define VG_VULKAN_SPOTS_H

#include "common/vulkan.h"

#define SPOTS 64

struct spots {
    struct vg_vk_buffer readback;
    uint64_t at[SPOTS]; /* 64-bit words from the beginning of the buffer */
};

void spots_open(struct spots *spots, const struct vg_vk *vk);
/* Records the copy of what `commands` have put into the buffer's first `words` words; they must be visible to
 * transfers. The places follow from `number`. What was read back before is overwritten at once. */
void spots_record(struct spots *spots, VkCommandBuffer commands, VkBuffer buffer, uint64_t words, uint64_t number);
/* What was read at spots->at[index]; after the commands' fence. */
static inline uint64_t spots_word(const struct spots *spots, unsigned index)
{
    return ((volatile const uint64_t *)spots->readback.map)[index];
}

/* A well-mixed function of its argument (splitmix64's finaliser). */
uint64_t spots_mix(uint64_t x);

#endif
