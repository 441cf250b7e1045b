/* SPDX-License-Identifier: MIT */
/* Reads or writes a storage buffer where the host says, far out of its bounds: case i touches SPAN words from at[i] on.
 * What was read goes to found[]. */
#version 450

#define SPAN  32u
#define READ  0u
#define WRITE 1u
#define ADD   2u
#define LOCAL 3u /* reads and writes an array of the invocation instead */
#define GROUP 4u /* the same with workgroup memory */

layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) buffer Target { uint words[]; };
layout(set = 0, binding = 1, std430) readonly buffer Places { uint at[]; };
layout(set = 0, binding = 2, std430) buffer Found { uint found[]; };
layout(push_constant) uniform Push {
    uint mode;
    uint cases;
    uint value;
};

shared uint group_words[64];

void main()
{
    uint self = gl_GlobalInvocationID.x;
    uint mine[16];
    for (uint i = 0u; i < 16u; i++)
        mine[i] = value + i;
    group_words[gl_LocalInvocationID.x] = value;
    barrier();
    if (self >= cases)
        return;
    uint first = at[self];
    for (uint i = 0u; i < SPAN; i++) {
        if (mode == READ)
            found[self * SPAN + i] = words[first + i];
        else if (mode == WRITE)
            words[first + i] = value;
        else if (mode == ADD)
            found[self * SPAN + i] = atomicAdd(words[first + i], 1u);
        else if (mode == LOCAL) {
            found[self * SPAN + i] = mine[first + i];
            mine[first + i] = value;
        } else {
            found[self * SPAN + i] = group_words[first + i];
            group_words[first + i] = value;
        }
    }
}
