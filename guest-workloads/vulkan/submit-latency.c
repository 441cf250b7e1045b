/* SPDX-License-Identifier: MIT */
/* How long one submission takes when nothing else is in flight: t0 before vkQueueSubmit, t1 after it, t2 and t3 the
 * GPU's begin and end, t4 the fence seen. Between t0 and t4 there is nothing but the two API calls. Timestamps cost
 * time of their own (on a software device more than the rest), so they are taken in a second series. */
#include "common/vulkan_time.h"
#include "common/warmup.h"
#include "shaders/increment.comp.h"
#include "vulkan/order-proof.h"
#include "vulkan/pace.h"

#define WINDOW       64 /* submissions per median of the warm-up */
#define WARMUP_LIMIT (5 * VG_NS_PER_S)
#define FENCE_EVERY  16 /* every how many submissions the fence is looked at before it is used */

struct sample {
    int64_t t0_ns, t1_ns, t4_ns;
    uint64_t ticks2, ticks3;
};

struct submitter {
    struct vg_vk vk;
    struct vg_workload_context *context;
    bool tiny, polling;
    VkCommandBuffer plain, stamped;
    VkCommandBuffer job; /* increments the counter: what plain is if tiny, and the proof of order if not */
    VkFence fence;
    VkQueryPool stamps; /* VK_NULL_HANDLE: none are wanted, or the queue has none */
    struct vg_vk_pipeline pipeline;
    struct vg_vk_dispatch dispatch;
    uint64_t last_ticks;
    volatile const uint32_t *counter;
    uint32_t submitted;
    struct order_proof order; /* of empty submissions */
    uint64_t fence_looks;
};

static VkCommandBuffer record(const struct submitter *s, bool job, VkQueryPool stamps)
{
    VkCommandBuffer commands = vg_vk_command_buffer(&s->vk);
    vg_vk_begin(&s->vk, commands, 0);
    if (stamps) {
        vkCmdResetQueryPool(commands, stamps, 0, 2);
        vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, stamps, 0);
    }
    if (job)
        vg_vk_record_dispatch(commands, &s->dispatch);
    if (stamps)
        vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, stamps, 1);
    VG_VK(&s->vk, vkEndCommandBuffer(commands));
    return commands;
}

static void set_up_job(struct submitter *s)
{
    struct vg_vk_buffer counter = vg_vk_shared_buffer(&s->vk, sizeof(uint32_t));
    s->pipeline = vg_vk_compute(&s->vk, shader_increment_comp, sizeof(shader_increment_comp), 1, 0);
    s->dispatch = (struct vg_vk_dispatch) {
        .pipeline = &s->pipeline,
        .set = vg_vk_buffer_set(&s->vk, &s->pipeline, &counter.buffer),
        .groups = 1,
    };
    s->counter = counter.map;
    s->job = record(s, true, VK_NULL_HANDLE);
}

static void set_up(struct submitter *s, struct vg_workload_context *context)
{
    *s = (struct submitter) { .context = context };
    vg_vk_open(&s->vk, context);
    s->tiny = vg_equal(vg_w_text(context, "kind"), "tiny");
    s->polling = vg_equal(vg_w_text(context, "wait"), "polling");
    set_up_job(s);
    s->fence = vg_vk_fence(&s->vk);
    s->plain = s->tiny ? s->job : record(s, false, VK_NULL_HANDLE);
    if (s->vk.timestamp_bits == 0 || vg_w_int(context, "stamped") == 0)
        return;
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2,
    };
    VG_VK(&s->vk, vkCreateQueryPool(s->vk.device, &info, NULL, &s->stamps));
    s->stamped = record(s, s->tiny, s->stamps);
}

/* See order-proof.h. */
static void prove_order(struct submitter *s)
{
    if (s->order.pending == 0)
        return;
    vg_vk_submit(&s->vk, s->job, VK_NULL_HANDLE);
    vg_vk_submit(&s->vk, s->plain, s->fence);
    vg_vk_wait(&s->vk, s->fence);
    if (!order_proof_holds(&s->order, *s->counter))
        vg_w_fail(s->context,
                  "the fence of an empty submission was signalled before the job in front of it was done: the GPU "
                  "counts %u jobs after %u",
                  *s->counter, s->order.proofs + 1);
}

/* What the GPU says about the submission that is over: a fence that was signalled too early is found out here. */
static void verify(struct submitter *s)
{
    s->submitted++;
    if (s->tiny && *s->counter != s->submitted)
        vg_w_fail(s->context, "the fence of submission %u was signalled, but the GPU counts %u", s->submitted,
                  *s->counter);
    if (!s->tiny && order_proof_took(&s->order))
        prove_order(s);
}

