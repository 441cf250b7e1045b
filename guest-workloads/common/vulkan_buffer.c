/* SPDX-License-Identifier: MIT */
/* Buffers and the memory behind them. */
#include "common/vulkan.h"

int vg_vk_memory_type(const struct vg_vk *vk, uint32_t bits, VkMemoryPropertyFlags wanted)
{
    for (uint32_t i = 0; i < vk->memory.memoryTypeCount; i++)
        if ((bits & (UINT32_C(1) << i)) && (vk->memory.memoryTypes[i].propertyFlags & wanted) == wanted)
            return (int)i;
    return -1;
}

/* Memory of the first type that has one of these sets of properties, in this order. */
static void bind(const struct vg_vk *vk, struct vg_vk_buffer *buffer, const VkMemoryPropertyFlags *wanted, size_t sets,
                 const char *what)
{
    VkMemoryRequirements needs;
    int type = -1;
    vkGetBufferMemoryRequirements(vk->device, buffer->buffer, &needs);
    for (size_t i = 0; i < sets && type < 0; i++)
        type = vg_vk_memory_type(vk, needs.memoryTypeBits, wanted[i]);
    if (type < 0) /* the specification promises one */
        vg_w_fail(vk->context, "no memory type is %s", what);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = (uint32_t)type,
    };
    VG_VK(vk, vkAllocateMemory(vk->device, &allocate, NULL, &buffer->memory));
    VG_VK(vk, vkBindBufferMemory(vk->device, buffer->buffer, buffer->memory, 0));
}

static struct vg_vk_buffer create(const struct vg_vk *vk, VkDeviceSize bytes)
{
    struct vg_vk_buffer buffer = { .bytes = bytes };
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage =
            VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VG_VK(vk, vkCreateBuffer(vk->device, &info, NULL, &buffer.buffer));
    return buffer;
}

struct vg_vk_buffer vg_vk_shared_buffer(const struct vg_vk *vk, VkDeviceSize bytes)
{
    const VkMemoryPropertyFlags coherent = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkMemoryPropertyFlags wanted[] = { coherent | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, coherent };
    struct vg_vk_buffer buffer = create(vk, bytes);
    bind(vk, &buffer, wanted, VG_COUNT(wanted), "host-visible and host-coherent");
    VG_VK(vk, vkMapMemory(vk->device, buffer.memory, 0, VK_WHOLE_SIZE, 0, &buffer.map));
    memset(buffer.map, 0, bytes);
    return buffer;
}

struct vg_vk_buffer vg_vk_device_buffer(const struct vg_vk *vk, VkDeviceSize bytes)
{
    const VkMemoryPropertyFlags wanted[] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT };
    struct vg_vk_buffer buffer = create(vk, bytes);
    bind(vk, &buffer, wanted, VG_COUNT(wanted), "device-local");
    return buffer;
}

void vg_vk_release_buffer(const struct vg_vk *vk, struct vg_vk_buffer *buffer)
{
    vkDestroyBuffer(vk->device, buffer->buffer, NULL);
    vkFreeMemory(vk->device, buffer->memory, NULL); /* unmaps it */
    *buffer = (struct vg_vk_buffer) { 0 };
}

void vg_vk_record_transfer_barrier(VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_READ_BIT |
                         VK_ACCESS_HOST_READ_BIT,
    };
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
                             VK_PIPELINE_STAGE_HOST_BIT,
                         0, 1, &barrier, 0, NULL, 0, NULL);
}
