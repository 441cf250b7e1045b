/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what a plan asks of a host, for `vgauge describe PLAN`. */
#ifndef VG_COMMANDS_DUTIES_H
#define VG_COMMANDS_DUTIES_H

#include "commands/command.h"
#include "engine/engine.h"

struct cmd_duty_source {
    const struct vg_catalog *catalog; /* with what the plan sets already set */
    const struct vg_plan *plan;
    const struct vg_host *host;
    const char *mechanisms; /* globs over the host's mechanisms; NULL: all */
};
/* Appends an object for each mechanism to list; list NULL: prints it for people. False for globs that no mechanism of
 * the host matches. */
bool cmd_duties(const struct cmd_duty_source *source, json_t *list, struct vg_error *err);

#endif
