/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/mdev.h"

extern const struct vg_mechanism vg_mechanism_kernel_sample_mdev;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    return vg_mdev_open(&vg_mechanism_kernel_sample_mdev, host, config, state, err);
}

VG_MECHANISM(kernel_sample_mdev) = {
    .kind = VG_KIND_MECHANISM,
    .name = "kernel-sample-mdev",
    .summary = "the kernel's sample devices mdpy and mbochs, which need no GPU",
    .why = "the smallest drivers with a counter: what fails here would fail anywhere",
    .capacity = "count-pool",
    VG_MDEV_PLAIN_CALLS,
    .open = open_mechanism,
};
