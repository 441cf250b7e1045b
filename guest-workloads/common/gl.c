/* SPDX-License-Identifier: MIT */
/* Checked OpenGL ES helpers: programs, off-screen targets and fences, each ending the run on an error, because a failed
 * call must never count as a fast call. */
#include "common/gl.h"

#define FENCE_LIMIT_NS (30 * VG_NS_PER_S)

void vg_gl_check(struct vg_workload_context *context, const char *doing)
{
    GLenum error = glGetError();
    if (error == GL_NO_ERROR)
        return;
    const char *name = error == GL_INVALID_ENUM                    ? "GL_INVALID_ENUM"
                       : error == GL_INVALID_VALUE                 ? "GL_INVALID_VALUE"
                       : error == GL_INVALID_OPERATION             ? "GL_INVALID_OPERATION"
                       : error == GL_OUT_OF_MEMORY                 ? "GL_OUT_OF_MEMORY"
                       : error == GL_INVALID_FRAMEBUFFER_OPERATION ? "GL_INVALID_FRAMEBUFFER_OPERATION"
                       : error == 0x0507                           ? "GL_CONTEXT_LOST"
                                                                   : "unknown";
    vg_w_fail(context, "GL error while %s: %s (0x%04x)", doing, name, error);
}

static GLuint compile(struct vg_workload_context *context, GLenum stage, const char *source)
{
    GLuint shader = glCreateShader(stage);
    GLint compiled = GL_FALSE;
    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
    if (!compiled) {
        char text[512] = "";
        glGetShaderInfoLog(shader, sizeof(text), NULL, text);
        vg_w_fail(context, "the driver does not compile a %s shader: %s",
                  stage == GL_VERTEX_SHADER ? "vertex" : "fragment", text);
    }
    return shader;
}

GLuint vg_gl_program(struct vg_workload_context *context, const char *vertex_source, const char *fragment_source)
{
    GLuint vertex = compile(context, GL_VERTEX_SHADER, vertex_source);
    GLuint fragment = compile(context, GL_FRAGMENT_SHADER, fragment_source);
    GLuint program = glCreateProgram();
    GLint linked = GL_FALSE;
    glAttachShader(program, vertex);
    glAttachShader(program, fragment);
    glLinkProgram(program);
    glGetProgramiv(program, GL_LINK_STATUS, &linked);
    if (!linked) {
        char text[512] = "";
        glGetProgramInfoLog(program, sizeof(text), NULL, text);
        vg_w_fail(context, "the driver does not link a program: %s", text);
    }
    glDeleteShader(vertex);
    glDeleteShader(fragment);
    vg_gl_check(context, "making a program");
    return program;
}

GLint vg_gl_uniform(struct vg_workload_context *context, GLuint program, const char *name)
{
    GLint location = glGetUniformLocation(program, name);
    if (location < 0)
        vg_w_fail(context, "the driver lost the uniform %s", name);
    return location;
}

void vg_gl_target_make(struct vg_workload_context *context, struct vg_gl_target *target, int width, int height,
                       GLenum color_format, bool depth)
{
    *target = (struct vg_gl_target) { .width = width, .height = height };
    glGenRenderbuffers(1, &target->color);
    glBindRenderbuffer(GL_RENDERBUFFER, target->color);
    glRenderbufferStorage(GL_RENDERBUFFER, color_format, width, height);
    glGenFramebuffers(1, &target->framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, target->color);
    if (depth) {
        glGenRenderbuffers(1, &target->depth);
        glBindRenderbuffer(GL_RENDERBUFFER, target->depth);
        glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT24, width, height);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, target->depth);
    }
    GLenum status = glCheckFramebufferStatus(GL_FRAMEBUFFER);
    vg_gl_check(context, "making an off-screen target");
    if (status != GL_FRAMEBUFFER_COMPLETE)
        vg_w_fail(context, "an off-screen target of %d x %d is incomplete (0x%04x)", width, height, status);
    glViewport(0, 0, width, height);
}

void vg_gl_target_free(struct vg_gl_target *target)
{
    glDeleteFramebuffers(1, &target->framebuffer);
    glDeleteRenderbuffers(1, &target->color);
    glDeleteRenderbuffers(1, &target->depth); /* 0, if there is none, is ignored */
    *target = (struct vg_gl_target) { 0 };
}

GLsync vg_gl_submit(struct vg_workload_context *context)
{
    GLsync fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!fence)
        vg_w_fail(context, "glFenceSync failed (GL error 0x%04x)", glGetError());
    glFlush();
    return fence;
}

bool vg_gl_fence_wait(struct vg_workload_context *context, GLsync fence, int64_t timeout_ns)
{
    GLenum state = glClientWaitSync(fence, 0, timeout_ns > 0 ? (GLuint64)timeout_ns : 0);
    if (state == GL_ALREADY_SIGNALED || state == GL_CONDITION_SATISFIED)
        return true;
    if (state != GL_TIMEOUT_EXPIRED)
        vg_w_fail(context, "glClientWaitSync failed (GL error 0x%04x)", glGetError());
    return false;
}

void vg_gl_fence_finish(struct vg_workload_context *context, GLsync fence, bool polling)
{
    int64_t limit = 0; /* the clock is not read where a fence signals at once: callers time this */
    while (!vg_gl_fence_wait(context, fence, polling ? 0 : FENCE_LIMIT_NS)) {
        int64_t now = vg_now_ns();
        limit = limit ? limit : now + FENCE_LIMIT_NS;
        if (now >= limit)
            vg_w_fail(context, "a fence did not signal within %s", polling ? "30 s" : "a minute");
    }
}
