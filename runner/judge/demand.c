/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Did a tenant want all that it could get? Low throughput of a tenant that asked for little is not the scheduler's
 * doing. Seen from the tenant: its queue was never empty. Seen from the host, only where the pGPU is a CPU: the
 * renderer's CPU time is GPU time, and time in which it was ready but not run (its slice was over, or a neighbour ran)
 * is demand that was not served. */
#include "judge/internal.h"

#include <math.h>

double judge_queued(const struct vg_completion_series *series, double from_s, double to_s)
{
    size_t seen = 0, queued = 0;
    for (size_t i = 1; i < series->count; i++) {
        if (!(series->at_s[i - 1] >= from_s && series->at_s[i] <= to_s))
            continue;
        if (isnan(series->submitted_s[i]))
            return NAN;
        seen++;
        queued += series->submitted_s[i] <= series->at_s[i - 1];
    }
    return seen ? (double)queued / (double)seen : NAN;
}

/* First and last row of the tenant's renderer inside the window. */
struct span {
    size_t first, last;
    bool any;
};

static struct span find_span(const struct vg_probe_samples *samples, const char *tenant, const char *item,
                             int64_t from_ns, int64_t to_ns)
{
    struct span span = { 0 };
    for (size_t i = 0; i < samples->rows; i++) {
        if (samples->time_ns[i] < from_ns || samples->time_ns[i] > to_ns || !vg_equal(samples->tenant[i], tenant) ||
            !vg_equal(samples->item[i], item))
            continue;
        if (!span.any)
            span.first = i;
        span.any = true;
        span.last = i;
    }
    return span;
}

static double from_samples(const struct vg_probe_samples *samples, const char *tenant, int64_t from_ns, int64_t to_ns,
                           double entitled)
{
    const double *cpu = vg_probe_samples_column(samples, "cpu_s"), *wait = vg_probe_samples_column(samples, "wait_s");
    if (!cpu || !wait)
        return NAN;
    struct span span = find_span(samples, tenant, "renderer", from_ns, to_ns);
    if (!span.any) /* a tenant without a VM renders in its own process */
        span = find_span(samples, tenant, "workload", from_ns, to_ns);
    double seconds = (double)(samples->time_ns[span.last] - samples->time_ns[span.first]) / (double)VG_NS_PER_S;
    if (!span.any || !(seconds * (double)VG_NS_PER_S >= 0.5 * (double)(to_ns - from_ns)))
        return NAN; /* too little of the window was watched */
    double used = (cpu[span.last] - cpu[span.first]) / seconds;
    double wanted = used + (wait[span.last] - wait[span.first]) / seconds;
    /* Kernels differ in whether throttled time counts as waiting; a tenant that used all of its share wanted it. */
    if (entitled > 0)
        wanted = fmax(wanted, used / entitled);
    return fmin(fmax(wanted, 0), 1);
}

bool judge_demand(const struct vg_measurements *measurements, const char *tenant, int64_t from_ns, int64_t to_ns,
                  double entitled, double *demand, struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_probe_stream(measurements, "process-cpu", "cpu");
    *demand = NAN;
    if (!stream || stream->rows == 0)
        return true;
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    if (!vg_probe_samples_load(measurements->directory, stream, &samples, err))
        return false;
    *demand = from_samples(&samples, tenant, from_ns, to_ns, entitled);
    return true;
}
