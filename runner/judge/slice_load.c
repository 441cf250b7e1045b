/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a tenant's work was being done: by the readings of the GPU's clock that its jobs took, or else worked out from
 * when they were seen completed. */
#include "judge/slices.h"

#include <math.h>

#define LEAST_SERVICE 0.9 /* of the median interval: what a job takes at least */

void slice_stretches_free(struct slice_stretches *stretches)
{
    free(stretches->items);
    *stretches = (struct slice_stretches) { 0 };
}

static int compare_stretches(const void *a, const void *b)
{
    double x = ((const struct slice_stretch *)a)->begin_s, y = ((const struct slice_stretch *)b)->begin_s;
    return (x > y) - (x < y);
}

/* Several workgroups run side by side: the tenant ran while any of them did. Gaps shorter than join_s are closed. */
static void unite(struct slice_stretches *s, double join_s)
{
    size_t kept = 0;
    qsort(s->items, s->count, sizeof(*s->items), compare_stretches);
    for (size_t i = 0; i < s->count; i++) {
        if (kept && s->items[i].begin_s - s->items[kept - 1].end_s < join_s)
            s->items[kept - 1].end_s = fmax(s->items[kept - 1].end_s, s->items[i].end_s);
        else
            s->items[kept++] = s->items[i];
    }
    s->count = kept;
}

/* For how long before stretch i nothing was queued; short gaps are no waits, whatever their reason. */
static double idle_before(const struct slice_stretches *s, size_t i, double submitted_s)
{
    if (!(submitted_s > s->items[i - 1].end_s)) /* also if it was not measured */
        return 0;
    double idle_s = fmin(submitted_s, s->items[i].begin_s) - s->items[i - 1].end_s;
    return idle_s >= s->grain_s / 2 ? idle_s : 0;
}

void slice_from_completions(const double *at_s, const double *submitted_s, size_t count, struct slice_stretches *s)
{
    *s = (struct slice_stretches) { 0 };
    if (count < 2)
        return;
    vg_autofree double *intervals = vg_reallocarray(NULL, count, sizeof(*intervals));
    for (size_t i = 1; i < count; i++)
        intervals[i - 1] = at_s[i] - at_s[i - 1];
    s->grain_s = vg_quantile(intervals, count - 1, 0.5);
    double service_s = LEAST_SERVICE * s->grain_s;
    s->items = vg_reallocarray(NULL, count, sizeof(*s->items));
    s->count = count;
    /* A tenant whose CPU was away sees several completions at once, late. But jobs are done one after the other: each
     * was over at the latest when the next one, seen later, must have begun. */
    double over_s = INFINITY;
    for (size_t i = count; i-- > 0; over_s -= service_s) {
        over_s = fmin(at_s[i], over_s);
        s->items[i] = (struct slice_stretch) { over_s - service_s, over_s };
    }
    for (size_t i = 1; i < count; i++)
        s->idle_s += idle_before(s, i, submitted_s[i]);
    unite(s, s->grain_s / 2);
}

static bool load_completions(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                             const struct vg_measured_run *run, struct slice_stretches *stretches, char **why_not,
                             struct vg_error *err)
{
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    if (!vg_completions_load(m, phase->name, run->workload, &all, err))
        return false;
    for (unsigned i = 0; i < all.count; i++)
        if (vg_equal(all.series[i].tenant, run->tenant))
            slice_from_completions(all.series[i].at_s, all.series[i].submitted_s, all.series[i].count, stretches);
    if (stretches->count == 0)
        *why_not = vg_format("%s in %s has too few completions", run->workload, run->tenant);
    return true;
}

/* The line from ticks to the tenant's clock, as the workload found it. */
struct line {
    double tick_ns, zero_ns;
};

static double host_seconds(const struct vg_measured_phase *phase, const struct vg_measured_tenant *tenant,
                           double guest_ns)
{
    int64_t instant = judge_instant(guest_ns);
    int64_t host_ns = tenant ? vg_host_time(tenant, instant) : instant;
    return ((double)host_ns - (double)phase->start_host_ns) / (double)VG_NS_PER_S;
}

static char *put_pieces(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                        const struct vg_measured_run *run, const struct vg_samples *samples, const struct line *line,
                        struct slice_stretches *s)
{
    const struct vg_measured_tenant *tenant = vg_measured_tenant_find(m, run->tenant);
    const double *submitted = vg_samples_column(samples, "submitted"), *begin = vg_samples_column(samples, "begin");
    const double *end = vg_samples_column(samples, "end");
    if (!submitted || !begin || !end)
        return vg_format("stream `piece` of %s in %s lacks a column of submitted, begin and end", run->workload,
                         run->tenant);
    s->items = vg_reallocarray(NULL, samples->rows + 1, sizeof(*s->items));
    for (size_t i = 0; i < samples->rows; i++) {
        if (!(end[i] >= begin[i]))
            return vg_format("row %zu of stream `piece` of %s in %s ends before it begins", i + 1, run->workload,
                             run->tenant);
        s->items[s->count++] = (struct slice_stretch) {
            host_seconds(phase, tenant, line->zero_ns + begin[i] * line->tick_ns),
            host_seconds(phase, tenant, line->zero_ns + end[i] * line->tick_ns),
        };
        if (i)
            s->idle_s += idle_before(s, i, host_seconds(phase, tenant, submitted[i]));
    }
    unite(s, s->grain_s / 2);
    return NULL;
}

static bool load_pieces(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                        const struct vg_measured_run *run, const struct vg_measured_stream *stream,
                        struct slice_stretches *stretches, char **why_not, struct vg_error *err)
{
    const struct line line = { judge_fact_number(run, "gpu_clock_tick_ns"),
                               judge_fact_number(run, "gpu_clock_zero_ns") };
    stretches->grain_s = judge_fact_number(run, "job_ns") / (double)VG_NS_PER_S;
    stretches->clocked = true;
    if (!(line.tick_ns > 0 && line.tick_ns < 1e9) || isnan(line.zero_ns) || !(stretches->grain_s > 0)) {
        *why_not = vg_format("%s in %s does not say how its GPU's clock goes", run->workload, run->tenant);
        return true;
    }
    struct vg_samples samples VG_CLEANUP(vg_samples_free) = { 0 };
    if (!vg_samples_load(m->directory, stream, &samples, err))
        return false;
    *why_not = put_pieces(m, phase, run, &samples, &line, stretches);
    return true;
}

bool slice_stretches_load(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                          const struct vg_measured_run *run, enum slice_source source,
                          struct slice_stretches *stretches, char **why_not, struct vg_error *err)
{
    const struct vg_measured_stream *pieces = vg_measured_stream_find(run, "piece");
    *stretches = (struct slice_stretches) { 0 };
    *why_not = NULL;
    if (pieces && pieces->rows && source != SLICE_COMPLETIONS)
        return load_pieces(m, phase, run, pieces, stretches, why_not, err);
    if (source != SLICE_GPU_CLOCK)
        return load_completions(m, phase, run, stretches, why_not, err);
    *why_not = vg_format("%s in %s left no readings of a GPU clock", run->workload, run->tenant);
    return true;
}
