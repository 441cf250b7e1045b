/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More runs like one that is there, or any run, each as a process of its own. */
#include "commands/again.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Blocked signals are inherited: the child must hear Ctrl-C as we do. */
static bool start(const char *program, char *const *arguments, int kept_fd, pid_t *child, struct vg_error *err)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    /* Its summary is not our result: what we print on the standard output must be one document. */
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (kept_fd >= 0) /* onto itself: it stays open in the child, and in no other that is started meanwhile */
        posix_spawn_file_actions_adddup2(&actions, kept_fd, kept_fd);
    int failed = posix_spawn(child, program, &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed == 0 || vg_fail_errno(err, VG_ERROR_ENVIRONMENT, failed, "cannot start %s", program);
}

bool cmd_start_vgauge(const char *const *arguments, unsigned count, const char *out, int kept_fd, pid_t *child,
                      struct vg_error *err)
{
    vg_autofree char *directory = vg_executable_directory();
    vg_autofree char *program = directory ? vg_format("%s/vgauge", directory) : NULL;
    vg_autofree char *place = vg_format("--out=%s", out);
    vg_autofree char **line = vg_calloc(count + 4, sizeof(*line));
    unsigned used = 0;
    if (!program)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot find this program (is /proc mounted?)");
    line[used++] = program;
    line[used++] = (char *)"run";
    for (unsigned i = 0; i < count; i++)
        line[used++] = (char *)arguments[i];
    line[used++] = place;
    fflush(stdout);
    return start(program, line, kept_fd, child, err);
}

bool cmd_wait_vgauge(pid_t child, const char *out, int *status, struct vg_error *err)
{
    vg_autofree char *marker = vg_format("%s/run.json", out);
    int ended;
    /* Ctrl-C reaches the child too, which cleans up first. */
    while (waitpid(child, &ended, 0) < 0)
        if (errno != EINTR)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot wait for `vgauge run`");
    if (!WIFEXITED(ended))
        return vg_fail(err, VG_ERROR_INTERRUPTED, "`vgauge run` into %s was ended by signal %d", out, WTERMSIG(ended));
    *status = WEXITSTATUS(ended);
    if (!vg_exists(marker))
        return vg_fail(err, *status == 2 ? VG_ERROR_INPUT : VG_ERROR_ENVIRONMENT,
                       "`vgauge run` into %s started nothing; it said why above", out);
    struct vg_run *run = vg_run_load(out, err);
    bool whole = run && vg_equal(run->state, "complete");
    if (run && !whole)
        vg_fail(err, VG_ERROR_INTERRUPTED, "`vgauge run` into %s did not end as it should (%s)", out, run->state);
    vg_run_free(run);
    return whole;
}

static bool run_vgauge(const char *const *arguments, unsigned count, const char *out, int *status, struct vg_error *err)
{
    pid_t child;
    return cmd_start_vgauge(arguments, count, out, -1, &child, err) && cmd_wait_vgauge(child, out, status, err);
}

/* Options that the new run gets from us instead. */
static bool is_ours(const char *argument)
{
    static const char *const ours[] = {
        "--out=", "--test=", "--boots=", "--seed=", "--rerun=", "--dry-run", "--turns="
    };
    for (size_t i = 0; i < VG_COUNT(ours); i++)
        if (strncmp(argument, ours[i], strlen(ours[i])) == 0)
            return true;
    return false;
}

bool cmd_run_again(const struct vg_run *run, const char *tests, unsigned boots, const char *out, int *status,
                   struct vg_error *err)
{
    vg_autofree const char **arguments = NULL;
    vg_autofree char *selection = vg_format("--test=%s", tests), *number = vg_format("--boots=%u", boots);
    size_t count = 0;
    if (run->argument_count < 2 || !vg_equal(run->arguments[1], "run"))
        return vg_fail(err, VG_ERROR_INPUT, "%s does not say how it was started, so that it cannot be repeated",
                       run->directory);
    for (unsigned i = 2; i < run->argument_count; i++) /* behind "vgauge", "run" */
        if (!is_ours(run->arguments[i]))
            vg_push(arguments, count) = run->arguments[i];
    vg_push(arguments, count) = selection;
    vg_push(arguments, count) = number;
    vg_push(arguments, count) = "--rerun=0"; /* whatever the plan says: it is one itself, or one look */
    return run_vgauge(arguments, (unsigned)count, out, status, err);
}
