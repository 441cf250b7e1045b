/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/sriov.h"

extern const struct vg_mechanism vg_mechanism_xe_sriov;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_sriov_open(&vg_mechanism_xe_sriov, host, config, state, err);
}

VG_MECHANISM(xe_sriov) = {
    .kind = VG_KIND_MECHANISM,
    .name = "xe-sriov",
    .summary = "Intel xe SR-IOV: a VF with its quota, quantum and timeout",
    .why = "a VF whose quota is not its own reads its neighbour",
    VG_SRIOV_CALLS,
    .open = open_mechanism,
};
