/* SPDX-License-Identifier: MIT */
/* The smallest job whose execution can be counted. */
#version 450

layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) buffer Counter { uint counter; };

void main()
{
    counter += 1u;
}
