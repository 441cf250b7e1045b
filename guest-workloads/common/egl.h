/* SPDX-License-Identifier: MIT */
/* EGL without a window system, and what every OpenGL ES workload must tell the host about the driver that it got: a
 * guest whose 3D device is missing falls back to its own software renderer without a word, and a number measured on
 * that would look like a vGPU's. */
#ifndef VG_EGL_H
#define VG_EGL_H

#include <EGL/egl.h>
#include "common/workload.h"

struct vg_egl {
    EGLDisplay display;
    EGLConfig config;
    EGLContext context;
    const char *platform; /* "surfaceless" or "device" */
};

/* Brings up an OpenGL ES 3 context, current without a surface, and records the identity facts (gl_renderer and its
 * kin). Mesa's surfaceless platform comes first; if that has only a software renderer, a hardware EGL device is
 * preferred. Does not return on an error: the run ends through vg_w_fail(). */
void vg_egl_open(struct vg_workload_context *context, struct vg_egl *egl);
void vg_egl_close(struct vg_egl *egl);

/* The fault that EGL recorded last, as its name: "EGL_BAD_ALLOC". */
const char *vg_egl_error_name(void);
/* True if the space-separated list has the word. NULL is an empty list. */
bool vg_egl_has(const char *extensions, const char *word);

#endif
