/* SPDX-License-Identifier: MIT */
/* The grid into which gl-submit-latency draws: what submission N must leave in its cell, and which submissions are
 * proved by what was read back. A cell is reused after CELLS submissions, so the grid is looked at before that. */
#ifndef VG_GLES_CELLS_H
#define VG_GLES_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELLS_SIDE 64
#define CELLS      (CELLS_SIDE * CELLS_SIDE)
#define CELL_WORDS 4

struct cells {
    uint32_t every;     /* every how many submissions one is proved by itself, before the next */
    uint32_t submitted; /* the newest submission's number; they count from 1 */
    uint32_t checked;   /* submissions up to this one were found in a grid */
    uint32_t each;      /* submissions that were proved by themselves */
};

static inline uint32_t cells_place(uint32_t number)
{
    return number % CELLS;
}
void cells_expect(uint32_t number, uint32_t words[CELL_WORDS]);

/* True if the newest submission is to be read back now. */
bool cells_one_due(const struct cells *cells);
/* The newest submission's cell, as it was read back. False, and nothing is proved, if it is wrong. */
bool cells_check_one(struct cells *cells, const uint32_t words[CELL_WORDS]);
/* True if the next submission would reuse a cell that no look at the grid has seen. */
bool cells_grid_due(const struct cells *cells);
/* The whole grid, as it was read back. 0, or the number of the first submission since the last grid that is wrong. */
uint32_t cells_check_grid(struct cells *cells, const uint32_t *words);

#endif
