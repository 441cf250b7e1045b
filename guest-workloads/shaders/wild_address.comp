/* SPDX-License-Identifier: MIT */
/* Reads or writes at addresses that nobody gave to this buffer, through buffer device addresses. */
#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require

#define SPAN 32u

layout(local_size_x = 64) in;
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Anything { uint word; };
layout(set = 0, binding = 0, std430) readonly buffer Places { uvec2 at[]; };
layout(set = 0, binding = 1, std430) buffer Found { uint found[]; };
layout(push_constant) uniform Push {
    uint mode; /* 0: read, 1: write */
    uint cases;
    uint value;
};

void main()
{
    uint self = gl_GlobalInvocationID.x;
    if (self >= cases)
        return;
    for (uint i = 0u; i < SPAN; i++) {
        Anything there = Anything(uvec2(at[self].x + 4u * i, at[self].y));
        if (mode == 0u)
            found[self * SPAN + i] = there.word;
        else
            there.word = value;
    }
}
