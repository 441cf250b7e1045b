/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: the distribution of a duration. A mean hides what a person feels, so that the tail is given as it is;
 * nothing is dropped as an outlier. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_latency;

static bool has_column(const struct vg_analysis_input *input, const char *phase, const char *workload,
                       const char *stream, const char *column)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    for (unsigned i = 0; measured && i < measured->run_count; i++) {
        const struct vg_measured_run *one = &measured->runs[i];
        const struct vg_measured_stream *found =
            !workload[0] || vg_equal(one->workload, workload) ? vg_measured_stream_find(one, stream) : NULL;
        for (unsigned j = 0; found && j < found->column_count; j++)
            if (vg_equal(found->columns[j].name, column))
                return vg_equal(found->columns[j].unit, "ns");
    }
    return false;
}

static void check_runs(const struct vg_analysis_input *input, const char *phase, const char *workload,
                       const char *stream, struct vg_analysis_output *output)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    const char *tenant = vg_analysis_param(input, "tenant");
    for (unsigned i = 0; measured && i < measured->run_count; i++) {
        const struct vg_measured_run *one = &measured->runs[i];
        if ((!workload[0] || vg_equal(one->workload, workload)) && (!tenant[0] || vg_equal(one->tenant, tenant)) &&
            vg_measured_stream_find(one, stream))
            judge_check_run(one, output);
    }
}

/* Why no run knew when the GPU began and ended; NULL: it did know. */
static const char *no_gpu_clock(const struct vg_analysis_input *input, const char *phase, const char *stream)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    for (unsigned i = 0; measured && i < measured->run_count; i++) {
        const char *clock = vg_fact_get(&measured->runs[i], "gpu_clock");
        if (clock && !vg_equal(clock, "compared") && vg_measured_stream_find(&measured->runs[i], stream))
            return clock;
    }
    return NULL;
}

/* Part of the submissions of an open loop that went after the next tick. NaN: it was none. */
static double part_behind(const struct vg_analysis_input *input, const char *phase, const char *workload,
                          const char *stream)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    const char *tenant = vg_analysis_param(input, "tenant");
    double behind = NAN, of = 0;
    for (unsigned i = 0; measured && i < measured->run_count; i++) {
        const struct vg_measured_run *one = &measured->runs[i];
        if ((workload[0] && !vg_equal(one->workload, workload)) || (tenant[0] && !vg_equal(one->tenant, tenant)) ||
            !vg_measured_stream_find(one, stream) || !vg_fact_get(one, "submissions_behind"))
            continue;
        behind = (isnan(behind) ? 0 : behind) + judge_fact_number(one, "submissions_behind");
        of += judge_fact_number(one, "submissions");
        if (isnan(behind) || isnan(of)) /* what one did not say is not known of all */
            return NAN;
    }
    return of > 0 ? behind / of : NAN;
}

static const struct quantile {
    const char *metric;
    double probability;
} quantiles[] = {
    { "min", 0 }, { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99_9", 0.999 }, { "max", 1 },
};

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_latency;
    const char *phase = vg_analysis_param(input, "phase"), *workload = vg_analysis_param(input, "workload");
    const char *stream = vg_analysis_param(input, "stream"), *column = vg_analysis_param(input, "column");
    if (!has_column(input, phase, workload, stream, column)) {
        vg_output_invalid(output, "No run in phase `%s` left a stream `%s` with a column `%s` in ns.", phase, stream,
                          column);
        return true;
    }
    check_runs(input, phase, workload, stream, output);
    vg_autofree double *values = NULL;
    size_t count;
    if (!vg_column_load(input->measurements, phase, workload, stream, column, vg_analysis_param(input, "tenant"), true,
                        &values, &count, err))
        return false;
    vg_output_value(output, self, "count", NULL, (double)count, NULL);
    const char *no_clock = count == 0 ? no_gpu_clock(input, phase, stream) : NULL;
    if (no_clock) {
        vg_output_absent(output, "Nobody knows `%s` here: the GPU's clock cannot be compared with the tenant's (%s).",
                         column, no_clock);
        return true;
    }
    if (count == 0) {
        vg_output_invalid(output, "Phase `%s` has no samples of `%s` after warm-up.", phase, column);
        return true;
    }
    for (size_t i = 0; i < VG_COUNT(quantiles); i++)
        vg_output_value(output, self, quantiles[i].metric, NULL,
                        vg_quantile_sorted(values, count, quantiles[i].probability), NULL);
    vg_output_value(output, self, "mean", NULL, gsl_stats_mean(values, 1, count), NULL);
    double behind = part_behind(input, phase, workload, stream);
    if (!isnan(behind))
        vg_output_value(output, self, "behind", NULL, behind, NULL);
    return true;
}

VG_ANALYSIS(latency) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "latency",
    .summary = "the distribution of a duration, samples pooled over tenants, warm-up left out",
    .why = "a host in the submission path shows in the median, a neighbour in the tail",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which it was measured" },
            { .name = "workload", .type = VG_TEXT, .def = "", .summary = "only runs of this one; empty: all" },
            { .name = "stream", .type = VG_TEXT, .def = "submission", .summary = "the workload's table of samples" },
            { .name = "column", .type = VG_TEXT, .def = "latency", .summary = "a duration of that stream" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only this one; empty: all" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "p50", "ns", VG_LOWER, 0.05, "median" },
            { "p90", "ns", VG_LOWER, 0.05, "90 % are at most this" },
            { "p99", "ns", VG_LOWER, 0.10, "99 % are at most this" },
            { "p99_9", "ns", VG_LOWER, 0.10, "99.9 % are at most this" },
            { "max", "ns", VG_LOWER, 0, "the longest" },
            { "min", "ns", VG_LOWER, 0, "the shortest" },
            { "mean", "ns", VG_LOWER, 0, "arithmetic mean" },
            { "behind", "1", VG_LOWER, 0,
              "open loop: part of the submissions that went more than a period after their tick" },
            { "count", "1", VG_NEITHER, 0, "samples" },
            { .name = NULL },
        },
    .run = run,
};
