/* SPDX-License-Identifier: MIT */
/* Images are allocated by other rules than buffers, rounded up, with padding between rows and levels that no copy ever
 * writes. A tenant fills such memory, padding and all, or looks at it: through the image, and below it as raw memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include "vulkan/canary-memory.h"

#define MIB        (UINT64_C(1) << 20)
#define MAX_IMAGES 4096

/* Eight bytes a texel: a packed row is a row of canary words. Odd sizes, so that rows and levels are padded. */
static const struct shape {
    uint32_t width, height, levels;
    VkImageTiling tiling;
} shapes[] = {
    { 509, 251, 1, VK_IMAGE_TILING_LINEAR },  { 509, 251, 1, VK_IMAGE_TILING_OPTIMAL },
    { 333, 117, 6, VK_IMAGE_TILING_OPTIMAL }, { 1021, 33, 1, VK_IMAGE_TILING_LINEAR },
    { 65, 1023, 1, VK_IMAGE_TILING_OPTIMAL }, { 17, 19, 1, VK_IMAGE_TILING_OPTIMAL },
};

struct image {
    const struct shape *shape;
    VkImage image;
    struct canary_block raw; /* the whole of its memory as a buffer; buffer VK_NULL_HANDLE: not to be had */
    uint64_t texel_bytes;    /* of level 0 */
};

struct images {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct canary_gpu gpu;
    struct canary_key key;
    struct vg_vk_buffer packed;
    struct image items[MAX_IMAGES];
    size_t count;
    uint64_t bytes, padding;
};

static bool format_fits(const struct images *s, VkImageTiling tiling)
{
    VkFormatProperties properties;
    vkGetPhysicalDeviceFormatProperties(s->vk.physical, VK_FORMAT_R32G32_UINT, &properties);
    VkFormatFeatureFlags has =
        tiling == VK_IMAGE_TILING_LINEAR ? properties.linearTilingFeatures : properties.optimalTilingFeatures;
    return (has & VK_FORMAT_FEATURE_TRANSFER_SRC_BIT) && (has & VK_FORMAT_FEATURE_TRANSFER_DST_BIT);
}

/* A buffer over the image's memory: the only way to what lies between its texels. */
static void alias(const struct images *s, struct image *image, uint64_t bytes, uint32_t type)
{
    const struct vg_vk *vk = &s->vk;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes / 8 * 8,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
    };
    VkMemoryRequirements needs;
    VG_VK(vk, vkCreateBuffer(vk->device, &info, NULL, &image->raw.buffer));
    vkGetBufferMemoryRequirements(vk->device, image->raw.buffer, &needs);
    image->raw.bytes = info.size;
    image->raw.type = type;
    if ((needs.memoryTypeBits & (UINT32_C(1) << type)) && needs.size <= bytes) {
        VG_VK(vk, vkBindBufferMemory(vk->device, image->raw.buffer, image->raw.memory, 0));
        return;
    }
    vkDestroyBuffer(vk->device, image->raw.buffer, NULL);
    image->raw.buffer = VK_NULL_HANDLE;
}

/* False: there is no more memory. */
static bool make(struct images *s, const struct shape *shape, struct image *image)
{
    const struct vg_vk *vk = &s->vk;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = VK_FORMAT_R32G32_UINT,
        .extent = { shape->width, shape->height, 1 },
        .mipLevels = shape->levels,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = shape->tiling,
        .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    };
    VkMemoryRequirements needs;
    *image = (struct image) { .shape = shape, .texel_bytes = (uint64_t)shape->width * shape->height * 8 };
    VG_VK(vk, vkCreateImage(vk->device, &info, NULL, &image->image));
    vkGetImageMemoryRequirements(vk->device, image->image, &needs);
    int type = vg_vk_memory_type(vk, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    if (type < 0)
        vg_w_fail(s->context, "no device-local memory type takes an image of %u x %u", shape->width, shape->height);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = (uint32_t)type,
    };
    VkResult result = vkAllocateMemory(vk->device, &allocate, NULL, &image->raw.memory);
    if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY ||
        result == VK_ERROR_TOO_MANY_OBJECTS)
        return false;
    vg_vk_check(vk, result, "vkAllocateMemory");
    VG_VK(vk, vkBindImageMemory(vk->device, image->image, image->raw.memory, 0));
    alias(s, image, needs.size, (uint32_t)type);
    s->bytes += needs.size;
    s->padding += needs.size - image->texel_bytes;
    return true;
}

static void allocate(struct images *s)
{
    uint64_t limit = (uint64_t)vg_w_int(s->context, "limit_mib") * MIB;
    for (size_t turn = 0; s->bytes < limit && s->count < MAX_IMAGES && !vg_w_should_stop(s->context); turn++) {
        const struct shape *shape = &shapes[turn % VG_COUNT(shapes)];
        if (!format_fits(s, shape->tiling))
            continue;
        if (!make(s, shape, &s->items[s->count]))
            break;
        s->count++;
    }
    if (s->count == 0)
        vg_w_invalid(s->context, "no image could be made, so nothing can be said about their memory");
    vg_w_fact_int(s->context, "image_count", (int64_t)s->count);
    vg_w_fact_int(s->context, "padding_bytes", (int64_t)s->padding);
}

