/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts helper processes that must not outlive the runner. The kernel ties the parent-death signal to the *thread*
 * that forked, and tenants are started from threads that come and go; so one thread, which stays, does all the forking.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "machine/internal.h"

struct order {
    const struct vg_spawn *spawn;
    pid_t pid; /* -1: failed, see cause */
    int cause;
    bool done;
};

static pthread_mutex_t keeper_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t keeper_turn = PTHREAD_COND_INITIALIZER;
static bool keeper_runs;
static struct order *keeper_order;

/* Between fork and exec in a program with threads: system calls only. */
static void __attribute__((noreturn)) become(const struct vg_spawn *spawn, pid_t parent, int report)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, spawn->death_signal);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    setsid();
    int null_fd = open("/dev/null", O_RDONLY);
    int report_copy = fcntl(report, F_DUPFD_CLOEXEC, 10); /* out of the way of descriptor 3 */
    bool placed = null_fd >= 0 && report_copy >= 0 && dup2(null_fd, 0) == 0 && dup2(spawn->output_fd, 1) == 1 &&
                  dup2(spawn->output_fd, 2) == 2;
    if (placed && spawn->fd3 == 3)
        placed = fcntl(3, F_SETFD, 0) == 0;
    else if (placed && spawn->fd3 >= 0)
        placed = dup2(spawn->fd3, 3) == 3;
    if (placed && spawn->directory)
        placed = chdir(spawn->directory) == 0;
    if (placed) {
        /* What a library opened without the close-on-exec flag is not for the child. May be missing in old kernels. */
        syscall(SYS_close_range, spawn->fd3 >= 0 ? 4U : 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
        if (spawn->environment)
            execvpe(spawn->argv[0], (char *const *)spawn->argv, spawn->environment);
        else
            execvp(spawn->argv[0], (char *const *)spawn->argv);
    }
    int cause = errno;
    if (write(report_copy >= 0 ? report_copy : report, &cause, sizeof(cause)) < 0)
        _exit(126);
    _exit(127);
}

static void carry_out(struct order *order)
{
    int ends[2];
    order->pid = -1;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        order->cause = errno;
        return;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(order->spawn, parent, ends[1]);
    order->cause = errno;
    close(ends[1]);
    if (pid > 0) {
        ssize_t got;
        while ((got = read(ends[0], &order->cause, sizeof(order->cause))) < 0 && errno == EINTR)
            ;
        if (got == 0)
            order->pid = pid;
        else
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
    }
    close(ends[0]);
}

static void *keep(void *context)
{
    (void)context;
    pthread_mutex_lock(&keeper_lock);
    for (;;) {
        while (!keeper_order)
            pthread_cond_wait(&keeper_turn, &keeper_lock);
        carry_out(keeper_order);
        keeper_order->done = true;
        keeper_order = NULL;
        pthread_cond_broadcast(&keeper_turn);
    }
    return NULL;
}

static bool start_keeper(void)
{
    pthread_t thread;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = pthread_create(&thread, NULL, keep, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

pid_t vg_spawn(const struct vg_spawn *spawn, struct vg_error *err)
{
    struct order order = { .spawn = spawn, .pid = -1, .cause = EAGAIN };
    pthread_mutex_lock(&keeper_lock);
    if (!keeper_runs)
        keeper_runs = start_keeper();
    if (keeper_runs) {
        while (keeper_order)
            pthread_cond_wait(&keeper_turn, &keeper_lock);
        keeper_order = &order;
        pthread_cond_broadcast(&keeper_turn);
        while (!order.done)
            pthread_cond_wait(&keeper_turn, &keeper_lock);
    }
    pthread_mutex_unlock(&keeper_lock);
    if (order.pid < 0)
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, order.cause, "cannot start %s", spawn->argv[0]);
    return order.pid;
}
