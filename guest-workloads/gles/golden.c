/* SPDX-License-Identifier: MIT */
/* Does OpenGL draw what it must? The pictures of common/golden.h, round after round, each with another content. */
#include "common/golden.h"

#include "common/egl.h"
#include "common/gl.h"

static const char vertex_source[] =
    "#version 300 es\n"
    "uniform float half_side;\n" /* 0: the triangle */
    "uniform float depth;\n"
    "uniform vec2 corners[3];\n"
    "void main() {\n"
    "    vec2 place = half_side > 0.0 ? (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * half_side\n"
    "                                 : corners[gl_VertexID % 3];\n"
    "    gl_Position = vec4(place, depth, 1.0);\n"
    "}\n";

static const char fragment_source[] =
    "#version 300 es\n"
    "precision highp float;\n"
    "precision highp int;\n"
    "uniform highp sampler2D image;\n"
    "uniform int mode;\n" /* 0: pattern, 1: texture, 2: inverted pattern, 3: pattern, half transparent */
    "uniform int salt;\n"
    "out vec4 color;\n"
    "void main() {\n"
    "    ivec2 at = ivec2(gl_FragCoord.xy);\n"
    "    if (mode == 1) {\n"
    "        color = texelFetch(image, ivec2((at.x * 5 + at.y * 3) % 64, (at.x * 7 + at.y * 11) % 64), 0);\n"
    "        return;\n"
    "    }\n"
    "    ivec3 value = ivec3(at * 4 + ivec2(salt & 3, 0), (at.x ^ at.y) + (salt & 127));\n"
    "    if (mode == 2) value = ivec3(255) - value;\n"
    "    color = vec4(vec3(value) / 255.0, mode == 3 ? 128.0 / 255.0 : 1.0);\n"
    "}\n";

struct golden {
    struct vg_workload_context *context;
    struct vg_checks checks;
    GLuint program, texture;
    GLint mode, salt, half_side, depth;
};

static void set_up(struct golden *g)
{
    struct vg_gl_target target;
    GLuint vertex_array;
    vg_gl_target_make(g->context, &target, GOLDEN_SIDE, GOLDEN_SIDE, GL_RGBA8, true);
    glGenVertexArrays(1, &vertex_array);
    glBindVertexArray(vertex_array);
    g->program = vg_gl_program(g->context, vertex_source, fragment_source);
    glUseProgram(g->program);
    g->mode = vg_gl_uniform(g->context, g->program, "mode");
    g->salt = vg_gl_uniform(g->context, g->program, "salt");
    g->half_side = vg_gl_uniform(g->context, g->program, "half_side");
    g->depth = vg_gl_uniform(g->context, g->program, "depth");
    glUniform2fv(vg_gl_uniform(g->context, g->program, "corners"), 3, &golden_corners[0][0]);
    glUniform1i(vg_gl_uniform(g->context, g->program, "image"), 0);
    glGenTextures(1, &g->texture);
    glBindTexture(GL_TEXTURE_2D, g->texture);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, GOLDEN_SIDE, GOLDEN_SIDE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glDisable(GL_DITHER);
    glEnable(GL_DEPTH_TEST);
    glDepthFunc(GL_LESS);
    glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
    glClearColor((float)golden_background[0] / 255, (float)golden_background[1] / 255,
                 (float)golden_background[2] / 255, (float)golden_background[3] / 255);
    vg_gl_check(g->context, "setting up the pictures");
}

static void rectangle(const struct golden *g, int mode, float half_side, float depth)
{
    glUniform1i(g->mode, mode);
    glUniform1f(g->half_side, half_side);
    glUniform1f(g->depth, depth);
    glDrawArrays(half_side > 0 ? GL_TRIANGLE_STRIP : GL_TRIANGLES, 0, half_side > 0 ? 4 : 3);
}

static void draw(struct golden *g, enum golden_scene scene, uint32_t salt)
{
    static uint8_t picture[4 * GOLDEN_SIDE * GOLDEN_SIDE], texels[sizeof(picture)];
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glUniform1i(g->salt, (GLint)salt);
    switch (scene) {
    case GOLDEN_TRIANGLE:
        rectangle(g, 0, 0, 0);
        break;
    case GOLDEN_TEXTURE:
        golden_texture(salt, texels);
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, GOLDEN_SIDE, GOLDEN_SIDE, GL_RGBA, GL_UNSIGNED_BYTE, texels);
        rectangle(g, 1, 1, 0);
        break;
    case GOLDEN_DEPTH: /* near first */
        rectangle(g, 2, 0.5f, -0.5f);
        rectangle(g, 0, 1, 0.5f);
        break;
    default:
        glEnable(GL_BLEND);
        rectangle(g, 3, 1, 0);
        glDisable(GL_BLEND);
    }
    memset(picture, 0, sizeof(picture));
    glReadPixels(0, 0, GOLDEN_SIDE, GOLDEN_SIDE, GL_RGBA, GL_UNSIGNED_BYTE, picture);
    vg_gl_check(g->context, "drawing a picture");
    golden_compare(&g->checks, scene, salt, picture);
}

static void run(struct vg_workload_context *context)
{
    static struct golden g;
    struct vg_egl egl;
    g.context = context;
    vg_egl_open(context, &egl);
    set_up(&g);
    vg_w_barrier(context);
    int64_t end_ns = vg_now_ns() + vg_w_int(context, "seconds") * VG_NS_PER_S, rounds = 0;
    do {
        uint32_t salt = (uint32_t)(rounds + vg_w_int(context, "seed")) * UINT32_C(0x9E3779B1) >> 8;
        for (enum golden_scene scene = 0; scene < GOLDEN_SCENES; scene++)
            draw(&g, scene, salt);
        rounds++;
    } while (vg_now_ns() < end_ns && !vg_w_should_stop(context));
    vg_w_fact_int(context, "golden_rounds", rounds);
    vg_checks_report(context, &g.checks);
    vg_egl_close(&egl);
}

VG_WORKLOAD(gl_golden) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "gl-golden",
    .summary = "draws what is known beforehand, and compares every pixel",
    .why = "A GPU that is fast and wrong is found by nobody who only measures time",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "seconds", VG_INT, .def = "4", .min = 0, .max = 86400, .unit = "s",
              .summary = "round after round for so long, once at least" },
            { "seed", VG_INT, .def = "1", .min = 0, .max = 2147483647, .unit = "1", .summary = "of the contents" },
            { 0 },
        },
    .run = run,
};
