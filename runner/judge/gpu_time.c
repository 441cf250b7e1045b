/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a tenant's renderer ran. Where the pGPU is a set of cores, this is its GPU time, counted by the kernel to
 * the nanosecond: what the scheduler gave, apart from how fast the core was meanwhile. Work per GPU time is judged on
 * its own (analysis efficiency), so that a scheduler cannot hide what it wastes. A real GPU is measured by its jobs
 * alone. */
#include "judge/internal.h"

#include <math.h>

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

double judge_gpu_seconds(const struct judge_gpu_time *time, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    if (!time->cpu_s)
        return NAN;
    static const char *const items[] = { "renderer", "workload" }; /* a native tenant renders in its own process */
    for (size_t i = 0; i < VG_COUNT(items); i++) {
        double used = at(&time->samples, time->cpu_s, tenant, items[i], to_ns) -
                      at(&time->samples, time->cpu_s, tenant, items[i], from_ns);
        if (!isnan(used))
            return used;
    }
    return NAN;
}
