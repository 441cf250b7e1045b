/* SPDX-License-Identifier: MIT */
/* Shows a GPU scheduler's time slices from inside, without any help of the host: short jobs are kept in flight, so that
 * there is always work, and the GPU's own clock, read all through each job, says when the tenant was let run. Where the
 * device has no such clock, the instants of completion must do. What was found out is for the host to say: here every
 * stretch without a gap, and every completion, is put down as it was. */
#include "common/vulkan.h"
#include "common/warmup.h"
#include "shaders/clocked_job.comp.h"
#include "shaders/job.comp.h"
#include "vulkan/gpu-clock.h"
#include "vulkan/walk.h"

#define LOCAL              64    /* invocations per workgroup of job.comp */
#define STEP               64    /* iterations between two readings, as in clocked_job.comp */
#define MAX_TURNS          60000 /* of a shader's loop: llvmpipe ends any after 65,535 */
#define MAX_RATE_ERROR     1.1   /* of the GPU clock's rate as calibrated */
#define GAPS               30
#define MAX_FLIGHT         64
#define WINDOW             16 /* completion intervals per median of the warm-up */
#define CALIBRATION_ROUNDS 6
#define CALIBRATION_TRIES  8 /* the best of so many counts: under a quota some are cut in two */
#define CALIBRATED_PART    0.10
#define ROWS_MIN           4096
#define ROWS_MAX           (1 << 20)

struct parameters {
    uint32_t multiplier, increment, iterations, job, gap_ticks;
};

struct record { /* as in clocked_job.comp */
    uint32_t result, gaps, begin, end;
    struct {
        uint32_t before, after;
    } gap[GAPS];
};

struct slot {
    VkCommandBuffer commands;
    VkFence fence;
    struct parameters *parameters;
    volatile const void *result; /* struct record each, or uint32_t each */
    int64_t submitted_ns;
    uint32_t job;
    uint64_t end_ticks; /* of its first record */
};

struct finder {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct vg_vk_pipeline pipeline;
    struct slot slots[MAX_FLIGHT];
    unsigned in_flight;
    uint32_t groups, results;
    bool clocked;
    struct walk walk;
    uint32_t next_job, gap_ticks;
    struct gpu_clock clock;
    uint64_t verified;
};

static void make_slot(struct finder *f, struct slot *slot)
{
    VkDeviceSize each = f->clocked ? sizeof(struct record) : sizeof(uint32_t);
    struct vg_vk_buffer parameters = vg_vk_shared_buffer(&f->vk, sizeof(struct parameters));
    struct vg_vk_buffer result = vg_vk_shared_buffer(&f->vk, f->results * each);
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &f->pipeline,
        .set = vg_vk_buffer_set(&f->vk, &f->pipeline, (const VkBuffer[]) { parameters.buffer, result.buffer }),
        .groups = f->groups,
    };
    slot->parameters = parameters.map;
    slot->result = result.map;
    slot->fence = vg_vk_fence(&f->vk);
    slot->commands = vg_vk_command_buffer(&f->vk);
    vg_vk_begin(&f->vk, slot->commands, 0);
    vg_vk_record_dispatch(slot->commands, &dispatch);
    VG_VK(&f->vk, vkEndCommandBuffer(slot->commands));
}

static void submit(struct finder *f, struct slot *slot)
{
    slot->job = f->next_job++;
    *slot->parameters =
        (struct parameters) { WALK_MULTIPLIER, WALK_INCREMENT, f->walk.iterations, slot->job, f->gap_ticks };
    slot->submitted_ns = vg_now_ns();
    vg_vk_submit(&f->vk, slot->commands, slot->fence);
}

static void check_result(struct finder *f, const struct slot *slot, uint32_t index, uint32_t got)
{
    uint32_t right = walk_result(&f->walk, index, slot->job);
    if (got != right)
        vg_w_fail(f->context, "job %u: the GPU computed 0x%08x in invocation %u, 0x%08x is right", slot->job, got,
                  index, right);
}

