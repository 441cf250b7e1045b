/* SPDX-License-Identifier: MIT */
/* The steady-state rule of the OpenGL ES workloads. Medians, because one frame that a neighbour delayed says nothing
 * about whether shaders, caches and clocks have settled. */
#include "gles/warmup.h"

#define TOLERANCE 0.10

void warmup_begin(struct warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns)
{
    *warmup = (struct warmup) {
        .context = context,
        .window = window < WARMUP_WINDOW_MAX ? window : WARMUP_WINDOW_MAX,
        .start_ns = vg_now_ns(),
        .limit_ns = limit_ns,
    };
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_steady(const struct warmup *warmup)
{
    if (warmup->median_count < WARMUP_MEDIANS)
        return false;
    int64_t low = warmup->medians[0], high = low;
    for (size_t i = 1; i < WARMUP_MEDIANS; i++) {
        low = warmup->medians[i] < low ? warmup->medians[i] : low;
        high = warmup->medians[i] > high ? warmup->medians[i] : high;
    }
    return (double)high <= (double)low * (1 + TOLERANCE);
}

static void over(const struct warmup *warmup, bool steady, int64_t now)
{
    vg_w_mark(warmup->context, steady ? "steady" : "warm-up-limit");
    vg_autofree char *rule = vg_format("medians of %d windows of %zu samples in a row within %.0f %%, at most %.0f s",
                                       WARMUP_MEDIANS, warmup->window, TOLERANCE * 100, (double)warmup->limit_ns / 1e9);
    vg_w_fact_text(warmup->context, "warmup_rule", rule);
    vg_w_fact_text(warmup->context, "warmup_steady", steady ? "true" : "false");
    vg_w_fact_int(warmup->context, "warmup_samples", (int64_t)warmup->total);
    vg_w_fact_int(warmup->context, "warmup_ns", now - warmup->start_ns);
}

bool warmup_add(struct warmup *warmup, int64_t value_ns)
{
    warmup->total++;
    warmup->values[warmup->value_count++] = value_ns;
    if (warmup->value_count == warmup->window) {
        qsort(warmup->values, warmup->value_count, sizeof(warmup->values[0]), compare);
        warmup->medians[warmup->median_count++ % WARMUP_MEDIANS] = warmup->values[warmup->value_count / 2];
        warmup->value_count = 0;
    }
    int64_t now = vg_now_ns();
    bool steady = warmup->value_count == 0 && is_steady(warmup);
    if (!steady && now - warmup->start_ns < warmup->limit_ns)
        return false;
    over(warmup, steady, now);
    return true;
}
