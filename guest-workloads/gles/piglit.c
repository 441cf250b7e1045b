/* SPDX-License-Identifier: MIT */
/* Runs programs and shader tests of piglit, each in a process of its own, and compares what each says of itself with
 * what the test expects. */
#include <stdio.h>
#include <stdlib.h>
#include "common/checks.h"
#include "common/egl.h"
#include "common/gl.h"
#include "common/program.h"

#define FOLDER "/usr/lib/x86_64-linux-gnu/piglit"

enum { WORD = 128 };

static struct vg_program program;

/* What piglit's programs would draw with: they choose for themselves. */
static void compare_renderer(struct vg_workload_context *context, struct vg_checks *checks)
{
    const char *const argv[] = { "wflinfo", "--platform", "surfaceless_egl", "--api", "gles3", NULL };
    struct vg_egl egl;
    char ours[256], theirs[256] = "nothing";
    vg_egl_open(context, &egl);
    snprintf(ours, sizeof(ours), "%s", (const char *)glGetString(GL_RENDERER));
    vg_egl_close(&egl);
    vg_w_barrier(context);
    vg_program_run(context, argv, (int)vg_w_int(context, "timeout_s"), &program);
    vg_program_value(program.output, "OpenGL renderer string:", theirs, sizeof(theirs));
    vg_check(checks, "same-renderer", vg_equal(ours, theirs), "piglit draws with %s, this tenant has %s", theirs, ours);
}

/* `entry`: "NAME", or "NAME=RESULT" where another result than "pass" is expected. */
static void look_at(struct vg_workload_context *context, struct vg_checks *checks, const char *entry, bool shader)
{
    char test[WORD], wanted[WORD] = "pass", path[3 * WORD], name[VG_CHECK_NAME], result[32];
    const char *equals = strchr(entry, '='), *slash;
    snprintf(test, sizeof(test), "%.*s", equals ? (int)(equals - entry) : WORD - 1, entry);
    if (equals)
        snprintf(wanted, sizeof(wanted), "%.*s", WORD - 1, equals + 1);
    slash = strrchr(test, '/');
    vg_program_check_name(slash ? slash + 1 : test, name, sizeof(name));
    snprintf(path, sizeof(path), shader ? FOLDER "/tests/spec/%s.shader_test" : FOLDER "/bin/%s", test);
    const char *const shader_argv[] = { FOLDER "/bin/shader_runner", path, "-auto", "-fbo", NULL };
    const char *const program_argv[] = { path, "-auto", "-fbo", NULL };
    vg_program_run(context, shader ? shader_argv : program_argv, (int)vg_w_int(context, "timeout_s"), &program);
    bool said = vg_program_last(program.output, "PIGLIT: {\"result\": \"", "\"", result, sizeof(result));
    bool ended = !program.timed_out && !program.signal;
    vg_check(checks, name, said && ended && vg_equal(result, wanted), "%s: %s, expected was %s; it %s", test,
             said ? result : "no result", wanted, vg_program_text(&program));
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    char entry[WORD];
    setenv("PIGLIT_PLATFORM", "surfaceless_egl", 1);
    setenv("PIGLIT_SOURCE_DIR", FOLDER, 1);
    compare_renderer(context, &checks);
    const char *programs = vg_w_text(context, "programs"), *shaders = vg_w_text(context, "shaders");
    while (!vg_w_should_stop(context) && vg_program_next(&programs, entry, sizeof(entry)))
        look_at(context, &checks, entry, false);
    while (!vg_w_should_stop(context) && vg_program_next(&shaders, entry, sizeof(entry)))
        look_at(context, &checks, entry, true);
    vg_checks_report(context, &checks);
}

VG_WORKLOAD(piglit) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "piglit",
    .summary = "runs tests of piglit and compares their results with those that are expected",
    .why = "Twenty years of bugs of OpenGL drivers are in it, seen by other eyes than ours",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "programs", VG_TEXT, .def = "",
              .summary =
                  "programs of piglit, blanks between them; NAME=skip where another result than pass is expected" },
            { "shaders", VG_TEXT, .def = "",
              .summary = "tests of its shader_runner, in the same way: glsl-1.30/execution/glsl-rotate-left" },
            { "timeout_s", VG_INT, .def = "60", .min = 1, .max = 3600, .unit = "s", .summary = "for each" },
            { 0 },
        },
    .run = run,
};
