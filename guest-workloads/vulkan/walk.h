/* SPDX-License-Identifier: MIT */
/* The work of a compute job: every invocation walks some steps of a linear congruential generator (shaders/job.comp,
 * shaders/clocked_job.comp). The walk has a closed form, so that a result costs the CPU one multiplication to check,
 * and leaving steps out is not possible without being found out. */
#ifndef VG_VULKAN_WALK_H
#define VG_VULKAN_WALK_H

#include <stdint.h>

#define WALK_MULTIPLIER     UINT32_C(1664525)
#define WALK_INCREMENT      UINT32_C(1013904223)
#define WALK_MAX_ITERATIONS 0x40000000

struct walk {
    uint32_t iterations;
    uint32_t scale, offset; /* all of them at once: x -> x * scale + offset */
};

struct walk walk_of(uint32_t iterations);
/* What invocation `index` of job number `job` must write. */
static inline uint32_t walk_result(const struct walk *walk, uint32_t index, uint32_t job)
{
    return ((index + 1) * UINT32_C(0x9E3779B1) ^ job * UINT32_C(0x85EBCA6B)) * walk->scale + walk->offset;
}

#endif
