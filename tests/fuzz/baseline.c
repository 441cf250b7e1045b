/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A blessed baseline. No fuzzer guesses the digest that covers it, so that it is put right here wherever the input is a
 * JSON object; what is no JSON goes in as it is. */
#include "compare/internal.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 }, no_json = { 0 };
    vg_autojson json_t *document = vg_json_load_text((const char *)bytes, length, &no_json);
    const char *path;
    if (json_is_object(document)) {
        json_object_del(document, "digest");
        vg_autofree char *digest = vg_digest_json(document);
        vg_json_set_text(document, "digest", digest);
        vg_autofree char *text = json_dumps(document, JSON_COMPACT);
        path = fuzz_write("baseline.json", text, strlen(text));
    } else {
        path = fuzz_write("baseline.json", bytes, length);
    }
    struct vg_baseline *baseline = vg_baseline_load(path, &err);
    fuzz_expect(baseline, &err);
    if (baseline)
        vg_baseline_free(baseline);
    return 0;
}
