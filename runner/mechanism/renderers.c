/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding a QEMU's renderers, cheaply enough to look fifty times a second while a guest boots: by the kernel's lists of
 * children, not by reading every process of the host. */
#include <errno.h>
#include "mechanism/renderers.h"

#define SERVER_NAME "virgl_render_se" /* the kernel keeps 15 characters of a name */
#define THREAD_NAME "llvmpipe-"
#define MOST        4096 /* processes below one QEMU; more is a fork bomb, not a renderer */

void vg_pids_free(struct vg_pids *pids)
{
    free(pids->items);
    *pids = (struct vg_pids) { 0 };
}

static bool has_name(pid_t pid, pid_t thread, const char *prefix)
{
    vg_autofree char *path = vg_format("/proc/%d/task/%d/comm", (int)pid, (int)thread);
    vg_autofree char *name = NULL;
    struct vg_error error = { 0 };
    return vg_read_attribute(path, &name, &error) && strncmp(name, prefix, strlen(prefix)) == 0;
}

static void list_threads(pid_t pid, struct vg_pids *threads)
{
    vg_autofree char *path = vg_format("/proc/%d/task", (int)pid);
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        long long thread;
        if (vg_parse_int(entry->d_name, &thread))
            vg_push(threads->items, threads->count) = (pid_t)thread;
    }
}

/* Every thread has its own list of the children that it forked. */
static void add_children(pid_t pid, struct vg_pids *pids)
{
    struct vg_pids threads = { 0 };
    list_threads(pid, &threads);
    for (unsigned i = 0; i < threads.count; i++) {
        vg_autofree char *path = vg_format("/proc/%d/task/%d/children", (int)pid, (int)threads.items[i]);
        vg_autofree char *text = NULL;
        struct vg_error error = { 0 };
        if (!vg_read_attribute(path, &text, &error))
            continue;
        for (char *rest = text, *end; pids->count < MOST; rest = end) {
            long child = strtol(rest, &end, 10);
            if (end == rest)
                break;
            vg_push(pids->items, pids->count) = (pid_t)child;
        }
    }
    vg_pids_free(&threads);
}

void vg_renderer_processes(pid_t qemu, struct vg_pids *pids)
{
    struct vg_pids children = { 0 };
    add_children(qemu, &children);
    for (unsigned i = 0; i < children.count; i++)
        if (has_name(children.items[i], children.items[i], SERVER_NAME))
            vg_push(pids->items, pids->count) = children.items[i];
    vg_pids_free(&children);
    for (unsigned i = 0; i < pids->count && pids->count < MOST; i++) /* the list grows while it is walked */
        add_children(pids->items[i], pids);
}

void vg_renderer_threads(pid_t qemu, struct vg_pids *pids)
{
    struct vg_pids threads = { 0 };
    list_threads(qemu, &threads);
    for (unsigned i = 0; i < threads.count; i++)
        if (has_name(qemu, threads.items[i], THREAD_NAME))
            vg_push(pids->items, pids->count) = threads.items[i];
    vg_pids_free(&threads);
}

bool vg_place_thread(pid_t thread, const cpu_set_t *cores)
{
    cpu_set_t now;
    if (sched_getaffinity(thread, sizeof(now), &now) < 0)
        return errno == ESRCH;
    return CPU_EQUAL(&now, cores) || sched_setaffinity(thread, sizeof(*cores), cores) == 0 || errno == ESRCH;
}

bool vg_place_process(pid_t pid, const cpu_set_t *cores)
{
    struct vg_pids threads = { 0 };
    list_threads(pid, &threads);
    bool placed = true;
    for (unsigned i = 0; i < threads.count; i++)
        placed = vg_place_thread(threads.items[i], cores) && placed;
    vg_pids_free(&threads);
    return placed;
}

bool vg_cores_of_thread(pid_t thread, cpu_set_t *cores)
{
    cpu_set_t now;
    if (sched_getaffinity(thread, sizeof(now), &now) < 0)
        return false;
    CPU_OR(cores, cores, &now);
    return true;
}

bool vg_cores_of_process(pid_t pid, cpu_set_t *cores)
{
    struct vg_pids threads = { 0 };
    list_threads(pid, &threads);
    bool any = false;
    for (unsigned i = 0; i < threads.count; i++)
        any = vg_cores_of_thread(threads.items[i], cores) || any;
    vg_pids_free(&threads);
    return any;
}
