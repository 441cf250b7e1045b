/* SPDX-License-Identifier: MIT */
/* gl-identity: which OpenGL driver the tenant got, and proof that it can draw: a small picture whose every pixel
 * follows from its position. A guest that lost its 3D device draws just as well, but gives itself away by its
 * renderer's name. */
#include "common/egl.h"
#include "common/gl.h"

#include <EGL/eglext.h>

#define SIDE 64

/* From EXT_robustness / KHR_robustness, which the OpenGL ES 3.0 header does not have. */
#define RESET_NOTIFICATION_STRATEGY 0x8256
#define LOSE_CONTEXT_ON_RESET       0x8252
#define NO_RESET_NOTIFICATION       0x8261

/* Rectangle 0 is the whole picture, far away; rectangle 1 its middle, near. Drawn near first, so that only a working
 * depth test leaves the middle alone. */
static const char vertex_source[] = "#version 300 es\n"
                                    "uniform float half_side;\n"
                                    "uniform float depth;\n"
                                    "void main() {\n"
                                    "    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;\n"
                                    "    gl_Position = vec4(corner * half_side, depth, 1.0);\n"
                                    "}\n";

static const char fragment_source[] = "#version 300 es\n"
                                      "precision highp float;\n"
                                      "precision highp int;\n"
                                      "uniform int rectangle;\n"
                                      "out vec4 color;\n"
                                      "void main() {\n"
                                      "    ivec2 at = ivec2(gl_FragCoord.xy);\n"
                                      "    ivec3 value = ivec3(at * 4, at.x ^ at.y);\n"
                                      "    if (rectangle == 1) value = ivec3(255) - value.zxy;\n"
                                      "    color = vec4(vec3(value) / 255.0, 1.0);\n"
                                      "}\n";

static void expected(int x, int y, int rgb[3])
{
    bool middle = x >= SIDE / 4 && x < SIDE * 3 / 4 && y >= SIDE / 4 && y < SIDE * 3 / 4;
    const int value[3] = { x * 4, y * 4, x ^ y };
    for (int i = 0; i < 3; i++)
        rgb[i] = middle ? 255 - value[(i + 2) % 3] : value[i];
}

static void compare(struct vg_workload_context *context, const uint8_t *pixels)
{
    int64_t mismatched = 0;
    int first_x = 0, first_y = 0;
    for (int y = SIDE - 1; y >= 0; y--)
        for (int x = SIDE - 1; x >= 0; x--) {
            int rgb[3];
            expected(x, y, rgb);
            for (int i = 0; i < 3; i++)
                if (abs(pixels[4 * (y * SIDE + x) + i] - rgb[i]) > 1) {
                    mismatched++;
                    first_x = x;
                    first_y = y;
                    break;
                }
        }
    vg_w_fact_int(context, "verified_pixels", SIDE * SIDE);
    vg_w_fact_int(context, "mismatched_pixels", mismatched);
    if (mismatched == 0)
        return;
    int rgb[3];
    expected(first_x, first_y, rgb);
    const uint8_t *got = &pixels[4 * (first_y * SIDE + first_x)];
    vg_w_fail(context,
              "wrong picture: %lld of %d pixels differ, first at (%d, %d): expected (%d, %d, %d), got (%d, %d, %d)",
              (long long)mismatched, SIDE * SIDE, first_x, first_y, rgb[0], rgb[1], rgb[2], got[0], got[1], got[2]);
}

static void draw(struct vg_workload_context *context)
{
    struct vg_gl_target target;
    vg_gl_target_make(context, &target, SIDE, SIDE, GL_RGBA8, true);
    GLuint program = vg_gl_program(context, vertex_source, fragment_source);
    GLuint vertex_array;
    glGenVertexArrays(1, &vertex_array);
    glBindVertexArray(vertex_array);
    glUseProgram(program);
    glDisable(GL_DITHER);
    glEnable(GL_DEPTH_TEST);
    glClearColor(1, 0, 1, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    for (int rectangle = 1; rectangle >= 0; rectangle--) {
        glUniform1i(vg_gl_uniform(context, program, "rectangle"), rectangle);
        glUniform1f(vg_gl_uniform(context, program, "half_side"), rectangle ? 0.5f : 1.0f);
        glUniform1f(vg_gl_uniform(context, program, "depth"), rectangle ? -0.25f : 0.25f);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    }
    vg_gl_check(context, "drawing");
    GLsync fence = vg_gl_submit(context);
    vg_gl_fence_finish(context, fence, false);
    glDeleteSync(fence);

    vg_autofree uint8_t *pixels = vg_calloc((size_t)SIDE * SIDE, 4);
    glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
    vg_gl_check(context, "reading the picture back");
    compare(context, pixels);
    glDeleteVertexArrays(1, &vertex_array);
    glDeleteProgram(program);
    vg_gl_target_free(&target);
}

/* Which notice of a GPU reset a robust context gets. Only this workload makes one: bounds checks cost time, so the
 * timed workloads do without. */
static const char *reset_strategy(struct vg_workload_context *context, const struct vg_egl *egl)
{
    if (!vg_egl_has(eglQueryString(egl->display, EGL_EXTENSIONS), "EGL_EXT_create_context_robustness"))
        return "unavailable";
    const EGLint attributes[] = {
        EGL_CONTEXT_MAJOR_VERSION,
        3,
        EGL_CONTEXT_OPENGL_ROBUST_ACCESS_EXT,
        EGL_TRUE,
        EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT,
        EGL_LOSE_CONTEXT_ON_RESET_EXT,
        EGL_NONE,
    };
    EGLContext robust = eglCreateContext(egl->display, egl->config, EGL_NO_CONTEXT, attributes);
    if (robust == EGL_NO_CONTEXT)
        return "refused";
    if (!eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, robust))
        vg_w_fail(context, "a robust context cannot be made current (%s)", vg_egl_error_name());
    GLint strategy = 0;
    glGetIntegerv(RESET_NOTIFICATION_STRATEGY, &strategy);
    bool known = glGetError() == GL_NO_ERROR;
    if (!eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl->context))
        vg_w_fail(context, "the context cannot be made current again (%s)", vg_egl_error_name());
    eglDestroyContext(egl->display, robust);
    return !known                              ? "unknown"
           : strategy == LOSE_CONTEXT_ON_RESET ? "lose-context-on-reset"
           : strategy == NO_RESET_NOTIFICATION ? "no-reset-notification"
                                               : "unknown";
}

static void run(struct vg_workload_context *context)
{
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    vg_w_fact_text(context, "gl_reset_notification", reset_strategy(context, &egl));
    GLint limit = 0;
    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &limit);
    vg_gl_check(context, "asking for limits");
    vg_w_fact_int(context, "gl_max_texture_size", limit);
    vg_w_barrier(context);
    draw(context);
    vg_egl_close(&egl);
}

VG_WORKLOAD(gl_identity) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "gl-identity",
    .summary = "reports the OpenGL ES driver and verifies a small picture",
    .why = "A guest whose 3D device is missing silently renders on its own CPU.",
    .needs = VG_NEED_GL,
    .run = run,
};
