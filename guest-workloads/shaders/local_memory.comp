/* SPDX-License-Identifier: MIT */
/* Workgroup memory and private scratch memory, written with canaries (vulkan/canary-pattern.h) or dumped as they were
 * found. `plant` is 1 where something is to be written: the compiler cannot know, and so must read what is there. */
#version 450

#define WORDS   2048u /* 16 KiB: what every device has */
#define SCRATCH 64u   /* per invocation */

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) buffer Dump { uvec2 dump[]; }; /* per group WORDS, then 64 * SCRATCH */
layout(push_constant) uniform Push {
    uint key_low;
    uint key_high;
    uint plant;
    uint turn; /* anything: moves where private memory is read */
};

shared uvec2 group_words[WORDS];

uint mix32(uint x)
{
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    return x ^ (x >> 16);
}

uvec2 canary(uint index)
{
    uint low = mix32(index ^ key_low);
    return uvec2(low, mix32(low + key_high) ^ key_low);
}

void main()
{
    uint self = gl_LocalInvocationID.x, first = gl_WorkGroupID.x * (WORDS + 64u * SCRATCH);
    uvec2 scratch[SCRATCH];
    if (plant != 0u) {
        for (uint i = self; i < WORDS; i += 64u)
            group_words[i] = canary(i);
        for (uint i = 0u; i < SCRATCH; i++)
            scratch[(i + turn) % SCRATCH] = canary(self * SCRATCH + (i + turn) % SCRATCH);
    }
    barrier();
    for (uint i = self; i < WORDS; i += 64u)
        dump[first + i] = group_words[i];
    for (uint i = 0u; i < SCRATCH; i++)
        dump[first + WORDS + self * SCRATCH + (i + turn) % SCRATCH] = scratch[(i + turn) % SCRATCH];
}
