/* SPDX-License-Identifier: MIT */
/* Memory that comes and goes: blocks of varied sizes are allocated, bound, filled by the GPU, looked at, kept for a
 * while beside others, looked at again and freed. A neighbour like this splits up memory and keeps page tables and
 * their caches changing. The second look finds a block that was handed out twice. */
#include "common/flight.h"
#include "common/vulkan_nudge.h"
#include "vulkan/spots.h"

#define MIB      (UINT64_C(1) << 20)
#define KIB      (UINT64_C(1) << 10)
#define WORD     8 /* bytes */
#define MAX_KEPT 64

struct block {
    struct vg_vk_buffer buffer; /* bytes 0: none */
    uint64_t word;              /* of which it is full */
    uint32_t number;
};

struct churner {
    struct vg_vk vk;
    struct vg_vk_nudge nudge;
    struct vg_workload_context *context;
    VkCommandBuffer commands;
    VkFence fence;
    struct spots fresh, old;
    struct block blocks[MAX_KEPT];
    unsigned kept, turn; /* blocks that are kept; whose turn it is to go */
    uint64_t seed, min_bytes, doublings;
    uint32_t number;
    uint64_t job_bytes, verified;
};

/* Sizes are spread evenly over their logarithm: each doubling from the smallest to the largest is as likely. */
static uint64_t next_bytes(const struct churner *c)
{
    uint64_t draw = spots_mix(c->seed * UINT64_C(0x100000001) + c->number);
    uint64_t base = c->min_bytes << (draw % (c->doublings ? c->doublings : 1));
    uint64_t over = c->doublings ? (draw >> 32) % base : 0;
    return (base + over) / WORD * WORD;
}

static void check(const struct churner *c, const struct block *block, const struct spots *spots, const char *when)
{
    for (unsigned i = 0; i < SPOTS; i++)
        if (spots_word(spots, i) != block->word)
            vg_w_fail(c->context, "block %u of %llu bytes holds 0x%016llx at byte %llu %s, 0x%016llx is right",
                      block->number, (unsigned long long)block->buffer.bytes, (unsigned long long)spots_word(spots, i),
                      (unsigned long long)spots->at[i] * WORD, when, (unsigned long long)block->word);
}

static void fill_and_look(struct churner *c, const struct block *fresh, const struct block *old)
{
    const struct vg_vk *vk = &c->vk;
    vg_vk_begin(vk, c->commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdFillBuffer(c->commands, fresh->buffer.buffer, 0, VK_WHOLE_SIZE, (uint32_t)fresh->word);
    vg_vk_record_transfer_barrier(c->commands);
    spots_record(&c->fresh, c->commands, fresh->buffer.buffer, fresh->buffer.bytes / WORD, fresh->number);
    if (old->buffer.bytes) /* after the fill: had that gone to this block's memory, it would show */
        spots_record(&c->old, c->commands, old->buffer.buffer, old->buffer.bytes / WORD, ~(uint64_t)old->number);
    VG_VK(vk, vkEndCommandBuffer(c->commands));
    vg_vk_submit(vk, c->commands, c->fence);
    vg_vk_wait(vk, c->fence);
    check(c, fresh, &c->fresh, "after it was filled");
    if (old->buffer.bytes)
        check(c, old, &c->old, "before it is freed");
}

static void churn(void *self, unsigned slot)
{
    struct churner *c = self;
    struct block *old = &c->blocks[c->turn++ % c->kept];
    (void)slot;
    uint32_t pattern = ++c->number * UINT32_C(0x9E3779B1);
    struct block fresh = {
        .buffer = vg_vk_device_buffer(&c->vk, next_bytes(c)),
        .word = (uint64_t)pattern << 32 | pattern,
        .number = c->number,
    };
    fill_and_look(c, &fresh, old);
    if (old->buffer.bytes)
        vg_vk_release_buffer(&c->vk, &old->buffer);
    *old = fresh;
    c->job_bytes = fresh.buffer.bytes;
    c->verified++;
    vg_vk_nudge_job(&c->nudge);
}

static int64_t bytes(void *self, unsigned slot)
{
    (void)slot;
    return (int64_t)((struct churner *)self)->job_bytes;
}

static const struct vg_flight_ops ops = { .wait = churn, .bytes = bytes };

static void set_up(struct churner *c, struct vg_workload_context *context)
{
    uint64_t most = (uint64_t)vg_w_int(context, "max_mib") * MIB;
    c->context = context;
    c->seed = (uint64_t)vg_w_int(context, "seed");
    c->kept = (unsigned)vg_w_int(context, "kept");
    c->min_bytes = (uint64_t)vg_w_int(context, "min_kib") * KIB;
    if (c->min_bytes > most)
        vg_w_invalid(context, "parameter `min_kib` is more than `max_mib`");
    while (c->min_bytes << (c->doublings + 1) <= most)
        c->doublings++;
    vg_vk_open(&c->vk, context);
    c->commands = vg_vk_command_buffer(&c->vk);
    c->fence = vg_vk_fence(&c->vk);
    spots_open(&c->fresh, &c->vk);
    spots_open(&c->old, &c->vk);
}

static void run(struct vg_workload_context *context)
{
    static struct churner c;
    struct vg_flight flight = { .context = context, .ops = &ops, .self = &c, .slots = 1 };
    set_up(&c, context);
    vg_vk_nudge_begin(&c.nudge, &c.vk);
    vg_flight_run(&flight);
    vg_w_fact_int(context, "jobs", (int64_t)flight.measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)c.verified);
    vg_vk_nudge_fact(&c.nudge, context);
}

VG_WORKLOAD(vk_allocation_churn) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-allocation-churn",
    .summary = "allocates GPU memory of varied sizes, has the GPU fill it, checks samples of it, and frees it",
    .why = "A neighbour that keeps memory changing costs others page tables, caches and the allocator's time",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            VG_FLIGHT_SECONDS,
            { "min_kib", VG_INT, .def = "64", .min = 4, .max = 65536, .unit = "KiB", .summary = "smallest block" },
            { "max_mib", VG_INT, .def = "8", .min = 1, .max = 1024, .unit = "MiB", .summary = "largest block" },
            { "kept", VG_INT, .def = "4", .min = 1, .max = MAX_KEPT, .unit = "1",
              .summary = "blocks that are held at once; the oldest goes when one more has come" },
            { "seed", VG_INT, .def = "1", .min = 0, .max = 2147483647, .unit = "1",
              .summary = "of the series of sizes" },
            { 0 },
        },
    .streams = VG_FLIGHT_STREAMS("when the block was checked and the oldest was freed",
                                 "from before the block is allocated to after the oldest was freed", VG_FLIGHT_BYTES),
    .run = run,
};
