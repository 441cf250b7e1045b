/* SPDX-License-Identifier: MIT */
/* A light tenant: one small job at each tick of a clock, as a desktop or a game has one frame. Jobs are submitted at
 * their ticks even if those before are late (pace.h), and latency counts from the tick; a tick at which all slots are
 * in flight is written down as skipped. */
#include "common/warmup.h"
#include "vulkan/job.h"
#include "common/pace.h"

#define WINDOW 16                  /* latencies per window of the warm-up */
#define NAP_NS (50 * VG_NS_PER_MS) /* waiting looks this often whether to stop */

struct paced {
    struct jobs jobs;
    struct vg_workload_context *context;
    struct pace pace;
    unsigned slot_count, oldest, flying;
    uint64_t tick, ticks[JOB_SLOTS]; /* the next one; of each slot's job */
    struct vg_stream *rows, *warm_rows, *skipped_rows;
    struct vg_warmup warmup;
    bool warm;
    uint64_t measured, late, skipped; /* since the warm-up ended */
};

static void put(struct vg_stream *stream, const int64_t *row)
{
    if (vg_w_room(stream) == 0)
        vg_w_flush(stream);
    vg_w_push(stream, row);
}

/* The oldest job, if it is done within timeout_ns. */
static bool complete(struct paced *p, uint64_t timeout_ns)
{
    struct job *job = &p->jobs.slots[p->oldest];
    uint64_t tick = p->ticks[p->oldest];
    int64_t intended_ns = pace_instant(&p->pace, tick), seen_ns;
    if (!job_wait(&p->jobs, job, timeout_ns, &seen_ns))
        return false;
    bool late = pace_late(&p->pace, tick, seen_ns);
    const int64_t row[] = { intended_ns, seen_ns, seen_ns - intended_ns, job->submitted_ns - intended_ns, late };
    job_verify(&p->jobs, job);
    p->oldest = (p->oldest + 1) % p->slot_count;
    p->flying--;
    put(p->warm ? p->rows : p->warm_rows, row);
    if (!p->warm) {
        p->warm = vg_warmup_add(&p->warmup, row[2]);
        return true;
    }
    p->measured++;
    p->late += late;
    return true;
}

/* Sees jobs done until the instant has come. */
static void wait_until(struct paced *p, int64_t at_ns)
{
    for (int64_t now_ns; (now_ns = vg_now_ns()) < at_ns && !vg_w_should_stop(p->context);) {
        int64_t rest_ns = at_ns - now_ns < NAP_NS ? at_ns - now_ns : NAP_NS;
        if (p->flying)
            complete(p, (uint64_t)rest_ns);
        else
            vg_sleep_ns(rest_ns);
    }
}

static void submit_or_skip(struct paced *p)
{
    uint64_t tick = p->tick++;
    while (p->flying == p->slot_count && complete(p, 0)) /* what is done makes room, though nobody has looked yet */
        ;
    if (p->flying == p->slot_count) {
        const int64_t row[] = { pace_instant(&p->pace, tick), (int64_t)p->flying };
        put(p->skipped_rows, row);
        p->skipped += p->warm;
        return;
    }
    unsigned slot = (p->oldest + p->flying++) % p->slot_count;
    p->ticks[slot] = tick;
    job_submit(&p->jobs, &p->jobs.slots[slot]);
}

static void run(struct vg_workload_context *context)
{
    static struct paced p;
    p.context = context;
    p.slot_count = (unsigned)vg_w_int(context, "in_flight");
    jobs_open(&p.jobs, context, p.slot_count);
    p.rows = vg_w_stream(context, "job", 65536);
    p.warm_rows = vg_w_stream(context, "warmup", 4096);
    p.skipped_rows = vg_w_stream(context, "skipped", 4096);
    int64_t seconds_ns = (int64_t)(vg_w_real(context, "seconds") * 1e9);
    p.pace = (struct pace) { vg_w_barrier(context), 1e9 / vg_w_real(context, "rate_hz") };
    vg_warmup_begin(&p.warmup, context, WINDOW, seconds_ns / 2);
    int64_t end_ns = p.pace.start_ns + seconds_ns;
    while (pace_instant(&p.pace, p.tick) < end_ns) {
        wait_until(&p, pace_instant(&p.pace, p.tick));
        if (vg_w_should_stop(context))
            break;
        submit_or_skip(&p);
    }
    while (p.flying)
        complete(&p, VG_VK_WAIT_NS);
    vg_w_fact_int(context, "jobs", (int64_t)p.measured);
    vg_w_fact_int(context, "late_jobs", (int64_t)p.late);
    vg_w_fact_int(context, "skipped_jobs", (int64_t)p.skipped);
    vg_w_fact_int(context, "verified_jobs", (int64_t)p.jobs.verified);
}

#define COLUMNS(completion)                                                                                            \
    VG_COLUMNS                                                                                                         \
    {                                                                                                                  \
        { "intended", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "the tick at which the job was meant to be submitted" },    \
            { "completed", "ns", completion, VG_NEITHER, 0, "when the host saw the fence" },                           \
            { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "from the tick to the fence" },                     \
            { "submit_delay", "ns", VG_COLUMN_DURATION,                                                                \
              VG_LOWER,       0,    "from the tick to vkQueueSubmit: the tenant's own lateness" },                     \
            { "late", "1", VG_COLUMN_COUNT, VG_LOWER, 0, "1: done only after the next tick" },                         \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

VG_WORKLOAD(vk_paced_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-paced-stream",
    .summary = "submits one small job per tick of a clock, late or not, and stamps each completion",
    .why = "A light tenant beside heavy ones feels each wait of its own, not a mean rate",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 86400, .unit = "s",
              .summary = "how long, from the barrier on, warm-up included" },
            { "rate_hz", VG_REAL, .def = "60", .min = 0.1, .max = 10000, .unit = "Hz", .summary = "ticks per second" },
            { "in_flight", VG_INT, .def = "8", .min = 1, .max = JOB_SLOTS, .unit = "1",
              .summary = "jobs that may wait at once; a tick at which all do is skipped, and written down" },
            JOB_PARAMS("2"),
            { 0 },
        },
    .streams =
        VG_STREAMS {
            { "job", "one row per job completed since the warm-up ended", COLUMNS(VG_COLUMN_COMPLETION) },
            { "warmup", "one row per job of the warm-up", COLUMNS(VG_COLUMN_TIME) },
            { "skipped", "one row per tick at which no job was submitted, warm-up included",
              VG_COLUMNS {
                  { "intended", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "the tick" },
                  { "in_flight", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "jobs that were not done" },
                  { 0 },
              } },
            { 0 },
        },
    .run = run,
};
