/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of known issues. What is taken must be taken again in the form in which a run directory keeps it. */
#include "catalog/catalog.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct vg_known_issues *issues = vg_known_issues_load(fuzz_write("issues.yaml", bytes, length), &err);
    fuzz_expect(issues, &err);
    if (!issues)
        return 0;
    vg_autojson json_t *json = vg_known_issues_to_json(issues);
    struct vg_known_issues *again = vg_known_issues_from_json(json, "again", &err);
    if (!again) {
        fprintf(stderr, "taken once, refused the second time: %s\n", err.text);
        abort();
    }
    vg_known_issues_free(again);
    vg_known_issues_free(issues);
    return 0;
}
