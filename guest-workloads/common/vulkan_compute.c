/* SPDX-License-Identifier: MIT */
/* Compute pipelines and submissions: the little that a compute workload needs. */
#include "common/vulkan.h"
#include "shaders/prove.comp.h"

#define PROVE_GROUPS 256
#define PROVE_LOCAL  64

struct vg_vk_pipeline vg_vk_compute(const struct vg_vk *vk, const uint32_t *code, size_t code_bytes,
                                    uint32_t buffer_count, uint32_t push_bytes)
{
    struct vg_vk_pipeline made = { .buffer_count = buffer_count };
    VkDescriptorSetLayoutBinding bindings[8] = { 0 };
    if (buffer_count > VG_COUNT(bindings))
        vg_w_fail(vk->context, "a workload asks for %u buffers, at most 8 are provided for", buffer_count);
    for (uint32_t i = 0; i < buffer_count; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding) {
            .binding = i,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    const VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = buffer_count,
        .pBindings = bindings,
    };
    VG_VK(vk, vkCreateDescriptorSetLayout(vk->device, &set, NULL, &made.set_layout));
    const VkPushConstantRange push = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = push_bytes };
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &made.set_layout,
        .pushConstantRangeCount = push_bytes ? 1 : 0,
        .pPushConstantRanges = &push,
    };
    VG_VK(vk, vkCreatePipelineLayout(vk->device, &layout, NULL, &made.layout));
    const VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = code_bytes,
        .pCode = code,
    };
    VkShaderModule module;
    VG_VK(vk, vkCreateShaderModule(vk->device, &module_info, NULL, &module));
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = module,
                   .pName = "main" },
        .layout = made.layout,
    };
    VG_VK(vk, vkCreateComputePipelines(vk->device, VK_NULL_HANDLE, 1, &info, NULL, &made.pipeline));
    return made;
}

VkDescriptorSet vg_vk_buffer_set(const struct vg_vk *vk, const struct vg_vk_pipeline *pipeline, const VkBuffer *buffers)
{
    const VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, pipeline->buffer_count };
    const VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    VkDescriptorPool pool;
    VG_VK(vk, vkCreateDescriptorPool(vk->device, &pool_info, NULL, &pool));
    const VkDescriptorSetAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &pipeline->set_layout,
    };
    VkDescriptorSet set;
    VG_VK(vk, vkAllocateDescriptorSets(vk->device, &allocate, &set));
    for (uint32_t i = 0; i < pipeline->buffer_count; i++) {
        const VkDescriptorBufferInfo whole = { .buffer = buffers[i], .range = VK_WHOLE_SIZE };
        const VkWriteDescriptorSet write = {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = set,
            .dstBinding = i,
            .descriptorCount = 1,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &whole,
        };
        vkUpdateDescriptorSets(vk->device, 1, &write, 0, NULL);
    }
    return set;
}

VkCommandBuffer vg_vk_command_buffer(const struct vg_vk *vk)
{
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = vk->commands,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBuffer commands;
    VG_VK(vk, vkAllocateCommandBuffers(vk->device, &info, &commands));
    return commands;
}

void vg_vk_begin(const struct vg_vk *vk, VkCommandBuffer commands, VkCommandBufferUsageFlags flags)
{
    const VkCommandBufferBeginInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, .flags = flags };
    VG_VK(vk, vkBeginCommandBuffer(commands, &info));
}

void vg_vk_record_dispatch(VkCommandBuffer commands, const struct vg_vk_dispatch *dispatch)
{
    const struct vg_vk_pipeline *pipeline = dispatch->pipeline;
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->layout, 0, 1, &dispatch->set, 0, NULL);
    if (dispatch->push_bytes)
        vkCmdPushConstants(commands, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, dispatch->push_bytes,
                           dispatch->push);
    vkCmdDispatch(commands, dispatch->groups, 1, 1);
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT | VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
    };
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                         VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0,
                         NULL);
}

VkFence vg_vk_fence(const struct vg_vk *vk)
{
    const VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkFence fence;
    VG_VK(vk, vkCreateFence(vk->device, &info, NULL, &fence));
    return fence;
}

void vg_vk_submit(const struct vg_vk *vk, VkCommandBuffer commands, VkFence fence)
{
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    VG_VK(vk, vkQueueSubmit(vk->queue, 1, &info, fence));
}

void vg_vk_wait(const struct vg_vk *vk, VkFence fence)
{
    VkResult result = vkWaitForFences(vk->device, 1, &fence, VK_TRUE, VG_VK_WAIT_NS);
    if (result == VK_TIMEOUT)
        vg_w_fail(vk->context, "a submission did not complete within a minute");
    vg_vk_check(vk, result, "vkWaitForFences");
    VG_VK(vk, vkResetFences(vk->device, 1, &fence));
}

void vg_vk_run(const struct vg_vk *vk, const struct vg_vk_dispatch *dispatch)
{
    VkCommandBuffer commands = vg_vk_command_buffer(vk);
    VkFence fence = vg_vk_fence(vk);
    vg_vk_begin(vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vg_vk_record_dispatch(commands, dispatch);
    VG_VK(vk, vkEndCommandBuffer(commands));
    vg_vk_submit(vk, commands, fence);
    vg_vk_wait(vk, fence);
    vkDestroyFence(vk->device, fence, NULL);
    vkFreeCommandBuffers(vk->device, vk->commands, 1, &commands);
}

/* The shader's own arithmetic (prove.comp). */
static uint32_t proof(uint32_t index, uint32_t seed)
{
    uint32_t x = index * UINT32_C(0x9E3779B1) ^ seed;
    x ^= x >> 16;
    x *= UINT32_C(0x7FEB352D);
    x ^= x >> 15;
    x *= UINT32_C(0x846CA68B);
    return x ^ (x >> 16);
}

unsigned vg_vk_prove_compute(const struct vg_vk *vk, uint32_t seed)
{
    const uint32_t count = PROVE_GROUPS * PROVE_LOCAL;
    struct vg_vk_buffer result = vg_vk_shared_buffer(vk, count * sizeof(uint32_t));
    struct vg_vk_pipeline pipeline = vg_vk_compute(vk, shader_prove_comp, sizeof(shader_prove_comp), 1, sizeof(seed));
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &pipeline,
        .set = vg_vk_buffer_set(vk, &pipeline, &result.buffer),
        .push = &seed,
        .push_bytes = sizeof(seed),
        .groups = PROVE_GROUPS,
    };
    vg_vk_run(vk, &dispatch);
    const uint32_t *words = result.map;
    for (uint32_t i = 0; i < count; i++)
        if (words[i] != proof(i, seed))
            vg_w_fail(vk->context, "the GPU computed 0x%08x at index %u, 0x%08x is right", words[i], i, proof(i, seed));
    return count;
}
