/* SPDX-License-Identifier: MIT */
/* gl-submit-latency: one submission at a time, from the first GL call to the fence. Every tiny submission writes four
 * words into a cell of its own, computed from its number by the GPU, so that a job that was skipped or ran with another
 * job's state is found when the cells are read back. */
#include "common/egl.h"
#include "common/gl.h"
#include "gles/warmup.h"

#define SIDE         64
#define CELLS        (SIDE * SIDE)
#define WINDOW       50
#define WARMUP_LIMIT (5 * VG_NS_PER_S)
#define MULTIPLIER   2654435761u
#define ADDEND       0x5bd1e995u

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
    uint32_t next;    /* number of the next submission, from 1 */
    uint32_t checked; /* submissions up to this one were read back */
};

struct sample {
    int64_t t0, t1, t4;
};

static struct sample submit(struct state *state)
{
    uint32_t number = state->next++;
    struct sample sample = { .t0 = vg_now_ns() };
    if (state->tiny) {
        glUniform1ui(state->number_uniform, number);
        glDrawArrays(GL_POINTS, (GLint)(number % CELLS), 1);
    }
    GLsync fence = vg_gl_submit(state->context);
    sample.t1 = vg_now_ns();
    sample.t4 = vg_gl_fence_finish(state->context, fence, state->polling);
    glDeleteSync(fence);
    vg_gl_check(state->context, "submitting");
    return sample;
}

/* Outside the timed part: every submission since the last look must have left its words. */
static void check(struct state *state)
{
    if (!state->tiny || state->next - 1 == state->checked)
        return;
    vg_autofree uint32_t *words = vg_calloc(CELLS, 4 * sizeof(uint32_t));
    glReadPixels(0, 0, SIDE, SIDE, GL_RGBA_INTEGER, GL_UNSIGNED_INT, words);
    vg_gl_check(state->context, "reading the cells back");
    for (uint32_t number = state->checked + 1; number < state->next; number++) {
        uint32_t mixed = number * MULTIPLIER + ADDEND;
        const uint32_t expected[4] = { number, mixed, ~number, mixed ^ (mixed >> 15) };
        const uint32_t *got = &words[(size_t)(number % CELLS) * 4];
        if (memcmp(expected, got, sizeof(expected)) != 0)
            vg_w_fail(state->context,
                      "submission %u left a wrong result: expected %08x %08x %08x %08x, got %08x %08x %08x %08x",
                      number, expected[0], expected[1], expected[2], expected[3], got[0], got[1], got[2], got[3]);
    }
    state->checked = state->next - 1;
}

/* Cells are reused after CELLS submissions, so they are looked at before that. */
static void check_if_due(struct state *state)
{
    if (state->next - 1 - state->checked >= CELLS)
        check(state);
}

static void warm_up(struct state *state)
{
    struct warmup warmup;
    warmup_begin(&warmup, state->context, WINDOW, WARMUP_LIMIT);
    for (bool over = false; !over && !vg_w_should_stop(state->context);) {
        struct sample sample = submit(state);
        over = warmup_add(&warmup, sample.t4 - sample.t0);
        check_if_due(state);
    }
}

static void run(struct vg_workload_context *context)
{
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    struct state state = {
        .context = context,
        .tiny = vg_equal(vg_w_text(context, "kind"), "tiny"),
        .polling = vg_equal(vg_w_text(context, "wait"), "polling"),
        .next = 1,
    };
    int64_t samples = vg_w_int(context, "samples");

    struct vg_gl_target target;
    vg_gl_target_make(context, &target, SIDE, SIDE, GL_RGBA32UI, false);
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
    check(&state);
    int64_t taken = 0;
    for (; taken < samples && !vg_w_should_stop(context); taken++) {
        struct sample sample = submit(&state);
        vg_w_push(stream, (const int64_t[]) { sample.t0, sample.t1 - sample.t0, -1, -1, -1, sample.t4 - sample.t0 });
        check_if_due(&state);
        if (vg_w_room(stream) == 0)
            vg_w_flush(stream);
    }
    check(&state);
    vg_w_fact_int(context, "submissions", taken);
    vg_w_fact_int(context, "verified_submissions", state.tiny ? taken : 0);

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
            { "wait", VG_CHOICE, .def = "blocking", .choices = "blocking|polling",
              .summary = "how the fence is waited for" },
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
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .run = run,
};
