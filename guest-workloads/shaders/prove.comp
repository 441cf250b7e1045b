/* SPDX-License-Identifier: MIT */
/* A hash of index and seed per invocation: a result that nobody has lying about. */
#version 450

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) writeonly buffer Result { uint result[]; };
layout(push_constant) uniform Push { uint seed; };

void main()
{
    uint x = gl_GlobalInvocationID.x * 0x9E3779B1u ^ seed;
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    result[gl_GlobalInvocationID.x] = x ^ (x >> 16);
}
