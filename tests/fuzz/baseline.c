/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A blessed baseline. A fuzzer does not guess a digest, so that the input is the document that one covers. */
#include "compare/compare.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct vg_baseline *baseline = vg_baseline_load(fuzz_write("baseline.json", bytes, length), &err);
    fuzz_expect(baseline, &err);
    if (baseline)
        vg_baseline_free(baseline);
    return 0;
}
