/* SPDX-License-Identifier: MIT */
/* The arithmetic of the fragment shader in submit-latency.c, and the count of what was proved (cells.h). */
#include "gles/cells.h"

#include <string.h>

#define MULTIPLIER 2654435761u
#define ADDEND     0x5bd1e995u

void cells_expect(uint32_t number, uint32_t words[CELL_WORDS])
{
    uint32_t mixed = number * MULTIPLIER + ADDEND;
    words[0] = number;
    words[1] = mixed;
    words[2] = ~number;
    words[3] = mixed ^ (mixed >> 15);
}

static bool is_right(const struct cells *cells, uint32_t number, const uint32_t *words)
{
    uint32_t expected[CELL_WORDS];
    cells_expect(number, expected);
    expected[3] ^= cells->walked;
    return memcmp(expected, words, sizeof(expected)) == 0;
}

bool cells_one_due(const struct cells *cells)
{
    return cells->submitted / cells->batch % cells->every == 0;
}

bool cells_check_one(struct cells *cells, const uint32_t words[CELL_WORDS])
{
    if (!is_right(cells, cells->submitted, words))
        return false;
    cells->each++;
    return true;
}

bool cells_grid_due(const struct cells *cells)
{
    return cells->submitted - cells->checked + cells->batch > cells_count(cells);
}

uint32_t cells_check_grid(struct cells *cells, const uint32_t *words)
{
    for (uint32_t number = cells->checked + 1; number <= cells->submitted; number++)
        if (!is_right(cells, number, &words[(size_t)cells_place(cells, number) * CELL_WORDS]))
            return number;
    cells->checked = cells->submitted;
    return 0;
}
