/* SPDX-License-Identifier: MIT */
/* The closed form of a walk (walk.h). */
#include "vulkan/walk.h"

/* Composes the step with itself by squaring: O(log iterations). */
struct walk walk_of(uint32_t iterations)
{
    struct walk walk = { .iterations = iterations, .scale = 1, .offset = 0 };
    uint32_t step_scale = WALK_MULTIPLIER, step_offset = WALK_INCREMENT;
    for (uint32_t rest = iterations; rest; rest >>= 1) {
        if (rest & 1) {
            walk.scale *= step_scale;
            walk.offset = walk.offset * step_scale + step_offset;
        }
        step_offset *= step_scale + 1;
        step_scale *= step_scale;
    }
    return walk;
}
