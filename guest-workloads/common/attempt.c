/* SPDX-License-Identifier: MIT */
/* Child processes of attempt.h. */
#include "common/attempt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/runtime.h"

enum { EXIT_DONE = 0 };

void *vg_attempt_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, 0, 0);
    if (memory == MAP_FAILED)
        vg_out_of_memory();
    return memory;
}

struct call {
    struct vg_workload_context *context;
    void (*function)(struct vg_workload_context *, void *);
    void *argument;
    char text[2048]; /* the end of what the child wrote */
    size_t used;
};

static void enter(void *argument, int output)
{
    const struct call *call = argument;
    struct vg_workload_context *context = call->context;
    /* As if started by hand: what it says at its end goes to standard error, which the parent reads. */
    context->run = 0;
    context->fd = -1;
    context->released = true;
    context->streams = vg_calloc(16, sizeof(*context->streams));
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    call->function(context, call->argument);
    _exit(EXIT_DONE);
}

static bool take(void *argument, int fd)
{
    struct call *call = argument;
    if (call->used == sizeof(call->text) - 1) { /* only the end matters */
        memmove(call->text, call->text + call->used / 2, call->used - call->used / 2);
        call->used -= call->used / 2;
    }
    ssize_t got = read(fd, call->text + call->used, sizeof(call->text) - 1 - call->used);
    call->used += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The last line that the child wrote, without the prefix of a workload's last words. */
static void last_words(struct call *call, char *message, size_t size)
{
    char *text = call->text;
    size_t used = call->used;
    while (used && text[used - 1] == '\n')
        used--;
    text[used] = '\0';
    const char *line = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
    const char *prefix = strstr(line, "vgauge-workload: ");
    const char *start = prefix ? prefix + strlen("vgauge-workload: ") : line;
    size_t length = strlen(start) < size ? strlen(start) : size - 1;
    memcpy(message, start, length);
    message[length] = '\0';
}

struct vg_attempt vg_attempt_run(struct vg_workload_context *context,
                                 void (*function)(struct vg_workload_context *, void *), void *argument, int timeout_s)
{
    static const struct vg_child_kind kind = { .enter = enter, .take = take };
    struct call call = { .context = context, .function = function, .argument = argument };
    struct vg_attempt attempt = { .end = VG_ATTEMPT_TIME_OUT };
    int status = 0;
    if (vg_child_run(context, &kind, &call, timeout_s, &status)) {
        attempt.end = WIFSIGNALED(status)                ? VG_ATTEMPT_SIGNAL
                      : WEXITSTATUS(status) == EXIT_DONE ? VG_ATTEMPT_DONE
                                                         : VG_ATTEMPT_STOPPED;
        attempt.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    last_words(&call, attempt.message, sizeof(attempt.message));
    return attempt;
}

const char *vg_attempt_text(struct vg_attempt *attempt)
{
    switch (attempt->end) {
    case VG_ATTEMPT_DONE:
        return "ended by itself";
    case VG_ATTEMPT_STOPPED:
        return attempt->message;
    case VG_ATTEMPT_SIGNAL:
        snprintf(attempt->message, sizeof(attempt->message), "killed by signal %d", attempt->signal);
        return attempt->message;
    default:
        return "did not end in time";
    }
}
