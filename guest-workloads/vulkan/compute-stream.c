/* SPDX-License-Identifier: MIT */
/* Keeps a GPU busy: several jobs of one length in flight, so that the GPU and not this tenant's CPU is what runs out;
 * or busy for a part of the time. Every job's every result is checked when its fence is seen; the job's walk has a
 * closed form, so that checking costs a multiplication per invocation and skipping the walk is not possible without
 * being found out. */
#include "common/flight.h"
#include "vulkan/job.h"

static void submit(void *self, unsigned slot)
{
    struct jobs *jobs = self;
    job_submit(jobs, &jobs->slots[slot]);
}

static void wait(void *self, unsigned slot)
{
    struct jobs *jobs = self;
    int64_t seen_ns;
    job_wait(jobs, &jobs->slots[slot], VG_VK_WAIT_NS, &seen_ns);
}

static void verify(void *self, unsigned slot)
{
    struct jobs *jobs = self;
    job_verify(jobs, &jobs->slots[slot]);
}

static const struct vg_flight_ops ops = { .submit = submit, .wait = wait, .verify = verify };

static void run(struct vg_workload_context *context)
{
    static struct jobs jobs;
    struct vg_flight flight = {
        .context = context,
        .ops = &ops,
        .self = &jobs,
        .slots = (unsigned)vg_w_int(context, "in_flight"),
    };
    jobs_open(&jobs, context, flight.slots);
    double duty = vg_w_real(context, "duty_percent") / 100;
    if (duty < 1) {
        flight.period_ns = (int64_t)(vg_w_real(context, "duty_period_ms") * 1e6);
        flight.burst_ns = (int64_t)(duty * (double)flight.period_ns);
        flight.job_ns = jobs.alone_ns;
    }
    vg_flight_run(&flight);
    if (duty < 1)
        vg_w_fact_real(context, "duty_measured_percent", 100 * (double)flight.busy_ns / (double)flight.ran_ns);
    vg_w_fact_int(context, "jobs", (int64_t)flight.measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)jobs.verified);
}

VG_WORKLOAD(vk_compute_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-compute-stream",
    .summary = "keeps jobs of a calibrated length in flight and stamps each completion",
    .why = "How a scheduler divides a GPU shows only while every tenant always has work waiting",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            VG_FLIGHT_SECONDS,
            { "in_flight", VG_INT, .def = "3", .min = 1, .max = JOB_SLOTS, .unit = "1",
              .summary = "jobs submitted and not yet completed" },
            JOB_PARAMS("12"),
            { "duty_percent", VG_REAL, .def = "100", .min = 1, .max = 100, .unit = "%",
              .summary =
                  "part of each duty period in which jobs are in flight, as long as none is held up; the rest is "
                  "rest" },
            { "duty_period_ms", VG_REAL, .def = "100", .min = 1, .max = 10000, .unit = "ms",
              .summary = "length of a burst and its rest together; a burst has at least one job" },
            { 0 },
        },
    .streams = VG_FLIGHT_STREAMS("when the host saw the fence",
                                 "from vkQueueSubmit to the fence, waiting in the queue included", ),
    .run = run,
};
