/* SPDX-License-Identifier: MIT */
/* Fills memory with 64-bit words that tell their own index under a key: the low half is the index, mixed reversibly, the
 * high half a hash of both. vulkan/canary-pattern.h has the same arithmetic for the host. */
#version 450

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) writeonly buffer Memory { uvec2 words[]; };
layout(push_constant) uniform Push {
    uint key_low;
    uint key_high;
    uint first_index; /* of words[0] */
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

void main()
{
    for (uint i = gl_GlobalInvocationID.x; i < word_count; i += stride) {
        uint low = mix32((first_index + i) ^ key_low);
        words[i] = uvec2(low, mix32(low + key_high) ^ key_low);
    }
}
