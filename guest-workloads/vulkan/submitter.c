/* SPDX-License-Identifier: MIT */
/* Timed submissions (submitter.h). */
#include "vulkan/submitter.h"
#include "shaders/increment.comp.h"

#define LOOK_EVERY 16 /* submissions per look at what must not be signalled yet */

static VkCommandBuffer record(const struct submitter *s, const struct vg_vk_dispatch *dispatch, bool stamped)
{
    const struct vg_vk *vk = &s->jobs.vk;
    VkCommandBuffer commands = vg_vk_command_buffer(vk);
    vg_vk_begin(vk, commands, 0);
    if (stamped) {
        vkCmdResetQueryPool(commands, s->stamps, 0, 2);
        vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, s->stamps, 0);
    }
    if (dispatch)
        vg_vk_record_dispatch(commands, dispatch);
    if (stamped)
        vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, s->stamps, 1);
    VG_VK(vk, vkEndCommandBuffer(commands));
    return commands;
}

static VkSemaphore make_semaphore(const struct submitter *s, VkSemaphoreType type)
{
    const VkSemaphoreTypeCreateInfo of_type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = type,
    };
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = type == VK_SEMAPHORE_TYPE_TIMELINE ? &of_type : NULL,
    };
    VkSemaphore semaphore;
    VG_VK(&s->jobs.vk, vkCreateSemaphore(s->jobs.vk.device, &info, NULL, &semaphore));
    return semaphore;
}

static void make_stamps(struct submitter *s)
{
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2,
    };
    if (s->jobs.vk.timestamp_bits > 0)
        VG_VK(&s->jobs.vk, vkCreateQueryPool(s->jobs.vk.device, &info, NULL, &s->stamps));
}

void submitter_prepare(const struct submitter *s, struct submission *slot)
{
    static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    slot->timeline = (VkTimelineSemaphoreSubmitInfo) {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &slot->value,
    };
    slot->batches[0] = (VkSubmitInfo) {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = s->signal == SUBMIT_TIMELINE ? &slot->timeline : NULL,
        .commandBufferCount = 1,
        .signalSemaphoreCount = s->signal != SUBMIT_FENCE,
        .pSignalSemaphores = s->signal == SUBMIT_TIMELINE ? &s->timeline : &slot->binary,
    };
    slot->batches[1] = (VkSubmitInfo) {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &slot->binary,
        .pWaitDstStageMask = &stage,
    };
}

static void make_slot(struct submitter *s, unsigned index)
{
    struct submission *slot = &s->slots[index];
    const struct vg_vk_dispatch *dispatch = s->kind == SUBMIT_REAL   ? &s->jobs.slots[index].dispatch
                                            : s->kind == SUBMIT_TINY ? &s->increment
                                                                     : NULL;
    slot->fence = vg_vk_fence(&s->jobs.vk);
    slot->plain = record(s, dispatch, false);
    if (s->stamps && index == 0) /* there is one pair of queries: stamped submissions go one at a time */
        slot->stamped = record(s, dispatch, true);
    if (s->signal == SUBMIT_BINARY)
        slot->binary = make_semaphore(s, VK_SEMAPHORE_TYPE_BINARY);
    submitter_prepare(s, slot);
}

void submitter_open(struct submitter *s, struct vg_workload_context *context, bool with_stamps)
{
    const char *kind = vg_w_text(context, "kind"), *signal = vg_w_text(context, "signal");
    *s = (struct submitter) {
        .context = context,
        .kind = vg_equal(kind, "empty")  ? SUBMIT_EMPTY
                : vg_equal(kind, "tiny") ? SUBMIT_TINY
                                         : SUBMIT_REAL,
        .signal = vg_equal(signal, "fence")    ? SUBMIT_FENCE
                  : vg_equal(signal, "binary") ? SUBMIT_BINARY
                                               : SUBMIT_TIMELINE,
        .polling = vg_equal(vg_w_text(context, "wait"), "polling"),
        .slot_count = (unsigned)vg_w_int(context, "in_flight"),
    };
    struct vg_vk *vk = &s->jobs.vk;
    ticks_open(&s->clock, "");
    if (s->kind == SUBMIT_REAL)
        jobs_open(&s->jobs, context, s->slot_count);
    else
        vg_vk_open(vk, context);
    if (s->signal == SUBMIT_TIMELINE && !vk->timeline)
        vg_w_skip(context, "device `%s` has no timeline semaphores", vk->properties.deviceName);
    struct vg_vk_buffer counter = vg_vk_shared_buffer(vk, sizeof(uint32_t));
    s->pipeline = vg_vk_compute(vk, shader_increment_comp, sizeof(shader_increment_comp), 1, 0);
    s->increment = (struct vg_vk_dispatch) {
        .pipeline = &s->pipeline,
        .set = vg_vk_buffer_set(vk, &s->pipeline, &counter.buffer),
        .groups = 1,
    };
    s->counter = counter.map;
    s->tiny = record(s, &s->increment, false);
    s->empty = record(s, NULL, false);
    if (s->signal == SUBMIT_TIMELINE)
        s->timeline = make_semaphore(s, VK_SEMAPHORE_TYPE_TIMELINE);
    if (with_stamps)
        make_stamps(s);
    for (unsigned i = 0; i < s->slot_count; i++)
        make_slot(s, i);
}

