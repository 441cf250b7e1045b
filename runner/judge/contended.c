/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each of several tenants got while they shared the pGPU, over their common window. */
#include "judge/internal.h"

#include <math.h>

#define MAX_CLOCK_ERROR 0.02 /* of the common window: half of what one job more or less may be */

double judge_job_work(const struct vg_measurements *m, const char *phase, const char *workload, const char *tenant)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(m, phase);
    for (unsigned i = 0; measured && i < measured->run_count; i++)
        if ((workload[0] == '\0' || vg_equal(measured->runs[i].workload, workload)) &&
            vg_equal(measured->runs[i].tenant, tenant))
            return judge_fact_number(&measured->runs[i], "job_iterations");
    return NAN;
}

bool judge_phases_measured(const struct vg_measurements *m, const char *const *phases, size_t count,
                           struct vg_analysis_output *output)
{
    unsigned before = output->invalid_count;
    for (size_t i = 0; i < count; i++)
        if (!vg_measured_phase_find(m, phases[i]))
            vg_output_invalid(output, "Phase `%s` was not measured.", phases[i]);
    return output->invalid_count == before;
}

void judge_check_runs(const struct vg_measurements *m, const char *const *phases, size_t count, const char *workload,
                      const char *tenant, bool by_time, struct vg_analysis_output *output)
{
    for (size_t i = 0; i < count; i++) {
        const struct vg_measured_phase *phase = vg_measured_phase_find(m, phases[i]);
        for (unsigned j = 0; phase && j < phase->run_count; j++) {
            const struct vg_measured_run *run = &phase->runs[j];
            bool alone = phase->run_count == 1; /* what the others are measured against */
            if (!vg_equal(run->workload, workload))
                continue;
            if (by_time || (tenant && !alone && !vg_equal(run->tenant, tenant)))
                judge_check_verified(run, output);
            else
                (alone ? judge_check_run : judge_check_contended_run)(run, output);
        }
    }
}

void judge_contended_free(struct judge_contended *contended)
{
    vg_completions_free(&contended->completions);
    free(contended->rates);
    free(contended->gpu_time);
    free(contended->entitled);
    *contended = (struct judge_contended) { 0 };
}

/* Fewer than two jobs after warm-up: such a tenant did not bound the window. */
static double counted_rate(const struct vg_completion_series *series, double from_s, double to_s)
{
    size_t inside = 0;
    for (size_t i = 0; i < series->count; i++)
        inside += series->at_s[i] >= from_s && series->at_s[i] <= to_s;
    return (double)inside / (to_s - from_s);
}

/* Tenants are compared on the host's clock: where each one's window begins and ends is known no better than its clock.
 */
static void check_clock(const struct vg_completion_series *series, double window_s, struct vg_analysis_output *output)
{
    if (series->clock_error_s > MAX_CLOCK_ERROR * window_s)
        vg_output_invalid(output,
                          "The clock of %s is known to %.3g s only; at most %.0f %% of the common window of "
                          "%.3g s are allowed.",
                          series->tenant, series->clock_error_s, 100 * MAX_CLOCK_ERROR, window_s);
}

bool judge_contended_measure(const struct vg_measurements *m, const struct judge_host_clocks *clocks, const char *phase,
                             const char *workload, const struct judge_solo *solo, struct judge_contended *contended,
                             struct vg_analysis_output *output, struct vg_error *err)
{
    struct vg_completions *all = &contended->completions;
    *contended = (struct judge_contended) { .phase = vg_measured_phase_find(m, phase), .window_s = NAN };
    if (!vg_completions_load(m, phase, workload, all, err))
        return false;
    double from_s = all->window_start_s, to_s = all->window_end_s;
    contended->window_s = to_s - from_s;
    contended->rates = vg_calloc(all->count + 1, sizeof(double));
    contended->gpu_time = vg_calloc(all->count + 1, sizeof(double));
    contended->entitled = vg_calloc(all->count + 1, sizeof(double));
    if (isnan(contended->window_s)) {
        vg_output_invalid(output,
                          "The tenants of phase `%s` were never at work at the same time, so that nothing was shared.",
                          phase);
        return true;
    }
    for (unsigned i = 0; i < all->count; i++) {
        const struct vg_completion_series *series = &all->series[i];
        double rate = vg_completion_rate(series, from_s, to_s);
        if (isnan(rate))
            rate = counted_rate(series, from_s, to_s);
        double work = judge_job_work(m, phase, workload, series->tenant);
        contended->rates[i] = work > 0 && solo->work > 0 ? rate * work / solo->work : rate;
        contended->gpu_time[i] =
            judge_gpu_rate(&clocks->gpu_time, series->tenant, judge_phase_instant(contended->phase, from_s),
                           judge_phase_instant(contended->phase, to_s));
        contended->entitled[i] = vg_entitled_share(m, contended->phase, series->tenant);
        check_clock(series, contended->window_s, output);
    }
    return true;
}
