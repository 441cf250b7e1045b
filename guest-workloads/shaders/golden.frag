/* SPDX-License-Identifier: MIT */
/* Colours that follow from the fragment's place alone (common/golden.h). */
#version 450

layout(set = 0, binding = 0) uniform sampler2D image;
layout(push_constant) uniform Push {
    int mode; /* 0: pattern, 1: texture, 2: inverted pattern, 3: pattern, half transparent */
    int salt;
    float half_side;
    float depth;
};
layout(location = 0) out vec4 color;

void main()
{
    ivec2 at = ivec2(gl_FragCoord.xy);
    if (mode == 1) {
        color = texelFetch(image, ivec2((at.x * 5 + at.y * 3) % 64, (at.x * 7 + at.y * 11) % 64), 0);
        return;
    }
    ivec3 value = ivec3(at * 4 + ivec2(salt & 3, 0), (at.x ^ at.y) + (salt & 127));
    if (mode == 2)
        value = ivec3(255) - value;
    color = vec4(vec3(value) / 255.0, mode == 3 ? 128.0 / 255.0 : 1.0);
}
