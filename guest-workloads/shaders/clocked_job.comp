/* SPDX-License-Identifier: MIT */
/* job.comp with a watch: a walk of adjustable length whose invocation reads the GPU's clock every STEPS steps and writes
 * down when it began, when it ended, and between which two readings more time went by than it can have needed: there it
 * was not running. One invocation per workgroup, each with a record of its own. */
#version 450
#extension GL_EXT_shader_realtime_clock : require

#define STEPS 64u
#define WALK1 x = x * multiplier + increment;
#define WALK4 WALK1 WALK1 WALK1 WALK1
#define WALK16 WALK4 WALK4 WALK4 WALK4
#define WALK64 WALK16 WALK16 WALK16 WALK16 /* written out: some drivers end a loop after 65,535 turns */
#define GAPS 30u

/* The clock's low words alone: there are drivers that leave the high one 0. The CPU extends them. */
struct Record {
    uint result;
    uint gaps; /* seen; only the first GAPS are kept */
    uint begin;
    uint end;
    uvec2 gap[GAPS]; /* last reading before, first one after */
};

layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) readonly buffer Parameters {
    uint multiplier;
    uint increment;
    uint iterations; /* a multiple of STEPS */
    uint job;
    uint gap_ticks; /* more than this between two readings is a gap */
};
layout(set = 0, binding = 1, std430) writeonly buffer Records { Record records[]; };

void main()
{
    uint index = gl_GlobalInvocationID.x;
    uint x = (index + 1u) * 0x9E3779B1u ^ job * 0x85EBCA6Bu;
    uint gaps = 0u;
    uint last = clockRealtime2x32EXT().x;
    records[index].begin = last;
    for (uint i = 0u; i < iterations; i += STEPS) {
        WALK64
        uint now = clockRealtime2x32EXT().x;
        if (now - last > gap_ticks) {
            if (gaps < GAPS)
                records[index].gap[gaps] = uvec2(last, now);
            gaps++;
        }
        last = now;
    }
    records[index].end = last;
    records[index].gaps = gaps;
    records[index].result = x;
}
