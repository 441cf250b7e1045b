/* SPDX-License-Identifier: MIT */
/* Start, barrier, stop. A thread that sleeps in read(2) follows the agent, so that asking whether to stop is one load,
 * and so that a workload whose agent is gone ends even while it waits for a GPU that never answers. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include "common/runtime.h"

/* Below this the barrier spins: a sleep may come back late by a timer tick, and tenants start together. */
#define SPIN_NS (100 * VG_NS_PER_US)

static struct vg_workload_context *signalled;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&signalled->stop, true);
    sem_post(&signalled->wake);
}

static void obey(struct vg_workload_context *context, const char *line, size_t length)
{
    struct vg_error err = { 0 };
    vg_autojson json_t *message = vg_json_load_text(line, length, &err);
    const char *type;
    int64_t run;
    if (!message || !vg_json_text(message, "type", &type, &err) || !vg_json_int(message, "run", &run, &err) ||
        run != context->run)
        return;
    if (vg_equal(type, "stop")) {
        atomic_store(&context->stop, true);
    } else if (vg_equal(type, "go")) {
        atomic_store(&context->go_at_ns, vg_json_int_or(message, "at_ns", 0));
        atomic_store(&context->go, true);
    }
    sem_post(&context->wake);
}

static void *follow(void *argument)
{
    struct vg_workload_context *context = argument;
    char buffer[4096];
    size_t used = 0;
    for (;;) {
        ssize_t got = read(context->fd, buffer + used, sizeof(buffer) - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(3); /* the agent is gone: nobody waits for a result */
        used += (size_t)got;
        char *newline;
        while ((newline = memchr(buffer, '\n', used))) {
            size_t length = (size_t)(newline - buffer);
            obey(context, buffer, length);
            used -= length + 1;
            memmove(buffer, newline + 1, used);
        }
        if (used == sizeof(buffer))
            _exit(3); /* no line for a workload is this long */
    }
    return NULL;
}

/* Follows `go` and `stop` from the agent in a thread that sleeps in read(2) but for those two lines. */
static void start_following(struct vg_workload_context *context)
{
    sem_init(&context->wake, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    if (!context->run) {
        signalled = context;
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        return;
    }
    fcntl(context->fd, F_SETFD, FD_CLOEXEC);
    pthread_t thread;
    if (pthread_create(&thread, NULL, follow, context) != 0)
        vg_bug(context, "cannot start the thread that follows the agent");
}

static void wait_until(struct vg_workload_context *context, int64_t at_ns)
{
    for (;;) {
        int64_t rest_ns = at_ns - vg_now_ns();
        if (rest_ns <= 0 || atomic_load(&context->stop))
            return;
        if (rest_ns <= SPIN_NS)
            continue;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t sum_ns = until.tv_nsec + (rest_ns - SPIN_NS / 2);
        until.tv_sec += sum_ns / VG_NS_PER_S;
        until.tv_nsec = sum_ns % VG_NS_PER_S;
        sem_clockwait(&context->wake, CLOCK_MONOTONIC, &until); /* the loop looks again, whatever it returns */
    }
}

int64_t vg_w_barrier(struct vg_workload_context *context)
{
    if (context->released)
        vg_bug(context, "the barrier was passed before");
    if (context->run) {
        json_t *ready = vg_json_new_object();
        vg_json_set_text(ready, "type", "ready");
        vg_json_set_int(ready, "run", context->run);
        vg_emit_json(context, ready);
        while (!atomic_load(&context->go) && !atomic_load(&context->stop))
            sem_wait(&context->wake);
        if (atomic_load(&context->go))
            wait_until(context, atomic_load(&context->go_at_ns));
    }
    context->released = true;
    context->release_ns = vg_now_ns();
    return context->release_ns;
}

bool vg_w_should_stop(struct vg_workload_context *context)
{
    return atomic_load_explicit(&context->stop, memory_order_relaxed);
}

void vg_w_hold(struct vg_workload_context *context)
{
    while (!atomic_load(&context->stop))
        sem_wait(&context->wake);
}

_Noreturn void vg_workload_execute(const struct vg_workload *workload, const char **values, unsigned run, int fd,
                                   bool show_rows)
{
    struct vg_workload_context *context = vg_calloc(1, sizeof(*context));
    context->workload = workload;
    context->values = values;
    context->run = run;
    context->fd = fd;
    context->show_rows = show_rows;
    size_t streams = 0;
    while (workload->streams && workload->streams[streams].name)
        streams++;
    context->streams = vg_calloc(streams + 1, sizeof(*context->streams));
    start_following(context);
    vg_params_settle(context);
    vg_affinity_fact(context);
    workload->run(context);
    if (!context->released)
        vg_bug(context, "the workload returned without passing the barrier");
    vg_finish(context, "ok", "");
}
