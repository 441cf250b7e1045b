/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: for how long did a tenant that had work waiting get nothing done? A share says nothing about that: a tenant
 * that is served all of its seconds' worth once a minute has its full share.
 *
 * For the completion i of a tenant's jobs, in the order of time, the gap that ended with it is
 *     gap_i = done_i - max(done_(i-1), earliest submission of all jobs that were not done at done_(i-1)),
 * that is: the part of the time since the completion before it in which at least one job was waiting. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_starvation;

struct gaps {
    double *gaps_s; /* in the order of time */
    size_t count;
    double longest_s, at_s; /* when the longest one ended, seconds since the phase started */
    bool whole_intervals;   /* when jobs were submitted was not measured */
};

static void add_gap(struct gaps *gaps, double from_s, double to_s)
{
    double gap_s = fmax(to_s - from_s, 0);
    gaps->gaps_s[gaps->count++] = gap_s;
    if (gap_s > gaps->longest_s || gaps->count == 1) {
        gaps->longest_s = gap_s;
        gaps->at_s = to_s;
    }
}

/* begin_s: from when on the tenant's work counts. */
static void find_gaps(const struct vg_completion_series *series, double begin_s, struct gaps *gaps)
{
    *gaps = (struct gaps) { .gaps_s = vg_calloc(series->count + 1, sizeof(double)) };
    vg_autofree double *waiting_since_s = vg_calloc(series->count + 1, sizeof(*waiting_since_s));
    double earliest_s = INFINITY;
    for (size_t i = series->count; i-- > 0;) {
        bool known = !isnan(series->submitted_s[i]);
        gaps->whole_intervals |= !known;
        earliest_s = fmin(earliest_s, known ? series->submitted_s[i] : -INFINITY);
        waiting_since_s[i] = earliest_s;
    }
    for (size_t i = 0; i < series->count; i++)
        add_gap(gaps, fmax(i ? series->at_s[i - 1] : begin_s, waiting_since_s[i]), series->at_s[i]);
}

static double seconds_in(const struct vg_measured_phase *phase, int64_t host_ns)
{
    return ((double)host_ns - (double)phase->start_host_ns) / (double)VG_NS_PER_S;
}

static double begin_of(const struct vg_measured_phase *phase, const struct vg_measured_run *run,
                       const struct vg_completion_series *series)
{
    return isnan(series->steady_s) ? seconds_in(phase, run->go_host_ns) : series->steady_s;
}

bool vg_waiting_gaps_load(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                          const struct vg_measured_run *run, double **gaps_s, size_t *count, struct vg_error *err)
{
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    struct gaps gaps = { 0 };
    *gaps_s = NULL;
    *count = 0;
    if (!vg_completions_load(measurements, phase->name, run->workload, &all, err))
        return false;
    for (unsigned i = 0; i < all.count && !gaps.gaps_s; i++)
        if (vg_equal(all.series[i].tenant, run->tenant))
            find_gaps(&all.series[i], begin_of(phase, run, &all.series[i]), &gaps);
    *gaps_s = gaps.gaps_s;
    *count = gaps.count;
    return true;
}

static void put(struct vg_analysis_output *output, const char *metric, const char *tenant, double value,
                const char *note)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_starvation, metric, tenant, value, note);
}

/* What is longest over all tenants. */
struct worst {
    double gap_s;
    char *note;
};

static void put_tenant(const struct vg_measured_phase *phase, const struct vg_measured_run *run,
                       const struct vg_completion_series *series, struct worst *worst,
                       struct vg_analysis_output *output)
{
    double begin_s = begin_of(phase, run, series);
    struct gaps gaps;
    vg_autofree char *note = NULL;
    find_gaps(series, begin_s, &gaps);
    if (gaps.count == 0) { /* it wanted work done all the time, and got none */
        add_gap(&gaps, begin_s, seconds_in(phase, run->end_host_ns ? run->end_host_ns : phase->end_host_ns));
        note = vg_format("%s completed nothing", run->tenant);
    } else {
        note = vg_format("%s, up to %.3f s of the phase%s", run->tenant, gaps.at_s,
                         gaps.whole_intervals ? "; when its jobs were submitted is not known" : "");
    }
    put(output, "longest_gap", run->tenant, gaps.longest_s * 1e9, note);
    put(output, "gap_p99", run->tenant, vg_quantile(gaps.gaps_s, gaps.count, 0.99) * 1e9, NULL);
    put(output, "completions", run->tenant, (double)series->count, NULL);
    if (gaps.longest_s >= worst->gap_s) {
        worst->gap_s = gaps.longest_s;
        free(worst->note);
        worst->note = vg_strdup(note);
    }
    free(gaps.gaps_s);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *name = vg_analysis_param(input, "phase"), *workload = vg_analysis_param(input, "workload");
    const char *tenant = vg_analysis_param(input, "tenant");
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    struct worst worst = { .gap_s = -1 };
    if (phase && !vg_completions_load(input->measurements, name, workload, &all, err))
        return false;
    for (unsigned i = 0, series = 0; phase && i < phase->run_count; i++) {
        if (!vg_equal(phase->runs[i].workload, workload))
            continue;
        const struct vg_completion_series *own = &all.series[series++]; /* one per run, in this order */
        if (tenant[0] && !vg_equal(phase->runs[i].tenant, tenant))
            continue;
        judge_check_verified(&phase->runs[i], output);
        put_tenant(phase, &phase->runs[i], own, &worst, output);
    }
    if (worst.gap_s < 0)
        vg_output_invalid(output, "No tenant ran %s in phase `%s`.", workload, name);
    else
        put(output, "longest_gap", NULL, worst.gap_s * 1e9, worst.note);
    free(worst.note);
    return true;
}

VG_ANALYSIS(starvation) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "starvation",
    .summary = "the longest time in which a tenant had work queued and none of it was completed",
    .why = "a tenant can have its whole share and still stand still for seconds",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the tenants work" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "whose completions count" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only this one; empty: all" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "longest_gap", "ns", VG_LOWER, 0.10, "longest time with work queued and nothing completed" },
            { "gap_p99", "ns", VG_LOWER, 0.10, "99 % of a tenant's completions came at most so long after the last" },
            { "completions", "1", VG_NEITHER, 0, "jobs of a tenant that were completed" },
            { .name = NULL },
        },
    .run = run,
};
