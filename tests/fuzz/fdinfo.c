/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a DRM driver says of one of its clients. */
#include "base/base.h"
#include "fdinfo.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    struct fdinfo info;
    fdinfo_parse(text, &info);
    if (info.engine_count > FDINFO_ENGINES)
        abort();
    return 0;
}
