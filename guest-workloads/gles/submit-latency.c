/* SPDX-License-Identifier: MIT */
/* gl-submit-latency: one submission at a time, from the first GL call to the fence. Every draw of a tiny submission
 * writes four words into a cell of its own, computed from its number by the GPU, so that one that was skipped or ran
 * with another one's state is found when the cells are read back (cells.h). An empty one leaves nothing to look at, so
 * after each batch of them a draw is sent without a fence and an empty submission behind it: only empty ones that such
 * a proof followed count as verified (order-proof.h). A real one draws a point that is work of job_ms (long-draw.h,
 * calibrate.h).
 */
#include "common/egl.h"
#include "common/gl.h"
#include "common/order-proof.h"
#include "common/pace.h"
#include "common/ticks.h"
#include "common/warmup.h"
#include "gles/calibrate.h"
#include "gles/cells.h"
#include "gles/early-fence.h"
#include "gles/long-draw.h"

#define WINDOW         50
#define SLOW_WINDOW    16 /* at a rate at which 50 would take seconds */
#define SLOW_HZ        500
#define WARMUP_LIMIT   (5 * VG_NS_PER_S)
#define ALONE_READINGS 5
#define PATIENCE       (1 * VG_NS_PER_MS) /* by when the work behind an early fence is done, too */

/* Takes the side of the grid. */
static const char vertex_source[] = "#version 300 es\n"
                                    "void main() {\n"
                                    "    const int side = %u;\n"
                                    "    vec2 cell = vec2(gl_VertexID %% side, gl_VertexID / side) + 0.5;\n"
                                    "    gl_Position = vec4(cell * 2.0 / float(side) - 1.0, 0.0, 1.0);\n"
                                    "    gl_PointSize = 1.0;\n"
                                    "}\n";

static const char fragment_source[] = "#version 300 es\n"
                                      "precision highp float;\n"
                                      "precision highp int;\n"
                                      "uniform uint number;\n"
                                      "out uvec4 words;\n"
                                      "void main() {\n"
                                      "    uint mixed = number * 2654435761u + 0x5bd1e995u;\n"
                                      "    words = uvec4(number, mixed, ~number, mixed ^ (mixed >> 15));\n"
                                      "}\n";

struct state {
    struct vg_workload_context *context;
    bool draws, polling; /* draws: not empty */
    struct ticks clock;
    struct pace pace; /* period_ns 0: a closed loop */
    uint64_t tick;
    GLint number_uniform, rounds_uniform; /* rounds: of real draws */
    struct cells cells;
    struct order_proof order; /* of empty submissions */
    struct early_fence early;
};

struct sample {
    int64_t intended, t0, t1, t4; /* intended: the tick; t0 in a closed loop */
    int64_t readback;             /* -1: not read back by itself */
};

static void wrong(const struct state *state, uint32_t number, const uint32_t *got)
{
    uint32_t expected[CELL_WORDS];
    cells_expect(number, expected);
    expected[3] ^= state->cells.walked;
    vg_w_fail(state->context, "draw %u left a wrong result: expected %08x %08x %08x %08x, got %08x %08x %08x %08x",
              number, expected[0], expected[1], expected[2], expected[3], got[0], got[1], got[2], got[3]);
}

/* The newest draw alone, before the next. Returns how long the read took (early-fence.h). */
static int64_t check_one(struct state *state)
{
    uint32_t words[CELL_WORDS] = { 0 }, place = cells_place(&state->cells, state->cells.submitted);
    int64_t before = vg_now_ns();
    glReadPixels((GLint)(place % state->cells.side), (GLint)(place / state->cells.side), 1, 1, GL_RGBA_INTEGER,
                 GL_UNSIGNED_INT, words);
    int64_t took = vg_now_ns() - before;
    vg_gl_check(state->context, "reading a cell back");
    if (!cells_check_one(&state->cells, words))
        wrong(state, state->cells.submitted, words);
    return took;
}

/* Every draw since the last look must have left its words. */
static void check_grid(struct state *state)
{
    if (state->cells.submitted == state->cells.checked)
        return;
    vg_autofree uint32_t *words = vg_calloc(cells_count(&state->cells), CELL_WORDS * sizeof(uint32_t));
    glReadPixels(0, 0, (GLsizei)state->cells.side, (GLsizei)state->cells.side, GL_RGBA_INTEGER, GL_UNSIGNED_INT, words);
    vg_gl_check(state->context, "reading the cells back");
    uint32_t number = cells_check_grid(&state->cells, words);
    if (number)
        wrong(state, number, &words[(size_t)cells_place(&state->cells, number) * CELL_WORDS]);
}

