/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/nvidia-vf.h"
#include "mechanism/nvidia-limits.h"

extern const struct vg_mechanism vg_mechanism_nvidia_vfio;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_nvidia_vf_open(&vg_mechanism_nvidia_vfio, host, config, state, err);
}

VG_MECHANISM(nvidia_vfio) = {
    .kind = VG_KIND_MECHANISM,
    .name = "nvidia-vfio",
    .summary = "NVIDIA's vGPU on virtual functions with the vendor's VFIO driver",
    .why = "two vGPUs on one VF, or overlapping placements, are two tenants in one memory",
    .capacity = "same-size",
    VG_NVIDIA_VF_CALLS,
    .open = open_mechanism,
    .limit = vg_nvidia_limit,
    .maximum = vg_nvidia_maximum,
};
