/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of packages, on any bytes: gzip and what is not gzip. */
#include "input.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct cert_opened opened;
    /* Behind a good header, so that the decompressor is reached; and once as they are. */
    static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
    vg_autofree unsigned char *whole = vg_calloc(1, sizeof(header) + length);
    memcpy(whole, header, sizeof(header));
    memcpy(whole + sizeof(header), bytes, length);
    struct input inputs[] = { { whole, sizeof(header) + length, 0 }, { bytes, length, 0 } };
    for (size_t i = 0; i < VG_COUNT(inputs); i++)
        if (cert_package_read((struct cert_source) { read_input, &inputs[i] }, NULL, NULL, &opened, &err))
            abort(); /* nobody can sign */
    return 0;
}
