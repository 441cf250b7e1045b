/* SPDX-License-Identifier: MIT */
/* The grid into which gl-submit-latency draws: what draw N must leave in its cell, and which draws are proved by what
 * was read back. A submission has one draw or a batch of them. A cell is reused after as many draws as the grid has
 * cells, so the grid is looked at before that. */
#ifndef VG_GLES_CELLS_H
#define VG_GLES_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELLS_SIDE       64
#define CELLS_SIDE_BATCH 512 /* of batches: looking at the grid is a command itself, and must stay rare */
#define CELL_WORDS       4

struct cells {
    uint32_t side;      /* cells in a row and in a column; a power of two */
    uint32_t batch;     /* draws in a submission; at most the cells of the grid */
    uint32_t every;     /* every how many submissions the last draw of one is proved by itself, before the next */
    uint32_t submitted; /* the newest draw's number; they count from 1 */
    uint32_t checked;   /* draws up to this one were found in a grid */
    uint32_t each;      /* draws that were proved by themselves */
    uint32_t walked;    /* where the draws' walk ends (long-draw.h); 0: they take none */
};

static inline uint32_t cells_count(const struct cells *cells)
{
    return cells->side * cells->side;
}

static inline uint32_t cells_place(const struct cells *cells, uint32_t number)
{
    return number % cells_count(cells);
}
void cells_expect(uint32_t number, uint32_t words[CELL_WORDS]);

/* True if the newest draw is to be read back now, after its submission. */
bool cells_one_due(const struct cells *cells);
/* The newest draw's cell, as it was read back. False, and nothing is proved, if it is wrong. */
bool cells_check_one(struct cells *cells, const uint32_t words[CELL_WORDS]);
/* True if the next submission would reuse a cell that no look at the grid has seen. */
bool cells_grid_due(const struct cells *cells);
/* The whole grid, as it was read back. 0, or the number of the first draw since the last grid that is wrong. */
uint32_t cells_check_grid(struct cells *cells, const uint32_t *words);

#endif
