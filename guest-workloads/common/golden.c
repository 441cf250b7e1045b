/* SPDX-License-Identifier: MIT */
/* The pictures of golden.h. */
#include "common/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALPHA = 128 };

const char *const golden_names[GOLDEN_SCENES] = { "triangle", "texture", "depth", "blend" };
const float golden_corners[3][2] = { { -0.9f, -0.8f }, { 0.85f, -0.3f }, { -0.2f, 0.9f } };
const uint8_t golden_background[4] = { 200, 100, 50, 255 };

static void pattern(uint32_t salt, int x, int y, uint8_t rgba[4])
{
    rgba[0] = (uint8_t)(x * 4 + (int)(salt & 3));
    rgba[1] = (uint8_t)(y * 4);
    rgba[2] = (uint8_t)((x ^ y) + (int)(salt & 127));
    rgba[3] = 255;
}

static void texel_at(uint32_t salt, int u, int v, uint8_t texel[4])
{
    texel[0] = (uint8_t)(u * 4);
    texel[1] = (uint8_t)(v * 4);
    texel[2] = (uint8_t)(u * v + (int)(salt & 255));
    texel[3] = 255;
}

void golden_texture(uint32_t salt, uint8_t *texels)
{
    for (int v = 0; v < GOLDEN_SIDE; v++)
        for (int u = 0; u < GOLDEN_SIDE; u++)
            texel_at(salt, u, v, texels + 4 * (v * GOLDEN_SIDE + u));
}

/* Signed distance to each side in pixels; all of one sign inside. */
static bool in_triangle(int x, int y, bool *edge)
{
    double px = x + 0.5, py = y + 0.5;
    int left = 0;
    *edge = false;
    for (int i = 0; i < 3; i++) {
        const float *a = golden_corners[i], *b = golden_corners[(i + 1) % 3];
        double ax = ((double)a[0] + 1) * GOLDEN_SIDE / 2, ay = ((double)a[1] + 1) * GOLDEN_SIDE / 2;
        double bx = ((double)b[0] + 1) * GOLDEN_SIDE / 2, by = ((double)b[1] + 1) * GOLDEN_SIDE / 2;
        double distance = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / hypot(bx - ax, by - ay);
        *edge = *edge || fabs(distance) < 0.05; /* coordinates have at least 4 bits below the pixel */
        left += distance > 0;
    }
    return left == 3 || left == 0;
}

bool golden_pixel(enum golden_scene scene, uint32_t salt, int x, int y, uint8_t rgba[4])
{
    bool edge = false;
    pattern(salt, x, y, rgba);
    switch (scene) {
    case GOLDEN_TRIANGLE:
        if (!in_triangle(x, y, &edge))
            for (int i = 0; i < 4; i++)
                rgba[i] = golden_background[i];
        return !edge;
    case GOLDEN_TEXTURE:
        texel_at(salt, (x * 5 + y * 3) % GOLDEN_SIDE, (x * 7 + y * 11) % GOLDEN_SIDE, rgba);
        return true;
    case GOLDEN_DEPTH: /* a rectangle in the middle, in front of one that is drawn after it */
        if (x >= GOLDEN_SIDE / 4 && x < GOLDEN_SIDE * 3 / 4 && y >= GOLDEN_SIDE / 4 && y < GOLDEN_SIDE * 3 / 4)
            for (int i = 0; i < 3; i++)
                rgba[i] = (uint8_t)(255 - rgba[i]);
        return true;
    default:
        for (int i = 0; i < 3; i++)
            rgba[i] = (uint8_t)lround((rgba[i] * (double)ALPHA + golden_background[i] * (double)(255 - ALPHA)) / 255);
        rgba[3] = (uint8_t)lround((ALPHA * (double)ALPHA + 255.0 * (255 - ALPHA)) / 255);
        return true;
    }
}

void golden_compare(struct vg_checks *checks, enum golden_scene scene, uint32_t salt, const uint8_t *picture)
{
    uint64_t tried = 0, wrong = 0;
    char first[VG_CHECK_FIRST] = "";
    for (int y = 0; y < GOLDEN_SIDE; y++)
        for (int x = 0; x < GOLDEN_SIDE; x++) {
            const uint8_t *is = picture + 4 * (y * GOLDEN_SIDE + x);
            uint8_t right[4];
            if (!golden_pixel(scene, salt, x, y, right))
                continue;
            bool same = true;
            for (int i = 0; i < 4; i++)
                same = same && abs(is[i] - right[i]) <= 1;
            tried++;
            if (!same && wrong++ == 0)
                snprintf(first, sizeof(first), "pixel (%d, %d) is (%d, %d, %d, %d), and (%d, %d, %d, %d) is right", x,
                         y, is[0], is[1], is[2], is[3], right[0], right[1], right[2], right[3]);
        }
    vg_check_many(checks, golden_names[scene], tried, wrong, "%s", first);
}
