/* SPDX-License-Identifier: MIT */
/* Fixed pieces of work whose time tells how fast a core is at the moment. */
#ifndef VG_CORE_LOOPS_H
#define VG_CORE_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/* A core shared with another hardware thread slows different work down differently, so that one kind of work would
 * misjudge another. These are the kinds that a software renderer's inner loops consist of. */
enum core_loop { CORE_LOOP_FLOAT_ARRAY, CORE_LOOP_INTEGER_CHAINS, CORE_LOOP_INTEGER_ARRAY, CORE_LOOPS };

/* Data of the loops; 32 KiB, which stays in a first-level cache. One per thread. */
struct core_loop_data;
struct core_loop_data *core_loop_data_new(void);
void core_loop_data_free(struct core_loop_data *data);
/* Runs `passes` of a loop. What a pass does is the same on every call and machine of one instruction set. */
void core_loop_run(struct core_loop_data *data, enum core_loop loop, unsigned passes);
/* Whether 256-bit integer instructions are used: figures with and without are not comparable. */
const char *core_loop_instruction_set(void);

#endif
