/* SPDX-License-Identifier: MIT */
/* The search for canaries where shaders have integers of 64 bits: half as many reads. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#define PIECE       u64vec4
#define PIECE_WORDS 8u
#include "canary_scan.glsl"
