/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes and frees the sets of bitset.h. */
#include "placement/bitset.h"

void vg_bitset_new(struct vg_bitset *set, unsigned size)
{
    unsigned words[VG_BITSET_LEVELS], total = 0;
    for (unsigned i = 0, bits = size; i < VG_BITSET_LEVELS; i++) {
        words[i] = bits = bits / 64 + 1;
        total += words[i];
    }
    uint64_t *at = vg_calloc(total, sizeof(*at));
    for (unsigned i = 0; i < VG_BITSET_LEVELS; i++) {
        set->level[i] = at;
        at += words[i];
    }
    set->top_words = words[VG_BITSET_LEVELS - 1];
}

void vg_bitset_free(struct vg_bitset *set)
{
    free(set->level[0]);
    *set = (struct vg_bitset) { 0 };
}
