/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: `vgauge run` as a process of its own, so that each run opens and closes its environment as if a
 * person had started it. */
#ifndef VG_COMMAND_AGAIN_H
#define VG_COMMAND_AGAIN_H

#include <sys/types.h>
#include "record/record.h"

/* The two halves of `vgauge run` with these arguments, for runs that live at the same time. kept_fd: a descriptor that
 * the child inherits; -1: none. *status: its exit status. False if it could not be started, was ended by a signal, or
 * left no run directory at out; interrupted: VG_ERROR_INTERRUPTED. */
bool cmd_start_vgauge(const char *const *arguments, unsigned count, const char *out, int kept_fd, pid_t *child,
                      struct vg_error *err);
bool cmd_wait_vgauge(pid_t child, const char *out, int *status, struct vg_error *err);
/* The command line that made `run` once more, for these tests (comma-separated) and that many boots, into out. It must
 * be started where the first one was if it named a host file by a relative path. */
bool cmd_run_again(const struct vg_run *run, const char *tests, unsigned boots, const char *out, int *status,
                   struct vg_error *err);

#endif
