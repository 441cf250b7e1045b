/* SPDX-License-Identifier: MIT */
/* The comparison of early-fence.h. Its threshold is coarse on purpose: a read after a draw may differ a little from a
 * later one for reasons of its own, but not by more than the whole submission. */
#include "gles/early-fence.h"

#include "common/sort.h"

void early_fence_idle(struct early_fence *early, int64_t read_ns)
{
    if (early->idle_count < EARLY_IDLE)
        early->idle_ns[early->idle_count++] = read_ns;
}

void early_fence_read(struct early_fence *early, int64_t latency_ns, int64_t read_ns)
{
    size_t place = early->count++ % EARLY_KEPT;
    early->latency_ns[place] = latency_ns;
    early->read_ns[place] = read_ns;
}

struct early_verdict early_fence_judge(struct early_fence *early)
{
    struct early_verdict verdict = { 0 };
    size_t kept = early->count < EARLY_KEPT ? early->count : EARLY_KEPT;
    if (kept < EARLY_LEAST || early->idle_count < EARLY_LEAST)
        return verdict;
    verdict.known = true;
    verdict.latency_ns = vg_median_int64(early->latency_ns, kept);
    verdict.missing_ns = vg_median_int64(early->read_ns, kept) - vg_median_int64(early->idle_ns, early->idle_count);
    verdict.early = verdict.missing_ns > verdict.latency_ns;
    return verdict;
}
