/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to placement/: a set of small numbers whose least member is found at once: a bit per number, and over each 64
 * of these a bit that says whether any is set, twice. */
#ifndef VG_PLACEMENT_BITSET_H
#define VG_PLACEMENT_BITSET_H

#include "base/base.h"
#include <stdint.h>

enum { VG_BITSET_LEVELS = 3 };

struct vg_bitset {
    uint64_t *level[VG_BITSET_LEVELS]; /* [0]: a bit per number; one allocation; NULL: empty */
    unsigned top_words;
};

void vg_bitset_new(struct vg_bitset *set, unsigned size);
void vg_bitset_free(struct vg_bitset *set);

static inline void vg_bitset_add(struct vg_bitset *set, unsigned number)
{
    for (unsigned i = 0; i < VG_BITSET_LEVELS; i++, number /= 64)
        set->level[i][number / 64] |= UINT64_C(1) << (number % 64);
}

/* True if the set is empty now. */
static inline bool vg_bitset_remove(struct vg_bitset *set, unsigned number)
{
    for (unsigned i = 0; i < VG_BITSET_LEVELS; i++, number /= 64)
        if (set->level[i][number / 64] &= ~(UINT64_C(1) << (number % 64)))
            return false;
    for (unsigned i = 0; i < set->top_words; i++)
        if (set->level[VG_BITSET_LEVELS - 1][i])
            return false;
    return true;
}

/* The least member of a set that is not empty. */
static inline unsigned vg_bitset_first(const struct vg_bitset *set)
{
    unsigned at = 0;
    while (!set->level[VG_BITSET_LEVELS - 1][at])
        at++;
    for (unsigned i = VG_BITSET_LEVELS; i--;)
        at = at * 64 + (unsigned)__builtin_ctzll(set->level[i][at]);
    return at;
}

#endif
