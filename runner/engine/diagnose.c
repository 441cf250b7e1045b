/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written down when a limit is passed, before anything is stopped: what the tenants' processes do (onto their
 * consoles), where the VMM's threads stand, and what the host's kernel said. All of it bounded, in time and in bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/klog.h>
#include "engine/exercise.h"

enum {
    ANSWER_MS = 1500,
    GDB_MS = 15000,        /* each process */
    BACKTRACES_MS = 60000, /* all of them together */
    PROCESSES_MOST = 4,    /* of one tenant: the VMM and what it started */
    THREADS_MOST = 64,     /* of one process */
    BACKTRACE_BYTES = 1 << 18,
    CONSOLE_LINES = 200,
    KERNEL_LOG_BYTES = 16384,
    KLOG_READ_ALL = 3, /* SYSLOG_ACTION_READ_ALL of syslog(2), which has no name in the C library's header */
};

/* Foreign lines, each made safe to show. */
static void add_lines(struct vg_text *text, const char *lines, size_t length)
{
    enum { LINE_MAX_BYTES = 1024 };
    for (const char *at = lines, *stop = lines + length, *end; at < stop; at = end + 1) {
        end = memchr(at, '\n', (size_t)(stop - at));
        end = end ? end : stop;
        vg_autofree char *shown = vg_printable(at, (size_t)(end - at), LINE_MAX_BYTES);
        vg_text_add(text, "%s\n", shown);
    }
}

static char *attribute(pid_t pid, const char *thread, const char *name)
{
    vg_autofree char *path = vg_format("/proc/%d/task/%s/%s", (int)pid, thread, name);
    char *value = NULL;
    struct vg_error gone = { 0 };
    return vg_read_attribute(path, &value, &gone) ? value : vg_strdup("?");
}

