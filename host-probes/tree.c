/* SPDX-License-Identifier: MIT */
/* Follows process trees through /proc/PID/task/TID/children. A search costs some system calls per thread, so it is left
 * out while loadavg's last field says that nothing was started on the host. */
#include "tree.h"

#include <fcntl.h>
#include <stdio.h>

#define MAX_PROCESSES 1024
#define MAX_THREADS   4096 /* of one process */
#define MAX_NAMES     1024

bool tree_open(struct tree *tree, const char *root, struct vg_error *err)
{
    *tree = (struct tree) { .proc = procfs_open(root, "proc", O_DIRECTORY) };
    if (tree->proc < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/proc cannot be opened; processes cannot be watched", root);
    return true;
}

static void forget_thread(const struct tree *tree, struct tree_process *process, size_t index)
{
    struct tree_thread *thread = &process->threads[index];
    if (tree->thread_ended)
        tree->thread_ended(process, thread);
    if (thread->fd >= 0)
        close(thread->fd);
    *thread = process->threads[--process->thread_count];
}

static void forget_process(struct tree *tree, size_t index)
{
    struct tree_process *process = tree->processes[index];
    while (process->thread_count)
        forget_thread(tree, process, process->thread_count - 1);
    close(process->directory);
    free(process->threads);
    free(process);
    tree->count--;
    memmove(&tree->processes[index], &tree->processes[index + 1],
            (tree->count - index) * sizeof(tree->processes[0])); /* in order: see refresh() */
}

void tree_close(struct tree *tree)
{
    while (tree->count)
        forget_process(tree, tree->count - 1);
    for (size_t i = 0; i < tree->name_count; i++)
        free(tree->names[i]);
    free(tree->names);
    free(tree->processes);
    if (tree->proc >= 0)
        close(tree->proc);
    *tree = (struct tree) { .proc = -1 };
}

static const char *intern(struct tree *tree, const char *name)
{
    for (size_t i = 0; i < tree->name_count; i++)
        if (vg_equal(tree->names[i], name))
            return tree->names[i];
    if (tree->name_count == MAX_NAMES)
        return "";
    return vg_push(tree->names, tree->name_count) = vg_strdup(name);
}

static bool read_stat(struct tree_process *process)
{
    char text[1024];
    if (procfs_read_at(process->directory, "stat", text, sizeof(text)) < 0 || !procfs_parse_stat(text, &process->stat))
        return false;
    /* The command name of a program is cut to 15 bytes by the kernel. */
    if (strncmp(process->stat.comm, "virgl_render_server", 15) == 0)
        process->below_renderer = true;
    return true;
}

static struct tree_process *find(const struct tree *tree, pid_t pid)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->processes[i]->pid == pid)
            return tree->processes[i];
    return NULL;
}

