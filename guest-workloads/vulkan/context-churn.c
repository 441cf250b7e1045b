/* SPDX-License-Identifier: MIT */
/* Contexts that come and go: a device with its queue is made, does one small job whose result is checked, and is
 * destroyed. A neighbour that starts programs all day does this; on the host it makes and breaks contexts, address
 * spaces and threads, which a scheduler of GPU time may not account to anybody. */
#include "common/flight.h"
#include "common/vulkan_nudge.h"

#define BYTES 4096

struct churner {
    struct vg_vk vk; /* has no device between two jobs */
    struct vg_vk_nudge nudge;
    uint32_t number;
    uint64_t verified;
};

/* One small job of a device that was not there before: the GPU fills a buffer with a number that nobody used yet. */
static void work(struct churner *c)
{
    const struct vg_vk *vk = &c->vk;
    uint32_t value = ++c->number * UINT32_C(0x9E3779B1);
    struct vg_vk_buffer buffer = vg_vk_shared_buffer(vk, BYTES);
    volatile const uint32_t *words = buffer.map;
    VkCommandBuffer commands = vg_vk_command_buffer(vk);
    VkFence fence = vg_vk_fence(vk);
    memset(buffer.map, ~(int)value & 0xff, BYTES);
    vg_vk_begin(vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdFillBuffer(commands, buffer.buffer, 0, VK_WHOLE_SIZE, value);
    vg_vk_record_transfer_barrier(commands);
    VG_VK(vk, vkEndCommandBuffer(commands));
    vg_vk_submit(vk, commands, fence);
    vg_vk_wait(vk, fence);
    for (size_t i = 0; i < BYTES / sizeof(*words); i++)
        if (words[i] != value)
            vg_w_fail(vk->context, "context %u: the GPU left 0x%08x in word %zu, 0x%08x is right", c->number, words[i],
                      i, value);
    vkDestroyFence(vk->device, fence, NULL);
    vg_vk_release_buffer(vk, &buffer);
}

static void churn(void *self, unsigned slot)
{
    struct churner *c = self;
    (void)slot;
    vg_vk_open_device(&c->vk);
    work(c);
    vg_vk_close_device(&c->vk);
    c->verified++;
    vg_vk_nudge_job(&c->nudge);
}

static const struct vg_flight_ops ops = { .wait = churn };

static void run(struct vg_workload_context *context)
{
    static struct churner c;
    struct vg_flight flight = { .context = context, .ops = &ops, .self = &c, .slots = 1 };
    vg_vk_open(&c.vk, context);
    vg_vk_close_device(&c.vk);
    vg_vk_nudge_begin(&c.nudge, &c.vk);
    vg_flight_run(&flight);
    vg_w_fact_int(context, "jobs", (int64_t)flight.measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)c.verified);
    vg_vk_nudge_fact(&c.nudge, context);
}

VG_WORKLOAD(vk_context_churn) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-context-churn",
    .summary = "makes a device with its queue, has it do one small verified job, destroys it, and begins again",
    .why = "What it costs the host to make and break contexts is time that no GPU scheduler counts",
    .needs = VG_NEED_VULKAN,
    .params = VG_PARAMS { VG_FLIGHT_SECONDS, { 0 } },
    .streams = VG_FLIGHT_STREAMS("when everything of the device was released",
                                 "from before vkCreateDevice to after vkDestroyDevice", ),
    .run = run,
};
