/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The field's terms that files may use although this program may not implement each of them yet: a requirement is
 * normative for mechanisms that nobody has written a driver for here. */
#include "catalog/load.h"

const char *const vg_known_policies[] = {
    "best-effort", "equal-share", "fixed-share", "fixed-elastic", "mig",
    "xe-quanta",   "gvt-weights", "amd-liquid",  "weighted",
};
const size_t vg_known_policy_count = VG_COUNT(vg_known_policies);

const char *const vg_known_mechanisms[] = {
    "all",
    "suite",
    "native",
    "passthrough",
    "virtio-venus",
    "virtio-virgl",
    "virtio-native-context",
    "virtio-rutabaga",
    "vhost-user-gpu",
    "vtest",
    "vfio",
    "vfio-user",
    "kernel-sample-mdev",
    "gvt-g",
    "xe-sriov",
    "amd-mxgpu",
    "nvidia-mdev",
    "nvidia-vfio",
    "nvidia-mig",
    "xapi",
};
const size_t vg_known_mechanism_count = VG_COUNT(vg_known_mechanisms);

const char *vg_expectation_otherwise(const struct vg_expectation *expectation)
{
    return expectation->invalid     ? "invalid"
           : expectation->finding   ? "finding"
           : expectation->undecided ? "undecided"
                                    : "fail";
}
