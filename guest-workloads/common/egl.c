/* SPDX-License-Identifier: MIT */
/* Brings up EGL on a machine without a window system. Mesa has a platform for that; other vendors offer their GPUs as
 * EGL devices. Where both are installed side by side the surfaceless platform may only have a software renderer, so
 * each candidate is asked what it renders with before it is taken. */
#include "common/egl.h"

#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <stdio.h>
#include <string.h>

struct candidate {
    EGLenum platform;
    void *native;
    const char *name;
};

const char *vg_egl_error_name(void)
{
    static const char *const names[] = {
        "EGL_SUCCESS",       "EGL_NOT_INITIALIZED", "EGL_BAD_ACCESS",        "EGL_BAD_ALLOC",
        "EGL_BAD_ATTRIBUTE", "EGL_BAD_CONFIG",      "EGL_BAD_CONTEXT",       "EGL_BAD_CURRENT_SURFACE",
        "EGL_BAD_DISPLAY",   "EGL_BAD_MATCH",       "EGL_BAD_NATIVE_PIXMAP", "EGL_BAD_NATIVE_WINDOW",
        "EGL_BAD_PARAMETER", "EGL_BAD_SURFACE",     "EGL_CONTEXT_LOST",
    };
    EGLint error = eglGetError();
    return error >= EGL_SUCCESS && (size_t)(error - EGL_SUCCESS) < VG_COUNT(names) ? names[error - EGL_SUCCESS]
                                                                                   : "an unknown EGL error";
}