/* Level 0 to or from the packed buffer. */
static void copy(const struct images *s, const struct image *image, bool into_image)
{
    const struct vg_vk *vk = &s->vk;
    VkCommandBuffer commands = vg_vk_command_buffer(vk);
    VkFence fence = vg_vk_fence(vk);
    VkImageLayout layout = into_image ? VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = into_image ? VK_ACCESS_TRANSFER_WRITE_BIT : VK_ACCESS_TRANSFER_READ_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED, /* whatever is there */
        .newLayout = layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image->image,
        .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, image->shape->levels, 0, 1 },
    };
    const VkBufferImageCopy region = {
        .imageSubresource = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
        .imageExtent = { image->shape->width, image->shape->height, 1 },
    };
    vg_vk_begin(vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0,
                         NULL, 1, &barrier);
    if (into_image)
        vkCmdCopyBufferToImage(commands, s->packed.buffer, image->image, layout, 1, &region);
    else
        vkCmdCopyImageToBuffer(commands, image->image, layout, s->packed.buffer, 1, &region);
    vg_vk_record_transfer_barrier(commands);
    VG_VK(vk, vkEndCommandBuffer(commands));
    vg_vk_submit(vk, commands, fence);
    vg_vk_wait(vk, fence);
    vkDestroyFence(vk->device, fence, NULL);
    vkFreeCommandBuffers(vk->device, vk->commands, 1, &commands);
}

/* Below every image, padding and all; and through every other one, for a copy may lay it out in a way of its own. */
static void fill(struct images *s)
{
    const struct canary_block packed = { .buffer = s->packed.buffer, .bytes = s->packed.bytes };
    canary_fill(&s->gpu, &packed, s->key, 0, (uint32_t)(packed.bytes / 8));
    uint32_t index = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct image *image = &s->items[i];
        if (image->raw.buffer)
            canary_fill(&s->gpu, &image->raw, s->key, index, (uint32_t)(image->raw.bytes / 8));
        if (i % 2 || !image->raw.buffer)
            copy(s, image, true);
        index += (uint32_t)(image->raw.bytes / 8);
    }
    vg_w_fact_int(s->context, "filled_bytes", (int64_t)s->bytes);
    vg_w_mark(s->context, "filled");
    if (vg_w_bool(s->context, "hold"))
        vg_w_hold(s->context);
}

static void scan(struct images *s)
{
    struct canary_findings sum = { .first_run = UINT64_MAX };
    uint64_t scanned = 0, below = 0;
    for (size_t i = 0; i < s->count && !vg_w_should_stop(s->context); i++) {
        const struct image *image = &s->items[i];
        struct canary_findings found;
        if (image->raw.buffer) { /* first, for the copy may write to it */
            found = canary_scan(&s->gpu, &image->raw, s->key);
            below += image->raw.bytes;
        } else {
            found = (struct canary_findings) { .first_run = UINT64_MAX };
        }
        memset(s->packed.map, 0, s->packed.bytes);
        copy(s, image, false);
        found = canary_worse(found, canary_scan_words(s->key, s->packed.map, image->texel_bytes / 8));
        sum.canary_words += found.canary_words;
        sum.nonzero_words += found.nonzero_words;
        sum.runs += found.runs;
        scanned += image->raw.buffer ? image->raw.bytes : image->texel_bytes;
    }
    vg_w_fact_int(s->context, "scanned_bytes", (int64_t)scanned);
    vg_w_fact_int(s->context, "scanned_below_images_bytes", (int64_t)below);
    vg_w_fact_int(s->context, "canary_words", (int64_t)sum.canary_words);
    vg_w_fact_int(s->context, "canary_runs", (int64_t)sum.runs);
    vg_w_fact_int(s->context, "nonzero_bytes", (int64_t)sum.nonzero_words * 8);
}

static void run(struct vg_workload_context *context)
{
    static struct images s;
    bool scanning = vg_equal(vg_w_text(context, "mode"), "scan");
    uint64_t key = vg_w_hex64(context, "key"), largest = 0;
    s.context = context;
    s.key = (struct canary_key) { (uint32_t)key, (uint32_t)(key >> 32) };
    if (key == 0)
        vg_w_invalid(context, "parameter `key` is zero, under which a canary looks like cleared memory");
    vg_vk_open(&s.vk, context);
    canary_gpu_open(&s.gpu, &s.vk);
    for (size_t i = 0; i < VG_COUNT(shapes); i++) {
        uint64_t bytes = (uint64_t)shapes[i].width * shapes[i].height * 8;
        largest = bytes > largest ? bytes : largest;
    }
    s.packed = vg_vk_shared_buffer(&s.vk, largest);
    if (scanning && !canary_prove_detector(&s.gpu, s.key))
        vg_w_invalid(context, "the detector does not find canaries that were just written: no scan can be trusted");
    if (scanning)
        vg_w_fact_int(context, "detector_proved", 1);
    vg_w_barrier(context);
    allocate(&s);
    if (scanning)
        scan(&s);
    else
        fill(&s);
}

VG_WORKLOAD(vk_image_canary) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-image-canary",
    .summary = "fills the memory of images with keyed words, padding and all, or searches that of new images for them",
    .why = "What lies between the rows of an image is cleared by nobody who clears images",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "mode", VG_CHOICE, .choices = "fill|scan", .def = "scan", .summary = "write canaries, or search" },
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key in hexadecimal, the same for both" },
            { "limit_mib", VG_INT, .def = "48", .min = 1, .max = 32767, .unit = "MiB",
              .summary = "take at most this much memory" },
            { "hold", VG_BOOL, .def = "true", .summary = "fill: keep the images until stopped" },
            { 0 },
        },
    .run = run,
};