/* Signalled before its submission, completion would be seen at once, and the latency be nothing. */
static void look(struct submitter *s, const struct submission *slot)
{
    const struct vg_vk *vk = &s->jobs.vk;
    uint64_t value = 0;
    if (s->submitted % LOOK_EVERY != 0)
        return;
    VkResult status = s->signal == SUBMIT_TIMELINE ? vkGetSemaphoreCounterValue(vk->device, s->timeline, &value)
                                                   : vkGetFenceStatus(vk->device, slot->fence);
    bool early = s->signal == SUBMIT_TIMELINE ? value >= slot->value : status == VK_SUCCESS;
    if (status != VK_NOT_READY)
        vg_vk_check(vk, status, s->signal == SUBMIT_TIMELINE ? "vkGetSemaphoreCounterValue" : "vkGetFenceStatus");
    if (early)
        vg_w_fail(s->context, "%s before submission %u",
                  s->signal == SUBMIT_TIMELINE ? "the timeline semaphore has its value"
                                               : "the fence was reset, and is signalled",
                  slot->number);
    s->looks++;
}

void submitter_send(struct submitter *s, int64_t intended_ns)
{
    const struct vg_vk *vk = &s->jobs.vk;
    unsigned index = s->oldest + s->flying;
    if (index >= s->slot_count) /* flying is below slot_count; a division would cost ten cycles */
        index -= s->slot_count;
    struct submission *slot = &s->slots[index];
    if (s->kind == SUBMIT_REAL)
        job_prepare(&s->jobs, &s->jobs.slots[index]);
    slot->number = ++s->submitted;
    slot->value = s->submitted;
    look(s, slot);
    slot->batches[0].pCommandBuffers = s->stamping ? &slot->stamped : &slot->plain;
    uint32_t batch_count = s->signal == SUBMIT_BINARY ? 2 : 1;
    VkFence fence = s->signal == SUBMIT_TIMELINE ? VK_NULL_HANDLE : slot->fence;
    VkResult submitted;
    s->flying++;
    slot->intended_ns = intended_ns;
    slot->t0 = ticks_read(&s->clock);
    submitted = vkQueueSubmit(vk->queue, batch_count, slot->batches, fence);
    slot->t1 = ticks_read(&s->clock);
    vg_vk_check(vk, submitted, "vkQueueSubmit");
}

static VkResult ask(const struct submitter *s, const struct submission *slot)
{
    if (s->signal != SUBMIT_TIMELINE)
        return vkGetFenceStatus(s->jobs.vk.device, slot->fence);
    uint64_t value;
    VkResult result = vkGetSemaphoreCounterValue(s->jobs.vk.device, s->timeline, &value);
    return result != VK_SUCCESS || value >= slot->value ? result : VK_NOT_READY;
}

static VkResult block(const struct submitter *s, const struct submission *slot, uint64_t timeout_ns)
{
    if (s->signal != SUBMIT_TIMELINE)
        return vkWaitForFences(s->jobs.vk.device, 1, &slot->fence, VK_TRUE, timeout_ns);
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &s->timeline,
        .pValues = &slot->value,
    };
    return vkWaitSemaphores(s->jobs.vk.device, &info, timeout_ns);
}

/* VK_NOT_READY or VK_TIMEOUT: not before until_ns, or asked to stop. */
static VkResult wait(struct submitter *s, const struct submission *slot, int64_t until_ns)
{
    VkResult result;
    bool limited = until_ns != INT64_MAX; /* only then is there time to read the clock in between */
    if (!s->polling) {
        int64_t rest_ns = limited ? until_ns - ticks_now_ns(&s->clock) : (int64_t)VG_VK_WAIT_NS;
        return block(s, slot, rest_ns > 0 ? (uint64_t)rest_ns : 0);
    }
    while ((result = ask(s, slot)) == VK_NOT_READY && !vg_w_should_stop(s->context))
        if (limited && ticks_now_ns(&s->clock) >= until_ns)
            break;
    return result;
}

