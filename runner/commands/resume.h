/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: a run that goes on where an earlier process ended. */
#ifndef VG_COMMAND_RESUME_H
#define VG_COMMAND_RESUME_H

#include "engine/engine.h"

struct cmd_resume {
    struct vg_run *run;       /* opened by vg_run_resume; owned by the caller */
    struct vg_words finished; /* "TEST/INSTANCE", sorted */
};

/* The command line that made the run, for cmd_execute, with `--resumed=DIR` in place of --out. Caller frees with
 * vg_names_free. */
bool cmd_resume_arguments(const char *directory, char ***arguments, unsigned *count, struct vg_error *err);
/* Opens the run, refuses if host file, plan or a test are not what they were, and marks in the schedule what is done.
 */
bool cmd_resume_open(const char *directory, const struct vg_plan *plan, const struct vg_host *host,
                     struct vg_schedule *schedule, struct cmd_resume *resume, struct vg_error *err);

#endif
