/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt as a library: its event loop in a thread of ours, its messages in our errors and never on the terminal. */
#include "machine/internal.h"
#include <libvirt/virterror.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define WAKE_MS 10000

static pthread_mutex_t loop_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned loop_users;
static bool loop_registered;
static bool loop_stop;
static int loop_timer = -1;
static pthread_t loop_thread;

static void ignore_error(void *context, virErrorPtr error)
{
    (void)context;
    (void)error;
}

static bool prepare_once(const char *log_directory, struct vg_error *err)
{
    /* The library reads its log settings from the environment, once; children are not to inherit them. */
    vg_autofree char *outputs = vg_format("3:file:%s/libvirt.log", log_directory);
    bool ours = !getenv("LIBVIRT_LOG_OUTPUTS");
    if (ours)
        setenv("LIBVIRT_LOG_OUTPUTS", outputs, 1);
    int failed = virInitialize();
    if (ours)
        unsetenv("LIBVIRT_LOG_OUTPUTS");
    if (failed < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "libvirt cannot be initialised");
    virSetErrorFunc(NULL, ignore_error);
    /* libvirt detaches QEMU from us, and at its end waits until nothing of it is left, not even a zombie. Not every
     * init collects zombies at once, so what is detached becomes ours again. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        vg_debug("cannot become a subreaper: %m");
    if (virEventRegisterDefaultImpl() < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "libvirt's event loop cannot be set up");
    return true;
}

bool vg_libvirt_prepare(const char *log_directory, struct vg_error *err)
{
    pthread_mutex_lock(&loop_lock);
    if (!loop_registered)
        loop_registered = prepare_once(log_directory, err);
    bool prepared = loop_registered;
    pthread_mutex_unlock(&loop_lock);
    return prepared;
}

bool vg_fail_libvirt(struct vg_error *err, enum vg_error_kind kind, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    const char *message = virGetLastErrorMessage();
    vg_autofree char *shown = vg_printable(message, strlen(message), 900);
    return vg_fail(err, kind, "%s: libvirt says: %s", sentence, shown);
}

static void timer_fired(int timer, void *context)
{
    (void)timer;
    (void)context;
}

static void *run_loop(void *context)
{
    (void)context;
    while (!__atomic_load_n(&loop_stop, __ATOMIC_ACQUIRE))
        if (virEventRunDefaultImpl() < 0)
            vg_sleep_ns(10 * VG_NS_PER_MS); /* it said why in its log; a spinning loop would help nobody */
    return NULL;
}

bool vg_event_loop_use(struct vg_error *err)
{
    pthread_mutex_lock(&loop_lock);
    bool running = loop_users > 0;
    if (!running) {
        loop_stop = false;
        loop_timer = virEventAddTimeout(WAKE_MS, timer_fired, NULL, NULL);
        int failed = loop_timer < 0 ? -1 : pthread_create(&loop_thread, NULL, run_loop, NULL);
        running = failed == 0;
        if (!running && loop_timer >= 0)
            virEventRemoveTimeout(loop_timer);
    }
    if (running)
        loop_users++;
    else
        vg_fail(err, VG_ERROR_ENVIRONMENT, "the thread for libvirt's events cannot be started");
    pthread_mutex_unlock(&loop_lock);
    return running;
}

void vg_event_loop_release(void)
{
    pthread_mutex_lock(&loop_lock);
    if (--loop_users == 0) {
        __atomic_store_n(&loop_stop, true, __ATOMIC_RELEASE);
        virEventUpdateTimeout(loop_timer, 0); /* wakes the loop */
        pthread_join(loop_thread, NULL);
        virEventRemoveTimeout(loop_timer);
    }
    pthread_mutex_unlock(&loop_lock);
}

struct awaited {
    pid_t pid;
    int fd;
};

static void on_exit_of(int handle, int fd, int events, void *context)
{
    (void)fd;
    (void)events;
    const struct awaited *awaited = context;
    waitpid(awaited->pid, NULL, WNOHANG); /* fails if it is the child of a daemon: that collects it */
    virEventRemoveHandle(handle);
}

static void forget_awaited(void *context)
{
    struct awaited *awaited = context;
    close(awaited->fd);
    free(awaited);
}

void vg_collect_at_exit(pid_t pid)
{
    struct awaited *awaited = vg_calloc(1, sizeof(*awaited));
    awaited->pid = pid;
    awaited->fd = vg_pidfd_open(pid);
    if (awaited->fd >= 0 &&
        virEventAddHandle(awaited->fd, VIR_EVENT_HANDLE_READABLE, on_exit_of, awaited, forget_awaited) >= 0)
        return;
    if (awaited->fd >= 0)
        close(awaited->fd);
    free(awaited);
}
