/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/mdev.h"
#include "mechanism/nvidia-limits.h"

extern const struct vg_mechanism vg_mechanism_nvidia_mdev;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_mdev_open(&vg_mechanism_nvidia_mdev, host, config, state, err);
}

VG_MECHANISM(nvidia_mdev) = {
    .kind = VG_KIND_MECHANISM,
    .name = "nvidia-mdev",
    .summary = "NVIDIA's time-sliced vGPU over mediated devices",
    .why = "a type that another type should have shut out takes memory that was sold already",
    .capacity = "same-type",
    VG_MDEV_CALLS,
    .open = open_mechanism,
    .limit = vg_nvidia_limit,
};
