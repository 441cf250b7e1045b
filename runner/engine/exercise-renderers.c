/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who renders for whom, and what that process may do: read from the host's /proc while the tenants work. */
#include <sys/stat.h>
#include <stdio.h>
#include "engine/exercise.h"

enum { MOST = VG_RENDERERS_MOST, MOST_FDS = 4096 };

static bool read_name(pid_t pid, char name[32])
{
    vg_autofree char *path = vg_format("/proc/%d/comm", (int)pid);
    vg_autofree char *text = NULL;
    struct vg_error gone = { 0 };
    if (!vg_read_attribute(path, &text, &gone))
        return false;
    snprintf(name, 32, "%s", text);
    return true;
}

unsigned vg_renderers_of(pid_t vmm, struct vg_renderer into[VG_RENDERERS_MOST])
{
    pid_t found[MOST], parent[MOST] = { 0 };
    unsigned count = 0;
    found[count++] = vmm;
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *tasks = vg_format("/proc/%d/task", (int)found[i]);
        vg_autodir DIR *directory = opendir(tasks);
        for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
            vg_autofree char *path = vg_format("%s/%s/children", tasks, entry->d_name);
            vg_autofree char *text = NULL;
            struct vg_error gone = { 0 };
            if (entry->d_name[0] == '.' || !vg_read_attribute(path, &text, &gone))
                continue;
            for (char *rest = text, *end; count < MOST; rest = end) {
                long child = strtol(rest, &end, 10);
                if (end == rest)
                    break;
                parent[count] = found[i];
                found[count++] = (pid_t)child;
            }
        }
    }
    unsigned kept = 0;
    for (unsigned i = 1; i < count; i++) {
        into[kept].pid = found[i];
        into[kept].parent = parent[i];
        kept += read_name(found[i], into[kept].name);
    }
    return kept;
}

/* A line of /proc/PID/status, its number; -1: it is not there. */
static long long status_number(pid_t pid, const char *word)
{
    vg_autofree char *path = vg_format("/proc/%d/status", (int)pid);
    vg_autofree char *text = NULL;
    size_t length;
    struct vg_error gone = { 0 };
    const char *found = vg_read_file(path, 1 << 16, &text, &length, &gone) ? strstr(text, word) : NULL;
    return found ? strtoll(found + strlen(word), NULL, 10) : -1;
}

static bool same_namespace(pid_t pid, const char *kind)
{
    struct stat theirs, ours;
    vg_autofree char *path = vg_format("/proc/%d/ns/%s", (int)pid, kind);
    vg_autofree char *own = vg_format("/proc/self/ns/%s", kind);
    return stat(path, &theirs) < 0 || stat(own, &ours) < 0 || theirs.st_ino == ours.st_ino;
}

/* Shared memory that two VMs' processes both have open is memory that both can read. */
struct memory {
    dev_t device;
    ino_t inode;
    const char *tenant;
    pid_t pid;
};

static unsigned add_memory(pid_t pid, const char *tenant, struct memory *into, unsigned count)
{
    vg_autofree char *path = vg_format("/proc/%d/fd", (int)pid);
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL && count < MOST_FDS;) {
        char target[128];
        struct stat status;
        vg_autofree char *fd = vg_format("%s/%s", path, entry->d_name);
        ssize_t length = entry->d_name[0] == '.' ? -1 : readlink(fd, target, sizeof(target) - 1);
        if (length <= 0 || strncmp(target, "/memfd:", 7) != 0 || stat(fd, &status) < 0)
            continue;
        into[count++] = (struct memory) { status.st_dev, status.st_ino, tenant, pid };
    }
    return count;
}

