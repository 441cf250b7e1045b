/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Breadth-first as xapi does it: by remaining capacity for the requested type. */
#include "placement/placement.h"

VG_PLACEMENT(breadth_first_remaining) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "breadth-first-remaining",
    .summary = "the eligible pGPU that has room for most more of the type",
    .why = "spreads load by what is left, which differs from fewest residents when types or pGPUs differ",
    .key = VG_KEY_REMAINING,
    .direction = VG_LARGEST,
    .source = "xapi, allocate_vgpu_to_gpu (XAPI-OPS, XAPI-DM)",
};
