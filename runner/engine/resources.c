/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run holds of the host, as numbers that must come back to what they were. Processes are counted below the
 * runner: it takes in orphans, so that what a VM left behind, in whatever session, is found there. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include "engine/exercise.h"

struct process {
    pid_t pid, parent;
    char state;
};

static unsigned count_entries(const char *path)
{
    unsigned count = 0;
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    return count;
}

static bool read_process(const char *name, struct process *process)
{
    vg_autofree char *path = vg_format("/proc/%s/stat", name);
    vg_autofree char *text = NULL;
    struct vg_error gone = { 0 };
    int parent;
    const char *after = vg_read_attribute(path, &text, &gone) ? strrchr(text, ')') : NULL;
    if (!after || sscanf(after + 1, " %c %d", &process->state, &parent) != 2)
        return false;
    process->parent = parent;
    return true;
}

/* Living descendants of this process. */
static unsigned count_processes(void)
{
    struct process *all = NULL;
    size_t count = 0;
    vg_autodir DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc)) != NULL;) {
        long long pid;
        struct process process = { 0 };
        if (!isdigit((unsigned char)entry->d_name[0]) || !vg_parse_int(entry->d_name, &pid) ||
            !read_process(entry->d_name, &process))
            continue;
        process.pid = (pid_t)pid;
        vg_push(all, count) = process;
    }
    vg_autofree bool *ours = vg_calloc(count + 1, sizeof(*ours));
    unsigned found = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++) {
            bool child = all[i].parent == getpid();
            for (size_t j = 0; j < count && !child; j++)
                child = ours[j] && all[j].pid == all[i].parent;
            if (!child || ours[i])
                continue;
            ours[i] = more = true;
            found += all[i].state != 'Z' && all[i].state != 'X';
        }
    }
    free(all);
    return found;
}

static unsigned count_sockets(const char *directory, unsigned depth)
{
    unsigned count = 0;
    vg_autodir DIR *entries = opendir(directory);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
        struct stat status;
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        if (entry->d_name[0] == '.' || lstat(path, &status) < 0)
            continue;
        count += S_ISSOCK(status.st_mode);
        if (S_ISDIR(status.st_mode) && depth)
            count += count_sockets(path, depth - 1);
    }
    return count;
}

static unsigned count_cgroups(const char *directory, const char *prefix, unsigned depth)
{
    unsigned count = 0;
    vg_autodir DIR *entries = opendir(directory);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
            continue;
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
        if (depth)
            count += count_cgroups(path, prefix, depth - 1);
    }
    return count;
}

/* The kB behind a word of a file such as /proc/meminfo. */
static uint64_t kilobytes(const char *path, const char *word)
{
    vg_autofree char *text = NULL;
    size_t length;
    struct vg_error error = { 0 };
    const char *found = vg_read_file(path, 1 << 20, &text, &length, &error) ? strstr(text, word) : NULL;
    uint64_t value = 0;
    return found && sscanf(found + strlen(word), " %20" SCNu64, &value) == 1 ? value * 1024 : 0;
}

void vg_host_resources_read(const struct vg_engine *engine, struct vg_host_resources *resources)
{
    enum { LIBVIRT_DEPTH = 5, CGROUP_DEPTH = 2 };
    vg_autofree char *prefix = vg_format("vgauge-%ld-", (long)getpid());
    *resources = (struct vg_host_resources) {
        .processes = count_processes(),
        .sockets = count_sockets(engine->runtime_directory, LIBVIRT_DEPTH),
        .cgroups = count_cgroups("/sys/fs/cgroup", prefix, CGROUP_DEPTH),
        .descriptors = count_entries("/proc/self/fd"),
        .shared_bytes = kilobytes("/proc/meminfo", "Shmem:"),
        .own_bytes = kilobytes("/proc/self/status", "VmRSS:"),
    };
}
