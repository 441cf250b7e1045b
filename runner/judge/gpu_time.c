/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a tenant's renderer ran. Where the pGPU is a set of cores, this is its GPU time, counted by the kernel to
 * the nanosecond: what the scheduler gave, apart from how fast the core was meanwhile. Work per GPU time is judged on
 * its own (analysis efficiency), so that a scheduler cannot hide what it wastes. A real GPU is measured by its jobs
 * alone. */
#include "judge/internal.h"

#include <math.h>

#define MIN_WATCHED     0.5 /* of a window (derived) */
#define MAX_UNWATCHED_S 1.0 /* at either end of it: twice the probe's period */

/* Cumulative seconds at an instant, between the rows around it; NaN outside the rows. */
static double at(const struct vg_probe_samples *samples, const double *cpu_s, const char *tenant, const char *item,
                 int64_t instant_ns)
{
    bool before = false;
    size_t last = 0;
    for (size_t i = 0; i < samples->rows; i++) {
        if (!vg_equal(samples->tenant[i], tenant) || !vg_equal(samples->item[i], item))
            continue;
        if (samples->time_ns[i] >= instant_ns) {
            if (!before)
                return samples->time_ns[i] == instant_ns ? cpu_s[i] : NAN;
            double part =
                (double)(instant_ns - samples->time_ns[last]) / (double)(samples->time_ns[i] - samples->time_ns[last]);
            return cpu_s[last] + part * (cpu_s[i] - cpu_s[last]);
        }
        before = true;
        last = i;
    }
    return NAN;
}

bool judge_gpu_time_load(const struct vg_measurements *measurements, struct judge_gpu_time *time, struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_probe_stream(measurements, "process-cpu", "cpu");
    *time = (struct judge_gpu_time) { 0 };
    if (!measurements->software_renderer || !stream || stream->rows == 0)
        return true;
    if (!vg_probe_samples_load(measurements->directory, stream, &time->samples, err))
        return false;
    time->cpu_s = vg_probe_samples_column(&time->samples, "cpu_s");
    return true;
}

void judge_gpu_time_free(struct judge_gpu_time *time)
{
    vg_probe_samples_free(&time->samples);
    *time = (struct judge_gpu_time) { 0 };
}

static const char *const items[] = { "renderer", "workload" }; /* a native tenant renders in its own process */

/* The rows of the tenant's that lie inside. False: fewer than two. */
static bool rows_inside(const struct judge_gpu_time *time, const char *tenant, const char *item, int64_t from_ns,
                        int64_t to_ns, size_t *first, size_t *last)
{
    const struct vg_probe_samples *samples = &time->samples;
    size_t count = 0;
    for (size_t i = 0; i < samples->rows; i++) {
        if (samples->time_ns[i] < from_ns || samples->time_ns[i] > to_ns || !vg_equal(samples->tenant[i], tenant) ||
            !vg_equal(samples->item[i], item))
            continue;
        if (count++ == 0)
            *first = i;
        *last = i;
    }
    return count >= 2;
}

bool judge_gpu_watched(const struct judge_gpu_time *time, const char *tenant, int64_t *from_ns, int64_t *to_ns)
{
    for (size_t i = 0; time->cpu_s && i < VG_COUNT(items); i++) {
        size_t first = 0, last = 0;
        if (!rows_inside(time, tenant, items[i], *from_ns, *to_ns, &first, &last))
            continue;
        *from_ns = time->samples.time_ns[first];
        *to_ns = time->samples.time_ns[last];
        return *to_ns > *from_ns;
    }
    return false;
}

double judge_gpu_seconds(const struct judge_gpu_time *time, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    if (!time->cpu_s)
        return NAN;
    for (size_t i = 0; i < VG_COUNT(items); i++) {
        double used = at(&time->samples, time->cpu_s, tenant, items[i], to_ns) -
                      at(&time->samples, time->cpu_s, tenant, items[i], from_ns);
        if (!isnan(used))
            return used;
    }
    return NAN;
}

double judge_gpu_rate(const struct judge_gpu_time *time, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    int64_t first_ns = from_ns, last_ns = to_ns;
    if (!judge_gpu_watched(time, tenant, &first_ns, &last_ns) ||
        (double)(last_ns - first_ns) < MIN_WATCHED * (double)(to_ns - from_ns) ||
        (double)(first_ns - from_ns) > MAX_UNWATCHED_S * (double)VG_NS_PER_S ||
        (double)(to_ns - last_ns) > MAX_UNWATCHED_S * (double)VG_NS_PER_S)
        return NAN;
    return judge_gpu_seconds(time, tenant, first_ns, last_ns) / ((double)(last_ns - first_ns) / (double)VG_NS_PER_S);
}