static void look_at(struct vg_exercise *exercise, const struct vg_tenant *tenant, const struct vg_renderer *renderer)
{
    static const char *const kinds[] = { "user", "net", "pid", "mnt", "ipc" };
    struct vg_text shared VG_CLEANUP(vg_text_free) = { 0 };
    long long seccomp = status_number(renderer->pid, "Seccomp:"), uid = status_number(renderer->pid, "Uid:");
    long long no_new = status_number(renderer->pid, "NoNewPrivs:");
    vg_autofree char *fds = vg_format("/proc/%d/fd", (int)renderer->pid);
    unsigned descriptors = 0;
    vg_autodir DIR *directory = opendir(fds);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        descriptors += entry->d_name[0] != '.';
    for (size_t i = 0; i < VG_COUNT(kinds); i++)
        if (same_namespace(renderer->pid, kinds[i]))
            vg_text_add(&shared, "%s%s", shared.length ? ", " : "", kinds[i]);
    vg_autofree char *name = vg_format("renderer.%s.%d", tenant->name, (int)renderer->pid);
    vg_exercise_fact(exercise, name,
                     "%s: uid %lld, seccomp %lld, no_new_privs %lld, %u files, namespaces of the host: %s",
                     renderer->name, uid, seccomp, no_new, descriptors, shared.length ? shared.data : "none");
    vg_check(&exercise->checks, "privilege-seccomp", seccomp > 0, "%s (%d) of %s has no system call filter",
             renderer->name, (int)renderer->pid, tenant->name);
    vg_check(&exercise->checks, "privilege-uid", uid != 0, "%s (%d) of %s runs as root", renderer->name,
             (int)renderer->pid, tenant->name);
    vg_check(&exercise->checks, "privilege-namespaces", !shared.length || !strstr(shared.data, "net"),
             "%s (%d) of %s shares with the host: %s", renderer->name, (int)renderer->pid, tenant->name,
             shared.length ? shared.data : "nothing");
}

static bool exercise(struct vg_exercise *exercise, struct vg_error *err)
{
    (void)err;
    static struct vg_renderer all[2 * MOST];
    static struct memory memory[MOST_FDS];
    const char *owners[2 * MOST] = { NULL };
    unsigned count = 0, memory_count = 0, looked = 0;
    for (unsigned i = 0; i < exercise->scene->tenant_count; i++) {
        const struct vg_tenant *tenant = exercise->scene->tenants[i];
        if (!tenant || !tenant->booted || tenant->dead || count >= MOST)
            continue;
        looked++;
        unsigned own = vg_renderers_of(vg_tenant_pid(tenant), all + count);
        vg_check(&exercise->checks, "renderer-of-its-own", own > 0,
                 "%s has no renderer process: its work is done by threads of its VMM", tenant->name);
        memory_count = add_memory(vg_tenant_pid(tenant), tenant->name, memory, memory_count);
        for (unsigned j = count; j < count + own; j++) {
            owners[j] = tenant->name;
            look_at(exercise, tenant, &all[j]);
            memory_count = add_memory(all[j].pid, tenant->name, memory, memory_count);
        }
        count += own;
    }
    if (looked < 2)
        vg_exercise_skip(exercise, "needs two tenants that run");
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < i; j++)
            vg_check(&exercise->checks, "renderer-of-one-vm", all[i].pid != all[j].pid || owners[i] == owners[j],
                     "process %d serves %s and %s", (int)all[i].pid, owners[i], owners[j]);
    for (unsigned i = 0; i < memory_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (memory[i].tenant != memory[j].tenant)
                vg_check(&exercise->checks, "memory-of-one-vm",
                         memory[i].device != memory[j].device || memory[i].inode != memory[j].inode,
                         "process %d of %s and process %d of %s have the same memory open", (int)memory[i].pid,
                         memory[i].tenant, (int)memory[j].pid, memory[j].tenant);
    return true;
}

VG_DRILL(look_at_renderers) = {
    .kind = VG_KIND_ACTION,
    .name = "look-at-renderers",
    .summary = "which processes render for which tenant, and what they may do",
    .why = "whoever takes over a renderer has what it may do, and all that it renders for",
    .exercise = exercise,
};
