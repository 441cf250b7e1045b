/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what a person sees while a plan runs. On a terminal one live line, redrawn in place; elsewhere
 * a line for each step. Either way a permanent line for each finished instance. */
#ifndef VG_COMMAND_PROGRESS_H
#define VG_COMMAND_PROGRESS_H

#include "engine/engine.h"

/* One display per process, because messages (vg_log) must be able to clear its line. */
const struct vg_engine_observer *cmd_progress_begin(const struct vg_schedule *schedule);
/* Instances that were judged and not skipped. */
unsigned cmd_progress_tested(void);
void cmd_progress_end(void);

#endif
