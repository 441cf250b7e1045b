/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The throughput of one tenant that has the pGPU to itself, and how steady it was. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

int64_t judge_phase_instant(const struct vg_measured_phase *phase, double at_s)
{
    return phase->start_host_ns + judge_instant(at_s * (double)VG_NS_PER_S);
}

static bool load_host_clocks(const struct vg_measurements *measurements, struct judge_host_clocks *clocks,
                             struct vg_error *err)
{
    *clocks = (struct judge_host_clocks) { 0 };
    return judge_clock_load(measurements, &clocks->clock, err) &&
           judge_gpu_time_load(measurements, &clocks->gpu_time, err);
}

static void free_host_clocks(struct judge_host_clocks *clocks)
{
    judge_clock_free(&clocks->clock);
    judge_gpu_time_free(&clocks->gpu_time);
}

static void free_solo(struct judge_solo *solo)
{
    vg_completions_free(&solo->completions);
    free(solo->note);
    *solo = (struct judge_solo) { 0 };
}

static double coefficient_of_variation(const double *values, size_t count)
{
    return count >= 2 ? gsl_stats_sd(values, 1, count) / gsl_stats_mean(values, 1, count) : NAN;
}

enum { VARIATION_WINDOWS_MIN = 3 };

/* 1 s, a fifth of what is too short for three of them. */
static size_t variation_windows(double from_s, double to_s, double *width_s)
{
    *width_s = to_s - from_s >= VARIATION_WINDOWS_MIN ? 1 : (to_s - from_s) / 5;
    return (size_t)floor((to_s - from_s) / *width_s + 1e-9);
}

static double rate_variation(const struct judge_solo *solo)
{
    const struct vg_completion_series *series = &solo->completions.series[0];
    double from_s = solo->completions.window_start_s, to_s = solo->completions.window_end_s, width_s;
    size_t windows = variation_windows(from_s, to_s, &width_s);
    vg_autofree double *rates = vg_calloc(windows + 1, sizeof(*rates));
    for (size_t i = 0; i < windows; i++) {
        double start_s = from_s + (double)i * width_s;
        rates[i] = vg_completion_rate(series, start_s, fmin(start_s + width_s, to_s));
    }
    return coefficient_of_variation(rates, windows);
}

static double gpu_time_variation(const struct judge_solo *solo, const struct judge_gpu_time *gpu_time)
{
    const char *tenant = solo->completions.series[0].tenant;
    int64_t from_ns = judge_phase_instant(solo->phase, solo->completions.window_start_s);
    int64_t to_ns = judge_phase_instant(solo->phase, solo->completions.window_end_s);
    double width_s;
    if (!judge_gpu_watched(gpu_time, tenant, &from_ns, &to_ns))
        return NAN;
    size_t windows = variation_windows(0, (double)(to_ns - from_ns) / (double)VG_NS_PER_S, &width_s);
    vg_autofree double *used = vg_calloc(windows + 1, sizeof(*used));
    for (size_t i = 0; i < windows; i++) {
        int64_t start_ns = from_ns + judge_instant((double)i * width_s * (double)VG_NS_PER_S);
        int64_t end_ns = start_ns + judge_instant(width_s * (double)VG_NS_PER_S);
        used[i] = judge_gpu_seconds(gpu_time, tenant, start_ns, end_ns < to_ns ? end_ns : to_ns);
    }
    return coefficient_of_variation(used, windows);
}

/* What the policy leaves to one busy tenant is scaled up to the whole pGPU. */
static bool scale_up(const struct vg_measurements *m, struct judge_solo *solo, struct vg_analysis_output *output)
{
    unsigned running = judge_tenants_running(m, solo->phase);
    const char *policy = judge_policy(m, solo->phase);
    double alone_share = judge_alone_share(m, solo->phase, solo->completions.series[0].tenant);
    if (!(alone_share > 0)) {
        vg_output_invalid(output,
                          "What policy %s leaves to one busy tenant of %u is not known, so that solo throughput "
                          "cannot be told.",
                          policy, running);
        return false;
    }
    if (alone_share < 1)
        solo->note = vg_format("measured %.4g/s under %s with %u running, which promises %.3g of the pGPU", solo->rate,
                               policy, running, alone_share);
    solo->rate /= alone_share;
    solo->gpu_time /= alone_share;
    return true;
}

/* Adds an invalid sentence where there is no such number. */
static bool measure_solo(const struct vg_measurements *m, const struct judge_host_clocks *clocks, const char *phase,
                         const char *workload, struct judge_solo *solo, struct vg_analysis_output *output,
                         struct vg_error *err)
{
    *solo = (struct judge_solo) { .rate = NAN, .gpu_time = NAN, .work = NAN, .cv = NAN, .rate_cv = NAN };
    struct vg_completions *alone = &solo->completions;
    if (!vg_completions_load(m, phase, workload, alone, err))
        return false;
    if (alone->count != 1) {
        vg_output_invalid(output, "Phase `%s` must have exactly one tenant that runs %s alone; it has %u.", phase,
                          workload, alone->count);
        return true;
    }
    const struct vg_completion_series *series = &alone->series[0];
    double window_s = alone->window_end_s - alone->window_start_s;
    solo->phase = vg_measured_phase_find(m, phase);
    solo->rate = vg_completion_rate(series, alone->window_start_s, alone->window_end_s);
    if (!(solo->rate * window_s >= JUDGE_MIN_JOBS)) {
        vg_output_invalid(output, "Phase `%s` has too few completions after warm-up: at least %d are needed.", phase,
                          JUDGE_MIN_JOBS);
        return true;
    }
    solo->gpu_time =
        judge_gpu_rate(&clocks->gpu_time, series->tenant, judge_phase_instant(solo->phase, alone->window_start_s),
                       judge_phase_instant(solo->phase, alone->window_end_s));
    solo->rate_cv = rate_variation(solo);
    solo->cv = isnan(solo->gpu_time) ? solo->rate_cv : gpu_time_variation(solo, &clocks->gpu_time);
    solo->work = judge_job_work(m, phase, workload, series->tenant);
    scale_up(m, solo, output);
    return true;
}

static bool has_metric(const struct vg_descriptor *self, const char *name)
{
    for (const struct vg_metric *metric = self->metrics; metric && metric->name; metric++)
        if (vg_equal(metric->name, name))
            return true;
    return false;
}

bool judge_basis_open(const struct vg_analysis_input *input, const struct vg_descriptor *self,
                      const char *const *phases, size_t count, struct judge_basis *basis,
                      struct vg_analysis_output *output, struct vg_error *err)
{
    const struct judge_solo *solo = &basis->solo;
    *basis = (struct judge_basis) { 0 };
    if (!judge_phases_measured(input->measurements, phases, count, output))
        return true;
    if (!load_host_clocks(input->measurements, &basis->clocks, err) ||
        !measure_solo(input->measurements, &basis->clocks, phases[0], vg_analysis_param(input, "workload"),
                      &basis->solo, output, err))
        return false;
    if (has_metric(self, "solo_rate"))
        vg_output_value(output, self, "solo_rate", NULL, solo->rate, solo->note);
    if (has_metric(self, "solo_cv"))
        vg_output_value(output, self, "solo_cv", NULL, solo->cv, isnan(solo->gpu_time) ? NULL : "of its GPU time");
    return true;
}

void judge_basis_free(struct judge_basis *basis)
{
    free_solo(&basis->solo);
    free_host_clocks(&basis->clocks);
}
