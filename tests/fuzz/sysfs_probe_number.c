/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of drivers, decimal or with 0x, as the probes read them. */
#include "base/base.h"
#include "sysfs.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    uint64_t value;
    if (sysfs_parse(text, &value) && (text[0] < '0' || text[0] > '9'))
        abort(); /* a sign or a blank is no number */
    return 0;
}
