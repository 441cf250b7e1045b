/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/mdev.h"

extern const struct vg_mechanism vg_mechanism_gvt_g;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_mdev_open(&vg_mechanism_gvt_g, host, config, state, err);
}

VG_MECHANISM(gvt_g) = {
    .kind = VG_KIND_MECHANISM,
    .name = "gvt-g",
    .summary = "Intel GVT-g: mediated, with graphics memory and fences divided by type",
    .why = "a counter that forgets one of three resources promises a vGPU that cannot be made",
    .capacity = "gvt-g",
    VG_MDEV_PLAIN_CALLS,
    .open = open_mechanism,
};
