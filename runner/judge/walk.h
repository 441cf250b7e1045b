/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the replay of a walk: what is known of the driver after each step. */
#ifndef VG_JUDGE_WALK_H
#define VG_JUDGE_WALK_H

#include "judge/internal.h"

struct known {
    bool there, phantom, held;
    unsigned pgpu;
    uint64_t granted_bytes; /* 0: what its type says */
    struct vg_vgpu_instance instance;
};

struct replay {
    const struct vg_walk *walk;
    const char *policy;
    struct vg_walk_result *result;
    struct vg_pgpu_class *classes;
    struct vg_pgpu_state *states;
    bool *passed;
    struct known *known;
    unsigned known_count;
    uint64_t *filled;                                  /* per pGPU: bit i: types[i] was */
    unsigned *vfs_filled;                              /* per pGPU: most VFs that were, all that were enabled */
    unsigned next_counter, next_range, next_placement; /* the first row that was not judged yet */
    const struct vg_step *step;
};

/* The first thing that is wrong becomes the result's sentence: "Step 7 (create ...): WHAT". */
void walk_wrong(struct replay *replay, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* walk_readings.c: everything that was read after the step, beside the model. */
void walk_judge_readings(struct replay *replay);

#endif