/* A fence that is signalled before its submission would be seen at once, and the latency be nothing. */
static void look_at_fence(struct submitter *s)
{
    if (s->submitted % FENCE_EVERY != 0)
        return;
    VkResult status = vkGetFenceStatus(s->vk.device, s->fence);
    if (status == VK_SUCCESS)
        vg_w_fail(s->context, "the fence was reset, and is signalled before submission %u", s->submitted + 1);
    if (status != VK_NOT_READY)
        vg_vk_check(&s->vk, status, "vkGetFenceStatus");
    s->fence_looks++;
}

static void read_stamps(struct submitter *s, struct sample *sample)
{
    uint64_t ticks[2];
    VG_VK(&s->vk, vkGetQueryPoolResults(s->vk.device, s->stamps, 0, 2, sizeof(ticks), ticks, sizeof(ticks[0]),
                                        VK_QUERY_RESULT_64_BIT));
    const uint64_t half = UINT64_C(1) << (s->vk.timestamp_bits - 1);
    if (vg_vk_ticks_between(&s->vk, ticks[0], ticks[1]) >= half ||
        (s->last_ticks && vg_vk_ticks_between(&s->vk, s->last_ticks, ticks[0]) >= half))
        vg_w_fail(s->context, "timestamps of submission %u run backwards", s->submitted);
    s->last_ticks = ticks[1];
    sample->ticks2 = ticks[0];
    sample->ticks3 = ticks[1];
}

static void submit_one(struct submitter *s, VkCommandBuffer commands, struct sample *sample)
{
    VkDevice device = s->vk.device;
    VkFence fence = s->fence;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    VkResult submitted, seen;
    look_at_fence(s);
    sample->t0_ns = vg_now_ns();
    submitted = vkQueueSubmit(s->vk.queue, 1, &info, fence);
    sample->t1_ns = vg_now_ns();
    if (submitted == VK_SUCCESS && s->polling)
        while ((seen = vkGetFenceStatus(device, fence)) == VK_NOT_READY && !vg_w_should_stop(s->context))
            ;
    else if (submitted == VK_SUCCESS)
        seen = vkWaitForFences(device, 1, &fence, VK_TRUE, VG_VK_WAIT_NS);
    else
        seen = submitted;
    sample->t4_ns = vg_now_ns();
    vg_vk_check(&s->vk, submitted, "vkQueueSubmit");
    if (seen == VK_NOT_READY) /* stopped while it polled */
        vg_w_fail(s->context, "asked to stop while a fence was not signalled, %.3f s after its submission",
                  (double)(sample->t4_ns - sample->t0_ns) / 1e9);
    if (seen == VK_TIMEOUT)
        vg_w_fail(s->context, "a fence was not signalled within a minute");
    vg_vk_check(&s->vk, seen, s->polling ? "vkGetFenceStatus" : "vkWaitForFences");
    VG_VK(&s->vk, vkResetFences(device, 1, &fence));
    verify(s);
}

static void warm_up(struct submitter *s)
{
    struct vg_warmup warmup;
    struct sample sample;
    vg_warmup_begin(&warmup, s->context, WINDOW, WARMUP_LIMIT);
    do
        submit_one(s, s->plain, &sample);
    while (!vg_warmup_add(&warmup, sample.t4_ns - sample.t0_ns));
    prove_order(s);
    s->order.verified = 0; /* what was not timed does not count */
}

/* The series whose latency counts: nothing but the job in its command buffer. */
static size_t measure_plain(struct submitter *s, size_t wanted)
{
    struct vg_stream *stream = vg_w_stream(s->context, "submission", wanted);
    size_t count = 0;
    double rate = vg_w_real(s->context, "rate_hz");
    struct pace pace = { vg_now_ns(), rate > 0 ? 1e9 / rate : 0 };
    for (; count < wanted && !vg_w_should_stop(s->context); count++) {
        struct sample each;
        if (rate > 0)
            vg_sleep_ns(pace_instant(&pace, count) - vg_now_ns());
        submit_one(s, s->plain, &each);
        const int64_t row[] = { each.t0_ns, each.t1_ns - each.t0_ns, -1, -1, -1, each.t4_ns - each.t0_ns };
        vg_w_push(stream, row);
    }
    prove_order(s);
    return count;
}

