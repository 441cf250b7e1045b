/* SPDX-License-Identifier: MIT */
/* Is what the GPU draws and computes right? Pictures whose every pixel follows from its place, integers that are exact,
 * copies that are the same: round after round, each with another content. */
#include "common/golden.h"

#include "common/vulkan.h"
#include "shaders/prove.comp.h"
#include "vulkan/picture.h"
#include "vulkan/spots.h"

#define GROUPS     64
#define LOCAL      64
#define COPY_WORDS 65536

struct golden {
    struct vg_vk vk;
    struct vg_checks checks;
    struct picture picture;
    struct vg_vk_pipeline prove;
    VkDescriptorSet set;
    struct vg_vk_buffer results, from, through, to;
};

/* The arithmetic of shaders/prove.comp. */
static uint32_t proof(uint32_t index, uint32_t seed)
{
    uint32_t x = index * UINT32_C(0x9E3779B1) ^ seed;
    x ^= x >> 16;
    x *= UINT32_C(0x7FEB352D);
    x ^= x >> 15;
    x *= UINT32_C(0x846CA68B);
    return x ^ (x >> 16);
}

static void check_compute(struct golden *g, uint32_t salt)
{
    const struct vg_vk_dispatch job = {
        .pipeline = &g->prove, .set = g->set, .push = &salt, .push_bytes = sizeof(salt), .groups = GROUPS
    };
    uint64_t wrong = 0;
    uint32_t first = 0;
    const uint32_t *words = g->results.map;
    memset(g->results.map, 0, g->results.bytes);
    vg_vk_run(&g->vk, &job);
    for (uint32_t i = 0; i < GROUPS * LOCAL; i++)
        if (words[i] != proof(i, salt) && wrong++ == 0)
            first = i;
    vg_check_many(&g->checks, "compute", GROUPS * LOCAL, wrong, "result %u is 0x%08x, and 0x%08x is right", first,
                  words[first], proof(first, salt));
}

static void check_copy(struct golden *g, uint32_t salt)
{
    const VkBufferCopy all = { .size = COPY_WORDS * 4 };
    VkCommandBuffer commands = vg_vk_command_buffer(&g->vk);
    VkFence fence = vg_vk_fence(&g->vk);
    uint32_t *from = g->from.map;
    const uint32_t *to = g->to.map;
    uint64_t wrong = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < COPY_WORDS; i++)
        from[i] = proof(i, ~salt);
    memset(g->to.map, 0, g->to.bytes);
    vg_vk_begin(&g->vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdCopyBuffer(commands, g->from.buffer, g->through.buffer, 1, &all);
    vg_vk_record_transfer_barrier(commands);
    vkCmdCopyBuffer(commands, g->through.buffer, g->to.buffer, 1, &all);
    vg_vk_record_transfer_barrier(commands);
    VG_VK(&g->vk, vkEndCommandBuffer(commands));
    vg_vk_submit(&g->vk, commands, fence);
    vg_vk_wait(&g->vk, fence);
    for (uint32_t i = 0; i < COPY_WORDS; i++)
        if (to[i] != from[i] && wrong++ == 0)
            first = i;
    vg_check_many(&g->checks, "copy", COPY_WORDS, wrong, "word %u of a copy is 0x%08x, and 0x%08x is right", first,
                  to[first], from[first]);
    vkDestroyFence(g->vk.device, fence, NULL);
    vkFreeCommandBuffers(g->vk.device, g->vk.commands, 1, &commands);
}

static void run(struct vg_workload_context *context)
{
    static struct golden g;
    vg_vk_open(&g.vk, context);
    g.results = vg_vk_shared_buffer(&g.vk, GROUPS * LOCAL * 4);
    g.from = vg_vk_shared_buffer(&g.vk, COPY_WORDS * 4);
    g.through = vg_vk_device_buffer(&g.vk, COPY_WORDS * 4);
    g.to = vg_vk_shared_buffer(&g.vk, COPY_WORDS * 4);
    g.prove = vg_vk_compute(&g.vk, shader_prove_comp, sizeof(shader_prove_comp), 1, sizeof(uint32_t));
    g.set = vg_vk_buffer_set(&g.vk, &g.prove, &g.results.buffer);
    picture_open(&g.picture, &g.vk);
    vg_w_barrier(context);
    int64_t end_ns = vg_now_ns() + vg_w_int(context, "seconds") * VG_NS_PER_S, rounds = 0;
    do {
        uint32_t salt = (uint32_t)spots_mix((uint64_t)rounds + (uint64_t)vg_w_int(context, "seed"));
        for (enum golden_scene scene = 0; scene < GOLDEN_SCENES; scene++)
            golden_compare(&g.checks, scene, salt, picture_draw(&g.picture, scene, salt));
        check_compute(&g, salt);
        check_copy(&g, salt);
        rounds++;
    } while (vg_now_ns() < end_ns && !vg_w_should_stop(context));
    vg_w_fact_int(context, "golden_rounds", rounds);
    vg_checks_report(context, &g.checks);
}

VG_WORKLOAD(vk_golden) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-golden",
    .summary = "draws, computes and copies what is known beforehand, and compares every pixel and word",
    .why = "A GPU that is fast and wrong is found by nobody who only measures time",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_INT, .def = "4", .min = 0, .max = 86400, .unit = "s",
              .summary = "round after round for so long, once at least" },
            { "seed", VG_INT, .def = "1", .min = 0, .max = 2147483647, .unit = "1", .summary = "of the contents" },
            { 0 },
        },
    .run = run,
};
