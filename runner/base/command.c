/* SPDX-License-Identifier: MIT */
/* Runs another program without a shell, within a time and an amount of output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

static void __attribute__((noreturn)) become(const char *const *argv, int output_fd)
{
    /* The child starts without our blocked signals, in a group of its own so that all of it can be ended. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    int null_fd = open("/dev/null", O_RDONLY);
    if (null_fd >= 0)
        dup2(null_fd, STDIN_FILENO);
    dup2(output_fd, STDOUT_FILENO);
    dup2(output_fd, STDERR_FILENO);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static bool collect(int fd, int64_t deadline_ns, size_t max_output, struct vg_text *output)
{
    char buffer[16384];
    for (;;) {
        int64_t left_ns = deadline_ns - vg_now_ns();
        if (left_ns <= 0)
            return false;
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int ready = poll(&wait, 1, (int)(left_ns / VG_NS_PER_MS) + 1);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready <= 0)
            continue;
        ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (got > 0 && output->length < max_output)
            vg_text_add_bytes(output, buffer,
                              (size_t)got < max_output - output->length ? (size_t)got : max_output - output->length);
    }
}

static bool reap(pid_t pid, int64_t deadline_ns, int *status)
{
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        if (vg_now_ns() > deadline_ns)
            return false;
        vg_sleep_ns(2 * VG_NS_PER_MS);
    }
}

bool vg_run_command(const char *const *argv, int timeout_ms, size_t max_output, char **output, int *status,
                    struct vg_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a pipe for %s", argv[0]);
    pid_t pid = fork();
    if (pid < 0) {
        int cause = errno;
        close(ends[0]);
        close(ends[1]);
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, cause, "cannot start %s", argv[0]);
    }
    if (pid == 0)
        become(argv, ends[1]);
    close(ends[1]);
    vg_autoclose int fd = ends[0];
    vg_autotext struct vg_text text = { 0 };
    vg_text_add_bytes(&text, "", 0);
    int64_t deadline_ns = vg_now_ns() + timeout_ms * VG_NS_PER_MS;
    bool ended = collect(fd, deadline_ns, output ? max_output : 0, &text) && reap(pid, deadline_ns, status);
    if (!ended) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, status, 0) < 0 && errno == EINTR)
            ;
        return vg_fail(err, VG_ERROR_TIMEOUT, "%s did not end within %d ms", argv[0], timeout_ms);
    }
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 127 && text.length == 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot run %s: is it installed?", argv[0]);
    if (output)
        *output = VG_TAKE(text.data);
    return true;
}
