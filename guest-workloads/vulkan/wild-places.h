/* SPDX-License-Identifier: MIT */
/* Where out-of-bounds accesses go, and what a robust one may give: pure, so that it can be tested by hand. */
#ifndef VG_WILD_PLACES_H
#define VG_WILD_PLACES_H

#include <stdbool.h>
#include <stdint.h>

enum wild_kind {
    WILD_NEXT,     /* from the first element behind the end */
    WILD_NEAR,     /* within the next pages */
    WILD_FAR,      /* megabytes away */
    WILD_4_GIB,    /* the byte offset passes 2^32 */
    WILD_NEGATIVE, /* before the start, as a 32-bit index wraps */
    WILD_RANDOM,   /* anywhere a 32-bit index reaches, beyond the end */
    WILD_KINDS
};
extern const char *const wild_kind_names[WILD_KINDS];

#define WILD_SPAN 32 /* words of 32 bits that one case touches, as in the shaders */

/* The same number for the same arguments, everywhere. */
uint64_t wild_mix(uint64_t x);
/* Index of the first word that case `number` touches in a buffer of `words` words of 32 bits. Never within it. */
uint32_t wild_index(enum wild_kind kind, uint64_t number, uint32_t words);
/* What the target's word at `index` holds before the attack: never zero. */
uint32_t wild_own_word(uint32_t index);
/* Whether a robust read may give this: zero, or a word of the target itself (whose memory ends with it). Vulkan 1.3,
 * "Robust Buffer Access". */
bool wild_value_allowed(uint32_t value, uint32_t words);

#endif
