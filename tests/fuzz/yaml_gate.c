/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's file of how comparisons are decided, over the suite's own. */
#include <math.h>
#include "catalog/catalog.h"
#include "support/file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct vg_gate_policy *policy = vg_gate_policy_load("suites", fuzz_write("gate.yaml", bytes, length), &err);
    fuzz_expect(policy, &err);
    if (!policy)
        return 0;
    double effect = vg_gate_policy_threshold(policy, "t/m/p/a/metric", 0.05);
    if (!isfinite(effect) || effect < 0 || !policy->boots || policy->user_threshold_count > policy->threshold_count)
        abort();
    vg_gate_policy_free(policy);
    return 0;
}
