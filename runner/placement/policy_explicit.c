/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No choice at all: an operator or orchestrator pinned the vGPU to its parent or VF. */
#include "placement/placement.h"

VG_PLACEMENT(explicit) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "explicit",
    .summary = "the pGPU that the request names, or none",
    .why = "what plain KVM does: whoever creates the instance has chosen its parent",
    .key = VG_KEY_NONE,
    .named = true,
    .source = "K-MDEV, NV-RM: the instance is created on one parent or VF",
};
