/* SPDX-License-Identifier: MIT */
/* Small pictures and what every correct renderer makes of them, computed on the CPU from their definition: nothing in
 * them is taken from a renderer. Rows count as fragment coordinates do, from 0; `salt` makes every round another
 * picture. The fragment shaders (shaders/golden.frag, gles/golden.c) state the same definitions. */
#ifndef VG_GOLDEN_H
#define VG_GOLDEN_H

#include <stdbool.h>
#include <stdint.h>
#include "common/checks.h"

#define GOLDEN_SIDE 64

enum golden_scene { GOLDEN_TRIANGLE, GOLDEN_TEXTURE, GOLDEN_DEPTH, GOLDEN_BLEND, GOLDEN_SCENES };
extern const char *const golden_names[GOLDEN_SCENES];

/* Corners of the triangle, in normalised device coordinates. */
extern const float golden_corners[3][2];
/* What the target is cleared to before the scene, 0 .. 255. */
extern const uint8_t golden_background[4];

/* The texture's texels, RGBA8, GOLDEN_SIDE along a side. */
void golden_texture(uint32_t salt, uint8_t *texels);
/* The colour of a pixel. False: it lies on an edge, and renderers may differ. */
bool golden_pixel(enum golden_scene scene, uint32_t salt, int x, int y, uint8_t rgba[4]);
/* Compares a whole picture, 4 bytes a pixel: channels may differ by one step of 255 (VGPU-API-006). Counts pixels under
 * the scene's name. */
void golden_compare(struct vg_checks *checks, enum golden_scene scene, uint32_t salt, const uint8_t *picture);

#endif
