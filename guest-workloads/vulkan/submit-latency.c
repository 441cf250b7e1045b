/* SPDX-License-Identifier: MIT */
/* How long submissions take, as a distribution: one after the other (closed loop), or at the ticks of a clock whether
 * those before are over or not (open loop), where latency counts from the tick. Timestamps of the GPU cost time of
 * their own (on a software device more than the rest), so they are taken in a second series. */
#include <math.h>
#include "common/interrupts.h"
#include "common/vulkan_time.h"
#include "common/warmup.h"
#include "common/pace.h"
#include "vulkan/submitter.h"

#define WINDOW       64 /* submissions per median of the warm-up */
#define SLOW_WINDOW  16 /* the same at a rate at which 64 would take seconds */
#define SLOW_HZ      500
#define WARMUP_LIMIT (5 * VG_NS_PER_S)
#define NAP_NS       (50 * VG_NS_PER_MS) /* waiting looks this often whether to stop */

struct series {
    struct submitter s;
    struct vg_workload_context *context;
    struct pace pace; /* period_ns 0: a closed loop */
    struct vg_warmup warmup;
    struct vg_stream *rows;
    size_t taken, wanted, behind; /* behind: of those taken, submitted after the next tick */
};

/* What is done with a submission that is over. True: it was the last one. */
typedef bool (*take_fn)(struct series *series, const struct submission *one);

static bool warm(struct series *series, const struct submission *one)
{
    return vg_warmup_add(&series->warmup, one->t4_ns - one->intended_ns);
}

static bool measure(struct series *series, const struct submission *one)
{
    /* The clock is compared between a tick and its submission now and then, and moves by some ns. */
    int64_t late_ns = one->t0_ns > one->intended_ns ? one->t0_ns - one->intended_ns : 0;
    const int64_t row[] = { one->t0_ns, one->t1_ns - one->t0_ns, -1, -1, -1, one->t4_ns - one->intended_ns, late_ns };
    vg_w_push(series->rows, row);
    series->behind += series->pace.period_ns > 0 && (double)row[6] > series->pace.period_ns;
    return ++series->taken == series->wanted;
}

static void closed_loop(struct series *series, take_fn take)
{
    const struct submission *one;
    do {
        submitter_send(&series->s, 0);
        one = submitter_see(&series->s, INT64_MAX);
    } while (!take(series, one) && !vg_w_should_stop(series->context));
}

/* Until the tick, and for a free slot after it: what is in flight is seen over. True: enough. */
static bool tend(struct series *series, int64_t at_ns, take_fn take)
{
    struct submitter *s = &series->s;
    while (!vg_w_should_stop(series->context)) {
        bool full = s->flying == s->slot_count;
        if (!full && ticks_now_ns(&s->clock) >= at_ns)
            return false;
        if (s->flying == 0) {
            pace_idle_until(series->context, at_ns, s->polling);
            continue;
        }
        int64_t now_ns = ticks_now_ns(&s->clock), until_ns = full || at_ns > now_ns + NAP_NS ? now_ns + NAP_NS : at_ns;
        const struct submission *one = submitter_see(s, until_ns);
        if (one && take(series, one))
            return true;
    }
    return true;
}

/* Nothing is left out: when all slots are in flight, the tick's submission goes as soon as there is one, and its
 * latency still counts from the tick. */
static void open_loop(struct series *series, take_fn take)
{
    series->pace.start_ns = ticks_now_ns(&series->s.clock);
    for (uint64_t tick = 0;; tick++) {
        int64_t at_ns = pace_instant(&series->pace, tick);
        if (tend(series, at_ns, take))
            break;
        submitter_send(&series->s, at_ns);
    }
    while (series->s.flying) /* seen through, and not counted */
        submitter_see(&series->s, INT64_MAX);
}

static void loop(struct series *series, take_fn take)
{
    (series->pace.period_ns > 0 ? open_loop : closed_loop)(series, take);
    submitter_prove(&series->s);
}

static uint64_t measure_plain(struct series *series)
{
    vg_warmup_begin(&series->warmup, series->context, series->pace.period_ns > 1e9 / SLOW_HZ ? SLOW_WINDOW : WINDOW,
                    WARMUP_LIMIT);
    loop(series, warm);
    series->s.verified = series->s.order.verified = 0; /* what was not timed does not count */
    int64_t before = vg_device_interrupts("");
    loop(series, measure);
    int64_t after = vg_device_interrupts("");
    if (before >= 0 && after >= before)
        vg_w_fact_int(series->context, "device_interrupts", after - before);
    return series->s.verified;
}

