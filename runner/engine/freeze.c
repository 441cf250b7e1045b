/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stops the user-space manager of a mechanism for a while: the processes that the host file names, and no others. A
 * child does it, which lets them go on when it is told to, when the runner is gone, however it went, or at the latest
 * after LIMIT_S: nothing that vgauge does leaves a host without its manager. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/internal.h"

enum { MOST = 64, LIMIT_S = 60, STOPS_WITHIN_MS = 1000 };

struct vg_freeze {
    pid_t keeper;
    int line;   /* to the keeper: closed, it thaws */
    int status; /* from it: one byte once all have been sent the signal */
    int pidfds[MOST];
    pid_t pids[MOST];
    unsigned count;
};

static bool is_named(const struct vg_words *names, pid_t pid)
{
    vg_autofree char *path = vg_format("/proc/%ld/comm", (long)pid);
    vg_autofree char *comm = NULL;
    struct vg_error gone = { 0 };
    return vg_read_attribute(path, &comm, &gone) && vg_words_have(names, comm);
}

/* Whether it is a tenant's VMM or workload, or was started by one: those are not a separate manager. */
static bool belongs_to_tenant(const struct vg_engine *engine, pid_t pid)
{
    for (unsigned depth = 0; pid > 1 && depth < 64; depth++) {
        for (unsigned i = 0; i < engine->tenant_count; i++)
            if (vg_tenant_pid(engine->tenants[i]) == pid)
                return true;
        vg_autofree char *path = vg_format("/proc/%ld/stat", (long)pid);
        vg_autofree char *stat = NULL;
        struct vg_error gone = { 0 };
        const char *after = vg_read_attribute(path, &stat, &gone) ? strrchr(stat, ')') : NULL;
        long parent = 0;
        if (!after || sscanf(after + 1, " %*c %ld", &parent) != 1)
            return false;
        pid = (pid_t)parent;
    }
    return false;
}

/* A descriptor, so that a number that is given out again is never meant; its name is looked at after it is there. */
static bool take(struct vg_freeze *freeze, const struct vg_engine *engine, const struct vg_words *names, pid_t pid,
                 struct vg_error *err)
{
    if (!is_named(names, pid))
        return true;
    int fd = pidfd_open(pid, 0);
    if (fd < 0 || !is_named(names, pid)) {
        vg_cleanup_close(&fd);
        return true;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (pid == getpid() || belongs_to_tenant(engine, pid) || freeze->count == MOST) {
        vg_cleanup_close(&fd);
        return freeze->count == MOST
                   ? vg_fail(err, VG_ERROR_INPUT,
                             "more than %d processes have names in `managers` of the host file: name fewer", MOST)
                   : vg_fail(err, VG_ERROR_INPUT,
                             "process %ld has a name in `managers` of the host file, but belongs to a tenant: name the "
                             "manager only",
                             (long)pid);
    }
    freeze->pidfds[freeze->count] = fd;
    freeze->pids[freeze->count++] = pid;
    return true;
}

static bool find(struct vg_freeze *freeze, const struct vg_engine *engine, const struct vg_words *names,
                 struct vg_error *err)
{
    DIR *proc = opendir("/proc");
    if (!proc)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot read /proc: %s", strerror(errno));
    bool good = true;
    const struct dirent *entry;
    while (good && (entry = readdir(proc))) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid > 1 && *end == '\0')
            good = take(freeze, engine, names, (pid_t)pid, err);
    }
    closedir(proc);
    return good && (freeze->count > 0 ||
                    vg_fail(err, VG_ERROR_ENVIRONMENT,
                            "no process has a name that stands in `managers` of the host file: nothing to freeze"));
}

/* Between fork and exit only calls that are safe after a fork of a program with threads. */
static _Noreturn void keep(const struct vg_freeze *freeze, int line, int status)
{
    char result = 0;
    for (unsigned i = 0; i < freeze->count; i++)
        if (pidfd_send_signal(freeze->pidfds[i], SIGSTOP, NULL, 0) < 0)
            result = (char)errno;
    ssize_t told = write(status, &result, 1);
    struct pollfd wait = { .fd = line, .events = POLLIN };
    if (told == 1 && result == 0)
        while (poll(&wait, 1, LIMIT_S * 1000) < 0 && errno == EINTR)
            ;
    for (unsigned i = 0; i < freeze->count; i++)
        pidfd_send_signal(freeze->pidfds[i], SIGCONT, NULL, 0);
    _exit(0);
}

static bool is_stopped(pid_t pid)
{
    vg_autofree char *path = vg_format("/proc/%ld/stat", (long)pid);
    vg_autofree char *stat = NULL;
    struct vg_error gone = { 0 };
    const char *after = vg_read_attribute(path, &stat, &gone) ? strrchr(stat, ')') : NULL;
    return after && after[1] == ' ' && after[2] == 'T';
}

bool vg_freeze_holds(const struct vg_freeze *freeze)
{
    for (unsigned i = 0; i < freeze->count; i++)
        if (!is_stopped(freeze->pids[i]))
            return false;
    return true;
}

static bool start_keeper(struct vg_freeze *freeze, struct vg_error *err)
{
    int line[2], status[2];
    if (pipe2(line, O_CLOEXEC) < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no pipe: %s", strerror(errno));
    if (pipe2(status, O_CLOEXEC) < 0) {
        close(line[0]);
        close(line[1]);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no pipe: %s", strerror(errno));
    }
    freeze->keeper = fork();
    if (freeze->keeper == 0) {
        close(line[1]);
        close(status[0]);
        setsid(); /* the terminal's Ctrl-C is not for it */
        keep(freeze, line[0], status[1]);
    }
    close(line[0]);
    close(status[1]);
    freeze->line = line[1];
    freeze->status = status[0];
    return freeze->keeper > 0 || vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot fork: %s", strerror(errno));
}

struct vg_freeze *vg_freeze_begin(const struct vg_engine *engine, const struct vg_words *names, struct vg_error *err)
{
    struct vg_freeze *freeze = vg_calloc(1, sizeof(*freeze));
    *freeze = (struct vg_freeze) { .keeper = -1, .line = -1, .status = -1 };
    char result = 0;
    if (!find(freeze, engine, names, err) || !start_keeper(freeze, err)) {
        vg_freeze_end(freeze);
        return NULL;
    }
    if (read(freeze->status, &result, 1) != 1 || result != 0) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "the manager cannot be stopped: %s", strerror(result ? result : EIO));
        vg_freeze_end(freeze);
        return NULL;
    }
    for (int waited_ms = 0; !vg_freeze_holds(freeze); waited_ms += 10) {
        if (waited_ms >= STOPS_WITHIN_MS) {
            vg_fail(err, VG_ERROR_ENVIRONMENT, "the manager was told to stop and did not within a second");
            vg_freeze_end(freeze);
            return NULL;
        }
        vg_sleep_ns(10 * VG_NS_PER_MS);
    }
    return freeze;
}

unsigned vg_freeze_count(const struct vg_freeze *freeze)
{
    return freeze->count;
}

void vg_freeze_end(struct vg_freeze *freeze)
{
    if (!freeze)
        return;
    vg_cleanup_close(&freeze->line);
    if (freeze->keeper > 0)
        while (waitpid(freeze->keeper, NULL, 0) < 0 && errno == EINTR)
            ;
    vg_cleanup_close(&freeze->status);
    for (unsigned i = 0; i < freeze->count; i++)
        vg_cleanup_close(&freeze->pidfds[i]);
    free(freeze);
}
