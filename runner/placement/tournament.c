/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See tournament.h. */
#include "placement/tournament.h"

void vg_tournament_new(struct vg_tournament *tournament, unsigned players)
{
    *tournament = (struct vg_tournament) { 0 };
    for (unsigned count = players ? players : 1; tournament->levels < VG_TOURNAMENT_LEVELS;) {
        unsigned lines = (count + VG_TOURNAMENT_LINE - 1) / VG_TOURNAMENT_LINE;
        size_t bytes = (size_t)lines * VG_TOURNAMENT_LINE;
        uint8_t *level = aligned_alloc(VG_TOURNAMENT_LINE, bytes); /* a line is one line of the cache */
        if (!level)
            vg_out_of_memory();
        memset(level, VG_TOURNAMENT_ABSENT, bytes);
        tournament->level[tournament->levels++] = level;
        if (lines == 1)
            return;
        count = lines;
    }
}

void vg_tournament_free(struct vg_tournament *tournament)
{
    for (unsigned i = 0; i < tournament->levels; i++)
        free(tournament->level[i]);
    *tournament = (struct vg_tournament) { 0 };
}

/* Written so that the compiler takes it for a reduction over vectors. */
static uint8_t least_of(const uint8_t *line)
{
    uint8_t least = VG_TOURNAMENT_ABSENT;
    for (unsigned i = 0; i < VG_TOURNAMENT_LINE; i++)
        least = line[i] < least ? line[i] : least;
    return least;
}

void vg_tournament_set(struct vg_tournament *tournament, unsigned player, uint8_t value)
{
    for (unsigned i = 0; i < tournament->levels; i++) {
        uint8_t *at = &tournament->level[i][player], before = *at;
        if (before == value)
            return;
        *at = value;
        if (i + 1 == tournament->levels)
            return;
        player /= VG_TOURNAMENT_LINE;
        uint8_t least = tournament->level[i + 1][player];
        if (value > least) {
            if (before > least)
                return;
            value = least_of(&tournament->level[i][player * VG_TOURNAMENT_LINE]);
        }
    }
}

/* Eight bytes at a time; a zero byte of `differs` is a hit. */
static unsigned first_of(const uint8_t *line, uint8_t value)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    unsigned at = 0;
    for (; at < VG_TOURNAMENT_LINE - sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t differs;
        memcpy(&differs, line + at, sizeof(differs));
        differs ^= ones * value;
        if ((differs - ones) & ~differs & tops)
            break;
    }
    while (line[at] != value)
        at++;
    return at;
}

uint8_t vg_tournament_least(const struct vg_tournament *tournament, unsigned *first)
{
    unsigned level = tournament->levels - 1, line = 0;
    uint8_t least = least_of(tournament->level[level]);
    for (;; level--) {
        line =
            line * VG_TOURNAMENT_LINE + first_of(&tournament->level[level][(size_t)line * VG_TOURNAMENT_LINE], least);
        if (!level)
            break;
    }
    *first = line;
    return least;
}
