/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The description of an mdev type. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct vg_sysfs_description description;
    vg_sysfs_describe(text, &description, &err);
    return err.kind == VG_ERROR_INPUT;
}
