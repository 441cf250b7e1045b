/* SPDX-License-Identifier: MIT */
/* Child programs of program.h. */
#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/runtime.h"

enum { EXIT_NOT_STARTED = 127 };

struct call {
    const char *const *argv;
    struct vg_program *program;
};

static void enter(void *argument, int output)
{
    const struct call *call = argument;
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(call->argv[0], (char *const *)call->argv);
    fprintf(stderr, "%s: %s\n", call->argv[0], strerror(errno));
    _exit(EXIT_NOT_STARTED);
}

/* What is beyond the room is read, so that the program does not wait for a reader, and forgotten. */
static bool take(void *argument, int fd)
{
    struct vg_program *program = ((const struct call *)argument)->program;
    char rest[4096];
    size_t room = sizeof(program->output) - 1 - program->length;
    ssize_t got = read(fd, room ? program->output + program->length : rest, room ? room : sizeof(rest));
    if (got > 0 && room)
        program->length += (size_t)got;
    program->output[program->length] = '\0';
    return got > 0;
}

void vg_program_run(struct vg_workload_context *context, const char *const *argv, int timeout_s,
                    struct vg_program *program)
{
    static const struct vg_child_kind kind = { .enter = enter, .take = take };
    struct call call = { argv, program };
    int status = 0;
    memset(program, 0, sizeof(*program));
    program->timed_out = !vg_child_run(context, &kind, &call, timeout_s, &status);
    program->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    /* Only where it is not installed: programs of others have no such status of their own. */
    if (!program->timed_out && program->status == EXIT_NOT_STARTED)
        vg_w_invalid(context, "%s cannot be started: %s", argv[0], vg_program_text(program));
}
