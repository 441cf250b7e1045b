/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Provisioned ranges of an xe PF. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct vg_sysfs_range ranges[VG_SYSFS_RANGES_MAX];
    unsigned count;
    vg_sysfs_ranges(text, ranges, &count, &err);
    return err.kind == VG_ERROR_INPUT;
}