bool vg_egl_has(const char *extensions, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = extensions; at && (at = strstr(at, word)); at += length)
        if ((at == extensions || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* A renderer of the machine's CPU. virgl reports its host's renderer in brackets, so only the front counts. */
static bool is_software(const char *renderer)
{
    static const char *const names[] = { "llvmpipe", "softpipe", "swrast", "Software Rasterizer", "SwiftShader" };
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (strncasecmp(renderer, names[i], strlen(names[i])) == 0)
            return true;
    return strstr(renderer, "SwiftShader") != NULL;
}

void vg_egl_close(struct vg_egl *egl)
{
    if (egl->display == EGL_NO_DISPLAY)
        return;
    eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (egl->context != EGL_NO_CONTEXT)
        eglDestroyContext(egl->display, egl->context);
    eglTerminate(egl->display);
    *egl = (struct vg_egl) { 0 };
}

/* Returns the step that failed, or NULL. What was made before it is left in *egl. */
static const char *bring_up(const struct candidate *candidate, struct vg_egl *egl)
{
    static const EGLint config_attributes[] = { EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_ES3_BIT,
                                                EGL_NONE };
    static const EGLint context_attributes[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0, EGL_NONE };
    PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
        (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
    EGLint count = 0;

    *egl = (struct vg_egl) { .platform = candidate->name };
    EGLDisplay display = get_display ? get_display(candidate->platform, candidate->native, NULL) : EGL_NO_DISPLAY;
    if (display == EGL_NO_DISPLAY)
        return "eglGetPlatformDisplayEXT";
    if (!eglInitialize(display, NULL, NULL))
        return "eglInitialize";
    egl->display = display;
    if (!vg_egl_has(eglQueryString(display, EGL_EXTENSIONS), "EGL_KHR_surfaceless_context"))
        return "EGL_KHR_surfaceless_context";
    if (!eglBindAPI(EGL_OPENGL_ES_API))
        return "eglBindAPI";
    if (!eglChooseConfig(display, config_attributes, &egl->config, 1, &count) || count < 1)
        return "eglChooseConfig for OpenGL ES 3";
    egl->context = eglCreateContext(display, egl->config, EGL_NO_CONTEXT, context_attributes);
    if (egl->context == EGL_NO_CONTEXT)
        return "eglCreateContext";
    if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl->context))
        return "eglMakeCurrent";
    return NULL;
}

/* False, with the reason in `why`, if this candidate gives no OpenGL ES 3 context. */
static bool try_candidate(const struct candidate *candidate, struct vg_egl *egl, char *why, size_t why_size)
{
    const char *failed = bring_up(candidate, egl);
    if (!failed)
        return true;
    snprintf(why, why_size, "%s platform: %s failed (%s)", candidate->name, failed, vg_egl_error_name());
    vg_egl_close(egl);
    return false;
}

/* The surfaceless platform, then each EGL device that is not itself a software renderer. */
static size_t list_candidates(const char *client_extensions, struct candidate *candidates)
{
    size_t count = 0;
    if (vg_egl_has(client_extensions, "EGL_MESA_platform_surfaceless"))
        candidates[count++] = (struct candidate) { EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, "surfaceless" };
    if (!vg_egl_has(client_extensions, "EGL_EXT_platform_device"))
        return count;

    PFNEGLQUERYDEVICESEXTPROC query_devices = (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
    PFNEGLQUERYDEVICESTRINGEXTPROC query_string =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    EGLDeviceEXT devices[VG_MAX_DEVICES];
    EGLint device_count = 0;
    if (!query_devices || !query_string || !query_devices(VG_MAX_DEVICES, devices, &device_count))
        return count;
    for (EGLint i = 0; i < device_count && i < VG_MAX_DEVICES; i++)
        if (!vg_egl_has(query_string(devices[i], EGL_EXTENSIONS), "EGL_MESA_device_software"))
            candidates[count++] = (struct candidate) { EGL_PLATFORM_DEVICE_EXT, devices[i], "device" };
    return count;
}

static const char *gl_text(struct vg_workload_context *context, GLenum name)
{
    const char *text = (const char *)glGetString(name);
    if (!text)
        vg_w_fail(context, "glGetString(0x%x) gave nothing (GL error 0x%x)", name, glGetError());
    return text;
}

static void record_identity(struct vg_workload_context *context, const struct vg_egl *egl)
{
    static const struct {
        const char *fact;
        GLenum name;
    } strings[] = {
        { "gl_vendor", GL_VENDOR },
        { "gl_renderer", GL_RENDERER },
        { "gl_version", GL_VERSION },
        { "gl_shading_language_version", GL_SHADING_LANGUAGE_VERSION },
    };
    for (size_t i = 0; i < VG_COUNT(strings); i++)
        vg_w_fact_text(context, strings[i].fact, gl_text(context, strings[i].name));
    vg_w_fact_text(context, "gl_software", is_software(gl_text(context, GL_RENDERER)) ? "true" : "false");

    const char *extensions = gl_text(context, GL_EXTENSIONS);
    vg_w_fact_text(context, "gl_robustness",
                   vg_egl_has(extensions, "GL_KHR_robustness")   ? "GL_KHR_robustness"
                   : vg_egl_has(extensions, "GL_EXT_robustness") ? "GL_EXT_robustness"
                                                                 : "none");

    const char *vendor = eglQueryString(egl->display, EGL_VENDOR);
    const char *version = eglQueryString(egl->display, EGL_VERSION);
    if (!vendor || !version)
        vg_w_fail(context, "eglQueryString gave no vendor or version (%s)", vg_egl_error_name());
    vg_w_fact_text(context, "egl_vendor", vendor);
    vg_w_fact_text(context, "egl_version", version);
    vg_w_fact_text(context, "egl_platform", egl->platform);
}

void vg_egl_open(struct vg_workload_context *context, struct vg_egl *egl)
{
    const char *client_extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    struct candidate candidates[1 + VG_MAX_DEVICES];
    size_t count = list_candidates(client_extensions, candidates);
    size_t fallback = count; /* the first that works, if only in software */
    char why[256] = "EGL offers neither EGL_MESA_platform_surfaceless nor a device of EGL_EXT_platform_device";

    for (size_t i = 0; i < count; i++) {
        if (!try_candidate(&candidates[i], egl, why, sizeof(why)))
            continue;
        if (!is_software(gl_text(context, GL_RENDERER)) || i + 1 == count) {
            record_identity(context, egl);
            return;
        }
        if (fallback == count)
            fallback = i;
        vg_egl_close(egl);
    }
    if (fallback == count || !try_candidate(&candidates[fallback], egl, why, sizeof(why)))
        vg_w_fail(context, "no OpenGL ES 3 context could be made: %s", why);
    record_identity(context, egl);
}
