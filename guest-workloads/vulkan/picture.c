/* SPDX-License-Identifier: MIT */
/* The set-up and drawing of picture.h. */
#include "vulkan/picture.h"

#include "shaders/golden.frag.h"
#include "shaders/golden.vert.h"

#define COLOR_FORMAT VK_FORMAT_R8G8B8A8_UNORM
#define DEPTH_FORMAT VK_FORMAT_D16_UNORM

struct push {
    int32_t mode, salt;
    float half_side, depth;
};

static VkImage image_of(const struct vg_vk *vk, VkFormat format, VkImageUsageFlags usage)
{
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = { GOLDEN_SIDE, GOLDEN_SIDE, 1 },
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = usage,
    };
    VkMemoryRequirements needs;
    VkDeviceMemory memory;
    VkImage image;
    VG_VK(vk, vkCreateImage(vk->device, &info, NULL, &image));
    vkGetImageMemoryRequirements(vk->device, image, &needs);
    int type = vg_vk_memory_type(vk, needs.memoryTypeBits, 0);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = (uint32_t)(type < 0 ? 0 : type),
    };
    VG_VK(vk, vkAllocateMemory(vk->device, &allocate, NULL, &memory));
    VG_VK(vk, vkBindImageMemory(vk->device, image, memory, 0));
    return image;
}

static VkImageView view_of(const struct vg_vk *vk, VkImage image, VkFormat format, VkImageAspectFlags aspect)
{
    const VkImageViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = { aspect, 0, 1, 0, 1 },
    };
    VkImageView view;
    VG_VK(vk, vkCreateImageView(vk->device, &info, NULL, &view));
    return view;
}

static void make_pass(struct picture *p, VkImageView color, VkImageView depth)
{
    const struct vg_vk *vk = p->vk;
    const VkAttachmentDescription attachments[] = {
        { .format = COLOR_FORMAT,
          .samples = VK_SAMPLE_COUNT_1_BIT,
          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
          .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
          .stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
          .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
          .finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL },
        { .format = DEPTH_FORMAT,
          .samples = VK_SAMPLE_COUNT_1_BIT,
          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
          .storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
          .stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
          .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
          .finalLayout = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL },
    };
    const VkAttachmentReference to_color = { 0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL };
    const VkAttachmentReference to_depth = { 1, VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL };
    const VkSubpassDescription subpass = {
        .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
        .colorAttachmentCount = 1,
        .pColorAttachments = &to_color,
        .pDepthStencilAttachment = &to_depth,
    };
    const VkPipelineStageFlags tests =
        VK_PIPELINE_STAGE_EARLY_FRAGMENT_TESTS_BIT | VK_PIPELINE_STAGE_LATE_FRAGMENT_TESTS_BIT;
    const VkSubpassDependency dependencies[] = {
        { .srcSubpass = VK_SUBPASS_EXTERNAL,
          .srcStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT | tests,
          .dstStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT | tests,
          .srcAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
          .dstAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT },
        { .dstSubpass = VK_SUBPASS_EXTERNAL,
          .srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
          .dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT,
          .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
          .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT },
    };
    const VkRenderPassCreateInfo pass = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
        .attachmentCount = 2,
        .pAttachments = attachments,
        .subpassCount = 1,
        .pSubpasses = &subpass,
        .dependencyCount = 2,
        .pDependencies = dependencies,
    };
    VG_VK(vk, vkCreateRenderPass(vk->device, &pass, NULL, &p->pass));
    const VkFramebufferCreateInfo framebuffer = {
        .sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
        .renderPass = p->pass,
        .attachmentCount = 2,
        .pAttachments = (const VkImageView[]) { color, depth },
        .width = GOLDEN_SIDE,
        .height = GOLDEN_SIDE,
        .layers = 1,
    };
    VG_VK(vk, vkCreateFramebuffer(vk->device, &framebuffer, NULL, &p->framebuffer));
}

