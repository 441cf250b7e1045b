/* SPDX-License-Identifier: MIT */
/* Just enough of Vulkan's graphics for the golden pictures: one target with depth, one texture, one pipeline with
 * blending and one without. */
#ifndef VG_VULKAN_PICTURE_H
#define VG_VULKAN_PICTURE_H

#include "common/golden.h"
#include "common/vulkan.h"

struct picture {
    const struct vg_vk *vk;
    VkImage color, depth, texture;
    VkRenderPass pass;
    VkFramebuffer framebuffer;
    VkPipelineLayout layout;
    VkPipeline opaque, blending, triangle;
    VkDescriptorSet set;
    struct vg_vk_buffer readback, upload;
};

void picture_open(struct picture *picture, const struct vg_vk *vk);
/* Draws the scene and reads it back; valid until the next. */
const uint8_t *picture_draw(struct picture *picture, enum golden_scene scene, uint32_t salt);

#endif
