/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test of a suite, as YAML. What is taken must be taken again in the form in which a run directory keeps it. */
#include "catalog/load.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    const char *path = fuzz_write("test.yaml", bytes, length);
    struct vg_test *test = vg_test_load(path, "group", NULL, 0, &err);
    fuzz_expect(test, &err);
    if (!test)
        return 0;
    unsigned last = vg_test_populations(test) - 1; /* a file may stand for several tests */
    if (last) {
        vg_test_free(test);
        test = vg_test_load(path, "group", NULL, last, &err);
        fuzz_expect(test, &err);
        if (!test)
            return 0;
    }
    vg_autojson json_t *json = vg_test_to_json(test);
    struct vg_test *again = vg_test_from_json(json, "again", &err);
    if (!again) {
        fprintf(stderr, "taken once, refused the second time: %s\n", err.text);
        abort();
    }
    vg_autojson json_t *same = vg_test_to_json(again);
    if (!json_equal(json, same))
        abort();
    vg_test_free(again);
    vg_test_free(test);
    return 0;
}
