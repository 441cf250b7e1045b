/* SPDX-License-Identifier: MIT */
/* Submissions whose way through the driver is timed, one or several in flight: t0 before vkQueueSubmit, t1 after it, t2
 * and t3 the GPU's begin and end, t4 the completion seen. Between t0 and t4 there is nothing but the API's own calls
 * and readings of the clock (ticks.h), and what is submitted is prepared before and checked after. */
#ifndef VG_VULKAN_SUBMITTER_H
#define VG_VULKAN_SUBMITTER_H

#include "common/ticks.h"
#include "vulkan/job.h"
#include "common/order-proof.h"

enum submit_kind { SUBMIT_EMPTY, SUBMIT_TINY, SUBMIT_REAL };
/* What completion is seen by. */
enum submit_signal {
    SUBMIT_FENCE,
    SUBMIT_BINARY,   /* a fence behind an empty batch that waits for a binary semaphore of the work */
    SUBMIT_TIMELINE, /* a timeline semaphore */
};

enum { SUBMIT_SLOTS = JOB_SLOTS };

struct submission {
    VkCommandBuffer plain, stamped;
    VkFence fence;
    VkSemaphore binary;
    VkSubmitInfo batches[2]; /* point to what is in here: a submission stays where it is */
    VkTimelineSemaphoreSubmitInfo timeline;
    uint64_t value;      /* of the timeline when it is over */
    uint32_t number;     /* from 1 */
    int64_t intended_ns; /* when it was meant to be submitted; t0 in a closed loop */
    uint64_t t0, t1;     /* as the clock was read; the nanoseconds below are there once it is over */
    int64_t t0_ns, t1_ns, t4_ns;
    uint64_t ticks2, ticks3;
};

struct submitter {
    struct jobs jobs; /* jobs.vk is the device for all kinds; the jobs are only there for SUBMIT_REAL */
    struct vg_workload_context *context;
    struct ticks clock;
    enum submit_kind kind;
    enum submit_signal signal;
    bool polling, stamping; /* stamping: from now on with GPU timestamps */
    struct submission slots[SUBMIT_SLOTS];
    unsigned slot_count, oldest, flying;
    VkSemaphore timeline;
    VkCommandBuffer empty, tiny; /* tiny: increments the counter */
    struct vg_vk_pipeline pipeline;
    struct vg_vk_dispatch increment;
    volatile const uint32_t *counter;
    VkQueryPool stamps; /* VK_NULL_HANDLE: the queue has none, or none were asked for */
    uint64_t last_ticks;
    uint32_t submitted;
    uint64_t verified;        /* submissions whose results were checked, since it was last set to 0 */
    struct order_proof order; /* of empty ones */
    uint64_t looks;           /* at what must not be signalled yet */
};

/* Opens the clock, too: ticks_start() it after the barrier. By the workload's parameters kind, wait, signal and
 * in_flight, and for real work those of JOB_PARAMS. */
void submitter_open(struct submitter *s, struct vg_workload_context *context, bool with_stamps);
/* Makes the batches of a slot whose commands, fence and semaphores are there. submitter_open() does. */
void submitter_prepare(const struct submitter *s, struct submission *slot);
/* Submits into the next free slot; s->flying must be below s->slot_count. intended_ns 0: now. */
void submitter_send(struct submitter *s, int64_t intended_ns);
/* The oldest in flight, checked, once it is over; NULL if that is not before until_ns (INT64_MAX: as long as it takes).
 */
struct submission *submitter_see(struct submitter *s, int64_t until_ns);
/* Verifies empty submissions (order-proof.h). Nothing may be in flight. */
void submitter_prove(struct submitter *s);

#endif
