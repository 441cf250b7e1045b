/* SPDX-License-Identifier: MIT */
/* What the OpenGL ES workloads share beyond bring-up: every call's error is looked at, and a fence that never comes
 * ends the run with a sentence instead of hanging it. */
#ifndef VG_GL_H
#define VG_GL_H

#include <GLES3/gl3.h>
#include "common/workload.h"

/* Ends the run if a GL error is pending. `doing` completes "GL error while ...". */
void vg_gl_check(struct vg_workload_context *context, const char *doing);
GLuint vg_gl_program(struct vg_workload_context *context, const char *vertex_source, const char *fragment_source);
GLint vg_gl_uniform(struct vg_workload_context *context, GLuint program, const char *name);

struct vg_gl_target {
    GLuint framebuffer, color, depth;
    int width, height;
};
/* An off-screen target; depth: also a 24-bit depth buffer. It is bound when this returns. */
void vg_gl_target_make(struct vg_workload_context *context, struct vg_gl_target *target, int width, int height,
                       GLenum color_format, bool depth);
void vg_gl_target_free(struct vg_gl_target *target);

/* Puts a fence behind what was submitted, and sends all of it to the GPU. */
GLsync vg_gl_submit(struct vg_workload_context *context);
/* True once the fence has signalled, false if it has not after timeout_ns. */
bool vg_gl_fence_wait(struct vg_workload_context *context, GLsync fence, int64_t timeout_ns);
/* Waits until the fence has signalled, blocking or polling; a fence that takes longer than 30 s (polling) or a minute
 * (blocking) fails the run. */
void vg_gl_fence_finish(struct vg_workload_context *context, GLsync fence, bool polling);

#endif