static void add(struct tree *tree, pid_t pid, const struct tree_process *parent, const char *tenant)
{
    if (tree->count == MAX_PROCESSES) {
        tree->truncated = true;
        return;
    }
    char path[16];
    snprintf(path, sizeof(path), "%d", (int)pid);
    int directory = openat(tree->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    struct tree_process *process = vg_calloc(1, sizeof(*process));
    *process = (struct tree_process) {
        .pid = pid,
        .tenant = tenant,
        .is_root = !parent,
        .below_renderer = parent && parent->below_renderer,
        .fresh = true,
        .directory = directory,
    };
    vg_push(tree->processes, tree->count) = process;
    if (!read_stat(process))
        forget_process(tree, tree->count - 1);
}

/* Every process number in a list; a list cut by the buffer loses its last, maybe incomplete, word. */
static void add_children(struct tree *tree, const struct tree_process *parent, const char *path)
{
    char text[4096];
    ssize_t length = procfs_read_at(parent->directory, path, text, sizeof(text));
    if (length < 0)
        return;
    if (length == sizeof(text) - 1) {
        char *last = strrchr(text, ' ');
        if (last)
            *last = '\0';
        tree->truncated = true;
    }
    for (char *at = text, *word; (word = strsep(&at, " \n"));) {
        pid_t pid = procfs_parse_pid(word);
        if (pid > 0 && !find(tree, pid))
            add(tree, pid, parent, parent->tenant);
    }
}

static struct tree_thread *find_thread(const struct tree_process *process, pid_t tid)
{
    for (size_t i = 0; i < process->thread_count; i++)
        if (process->threads[i].tid == tid)
            return &process->threads[i];
    return NULL;
}

/* Threads of one process, and the children of each. */
static void search(struct tree *tree, struct tree_process *process)
{
    int fd = openat(process->directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vg_autodir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (size_t i = 0; i < process->thread_count; i++)
        process->threads[i].listed = false;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        pid_t tid = procfs_parse_pid(entry->d_name);
        if (tid <= 0)
            continue;
        struct tree_thread *thread = find_thread(process, tid);
        if (!thread && process->thread_count == MAX_THREADS) {
            tree->truncated = true;
            continue;
        }
        if (!thread) {
            thread = &vg_push(process->threads, process->thread_count);
            *thread = (struct tree_thread) { .tid = tid, .fd = -1 };
        }
        thread->listed = true;
        char path[48];
        snprintf(path, sizeof(path), "task/%d/children", (int)tid);
        add_children(tree, process, path);
    }
    for (size_t i = process->thread_count; i-- > 0;)
        if (!process->threads[i].listed)
            forget_thread(tree, process, i);
}

/* Without CONFIG_PROC_CHILDREN: everybody's parent, which costs a read per process of the host. */
static void search_by_parent(struct tree *tree)
{
    int fd = openat(tree->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vg_autodir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(directory));) {
        pid_t pid = procfs_parse_pid(entry->d_name);
        char path[32], text[1024];
        struct procfs_stat stat;
        if (pid <= 0 || find(tree, pid))
            continue;
        snprintf(path, sizeof(path), "%d/stat", (int)pid);
        if (procfs_read_at(tree->proc, path, text, sizeof(text)) < 0 || !procfs_parse_stat(text, &stat))
            continue;
        const struct tree_process *parent = find(tree, stat.parent);
        if (parent)
            add(tree, pid, parent, parent->tenant);
    }
}

/* True if nothing was started anywhere since the last search. */
static bool nothing_new(struct tree *tree)
{
    char text[128];
    procfs_read_at(tree->proc, "loadavg", text, sizeof(text));
    pid_t last = procfs_last_pid(text);
    bool same = last > 0 && last == tree->last_pid;
    tree->last_pid = last;
    return same;
}

/* Parents are read before their children: what a child had used when it ended then shows in its parent after the child
 * has vanished here, never before. */
static void refresh(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        tree->processes[i]->fresh = false;
        tree->processes[i]->gone = !read_stat(tree->processes[i]);
    }
    for (size_t i = tree->count; i-- > 0;) {
        const struct tree_process *process = tree->processes[i];
        if (!process->gone)
            continue;
        if (tree->process_ended)
            tree->process_ended(process, find(tree, process->stat.parent));
        forget_process(tree, i);
    }
}

void tree_update(struct tree *tree, const struct tree_root *roots, size_t root_count)
{
    bool need_search = !nothing_new(tree);
    refresh(tree);
    for (size_t i = 0; i < root_count; i++) {
        const struct tree_process *known = find(tree, roots[i].pid);
        if (known || roots[i].pid <= 0)
            continue;
        add(tree, roots[i].pid, NULL, intern(tree, roots[i].tenant));
        need_search = true;
    }
    if (!need_search)
        return;
    bool have_children = false;
    for (size_t i = 0; i < tree->count && !have_children; i++) {
        char path[48];
        snprintf(path, sizeof(path), "task/%d/children", (int)tree->processes[i]->pid);
        have_children = faccessat(tree->processes[i]->directory, path, F_OK, 0) == 0;
    }
    if (!have_children)
        search_by_parent(tree);
    for (size_t i = 0; i < tree->count; i++) /* grows meanwhile */
        search(tree, tree->processes[i]);
}