static void make_set(struct picture *p)
{
    const struct vg_vk *vk = p->vk;
    const VkDescriptorSetLayoutBinding binding = {
        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT,
    };
    const VkDescriptorSetLayoutCreateInfo layout_info = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                          .bindingCount = 1,
                                                          .pBindings = &binding };
    const VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1 };
    const VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &size
    };
    const VkSamplerCreateInfo sampler_info = { .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO };
    const VkPushConstantRange push = { VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0,
                                       sizeof(struct push) };
    VkDescriptorSetLayout set_layout;
    VkDescriptorPool pool;
    VkSampler sampler;
    VG_VK(vk, vkCreateDescriptorSetLayout(vk->device, &layout_info, NULL, &set_layout));
    VG_VK(vk, vkCreateDescriptorPool(vk->device, &pool_info, NULL, &pool));
    VG_VK(vk, vkCreateSampler(vk->device, &sampler_info, NULL, &sampler));
    const VkDescriptorSetAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &set_layout,
    };
    VG_VK(vk, vkAllocateDescriptorSets(vk->device, &allocate, &p->set));
    const VkDescriptorImageInfo image = { sampler, view_of(vk, p->texture, COLOR_FORMAT, VK_IMAGE_ASPECT_COLOR_BIT),
                                          VK_IMAGE_LAYOUT_GENERAL };
    const VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = p->set,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
        .pImageInfo = &image,
    };
    vkUpdateDescriptorSets(vk->device, 1, &write, 0, NULL);
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &set_layout,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &push,
    };
    VG_VK(vk, vkCreatePipelineLayout(vk->device, &layout, NULL, &p->layout));
}

static VkShaderModule module_of(const struct vg_vk *vk, const uint32_t *code, size_t bytes)
{
    const VkShaderModuleCreateInfo info = { .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                            .codeSize = bytes,
                                            .pCode = code };
    VkShaderModule module;
    VG_VK(vk, vkCreateShaderModule(vk->device, &info, NULL, &module));
    return module;
}

static VkPipeline make_pipeline(const struct picture *p, bool blending, VkPrimitiveTopology topology)
{
    const struct vg_vk *vk = p->vk;
    const VkPipelineShaderStageCreateInfo stages[] = {
        { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
          .stage = VK_SHADER_STAGE_VERTEX_BIT,
          .module = module_of(vk, shader_golden_vert, sizeof(shader_golden_vert)),
          .pName = "main" },
        { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
          .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
          .module = module_of(vk, shader_golden_frag, sizeof(shader_golden_frag)),
          .pName = "main" },
    };
    const VkPipelineVertexInputStateCreateInfo vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO
    };
    const VkPipelineInputAssemblyStateCreateInfo assembly = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO, .topology = topology
    };
    const VkViewport viewport = { 0, 0, GOLDEN_SIDE, GOLDEN_SIDE, 0, 1 };
    const VkRect2D scissor = { { 0, 0 }, { GOLDEN_SIDE, GOLDEN_SIDE } };
    const VkPipelineViewportStateCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
        .viewportCount = 1,
        .pViewports = &viewport,
        .scissorCount = 1,
        .pScissors = &scissor,
    };
    const VkPipelineRasterizationStateCreateInfo raster = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO, .lineWidth = 1
    };
    const VkPipelineMultisampleStateCreateInfo samples = { .sType =
                                                               VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
                                                           .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT };
    const VkPipelineDepthStencilStateCreateInfo depth = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
        .depthTestEnable = VK_TRUE,
        .depthWriteEnable = VK_TRUE,
        .depthCompareOp = VK_COMPARE_OP_LESS,
    };
    const VkPipelineColorBlendAttachmentState attachment = {
        .blendEnable = blending,
        .srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA,
        .dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA,
        .srcAlphaBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA,
        .dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA,
        .colorWriteMask = 15,
    };
    const VkPipelineColorBlendStateCreateInfo blend = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &attachment,
    };
    const VkGraphicsPipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState = &vertices,
        .pInputAssemblyState = &assembly,
        .pViewportState = &view,
        .pRasterizationState = &raster,
        .pMultisampleState = &samples,
        .pDepthStencilState = &depth,
        .pColorBlendState = &blend,
        .layout = p->layout,
        .renderPass = p->pass,
    };
    VkPipeline pipeline;
    VG_VK(vk, vkCreateGraphicsPipelines(vk->device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline));
    return pipeline;
}

