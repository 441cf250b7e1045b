/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/sriov.h"

extern const struct vg_mechanism vg_mechanism_amd_mxgpu;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_sriov_open(&vg_mechanism_amd_mxgpu, host, config, state, err);
}

VG_MECHANISM(amd_mxgpu) = {
    .kind = VG_KIND_MECHANISM,
    .name = "amd-mxgpu",
    .summary = "AMD MxGPU SR-IOV: a VF of the GPU-IOV module",
    .why = "a VF that stays bound when its VM is gone is lost to everybody",
    VG_SRIOV_CALLS,
    .open = open_mechanism,
};
