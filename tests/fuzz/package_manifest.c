/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A manifest: whatever is taken is written again as it was, and holds only names that stay below a directory. */
#include "certify/package.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct cert_manifest manifest;
    vg_autofree char *text = vg_calloc(1, length + 1);
    memcpy(text, bytes, length);
    if (!cert_manifest_parse(text, length, &manifest, &err))
        return 0;
    vg_autofree char *again = cert_manifest_text(&manifest);
    if (strlen(again) != length || memcmp(again, text, length) != 0)
        abort();
    for (unsigned i = 0; i < manifest.count; i++)
        if (manifest.files[i].name[0] == '/' || strstr(manifest.files[i].name, ".."))
            abort();
    cert_manifest_free(&manifest);
    return 0;
}
