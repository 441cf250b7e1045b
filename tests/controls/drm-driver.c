/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A DRM driver that tells of its use, where there is none: linked into vgauge in place of what reads the kernel's
 * files. Each renderer of a tenant has one file of a device whose only engine was busy for the CPU time that the
 * renderer took. The directory of the program says how true that is: drm-honest, and known bad: drm-still (the counter
 * never moves), drm-dips (it goes back and never catches up), drm-twice (each second counts as two), drm-quits (all
 * stand still while two work that have used ten seconds each), drm-nameless (no drm-driver). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/base.h"
#include "procfs.h"

#define NODE   "/dev/dri/renderD128"
#define SERVER "virgl_render"

ssize_t __real_readlinkat(int directory, const char *name, char *target, size_t size);
ssize_t __wrap_readlinkat(int directory, const char *name, char *target, size_t size);
ssize_t __real_procfs_read_at(int directory, const char *path, char *text, size_t size);
ssize_t __wrap_procfs_read_at(int directory, const char *path, char *text, size_t size);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

static bool is_us(const char *what)
{
    vg_autofree char *directory = vg_executable_directory();
    const char *slash = directory ? strrchr(directory, '/') : NULL;
    return slash && vg_equal(slash + 1, what);
}

int __wrap_access(const char *path, int mode)
{
    size_t length = strlen(path);
    bool classes = length > 14 && vg_equal(path + length - 14, "/sys/class/drm");
    return classes || vg_equal(path, "/sys/class/drm") ? 0 : __real_access(path, mode);
}

/* folder: "/proc/PID/". The server, and what it started: a process for each context. */
static bool is_renderer(const char *folder)
{
    struct procfs_stat stat, parent;
    char text[1024];
    vg_autofree char *own = vg_format("%sstat", folder);
    if (__real_procfs_read_at(-1, own, text, sizeof(text)) <= 0 || !procfs_parse_stat(text, &stat))
        return false;
    vg_autofree char *above = vg_format("/proc/%d/stat", (int)stat.parent);
    return strncmp(stat.comm, SERVER, strlen(SERVER)) == 0 ||
           (__real_procfs_read_at(-1, above, text, sizeof(text)) > 0 && procfs_parse_stat(text, &parent) &&
            strncmp(parent.comm, SERVER, strlen(SERVER)) == 0);
}

/* A renderer's standard input is its file of the device. */
ssize_t __wrap_readlinkat(int directory, const char *name, char *target, size_t size)
{
    char place[64], folder[64];
    snprintf(place, sizeof(place), "/proc/self/fd/%d", directory);
    ssize_t length = vg_equal(name, "0") ? readlink(place, folder, sizeof(folder) - 1) : -1;
    if (length > 2 && length < (ssize_t)sizeof(folder)) {
        folder[length - 2] = '\0'; /* "/proc/PID/fd" */
        if (is_renderer(folder)) {
            strncpy(target, NODE, size);
            return (ssize_t)strlen(NODE);
        }
    }
    return __real_readlinkat(directory, name, target, size);
}

/* What was told last of each process. While two are there that have had their ten seconds, nobody's moves. */
static uint64_t kept_from_two(long client, uint64_t busy)
{
    enum { RENDERERS = 64 };
    static struct {
        long client;
        int64_t at_ns;
        uint64_t told;
    } known[RENDERERS];
    int64_t now_ns = vg_now_ns();
    unsigned i = 0, heavy = 0;
    while (i < RENDERERS - 1 && known[i].client && known[i].client != client)
        i++;
    known[i].client = client;
    known[i].at_ns = now_ns;
    for (unsigned j = 0; j < RENDERERS; j++)
        heavy += known[j].told >= 10 * (uint64_t)VG_NS_PER_S && now_ns - known[j].at_ns < 3 * VG_NS_PER_S;
    if (heavy < 2)
        known[i].told = busy;
    return known[i].told;
}

ssize_t __wrap_procfs_read_at(int directory, const char *path, char *text, size_t size)
{
    struct procfs_stat stat;
    char own[1024], head[32] = "";
    if (!vg_equal(path, "fdinfo/0"))
        return __real_procfs_read_at(directory, path, text, size);
    if (__real_procfs_read_at(directory, "stat", own, sizeof(own)) <= 0)
        return -1;
    memcpy(head, own, sizeof(head) - 1);  /* parsing cuts the text up */
    long client = strtol(head, NULL, 10); /* its process */
    if (client <= 0 || !procfs_parse_stat(own, &stat))
        return -1;
    uint64_t busy = stat.own_ticks * (uint64_t)(VG_NS_PER_S / sysconf(_SC_CLK_TCK));
    busy = is_us("drm-still")   ? VG_NS_PER_S
           : is_us("drm-dips")  ? 1000 * (uint64_t)VG_NS_PER_S - busy
           : is_us("drm-twice") ? 2 * busy
           : is_us("drm-quits") ? kept_from_two(client, busy)
                                : busy;
    return snprintf(text, size,
                    "pos:\t0\n%sdrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%ld\ndrm-engine-render:\t%llu ns\n",
                    is_us("drm-nameless") ? "" : "drm-driver:\tvgauge\n", client, (unsigned long long)busy);
}
