/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of numbers as a module's parameter has it, and a vendor's number. */
#include "base/sysfs-text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    uint64_t value = 0;
    for (unsigned index = 0; index < 8; index++) {
        bool there = false;
        if (vg_sysfs_list_entry(text, index, 5, &there, &value) && there && value > 5)
            abort();
    }
    if (vg_sysfs_hexadecimal(text, UINT16_MAX, &value) && value > UINT16_MAX)
        abort();
    return 0;
}
