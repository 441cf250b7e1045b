/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what `vgauge place` measures of one policy, and the ways to show several. */
#ifndef VG_COMMAND_PLACE_H
#define VG_COMMAND_PLACE_H

#include "commands/command.h"
#include "placement/placement.h"

enum { CMD_PLACE_SAMPLES = 120 };

struct cmd_placing {
    const struct vg_placement_policy *policy;
    size_t placed, refused[VG_REFUSED_UNSUPPORTED + 1];
    int64_t busy_ns; /* core time for deciding, creating and destroying; measuring the fleet is not counted */
    double time_s[CMD_PLACE_SAMPLES], utilisation[CMD_PLACE_SAMPLES], occupied[CMD_PLACE_SAMPLES],
        fragmentation[CMD_PLACE_SAMPLES];
    size_t samples;
};

/* Sends the stream through the policy; decisions go to out, if there is one, as CSV lines. */
bool cmd_place_run(struct cmd_placing *placing, const struct vg_placement_policy *policy,
                   const struct vg_fleet_file *file, const struct vg_fleet *fleet,
                   const struct vg_request_stream *stream, FILE *out, struct vg_error *err);
void cmd_place_print(const struct cmd_placing *placings, unsigned count, const struct vg_fleet_file *file,
                     const struct vg_request_stream *stream, FILE *to);
json_t *cmd_place_to_json(const struct cmd_placing *placings, unsigned count, const struct vg_fleet_file *file,
                          const struct vg_request_stream *stream);

#endif
