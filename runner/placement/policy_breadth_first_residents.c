/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Breadth-first as NVIDIA's documents put it: by how many vGPUs run there, whatever they are. */
#include "placement/placement.h"

VG_PLACEMENT(breadth_first_residents) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "breadth-first-residents",
    .summary = "the eligible pGPU with the fewest vGPUs",
    .why = "spreads load over all pGPUs; a host that packs instead gives every VM less of a pGPU than was promised",
    .key = VG_KEY_RESIDENTS,
    .direction = VG_LOWEST,
    .source = "NVIDIA vGPU documents (NV-UG8 6.2); VMware's performance policy",
};
