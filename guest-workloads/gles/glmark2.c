/* SPDX-License-Identifier: MIT */
/* Runs scenes of glmark2 in the mode in which it compares what it drew with what it knows, on the tenant's display. */
#include <stdio.h>
#include <stdlib.h>
#include "common/checks.h"
#include "common/egl.h"
#include "common/gl.h"
#include "common/program.h"

enum { WORD = 128, MOST_SCENES = 32 };

static struct vg_program program;

/* The result of a scene: "[build] use-vbo=false: Validation: Success". */
static bool result_of(const char *scene, const char *output, char *result, size_t size)
{
    char head[WORD + 8];
    const char *colon = strchr(scene, ':');
    int length = colon ? (int)(colon - scene) : (int)strlen(scene);
    /* Without options it says "<default>". */
    snprintf(head, sizeof(head), "[%.*s] %s:", length, scene, colon ? colon + 1 : "<default>");
    const char *line = strstr(output, head);
    char rest[WORD] = "";
    return line && vg_program_value(line, head, rest, sizeof(rest)) &&
           vg_program_last(rest, "Validation:", "\n", result, size);
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    static char scenes[MOST_SCENES][WORD];
    /* Off the screen, since what it compares with is known for its usual size only, and a screen has its own. */
    const char *argv[8 + 2 * MOST_SCENES] = { "glmark2-es2-drm", "--validate", "--off-screen" };
    const char *list = vg_w_text(context, "scenes");
    char ours[256], theirs[256] = "nothing", name[VG_CHECK_NAME], result[WORD];
    unsigned count = 0, arguments = 3;
    struct vg_egl egl;
    vg_egl_open(context, &egl);
    snprintf(ours, sizeof(ours), "%s", (const char *)glGetString(GL_RENDERER));
    vg_egl_close(&egl);
    for (; count < MOST_SCENES && vg_program_next(&list, scenes[count], WORD); count++) {
        argv[arguments++] = "-b";
        argv[arguments++] = scenes[count];
    }
    vg_w_barrier(context);
    vg_program_run(context, argv, (int)vg_w_int(context, "timeout_s"), &program);
    vg_program_value(program.output, "GL_RENDERER:", theirs, sizeof(theirs));
    vg_check(&checks, "same-renderer", vg_equal(ours, theirs), "glmark2 draws with %s, this tenant has %s; it %s",
             theirs, ours, vg_program_text(&program));
    for (unsigned i = 0; i < count; i++) {
        vg_program_check_name(scenes[i], name, sizeof(name));
        bool said = result_of(scenes[i], program.output, result, sizeof(result));
        vg_check(&checks, name, said && vg_equal(result, "Success"), "%s: %s; glmark2 %s", scenes[i],
                 said ? result : "no result", vg_program_text(&program));
    }
    vg_check(&checks, "ends-well", !program.timed_out && !program.signal && program.status == 0, "glmark2 %s",
             vg_program_text(&program));
    vg_checks_report(context, &checks);
}

VG_WORKLOAD(glmark2) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "glmark2",
    .summary = "runs scenes of glmark2, which compares what they draw with what it knows",
    .why = "It also takes the way over the tenant's display, which programs without a window do not",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "scenes", VG_TEXT, .def = "build", .summary = "scenes with their options, blanks between them" },
            { "timeout_s", VG_INT, .def = "180", .min = 1, .max = 3600, .unit = "s", .summary = "for all of them" },
            { 0 },
        },
    .run = run,
};