/* Ticks from the record's begin to its end: a clock that runs backwards shows as one that runs far too fast. */
static void check_record(struct finder *f, const struct slot *slot, const struct record *record, int64_t seen_ns)
{
    if (record->gaps > GAPS)
        vg_w_invalid(f->context,
                     "job %u was interrupted %u times, and %d can be kept: make job_ms shorter or gap_us longer",
                     slot->job, record->gaps, GAPS);
    uint64_t ticks = 0;
    uint32_t last = record->begin;
    for (uint32_t i = 0; i < record->gaps; i++) {
        ticks += (record->gap[i].before - last) + (uint64_t)(record->gap[i].after - record->gap[i].before);
        last = record->gap[i].after;
    }
    ticks += record->end - last;
    if ((double)ticks * f->clock.tick_ns > (double)(seen_ns - slot->submitted_ns) * MAX_RATE_ERROR)
        vg_w_invalid(f->context, "the GPU's clock ran backwards or jumped in job %u", slot->job);
}

static void verify(struct finder *f, struct slot *slot, int64_t seen_ns)
{
    if (!f->clocked) {
        const volatile uint32_t *words = slot->result;
        for (uint32_t i = 0; i < f->results; i++)
            check_result(f, slot, i, words[i]);
    } else {
        const struct record *records = (const struct record *)slot->result;
        for (uint32_t i = 0; i < f->results; i++) {
            check_result(f, slot, i, records[i].result);
            check_record(f, slot, &records[i], seen_ns);
        }
        if (!gpu_clock_add(&f->clock, records[0].end, seen_ns, &slot->end_ticks))
            vg_w_invalid(f->context, "the GPU's clock ran backwards before job %u", slot->job);
    }
    f->verified++;
}

static int64_t complete(struct finder *f, struct slot *slot)
{
    VkResult result = vkWaitForFences(f->vk.device, 1, &slot->fence, VK_TRUE, VG_VK_WAIT_NS);
    int64_t seen_ns = vg_now_ns();
    if (result == VK_TIMEOUT)
        vg_w_fail(f->context, "job %u did not complete within a minute", slot->job);
    vg_vk_check(&f->vk, result, "vkWaitForFences");
    VG_VK(&f->vk, vkResetFences(f->vk.device, 1, &slot->fence));
    return seen_ns;
}

