/* SPDX-License-Identifier: MIT */
/* A job of adjustable length: every invocation walks `iterations` steps of a linear congruential generator. Its constants
 * come from a buffer, so that no compiler can fold the walk; the host knows the closed form and checks every result. */
#version 450

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Parameters {
    uint multiplier;
    uint increment;
    uint iterations;
    uint job;
};
layout(set = 0, binding = 1, std430) writeonly buffer Result { uint result[]; };

void main()
{
    uint index = gl_GlobalInvocationID.x;
    uint x = (index + 1u) * 0x9E3779B1u ^ job * 0x85EBCA6Bu;
    for (uint i = 0u; i < iterations; i++)
        x = x * multiplier + increment;
    result[index] = x;
}
