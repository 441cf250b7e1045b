/* SPDX-License-Identifier: MIT */
/* gl-submit-latency: one submission at a time, from the first GL call to the fence. Every tiny submission writes four
 * words into a cell of its own, computed from its number by the GPU, so that a job that was skipped or ran with another
 * job's state is found when the cells are read back (cells.h). */
#include "common/egl.h"
#include "common/gl.h"
#include "common/warmup.h"
#include "gles/cells.h"
#include "gles/early-fence.h"
#include "vulkan/pace.h"

#define WINDOW       50
#define WARMUP_LIMIT (5 * VG_NS_PER_S)
#define PATIENCE     (1 * VG_NS_PER_MS) /* by when the work behind an early fence is done, too */

static const char vertex_source[] = "#version 300 es\n"
                                    "void main() {\n"
                                    "    vec2 cell = vec2(gl_VertexID & 63, gl_VertexID >> 6) + 0.5;\n"
                                    "    gl_Position = vec4(cell / 32.0 - 1.0, 0.0, 1.0);\n"
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
    bool tiny, polling;
    GLint number_uniform;
    struct cells cells;
    struct early_fence early;
};

struct sample {
    int64_t t0, t1, t4;
    int64_t readback; /* -1: not read back by itself */
};

static void wrong(const struct state *state, uint32_t number, const uint32_t *got)
{
    uint32_t expected[CELL_WORDS];
    cells_expect(number, expected);
    vg_w_fail(state->context,
              "submission %u left a wrong result: expected %08x %08x %08x %08x, got %08x %08x %08x %08x", number,
              expected[0], expected[1], expected[2], expected[3], got[0], got[1], got[2], got[3]);
}

/* The newest submission alone, before the next. Returns how long the read took (early-fence.h). */
static int64_t check_one(struct state *state)
{
    uint32_t words[CELL_WORDS] = { 0 }, place = cells_place(state->cells.submitted);
    int64_t before = vg_now_ns();
    glReadPixels((GLint)(place % CELLS_SIDE), (GLint)(place / CELLS_SIDE), 1, 1, GL_RGBA_INTEGER, GL_UNSIGNED_INT,
                 words);
    int64_t took = vg_now_ns() - before;
    vg_gl_check(state->context, "reading a cell back");
    if (!cells_check_one(&state->cells, words))
        wrong(state, state->cells.submitted, words);
    return took;
}

/* Every submission since the last look must have left its words. */
static void check_grid(struct state *state)
{
    if (!state->tiny || state->cells.submitted == state->cells.checked)
        return;
    vg_autofree uint32_t *words = vg_calloc(CELLS, CELL_WORDS * sizeof(uint32_t));
    glReadPixels(0, 0, CELLS_SIDE, CELLS_SIDE, GL_RGBA_INTEGER, GL_UNSIGNED_INT, words);
    vg_gl_check(state->context, "reading the cells back");
    uint32_t number = cells_check_grid(&state->cells, words);
    if (number)
        wrong(state, number, &words[(size_t)cells_place(number) * CELL_WORDS]);
}

static struct sample submit(struct state *state)
{
    uint32_t number = ++state->cells.submitted;
    struct sample sample = { .t0 = vg_now_ns(), .readback = -1 };
    if (state->tiny) {
        glUniform1ui(state->number_uniform, number);
        glDrawArrays(GL_POINTS, (GLint)cells_place(number), 1);
    }
    GLsync fence = vg_gl_submit(state->context);
    sample.t1 = vg_now_ns();
    sample.t4 = vg_gl_fence_finish(state->context, fence, state->polling);
    glDeleteSync(fence);
    vg_gl_check(state->context, "submitting");
    return sample;
}

/* Outside the timed part. */
static struct sample submit_and_check(struct state *state)
{
    struct sample sample = submit(state);
    if (state->tiny && cells_one_due(&state->cells)) {
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
    for (int i = 0; state->tiny && i < EARLY_IDLE && !vg_w_should_stop(state->context); i++) {
        submit(state);
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
    vg_warmup_begin(&warmup, state->context, WINDOW, WARMUP_LIMIT);
    do
        sample = submit_and_check(state);
    while (!vg_warmup_add(&warmup, sample.t4 - sample.t0));
    check_grid(state);
    read_idle(state);
}

static void measure(struct state *state, struct vg_stream *stream)
{
    int64_t samples = vg_w_int(state->context, "samples"), taken = 0;
    uint32_t checked = state->cells.checked;
    state->cells.each = 0; /* what was not timed does not count */
    state->early.count = 0;
    double rate = vg_w_real(state->context, "rate_hz");
    struct pace pace = { vg_now_ns(), rate > 0 ? 1e9 / rate : 0 };
    for (; taken < samples && !vg_w_should_stop(state->context); taken++) {
        if (rate > 0)
            vg_sleep_ns(pace_instant(&pace, (uint64_t)taken) - vg_now_ns());
        struct sample each = submit_and_check(state);
        vg_w_push(stream,
                  (const int64_t[]) { each.t0, each.t1 - each.t0, -1, -1, -1, each.t4 - each.t0, each.readback });
        if (vg_w_room(stream) == 0)
            vg_w_flush(stream);
    }
    check_grid(state);
    vg_w_fact_int(state->context, "submissions", taken);
    vg_w_fact_int(state->context, "verified_submissions", state->cells.each);
    vg_w_fact_int(state->context, "verified_at_end", state->cells.checked - checked);
    judge_fences(state);
}

static void run(struct vg_workload_context *context)
{
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    struct state state = {
        .context = context,
        .tiny = vg_equal(vg_w_text(context, "kind"), "tiny"),
        .polling = vg_equal(vg_w_text(context, "wait"), "polling"),
        .cells.every = (uint32_t)vg_w_int(context, "verify_every"),
    };

    struct vg_gl_target target;
    vg_gl_target_make(context, &target, CELLS_SIDE, CELLS_SIDE, GL_RGBA32UI, false);
    GLuint program = vg_gl_program(context, vertex_source, fragment_source);
    GLuint vertex_array;
    glGenVertexArrays(1, &vertex_array);
    glBindVertexArray(vertex_array);
    glUseProgram(program);
    state.number_uniform = vg_gl_uniform(context, program, "number");
    glClearBufferuiv(GL_COLOR, 0, (const GLuint[4]) { 0 });
    glFinish();
    vg_gl_check(context, "setting up");

    struct vg_stream *stream = vg_w_stream(context, "submission", 16384);
    vg_w_barrier(context);
    warm_up(&state);
    measure(&state, stream);

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
            { "kind", VG_CHOICE, .def = "tiny", .choices = "empty|tiny",
              .summary = "empty: a fence alone; tiny: one point, whose result is verified" },
            { "samples", VG_INT, .def = "2000", .min = 10, .max = 10000000, .unit = "1",
              .summary = "how many submissions are recorded" },
            { "rate_hz", VG_REAL, .def = "0", .min = 0, .max = 100000, .unit = "1/s",
              .summary =
                  "submissions a second, at instants fixed in advance; 0: each as soon as the one before is done" },
            { "wait", VG_CHOICE, .def = "blocking", .choices = "blocking|polling",
              .summary = "how the fence is waited for" },
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
                  { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "t4 - t0: until the fence was seen" },
                  { "readback", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,
                    "reading the result back after t4; what a fence that came too early left out is in here; -1: not "
                    "read by itself" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .run = run,
};
