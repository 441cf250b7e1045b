/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GVT-g's weight, which belongs to the type (sched-knobs.h). */
#include "mechanism/sched-knobs.h"
#include "base/sysfs-text.h"

enum { MOST_WEIGHT = 16 };

bool vg_gvt_weight_get(const char *root, const char *uuid, unsigned *weight, struct vg_error *err)
{
    const char *below = vg_equal(root, "/") ? "" : root;
    vg_autofree char *path = vg_format("%s/sys/bus/mdev/devices/%s/mdev_type/description", below, uuid);
    vg_autofree char *text = NULL;
    struct vg_error ignored = { 0 };
    struct vg_sysfs_description said;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (!vg_sysfs_describe(text, &said, &ignored) || said.weight < 1 || said.weight > MOST_WEIGHT)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s names no weight from 1 to %d", path, MOST_WEIGHT);
    *weight = said.weight;
    return true;
}

enum vg_refusal vg_gvt_weight_require(const char *root, const char *uuid, unsigned weight, struct vg_error *err)
{
    unsigned now;
    if (!vg_gvt_weight_get(root, uuid, &now, err))
        return VG_REFUSED_ERROR;
    if (now == weight)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_REFUSED, "the vGPU %s has weight %u by its type; for weight %u it must be of another type",
            uuid, now, weight);
    return VG_REFUSED_UNSUPPORTED;
}
