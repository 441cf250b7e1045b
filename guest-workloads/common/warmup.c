/* SPDX-License-Identifier: MIT */
/* The steady-state rule (warmup.h). */
#include "common/warmup.h"
#include "common/sort.h"

#include <math.h>

#define TOLERANCE   0.10
#define KS_QUANTILE 1.224 /* of Kolmogorov's distribution at 10 %; Smirnov 1948, table */

void vg_warmup_begin(struct vg_warmup *warmup, struct vg_workload_context *context, size_t window, int64_t limit_ns)
{
    *warmup = (struct vg_warmup) {
        .context = context,
        .window = window < VG_WARMUP_WINDOW_MIN   ? VG_WARMUP_WINDOW_MIN
                  : window > VG_WARMUP_WINDOW_MAX ? VG_WARMUP_WINDOW_MAX
                                                  : window,
        .start_ns = vg_now_ns(),
        .limit_ns = limit_ns,
    };
}

static double median(const int64_t *sorted, size_t count)
{
    return count % 2 ? (double)sorted[count / 2] : ((double)sorted[count / 2 - 1] + (double)sorted[count / 2]) / 2;
}

/* The largest difference between the two windows' distribution functions. */
static double distance(const int64_t *a, const int64_t *b, size_t count)
{
    double most = 0;
    for (size_t i = 0, j = 0; i < count && j < count;) {
        int64_t at = a[i] < b[j] ? a[i] : b[j];
        while (i < count && a[i] <= at)
            i++;
        while (j < count && b[j] <= at)
            j++;
        most = fmax(most, fabs((double)i - (double)j) / (double)count);
    }
    return most;
}

static bool differ(const int64_t *a, const int64_t *b, size_t count)
{
    double first = median(a, count), second = median(b, count);
    bool relevant = fmax(first, second) > fmin(first, second) * (1 + TOLERANCE);
    return relevant && distance(a, b, count) > KS_QUANTILE * sqrt(2.0 / (double)count);
}

static bool is_steady(const struct vg_warmup *warmup)
{
    if (warmup->window_count < VG_WARMUP_WINDOWS)
        return false;
    for (size_t i = 0; i < VG_WARMUP_WINDOWS; i++)
        for (size_t j = 0; j < i; j++)
            if (differ(warmup->values[i], warmup->values[j], warmup->window))
                return false;
    return true;
}

static void over(const struct vg_warmup *warmup, bool steady, int64_t now)
{
    vg_w_mark(warmup->context, steady ? "steady" : "warm-up-limit");
    vg_autofree char *rule =
        vg_format("of %d windows of %zu samples in a row no two differ in their medians by more "
                  "than %.0f %% and beyond chance (KS, 10 %%); at most %.3g s",
                  VG_WARMUP_WINDOWS, warmup->window, TOLERANCE * 100, (double)warmup->limit_ns / 1e9);
    vg_w_fact_text(warmup->context, "warmup_rule", rule);
    vg_w_fact_text(warmup->context, "warmup_steady", steady ? "true" : "false");
    vg_w_fact_int(warmup->context, "warmup_samples", (int64_t)warmup->total);
    vg_w_fact_int(warmup->context, "warmup_needed", (int64_t)warmup->window * VG_WARMUP_WINDOWS);
    vg_w_fact_int(warmup->context, "warmup_ns", now - warmup->start_ns);
}

bool vg_warmup_add(struct vg_warmup *warmup, int64_t value_ns)
{
    warmup->total++;
    int64_t *values = warmup->values[warmup->window_count % VG_WARMUP_WINDOWS];
    values[warmup->value_count++] = value_ns;
    if (warmup->value_count == warmup->window) {
        vg_sort_int64(values, warmup->value_count);
        warmup->window_count++;
        warmup->value_count = 0;
    }
    int64_t now = vg_now_ns();
    bool steady = warmup->value_count == 0 && is_steady(warmup);
    if (!steady && now - warmup->start_ns < warmup->limit_ns && !vg_w_should_stop(warmup->context))
        return false;
    over(warmup, steady, now);
    return true;
}
