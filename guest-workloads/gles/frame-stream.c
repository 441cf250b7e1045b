/* SPDX-License-Identifier: MIT */
/* gl-frame-stream: draws a scene frame by frame into off-screen targets, as a game or a remote desktop would, and
 * stamps every frame. Every so often, outside the timed part, the frame that was just timed is read back: its pixels
 * must have the colours that the CPU works out for them, and drawing it again must give the same image. */
#include "common/egl.h"
#include "common/gl.h"
#include "common/warmup.h"
#include "gles/scene.h"

#define IN_FLIGHT_MAX 8
#define PROBES        128
#define WINDOW        10
#define WARMUP_LIMIT  (3 * VG_NS_PER_S)

static const char vertex_source[] = "#version 300 es\n"
                                    "precision highp float;\n"
                                    "layout(location = 0) in vec3 position;\n"
                                    "layout(location = 1) in vec3 normal;\n"
                                    "layout(location = 2) in vec2 uv;\n"
                                    "layout(location = 3) in vec4 place;\n"
                                    "layout(location = 4) in vec4 spin;\n"
                                    "layout(location = 5) in vec4 phase;\n"
                                    "layout(location = 6) in vec4 tint;\n"
                                    "uniform mat4 view_projection;\n"
                                    "uniform vec2 turn[4];\n"
                                    "uniform vec3 light;\n"
                                    "uniform vec2 shading;\n"
                                    "out vec2 texel;\n"
                                    "flat out vec3 shaded;\n"
                                    "vec3 rotate(vec3 v, vec3 k, float c, float s) {\n"
                                    "    return v * c + cross(k, v) * s + k * dot(k, v) * (1.0 - c);\n"
                                    "}\n"
                                    "void main() {\n"
                                    "    vec2 t = turn[int(spin.w)];\n"
                                    "    float c = t.x * phase.x - t.y * phase.y;\n"
                                    "    float s = t.y * phase.x + t.x * phase.y;\n"
                                    "    vec3 world = place.xyz + rotate(position, spin.xyz, c, s) * place.w;\n"
                                    "    gl_Position = view_projection * vec4(world, 1.0);\n"
                                    "    float cosine = max(0.0, dot(rotate(normal, spin.xyz, c, s), light));\n"
                                    "    shaded = tint.rgb * (shading.x + shading.y * cosine);\n"
                                    "    texel = (phase.zw + uv) / 4.0;\n"
                                    "}\n";

static const char fragment_source[] = "#version 300 es\n"
                                      "precision highp float;\n"
                                      "uniform highp sampler2D surface;\n"
                                      "in vec2 texel;\n"
                                      "flat in vec3 shaded;\n"
                                      "out vec4 color;\n"
                                      "void main() {\n"
                                      "    color = vec4(texture(surface, texel).rgb * shaded, 1.0);\n"
                                      "}\n";

/* A target and the frame that was last sent to it. */
struct slot {
    struct vg_gl_target target;
    GLsync fence; /* NULL: nothing outstanding */
    int64_t index, start, submit, done, interval;
};

struct state {
    struct vg_workload_context *context;
    struct vg_stream *stream; /* NULL during warm-up */
    struct scene scene;
    GLuint program, vertex_array, buffers[3], texture;
    GLint view_projection, turn;
    struct slot slots[IN_FLIGHT_MAX];
    size_t in_flight, outstanding;
    int64_t next_index; /* of the next frame to be drawn */
    int64_t last_done;  /* completion of the previous frame; 0: there is none to measure an interval from */
    int64_t verified, probed;
    uint8_t *image, *again;
};

static void attribute(GLuint location, GLint size, size_t stride, size_t offset, GLuint divisor)
{
    glEnableVertexAttribArray(location);
    glVertexAttribPointer(location, size, GL_FLOAT, GL_FALSE, (GLsizei)stride, (const void *)offset);
    glVertexAttribDivisor(location, divisor);
}

