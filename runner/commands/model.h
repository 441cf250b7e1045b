/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: a host that is a model of vendors' drivers. */
#ifndef VG_COMMANDS_MODEL_H
#define VG_COMMANDS_MODEL_H

#include "catalog/catalog.h"

struct cmd_model;
/* Serves the host's model at a private directory and sets host->root to it. NULL with no error: the host has none.
 * VG_ERROR_ENVIRONMENT: FUSE cannot be used here, with the reason. */
struct cmd_model *cmd_model_start(struct vg_host *host, const char *programs, struct vg_error *err);
void cmd_model_stop(struct cmd_model *model); /* NULL is fine */
/* Unmounts and removes what killed models left in /tmp. Returns how many. */
unsigned cmd_model_sweep(void);

#endif
