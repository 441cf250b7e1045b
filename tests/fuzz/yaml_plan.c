/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan. */
#include "catalog/load.h"
#include "support/file.h"
#include "support/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct vg_plan *plan = vg_plan_load(fuzz_write("plan.yaml", bytes, length), &err);
    fuzz_expect(plan, &err);
    if (plan) {
        vg_autojson json_t *json = vg_plan_to_json(plan);
        if (!json)
            abort();
        vg_plan_free(plan);
    }
    return 0;
}
