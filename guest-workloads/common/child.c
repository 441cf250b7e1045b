/* SPDX-License-Identifier: MIT */
/* Child processes of child.h. */
#include "common/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/runtime.h"

enum { POLL_MS = 10 };

static _Noreturn void enter(const struct vg_child_kind *kind, void *argument, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    kind->enter(argument, output);
    abort();
}

bool vg_child_run(struct vg_workload_context *context, const struct vg_child_kind *kind, void *argument, int timeout_s,
                  int *status)
{
    int fds[2];
    /* The writer waits for the reader, or its last words are lost behind much that a driver says. */
    if (pipe2(fds, O_CLOEXEC) != 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0)
        vg_bug(context, "no pipe for a child process");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        vg_bug(context, "no child process could be started");
    if (pid == 0)
        enter(kind, argument, fds[1]);
    close(fds[1]);
    int64_t end_ns = vg_now_ns() + timeout_s * VG_NS_PER_S;
    pid_t ended;
    while ((ended = waitpid(pid, status, WNOHANG)) == 0 && vg_now_ns() < end_ns && !vg_w_should_stop(context)) {
        struct pollfd readable = { .fd = fds[0], .events = POLLIN };
        if (poll(&readable, 1, POLL_MS) > 0 && !kind->take(argument, fds[0]))
            usleep(POLL_MS * 1000); /* it closed its output and goes on */
    }
    if (ended == 0) {
        kill(-pid, SIGKILL); /* and what it started */
        kill(pid, SIGKILL);
        waitpid(pid, status, 0);
    }
    while (kind->take(argument, fds[0]))
        ;
    close(fds[0]);
    return ended != 0;
}
