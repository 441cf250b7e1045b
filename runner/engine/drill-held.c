/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the manager holds of the host: it must be the same after a thousand vGPUs as after one. The manager is this
 * process: no other one provisions. And which device nodes there are, around a refusal. */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "engine/drill.h"

/* Whose names begin so. */
static int64_t entries_with(const char *path, const char *prefix)
{
    int64_t count = 0;
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    return count;
}

static int64_t entries_of(const char *path)
{
    return entries_with(path, "");
}

/* Open files but those in the run's own directory: what probes write down is no vGPU's. */
static int64_t files_open(const char *run_directory)
{
    int64_t count = 0;
    size_t length = strlen(run_directory);
    vg_autodir DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        char target[4096];
        ssize_t got = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
        bool ours = got > (ssize_t)length && strncmp(target, run_directory, length) == 0 && target[length] == '/';
        count += entry->d_name[0] != '.' && !ours;
    }
    return count;
}

/* By the name that a VMM has in its arguments, since it is nobody's child. */
static int64_t vmm_count(void)
{
    int64_t count = 0;
    vg_autofree char *name = vg_format("guest=vgauge-%ld-", (long)getpid());
    vg_autodir DIR *directory = opendir("/proc");
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        char line[4096];
        long long pid;
        if (!vg_parse_int(entry->d_name, &pid))
            continue;
        vg_autofree char *path = vg_format("/proc/%lld/cmdline", pid);
        vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, line, sizeof(line));
        count += length > 0 && memmem(line, (size_t)length, name, strlen(name));
    }
    return count;
}

/* The least of several looks: a file that another thread has open just now is not held. */
static void least_held(const char *run_directory, int64_t least[VG_HELD_KINDS])
{
    enum { LOOKS = 10, PAUSE_MS = 20 };
    for (unsigned look = 0; look < LOOKS; look++) {
        const int64_t now[VG_HELD_KINDS] = { [VG_HELD_FILES] = files_open(run_directory),
                                             [VG_HELD_THREADS] = entries_of("/proc/self/task"),
                                             [VG_HELD_VMS] = vmm_count() };
        for (unsigned i = 0; i < VG_HELD_MEMORY; i++)
            least[i] = look && least[i] < now[i] ? least[i] : now[i];
        vg_sleep_ns(PAUSE_MS * VG_NS_PER_MS);
    }
}

void vg_drill_held(struct vg_drill *drill, int64_t round, int64_t first[VG_HELD_KINDS], bool is_first)
{
    int64_t now[VG_HELD_KINDS] = { 0 };
    least_held(drill->engine->config->run->directory, now);
    for (unsigned i = 0; i < VG_HELD_MEMORY; i++) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_HELD, round, 0);
        step->type = i;
        step->wanted = is_first ? VG_ANY : first[i];
        step->seen = now[i];
        step->end_ns = step->start_ns;
        if (is_first)
            first[i] = now[i];
    }
}

void vg_drill_weigh(struct vg_drill *drill, int64_t round)
{
    struct vg_step *step = vg_drill_step(drill, VG_STEP_HELD, round, 0);
    struct mallinfo2 heap = mallinfo2();
    size_t rows = malloc_usable_size(drill->walk.steps) + malloc_usable_size(drill->walk.counters) +
                  malloc_usable_size(drill->walk.ranges) + malloc_usable_size(drill->vgpus) +
                  malloc_usable_size(drill->tenants);
    step->type = VG_HELD_MEMORY;
    step->wanted = VG_ANY;
    step->seen = (int64_t)(heap.uordblks + heap.hblkhd) - (int64_t)rows;
    step->end_ns = step->start_ns;
}

/* A VFIO group's or device's, a render node, or one of NVIDIA's own (nvidia-vgpuN). */
int64_t vg_drill_nodes(const struct vg_drill *drill)
{
    static const struct {
        const char *directory, *prefix;
    } kinds[] = { { "dev/vfio", "" }, { "dev/vfio/devices", "" }, { "dev/dri", "" }, { "dev", "nvidia" } };
    int64_t count = 0;
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        vg_autofree char *path =
            vg_format("%s/%s", vg_equal(drill->host->root, "/") ? "" : drill->host->root, kinds[i].directory);
        count += entries_with(path, kinds[i].prefix);
    }
    return count;
}

void vg_drill_see_nodes(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t before)
{
    struct vg_step *step = vg_drill_step(drill, VG_STEP_HELD, round, pgpu);
    step->type = VG_HELD_NODES;
    step->wanted = before;
    step->seen = vg_drill_nodes(drill);
    step->end_ns = vg_now_ns();
}