static void read_stamps(struct submitter *s, struct submission *slot)
{
    const struct vg_vk *vk = &s->jobs.vk;
    uint64_t ticks[2];
    VG_VK(vk, vkGetQueryPoolResults(vk->device, s->stamps, 0, 2, sizeof(ticks), ticks, sizeof(ticks[0]),
                                    VK_QUERY_RESULT_64_BIT));
    const uint64_t half = UINT64_C(1) << (vk->timestamp_bits - 1), mask = half | (half - 1);
    if (((ticks[1] - ticks[0]) & mask) >= half || (s->last_ticks && ((ticks[0] - s->last_ticks) & mask) >= half))
        vg_w_fail(s->context, "timestamps of submission %u run backwards", slot->number);
    s->last_ticks = ticks[1];
    slot->ticks2 = ticks[0];
    slot->ticks3 = ticks[1];
}

void submitter_prove(struct submitter *s)
{
    const struct vg_vk *vk = &s->jobs.vk;
    if (s->kind != SUBMIT_EMPTY || s->order.pending == 0)
        return;
    VkFence fence = s->slots[0].fence; /* nothing is in flight */
    vg_vk_submit(vk, s->tiny, VK_NULL_HANDLE);
    vg_vk_submit(vk, s->empty, fence);
    vg_vk_wait(vk, fence);
    if (!order_proof_holds(&s->order, *s->counter))
        vg_w_fail(s->context,
                  "the fence of an empty submission was signalled before the job in front of it was done: the GPU "
                  "counts %u jobs after %u",
                  *s->counter, s->order.proofs + 1);
    s->verified = s->order.verified;
}

/* What the GPU says about the submission that is over: completion that was signalled too early is found out here. */
static void verify(struct submitter *s, const struct submission *slot, unsigned index)
{
    uint32_t counted = *s->counter;
    switch (s->kind) {
    case SUBMIT_TINY:
        /* Those behind it may be done, too, and none that was not submitted. */
        if (counted < slot->number || counted > s->submitted)
            vg_w_fail(s->context, "submission %u is said to be over and %u were made, but the GPU counts %u",
                      slot->number, s->submitted, counted);
        s->verified++;
        break;
    case SUBMIT_REAL:
        job_verify(&s->jobs, &s->jobs.slots[index]);
        s->verified++;
        break;
    case SUBMIT_EMPTY:
        if (order_proof_took(&s->order) && s->flying == 0)
            submitter_prove(s);
        break;
    }
}

struct submission *submitter_see(struct submitter *s, int64_t until_ns)
{
    const struct vg_vk *vk = &s->jobs.vk;
    unsigned index = s->oldest;
    struct submission *slot = &s->slots[index];
    VkResult seen = wait(s, slot, until_ns);
    uint64_t t4 = ticks_read_after(&s->clock);
    if ((seen == VK_NOT_READY || seen == VK_TIMEOUT) && until_ns != INT64_MAX)
        return NULL;
    slot->t0_ns = ticks_ns(&s->clock, slot->t0);
    slot->t1_ns = ticks_ns(&s->clock, slot->t1);
    slot->t4_ns = ticks_ns(&s->clock, t4);
    if (!slot->intended_ns)
        slot->intended_ns = slot->t0_ns;
    if (seen == VK_NOT_READY) /* stopped while it polled */
        vg_w_fail(s->context, "asked to stop while submission %u was not over, %.3f s after it was made", slot->number,
                  (double)(slot->t4_ns - slot->t0_ns) / 1e9);
    if (seen == VK_TIMEOUT)
        vg_w_fail(s->context, "submission %u was not over within a minute", slot->number);
    vg_vk_check(vk, seen, s->polling ? "vkGetFenceStatus" : "vkWaitForFences");
    if (s->signal != SUBMIT_TIMELINE)
        VG_VK(vk, vkResetFences(vk->device, 1, &slot->fence));
    s->oldest = index + 1 == s->slot_count ? 0 : index + 1;
    s->flying--;
    if (s->stamping)
        read_stamps(s, slot);
    verify(s, slot, index);
    ticks_keep(&s->clock, t4);
    return slot;
}
