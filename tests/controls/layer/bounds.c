/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: bounds that are not looked at. Every buffer is made longer than it was asked for, without memory of its
 * own for the excess, and descriptors cover it: a shader that goes beyond a buffer's end reaches what lies behind it.
 */
#include <stdlib.h>
#include "layer.h"

#define EXCESS_BYTES (UINT64_C(1) << 20)

static VKAPI_ATTR VkResult VKAPI_CALL create_buffer(VkDevice device, const VkBufferCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkBuffer *buffer)
{
    VkBufferCreateInfo longer = *info;
    longer.size += EXCESS_BYTES;
    return layer_find(device)->CreateBuffer(device, &longer, allocator, buffer);
}

static VKAPI_ATTR void VKAPI_CALL requirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *needs)
{
    layer_find(device)->GetBufferMemoryRequirements(device, buffer, needs);
    needs->size -= needs->size > EXCESS_BYTES ? EXCESS_BYTES : 0;
}

static VKAPI_ATTR void VKAPI_CALL requirements2(VkDevice device, const VkBufferMemoryRequirementsInfo2 *info,
                                                VkMemoryRequirements2 *needs)
{
    layer_find(device)->GetBufferMemoryRequirements2(device, info, needs);
    VkDeviceSize *bytes = &needs->memoryRequirements.size;
    *bytes -= *bytes > EXCESS_BYTES ? EXCESS_BYTES : 0;
}

static VKAPI_ATTR void VKAPI_CALL update_sets(VkDevice device, uint32_t write_count, const VkWriteDescriptorSet *writes,
                                              uint32_t copy_count, const VkCopyDescriptorSet *copies)
{
    VkWriteDescriptorSet *changed = calloc(write_count + 1, sizeof(*changed));
    VkDescriptorBufferInfo **infos = calloc(write_count + 1, sizeof(*infos));
    for (uint32_t i = 0; changed && infos && i < write_count; i++) {
        changed[i] = writes[i];
        VkDescriptorType type = writes[i].descriptorType;
        if (type < VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER || type > VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC)
            continue;
        infos[i] = calloc(writes[i].descriptorCount, sizeof(**infos));
        for (uint32_t j = 0; infos[i] && j < writes[i].descriptorCount; j++) {
            infos[i][j] = writes[i].pBufferInfo[j];
            if (infos[i][j].buffer && infos[i][j].range != VK_WHOLE_SIZE)
                infos[i][j].range += EXCESS_BYTES;
        }
        if (infos[i])
            changed[i].pBufferInfo = infos[i];
    }
    layer_find(device)->UpdateDescriptorSets(device, changed && infos ? write_count : 0, changed, copy_count, copies);
    for (uint32_t i = 0; infos && i < write_count; i++)
        free(infos[i]);
    free(infos);
    free(changed);
}

const struct control layer_bounds_controls[] = {
    { .name = "ignored-bounds",
      .CreateBuffer = create_buffer,
      .GetBufferMemoryRequirements = requirements,
      .GetBufferMemoryRequirements2 = requirements2,
      .UpdateDescriptorSets = update_sets },
    { 0 },
};
