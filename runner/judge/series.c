/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When jobs were completed, on one clock for all tenants. Analyses and plots both start here, so that a page can never
 * show another window than the one that was judged. */
#include "judge/internal.h"

#include <math.h>

/* The stream with a column of kind completion, and that column's name. */
static const struct vg_measured_stream *find_completion(const struct vg_measured_run *run, const char **column)
{
    for (unsigned i = 0; i < run->stream_count; i++) {
        const struct vg_measured_stream *stream = &run->streams[i];
        for (unsigned j = 0; j < stream->column_count; j++) {
            if (!vg_equal(stream->columns[j].kind, "completion"))
                continue;
            *column = stream->columns[j].name;
            return stream;
        }
    }
    return NULL;
}

static double worst_clock_error_s(const struct vg_measured_tenant *tenant)
{
    int64_t worst = 0;
    for (unsigned i = 0; tenant && i < tenant->clock_count; i++)
        if (tenant->clock[i].uncertainty_ns > worst)
            worst = tenant->clock[i].uncertainty_ns;
    return (double)worst / (double)VG_NS_PER_S;
}

static double seconds_since(int64_t origin_ns, int64_t host_ns)
{
    return ((double)host_ns - (double)origin_ns) / (double)VG_NS_PER_S;
}

struct job {
    double done_s, submitted_s;
};

static int compare_jobs(const void *a, const void *b)
{
    double x = ((const struct job *)a)->done_s, y = ((const struct job *)b)->done_s;
    return (x > y) - (x < y);
}

static bool load_series(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                        const struct vg_measured_run *run, struct vg_completion_series *series, struct vg_error *err)
{
    const char *column;
    const struct vg_measured_stream *stream = find_completion(run, &column);
    const struct vg_measured_tenant *tenant = vg_measured_tenant_find(m, run->tenant);
    *series = (struct vg_completion_series) { .tenant = vg_strdup(run->tenant), .steady_s = NAN };
    series->clock_error_s = worst_clock_error_s(tenant);
    int64_t steady_ns;
    if (judge_steady_ns(run, &steady_ns))
        series->steady_s = seconds_since(phase->start_host_ns, steady_ns);
    if (!stream)
        return true; /* nothing was completed */
    struct vg_samples samples VG_CLEANUP(vg_samples_free) = { 0 };
    if (!vg_samples_load(m->directory, stream, &samples, err))
        return false;
    const double *instants = vg_samples_column(&samples, column), *latency = vg_samples_column(&samples, "latency");
    vg_autofree struct job *jobs = vg_reallocarray(NULL, samples.rows + 1, sizeof(*jobs));
    bool ascending = true;
    for (size_t i = 0; i < samples.rows; i++) {
        int64_t guest_ns = judge_instant(instants[i]);
        int64_t host_ns = tenant ? vg_host_time(tenant, guest_ns) : guest_ns;
        jobs[i].done_s = seconds_since(phase->start_host_ns, host_ns);
        jobs[i].submitted_s =
            latency && latency[i] >= 0 ? jobs[i].done_s - latency[i] / (double)VG_NS_PER_S : (double)NAN;
        ascending = ascending && (i == 0 || jobs[i].done_s >= jobs[i - 1].done_s);
    }
    if (!ascending) /* jobs of several queues may end out of order */
        qsort(jobs, samples.rows, sizeof(*jobs), compare_jobs);
    series->at_s = vg_reallocarray(NULL, samples.rows + 1, sizeof(double));
    series->submitted_s = vg_reallocarray(NULL, samples.rows + 1, sizeof(double));
    series->count = samples.rows;
    for (size_t i = 0; i < samples.rows; i++) {
        series->at_s[i] = jobs[i].done_s;
        series->submitted_s[i] = jobs[i].submitted_s;
    }
    return true;
}

/* First completion that counts: warm-up is over. */
static size_t first_steady(const struct vg_completion_series *series)
{
    if (isnan(series->steady_s))
        return 0;
    size_t low = 0, high = series->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->at_s[middle] < series->steady_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A tenant that completed nothing cannot bound the window: it is starved, and the others' window shows it. */
static void find_window(struct vg_completions *completions)
{
    completions->window_start_s = completions->window_end_s = NAN;
    for (unsigned i = 0; i < completions->count; i++) {
        const struct vg_completion_series *series = &completions->series[i];
        size_t first = first_steady(series);
        if (series->count - first < 2)
            continue;
        double start_s = series->at_s[first], end_s = series->at_s[series->count - 1];
        if (!(completions->window_start_s >= start_s))
            completions->window_start_s = start_s;
        if (!(completions->window_end_s <= end_s))
            completions->window_end_s = end_s;
    }
    if (!(completions->window_end_s > completions->window_start_s))
        completions->window_start_s = completions->window_end_s = NAN;
}

bool vg_completions_load(const struct vg_measurements *measurements, const char *phase, const char *workload,
                         struct vg_completions *completions, struct vg_error *err)
{
    *completions = (struct vg_completions) { .window_start_s = NAN, .window_end_s = NAN };
    const struct vg_measured_phase *found = vg_measured_phase_find(measurements, phase);
    if (!found)
        return vg_fail(err, VG_ERROR_INPUT, "there is no phase `%s` in the measurements of %s", phase,
                       measurements->instance);
    for (unsigned i = 0; i < found->run_count; i++) {
        if (workload[0] && !vg_equal(found->runs[i].workload, workload))
            continue;
        struct vg_completion_series *series = &vg_push(completions->series, completions->count);
        if (!load_series(measurements, found, &found->runs[i], series, err)) {
            vg_completions_free(completions);
            return false;
        }
    }
    find_window(completions);
    return true;
}

void vg_completions_free(struct vg_completions *completions)
{
    for (unsigned i = 0; i < completions->count; i++) {
        free(completions->series[i].tenant);
        free(completions->series[i].at_s);
        free(completions->series[i].submitted_s);
    }
    free(completions->series);
    *completions = (struct vg_completions) { .window_start_s = NAN, .window_end_s = NAN };
}
