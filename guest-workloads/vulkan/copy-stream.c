/* SPDX-License-Identifier: MIT */
/* Copies from buffer to buffer on the GPU: a neighbour that wants memory bandwidth and hardly any compute. Each job
 * takes another window of one source that knows its own indices (canary-pattern.h), so that a copy that did not happen,
 * or happened elsewhere, leaves words of another window; 64 words of each copy are looked at, and every word of the
 * last one in each slot. */
#include "common/flight.h"
#include "vulkan/canary-memory.h"
#include "vulkan/spots.h"

#define MIB       (UINT64_C(1) << 20)
#define WORD      8            /* bytes */
#define ROOM      (MIB / WORD) /* words by which windows of the source may be shifted */
#define MAX_SLOTS 8

static const struct canary_key key = { UINT32_C(0x5eed0c0b), UINT32_C(0x71a3c0de) };

struct slot {
    VkCommandBuffer commands;
    VkFence fence;
    struct vg_vk_buffer target;
    struct spots spots;
    uint32_t first; /* index of the window's first word */
};

struct copier {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct canary_gpu gpu;
    struct vg_vk_buffer source;
    struct slot slots[MAX_SLOTS];
    uint64_t bytes, number, verified;
};

static void submit(void *self, unsigned index)
{
    struct copier *c = self;
    struct slot *slot = &c->slots[index];
    slot->first = (uint32_t)(spots_mix(c->number) % ROOM);
    const VkBufferCopy window = { .srcOffset = (VkDeviceSize)slot->first * WORD, .size = c->bytes };
    vg_vk_begin(&c->vk, slot->commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdCopyBuffer(slot->commands, c->source.buffer, slot->target.buffer, 1, &window);
    vg_vk_record_transfer_barrier(slot->commands);
    spots_record(&slot->spots, slot->commands, slot->target.buffer, c->bytes / WORD, c->number++);
    VG_VK(&c->vk, vkEndCommandBuffer(slot->commands));
    vg_vk_submit(&c->vk, slot->commands, slot->fence);
}

static void wait(void *self, unsigned index)
{
    struct copier *c = self;
    vg_vk_wait(&c->vk, c->slots[index].fence);
}

static void verify(void *self, unsigned index)
{
    struct copier *c = self;
    const struct slot *slot = &c->slots[index];
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t word = spots_word(&slot->spots, i);
        uint64_t right = canary_word(key, slot->first + (uint32_t)slot->spots.at[i]);
        if (word != right)
            vg_w_fail(c->context, "a copy of %llu bytes left 0x%016llx at byte %llu, 0x%016llx is right",
                      (unsigned long long)c->bytes, (unsigned long long)word,
                      (unsigned long long)slot->spots.at[i] * WORD, (unsigned long long)right);
    }
    c->verified++;
}

static int64_t bytes(void *self, unsigned index)
{
    (void)index;
    return (int64_t)((struct copier *)self)->bytes;
}

static const struct vg_flight_ops ops = { .submit = submit, .wait = wait, .verify = verify, .bytes = bytes };

/* One run of consecutive indices that is as long as the copy, and begins with the right one, is the whole copy. */
static void verify_every_word(const struct copier *c, const struct slot *slot)
{
    const struct canary_block block = { .buffer = slot->target.buffer, .bytes = c->bytes };
    struct canary_findings found = canary_scan(&c->gpu, &block, key);
    if (found.canary_words != c->bytes / WORD || found.runs != 1 || found.first_run != 0)
        vg_w_fail(c->context, "a copy of %llu words has %llu words of its source, in %llu runs; it must be one run",
                  (unsigned long long)(c->bytes / WORD), (unsigned long long)found.canary_words,
                  (unsigned long long)found.runs);
}

static void set_up(struct copier *c, struct vg_workload_context *context, unsigned slots)
{
    c->context = context;
    c->bytes = (uint64_t)vg_w_int(context, "mib") * MIB;
    vg_vk_open(&c->vk, context);
    canary_gpu_open(&c->gpu, &c->vk);
    c->source = vg_vk_device_buffer(&c->vk, c->bytes + ROOM * WORD);
    const struct canary_block all = { .buffer = c->source.buffer, .bytes = c->source.bytes };
    canary_fill(&c->gpu, &all, key, 0, (uint32_t)(c->source.bytes / WORD));
    for (unsigned i = 0; i < slots; i++) {
        c->slots[i].target = vg_vk_device_buffer(&c->vk, c->bytes);
        c->slots[i].commands = vg_vk_command_buffer(&c->vk);
        c->slots[i].fence = vg_vk_fence(&c->vk);
        spots_open(&c->slots[i].spots, &c->vk);
    }
    vg_w_fact_int(context, "job_bytes", (int64_t)c->bytes);
}

static void run(struct vg_workload_context *context)
{
    static struct copier c;
    struct vg_flight flight = {
        .context = context,
        .ops = &ops,
        .self = &c,
        .slots = (unsigned)vg_w_int(context, "in_flight"),
    };
    set_up(&c, context, flight.slots);
    vg_flight_run(&flight);
    for (unsigned i = 0; i < flight.slots && i < c.number; i++)
        verify_every_word(&c, &c.slots[i]);
    vg_w_fact_int(context, "jobs", (int64_t)flight.measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)c.verified);
}

VG_WORKLOAD(vk_copy_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-copy-stream",
    .summary = "keeps copies from buffer to buffer in flight and stamps each completion",
    .why = "A neighbour that takes memory bandwidth does not show where only compute is shared out",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            VG_FLIGHT_SECONDS,
            { "mib", VG_INT, .def = "16", .min = 1, .max = 100, .unit = "MiB",
              .summary = "size of one copy; the GPU holds one more than are in flight" },
            { "in_flight", VG_INT, .def = "2", .min = 1, .max = MAX_SLOTS, .unit = "1",
              .summary = "copies submitted and not yet completed" },
            { 0 },
        },
    .streams = VG_FLIGHT_STREAMS("when the host saw the fence",
                                 "from before the job is recorded to the fence, waiting in the queue included",
                                 VG_FLIGHT_BYTES),
    .run = run,
};