static uint32_t draw(struct state *state)
{
    uint32_t number = ++state->cells.submitted;
    glUniform1ui(state->number_uniform, number);
    glDrawArrays(GL_POINTS, (GLint)cells_place(&state->cells, number), 1);
    return number;
}

static void draw_batch(struct state *state)
{
    for (uint32_t i = 0; i < state->cells.batch; i++)
        draw(state);
}

static struct sample submit(struct state *state)
{
    struct sample sample = { .readback = -1 };
    uint64_t t0 = ticks_read(&state->clock);
    if (state->draws)
        draw_batch(state);
    GLsync fence = vg_gl_submit(state->context);
    uint64_t t1 = ticks_read(&state->clock);
    vg_gl_fence_finish(state->context, fence, state->polling);
    uint64_t t4 = ticks_read_after(&state->clock);
    sample.t0 = sample.intended = ticks_ns(&state->clock, t0);
    sample.t1 = ticks_ns(&state->clock, t1);
    sample.t4 = ticks_ns(&state->clock, t4);
    ticks_keep(&state->clock, t4);
    glDeleteSync(fence);
    vg_gl_check(state->context, "submitting");
    return sample;
}

/* A draw that nothing waits for, and an empty submission whose fence is there only when the draw is done. */
static struct sample submit_behind_draw(struct state *state)
{
    draw_batch(state);
    glFlush();
    return submit(state);
}

static void prove_order(struct state *state)
{
    struct sample sample = submit_behind_draw(state);
    early_fence_read(&state->early, sample.t4 - sample.t0, check_one(state));
    order_proof_holds(&state->order, state->order.proofs + 1); /* the draw was right: else check_one() had ended it */
}

/* At its tick, however long the one before it took: then late, and the latency still counts from the tick. What is read
 * back is outside the timed part. */
static struct sample submit_and_check(struct state *state)
{
    bool paced = state->pace.period_ns > 0;
    int64_t tick_ns = paced ? pace_instant(&state->pace, state->tick++) : 0;
    if (paced)
        pace_idle_until(state->context, tick_ns, state->polling);
    struct sample sample = submit(state);
    if (paced) /* by the clock of the wait; that of the samples may be some ns off */
        sample.intended = tick_ns < sample.t0 ? tick_ns : sample.t0;
    if (!state->draws && order_proof_took(&state->order))
        prove_order(state);
    if (state->draws && cells_one_due(&state->cells)) {
        sample.readback = check_one(state);
        early_fence_read(&state->early, sample.t4 - sample.t0, sample.readback);
    }
    if (cells_grid_due(&state->cells))
        check_grid(state);
    return sample;
}

/* How long a read takes that has nothing to wait for. */
static void read_idle(struct state *state)
{
    for (int i = 0; i < EARLY_IDLE && !vg_w_should_stop(state->context); i++) {
        if (state->draws)
            submit(state);
        else
            submit_behind_draw(state);
        for (int64_t until = vg_now_ns() + PATIENCE; vg_now_ns() < until;)
            ; /* a CPU that slept would read slower than one that did not */
        early_fence_idle(&state->early, check_one(state));
    }
    check_grid(state);
}

static void judge_fences(struct state *state)
{
    struct early_verdict verdict = early_fence_judge(&state->early);
    if (!verdict.known)
        return;
    vg_w_fact_int(state->context, "missing_after_fence_ns", verdict.missing_ns);
    if (verdict.early)
        vg_w_fail(state->context,
                  "fences are signalled before the work is done: reading a result right after its fence takes %lld ns "
                  "longer than reading it later, and the latency is only %lld ns",
                  (long long)verdict.missing_ns, (long long)verdict.latency_ns);
}

static void warm_up(struct state *state)
{
    struct vg_warmup warmup;
    struct sample sample;
    bool slow = state->pace.period_ns > 1e9 / SLOW_HZ;
    vg_warmup_begin(&warmup, state->context, slow ? SLOW_WINDOW : WINDOW, WARMUP_LIMIT);
    state->pace.start_ns = vg_now_ns();
    do
        sample = submit_and_check(state);
    while (!vg_warmup_add(&warmup, sample.t4 - sample.intended));
    check_grid(state);
    read_idle(state);
}

