/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: do frames (or jobs) come evenly? A mean rate hides it: frames that come in pairs have the right rate, and
 * every other one is shown a period late. With T the period and d_i the time from one frame's completion to the next:
 *     late_1_5 = share of d_i > 1.5 T,  late_2 = share of d_i > 2 T,  burst = share of d_i < 0.5 T,
 *     jitter = standard deviation of d_i / T,  rate_error = |mean of d_i / T - 1|. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_pacing;

enum { MIN_FRAMES = 50 }; /* fewer, and one frame is over 2 % */

enum value { LATE_1_5, LATE_2, BURST, LONGEST_BURST, JITTER, RATE_ERROR, SD, P50, P99, MAX, VALUES };
static const char *const names[VALUES] = {
    [LATE_1_5] = "late_1_5", [LATE_2] = "late_2",         [BURST] = "burst",    [LONGEST_BURST] = "longest_burst",
    [JITTER] = "jitter",     [RATE_ERROR] = "rate_error", [SD] = "interval_sd", [P50] = "interval_p50",
    [P99] = "interval_p99",  [MAX] = "interval_max",
};

static const struct vg_measured_stream *stream_with_intervals(const struct vg_measured_run *run)
{
    for (unsigned i = 0; i < run->stream_count; i++)
        for (unsigned j = 0; j < run->streams[i].column_count; j++)
            if (vg_equal(run->streams[i].columns[j].name, "interval") &&
                vg_equal(run->streams[i].columns[j].kind, "duration"))
                return &run->streams[i];
    return NULL;
}

/* A workload that stops to verify frames says itself which intervals are none. */
bool vg_intervals_load(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                       const struct vg_measured_run *run, double **intervals_s, size_t *count, struct vg_error *err)
{
    const struct vg_measured_stream *stream = stream_with_intervals(run);
    *intervals_s = NULL;
    *count = 0;
    if (stream) {
        if (!vg_column_load(m, phase->name, run->workload, stream->name, "interval", run->tenant, false, intervals_s,
                            count, err))
            return false;
        for (size_t i = 0; i < *count; i++)
            (*intervals_s)[i] /= (double)VG_NS_PER_S;
        return true;
    }
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    if (!vg_completions_load(m, phase->name, run->workload, &all, err))
        return false;
    for (unsigned i = 0; i < all.count; i++) {
        const struct vg_completion_series *series = &all.series[i];
        for (size_t j = 1; vg_equal(series->tenant, run->tenant) && j < series->count; j++)
            vg_push(*intervals_s, *count) = series->at_s[j] - series->at_s[j - 1];
    }
    return true;
}

/* As the test says, else as the workload was told, else what the tenant had on average. */
static double period_of(const struct vg_analysis_input *input, const struct vg_measured_run *run,
                        const double *intervals_s, size_t count, const char **note)
{
    double period_ms = vg_analysis_param_real(input, "period_ms"), fps;
    const char *target = vg_settings_get(&run->params, "target_fps");
    *note = NULL;
    if (period_ms > 0)
        return period_ms / 1e3;
    if (target && vg_parse_real(target, &fps) && fps > 0)
        return 1 / fps;
    *note = "from the tenant's own mean: it was told no rate";
    return gsl_stats_mean(intervals_s, 1, count);
}

static void measure(const double *intervals_s, size_t count, double period_s, double values[VALUES])
{
    double burst = 0;
    for (int i = 0; i < VALUES; i++)
        values[i] = 0;
    for (size_t i = 0; i < count; i++) {
        values[LATE_1_5] += intervals_s[i] > 1.5 * period_s;
        values[LATE_2] += intervals_s[i] > 2 * period_s;
        bool close = intervals_s[i] < 0.5 * period_s;
        values[BURST] += close;
        burst = close ? burst + 1 : 0;
        values[LONGEST_BURST] = fmax(values[LONGEST_BURST], burst + 1);
    }
    values[LATE_1_5] /= (double)count;
    values[LATE_2] /= (double)count;
    values[BURST] /= (double)count;
    values[SD] = gsl_stats_sd(intervals_s, 1, count) * 1e9;
    values[JITTER] = values[SD] / (period_s * 1e9);
    values[RATE_ERROR] = fabs(gsl_stats_mean(intervals_s, 1, count) / period_s - 1);
    values[P50] = vg_quantile(intervals_s, count, 0.5) * 1e9;
    values[P99] = vg_quantile(intervals_s, count, 0.99) * 1e9;
    values[MAX] = vg_quantile(intervals_s, count, 1) * 1e9;
}