void picture_open(struct picture *p, const struct vg_vk *vk)
{
    p->vk = vk;
    p->color = image_of(vk, COLOR_FORMAT, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    p->depth = image_of(vk, DEPTH_FORMAT, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
    p->texture = image_of(vk, COLOR_FORMAT, VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    p->readback = vg_vk_shared_buffer(vk, 4 * GOLDEN_SIDE * GOLDEN_SIDE);
    p->upload = vg_vk_shared_buffer(vk, 4 * GOLDEN_SIDE * GOLDEN_SIDE);
    make_pass(p, view_of(vk, p->color, COLOR_FORMAT, VK_IMAGE_ASPECT_COLOR_BIT),
              view_of(vk, p->depth, DEPTH_FORMAT, VK_IMAGE_ASPECT_DEPTH_BIT));
    make_set(p);
    p->opaque = make_pipeline(p, false, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP);
    p->blending = make_pipeline(p, true, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP);
    p->triangle = make_pipeline(p, false, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST);
}

static const VkBufferImageCopy whole = {
    .imageSubresource = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
    .imageExtent = { GOLDEN_SIDE, GOLDEN_SIDE, 1 },
};

static void record_texture(const struct picture *p, VkCommandBuffer commands)
{
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_READ_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = p->texture,
        .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1 },
    };
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0,
                         NULL, 1, &barrier);
    vkCmdCopyBufferToImage(commands, p->upload.buffer, p->texture, VK_IMAGE_LAYOUT_GENERAL, 1, &whole);
    barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
    barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT, 0, 0, NULL, 0,
                         NULL, 1, &barrier);
}

static void record_draw(const struct picture *p, VkCommandBuffer commands, VkPipeline pipeline, struct push push,
                        uint32_t vertices)
{
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdPushConstants(commands, p->layout, VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(push),
                       &push);
    vkCmdDraw(commands, vertices, 1, 0, 0);
}

static void record_scene(const struct picture *p, VkCommandBuffer commands, enum golden_scene scene, int32_t salt)
{
    switch (scene) {
    case GOLDEN_TRIANGLE:
        record_draw(p, commands, p->triangle, (struct push) { 0, salt, 0, 0.5f }, 3);
        break;
    case GOLDEN_TEXTURE:
        record_draw(p, commands, p->opaque, (struct push) { 1, salt, 1, 0.5f }, 4);
        break;
    case GOLDEN_DEPTH: /* near first */
        record_draw(p, commands, p->opaque, (struct push) { 2, salt, 0.5f, 0.25f }, 4);
        record_draw(p, commands, p->opaque, (struct push) { 0, salt, 1, 0.75f }, 4);
        break;
    default:
        record_draw(p, commands, p->blending, (struct push) { 3, salt, 1, 0.5f }, 4);
    }
}

const uint8_t *picture_draw(struct picture *p, enum golden_scene scene, uint32_t salt)
{
    const struct vg_vk *vk = p->vk;
    VkCommandBuffer commands = vg_vk_command_buffer(vk);
    VkFence fence = vg_vk_fence(vk);
    VkClearValue clear[2] = { { .color.float32 = { 0 } }, { .depthStencil = { 1, 0 } } };
    for (int i = 0; i < 4; i++)
        clear[0].color.float32[i] = (float)golden_background[i] / 255;
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = p->pass,
        .framebuffer = p->framebuffer,
        .renderArea = { { 0, 0 }, { GOLDEN_SIDE, GOLDEN_SIDE } },
        .clearValueCount = 2,
        .pClearValues = clear,
    };
    golden_texture(salt, p->upload.map);
    memset(p->readback.map, 0, p->readback.bytes);
    vg_vk_begin(vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    record_texture(p, commands);
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, p->layout, 0, 1, &p->set, 0, NULL);
    record_scene(p, commands, scene, (int32_t)salt);
    vkCmdEndRenderPass(commands);
    vkCmdCopyImageToBuffer(commands, p->color, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, p->readback.buffer, 1, &whole);
    vg_vk_record_transfer_barrier(commands);
    VG_VK(vk, vkEndCommandBuffer(commands));
    vg_vk_submit(vk, commands, fence);
    vg_vk_wait(vk, fence);
    vkDestroyFence(vk->device, fence, NULL);
    vkFreeCommandBuffers(vk->device, vk->commands, 1, &commands);
    return p->readback.map;
}
