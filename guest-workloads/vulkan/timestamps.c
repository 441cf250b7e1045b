/* SPDX-License-Identifier: MIT */
/* The GPU's clock beside the tenant's: it must run, never back, and as fast as it says. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include "common/checks.h"
#include "common/vulkan.h"
#include "common/vulkan_time.h"

struct stamp {
    uint64_t ticks;             /* written by the GPU */
    int64_t before_ns, wide_ns; /* CPU: before the submission, and until its fence was seen */
};

struct clocks {
    struct vg_vk vk;
    struct vg_checks checks;
    VkQueryPool queries;
    VkCommandBuffer commands;
    VkFence fence;
};

static void set_up(struct clocks *c)
{
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2,
    };
    VG_VK(&c->vk, vkCreateQueryPool(c->vk.device, &info, NULL, &c->queries));
    c->commands = vg_vk_command_buffer(&c->vk);
    c->fence = vg_vk_fence(&c->vk);
    vg_vk_begin(&c->vk, c->commands, 0);
    vkCmdResetQueryPool(c->commands, c->queries, 0, 2);
    vkCmdWriteTimestamp(c->commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, c->queries, 0);
    vkCmdWriteTimestamp(c->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, c->queries, 1);
    VG_VK(&c->vk, vkEndCommandBuffer(c->commands));
}

/* Ticks from a to b, which may be a little negative. */
static int64_t between(const struct clocks *c, uint64_t a, uint64_t b)
{
    uint64_t forward = vg_vk_ticks_between(&c->vk, a, b), back = vg_vk_ticks_between(&c->vk, b, a);
    return forward <= back ? (int64_t)forward : -(int64_t)back;
}

static struct stamp take(struct clocks *c)
{
    struct vg_vk_instant earlier, later;
    uint64_t ticks[2] = { 0 };
    bool calibrated = vg_vk_compare_clocks(&c->vk, &earlier) == NULL;
    struct stamp stamp = { .before_ns = vg_now_ns() };
    vg_vk_submit(&c->vk, c->commands, c->fence);
    vg_vk_wait(&c->vk, c->fence);
    stamp.wide_ns = vg_now_ns() - stamp.before_ns;
    VG_VK(&c->vk, vkGetQueryPoolResults(c->vk.device, c->queries, 0, 2, sizeof(ticks), ticks, sizeof(ticks[0]),
                                        VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));
    vg_check(&c->checks, "never-back", between(c, ticks[0], ticks[1]) >= 0,
             "the end of a submission has an earlier timestamp than its start");
    if (calibrated && vg_vk_compare_clocks(&c->vk, &later) == NULL)
        vg_check(&c->checks, "calibrated-agrees",
                 between(c, earlier.ticks, ticks[0]) >= 0 && between(c, ticks[1], later.ticks) >= 0,
                 "timestamps of a submission do not lie between the device's clock before and after it");
    else
        vg_check_skip(&c->checks, "calibrated-agrees", "no calibrated timestamps");
    stamp.ticks = ticks[0];
    return stamp;
}

/* The stamp that is known best among the first or last of them. */
static struct stamp narrowest(const struct stamp *stamps, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = stamps[i].wide_ns < stamps[best].wide_ns ? i : best;
    return stamps[best];
}

static void check_rate(struct clocks *c, const struct stamp *stamps, size_t count)
{
    struct vg_workload_context *context = c->vk.context;
    size_t part = count / 10 ? count / 10 : 1;
    struct stamp first = narrowest(stamps, part), last = narrowest(stamps + count - part, part);
    double cpu_ns = (double)(last.before_ns - first.before_ns) + (double)(last.wide_ns - first.wide_ns) / 2;
    double gpu_ns = (double)between(c, first.ticks, last.ticks) * c->vk.timestamp_ns;
    double ppm = cpu_ns > 0 ? (gpu_ns / cpu_ns - 1) * 1e6 : NAN;
    double error_ppm = cpu_ns > 0 ? (double)(first.wide_ns + last.wide_ns) / 2 / cpu_ns * 1e6 : NAN;
    double limit_ppm = vg_w_real(context, "limit_ppm");
    vg_w_fact_real(context, "drift_ppm", ppm);
    vg_w_fact_real(context, "drift_error_ppm", error_ppm);
    vg_w_fact_real(context, "compared_s", cpu_ns / 1e9);
    if (!(error_ppm <= limit_ppm)) {
        vg_check_skip(&c->checks, "rate", "the clocks were compared to %.0f ppm only, and %.0f must be told", error_ppm,
                      limit_ppm);
        return;
    }
    vg_check(&c->checks, "rate", fabs(ppm) - error_ppm <= limit_ppm,
             "the GPU's clock is %.0f ppm (known to %.0f) beside CLOCK_MONOTONIC_RAW over %.0f s", ppm, error_ppm,
             cpu_ns / 1e9);
}

static void run(struct vg_workload_context *context)
{
    static struct clocks c;
    int64_t seconds = vg_w_int(context, "seconds"), gap_ms = vg_w_int(context, "gap_ms");
    size_t most = (size_t)(seconds * 1000 / gap_ms) + 2, count = 0;
    struct stamp *stamps = vg_calloc(most, sizeof(*stamps));
    vg_vk_open(&c.vk, context);
    vg_w_barrier(context);
    vg_check(&c.checks, "offered", c.vk.timestamp_bits > 0 && c.vk.timestamp_ns > 0,
             "the queue has %u valid bits of timestamps, a tick of %.9g ns", c.vk.timestamp_bits, c.vk.timestamp_ns);
    if (c.vk.timestamp_bits > 0) {
        set_up(&c);
        int64_t end_ns = vg_now_ns() + seconds * VG_NS_PER_S;
        while (vg_now_ns() < end_ns && count < most && !vg_w_should_stop(context)) {
            stamps[count] = take(&c);
            if (count)
                vg_check(&c.checks, "never-back", between(&c, stamps[count - 1].ticks, stamps[count].ticks) > 0,
                         "a later submission has an earlier timestamp");
            count++;
            usleep((useconds_t)gap_ms * 1000);
        }
        check_rate(&c, stamps, count);
    }
    vg_w_fact_int(context, "timestamps", (int64_t)count);
    vg_checks_report(context, &c.checks);
}

VG_WORKLOAD(vk_timestamps) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-timestamps",
    .summary = "the GPU's timestamps beside the tenant's monotonic clock",
    .why = "A profiler, a frame pacer and every latency of a GPU rest on this clock",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_INT, .def = "60", .min = 1, .max = 86400, .unit = "s", .summary = "for so long" },
            { "gap_ms", VG_INT, .def = "20", .min = 1, .max = 60000, .unit = "ms", .summary = "between two of them" },
            { "limit_ppm", VG_REAL, .def = "500", .min = 1, .max = 1000000, .unit = "1",
              .summary = "most that the clocks may differ, in parts per million" },
            { 0 },
        },
    .run = run,
};
