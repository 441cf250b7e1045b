/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cpu.max of a control group. */
#include "mechanism/cgroup.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct vg_cgroup_limit limit = { 0 };
    vg_cgroup_parse_maximum(text, &limit);
    return 0;
}
