/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A native tenant: the agent as a process of this host, its link a socket pair on descriptor 3. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "machine/internal.h"

struct vg_process {
    pid_t pid;
};

/* Ours with additions; a name that is given twice has the later value. Only the array is the caller's to free. */
static char **merge_environment(char *const *added, unsigned count)
{
    char **merged = NULL;
    unsigned length = 0;
    for (char **ours = environ; *ours; ours++) {
        const char *equals = strchr(*ours, '=');
        size_t name_length = equals ? (size_t)(equals - *ours) + 1 : strlen(*ours);
        bool replaced = false;
        for (unsigned i = 0; i < count; i++)
            replaced = replaced || strncmp(added[i], *ours, name_length) == 0;
        if (!replaced)
            vg_push(merged, length) = *ours;
    }
    for (unsigned i = 0; i < count; i++)
        vg_push(merged, length) = added[i];
    vg_push(merged, length) = NULL;
    return merged;
}

enum { AGENT_WORDS = 8 };

struct vg_process *vg_process_start(const struct vg_process_spec *spec, int *fd, struct vg_error *err)
{
    const char *argv[AGENT_WORDS + 3];
    unsigned words = 0;
    for (; words < AGENT_WORDS && spec->agent[words]; words++)
        argv[words] = spec->agent[words];
    argv[words] = "--fd";
    argv[words + 1] = "3";
    argv[words + 2] = NULL;
    for (unsigned i = 0; i < spec->environment_count; i++)
        if (!strchr(spec->environment[i], '=') || *spec->environment[i] == '=') {
            vg_fail(err, VG_ERROR_INPUT, "`%s` in the environment of a native tenant is not NAME=value",
                    spec->environment[i]);
            return NULL;
        }
    const char *console_file = spec->console_file;
    vg_autoclose int console =
        open(console_file ? console_file : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
    if (console < 0) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot open %s for what a native tenant prints", console_file);
        return NULL;
    }
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make the link of a native tenant");
        return NULL;
    }
    vg_autoclose int ours = ends[0];
    vg_autoclose int theirs = ends[1];
    vg_autofree char **merged = merge_environment(spec->environment, spec->environment_count);
    const struct vg_spawn spawn = { .argv = argv,
                                    .environment = merged,
                                    .directory = spec->directory,
                                    .output_fd = console,
                                    .fd3 = theirs,
                                    .death_signal = SIGKILL };
    /* Only our end is non-blocking: the agent's is a descriptor of its own. */
    if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot set up the link of a native tenant");
        return NULL;
    }
    pid_t pid = vg_spawn(&spawn, err);
    if (pid < 0) {
        vg_wrap(err, "a native tenant cannot be started");
        return NULL;
    }
    struct vg_process *process = vg_calloc(1, sizeof(*process));
    process->pid = pid;
    *fd = ours;
    ours = -1;
    return process;
}

pid_t vg_process_pid(const struct vg_process *process)
{
    return process->pid;
}

bool vg_process_alive(struct vg_process *process)
{
    /* Looked at, not reaped: the process id stays ours until vg_process_stop. */
    siginfo_t info = { 0 };
    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void vg_process_stop(struct vg_process *process)
{
    if (!process)
        return;
    /* The agent leads a session; its workloads are in it, whatever groups they made. */
    kill(process->pid, SIGKILL);
    if (!vg_session_kill(process->pid, 2000))
        vg_warn("processes of a native tenant (session %d) cannot be killed", (int)process->pid);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(process);
}
