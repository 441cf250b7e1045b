/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depth-first as NVIDIA's documents put it: by how many vGPUs run there, whatever they are. */
#include "placement/placement.h"

VG_PLACEMENT(depth_first_residents) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "depth-first-residents",
    .summary = "the eligible pGPU with the most vGPUs",
    .why = "keeps whole pGPUs free for large types; a host that spreads instead refuses them early",
    .key = VG_KEY_RESIDENTS,
    .direction = VG_LARGEST,
    .source = "NVIDIA vGPU documents (NV-UG8 6.2); VMware's consolidation policy",
};