/* With timestamps. Their place on the tenant's clock is known at the end, so rows are made then. */
static size_t measure_stamped(struct submitter *s, size_t wanted)
{
    struct vg_stream *stream = vg_w_stream(s->context, "stamped", wanted);
    vg_autofree struct sample *samples = vg_calloc(wanted, sizeof(*samples));
    struct vg_vk_instant begin, end;
    size_t count = 0;
    const char *why_not = vg_vk_compare_clocks(&s->vk, &begin);
    for (; count < wanted && !vg_w_should_stop(s->context); count++) {
        submit_one(s, s->stamped, &samples[count]);
        read_stamps(s, &samples[count]);
    }
    prove_order(s);
    if (!why_not)
        why_not = vg_vk_compare_clocks(&s->vk, &end);
    for (size_t i = 0; i < count; i++) {
        const struct sample *each = &samples[i];
        uint64_t ticks = vg_vk_ticks_between(&s->vk, each->ticks2, each->ticks3);
        int64_t row[] = { each->t0_ns, each->t1_ns - each->t0_ns, -1, -1, -1, each->t4_ns - each->t0_ns };
        row[3] = (int64_t)((double)ticks * s->vk.timestamp_ns);
        if (!why_not) {
            int64_t t2_ns = vg_vk_tenant_time(&s->vk, &begin, &end, each->ticks2);
            int64_t t3_ns = vg_vk_tenant_time(&s->vk, &begin, &end, each->ticks3);
            /* Within the clocks' uncertainty an instant may fall outside [t0, t4]; then it is as good as its edge. */
            row[2] = t2_ns > each->t0_ns ? t2_ns - each->t0_ns : 0;
            row[4] = each->t4_ns > t3_ns ? each->t4_ns - t3_ns : 0;
        }
        vg_w_push(stream, row);
    }
    vg_w_fact_text(s->context, "gpu_clock", why_not ? why_not : "compared");
    if (!why_not)
        vg_w_fact_int(s->context, "clock_uncertainty_ns",
                      begin.uncertainty_ns > end.uncertainty_ns ? begin.uncertainty_ns : end.uncertainty_ns);
    return count;
}

static void run(struct vg_workload_context *context)
{
    struct submitter s;
    set_up(&s, context);
    unsigned proved = vg_vk_prove_compute(&s.vk, 1);
    vg_w_barrier(context);
    warm_up(&s);
    size_t plain = measure_plain(&s, (size_t)vg_w_int(context, "samples")), stamped = 0;
    if (s.stamps)
        stamped = measure_stamped(&s, (size_t)vg_w_int(context, "stamped"));
    proved += vg_vk_prove_compute(&s.vk, 2);
    vg_w_fact_int(context, "submissions", (int64_t)plain);
    vg_w_fact_int(context, "stamped_submissions", (int64_t)stamped);
    vg_w_fact_int(context, "verified_submissions", (int64_t)(s.tiny ? plain + stamped : s.order.verified));
    if (!s.tiny)
        vg_w_fact_int(context, "order_proofs", s.order.proofs);
    vg_w_fact_int(context, "fence_looks", (int64_t)s.fence_looks);
    vg_w_fact_int(context, "verified_results", proved);
}

static const struct vg_column submission_columns[] = {
    { "t0", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "before vkQueueSubmit" },
    { "submit", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "vkQueueSubmit itself (t1 - t0)" },
    { "gpu_start", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "until the GPU begins (t2 - t0)" },
    { "gpu", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "on the GPU (t3 - t2)" },
    { "seen", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "from the GPU's end to the fence (t4 - t3)" },
    { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "until the fence is seen (t4 - t0)" },
    { 0 },
};

VG_WORKLOAD(vk_submit_latency) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-submit-latency",
    .summary = "time from vkQueueSubmit to the fence, one submission at a time",
    .why = "A host in the submission path shows up here first",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "kind", VG_CHOICE, .def = "empty", .choices = "empty|tiny",
              .summary = "what is submitted: nothing, or a job that increments a counter" },
            { "samples", VG_INT, .def = "10000", .min = 100, .max = 10000000, .unit = "1",
              .summary = "how many submissions are measured" },
            { "wait", VG_CHOICE, .def = "blocking", .choices = "blocking|polling",
              .summary = "wait in vkWaitForFences, or ask vkGetFenceStatus again and again" },
            { "rate_hz", VG_REAL, .def = "0", .min = 0, .max = 100000, .unit = "1/s",
              .summary =
                  "submissions a second, at instants fixed in advance; 0: each as soon as the one before is done" },
            { "stamped", VG_INT, .def = "1000", .min = 0, .max = 1000000, .unit = "1",
              .summary = "how many more are measured with GPU timestamps, where the queue has them" },
            { 0 },
        },
    .streams =
        VG_STREAMS {
            { "submission", "one row per submission, without timestamps", submission_columns },
            { "stamped", "one row per submission with GPU timestamps, which make it slower", submission_columns },
            { 0 },
        },
    .run = run,
};
