/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control groups with limits. Version 1 has a hierarchy per controller and other file names; what is written means the
 * same in both. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include "mechanism/cgroup.h"
#include "base/sysfs-text.h"

#define PREFIX       "vgauge-"
#define SHARES_ONE   1024 /* version 1's ordinary cpu.shares */
#define WEIGHT_ONE   100  /* version 2's ordinary cpu.weight */
#define REMOVE_TRIES 100
#define REMOVE_STEP  (10 * VG_NS_PER_MS)

/* --- one group ---------------------------------------------------------------------------------------------------- */

static bool write_and_read_back(const char *directory, const char *name, const char *file, const char *value,
                                struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/%s", directory, name, file);
    vg_autofree char *now = NULL;
    if (!vg_write_attribute(path, value, err) || !vg_read_attribute(path, &now, err))
        return false;
    return strcmp(now, value) == 0 ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s was set to `%s`, but reads `%s`", path, value, now);
}

static bool make_directory(const char *parent, const char *name, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", parent, name);
    return mkdir(path, 0755) == 0 || errno == EEXIST ||
           vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make the control group %s", path);
}

/* The kernel writes lists its own way ("0-1" for "0,1"): compared as sets. */
static bool set_cores(const struct vg_cgroups *groups, const char *name, const char *cores, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/cpuset.cpus", groups->cpuset, name);
    vg_autofree char *now = NULL;
    cpu_set_t wanted, got;
    if (!vg_parse_cpu_list(cores, &wanted))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no list of cores such as 0-3,5", cores);
    if (!vg_write_attribute(path, cores, err))
        return vg_wrap(err, "does this host have the cores %s, and may they be used", cores);
    if (!vg_read_attribute(path, &now, err))
        return false;
    return (vg_parse_cpu_list(now, &got) && CPU_EQUAL(&wanted, &got)) ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s was set to `%s`, but reads `%s`", path, cores, now);
}

/* A version 1 cpuset starts without memory nodes and takes no process until it has some. */
static bool copy_memory_nodes(const struct vg_cgroups *groups, const char *name, struct vg_error *err)
{
    vg_autofree char *theirs = vg_format("%s/cpuset.mems", groups->cpuset);
    vg_autofree char *nodes = NULL;
    return vg_read_attribute(theirs, &nodes, err) &&
           write_and_read_back(groups->cpuset, name, "cpuset.mems", nodes, err);
}

bool vg_cgroup_make(const struct vg_cgroups *groups, const char *name, const char *cores, struct vg_error *err)
{
    return make_directory(groups->cpu, name, err) && make_directory(groups->cpuset, name, err) &&
           set_cores(groups, name, cores, err) && (groups->version == 2 || copy_memory_nodes(groups, name, err));
}

bool vg_cgroup_set_limit(const struct vg_cgroups *groups, const char *name, const struct vg_cgroup_limit *limit,
                         struct vg_error *err)
{
    if (groups->version == 2) {
        vg_autofree char *most = limit->quota_us ? vg_format("%u %u", limit->quota_us, limit->period_us)
                                                 : vg_format("max %u", limit->period_us);
        vg_autofree char *weight = vg_format("%u", limit->weight * WEIGHT_ONE);
        return write_and_read_back(groups->cpu, name, "cpu.max", most, err) &&
               write_and_read_back(groups->cpu, name, "cpu.weight", weight, err);
    }
    vg_autofree char *period = vg_format("%u", limit->period_us);
    vg_autofree char *quota = limit->quota_us ? vg_format("%u", limit->quota_us) : vg_strdup("-1");
    vg_autofree char *shares = vg_format("%u", limit->weight * SHARES_ONE);
    return write_and_read_back(groups->cpu, name, "cpu.cfs_period_us", period, err) &&
           write_and_read_back(groups->cpu, name, "cpu.cfs_quota_us", quota, err) &&
           write_and_read_back(groups->cpu, name, "cpu.shares", shares, err);
}

static bool read_number(const struct vg_cgroups *groups, const char *name, const char *file, long long *value,
                        struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/%s", groups->cpu, name, file);
    vg_autofree char *text = NULL;
    if (!vg_read_attribute(path, &text, err))
        return false;
    return vg_parse_int(text, value) || vg_fail(err, VG_ERROR_ENVIRONMENT, "%s reads `%s`, no number", path, text);
}

bool vg_cgroup_parse_maximum(const char *text, struct vg_cgroup_limit *limit)
{
    char quota[24], period[24], rest;
    uint64_t number;
    limit->quota_us = 0;
    if (sscanf(text, "%23s %23s %c", quota, period, &rest) != 2 || !vg_sysfs_number(period, UINT32_MAX, &number))
        return false;
    limit->period_us = (unsigned)number;
    if (vg_equal(quota, "max"))
        return true;
    if (!vg_sysfs_number(quota, UINT32_MAX, &number))
        return false;
    limit->quota_us = (unsigned)number;
    return true;
}

static bool read_maximum(const struct vg_cgroups *groups, const char *name, struct vg_cgroup_limit *limit,
                         struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/cpu.max", groups->cpu, name);
    vg_autofree char *text = NULL;
    if (!vg_read_attribute(path, &text, err))
        return false;
    return vg_cgroup_parse_maximum(text, limit) ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s reads `%s`, which cannot be understood", path, text);
}

