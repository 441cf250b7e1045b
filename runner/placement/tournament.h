/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to placement/: bytes of many players, of which the least, and the first that has it, are known at once. Over
 * each 64 players stands their least byte, over each 64 of these theirs, and so on: a change looks at one line of 64
 * bytes per level, and there are three levels for 262,144 players. */
#ifndef VG_PLACEMENT_TOURNAMENT_H
#define VG_PLACEMENT_TOURNAMENT_H

#include <stdint.h>
#include "base/base.h"

enum { VG_TOURNAMENT_LEVELS = 4, VG_TOURNAMENT_LINE = 64, VG_TOURNAMENT_ABSENT = 0xff };

struct vg_tournament {
    uint8_t *level[VG_TOURNAMENT_LEVELS]; /* [0]: the players, padded with ABSENT */
    unsigned levels;
};

/* All players ABSENT; at most 64^4. */
void vg_tournament_new(struct vg_tournament *tournament, unsigned players);
void vg_tournament_free(struct vg_tournament *tournament);
void vg_tournament_set(struct vg_tournament *tournament, unsigned player, uint8_t value);
/* The least value; *first: the first player that has it. */
uint8_t vg_tournament_least(const struct vg_tournament *tournament, unsigned *first);

#endif
