/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: the boots of `vgauge ab`, pair by pair, as runs below one directory: OUT/a/001, OUT/b/001, ...
 * A pair of which a boot was no steady one is made again, before anybody looked at what it compared. */
#ifndef VG_COMMAND_PAIRS_H
#define VG_COMMAND_PAIRS_H

#include "catalog/catalog.h"

struct cmd_pairs {
    const char *hosts[2]; /* a, b */
    const char *out;
    const char **passed; /* options of `run`, in their long form; owned texts */
    size_t passed_count;
    unsigned pairs;
    bool turns;      /* both boots of a pair live at once and take turns phase by phase */
    unsigned again;  /* most pairs that are made again */
    unsigned repeat; /* pairs that were; what they were before is below OUT/unsteady */
    bool looked;     /* what a user's file says of steady boots names metrics that these have */
};
/* policy->steady says what a steady boot is; a boot that is no result (exit status 3) is none either. Once there were
 * `again` of them pairs stay as they are. False also if a run was interrupted, and, after the first pair that is a
 * result, if a user's `steady` names a metric that there is not. */
bool cmd_pairs_make(struct cmd_pairs *pairs, const struct vg_gate_policy *policy, struct vg_error *err);
/* Where a run of side 0 (A) or 1 (B) is, pairs counted from 0. Caller frees. */
char *cmd_pairs_place(const struct cmd_pairs *pairs, unsigned side, unsigned pair);

#endif
