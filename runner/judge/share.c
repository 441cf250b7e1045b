/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does every tenant get the share of the pGPU that the policy promises it? Judged is the largest deviation
 * from the promised share; Jain's index is only reported, since a 60/40 split still scores 0.96.
 *
 * A share is throughput / solo throughput. Where the pGPU is a set of cores whose clock moves by tens of percent
 * between two phases, that ratio is mostly the clock's: there a share is the GPU time that the tenant was given / that
 * of the solo phase, and what was done with the time is the business of the analysis `efficiency`. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_share;

/* A window that is too short for the promised rate says nothing. It is the promise that counts, not what came: a tenant
 * that was starved has few completions, and that is the finding. */
static bool enough(const struct judge_contended *contended, const struct judge_solo *solo,
                   struct vg_analysis_output *output)
{
    double least = gsl_stats_min(contended->entitled, 1, contended->completions.count);
    double expected = least * solo->rate * contended->window_s;
    if (isnan(expected))
        expected = gsl_stats_mean(contended->rates, 1, contended->completions.count) * contended->window_s;
    if (expected >= JUDGE_MIN_JOBS)
        return true;
    vg_output_invalid(
        output,
        "The common window of phase `%s`, %.2f s, has room for %.1f jobs of a tenant's share; at least %d are "
        "needed.",
        contended->phase->name, contended->window_s, expected, JUDGE_MIN_JOBS);
    return false;
}

/* A queue that hardly anything left cannot have been empty: such a tenant is starved, which is for its rate to show. */
static bool was_served(const struct vg_completion_series *series, const struct vg_completions *all)
{
    size_t inside = 0;
    for (size_t i = 0; i < series->count; i++)
        inside += series->at_s[i] >= all->window_start_s && series->at_s[i] <= all->window_end_s;
    return inside >= 2;
}

/* How much of the window the tenant had work waiting, as far as this host lets one see. NaN: it does not. */
static bool measure_saturation(const struct vg_measurements *m, const struct judge_contended *contended,
                               const struct vg_completion_series *series, double entitled, double *saturation,
                               struct vg_error *err)
{
    const struct vg_completions *all = &contended->completions;
    double queued = was_served(series, all) ? judge_queued(series, all->window_start_s, all->window_end_s) : 1;
    *saturation = queued;
    if (!m->software_renderer)
        return true;
    double demand; /* a renderer's CPU time is GPU time only where the pGPU is a CPU */
    if (!judge_demand(m, series->tenant, judge_phase_instant(contended->phase, all->window_start_s),
                      judge_phase_instant(contended->phase, all->window_end_s), entitled, &demand, err))
        return false;
    *saturation = isnan(queued) || isnan(demand) ? NAN : fmin(queued, demand);
    return true;
}

static bool put_saturation(const struct vg_measurements *m, const struct judge_contended *contended,
                           struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    const struct vg_completions *all = &contended->completions;
    double least = 1;
    for (unsigned i = 0; i < all->count; i++) {
        const struct vg_completion_series *series = &all->series[i];
        double saturation;
        if (!measure_saturation(m, contended, series, contended->entitled[i], &saturation, err))
            return false;
        if (isnan(saturation))
            vg_output_invalid(output, "Whether %s always had work waiting in phase `%s` was not measured%s.",
                              series->tenant, contended->phase->name,
                              m->software_renderer ? " (latency of its jobs, process-cpu probe)"
                                                   : " (latency of its jobs)");
        least = isnan(saturation) || isnan(least) ? NAN : fmin(least, saturation);
    }
    vg_output_value(output, self, "saturation", NULL, least,
                    m->software_renderer
                        ? "of the least busy tenant: its queue, and its renderer running or waiting for its turn"
                        : "of the least busy tenant: its queue");
    return true;
}

/* Tenants of one window meet the same clock: their rates are compared as they were counted. */
static void put_rates(const struct judge_contended *contended, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    double sum = 0, squares = 0, least = INFINITY, most = 0;
    unsigned count = contended->completions.count;
    for (unsigned i = 0; i < count; i++) {
        double rate = contended->rates[i];
        sum += rate;
        squares += rate * rate;
        least = fmin(least, rate);
        most = fmax(most, rate);
        vg_output_value(output, self, "rate", contended->completions.series[i].tenant, rate, NULL);
    }
    vg_output_value(output, self, "min_max_ratio", NULL, most > 0 ? least / most : NAN, NULL);
    vg_output_value(output, self, "jain", NULL, squares > 0 ? sum * sum / (count * squares) : NAN, NULL);
}

/* NaN must not be lost, whichever tenant it is of. */
static double worse(double deviation, double promised)
{
    double own = fabs(promised - 1);
    return isnan(deviation) || own <= deviation ? deviation : own;
}

