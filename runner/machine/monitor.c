/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to a VMM over its QMP monitor, through libvirt. libvirt waits for an answer without end, and a VMM that
 * hangs never gives one: so each question is asked by a thread of its own, which the caller does not wait for for
 * ever. */
#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <time.h>
#include "machine/internal.h"

struct question {
    struct vg_monitor *monitor;
    virDomainPtr domain;
    char *command, *answer;
    char error[512]; /* why there is no answer */
    bool answered, abandoned;
    int64_t cost_ns;
};

struct vg_monitor {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool busy;   /* a question has not come back yet */
    bool closed; /* whoever comes last frees it */
};

struct vg_monitor *vg_monitor_new(void)
{
    struct vg_monitor *monitor = vg_calloc(1, sizeof(*monitor));
    pthread_condattr_t attributes;
    pthread_mutex_init(&monitor->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return monitor;
}

static void free_monitor(struct vg_monitor *monitor)
{
    pthread_mutex_destroy(&monitor->lock);
    pthread_cond_destroy(&monitor->changed);
    free(monitor);
}

static void free_question(struct question *question)
{
    virDomainFree(question->domain);
    free(question->command);
    free(question->answer);
    free(question);
}

static int64_t thread_cpu_ns(void)
{
    struct timespec used;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 ? used.tv_sec * VG_NS_PER_S + used.tv_nsec : 0;
}

static void *ask(void *context)
{
    struct question *question = context;
    struct vg_monitor *monitor = question->monitor;
    if (virDomainQemuMonitorCommand(question->domain, question->command, &question->answer, 0) < 0) {
        const char *message = virGetLastErrorMessage();
        vg_autofree char *shown = vg_printable(message, strlen(message), sizeof(question->error) - 1);
        snprintf(question->error, sizeof(question->error), "%s", shown);
    }
    question->cost_ns = thread_cpu_ns();
    pthread_mutex_lock(&monitor->lock);
    question->answered = true;
    monitor->busy = false;
    bool abandoned = question->abandoned, last = monitor->closed;
    pthread_cond_broadcast(&monitor->changed);
    pthread_mutex_unlock(&monitor->lock);
    if (abandoned)
        free_question(question);
    if (last)
        free_monitor(monitor);
    return NULL;
}

/* With the monitor locked. False: not within that time. */
static bool wait_idle(struct vg_monitor *monitor, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t at_ns = until.tv_sec * VG_NS_PER_S + until.tv_nsec + timeout_ms * VG_NS_PER_MS;
    until = (struct timespec) { at_ns / VG_NS_PER_S, at_ns % VG_NS_PER_S };
    int waited = 0;
    while (monitor->busy && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&monitor->changed, &monitor->lock, &until);
    return !monitor->busy;
}

static bool begin(struct question *question)
{
    pthread_t thread;
    pthread_attr_t attributes;
    bool started = pthread_attr_init(&attributes) == 0;
    if (started) {
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        started = pthread_create(&thread, &attributes, ask, question) == 0;
        pthread_attr_destroy(&attributes);
    }
    return started;
}

static bool take_answer(struct question *question, char **answer, struct vg_error *err)
{
    if (!question->answer)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the VMM does not answer `%.80s`: libvirt says: %s",
                       question->command, question->error);
    if (strlen(question->answer) > VG_MONITOR_ANSWER_MAX)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the VMM's answer to `%.80s` has more than %d bytes",
                       question->command, VG_MONITOR_ANSWER_MAX);
    *answer = vg_strdup(question->answer);
    return true;
}

bool vg_vm_monitor(struct vg_vm *vm, const char *command, int timeout_ms, char **answer, int64_t *cost_ns,
                   struct vg_error *err)
{
    struct vg_monitor *monitor = vm->monitor;
    if (!vm->domain || virDomainRef(vm->domain) < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the VM %s has ended", vm->name);
    struct question *question = vg_calloc(1, sizeof(*question));
    *question = (struct question) { .monitor = monitor, .domain = vm->domain, .command = vg_strdup(command) };
    pthread_mutex_lock(&monitor->lock);
    /* One that hangs is not asked again: its answers would only come later and later. */
    bool free_now = true, good = false;
    if (monitor->busy) {
        vg_fail(err, VG_ERROR_TIMEOUT, "the VMM of %s has not answered an earlier question yet", vm->name);
    } else {
        monitor->busy = true;
        if (!begin(question)) {
            monitor->busy = false;
            vg_fail(err, VG_ERROR_ENVIRONMENT, "no thread can be started to ask the VMM of %s", vm->name);
        } else if (!wait_idle(monitor, timeout_ms)) {
            question->abandoned = true;
            free_now = false;
            vg_fail(err, VG_ERROR_TIMEOUT, "the VMM of %s does not answer within %d ms", vm->name, timeout_ms);
        } else {
            *cost_ns += question->cost_ns;
            good = take_answer(question, answer, err);
        }
    }
    pthread_mutex_unlock(&monitor->lock);
    if (free_now)
        free_question(question);
    return good;
}

void vg_monitor_close(struct vg_monitor *monitor, int timeout_ms)
{
    pthread_mutex_lock(&monitor->lock);
    bool idle = wait_idle(monitor, timeout_ms);
    monitor->closed = true;
    pthread_mutex_unlock(&monitor->lock);
    if (idle)
        free_monitor(monitor);
}
