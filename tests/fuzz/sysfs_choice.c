/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A choice of words with the active one in brackets. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    char active[VG_SYSFS_NAME_MAX];
    vg_sysfs_choice(text, active, &err);
    return err.kind == VG_ERROR_INPUT;
}