static void measure(struct state *state, struct vg_stream *stream)
{
    int64_t samples = vg_w_int(state->context, "samples"), taken = 0, behind = 0;
    uint32_t checked = state->cells.checked;
    state->cells.each = 0; /* what was not timed does not count */
    state->early.count = 0;
    state->order = (struct order_proof) { 0 };
    state->pace.start_ns = vg_now_ns();
    state->tick = 0;
    for (; taken < samples && !vg_w_should_stop(state->context); taken++) {
        struct sample each = submit_and_check(state);
        behind += (double)(each.t0 - each.intended) > state->pace.period_ns;
        vg_w_push(stream, (const int64_t[]) { each.t0, each.t1 - each.t0, -1, -1, -1, each.t4 - each.intended,
                                              each.readback, each.t0 - each.intended });
        if (vg_w_room(stream) == 0)
            vg_w_flush(stream);
    }
    check_grid(state);
    vg_w_fact_int(state->context, "submissions", taken);
    vg_w_fact_int(state->context, "verified_submissions",
                  state->draws ? (int64_t)state->cells.each : (int64_t)state->order.verified);
    if (!state->draws)
        vg_w_fact_int(state->context, "order_proofs", state->order.proofs);
    if (state->pace.period_ns > 0)
        vg_w_fact_int(state->context, "submissions_behind", behind);
    vg_w_fact_int(state->context, "verified_at_end", state->cells.checked - checked);
    judge_fences(state);
}

/* Of so many draws with so many rounds, checked. apart: each is over before the next begins, which a GPU would else run
 * at once: what it drew is copied in between. */
static int64_t time_draws(struct state *state, uint32_t draws, uint32_t rounds, bool apart)
{
    glUniform1ui(state->rounds_uniform, rounds);
    state->cells.walked = long_draw_walk(rounds);
    int64_t before_ns = vg_now_ns();
    for (uint32_t i = 0; i < draws; i++) {
        uint32_t place = cells_place(&state->cells, draw(state));
        if (apart)
            glCopyTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, (GLint)(place % state->cells.side),
                                (GLint)(place / state->cells.side), 1, 1);
    }
    GLsync fence = vg_gl_submit(state->context);
    vg_gl_fence_finish(state->context, fence, state->polling);
    int64_t took_ns = vg_now_ns() - before_ns;
    glDeleteSync(fence);
    vg_gl_check(state->context, "drawing for a time");
    check_grid(state);
    return took_ns;
}

static int64_t time_apart(void *path, uint32_t draws, uint32_t rounds)
{
    struct state *state = path;
    return vg_w_should_stop(state->context) ? 0 : time_draws(state, draws, rounds, true);
}

static uint32_t rounds_of(struct state *state, int64_t wanted_ns)
{
    GLuint copies;
    glGenTextures(1, &copies);
    glBindTexture(GL_TEXTURE_2D, copies);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA32UI, 1, 1);
    struct calibration calibration = {
        .time_ns = time_apart, .path = state, .draws_most = cells_count(&state->cells), .rounds_most = LONG_DRAW_MOST
    };
    struct calibrated found = calibrate(&calibration, wanted_ns);
    glDeleteTextures(1, &copies);
    vg_gl_check(state->context, "calibrating");
    if (!found.good)
        vg_w_invalid(
            state->context,
            "a draw of %u rounds is work of %lld ns here (%u behind one fence, less as many without work), and "
            "job_ms asks for %lld ns, or within a tenth of it",
            found.rounds, (long long)found.job_ns, calibrate_draws(&calibration, wanted_ns), (long long)wanted_ns);
    vg_w_fact_int(state->context, "job_ns", found.job_ns);
    return found.rounds;
}

