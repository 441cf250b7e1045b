/* SPDX-License-Identifier: MIT */
/* Keeps a GPU busy: several jobs of one length in flight, so that the GPU and not this tenant's CPU is what runs out.
 * Every job's every result is checked when its fence is seen; the job's walk has a closed form, so that checking costs
 * a multiplication per invocation and skipping the walk is not possible without being found out. */
#include "common/vulkan.h"
#include "common/warmup.h"
#include "shaders/job.comp.h"
#include "vulkan/walk.h"

#define LOCAL              64
#define MAX_FLIGHT         64
#define WINDOW             8 /* completion intervals per median of the warm-up */
#define CALIBRATION_ROUNDS 6
#define CALIBRATED_PART    0.05

struct parameters {
    uint32_t multiplier, increment, iterations, job;
};

/* One of the jobs in flight, with buffers of its own. */
struct slot {
    VkCommandBuffer commands;
    VkFence fence;
    struct parameters *parameters;
    volatile const uint32_t *result;
    int64_t submitted_ns;
    uint32_t job;
};

struct stream {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct vg_vk_pipeline pipeline;
    struct slot slots[MAX_FLIGHT];
    unsigned in_flight;
    uint32_t groups, invocations;
    struct walk walk;
    uint32_t next_job;
    uint64_t verified;
};

static void make_slot(struct stream *s, struct slot *slot)
{
    struct vg_vk_buffer parameters = vg_vk_shared_buffer(&s->vk, sizeof(struct parameters));
    struct vg_vk_buffer result = vg_vk_shared_buffer(&s->vk, s->invocations * sizeof(uint32_t));
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &s->pipeline,
        .set = vg_vk_buffer_set(&s->vk, &s->pipeline, (const VkBuffer[]) { parameters.buffer, result.buffer }),
        .groups = s->groups,
    };
    slot->parameters = parameters.map;
    slot->result = result.map;
    slot->fence = vg_vk_fence(&s->vk);
    slot->commands = vg_vk_command_buffer(&s->vk);
    vg_vk_begin(&s->vk, slot->commands, 0);
    vg_vk_record_dispatch(slot->commands, &dispatch);
    VG_VK(&s->vk, vkEndCommandBuffer(slot->commands));
}

static void submit(struct stream *s, struct slot *slot)
{
    slot->job = s->next_job++;
    *slot->parameters = (struct parameters) { WALK_MULTIPLIER, WALK_INCREMENT, s->walk.iterations, slot->job };
    slot->submitted_ns = vg_now_ns();
    vg_vk_submit(&s->vk, slot->commands, slot->fence);
}

static void verify(struct stream *s, const struct slot *slot)
{
    for (uint32_t i = 0; i < s->invocations; i++) {
        uint32_t right = walk_result(&s->walk, i, slot->job);
        if (slot->result[i] != right)
            vg_w_fail(s->context, "job %u: the GPU computed 0x%08x in invocation %u, 0x%08x is right", slot->job,
                      slot->result[i], i, right);
    }
    s->verified++;
}

/* The instant at which the host saw the fence. */
static int64_t complete(struct stream *s, struct slot *slot)
{
    VkResult result = vkWaitForFences(s->vk.device, 1, &slot->fence, VK_TRUE, VG_VK_WAIT_NS);
    int64_t seen_ns = vg_now_ns();
    if (result == VK_TIMEOUT)
        vg_w_fail(s->context, "job %u did not complete within a minute", slot->job);
    vg_vk_check(&s->vk, result, "vkWaitForFences");
    VG_VK(&s->vk, vkResetFences(s->vk.device, 1, &slot->fence));
    return seen_ns;
}

static int64_t time_one(struct stream *s, uint32_t iterations)
{
    s->walk = walk_of(iterations);
    submit(s, &s->slots[0]);
    int64_t took_ns = complete(s, &s->slots[0]) - s->slots[0].submitted_ns;
    verify(s, &s->slots[0]);
    return took_ns;
}

