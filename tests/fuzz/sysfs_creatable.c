/* SPDX-License-Identifier: GPL-3.0-or-later */
/* creatable_vgpu_types of an NVIDIA VF. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct vg_sysfs_type types[VG_SYSFS_TYPES_MAX];
    unsigned count;
    vg_sysfs_creatable(text, types, &count, &err);
    return err.kind == VG_ERROR_INPUT;
}
