/* SPDX-License-Identifier: MIT */
/* Triangle, or a rectangle of the given half side and depth as a strip of four (common/golden.h). */
#version 450

layout(push_constant) uniform Push {
    int mode;
    int salt;
    float half_side; /* 0: the triangle */
    float depth;
};

void main()
{
    const vec2 corners[3] = vec2[](vec2(-0.9, -0.8), vec2(0.85, -0.3), vec2(-0.2, 0.9));
    vec2 place = half_side > 0.0 ? (vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 2.0 - 1.0) * half_side
                                 : corners[gl_VertexIndex % 3];
    gl_Position = vec4(place, depth, 1.0);
}
