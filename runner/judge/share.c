/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does every tenant get the share of the pGPU that the policy promises it? Judged is the largest deviation
 * from the promised share; Jain's index is only reported, since a 60/40 split still scores 0.96. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_share;

enum { MIN_JOBS = 25 };      /* fewer, and one job more or less is 4 % */
#define MAX_CLOCK_ERROR 0.02 /* of the common window: half of what one job more or less may be */

struct solo {
    double rate; /* of the whole pGPU, jobs per second */
    double work; /* loop count of its job; NaN: unknown */
    double cv;
    char *note;
};

struct contended {
    struct vg_completions completions;
    double entitled, window_s;
    double *rates; /* per series */
};

static const struct vg_measured_run *find_run(const struct vg_measurements *m, const char *phase, const char *workload,
                                              const char *tenant)
{
    const struct vg_measured_phase *measured = vg_measured_phase_find(m, phase);
    for (unsigned i = 0; measured && i < measured->run_count; i++)
        if (vg_equal(measured->runs[i].workload, workload) && vg_equal(measured->runs[i].tenant, tenant))
            return &measured->runs[i];
    return NULL;
}

/* Coefficient of variation of the rate over windows of 1 s, or of a fifth of a short series. */
static double variation(const struct vg_completion_series *series, double from_s, double to_s)
{
    double width_s = to_s - from_s >= 3 ? 1 : (to_s - from_s) / 5;
    size_t windows = (size_t)floor((to_s - from_s) / width_s + 1e-9);
    vg_autofree double *rates = vg_calloc(windows + 1, sizeof(*rates));
    for (size_t i = 0; i < windows; i++)
        rates[i] =
            vg_completion_rate(series, from_s + (double)i * width_s, fmin(from_s + (double)(i + 1) * width_s, to_s));
    return windows >= 2 ? gsl_stats_sd(rates, 1, windows) / gsl_stats_mean(rates, 1, windows) : NAN;
}

static bool measure_solo(const struct vg_analysis_input *input, const char *phase, const char *workload,
                         struct solo *solo, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    struct vg_completions alone VG_CLEANUP(vg_completions_free) = { 0 };
    *solo = (struct solo) { .rate = NAN, .work = NAN, .cv = NAN };
    if (!vg_completions_load(m, phase, workload, &alone, err))
        return false;
    if (alone.count != 1) {
        vg_output_invalid(output, "Phase `%s` must have exactly one tenant that runs %s alone; it has %u.", phase,
                          workload, alone.count);
        return true;
    }
    const struct vg_completion_series *series = &alone.series[0];
    double rate = vg_completion_rate(series, alone.window_start_s, alone.window_end_s);
    if (!(rate * (alone.window_end_s - alone.window_start_s) >= MIN_JOBS)) {
        vg_output_invalid(output, "Phase `%s` has too few completions after warm-up: at least %d are needed.", phase,
                          MIN_JOBS);
        return true;
    }
    unsigned running = judge_tenants_running(m, vg_measured_phase_find(m, phase));
    double alone_share = judge_alone_share(m, running);
    if (!(alone_share > 0))
        vg_output_invalid(output,
                          "What policy %s leaves to one busy tenant of %u is not known, so that solo throughput "
                          "cannot be told.",
                          m->policy, running);
    if (alone_share < 1)
        solo->note = vg_format("measured %.4g/s under %s with %u running, which promises %.3g of the pGPU", rate,
                               m->policy, running, alone_share);
    solo->rate = rate / alone_share;
    solo->cv = variation(series, alone.window_start_s, alone.window_end_s);
    solo->work = judge_fact_number(find_run(m, phase, workload, series->tenant), "job_iterations");
    return true;
}

/* Rates in the common window, in jobs of the solo phase's length. */
static void measure_rates(const struct vg_analysis_input *input, const char *phase, const char *workload,
                          const struct solo *solo, struct contended *contended)
{
    const struct vg_completions *all = &contended->completions;
    contended->window_s = all->window_end_s - all->window_start_s;
    contended->rates = vg_calloc(all->count + 1, sizeof(double));
    for (unsigned i = 0; i < all->count; i++) {
        const struct vg_completion_series *series = &all->series[i];
        double rate = vg_completion_rate(series, all->window_start_s, all->window_end_s);
        if (isnan(rate)) { /* it did not bound the window: fewer than two jobs after warm-up */
            size_t inside = 0;
            for (size_t j = 0; j < series->count; j++)
                inside += series->at_s[j] >= all->window_start_s && series->at_s[j] <= all->window_end_s;
            rate = (double)inside / contended->window_s;
        }
        double work =
            judge_fact_number(find_run(input->measurements, phase, workload, series->tenant), "job_iterations");
        if (work > 0 && solo->work > 0)
            rate *= work / solo->work;
        contended->rates[i] = rate;
    }
}