static int64_t best_of(struct finder *f, double iterations, int tries)
{
    int64_t best_ns = INT64_MAX;
    f->walk = walk_of((uint32_t)iterations / STEP * STEP);
    while (tries--) {
        submit(f, &f->slots[0]);
        int64_t seen_ns = complete(f, &f->slots[0]);
        int64_t took_ns = seen_ns - f->slots[0].submitted_ns;
        verify(f, &f->slots[0], seen_ns);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

/* Until a job is as long as it should be. The best of some counts: everything else can only make a job longer. */
static void calibrate(struct finder *f, int64_t wanted_ns)
{
    double iterations = STEP, most = MAX_TURNS * (f->clocked ? STEP : 1);
    while (best_of(f, iterations, 2) < wanted_ns / 4 && iterations < most / 2)
        iterations *= 2;
    for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
        double factor = (double)wanted_ns / (double)best_of(f, iterations, CALIBRATION_TRIES);
        if (factor > 1 - CALIBRATED_PART && factor < 1 + CALIBRATED_PART)
            break;
        iterations *= factor;
        iterations = iterations < STEP ? STEP : iterations > WALK_MAX_ITERATIONS ? WALK_MAX_ITERATIONS : iterations;
    }
    vg_w_fact_int(f->context, "job_ns", best_of(f, iterations, CALIBRATION_TRIES));
    vg_w_fact_int(f->context, "job_iterations", f->walk.iterations);
}

static void set_gap(struct finder *f)
{
    double tick_ns, ticks;
    int64_t zero_ns;
    if (!gpu_clock_solve(&f->clock, &tick_ns, &zero_ns))
        vg_w_invalid(f->context, "the GPU's clock (VK_KHR_shader_clock) does not go on from job to job");
    ticks = vg_w_real(f->context, "gap_us") * 1000 / tick_ns;
    f->gap_ticks = ticks < 1 ? 1 : ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static void set_up(struct finder *f, struct vg_workload_context *context)
{
    f->context = context;
    vg_vk_open_clocked(&f->vk, context);
    const char *clock = vg_w_text(context, "clock");
    if (vg_equal(clock, "gpu") && !f->vk.shader_clock)
        vg_w_skip(context, "device `%s` does not let shaders read its clock (VK_KHR_shader_clock)",
                  f->vk.properties.deviceName);
    f->clocked = f->vk.shader_clock && !vg_equal(clock, "completions");
    f->in_flight = (unsigned)vg_w_int(context, "in_flight");
    f->groups = (uint32_t)vg_w_int(context, "workgroups");
    f->results = f->clocked ? f->groups : f->groups * LOCAL;
    f->gap_ticks = UINT32_MAX;
    f->pipeline = f->clocked ? vg_vk_compute(&f->vk, shader_clocked_job_comp, sizeof(shader_clocked_job_comp), 2, 0)
                             : vg_vk_compute(&f->vk, shader_job_comp, sizeof(shader_job_comp), 2, 0);
    for (unsigned i = 0; i < f->in_flight; i++)
        make_slot(f, &f->slots[i]);
    calibrate(f, (int64_t)(vg_w_real(context, "job_ms") * 1e6));
    if (f->clocked)
        set_gap(f);
    vg_w_fact_text(context, "gpu_clock", f->clocked ? "VK_KHR_shader_clock" : "none: completions only");
}

/* Counted back from the end, whose place on the clock is known. */
static void put_pieces(const struct slot *slot, uint32_t groups, struct vg_stream *out)
{
    const struct record *records = (const struct record *)slot->result;
    for (uint32_t group = 0; group < groups; group++) {
        const struct record *record = &records[group];
        int64_t offset = (int64_t)slot->end_ticks + (int32_t)(record->end - records[0].end);
        if (vg_w_room(out) <= GAPS)
            vg_w_flush(out);
        for (uint32_t i = 0; i <= record->gaps; i++) {
            uint32_t begin = i ? record->gap[i - 1].after : record->begin;
            uint32_t end = i < record->gaps ? record->gap[i].before : record->end;
            const int64_t row[] = { slot->submitted_ns, offset - (uint32_t)(record->end - begin),
                                    offset - (uint32_t)(record->end - end), group };
            vg_w_push(out, row);
        }
    }
}

/* Submits and completes in order until `until_ns`, or with warm: until the warm-up is over. */
static void pump(struct finder *f, uint64_t *turn, struct vg_stream *jobs, struct vg_stream *pieces,
                 struct vg_warmup *warm, int64_t until_ns)
{
    int64_t before_ns = 0;
    while (!vg_w_should_stop(f->context)) {
        struct slot *slot = &f->slots[(*turn)++ % f->in_flight];
        int64_t seen_ns = complete(f, slot);
        const int64_t row[] = { seen_ns, seen_ns - slot->submitted_ns };
        verify(f, slot, seen_ns);
        if (f->clocked && pieces)
            put_pieces(slot, f->results, pieces); /* before its record is written again */
        submit(f, slot);
        if (vg_w_room(jobs) == 0)
            vg_w_flush(jobs);
        vg_w_push(jobs, row);
        if (warm ? before_ns && vg_warmup_add(warm, seen_ns - before_ns) : seen_ns >= until_ns)
            return;
        before_ns = seen_ns;
    }
}

/* Enough for the whole run, so that no flush interrupts it. */
static size_t rows_for(const struct finder *f, double seconds, double per_job)
{
    double rows = seconds * 1000 / vg_w_real(f->context, "job_ms") * per_job * 2;
    return rows < ROWS_MIN ? ROWS_MIN : rows > ROWS_MAX ? ROWS_MAX : (size_t)rows;
}

static void clock_facts(struct finder *f)
{
    double tick_ns;
    int64_t zero_ns;
    if (!gpu_clock_solve(&f->clock, &tick_ns, &zero_ns))
        vg_w_invalid(f->context, "the GPU's clock (VK_KHR_shader_clock) does not go on from job to job");
    vg_w_fact_real(f->context, "gpu_clock_tick_ns", tick_ns);
    vg_w_fact_int(f->context, "gpu_clock_zero_ns", zero_ns);
}

static void run(struct vg_workload_context *context)
{
    static struct finder f;
    struct vg_warmup warm;
    uint64_t turn = 0;
    double seconds = vg_w_real(context, "seconds");
    set_up(&f, context);
    struct vg_stream *warm_rows = vg_w_stream(context, "warmup", ROWS_MIN);
    struct vg_stream *jobs = vg_w_stream(context, "job", rows_for(&f, seconds, 1)), *pieces = NULL;
    if (f.clocked)
        pieces = vg_w_stream(context, "piece", rows_for(&f, seconds, 2 * f.groups));
    int64_t start_ns = vg_w_barrier(context);
    for (unsigned i = 0; i < f.in_flight; i++)
        submit(&f, &f.slots[i]);
    vg_warmup_begin(&warm, context, WINDOW, (int64_t)(seconds * 1e9 / 4));
    pump(&f, &turn, warm_rows, NULL, &warm, 0);
    uint64_t before = f.verified;
    pump(&f, &turn, jobs, pieces, NULL, start_ns + (int64_t)(seconds * 1e9));
    vg_w_fact_int(context, "jobs", (int64_t)(f.verified - before));
    for (unsigned i = 0; i < f.in_flight; i++) { /* what is still in flight is checked and not counted */
        struct slot *slot = &f.slots[turn++ % f.in_flight];
        int64_t seen_ns = complete(&f, slot);
        verify(&f, slot, seen_ns);
    }
    if (f.clocked)
        clock_facts(&f);
    vg_w_fact_int(context, "verified_jobs", (int64_t)f.verified);
}

#define LATENCY_COLUMN                                                                                                 \
    {                                                                                                                  \
        "latency", "ns", VG_COLUMN_DURATION, VG_NEITHER, 0,                                                            \
            "from vkQueueSubmit to the fence, waiting in the queue included"                                           \
    }

static const struct vg_column job_columns[] = {
    { "completed", "ns", VG_COLUMN_COMPLETION, VG_NEITHER, 0, "when the tenant saw the fence" },
    LATENCY_COLUMN,
    { 0 },
};

static const struct vg_column warmup_columns[] = {
    { "completed", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "when the tenant saw the fence" },
    LATENCY_COLUMN,
    { 0 },
};

/* The GPU's instants stay in its own ticks; the facts gpu_clock_tick_ns and gpu_clock_zero_ns place them. */
static const struct vg_column piece_columns[] = {
    { "submitted", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "when the job of this piece was submitted" },
    { "begin", "tick", VG_COLUMN_COUNT, VG_NEITHER, 0, "first reading of the GPU's clock in the piece" },
    { "end", "tick", VG_COLUMN_COUNT, VG_NEITHER, 0, "last reading before a gap or the job's end" },
    { "group", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "which workgroup of the job" },
    { 0 },
};

VG_WORKLOAD(vk_slice) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-slice",
    .summary = "shows from inside when the scheduler let the tenant run: GPU clock readings and completions",
    .why = "A time slice that is not the configured one, or that neighbours cut short, shows in run and wait lengths",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "seconds", VG_REAL, .def = "10", .min = 0.1, .max = 86400, .unit = "s",
              .summary = "how long, from the barrier on, warm-up included" },
            { "clock", VG_CHOICE, .def = "auto", .choices = "auto|gpu|completions",
              .summary = "what shows the gaps; auto: the GPU's clock where shaders may read it" },
            { "job_ms", VG_REAL, .def = "1", .min = 0.05, .max = 100, .unit = "ms",
              .summary = "length of a job, much shorter than a slice; calibrated before the barrier" },
            { "in_flight", VG_INT, .def = "8", .min = 2, .max = MAX_FLIGHT, .unit = "1",
              .summary = "jobs submitted and not yet completed" },
            { "gap_us", VG_REAL, .def = "50", .min = 1, .max = 10000, .unit = "us",
              .summary = "a longer time between two readings of the GPU's clock is a gap" },
            { "workgroups", VG_INT, .def = "1", .min = 1, .max = 256, .unit = "1",
              .summary = "workgroups per job; on a GPU made of CPU cores, as many as it has cores" },
            { 0 },
        },
    .streams =
        VG_STREAMS {
            { "job", "one row per job completed since the warm-up ended", job_columns },
            { "warmup", "one row per job of the warm-up", warmup_columns },
            { "piece", "one row per stretch of a job in which the GPU's clock shows no gap", piece_columns },
            { 0 },
        },
    .run = run,
};