static void upload(struct state *state)
{
    struct scene_vertex vertices[SCENE_CUBE_CORNERS];
    uint16_t indices[SCENE_CUBE_INDICES];
    scene_cube(vertices, indices);
    glGenVertexArrays(1, &state->vertex_array);
    glBindVertexArray(state->vertex_array);
    glGenBuffers(3, state->buffers);
    glBindBuffer(GL_ARRAY_BUFFER, state->buffers[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(vertices), vertices, GL_STATIC_DRAW);
    attribute(0, 3, sizeof(vertices[0]), offsetof(struct scene_vertex, position), 0);
    attribute(1, 3, sizeof(vertices[0]), offsetof(struct scene_vertex, normal), 0);
    attribute(2, 2, sizeof(vertices[0]), offsetof(struct scene_vertex, uv), 0);
    glBindBuffer(GL_ARRAY_BUFFER, state->buffers[1]);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(state->scene.count * sizeof(struct scene_instance)),
                 state->scene.instances, GL_STATIC_DRAW);
    for (GLuint i = 0; i < 4; i++)
        attribute(3 + i, 4, sizeof(struct scene_instance), i * 4 * sizeof(float), 1);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, state->buffers[2]);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(indices), indices, GL_STATIC_DRAW);

    glGenTextures(1, &state->texture);
    glBindTexture(GL_TEXTURE_2D, state->texture);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, SCENE_TEXTURE_SIZE, SCENE_TEXTURE_SIZE);
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SCENE_TEXTURE_SIZE, SCENE_TEXTURE_SIZE, GL_RGBA, GL_UNSIGNED_BYTE,
                    state->scene.texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    vg_gl_check(state->context, "uploading the scene");
}

static void set_up(struct state *state)
{
    struct vg_workload_context *context = state->context;
    int width = (int)vg_w_int(context, "width"), height = (int)vg_w_int(context, "height");
    GLint limit = 0;
    glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &limit);
    if (width > limit || height > limit)
        vg_w_skip(context, "a frame of %d x %d is larger than the driver's limit of %d", width, height, limit);
    scene_make(&state->scene, (size_t)vg_w_int(context, "objects"), width, height);
    state->image = vg_calloc((size_t)width * (size_t)height, 4);
    state->again = vg_calloc((size_t)width * (size_t)height, 4);
    for (size_t i = 0; i < state->in_flight; i++)
        vg_gl_target_make(context, &state->slots[i].target, width, height, GL_RGBA8, true);
    state->program = vg_gl_program(context, vertex_source, fragment_source);
    glUseProgram(state->program);
    state->view_projection = vg_gl_uniform(context, state->program, "view_projection");
    state->turn = vg_gl_uniform(context, state->program, "turn");
    glUniform3fv(vg_gl_uniform(context, state->program, "light"), 1, scene_light);
    glUniform2f(vg_gl_uniform(context, state->program, "shading"), SCENE_AMBIENT, SCENE_DIFFUSE);
    glUniform1i(vg_gl_uniform(context, state->program, "surface"), 0);
    upload(state);
    glDisable(GL_DITHER); /* it would move colours by more than the comparison allows */
    glEnable(GL_DEPTH_TEST);
    glEnable(GL_CULL_FACE);
    glClearColor(scene_background[0], scene_background[1], scene_background[2], 1);
    vg_gl_check(context, "setting up");
}

static void tear_down(struct state *state)
{
    for (size_t i = 0; i < state->in_flight; i++)
        vg_gl_target_free(&state->slots[i].target);
    glDeleteTextures(1, &state->texture);
    glDeleteBuffers(3, state->buffers);
    glDeleteVertexArrays(1, &state->vertex_array);
    glDeleteProgram(state->program);
    scene_free(&state->scene);
    free(state->image);
    free(state->again);
}

static void draw(struct state *state, const struct slot *slot, int64_t index)
{
    struct scene_frame frame;
    scene_frame_at(&state->scene, index, &frame);
    glBindFramebuffer(GL_FRAMEBUFFER, slot->target.framebuffer);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glUniformMatrix4fv(state->view_projection, 1, GL_FALSE, frame.view_projection);
    glUniform2fv(state->turn, SCENE_SPEEDS, frame.turn[0]);
    glDrawElementsInstanced(GL_TRIANGLES, SCENE_CUBE_INDICES, GL_UNSIGNED_SHORT, NULL, (GLsizei)state->scene.count);
}

static struct slot *slot_of(struct state *state, int64_t index)
{
    return &state->slots[(size_t)index % state->in_flight];
}

