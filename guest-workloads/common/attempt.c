/* SPDX-License-Identifier: MIT */
/* Child processes of attempt.h. */
#include "common/attempt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/runtime.h"

enum { POLL_MS = 10, EXIT_DONE = 0 };

void *vg_attempt_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        vg_out_of_memory();
    return memory;
}

static _Noreturn void child(struct vg_workload_context *context, void (*function)(struct vg_workload_context *, void *),
                            void *argument, int message_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    /* As if started by hand: what it says at its end goes to standard error, which the parent reads. */
    context->run = 0;
    context->fd = -1;
    context->released = true;
    context->streams = vg_calloc(16, sizeof(*context->streams));
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
    dup2(message_fd, STDERR_FILENO);
    function(context, argument);
    _exit(EXIT_DONE);
}

/* The last line that the child wrote, without the prefix of a workload's last words. */
static void read_message(int fd, char *message, size_t size)
{
    char text[2048];
    size_t used = 0;
    ssize_t got;
    while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
        used += (size_t)got;
        if (used == sizeof(text) - 1) { /* only the end matters */
            memmove(text, text + used / 2, used - used / 2);
            used -= used / 2;
        }
    }
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
    struct vg_attempt attempt = { .end = VG_ATTEMPT_TIME_OUT };
    int pipe_fds[2], status = 0;
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
        vg_bug(context, "no pipe for a child process");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        vg_bug(context, "no child process could be started");
    if (pid == 0)
        child(context, function, argument, pipe_fds[1]);
    close(pipe_fds[1]);
    int64_t end_ns = vg_now_ns() + timeout_s * VG_NS_PER_S;
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && vg_now_ns() < end_ns && !vg_w_should_stop(context))
        usleep(POLL_MS * 1000);
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    } else if (WIFSIGNALED(status)) {
        attempt.end = VG_ATTEMPT_SIGNAL;
        attempt.signal = WTERMSIG(status);
    } else {
        attempt.end = WEXITSTATUS(status) == EXIT_DONE ? VG_ATTEMPT_DONE : VG_ATTEMPT_STOPPED;
    }
    read_message(pipe_fds[0], attempt.message, sizeof(attempt.message));
    close(pipe_fds[0]);
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
