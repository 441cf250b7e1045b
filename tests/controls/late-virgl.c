/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: preloaded into QEMU, every submission of a guest's OpenGL goes to the renderer so many microseconds later
 * (VGAUGE_CONTROL_LATE_US). OpenGL does not pass through a Vulkan layer. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

enum { LATE_US_DEFAULT = 2000 };

int virgl_renderer_submit_cmd(void *buffer, int context, int words);

int __attribute__((visibility("default"))) virgl_renderer_submit_cmd(void *buffer, int context, int words)
{
    static int (*next)(void *, int, int);
    const char *text = getenv("VGAUGE_CONTROL_LATE_US");
    long us = text ? atol(text) : LATE_US_DEFAULT;
    struct timespec wait = { us / 1000000, us % 1000000 * 1000 };
    if (!next) { /* QEMU's module has it for itself, so that it is not among what RTLD_NEXT finds */
        void *library = dlopen("libvirglrenderer.so.1", RTLD_LAZY | RTLD_NOLOAD);
        *(void **)&next = library ? dlsym(library, "virgl_renderer_submit_cmd") : NULL;
    }
    if (!next)
        abort();
    nanosleep(&wait, NULL);
    return next(buffer, context, words);
}