static void begin_frame(struct state *state)
{
    struct slot *slot = slot_of(state, state->next_index);
    slot->index = state->next_index++;
    slot->start = vg_now_ns();
    draw(state, slot, slot->index);
    slot->fence = vg_gl_submit(state->context);
    slot->submit = vg_now_ns() - slot->start;
    vg_gl_check(state->context, "drawing a frame");
    state->outstanding++;
}

/* Waits for the oldest frame until the given instant (0: until it is done). False if it is not done by then. */
static bool finish_oldest(struct state *state, int64_t until)
{
    struct slot *slot = slot_of(state, state->next_index - (int64_t)state->outstanding);
    if (until == 0)
        vg_gl_fence_finish(state->context, slot->fence, false);
    else if (!vg_gl_fence_wait(state->context, slot->fence, until - vg_now_ns()))
        return false;
    slot->done = vg_now_ns();
    glDeleteSync(slot->fence);
    slot->fence = NULL;
    state->outstanding--;
    slot->interval = state->last_done ? slot->done - state->last_done : -1;
    state->last_done = slot->done;
    if (state->stream)
        vg_w_push(state->stream, (const int64_t[]) { slot->start, slot->submit, slot->done - slot->start,
                                                     slot->interval, slot->done });
    return true;
}

static void finish_all(struct state *state)
{
    while (state->outstanding)
        finish_oldest(state, 0);
}

static void read_back(struct state *state, const struct slot *slot, uint8_t *image)
{
    glBindFramebuffer(GL_FRAMEBUFFER, slot->target.framebuffer);
    glReadPixels(0, 0, state->scene.width, state->scene.height, GL_RGBA, GL_UNSIGNED_BYTE, image);
    vg_gl_check(state->context, "reading a frame back");
}

static void compare_with_scene(struct state *state, int64_t index)
{
    struct scene_probe probes[PROBES];
    size_t count = scene_probes(&state->scene, index, probes, PROBES), wrong = 0, first = 0;
    for (size_t i = count; i-- > 0;) {
        const uint8_t *got =
            &state->image[4 * ((size_t)probes[i].y * (size_t)state->scene.width + (size_t)probes[i].x)];
        for (int c = 0; c < 3; c++)
            if (abs(got[c] - probes[i].rgb[c]) > 1) {
                wrong++;
                first = i;
                break;
            }
    }
    if (wrong) {
        const struct scene_probe *probe = &probes[first];
        const uint8_t *got = &state->image[4 * ((size_t)probe->y * (size_t)state->scene.width + (size_t)probe->x)];
        vg_w_fact_int(state->context, "mismatched_pixels", (int64_t)wrong);
        vg_w_fail(
            state->context,
            "frame %lld is wrong: %zu of %zu pixels differ, first at (%d, %d): expected (%d, %d, %d), got (%d, %d, %d)",
            (long long)index, wrong, count, probe->x, probe->y, probe->rgb[0], probe->rgb[1], probe->rgb[2], got[0],
            got[1], got[2]);
    }
    if (count < PROBES / 8)
        vg_w_invalid(state->context, "frame %lld has only %zu pixels that can be checked; use larger frames",
                     (long long)index, count);
    state->probed += (int64_t)count;
}

/* Checks the newest frame, as it was timed, then draws it again into the same target. Nothing is timed meanwhile. */
static void verify(struct state *state)
{
    finish_all(state);
    const struct slot *slot = slot_of(state, state->next_index - 1);
    size_t bytes = 4 * (size_t)state->scene.width * (size_t)state->scene.height;
    read_back(state, slot, state->image);
    compare_with_scene(state, slot->index);
    draw(state, slot, slot->index);
    read_back(state, slot, state->again);
    for (size_t i = 0; i < bytes; i++)
        if (state->image[i] != state->again[i]) {
            size_t pixel = i / 4, width = (size_t)state->scene.width;
            vg_w_fail(state->context, "frame %lld drawn twice differs at (%zu, %zu): channel %zu was %d, then %d",
                      (long long)slot->index, pixel % width, pixel / width, i % 4, state->image[i], state->again[i]);
        }
    state->verified++;
    if (state->stream)
        vg_w_flush(state->stream);
    state->last_done = 0;
}

