/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depth-first as xapi does it: by remaining capacity for the requested type. */
#include "placement/placement.h"

VG_PLACEMENT(depth_first_remaining) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "depth-first-remaining",
    .summary = "the eligible pGPU that has room for fewest more of the type",
    .why = "fills what is nearly full first; xapi's default",
    .key = VG_KEY_REMAINING,
    .direction = VG_LOWEST,
    .source = "xapi, allocate_vgpu_to_gpu (XAPI-OPS, XAPI-DM)",
};
