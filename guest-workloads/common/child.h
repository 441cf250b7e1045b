/* SPDX-License-Identifier: MIT */
/* A child process and what it writes, for a limited time: what attempt.h (functions) and program.h (programs) share. */
#ifndef VG_CHILD_H
#define VG_CHILD_H

#include "common/workload.h"

struct vg_child_kind {
    /* In the child, which the parent's death ends and whose signals are not caught. output: for what the parent is to
     * read. Does not return. */
    void (*enter)(void *argument, int output);
    /* In the parent: reads from output, whose reading never waits. Whether there was anything. */
    bool (*take)(void *argument, int output);
};

/* Runs a child until it ends, and for timeout_s at most, or until the workload is to stop: then it is killed, with its
 * process group if it leads one. *status: as of waitpid(2). Whether it ended by itself. Aborts the workload if there is
 * no process to be had. */
bool vg_child_run(struct vg_workload_context *context, const struct vg_child_kind *kind, void *argument, int timeout_s,
                  int *status);

#endif