static void put_shares(const struct vg_measurements *m, const struct judge_contended *contended,
                       const struct judge_solo *solo, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    bool by_time = !isnan(solo->gpu_time);
    unsigned count = contended->completions.count;
    double mean = 0, deviation = 0, rate_deviation = 0;
    vg_autofree double *shares = vg_calloc(count + 1, sizeof(*shares));
    for (unsigned i = 0; i < count; i++) {
        shares[i] = by_time ? contended->gpu_time[i] / solo->gpu_time : contended->rates[i] / solo->rate;
        mean += shares[i] / count;
        vg_output_value(output, self, "share", contended->completions.series[i].tenant, shares[i], NULL);
    }
    const double *entitled = contended->entitled;
    bool promised = !isnan(entitled[0]), equal = true;
    for (unsigned i = 0; i < count; i++) {
        deviation = worse(deviation, shares[i] / (promised ? entitled[i] : mean));
        rate_deviation = worse(rate_deviation, contended->rates[i] / solo->rate / entitled[i]);
        equal = equal && entitled[i] == entitled[0];
    }
    const char *policy = judge_policy(m, contended->phase);
    vg_autofree char *each = equal ? vg_format("%.4g of ", entitled[0]) : vg_strdup("its part of ");
    vg_autofree char *note =
        !promised ? vg_format("from the mean of the tenants: policy %s promises no share", policy)
                  : vg_format("from %s%s each (%s)", each, by_time ? "the pGPU's time" : "solo throughput", policy);
    for (unsigned i = 0; promised && i < (equal ? 1 : count); i++) /* else there is nothing that could be told */
        vg_output_value(output, self, "entitled", equal ? NULL : contended->completions.series[i].tenant, entitled[i],
                        NULL);
    vg_output_value(output, self, "max_deviation", NULL, deviation, note);
    if (by_time && promised)
        vg_output_value(output, self, "rate_deviation", NULL, rate_deviation,
                        "as counted: the core's clock between the two phases is in it");
}

static bool compare(const struct vg_analysis_input *input, const struct judge_basis *basis, const char *phase,
                    struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    const struct vg_measurements *m = input->measurements;
    const struct judge_solo *solo = &basis->solo;
    const char *workload = vg_analysis_param(input, "workload");
    struct judge_contended contended VG_CLEANUP(judge_contended_free) = { 0 };
    if (!isnan(solo->gpu_time))
        vg_output_value(output, self, "solo_rate_cv", NULL, solo->rate_cv, "as counted: the core's clock is in it");
    if (!judge_contended_measure(m, &basis->clocks, phase, workload, solo, &contended, output, err))
        return false;
    if (contended.completions.count < 2) {
        vg_output_invalid(output, "Phase `%s` has %u tenants that run %s; sharing needs two.", phase,
                          contended.completions.count, workload);
        return true;
    }
    if (isnan(contended.window_s) || !enough(&contended, solo, output))
        return true;
    put_rates(&contended, output);
    put_shares(m, &contended, solo, output);
    vg_output_value(output, self, "window_s", NULL, contended.window_s, NULL);
    return put_saturation(m, &contended, output, err);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    const char *phases[] = { vg_analysis_param(input, "solo"), vg_analysis_param(input, "phase") };
    struct judge_basis basis VG_CLEANUP(judge_basis_free) = { 0 };
    if (!judge_basis_open(input, self, phases, VG_COUNT(phases), &basis, output, err) ||
        (output->invalid_count == 0 && !compare(input, &basis, phases[1], output, err)))
        return false;
    judge_check_runs(input->measurements, phases, VG_COUNT(phases), vg_analysis_param(input, "workload"), NULL,
                     basis.solo.gpu_time > 0, output);
    return true;
}

VG_ANALYSIS(share) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "share",
    .summary = "what each tenant is given against the share that the policy promises it",
    .why = "a scheduler that favours one tenant takes from the others what they were promised",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which all tenants work at once" },
            { .name = "solo", .type = VG_TEXT, .summary = "the phase in which one tenant works alone" },
            { .name = "window",
              .type = VG_CHOICE,
              .def = "common",
              .choices = "common",
              .summary = "common: from the latest first to the earliest last completion" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "whose completions count" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "max_deviation", "1", VG_LOWER, 0, "largest relative deviation of a tenant from its promised share" },
            { "min_max_ratio", "1", VG_HIGHER, 0, "slowest tenant's rate / fastest tenant's" },
            { "jain", "1", VG_HIGHER, 0, "Jain's fairness index of the rates" },
            { "saturation", "1", VG_HIGHER, 0, "part of the window in which the least busy tenant had work waiting" },
            { "solo_rate", "1/s", VG_HIGHER, 0.05, "jobs of one tenant that has the whole pGPU" },
            { "solo_cv", "1", VG_LOWER, 0,
              "coefficient of variation over windows of 1 s of what one tenant gets alone: GPU time where it is "
              "counted, "
              "else jobs" },
            { "solo_rate_cv", "1", VG_LOWER, 0, "that of its jobs, where GPU time is counted" },
            { "share", "1", VG_NEITHER, 0,
              "a tenant's GPU time / solo where it is counted, else its rate / solo rate" },
            { "entitled", "1", VG_NEITHER, 0, "the share that the policy promises each tenant; absent: none" },
            { "rate", "1/s", VG_NEITHER, 0, "a tenant's jobs in the common window" },
            { "rate_deviation", "1", VG_LOWER, 0, "max_deviation by rates, where GPU time is counted" },
            { "window_s", "s", VG_NEITHER, 0, "length of the common window" },
            { .name = NULL },
        },
    .run = run,
};
