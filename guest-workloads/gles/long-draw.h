/* SPDX-License-Identifier: MIT */
/* A draw of one point that takes as long as it is told to: its shader takes a walk whose every step needs the one
 * before it, and leaves where it ended in the cell's words (cells.h). A draw that did not walk, or not so far, is
 * found. */
#ifndef VG_GLES_LONG_DRAW_H
#define VG_GLES_LONG_DRAW_H

#include <stdint.h>

#define LONG_DRAW_STEPS 64    /* of the walk in a round */
#define LONG_DRAW_MOST  60000 /* rounds; llvmpipe ends every loop after 65,535 */

/* Fragment shader with the uniforms `number` (of the draw) and `rounds`. */
extern const char long_draw_fragment[];
/* Where the walk ends: what a draw's fourth word has besides a tiny one's. 0 after 0 rounds. */
uint32_t long_draw_walk(uint32_t rounds);

#endif
