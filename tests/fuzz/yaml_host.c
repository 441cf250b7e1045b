/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host file. */
#include "catalog/catalog.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct vg_host *host = vg_host_load(fuzz_place(), fuzz_write("host.yaml", bytes, length), &err);
    fuzz_expect(host, &err);
    if (host) {
        vg_autojson json_t *json = vg_host_to_json(host);
        if (!json)
            abort();
        vg_host_free(host);
    }
    return 0;
}