static int64_t best_of(struct stream *s, uint32_t iterations, int tries)
{
    int64_t best_ns = INT64_MAX;
    while (tries--) {
        int64_t took_ns = time_one(s, iterations);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

/* Corrects the loop count by what it gave, until the job is as long as it should be. The best of a few readings counts:
 * others can only make a job longer. */
static void calibrate(struct stream *s, int64_t wanted_ns)
{
    double iterations = 64;
    int64_t took_ns = time_one(s, (uint32_t)iterations);
    while (took_ns < wanted_ns / 4 && iterations < WALK_MAX_ITERATIONS) {
        iterations *= 2;
        took_ns = time_one(s, (uint32_t)iterations);
    }
    for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
        took_ns = best_of(s, (uint32_t)iterations, 5);
        double factor = (double)wanted_ns / (double)took_ns;
        if (factor > 1 - CALIBRATED_PART && factor < 1 + CALIBRATED_PART)
            break;
        iterations *= factor;
        iterations = iterations < 1 ? 1 : iterations > WALK_MAX_ITERATIONS ? WALK_MAX_ITERATIONS : iterations;
    }
    s->walk = walk_of((uint32_t)iterations);
}

/* Submits and completes in order until `until_ns`, or with warm: until the warm-up is over. */
static void pump(struct stream *s, uint64_t *turn, struct vg_stream *out, struct vg_warmup *warm, int64_t until_ns)
{
    int64_t before_ns = 0;
    while (!vg_w_should_stop(s->context)) {
        struct slot *slot = &s->slots[(*turn)++ % s->in_flight];
        int64_t seen_ns = complete(s, slot);
        const int64_t row[] = { seen_ns, seen_ns - slot->submitted_ns };
        verify(s, slot);
        submit(s, slot); /* in flight again before the row is put down */
        if (vg_w_room(out) == 0)
            vg_w_flush(out);
        vg_w_push(out, row);
        if (warm ? before_ns && vg_warmup_add(warm, seen_ns - before_ns) : seen_ns >= until_ns)
            return;
        before_ns = seen_ns;
    }
}

static void set_up(struct stream *s, struct vg_workload_context *context)
{
    s->context = context;
    vg_vk_open(&s->vk, context);
    s->in_flight = (unsigned)vg_w_int(context, "in_flight");
    s->groups = (uint32_t)vg_w_int(context, "workgroups");
    s->invocations = s->groups * LOCAL;
    s->pipeline = vg_vk_compute(&s->vk, shader_job_comp, sizeof(shader_job_comp), 2, 0);
    for (unsigned i = 0; i < s->in_flight; i++)
        make_slot(s, &s->slots[i]);
    int64_t forced = vg_w_int(context, "iterations");
    if (forced)
        s->walk = walk_of((uint32_t)forced);
    else
        calibrate(s, (int64_t)(vg_w_real(context, "job_ms") * 1e6));
    vg_w_fact_text(context, "job_calibrated", forced ? "false" : "true");
    vg_w_fact_int(context, "job_iterations", s->walk.iterations);
    vg_w_fact_int(context, "job_ns", best_of(s, s->walk.iterations, 5));
}

static void run(struct vg_workload_context *context)
{
    static struct stream s;
    struct vg_warmup warm;
    uint64_t turn = 0;
    set_up(&s, context);
    struct vg_stream *warm_rows = vg_w_stream(context, "warmup", 4096), *rows = vg_w_stream(context, "job", 65536);
    int64_t seconds_ns = (int64_t)(vg_w_real(context, "seconds") * 1e9);
    int64_t start_ns = vg_w_barrier(context);
    for (unsigned i = 0; i < s.in_flight; i++)
        submit(&s, &s.slots[i]);
    vg_warmup_begin(&warm, context, WINDOW, seconds_ns / 4);
    pump(&s, &turn, warm_rows, &warm, 0);
    uint64_t before = s.verified;
    pump(&s, &turn, rows, NULL, start_ns + seconds_ns);
    uint64_t measured = s.verified - before;
    for (unsigned i = 0; i < s.in_flight; i++) { /* what is still in flight is checked and not counted */
        struct slot *slot = &s.slots[turn++ % s.in_flight];
        complete(&s, slot);
        verify(&s, slot);
    }
    vg_w_fact_int(context, "jobs", (int64_t)measured);
    vg_w_fact_int(context, "verified_jobs", (int64_t)s.verified);
}

#define LATENCY_COLUMN                                                                                                 \
    {                                                                                                                  \
        "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,                                                           \
            "from vkQueueSubmit to the fence, waiting in the queue included"                                           \
    }

static const struct vg_column job_columns[] = {
    { "completed", "ns", VG_COLUMN_COMPLETION, VG_NEITHER, 0, "when the host saw the fence" },
    LATENCY_COLUMN,
    { 0 },
};

/* Jobs of the warm-up are kept, but are no completions that count. */
static const struct vg_column warmup_columns[] = {
    { "completed", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "when the host saw the fence" },
    LATENCY_COLUMN,
    { 0 },
};

VG_WORKLOAD(vk_compute_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-compute-stream",
    .summary = "keeps jobs of a calibrated length in flight and stamps each completion",
    .why = "How a scheduler divides a GPU shows only while every tenant always has work waiting",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 86400, .unit = "s",
              .summary = "how long, from the barrier on, warm-up included" },
            { "in_flight", VG_INT, .def = "3", .min = 1, .max = MAX_FLIGHT, .unit = "1",
              .summary = "jobs submitted and not yet completed" },
            { "job_ms", VG_REAL, .def = "12", .min = 0.05, .max = 1000, .unit = "ms",
              .summary = "length of a job alone, to which the loop count is calibrated before the barrier" },
            { "iterations", VG_INT, .def = "0", .min = 0, .max = WALK_MAX_ITERATIONS, .unit = "1",
              .summary = "loop count of a job, to repeat the very job of another run; 0: calibrate" },
            { "workgroups", VG_INT, .def = "128", .min = 1, .max = 65535, .unit = "1",
              .summary = "workgroups of 64 invocations per job" },
            { 0 },
        },
    .streams =
        VG_STREAMS {
            { "job", "one row per job completed since the warm-up ended", job_columns },
            { "warmup", "one row per job of the warm-up", warmup_columns },
            { 0 },
        },
    .run = run,
};
