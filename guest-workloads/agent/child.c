/* SPDX-License-Identifier: MIT */
/* Workload processes: started with their end of a socket as file descriptor 3, followed line by line, and never trusted
 * to say how they ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "agent/agent.h"

#define LINK_FD    3
#define MAX_PARAMS 64

static char *end_line(unsigned run, const char *message)
{
    json_t *end = vg_json_new_object();
    vg_json_set_text(end, "type", "end");
    vg_json_set_int(end, "run", run);
    vg_json_set_text(end, "status", "error");
    vg_json_set_text(end, "message", message);
    return vg_agent_line(end);
}

/* In the new process. */
static _Noreturn void become_workload(int fd, unsigned run, const char **argv)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a native agent may be killed: nothing of it stays */
    if (fd == LINK_FD)
        fcntl(fd, F_SETFD, 0);
    else if (dup2(fd, LINK_FD) < 0)
        _exit(127);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what a driver prints is for the console */
    execv(argv[0], (char **)argv);
    vg_autofree char *message = vg_format("cannot start %s: %s", argv[0], strerror(errno));
    vg_autofree char *line = end_line(run, message);
    if (write(LINK_FD, line, strlen(line)) < 0)
        _exit(126);
    _exit(127);
}

bool vg_agent_child_start(struct vg_agent_child *child, unsigned run, const char *program, const char *workload,
                          const json_t *params, struct vg_error *err)
{
    const char *argv[MAX_PARAMS + 6];
    char number[16], *owned[MAX_PARAMS];
    size_t count = 0, owned_count = 0;
    if (json_object_size(params) > MAX_PARAMS)
        return vg_fail(err, VG_ERROR_TENANT, "a workload with more than %d parameters", MAX_PARAMS);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)params, name, value)
    {
        if (!json_is_string(value))
            return vg_fail(err, VG_ERROR_TENANT, "parameter `%s` is not text", name);
    }
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return vg_fail_errno(err, VG_ERROR_TENANT, errno, "cannot make a socket for the workload");
    snprintf(number, sizeof(number), "%u", run);
    argv[count++] = program;
    argv[count++] = "--run";
    argv[count++] = number;
    argv[count++] = "--";
    argv[count++] = workload;
    json_object_foreach((json_t *)params, name, value)
    {
        owned[owned_count] = vg_format("%s=%s", name, json_string_value(value));
        argv[count++] = owned[owned_count++];
    }
    argv[count] = NULL;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    pid_t pid = fork();
    int fork_errno = errno;
    if (pid == 0)
        become_workload(pair[1], run, argv);
    close(pair[1]);
    for (size_t i = 0; i < owned_count; i++)
        free(owned[i]);
    if (pid < 0) {
        close(pair[0]);
        return vg_fail_errno(err, VG_ERROR_TENANT, fork_errno, "cannot start a process for the workload");
    }
    child->run = run;
    child->pid = pid;
    child->fd = pair[0];
    child->paused = false;
    child->end_ns = 0;
    child->used = child->end_length = 0;
    return true;
}

void vg_agent_child_kill(struct vg_agent_child *child)
{
    if (child->run && child->pid > 0)
        kill(child->pid, SIGKILL);
}

static void hold_end(struct vg_agent_child *child, const char *line, size_t length)
{
    if (child->end_length)
        return; /* the first end counts */
    memcpy(child->end, line, length);
    child->end_length = length;
    child->end_ns = vg_now_ns();
}

static void replace_end(struct vg_agent_child *child, const char *message)
{
    vg_autofree char *line = end_line(child->run, message);
    child->end_length = 0;
    hold_end(child, line, strlen(line));
}

/* Moves the whole lines that were read; false if the link has no room for the next. */
static bool pass_lines(struct vg_agent_child *child, struct vg_agent_link *link)
{
    static const char end_prefix[] = "{\"type\":\"end\",";
    char *start = child->input, *stop = child->input + child->used, *newline;
    bool room = true;
    while ((newline = memchr(start, '\n', (size_t)(stop - start)))) {
        size_t length = (size_t)(newline - start) + 1;
        if (length > sizeof(end_prefix) && memcmp(start, end_prefix, sizeof(end_prefix) - 1) == 0) {
            hold_end(child, start, length);
        } else if (!child->end_length && !vg_agent_link_send(link, start, length)) { /* nothing follows an end */
            room = false;
            break;
        }
        start = newline + 1;
    }
    child->used = (size_t)(stop - start);
    memmove(child->input, start, child->used);
    return room;
}

void vg_agent_child_forward(struct vg_agent_child *child, struct vg_agent_link *link)
{
    child->paused = !pass_lines(child, link);
    while (child->fd >= 0 && !child->paused) {
        if (child->used == sizeof(child->input)) {
            replace_end(child, "the workload wrote a line of more than 65536 bytes");
            vg_agent_child_kill(child);
            child->used = 0;
        }
        ssize_t got = read(child->fd, child->input + child->used, sizeof(child->input) - child->used);
        if (got > 0) {
            child->used += (size_t)got;
            child->paused = !pass_lines(child, link);
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        close(child->fd); /* its end, or an error of a socket, which is as good as its end */
        child->fd = -1;
    }
}

void vg_agent_child_tell(struct vg_agent_child *child, const char *line, size_t length)
{
    if (child->fd < 0)
        return;
    vg_autofree char *whole = vg_format("%.*s\n", (int)length, line);
    ssize_t sent = send(child->fd, whole, length + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == (ssize_t)length + 1 || (sent < 0 && (errno == EPIPE || errno == ECONNRESET)))
        return; /* a workload that has just ended is no error */
    replace_end(child, "the workload does not read what it is told");
    vg_agent_child_kill(child);
}

bool vg_agent_child_finish(struct vg_agent_child *child, struct vg_agent_link *link)
{
    if (child->pid != 0)
        return false;
    vg_agent_child_forward(child, link); /* what it wrote before it ended is still in the socket */
    if (child->paused)
        return false;
    if (!child->end_length) {
        vg_autofree char *message = NULL;
        if (WIFSIGNALED(child->status))
            message = vg_format("killed by signal %d", WTERMSIG(child->status));
        else
            message = vg_format("ended with exit status %d and without a word", WEXITSTATUS(child->status));
        replace_end(child, message);
    }
    if (!vg_agent_link_send(link, child->end, child->end_length))
        return false;
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
    child->run = 0;
    return true;
}
