/* SPDX-License-Identifier: MIT */
/* A fence is a promise: the work in front of it is done, and so is everything before it on its queue. Several queues at
 * once, several submissions in flight on each: every submission moves a counter, and whenever a fence is seen, the
 * counter must have come as far, and no older fence of its queue may be open. */
#include <stdio.h>
#include "common/checks.h"
#include "common/vulkan.h"
#include "shaders/increment.comp.h"

#define MAX_QUEUES 16
#define MAX_FLIGHT 64

struct lane {
    struct vg_vk vk; /* a device of its own, with one queue */
    struct vg_vk_pipeline pipeline;
    struct vg_vk_buffer counter;
    VkCommandBuffer commands[MAX_FLIGHT];
    VkFence fences[MAX_FLIGHT];
    uint32_t submitted, seen;
};

struct order {
    struct vg_workload_context *context;
    struct vg_checks checks;
    struct lane lanes[MAX_QUEUES];
    unsigned lane_count, flight;
    int64_t longest_ns;
};

static void open_lane(struct order *o, struct lane *lane, const struct vg_vk *first)
{
    lane->vk = *first;
    if (first->device && lane != &o->lanes[0])
        vg_vk_open_device(&lane->vk);
    lane->pipeline = vg_vk_compute(&lane->vk, shader_increment_comp, sizeof(shader_increment_comp), 1, 0);
    lane->counter = vg_vk_shared_buffer(&lane->vk, 64);
    const struct vg_vk_dispatch job = {
        .pipeline = &lane->pipeline,
        .set = vg_vk_buffer_set(&lane->vk, &lane->pipeline, &lane->counter.buffer),
        .groups = 1,
    };
    for (unsigned i = 0; i < o->flight; i++) {
        lane->commands[i] = vg_vk_command_buffer(&lane->vk);
        lane->fences[i] = vg_vk_fence(&lane->vk);
        vg_vk_begin(&lane->vk, lane->commands[i], 0);
        vg_vk_record_dispatch(lane->commands[i], &job);
        VG_VK(&lane->vk, vkEndCommandBuffer(lane->commands[i]));
    }
}

static void submit(struct order *o, struct lane *lane)
{
    unsigned slot = lane->submitted % o->flight;
    VG_VK(&lane->vk, vkResetFences(lane->vk.device, 1, &lane->fences[slot]));
    vg_vk_submit(&lane->vk, lane->commands[slot], lane->fences[slot]);
    lane->submitted++;
}

static uint32_t counted(const struct lane *lane)
{
    return *(volatile const uint32_t *)lane->counter.map;
}

/* The fence of submission `number` was seen: all that it promises must be true. */
static void check_promise(struct order *o, const struct lane *lane, uint32_t number)
{
    uint32_t count = counted(lane);
    vg_check(&o->checks, "not-early", count >= number + 1, "the fence of submission %u was seen when %u were done",
             number + 1, count);
    vg_check(&o->checks, "executed-once", count <= lane->submitted, "%u submissions, and %u were executed",
             lane->submitted, count);
    uint32_t open = 0;
    for (uint32_t older = lane->seen; older < number; older++)
        open += vkGetFenceStatus(lane->vk.device, lane->fences[older % o->flight]) == VK_NOT_READY;
    vg_check_many(&o->checks, "in-order", number + 1 - lane->seen, open,
                  "the fence of submission %u was signalled before %u older ones of its queue", number + 1, open);
}

/* Waits for one fence of the lane: the newest, the oldest or one between, in turn. */
static void wait(struct order *o, struct lane *lane, unsigned turn)
{
    uint32_t open = lane->submitted - lane->seen, number = lane->seen + (turn * 2654435761u >> 8) % open;
    int64_t limit_ns = vg_w_int(o->context, "lost_s") * VG_NS_PER_S, start_ns = vg_now_ns();
    VkResult result =
        vkWaitForFences(lane->vk.device, 1, &lane->fences[number % o->flight], VK_TRUE, (uint64_t)limit_ns);
    int64_t took_ns = vg_now_ns() - start_ns;
    o->longest_ns = took_ns > o->longest_ns ? took_ns : o->longest_ns;
    vg_check(&o->checks, "not-lost", result != VK_TIMEOUT, "the fence of submission %u did not come within %lld s",
             number + 1, (long long)(limit_ns / VG_NS_PER_S));
    if (result == VK_TIMEOUT) {
        vg_checks_report(o->context, &o->checks);
        vg_w_fail(o->context, "a fence is lost: that of submission %u did not come within %lld s, %u of %u are done",
                  number + 1, (long long)(limit_ns / VG_NS_PER_S), counted(lane), lane->submitted);
    }
    vg_vk_check(&lane->vk, result, "vkWaitForFences");
    check_promise(o, lane, number);
    lane->seen = number + 1;
}

static void run(struct vg_workload_context *context)
{
    static struct order o;
    struct vg_vk first;
    int64_t fences = vg_w_int(context, "fences");
    o.context = context;
    o.lane_count = (unsigned)vg_w_int(context, "queues");
    o.flight = (unsigned)vg_w_int(context, "in_flight");
    vg_vk_open(&first, context);
    for (unsigned i = 0; i < o.lane_count; i++)
        open_lane(&o, &o.lanes[i], &first);
    vg_w_barrier(context);
    for (int64_t i = 0; i < fences && !vg_w_should_stop(context); i++) {
        struct lane *lane = &o.lanes[i % o.lane_count];
        submit(&o, lane);
        if (lane->submitted - lane->seen >= o.flight)
            wait(&o, lane, (unsigned)i);
    }
    for (unsigned i = 0; i < o.lane_count; i++) {
        struct lane *lane = &o.lanes[i];
        while (lane->seen < lane->submitted)
            wait(&o, lane, 0);
        vg_check(&o.checks, "complete", counted(lane) == lane->submitted, "%u submissions, and %u were executed",
                 lane->submitted, counted(lane));
    }
    vg_w_fact_int(context, "fences", fences);
    vg_w_fact_int(context, "longest_wait_ns", o.longest_ns);
    vg_checks_report(context, &o.checks);
}

VG_WORKLOAD(vk_fence_order) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-fence-order",
    .summary = "many fences on several queues: none early, none lost, none out of order",
    .why = "A fence that comes before its work hands out pictures and results that are not there yet",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "fences", VG_INT, .def = "20000", .min = 10, .max = 100000000, .unit = "1",
              .summary = "submissions on all queues together" },
            { "queues", VG_INT, .def = "4", .min = 1, .max = MAX_QUEUES, .unit = "1",
              .summary = "queues, each of a device of its own" },
            { "in_flight", VG_INT, .def = "8", .min = 1, .max = MAX_FLIGHT, .unit = "1",
              .summary = "submissions in flight on each" },
            { "lost_s", VG_INT, .def = "10", .min = 1, .max = 3600, .unit = "s",
              .summary = "a fence that takes longer is lost" },
            { 0 },
        },
    .run = run,
};