static void put(struct vg_analysis_output *output, const char *metric, const char *tenant, double value,
                const char *note)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_pacing, metric, tenant, value, note);
}

/* The values of one tenant; `worst` keeps the highest of all tenants. */
static bool put_tenant(const struct vg_analysis_input *input, const struct vg_measured_phase *phase,
                       const struct vg_measured_run *run, double worst[VALUES], struct vg_analysis_output *output,
                       struct vg_error *err)
{
    vg_autofree double *intervals_s = NULL;
    size_t count;
    const char *note;
    double values[VALUES];
    if (!vg_intervals_load(input->measurements, phase, run, &intervals_s, &count, err))
        return false;
    judge_check_run(run, output);
    if (count < MIN_FRAMES) {
        vg_output_invalid(output, "%s in %s has %zu intervals between completions; at least %d are needed.",
                          run->workload, run->tenant, count, MIN_FRAMES);
        return true;
    }
    double period_s = period_of(input, run, intervals_s, count, &note);
    measure(intervals_s, count, period_s, values);
    put(output, "period", run->tenant, period_s * 1e9, note);
    for (int i = 0; i < VALUES; i++) {
        put(output, names[i], run->tenant, values[i], NULL);
        worst[i] = fmax(worst[i], values[i]);
    }
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *name = vg_analysis_param(input, "phase"), *workload = vg_analysis_param(input, "workload");
    const char *tenant = vg_analysis_param(input, "tenant");
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    double worst[VALUES] = { 0 };
    unsigned tenants = 0;
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *one = &phase->runs[i];
        if (!vg_equal(one->workload, workload) || (tenant[0] && !vg_equal(one->tenant, tenant)))
            continue;
        tenants++;
        if (!put_tenant(input, phase, one, worst, output, err))
            return false;
    }
    if (!tenants)
        vg_output_invalid(output, "No tenant ran %s in phase `%s`.", workload, name);
    for (int i = 0; i < VALUES && output->invalid_count == 0; i++)
        put(output, names[i], NULL, worst[i], tenants > 1 ? "of the tenant that has most of it" : NULL);
    return true;
}

VG_ANALYSIS(pacing) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "pacing",
    .summary = "whether frames or jobs are completed evenly, or late and in bursts at the same mean rate",
    .why = "a share that is delivered in bursts looks right in frames per second and wrong to whoever watches",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the tenants work" },
            { .name = "workload", .type = VG_TEXT, .def = "gl-frame-stream", .summary = "whose completions count" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only this one; empty: all" },
            { .name = "period_ms",
              .type = VG_REAL,
              .def = "0",
              .min = 0,
              .max = 100000,
              .unit = "ms",
              .summary = "from one frame to the next; 0: by the workload's target_fps, else the tenant's own mean" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "late_1_5", "1", VG_LOWER, 0, "share of frames over 1.5 periods after the one before" },
            { "late_2", "1", VG_LOWER, 0, "share of frames over 2 periods after the one before" },
            { "burst", "1", VG_LOWER, 0, "share of frames less than half a period after the one before" },
            { "longest_burst", "1", VG_LOWER, 0, "most frames in a row that came so; 1: none did" },
            { "jitter", "1", VG_LOWER, 0.10, "standard deviation of the intervals / period" },
            { "rate_error", "1", VG_LOWER, 0, "relative deviation of the mean interval from the period" },
            { "interval_sd", "ns", VG_LOWER, 0.10, "standard deviation of the intervals" },
            { "interval_p50", "ns", VG_LOWER, 0.05, "median interval" },
            { "interval_p99", "ns", VG_LOWER, 0.10, "99 % of the intervals are at most this" },
            { "interval_max", "ns", VG_LOWER, 0, "the longest interval" },
            { "period", "ns", VG_NEITHER, 0, "against which the frames of a tenant are held" },
            { .name = NULL },
        },
    .run = run,
};