/* A window that is too short for the promised rate says nothing. It is the promise that counts, not what came: a tenant
 * that was starved has few completions, and that is the finding. */
static bool enough(const struct contended *contended, const struct solo *solo, const char *phase,
                   struct vg_analysis_output *output)
{
    if (isnan(contended->window_s)) {
        vg_output_invalid(output,
                          "The tenants of phase `%s` were never at work at the same time, so that nothing was shared.",
                          phase);
        return false;
    }
    double expected = contended->entitled * solo->rate * contended->window_s;
    if (isnan(expected))
        expected = gsl_stats_mean(contended->rates, 1, contended->completions.count) * contended->window_s;
    if (expected >= MIN_JOBS)
        return true;
    vg_output_invalid(
        output,
        "The common window of phase `%s`, %.2f s, has room for %.1f jobs of a tenant's share; at least %d are "
        "needed.",
        phase, contended->window_s, expected, MIN_JOBS);
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
static bool measure_saturation(const struct vg_analysis_input *input, const struct vg_measured_phase *phase,
                               const struct contended *contended, const struct vg_completion_series *series,
                               double *saturation, struct vg_error *err)
{
    const struct vg_completions *all = &contended->completions;
    double queued = was_served(series, all) ? judge_queued(series, all->window_start_s, all->window_end_s) : 1;
    *saturation = queued;
    if (!input->measurements->software_renderer)
        return true;
    double demand; /* a renderer's CPU time is GPU time only where the pGPU is a CPU */
    int64_t from_ns = phase->start_host_ns + judge_instant(all->window_start_s * 1e9);
    int64_t to_ns = phase->start_host_ns + judge_instant(all->window_end_s * 1e9);
    if (!judge_demand(input->measurements, series->tenant, from_ns, to_ns, contended->entitled, &demand, err))
        return false;
    *saturation = isnan(queued) || isnan(demand) ? NAN : fmin(queued, demand);
    return true;
}

static bool put_saturation(const struct vg_analysis_input *input, const char *phase, const struct contended *contended,
                           struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    const struct vg_completions *all = &contended->completions;
    double least = 1;
    for (unsigned i = 0; i < all->count; i++) {
        const struct vg_completion_series *series = &all->series[i];
        double saturation;
        if (!measure_saturation(input, measured, contended, series, &saturation, err))
            return false;
        if (isnan(saturation))
            vg_output_invalid(output, "Whether %s always had work waiting in phase `%s` was not measured%s.",
                              series->tenant, phase,
                              input->measurements->software_renderer ? " (latency of its jobs, process-cpu probe)"
                                                                     : " (latency of its jobs)");
        least = isnan(saturation) || isnan(least) ? NAN : fmin(least, saturation);
    }
    vg_output_value(output, self, "saturation", NULL, least,
                    input->measurements->software_renderer
                        ? "of the least busy tenant: its queue, and its renderer running or waiting for its turn"
                        : "of the least busy tenant: its queue");
    return true;
}

/* Tenants are compared on the host's clock: where each one's window begins and ends is known no better than its clock.
 */
static void check_clocks(const struct contended *contended, struct vg_analysis_output *output)
{
    for (unsigned i = 0; i < contended->completions.count; i++) {
        const struct vg_completion_series *series = &contended->completions.series[i];
        if (series->clock_error_s > MAX_CLOCK_ERROR * contended->window_s)
            vg_output_invalid(output,
                              "The clock of %s is known to %.3g s only; at most %.0f %% of the common window of "
                              "%.3g s are allowed.",
                              series->tenant, series->clock_error_s, 100 * MAX_CLOCK_ERROR, contended->window_s);
    }
}

static bool put_values(const struct vg_analysis_input *input, const char *phase, const struct contended *contended,
                       const struct solo *solo, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    unsigned count = contended->completions.count;
    double mean = gsl_stats_mean(contended->rates, 1, count);
    double deviation = 0, squares = 0, least = INFINITY, most = 0;
    for (unsigned i = 0; i < count; i++) {
        double rate = contended->rates[i];
        double share = rate / solo->rate;
        double promised = isnan(contended->entitled) ? rate / mean : share / contended->entitled;
        if (!(fabs(promised - 1) <= deviation)) /* also a NaN, which must not be lost */
            deviation = fabs(promised - 1);
        squares += rate * rate;
        least = fmin(least, rate);
        most = fmax(most, rate);
        vg_output_value(output, self, "rate", contended->completions.series[i].tenant, rate, NULL);
        vg_output_value(output, self, "share", contended->completions.series[i].tenant, share, NULL);
    }
    check_clocks(contended, output);
    double sum = mean * count;
    vg_autofree char *note =
        isnan(contended->entitled)
            ? vg_format("from the mean of the tenants: policy %s promises no share",
                        input->measurements->policy ? input->measurements->policy : "")
            : vg_format("from %.4g of solo throughput each (%s)", contended->entitled, input->measurements->policy);
    if (!isnan(contended->entitled)) /* else there is nothing that could be told */
        vg_output_value(output, self, "entitled", NULL, contended->entitled, NULL);
    vg_output_value(output, self, "max_deviation", NULL, deviation, note);
    vg_output_value(output, self, "min_max_ratio", NULL, most > 0 ? least / most : NAN, NULL);
    vg_output_value(output, self, "jain", NULL, squares > 0 ? sum * sum / (count * squares) : NAN, NULL);
    vg_output_value(output, self, "efficiency", NULL, sum / solo->rate, NULL);
    vg_output_value(output, self, "window_s", NULL, contended->window_s, NULL);
    return put_saturation(input, phase, contended, output, err);
}

static bool analyse(const struct vg_analysis_input *input, const char *phase, const char *workload, struct solo *solo,
                    struct contended *contended, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_share;
    if (!measure_solo(input, vg_analysis_param(input, "solo"), workload, solo, output, err))
        return false;
    vg_output_value(output, self, "solo_rate", NULL, solo->rate, solo->note);
    vg_output_value(output, self, "solo_cv", NULL, solo->cv, NULL);
    if (output->invalid_count)
        return true;
    if (!vg_completions_load(input->measurements, phase, workload, &contended->completions, err))
        return false;
    if (contended->completions.count < 2) {
        vg_output_invalid(output, "Phase `%s` has %u tenants that run %s; sharing needs two.", phase,
                          contended->completions.count, workload);
        return true;
    }
    contended->entitled = vg_entitled_share(
        input->measurements,
        judge_tenants_running(input->measurements, vg_measured_phase_find(input->measurements, phase)));
    measure_rates(input, phase, workload, solo, contended);
    return !enough(contended, solo, phase, output) || put_values(input, phase, contended, solo, output, err);
}

static void check_runs(const struct vg_measured_phase *phase, const char *workload, struct vg_analysis_output *output)
{
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].workload, workload))
            judge_check_run(&phase->runs[i], output);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *phase = vg_analysis_param(input, "phase"), *workload = vg_analysis_param(input, "workload");
    const char *phases[] = { phase, vg_analysis_param(input, "solo") };
    for (size_t i = 0; i < VG_COUNT(phases); i++) {
        if (!vg_measured_phase_find(input->measurements, phases[i])) {
            vg_output_invalid(output, "Phase `%s` was not measured.", phases[i]);
            return true;
        }
    }
    struct solo solo = { 0 };
    struct contended contended = { 0 };
    bool good = analyse(input, phase, workload, &solo, &contended, output, err);
    for (size_t i = 0; i < VG_COUNT(phases); i++)
        check_runs(vg_measured_phase_find(input->measurements, phases[i]), workload, output);
    vg_completions_free(&contended.completions);
    free(contended.rates);
    free(solo.note);
    return good;
}

VG_ANALYSIS(share) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "share",
    .summary = "each tenant's throughput against the share that the policy promises it",
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
            { "jain", "1", VG_HIGHER, 0, "Jain's fairness index" },
            { "efficiency", "1", VG_HIGHER, 0.05, "sum of the tenants' rates / solo rate" },
            { "saturation", "1", VG_HIGHER, 0, "part of the window in which the least busy tenant had work waiting" },
            { "solo_rate", "1/s", VG_HIGHER, 0.05, "jobs of one tenant that has the whole pGPU" },
            { "solo_cv", "1", VG_LOWER, 0, "coefficient of variation of the solo rate over windows of 1 s" },
            { "share", "1", VG_NEITHER, 0, "a tenant's rate / solo rate" },
            { "entitled", "1", VG_NEITHER, 0, "the share that the policy promises each tenant; absent: none" },
            { "rate", "1/s", VG_NEITHER, 0, "a tenant's jobs in the common window" },
            { "window_s", "s", VG_NEITHER, 0, "length of the common window" },
            { .name = NULL },
        },
    .run = run,
};
