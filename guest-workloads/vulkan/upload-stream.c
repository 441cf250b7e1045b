/* SPDX-License-Identifier: MIT */
/* Uploads: the host writes new data to staging memory, the GPU copies them to a buffer of its own. A neighbour that
 * loads textures does this; its data cross the same bus, or the same VMM, as everybody's. Each job's data are another
 * window of one pool of words; 64 words of each are read back from the GPU's buffer, and in the end every word of the
 * last job in each slot. */
#include "common/flight.h"
#include "vulkan/spots.h"

#define MIB       (UINT64_C(1) << 20)
#define WORD      8            /* bytes */
#define ROOM      (MIB / WORD) /* words by which windows of the pool may be shifted */
#define MAX_SLOTS 8

struct slot {
    VkCommandBuffer commands;
    VkFence fence;
    struct vg_vk_buffer staging, target;
    struct spots spots;
    const uint64_t *data; /* its window of the pool */
};

struct uploader {
    struct vg_vk vk;
    struct vg_workload_context *context;
    uint64_t *pool;
    struct slot slots[MAX_SLOTS];
    uint64_t bytes, number, verified;
};

static void record_copy(const struct vg_vk *vk, const struct slot *slot, VkBuffer from, VkBuffer to, uint64_t bytes)
{
    const VkBufferCopy all = { .size = bytes };
    vg_vk_begin(vk, slot->commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vkCmdCopyBuffer(slot->commands, from, to, 1, &all);
    vg_vk_record_transfer_barrier(slot->commands);
}

static void submit(void *self, unsigned index)
{
    struct uploader *u = self;
    struct slot *slot = &u->slots[index];
    slot->data = u->pool + spots_mix(u->number) % ROOM;
    memcpy(slot->staging.map, slot->data, u->bytes); /* submission makes it visible to the GPU */
    record_copy(&u->vk, slot, slot->staging.buffer, slot->target.buffer, u->bytes);
    spots_record(&slot->spots, slot->commands, slot->target.buffer, u->bytes / WORD, u->number++);
    VG_VK(&u->vk, vkEndCommandBuffer(slot->commands));
    vg_vk_submit(&u->vk, slot->commands, slot->fence);
}

static void wait(void *self, unsigned index)
{
    struct uploader *u = self;
    vg_vk_wait(&u->vk, u->slots[index].fence);
}

static void verify(void *self, unsigned index)
{
    struct uploader *u = self;
    const struct slot *slot = &u->slots[index];
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t word = spots_word(&slot->spots, i), right = slot->data[slot->spots.at[i]];
        if (word != right)
            vg_w_fail(u->context, "an upload of %llu bytes left 0x%016llx at byte %llu, 0x%016llx was written",
                      (unsigned long long)u->bytes, (unsigned long long)word,
                      (unsigned long long)slot->spots.at[i] * WORD, (unsigned long long)right);
    }
    u->verified++;
}

static int64_t bytes(void *self, unsigned index)
{
    (void)index;
    return (int64_t)((struct uploader *)self)->bytes;
}

static const struct vg_flight_ops ops = { .submit = submit, .wait = wait, .verify = verify, .bytes = bytes };

/* Back through the staging memory, which forgets first. */
static void verify_every_word(const struct uploader *u, const struct slot *slot)
{
    memset(slot->staging.map, 0, u->bytes);
    record_copy(&u->vk, slot, slot->target.buffer, slot->staging.buffer, u->bytes);
    VG_VK(&u->vk, vkEndCommandBuffer(slot->commands));
    vg_vk_submit(&u->vk, slot->commands, slot->fence);
    vg_vk_wait(&u->vk, slot->fence);
    if (memcmp(slot->staging.map, slot->data, u->bytes) != 0)
        vg_w_fail(u->context, "of an upload of %llu bytes not every byte arrived", (unsigned long long)u->bytes);
}

static void set_up(struct uploader *u, struct vg_workload_context *context, unsigned slots)
{
    u->context = context;
    u->bytes = (uint64_t)vg_w_int(context, "mib") * MIB;
    uint64_t words = u->bytes / WORD + ROOM;
    u->pool = vg_reallocarray(NULL, words, WORD);
    for (uint64_t i = 0; i < words; i++)
        u->pool[i] = spots_mix(i);
    vg_vk_open(&u->vk, context);
    for (unsigned i = 0; i < slots; i++) {
        u->slots[i].staging = vg_vk_shared_buffer(&u->vk, u->bytes);
        u->slots[i].target = vg_vk_device_buffer(&u->vk, u->bytes);
        u->slots[i].commands = vg_vk_command_buffer(&u->vk);
        u->slots[i].fence = vg_vk_fence(&u->vk);
        spots_open(&u->slots[i].spots, &u->vk);
    }
    vg_w_fact_int(context, "job_bytes", (int64_t)u->bytes);
}

static void run(struct vg_workload_context *context)
{
    static struct uploader u;
    struct vg_flight flight = {
        .context = context,
        .ops = &ops,
        .self = &u,
        .slots = (unsigned)vg_w_int(context, "in_flight"),
    };
    set_up(&u, context, flight.slots);
    vg_flight_run(&flight);
    for (unsigned i = 0; i < flight.slots && i < u.number; i++)
        verify_every_word(&u, &u.slots[i]);
    vg_w_fact_int(context, "jobs", (int64_t)flight.measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)u.verified);
}

VG_WORKLOAD(vk_upload_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-upload-stream",
    .summary = "writes new data to staging memory and copies them to the GPU, again and again, each read back in part",
    .why = "A neighbour that loads textures takes the way to the GPU, not the GPU",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            VG_FLIGHT_SECONDS,
            { "mib", VG_INT, .def = "4", .min = 1, .max = 64, .unit = "MiB",
              .summary = "size of one upload; tenant and GPU each hold as many as are in flight" },
            { "in_flight", VG_INT, .def = "2", .min = 1, .max = MAX_SLOTS, .unit = "1",
              .summary = "uploads submitted and not yet completed" },
            { 0 },
        },
    .streams = VG_FLIGHT_STREAMS("when the host saw the fence",
                                 "from before the host writes the data to the fence, waiting in the queue included",
                                 VG_FLIGHT_BYTES),
    .run = run,
};
