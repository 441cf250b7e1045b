/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the NVIDIA driver logs about its scheduler. */
#include "mechanism/sched-knobs.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct vg_error err = { 0 };
    const char *policy;
    unsigned slice_ms;
    bool good = vg_nvidia_scheduling_logged(text, "0000:41:00.0", &policy, &slice_ms, &err);
    if (good && !policy)
        abort(); /* a policy was found, and is none */
    return err.kind == VG_ERROR_INPUT;
}