bool vg_cgroup_get_limit(const struct vg_cgroups *groups, const char *name, struct vg_cgroup_limit *limit,
                         struct vg_error *err)
{
    long long weight, period, quota;
    *limit = (struct vg_cgroup_limit) { 0 };
    if (groups->version == 2) {
        if (!read_maximum(groups, name, limit, err) || !read_number(groups, name, "cpu.weight", &weight, err))
            return false;
        limit->weight = (unsigned)((weight + WEIGHT_ONE / 2) / WEIGHT_ONE);
        return true;
    }
    if (!read_number(groups, name, "cpu.cfs_period_us", &period, err) ||
        !read_number(groups, name, "cpu.cfs_quota_us", &quota, err) ||
        !read_number(groups, name, "cpu.shares", &weight, err))
        return false;
    limit->period_us = (unsigned)period;
    limit->quota_us = quota > 0 ? (unsigned)quota : 0;
    limit->weight = (unsigned)((weight + SHARES_ONE / 2) / SHARES_ONE);
    return true;
}

static bool listed(const char *directory, const char *name, pid_t pid)
{
    vg_autofree char *path = vg_format("%s/%s/cgroup.procs", directory, name);
    vg_autofree char *text = NULL;
    struct vg_error error = { 0 };
    if (!vg_read_attribute(path, &text, &error))
        return false;
    for (char *rest = text, *end;; rest = end) {
        long member = strtol(rest, &end, 10);
        if (end == rest)
            return false;
        if (member == pid)
            return true;
    }
}

bool vg_cgroup_has(const struct vg_cgroups *groups, const char *name, pid_t pid)
{
    return listed(groups->cpu, name, pid) && listed(groups->cpuset, name, pid);
}

static bool add_to(const char *directory, const char *name, pid_t pid, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/cgroup.procs", directory, name);
    vg_autofree char *text = vg_format("%d", (int)pid);
    return vg_write_attribute(path, text, err);
}

bool vg_cgroup_add(const struct vg_cgroups *groups, const char *name, pid_t pid, struct vg_error *err)
{
    return add_to(groups->cpuset, name, pid, err) && (groups->version == 2 || add_to(groups->cpu, name, pid, err));
}

static void for_members(const char *parent, const char *name, void (*action)(const char *parent, pid_t member))
{
    vg_autofree char *path = vg_format("%s/%s/cgroup.procs", parent, name);
    vg_autofree char *text = NULL;
    struct vg_error error = { 0 };
    if (!vg_read_attribute(path, &text, &error))
        return;
    for (char *rest = text, *end;; rest = end) {
        long member = strtol(rest, &end, 10);
        if (end == rest)
            return;
        if (member > 1)
            action(parent, (pid_t)member);
    }
}

static void evict(const char *parent, pid_t member)
{
    struct vg_error error = { 0 };
    add_to(parent, ".", member, &error);
}

static void kill_member(const char *parent, pid_t member)
{
    (void)parent;
    vg_warn("killing process %d, a renderer that a run that died left behind", (int)member);
    kill(member, SIGKILL);
}

/* The kernel lets go of a process a moment after it was collected. */
static bool remove_from(const char *parent, const char *name, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", parent, name);
    for (int try = 0; try < REMOVE_TRIES; try++) {
        if (rmdir(path) == 0 || errno == ENOENT)
            return true;
        if (errno != EBUSY)
            break;
        if (try == REMOVE_TRIES / 2)
            for_members(parent, name, evict);
        vg_sleep_ns(REMOVE_STEP);
    }
    return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot remove the control group %s", path);
}

bool vg_cgroup_remove(const struct vg_cgroups *groups, const char *name, struct vg_error *err)
{
    bool removed = remove_from(groups->cpu, name, err);
    return (groups->version == 2 || remove_from(groups->cpuset, name, err)) && removed;
}

/* A renderer outlives its VMM by a moment, and one whose VMM died before the runner did may wait for ever: whatever is
 * in a dead run's group is that run's. Whoever reaps VMs comes first. */
static bool sweep_one(const char *parent, const char *name)
{
    vg_autofree char *path = vg_format("%s/%s", parent, name);
    for (int try = 0; try < REMOVE_TRIES; try++) {
        if (rmdir(path) == 0 || errno == ENOENT)
            return true;
        if (errno != EBUSY)
            return false;
        if (try == REMOVE_TRIES / 2)
            for_members(parent, name, kill_member);
        vg_sleep_ns(REMOVE_STEP);
    }
    vg_warn("%s, a control group that a run that died left behind, still has processes that do not end", path);
    return false;
}

static unsigned sweep(const char *parent)
{
    unsigned removed = 0;
    vg_autodir DIR *directory = opendir(parent);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        long pid = strtol(entry->d_name + strlen(PREFIX), NULL, 10);
        if (pid <= 1 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        removed += sweep_one(parent, entry->d_name);
    }
    return removed;
}

unsigned vg_cgroups_sweep(const struct vg_cgroups *groups)
{
    unsigned removed = sweep(groups->cpu);
    return removed + (groups->version == 1 ? sweep(groups->cpuset) : 0);
}
