/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the control groups that the reference scheduler makes, version 1 or 2. All paths lie below a
 * root, so that the same code runs against a tree of plain files. */
#ifndef VG_MECHANISM_CGROUP_H
#define VG_MECHANISM_CGROUP_H

#include "base/base.h"

struct vg_cgroups {
    unsigned version; /* 1 or 2 */
    char *cpu;        /* directories to make groups in; the same one in version 2 */
    char *cpuset;
};

/* Where groups with the cpu and cpuset controllers can be made. The error says why they cannot. */
bool vg_cgroups_find(const char *root, struct vg_cgroups *groups, struct vg_error *err);
void vg_cgroups_free(struct vg_cgroups *groups);
/* Removes empty groups vgauge-PID-... whose process does not exist. Returns how many. */
unsigned vg_cgroups_sweep(const struct vg_cgroups *groups);

struct vg_cgroup_limit {
    unsigned period_us;
    unsigned quota_us; /* of all cores together, per period; 0: none */
    unsigned weight;   /* 1 is the ordinary one */
};

/* cpu.max: "max 100000" or "5000 20000". */
bool vg_cgroup_parse_maximum(const char *text, struct vg_cgroup_limit *limit);
/* Each one reads back what it wrote. */
bool vg_cgroup_make(const struct vg_cgroups *groups, const char *name, const char *cores, struct vg_error *err);
bool vg_cgroup_set_limit(const struct vg_cgroups *groups, const char *name, const struct vg_cgroup_limit *limit,
                         struct vg_error *err);
/* What the kernel has now. */
bool vg_cgroup_get_limit(const struct vg_cgroups *groups, const char *name, struct vg_cgroup_limit *limit,
                         struct vg_error *err);
bool vg_cgroup_has(const struct vg_cgroups *groups, const char *name, pid_t pid);
bool vg_cgroup_add(const struct vg_cgroups *groups, const char *name, pid_t pid, struct vg_error *err);
/* Processes that are left in it are moved to the parent. */
bool vg_cgroup_remove(const struct vg_cgroups *groups, const char *name, struct vg_error *err);

#endif
