/* SPDX-License-Identifier: MIT */
/* The walk of long-draw.h, for the GPU and for the CPU. The shift in each step keeps a compiler from making one step of
 * many. */
#include "gles/long-draw.h"

const char long_draw_fragment[] = "#version 300 es\n"
                                  "precision highp float;\n"
                                  "precision highp int;\n"
                                  "uniform uint number;\n"
                                  "uniform uint rounds;\n"
                                  "out uvec4 words;\n"
                                  "#define STEP at = at * 1664525u + 1013904223u; at ^= at >> 15;\n"
                                  "#define FOUR STEP STEP STEP STEP\n"
                                  "#define SIXTEEN FOUR FOUR FOUR FOUR\n"
                                  "void main() {\n"
                                  "    uint mixed = number * 2654435761u + 0x5bd1e995u;\n"
                                  "    uint at = 0u;\n"
                                  "    for (uint i = 0u; i < rounds; i++) {\n"
                                  "        SIXTEEN SIXTEEN SIXTEEN SIXTEEN\n"
                                  "    }\n"
                                  "    words = uvec4(number, mixed, ~number, mixed ^ (mixed >> 15) ^ at);\n"
                                  "}\n";

uint32_t long_draw_walk(uint32_t rounds)
{
    uint32_t at = 0;
    for (uint64_t step = 0; step < (uint64_t)rounds * LONG_DRAW_STEPS; step++) {
        at = at * 1664525u + 1013904223u;
        at ^= at >> 15;
    }
    return at;
}
