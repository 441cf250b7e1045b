/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/nvidia-vf.h"
#include "mechanism/nvidia-limits.h"

extern const struct vg_mechanism vg_mechanism_nvidia_mig;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_nvidia_vf_open(&vg_mechanism_nvidia_mig, host, config, state, err);
}

VG_MECHANISM(nvidia_mig) = {
    .kind = VG_KIND_MECHANISM,
    .name = "nvidia-mig",
    .summary = "NVIDIA's MIG-backed vGPU on virtual functions: a GPU instance of its own",
    .why = "a vGPU that is sold as a part of the silicon and shares it is no part",
    .capacity = "mig",
    VG_NVIDIA_VF_CALLS,
    .open = open_mechanism,
    .limit = vg_nvidia_limit,
};