/* Needs no debugger: which thread sleeps, and where in the kernel. */
static void add_threads(struct vg_text *text, pid_t pid)
{
    vg_autofree char *tasks = vg_format("/proc/%d/task", (int)pid);
    vg_autodir DIR *threads = opendir(tasks);
    unsigned shown = 0;
    for (struct dirent *entry; threads && shown < THREADS_MOST && (entry = readdir(threads)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        vg_autofree char *name = attribute(pid, entry->d_name, "comm"), *stat = attribute(pid, entry->d_name, "stat"),
                         *sleeps = attribute(pid, entry->d_name, "wchan");
        const char *state = strrchr(stat, ')'); /* proc(5): the name is in brackets, and may hold any byte */
        vg_autofree char *line = vg_format("  thread %s %s: state %c, in the kernel at %s", entry->d_name, name,
                                           state && state[1] ? state[2] : '?', sleeps);
        add_lines(text, line, strlen(line));
        shown++;
    }
}

static void add_process(struct vg_text *text, pid_t pid, const char *name, int64_t deadline_ns)
{
    vg_autofree char *number = vg_format("%d", (int)pid), *output = NULL;
    const char *const argv[] = {
        "gdb",
        "--nx",
        "--batch",
        "-iex",
        "set debuginfod enabled off",
        "-iex",
        "set auto-load off",
        "-ex",
        "set pagination off",
        "-ex",
        "thread apply all backtrace 40",
        "-p",
        number,
        NULL,
    };
    vg_text_add(text, "process %d", (int)pid);
    vg_autofree char *shown = vg_printable(name, strlen(name), 64);
    vg_text_add(text, " %s\n", shown);
    add_threads(text, pid);
    int64_t left_ms = (deadline_ns - vg_now_ns()) / VG_NS_PER_MS;
    int status;
    struct vg_error failed = { 0 };
    if (left_ms <= 0)
        vg_text_add(text, "  no backtrace: those of the processes before it took all the time there is for them\n");
    else if (vg_run_command(argv, left_ms < GDB_MS ? (int)left_ms : GDB_MS, BACKTRACE_BYTES, &output, &status, &failed))
        add_lines(text, output, strlen(output));
    else
        vg_text_add(text, "  no backtrace: %s\n", failed.text);
}

static void name_file(struct vg_text *names, const char *file)
{
    vg_text_add(names, "%s%s", names->length ? ", " : "", file);
}

/* A file beside the measurements; a failure to write it must not hide what it is about. */
static void save(const struct vg_scene *scene, const char *file, const char *text, struct vg_text *names)
{
    vg_autofree char *path = vg_format("%s/%s", scene->measurements->directory, file);
    struct vg_error failed = { 0 };
    if (!vg_write_file_unsynced(path, text, strlen(text), &failed))
        vg_warn("%s", failed.text);
    else
        name_file(names, file);
}

static void save_backtrace(const struct vg_scene *scene, const struct vg_tenant *tenant, int64_t deadline_ns,
                           struct vg_text *names)
{
    pid_t pid = vg_tenant_pid(tenant);
    if (pid <= 0)
        return;
    struct vg_renderer children[VG_RENDERERS_MOST];
    unsigned count = vg_renderers_of(pid, children);
    vg_autotext struct vg_text text = { 0 };
    add_process(&text, pid, tenant->vm ? "(the VMM)" : "(the agent)", deadline_ns);
    for (unsigned i = 0; i < count && i + 1 < PROCESSES_MOST; i++)
        add_process(&text, children[i].pid, children[i].name, deadline_ns);
    vg_autofree char *file = vg_format("%s.backtrace.txt", tenant->name);
    save(scene, file, text.data, names);
}

static void save_kernel_log(const struct vg_scene *scene, struct vg_text *names)
{
    vg_autofree char *buffer = vg_calloc(1, KERNEL_LOG_BYTES + 1);
    vg_autotext struct vg_text text = { 0 };
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    int got = klogctl(KLOG_READ_ALL, buffer, KERNEL_LOG_BYTES);
    if (got < 0)
        vg_text_add(&text, "The host's kernel log cannot be read: %s\n", strerror(errno));
    else
        vg_text_add(&text,
                    "The end of the host's kernel log at %lld.%06ld s after its boot; the test began %.1f s before\n",
                    (long long)up.tv_sec, up.tv_nsec / 1000, (double)(vg_now_ns() - scene->start_ns) / 1e9);
    if (got > 0)
        add_lines(&text, buffer, (size_t)got);
    save(scene, "kernel.log", text.data, names);
}

void vg_tenant_diagnose(const struct vg_tenant *tenant, char **collected)
{
    vg_autotext struct vg_text names = { 0 };
    save_backtrace(tenant->scene, tenant, vg_now_ns() + GDB_MS * VG_NS_PER_MS, &names);
    save_kernel_log(tenant->scene, &names);
    *collected = VG_TAKE(names.data);
}

bool vg_scene_diagnose(struct vg_scene *scene, char **collected, struct vg_error *err)
{
    vg_engine_step(scene->engine, "collecting what hangs");
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_tenant *tenant = scene->tenants[i];
        if (tenant && tenant->booted && !tenant->dead && tenant->link) {
            vg_link_command(tenant->link, "diagnose");
            vg_link_ping(tenant->link, 1);
        }
    }
    for (int64_t end_ns = vg_now_ns() + ANSWER_MS * VG_NS_PER_MS; vg_now_ns() < end_ns;)
        if (!vg_engine_turn(scene->engine, 50, err))
            return false;
    vg_autotext struct vg_text names = { 0 };
    int64_t deadline_ns = vg_now_ns() + BACKTRACES_MS * VG_NS_PER_MS;
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        const struct vg_tenant *tenant = scene->tenants[i];
        if (!tenant || tenant->dead)
            continue;
        vg_autofree char *console = vg_console_tail(tenant->console_file, CONSOLE_LINES),
                         *file = vg_format("%s.console.log", tenant->name);
        if (console[0]) /* the whole of it follows when the test has ended, if it comes to that */
            save(scene, file, console, &names);
        save_backtrace(scene, tenant, deadline_ns, &names);
    }
    save_kernel_log(scene, &names);
    *collected = VG_TAKE(names.data);
    return true;
}
