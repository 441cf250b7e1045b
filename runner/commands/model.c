/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts vgauge-model beside this program and waits until it serves; it ends with the runner, however that ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "base/base.h"
#include "commands/model.h"

enum { START_MS = 10000, STOP_MS = 5000, STEP_MS = 20 };

struct cmd_model {
    char *directory;
    pid_t pid;
};

static void __attribute__((noreturn)) become(const char *const *argv, pid_t parent, int output)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    setsid(); /* Ctrl-C is for the runner, which still needs the model to clean up */
    if (dup2(output, 1) == 1 && dup2(output, 2) == 2)
        execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* What it says until it serves or ends. */
static bool wait_for_it(int fd, char *said, size_t size, bool *serves)
{
    size_t length = 0;
    for (int64_t end_ns = vg_now_ns() + START_MS * VG_NS_PER_MS; vg_now_ns() < end_ns && length + 1 < size;) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        if (poll(&wait, 1, STEP_MS) <= 0)
            continue;
        ssize_t got = read(fd, said + length, size - 1 - length);
        if (got <= 0)
            return false;
        length += (size_t)got;
        said[length] = '\0';
        *serves = strstr(said, "serving at ") != NULL;
        if (*serves)
            return true;
    }
    return false;
}

static bool start(struct cmd_model *model, const char *const *argv, struct vg_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
    pid_t parent = getpid();
    model->pid = fork();
    if (model->pid == 0)
        become(argv, parent, ends[1]);
    close(ends[1]);
    char said[1024] = "";
    bool serves = false;
    if (model->pid > 0)
        wait_for_it(ends[0], said, sizeof(said), &serves);
    close(ends[0]);
    if (serves)
        return true;
    vg_autofree char *shown = vg_printable(said, strcspn(said, "\n"), 400);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "the model of vendors' drivers does not start: %s",
                   shown[0] ? shown : "it said nothing; is vgauge-model beside vgauge?");
}

/* The directory of a model that has ended; one that did not come to unmount it left a dead mount. A user who is not
 * root has the tool that comes with FUSE. */
static bool take_away(const char *directory)
{
    enum { TIMEOUT_MS = 5000, MOST_BYTES = 1000 };
    if (rmdir(directory) == 0)
        return true;
    if (umount2(directory, MNT_DETACH) < 0) {
        const char *const argv[] = { "fusermount3", "-uz", directory, NULL };
        struct vg_error ignored = { 0 };
        vg_autofree char *output = NULL;
        int status;
        vg_run_command(argv, TIMEOUT_MS, MOST_BYTES, &output, &status, &ignored);
    }
    return rmdir(directory) == 0;
}

unsigned cmd_model_sweep(void)
{
    enum { OLD_S = 60 }; /* one that is being started has an empty directory for a moment */
    unsigned swept = 0;
    glob_t found;
    if (glob("/tmp/vgauge-model-??????", 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct stat status;
        const char *path = found.gl_pathv[i];
        vg_autodir DIR *directory = opendir(path); /* attributes of a dead file system may still be known */
        if (!directory ? errno == ENOTCONN && take_away(path)
                       : fstat(dirfd(directory), &status) == 0 && status.st_uid == geteuid() &&
                             time(NULL) - status.st_ctime > OLD_S && rmdir(path) == 0)
            swept++;
    }
    globfree(&found);
    return swept;
}

struct cmd_model *cmd_model_start(struct vg_host *host, const char *programs, struct vg_error *err)
{
    if (!host->model)
        return NULL;
    cmd_model_sweep();
    struct cmd_model *model = vg_calloc(1, sizeof(*model));
    model->directory = vg_strdup("/tmp/vgauge-model-XXXXXX");
    vg_autofree char *program = vg_format("%s/vgauge-model", programs);
    vg_autofree char *profile = vg_format("--profile=%s", host->model);
    vg_autofree char *control = host->model_break ? vg_format("--break=%s", host->model_break) : NULL;
    if (!mkdtemp(model->directory)) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create a directory in /tmp");
        free(model->directory);
        free(model);
        return NULL;
    }
    const char *const argv[] = { program, profile, control ? control : model->directory,
                                 control ? model->directory : NULL, NULL };
    if (!start(model, argv, err)) {
        cmd_model_stop(model);
        return NULL;
    }
    free(host->root);
    host->root = vg_strdup(model->directory);
    return model;
}

void cmd_model_stop(struct cmd_model *model)
{
    if (!model)
        return;
    pid_t ended = model->pid > 0 ? 0 : -1;
    if (ended == 0)
        kill(model->pid, SIGTERM);
    for (int waited = 0; ended == 0 && waited < STOP_MS; waited += STEP_MS) {
        ended = waitpid(model->pid, NULL, WNOHANG);
        if (ended == 0)
            vg_sleep_ns(STEP_MS * VG_NS_PER_MS);
    }
    if (ended == 0) {
        kill(model->pid, SIGKILL);
        waitpid(model->pid, NULL, 0);
    }
    take_away(model->directory);
    free(model->directory);
    free(model);
}
