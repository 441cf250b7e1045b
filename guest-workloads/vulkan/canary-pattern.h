/* SPDX-License-Identifier: MIT */
/* The canary's arithmetic, as in shaders/canary_fill.comp and canary_scan.comp: a 64-bit word tells its own index under
 * a key, so that a leaked piece is known for ours, and from where, wherever it turns up. A chance word passes once in
 * 2^32; a run of 16 does not happen by chance. */
#ifndef VG_CANARY_PATTERN_H
#define VG_CANARY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANARY_RUN 16

struct canary_key {
    uint32_t low, high;
};

struct canary_findings {
    uint64_t canary_words;
    uint64_t nonzero_words; /* canaries included */
    uint64_t runs;          /* of at least 16 words with consecutive indices */
    uint64_t first_run;     /* word offset; UINT64_MAX: none */
};

static inline uint32_t canary_mix(uint32_t x)
{
    x ^= x >> 16;
    x *= UINT32_C(0x85EBCA6B);
    x ^= x >> 13;
    x *= UINT32_C(0xC2B2AE35);
    return x ^ (x >> 16);
}

static inline uint32_t canary_unmix(uint32_t x)
{
    x ^= x >> 16;
    x *= UINT32_C(0x7ED1B41D);
    x ^= (x >> 13) ^ (x >> 26);
    x *= UINT32_C(0xA5CB9243);
    return x ^ (x >> 16);
}

static inline uint64_t canary_word(struct canary_key key, uint32_t index)
{
    uint32_t low = canary_mix(index ^ key.low);
    return (uint64_t)(canary_mix(low + key.high) ^ key.low) << 32 | low;
}

/* Whether the word is a canary, and of which index. */
static inline bool canary_index(struct canary_key key, uint64_t word, uint32_t *index)
{
    uint32_t low = (uint32_t)word;
    *index = canary_unmix(low) ^ key.low;
    return (uint32_t)(word >> 32) == (canary_mix(low + key.high) ^ key.low);
}

/* What two views of the same memory found, as if the worse of the two were true in every respect: more words, more
 * runs, the earlier place. A view that misses a leak (a stale cache, an aperture onto other memory) cannot hide it. */
struct canary_findings canary_worse(struct canary_findings a, struct canary_findings b);

/* One pass over mapped memory. */
struct canary_findings canary_scan_words(struct canary_key key, const uint64_t *words, size_t count);

#endif