/* A whole submission alone, with its path: the best of a few, since others can only make it longer. */
static int64_t submission_alone(struct state *state, uint32_t rounds)
{
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < ALONE_READINGS; i++) {
        int64_t took_ns = time_draws(state, state->cells.batch, rounds, false);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

static void open_real(struct state *state, GLuint program)
{
    struct vg_workload_context *context = state->context;
    int64_t forced = vg_w_int(context, "iterations"), wanted_ns = (int64_t)(vg_w_real(context, "job_ms") * 1e6);
    state->rounds_uniform = vg_gl_uniform(context, program, "rounds");
    uint32_t rounds = forced ? (uint32_t)forced : rounds_of(state, wanted_ns);
    vg_w_fact_text(context, "job_calibrated", forced ? "false" : "true");
    vg_w_fact_int(context, "job_iterations", rounds);
    vg_w_fact_int(context, "submission_ns", submission_alone(state, rounds));
}

static void run(struct vg_workload_context *context)
{
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    struct state state = {
        .context = context,
        .draws = !vg_equal(vg_w_text(context, "kind"), "empty"),
        .polling = vg_equal(vg_w_text(context, "wait"), "polling"),
        .cells = { .every = (uint32_t)vg_w_int(context, "verify_every"),
                   .batch = (uint32_t)vg_w_int(context, "draws") },
    };
    state.cells.side = state.cells.batch > 1 ? CELLS_SIDE_BATCH : CELLS_SIDE;
    if (!state.draws)
        state.cells.batch = 1; /* of the draws of its proofs */
    ticks_open(&state.clock, "");
    bool real = vg_equal(vg_w_text(context, "kind"), "real");

    double rate_hz = vg_w_real(context, "rate_hz");
    state.pace.period_ns = rate_hz > 0 ? 1e9 / rate_hz : 0;

    struct vg_gl_target target;
    vg_gl_target_make(context, &target, (int)state.cells.side, (int)state.cells.side, GL_RGBA32UI, false);
    vg_autofree char *vertex_text = vg_format(vertex_source, state.cells.side);
    GLuint program = vg_gl_program(context, vertex_text, real ? long_draw_fragment : fragment_source);
    GLuint vertex_array;
    glGenVertexArrays(1, &vertex_array);
    glBindVertexArray(vertex_array);
    glUseProgram(program);
    state.number_uniform = vg_gl_uniform(context, program, "number");
    glClearBufferuiv(GL_COLOR, 0, (const GLuint[4]) { 0 });
    glFinish();
    vg_gl_check(context, "setting up");
    if (real)
        open_real(&state, program);

    struct vg_stream *stream = vg_w_stream(context, "submission", 16384);
    vg_w_barrier(context);
    ticks_start(&state.clock);
    warm_up(&state);
    measure(&state, stream);
    ticks_report(&state.clock, context);

    glDeleteVertexArrays(1, &vertex_array);
    glDeleteProgram(program);
    vg_gl_target_free(&target);
    vg_egl_close(&egl);
}

VG_WORKLOAD(gl_submit_latency) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "gl-submit-latency",
    .summary = "time from an OpenGL submission to its fence, one at a time",
    .why = "A host in the submission path adds its wake-up time to every submission.",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "kind", VG_CHOICE, .def = "tiny", .choices = "empty|tiny|real",
              .summary =
                  "empty: a fence alone; tiny: points, whose results are verified; real: the same, and each draw is "
                  "work of job_ms" },
            { "job_ms", VG_REAL, .def = "1", .min = 0.05, .max = 1000, .unit = "ms",
              .summary = "work of a real draw, to which its loop count is calibrated before the barrier, without what "
                         "the path to the GPU and back adds" },
            { "iterations", VG_INT, .def = "0", .min = 0, .max = LONG_DRAW_MOST, .unit = "1",
              .summary = "loop count of a real draw, to repeat the very job of another run; 0: calibrate" },
            { "draws", VG_INT, .def = "1", .min = 1, .max = 64, .unit = "1",
              .summary = "draws in one submission, each of one point: a batch of commands; nothing to empty ones" },
            { "samples", VG_INT, .def = "2000", .min = 10, .max = 10000000, .unit = "1",
              .summary = "how many submissions are recorded" },
            { "wait", VG_CHOICE, .def = "blocking", .choices = "blocking|polling",
              .summary = "how the fence is waited for, and in an open loop the next tick" },
            { "rate_hz", VG_REAL, .def = "0", .min = 0, .max = 1000000, .unit = "Hz",
              .summary =
                  "submissions per second, one at a time but each meant for its tick, late or not (open loop); 0: "
                  "each when the one before it is over" },
            { "verify_every", VG_INT, .def = "1", .min = 1, .max = 1000000, .unit = "1",
              .summary = "every how many submissions one is read back by itself, before the next; all are at the end" },
            { .name = NULL },
        },
    .streams =
        VG_STREAMS {
            { "submission", "one row per submission",
              VG_COLUMNS {
                  { "t0", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "before the first call of the submission" },
                  { "submit", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "t1 - t0: the calls up to glFlush" },
                  { "gpu_start", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "t2 - t0; OpenGL ES does not tell" },
                  { "gpu", "ns", VG_COLUMN_DURATION, VG_NEITHER, 0, "t3 - t2; OpenGL ES does not tell" },
                  { "seen", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "t4 - t3; OpenGL ES does not tell" },
                  { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,
                    "until the fence was seen (t4), since t0 in a closed loop, since the tick in an open one" },
                  { "readback", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,
                    "reading the result back after t4; what a fence that came too early left out is in here; -1: not "
                    "read by itself" },
                  { "late", "ns", VG_COLUMN_DURATION, VG_LOWER, 0, "from the tick to t0; 0 in a closed loop" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .run = run,
};
