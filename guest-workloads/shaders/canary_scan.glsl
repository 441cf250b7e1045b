/* SPDX-License-Identifier: MIT */
/* Looks at every 64-bit word of some memory: does it tell an index under the key (canary), is it anything but zero, and
 * does a run of 16 or more consecutive indices start here? vulkan/canary-pattern.h has the same for the host.
 * PIECE: the type in which memory is read at first, PIECE_WORDS its words of 32 bits. */

#define TILE   64u
#define RUN    16u
#define PIECES (TILE * 2u / PIECE_WORDS)

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Memory { uvec2 words[]; };
/* The same memory in large pieces: most of it is zero, and that must be seen fast. */
layout(set = 0, binding = 2, std430) readonly buffer Pieces { PIECE pieces[]; };
layout(set = 0, binding = 1, std430) buffer Findings {
    uint canary_words;
    uint nonzero_words;
    uint runs;
    uint first_run; /* word offset of the first run; all ones: none */
};
layout(push_constant) uniform Push {
    uint key_low;
    uint key_high;
    uint word_count;
    uint stride; /* invocations */
};

uint mix32(uint x)
{
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    return x ^ (x >> 16);
}

uint unmix32(uint x)
{
    x ^= x >> 16;
    x *= 0x7ED1B41Du;
    x ^= (x >> 13) ^ (x >> 26);
    x *= 0xA5CB9243u;
    return x ^ (x >> 16);
}

bool is_canary(uint at, out uint index)
{
    uvec2 word = words[at];
    index = unmix32(word.x) ^ key_low;
    return word.y == (mix32(word.x + key_high) ^ key_low);
}

bool starts_run(uint at, uint index)
{
    uint other;
    if (at > 0u && is_canary(at - 1u, other) && other + 1u == index)
        return false;
    if (word_count - at < RUN)
        return false;
    for (uint i = 1u; i < RUN; i++)
        if (!is_canary(at + i, other) || other != index + i)
            return false;
    return true;
}

void main()
{
    uint canaries = 0u, nonzero = 0u;
    uint tiles = (word_count + TILE - 1u) / TILE;
    for (uint tile = gl_GlobalInvocationID.x; tile < tiles; tile += stride) {
        uint end = min((tile + 1u) * TILE, word_count);
        if (end == (tile + 1u) * TILE) {
            PIECE any = PIECE(0u);
            for (uint i = 0u; i < PIECES; i += 4u)
                any |= pieces[tile * PIECES + i] | pieces[tile * PIECES + i + 1u] | pieces[tile * PIECES + i + 2u] |
                       pieces[tile * PIECES + i + 3u];
            if (any == PIECE(0u))
                continue;
        }
        bool continues = false; /* the word before is the canary before */
        uint expected = 0u, index;
        for (uint at = tile * TILE; at < end; at++) {
            if (words[at] == uvec2(0u)) {
                continues = false;
                continue;
            }
            nonzero++;
            if (!is_canary(at, index)) {
                continues = false;
                continue;
            }
            canaries++;
            if (!(continues && index == expected) && starts_run(at, index)) {
                atomicAdd(runs, 1u);
                atomicMin(first_run, at);
            }
            continues = true;
            expected = index + 1u;
        }
    }
    if (canaries > 0u)
        atomicAdd(canary_words, canaries);
    if (nonzero > 0u)
        atomicAdd(nonzero_words, nonzero);
}
