/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the manager grow with each vGPU that came and went? */
#include "judge/internal.h"

struct vg_line vg_walk_memory(const struct vg_walk *walk)
{
    vg_autofree double *rounds = vg_calloc(walk->step_count + 1, sizeof(*rounds));
    vg_autofree double *bytes = vg_calloc(walk->step_count + 1, sizeof(*bytes));
    size_t count = 0;
    for (unsigned i = 0; i < walk->step_count; i++)
        if (walk->steps[i].op == VG_STEP_HELD && walk->steps[i].type == VG_HELD_MEMORY) {
            rounds[count] = (double)walk->steps[i].round;
            bytes[count++] = (double)walk->steps[i].seen;
        }
    struct vg_line line = vg_line_fit(rounds, bytes, count, 0.95);
    line.count = count;
    return line;
}