/* With timestamps, one at a time. Their place on the tenant's clock is known at the end, so rows are made then. */
static size_t measure_stamped(struct series *series, size_t wanted)
{
    struct submitter *s = &series->s;
    const struct vg_vk *vk = &s->jobs.vk;
    struct vg_stream *stream = vg_w_stream(series->context, "stamped", wanted);
    vg_autofree struct submission *samples = vg_calloc(wanted, sizeof(*samples));
    struct vg_vk_instant begin, end;
    size_t count = 0;
    int64_t outside_ns = 0;
    const char *why_not = vg_vk_compare_clocks(vk, &begin);
    s->stamping = true;
    s->oldest = 0;
    s->slot_count = 1;
    for (; count < wanted && !vg_w_should_stop(series->context); count++) {
        submitter_send(s, 0);
        samples[count] = *submitter_see(s, INT64_MAX);
    }
    submitter_prove(s);
    if (!why_not)
        why_not = vg_vk_compare_clocks(vk, &end);
    if (!why_not && vg_vk_ticks_between(vk, begin.ticks, end.ticks) == 0)
        why_not = "the GPU's clock stands still";
    for (size_t i = 0; i < count; i++) {
        const struct submission *each = &samples[i];
        uint64_t ticks = vg_vk_ticks_between(vk, each->ticks2, each->ticks3);
        int64_t row[] = { each->t0_ns, each->t1_ns - each->t0_ns, -1, -1, -1, each->t4_ns - each->t0_ns, 0 };
        row[3] = (int64_t)((double)ticks * vk->timestamp_ns);
        if (!why_not) {
            int64_t t2_ns = vg_vk_tenant_time(vk, &begin, &end, each->ticks2);
            int64_t t3_ns = vg_vk_tenant_time(vk, &begin, &end, each->ticks3);
            /* Within the clocks' uncertainty an instant may fall outside [t0, t4]; then it is as good as its edge. How
             * far they do is told, so that a clock that is off by more is not believed. */
            int64_t each_ns = vg_vk_outside(each->t0_ns, t2_ns, t3_ns, each->t4_ns);
            outside_ns = each_ns > outside_ns ? each_ns : outside_ns;
            row[2] = t2_ns > each->t0_ns ? t2_ns - each->t0_ns : 0;
            row[4] = each->t4_ns > t3_ns ? each->t4_ns - t3_ns : 0;
        }
        vg_w_push(stream, row);
    }
    vg_w_fact_text(series->context, "gpu_clock", why_not ? why_not : "compared");
    if (!why_not) {
        int64_t compared_ns = begin.uncertainty_ns > end.uncertainty_ns ? begin.uncertainty_ns : end.uncertainty_ns;
        vg_w_fact_int(series->context, "clock_uncertainty_ns", compared_ns + (int64_t)ceil(vk->timestamp_ns));
        vg_w_fact_int(series->context, "gpu_outside_ns", outside_ns);
    }
    return count;
}

static void run(struct vg_workload_context *context)
{
    static struct series series;
    struct submitter *s = &series.s;
    double rate_hz = vg_w_real(context, "rate_hz");
    size_t stamped_wanted = (size_t)vg_w_int(context, "stamped"), stamped = 0;
    series.context = context;
    series.wanted = (size_t)vg_w_int(context, "samples");
    series.pace.period_ns = rate_hz > 0 ? 1e9 / rate_hz : 0;
    submitter_open(s, context, stamped_wanted > 0);
    series.rows = vg_w_stream(context, "submission", series.wanted);
    unsigned proved = vg_vk_prove_compute(&s->jobs.vk, 1);
    vg_w_barrier(context);
    ticks_start(&s->clock);
    uint64_t verified = measure_plain(&series);
    if (s->stamps) {
        s->verified = s->order.verified = 0;
        stamped = measure_stamped(&series, stamped_wanted);
        verified += s->verified;
    }
    proved += vg_vk_prove_compute(&s->jobs.vk, 2);
    ticks_report(&s->clock, context);
    vg_w_fact_int(context, "submissions", (int64_t)series.taken);
    vg_w_fact_int(context, "stamped_submissions", (int64_t)stamped);
    vg_w_fact_int(context, "verified_submissions", (int64_t)verified);
    if (s->kind == SUBMIT_EMPTY)
        vg_w_fact_int(context, "order_proofs", s->order.proofs);
    if (rate_hz > 0)
        vg_w_fact_int(context, "submissions_behind", (int64_t)series.behind);
    vg_w_fact_int(context, "fence_looks", (int64_t)s->looks);
    vg_w_fact_int(context, "verified_results", proved);
}

static const struct vg_column submission_columns[] = {
    { "t0", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "before vkQueueSubmit" },
    { "submit", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "vkQueueSubmit itself (t1 - t0)" },
    { "gpu_start", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "until the GPU begins (t2 - t0)" },
    { "gpu", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "on the GPU (t3 - t2)" },
    { "seen", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "from the GPU's end until it is seen (t4 - t3)" },
    { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,
      "until completion is seen (t4), since t0 in a closed loop, since the tick in an open one" },
    { "late", "ns", VG_COLUMN_DURATION, VG_LOWER, 0, "from the tick to t0; 0 in a closed loop" },
    { 0 },
};

VG_WORKLOAD(vk_submit_latency) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-submit-latency",
    .summary = "time from a submission to its completion, one at a time or at a fixed rate",
    .why = "A host in the submission path shows up here first",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "kind", VG_CHOICE, .def = "empty", .choices = "empty|tiny|real",
              .summary =
                  "what is submitted: nothing, a job that increments a counter, or one that takes job_ms alone" },
            { "samples", VG_INT, .def = "10000", .min = 100, .max = 10000000, .unit = "1",
              .summary = "how many submissions are measured" },
            { "wait", VG_CHOICE, .def = "blocking", .choices = "blocking|polling",
              .summary =
                  "wait for completion in the driver, or ask it again and again; in an open loop sleep until the next "
                  "tick, or watch the clock" },
            { "signal", VG_CHOICE, .def = "fence", .choices = "fence|binary|timeline",
              .summary =
                  "what completion is seen by: a fence, a fence behind a binary semaphore, a timeline semaphore" },
            { "rate_hz", VG_REAL, .def = "0", .min = 0, .max = 1000000, .unit = "Hz",
              .summary = "submissions per second, late or not (open loop); 0: each when the one before it is over" },
            { "in_flight", VG_INT, .def = "16", .min = 1, .max = SUBMIT_SLOTS, .unit = "1",
              .summary = "open loop: submissions that may be under way at once; none is left out if they all are" },
            { "stamped", VG_INT, .def = "1000", .min = 0, .max = 1000000, .unit = "1",
              .summary = "how many more are measured with GPU timestamps, where the queue has them" },
            JOB_PARAMS("1"),
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