static void warm_up(struct state *state)
{
    struct vg_warmup warmup;
    vg_warmup_begin(&warmup, state->context, WINDOW, WARMUP_LIMIT);
    for (bool over = false; !over && !vg_w_should_stop(state->context);) {
        begin_frame(state);
        if (state->outstanding < state->in_flight)
            continue;
        bool first = state->last_done == 0;
        int64_t before = state->last_done;
        finish_oldest(state, 0);
        if (!first)
            over = vg_warmup_add(&warmup, state->last_done - before);
    }
    if (state->next_index > 0)
        verify(state);
}

/* Until the next frame is due, done frames are still looked for, so that their stamps are not late. */
static void pace(struct state *state, int64_t due)
{
    while (state->outstanding && vg_now_ns() < due)
        finish_oldest(state, due);
    vg_sleep_ns(due - vg_now_ns());
}

static void measure(struct state *state)
{
    struct vg_workload_context *context = state->context;
    double target_fps = vg_w_real(context, "target_fps");
    int64_t period = target_fps > 0 ? (int64_t)(1e9 / target_fps) : 0;
    int64_t verify_every = vg_w_int(context, "verify_every");
    int64_t first = state->next_index, due = vg_now_ns();
    int64_t end = due + (int64_t)(vg_w_real(context, "seconds") * 1e9);

    while (vg_now_ns() < end && !vg_w_should_stop(context)) {
        begin_frame(state);
        if (state->outstanding == state->in_flight)
            finish_oldest(state, 0);
        if (state->next_index == first + 1 || (state->next_index - first) % verify_every == 0 ||
            vg_w_room(state->stream) <= IN_FLIGHT_MAX) {
            int64_t before = vg_now_ns();
            verify(state);
            due += vg_now_ns() - before;
        }
        if (period) { /* a frame that is late is not caught up: later ones keep their distance */
            int64_t now = vg_now_ns();
            due = due + period < now ? now : due + period;
            pace(state, due);
        }
    }
    if (state->next_index > first)
        verify(state);
    vg_w_fact_int(context, "frames", state->next_index - first);
}

static void run(struct vg_workload_context *context)
{
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    struct state state = { .context = context, .in_flight = (size_t)vg_w_int(context, "in_flight") };
    set_up(&state);
    struct vg_stream *stream = vg_w_stream(context, "frame", 65536);
    vg_w_barrier(context);
    warm_up(&state);
    state.stream = stream;
    measure(&state);
    vg_w_fact_int(context, "verified_frames", state.verified);
    vg_w_fact_int(context, "verified_pixels", state.probed);
    vg_w_fact_int(context, "mismatched_pixels", 0);
    tear_down(&state);
    vg_egl_close(&egl);
}

VG_WORKLOAD(gl_frame_stream) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "gl-frame-stream",
    .summary = "draws a lit, textured 3D scene and stamps every frame",
    .why = "Frame times show stalls, a throttled or starved tenant and wrong rendering as a user would see them.",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 86400, .unit = "s",
              .summary = "how long frames are measured" },
            { "width", VG_INT, .def = "640", .min = 16, .max = 16384, .unit = "1", .summary = "pixels across" },
            { "height", VG_INT, .def = "360", .min = 16, .max = 16384, .unit = "1", .summary = "pixels down" },
            { "objects", VG_INT, .def = "384", .min = 1, .max = 100000, .unit = "1", .summary = "cubes in the scene" },
            { "target_fps", VG_REAL, .def = "0", .min = 0, .max = 10000, .unit = "1/s",
              .summary = "frames per second to keep to; 0: as fast as they get done" },
            { "in_flight", VG_INT, .def = "2", .min = 1, .max = IN_FLIGHT_MAX, .unit = "1",
              .summary = "frames that may be submitted and not done" },
            { "verify_every", VG_INT, .def = "60", .min = 1, .max = 1000000, .unit = "1",
              .summary = "every how many frames one is read back and checked; the first and last always are" },
            { .name = NULL },
        },
    .streams =
        VG_STREAMS {
            { "frame", "one row per frame",
              VG_COLUMNS {
                  { "start", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "before the first call of the frame" },
                  { "submit", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "the calls up to glFlush" },
                  { "done", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "from start until its fence was seen" },
                  { "interval", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05,
                    "since the previous frame was done; -1 for the first frame and after a verified one" },
                  { "completed", "ns", VG_COLUMN_COMPLETION, VG_NEITHER, 0, "when its fence was seen" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .run = run,
};
