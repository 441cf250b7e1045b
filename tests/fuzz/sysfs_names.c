/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, PCI addresses and UUIDs. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    uint64_t value;
    struct vg_sysfs_address address;
    vg_sysfs_number(text, UINT32_MAX, &value);
    vg_sysfs_pci_address(text, &address);
    vg_sysfs_uuid(text);
    return err.kind == VG_ERROR_INPUT;
}
