/* SPDX-License-Identifier: MIT */
/* The processes that descend from some roots, kept up to date cheaply: /proc is only searched when the kernel has given
 * out a new process number since the last look, and then only below the roots. */
#ifndef VG_TREE_H
#define VG_TREE_H

#include "base/base.h"
#include "procfs.h"

struct tree_thread {
    pid_t tid;
    int fd;         /* its CPU file, kept open; -1: not opened, or closed again to save descriptors */
    bool listed;    /* seen in the last search */
    unsigned looks; /* how often its name was due to be read */
    char comm[PROCFS_COMM];
    uint64_t run_ns, wait_ns; /* for the owner of the tree: last values */
};

struct tree_process {
    pid_t pid;
    const char *tenant; /* the root's name, owned by the tree */
    bool is_root;
    bool below_renderer; /* itself or an ancestor is a render server */
    bool fresh;          /* found in the last update */
    bool gone;           /* vanished in the update that is under way */
    int directory;       /* /proc/PID, so that a reused number cannot be mistaken for this process */
    struct procfs_stat stat;
    struct tree_thread *threads;
    size_t thread_count;
    uint64_t ended_ns;              /* for the owner of the tree: CPU time of threads that ended */
    uint64_t unseen_ns;             /* ... and of threads that came and went between two looks */
    uint64_t last_own, last_reaped; /* ... and ticks when last looked at */
    uint64_t expected;              /* ... and ticks of children that vanished and may still come back as reaped */
};

struct tree_root {
    const char *tenant;
    pid_t pid;
};

struct tree {
    int proc; /* root/proc */
    pid_t last_pid;
    struct tree_process **processes; /* parents before the children that they had when these were found */
    size_t count;
    bool truncated; /* there were more processes or threads than are followed */
    char **names;   /* of tenants; pointers stay valid */
    size_t name_count;
    /* Called before a thread is forgotten; may be NULL. */
    void (*thread_ended)(struct tree_process *process, struct tree_thread *thread);
    /* Called for a process that vanished, children before parents; parent: NULL if it is not followed. May be NULL. */
    void (*process_ended)(const struct tree_process *process, struct tree_process *parent);
};

bool tree_open(struct tree *tree, const char *root, struct vg_error *err);
void tree_close(struct tree *tree);
/* Roots come and go between calls; a root that vanished is no error. Every process in tree->processes was alive when
 * this looked at it, and its stat is current. */
void tree_update(struct tree *tree, const struct tree_root *roots, size_t root_count);

#endif
