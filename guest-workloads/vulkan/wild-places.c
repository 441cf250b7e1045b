/* SPDX-License-Identifier: MIT */
/* Places and values of wild-places.h. */
#include "vulkan/wild-places.h"

const char *const wild_kind_names[WILD_KINDS] = {
    [WILD_NEXT] = "next",   [WILD_NEAR] = "near",         [WILD_FAR] = "far",
    [WILD_4_GIB] = "4-gib", [WILD_NEGATIVE] = "negative", [WILD_RANDOM] = "random",
};

/* The finaliser of splitmix64. */
uint64_t wild_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint32_t wild_index(enum wild_kind kind, uint64_t number, uint32_t words)
{
    uint32_t draw = (uint32_t)wild_mix(number * WILD_KINDS + kind);
    switch (kind) {
    case WILD_NEXT:
        return words + draw % 4;
    case WILD_NEAR:
        return words + draw % 4096;
    case WILD_FAR:
        return words + (UINT32_C(1) << 18) + draw % (UINT32_C(1) << 22);
    case WILD_4_GIB: /* word 2^30 is byte 2^32: an offset of 32 bits falls back onto the start */
        return (UINT32_C(1) << 30) + draw % (words - WILD_SPAN);
    case WILD_NEGATIVE:
        return UINT32_MAX - WILD_SPAN - draw % 65536;
    default: /* neither the first words nor so near the wrap that the case would come round to them */
        return words + draw % (UINT32_MAX - 2 * WILD_SPAN - words);
    }
}

uint32_t wild_own_word(uint32_t index)
{
    return UINT32_C(0xa5000000) | (index & UINT32_C(0xffffff));
}

bool wild_value_allowed(uint32_t value, uint32_t words)
{
    return value == 0 || (value >> 24 == 0xa5 && (value & UINT32_C(0xffffff)) < words);
}
