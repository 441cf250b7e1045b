/* SPDX-License-Identifier: MIT */
/* The search for canaries, on any device. */
#version 450
#extension GL_GOOGLE_include_directive : require
#define PIECE       uvec4
#define PIECE_WORDS 4u
#include "canary_scan.glsl"
