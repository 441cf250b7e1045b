/* SPDX-License-Identifier: MIT */
/* The steady-state rule (warmup.h). Medians, because one sample that a neighbour delayed says nothing about whether
 * shaders, caches and clocks have settled. */
#include "common/warmup.h"
#include "common/sort.h"

#define TOLERANCE 0.10

void vg_warmup_begin(struct vg_warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns)
{
    *warmup = (struct vg_warmup) {
        .context = context,
        .window = window < VG_WARMUP_WINDOW_MAX ? window : VG_WARMUP_WINDOW_MAX,
        .start_ns = vg_now_ns(),
        .limit_ns = limit_ns,
    };
}

static bool is_steady(const struct vg_warmup *warmup)
{
    if (warmup->median_count < VG_WARMUP_MEDIANS)
        return false;
    int64_t low = warmup->medians[0], high = low;
    for (size_t i = 1; i < VG_WARMUP_MEDIANS; i++) {
        low = warmup->medians[i] < low ? warmup->medians[i] : low;
        high = warmup->medians[i] > high ? warmup->medians[i] : high;
    }
    return (double)high <= (double)low * (1 + TOLERANCE);
}

static void over(const struct vg_warmup *warmup, bool steady, int64_t now)
{
    vg_w_mark(warmup->context, steady ? "steady" : "warm-up-limit");
    vg_autofree char *rule =
        vg_format("medians of %d windows of %zu samples in a row within %.0f %%, at most %.3g s", VG_WARMUP_MEDIANS,
                  warmup->window, TOLERANCE * 100, (double)warmup->limit_ns / 1e9);
    vg_w_fact_text(warmup->context, "warmup_rule", rule);
    vg_w_fact_text(warmup->context, "warmup_steady", steady ? "true" : "false");
    vg_w_fact_int(warmup->context, "warmup_samples", (int64_t)warmup->total);
    vg_w_fact_int(warmup->context, "warmup_ns", now - warmup->start_ns);
}

bool vg_warmup_add(struct vg_warmup *warmup, int64_t value_ns)
{
    warmup->total++;
    warmup->values[warmup->value_count++] = value_ns;
    if (warmup->value_count == warmup->window) {
        int64_t median = vg_median_int64(warmup->values, warmup->value_count);
        warmup->medians[warmup->median_count++ % VG_WARMUP_MEDIANS] = median;
        warmup->value_count = 0;
    }
    int64_t now = vg_now_ns();
    bool steady = warmup->value_count == 0 && is_steady(warmup);
    if (!steady && now - warmup->start_ns < warmup->limit_ns && !vg_w_should_stop(warmup->context))
        return false;
    over(warmup, steady, now);
    return true;
}
