/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: the scheduler's time slice as the tenants see it: how long they are let run, how long they wait, and which
 * period and quota that amounts to. The method is in slices.h; where no period shows, there is none to be given. */
#include "judge/slices.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_slice;

#define MAX_IDLE 0.05 /* of the time: a tenant that has nothing queued is not made to wait */

/* What the policy sets: one turn of all tenants, and each one's part of it. NaN: it sets none. */
struct configured {
    double period_s, quota_s;
};

static struct configured configuration(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                                       const char *tenant)
{
    double share = vg_entitled_share(m, phase, tenant);
    bool of_phase = vg_equal(judge_policy(m, phase), m->policy); /* else it was changed, and its period is not known */
    double period_s = of_phase && m->period_us ? m->period_us * 1e-6 : (double)NAN;
    double slice_s = of_phase && m->slice_us ? m->slice_us * 1e-6 : (double)NAN;
    return (struct configured) {
        .period_s = isnan(period_s) ? slice_s / share : period_s,
        .quota_s = isnan(slice_s) ? period_s * share : slice_s,
    };
}

static void put(struct vg_analysis_output *output, const char *metric, const char *tenant, double value,
                const char *note)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_slice, metric, tenant, value, note);
}

static void put_distribution(struct vg_analysis_output *output, const char *what, const char *tenant,
                             const double *sorted_s, size_t count)
{
    static const struct {
        const char *suffix;
        double probability;
    } points[] = { { "p10", 0.1 }, { "p50", 0.5 }, { "p90", 0.9 }, { "max", 1 } };
    for (size_t i = 0; i < VG_COUNT(points); i++) {
        vg_autofree char *metric = vg_format("%s_%s", what, points[i].suffix);
        put(output, metric, tenant, vg_quantile_sorted(sorted_s, count, points[i].probability) * 1e9, NULL);
    }
}

static double spread(const double *sorted, size_t count, double middle)
{
    return (vg_quantile_sorted(sorted, count, 0.9) - vg_quantile_sorted(sorted, count, 0.1)) / middle;
}

/* Over all tenants: what is judged. */
struct worst {
    double period_error, quota_error, periodicity;
    bool compared; /* with configured values */
};

static void put_found(struct vg_analysis_output *output, const char *tenant, const struct slice_stretches *stretches,
                      const struct slice_found *found, const struct configured *configured, struct worst *worst)
{
    vg_autofree char *note =
        vg_format("from %s, gaps of %.3g ms or more", stretches->clocked ? "the GPU's clock" : "completions",
                  found->threshold_s * 1e3);
    put(output, "period", tenant, found->period_s * 1e9, note);
    put(output, "quota", tenant, found->quota_s * 1e9, note);
    put(output, "period_spread", tenant, spread(found->cycles_s, found->count, found->period_s), NULL);
    put(output, "quota_spread", tenant, spread(found->runs_s, found->count, found->quota_s), NULL);
    put(output, "cycles", tenant, (double)found->count, NULL);
    put_distribution(output, "run", tenant, found->runs_s, found->count);
    put_distribution(output, "wait", tenant, found->waits_s, found->count);
    if (isnan(configured->period_s) || isnan(configured->quota_s))
        return; /* nothing that the found values could be compared with */
    put(output, "configured_period", tenant, configured->period_s * 1e9, NULL);
    put(output, "configured_quota", tenant, configured->quota_s * 1e9, NULL);
    worst->compared = true;
    worst->period_error = fmax(worst->period_error, fabs(found->period_s / configured->period_s - 1));
    worst->quota_error = fmax(worst->quota_error, fabs(found->quota_s / configured->quota_s - 1));
}

/* Finds one tenant's slices. tenant: NULL for the only one. */
static void put_tenant(const struct vg_measured_run *run, const char *tenant, const struct slice_stretches *stretches,
                       const struct configured *configured, struct worst *worst, struct vg_analysis_output *output)
{
    struct slice_found found VG_CLEANUP(slice_found_free) = { 0 };
    slice_find(stretches, &found);
    put(output, "busy", tenant, found.busy, NULL);
    put(output, "idle", tenant, stretches->idle_s / found.span_s, NULL);
    put(output, "resolution", tenant, stretches->grain_s * 1e9, "length of one job");
    worst->periodicity = fmin(worst->periodicity, found.periodicity);
    if (!(stretches->idle_s <= MAX_IDLE * found.span_s))
        vg_output_invalid(output,
                          "%s in %s had nothing queued for %.0f %% of the time (at most %.0f %% are allowed), so that "
                          "its gaps are not the scheduler's: more jobs in flight are needed.",
                          run->workload, run->tenant, 100 * stretches->idle_s / found.span_s, 100 * MAX_IDLE);
    if (!found.periodic)
        vg_output_invalid(output, "No time slice shows in %s of %s: %s.", run->workload, run->tenant, found.why_not);
    else
        put_found(output, tenant, stretches, &found, configured, worst);
}

static enum slice_source source_of(const struct vg_analysis_input *input)
{
    const char *source = vg_analysis_param(input, "source");
    return vg_equal(source, "gpu-clock")     ? SLICE_GPU_CLOCK
           : vg_equal(source, "completions") ? SLICE_COMPLETIONS
                                             : SLICE_BEST;
}

static bool chosen(const struct vg_analysis_input *input, const struct vg_measured_run *run)
{
    const char *tenant = vg_analysis_param(input, "tenant");
    return vg_equal(run->workload, vg_analysis_param(input, "workload")) &&
           (!tenant[0] || vg_equal(run->tenant, tenant));
}

static unsigned count_chosen(const struct vg_analysis_input *input, const struct vg_measured_phase *phase)
{
    unsigned count = 0;
    for (unsigned i = 0; phase && i < phase->run_count; i++)
        count += chosen(input, &phase->runs[i]);
    return count;
}

static bool look_at(const struct vg_analysis_input *input, const struct vg_measured_phase *phase,
                    const struct vg_measured_run *run, bool only, struct worst *worst,
                    struct vg_analysis_output *output, struct vg_error *err)
{
    struct slice_stretches stretches VG_CLEANUP(slice_stretches_free) = { 0 };
    struct configured configured = configuration(input->measurements, phase, run->tenant);
    vg_autofree char *why_not = NULL;
    judge_check_run(run, output);
    if (!slice_stretches_load(input->measurements, phase, run, source_of(input), &stretches, &why_not, err))
        return false;
    if (why_not)
        vg_output_invalid(output, "%s.", why_not);
    else
        put_tenant(run, only ? NULL : run->tenant, &stretches, &configured, worst, output);
    return true;
}

bool vg_slice_lengths_load(const struct vg_analysis_input *input, const struct vg_measured_phase *phase,
                           const struct vg_measured_run *run, struct vg_slice_lengths *lengths, char **why_not,
                           struct vg_error *err)
{
    struct slice_stretches stretches VG_CLEANUP(slice_stretches_free) = { 0 };
    struct configured configured = configuration(input->measurements, phase, run->tenant);
    *lengths =
        (struct vg_slice_lengths) { .run_s = configured.quota_s, .wait_s = configured.period_s - configured.quota_s };
    if (!slice_stretches_load(input->measurements, phase, run, source_of(input), &stretches, why_not, err))
        return false;
    if (*why_not)
        return true;
    struct slice_found found VG_CLEANUP(slice_found_free) = { 0 };
    slice_find(&stretches, &found);
    if (!found.count) {
        *why_not = vg_format("no time slice shows in %s of %s: %s", run->workload, run->tenant, found.why_not);
        return true;
    }
    lengths->runs_s = found.runs_s;
    lengths->waits_s = found.waits_s;
    lengths->count = found.count;
    found.runs_s = found.waits_s = NULL;
    return true;
}

void vg_slice_lengths_free(struct vg_slice_lengths *lengths)
{
    free(lengths->runs_s);
    free(lengths->waits_s);
    *lengths = (struct vg_slice_lengths) { 0 };
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measured_phase *phase =
        vg_measured_phase_find(input->measurements, vg_analysis_param(input, "phase"));
    unsigned count = count_chosen(input, phase);
    if (count == 0) {
        vg_output_invalid(output, "No tenant ran %s in phase `%s`.", vg_analysis_param(input, "workload"),
                          vg_analysis_param(input, "phase"));
        return true;
    }
    struct worst worst = { .periodicity = 1 };
    for (unsigned i = 0; i < phase->run_count; i++)
        if (chosen(input, &phase->runs[i]) && !look_at(input, phase, &phase->runs[i], count == 1, &worst, output, err))
            return false;
    put(output, "periodicity", NULL, worst.periodicity, NULL);
    if (!worst.compared)
        return true;
    bool all = output->invalid_count == 0;
    put(output, "period_error", NULL, all ? worst.period_error : (double)NAN, NULL);
    put(output, "quota_error", NULL, all ? worst.quota_error : (double)NAN, NULL);
    return true;
}

VG_ANALYSIS(slice) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "slice",
    .summary = "the scheduler's period and quota as tenants find them, with their run and wait lengths",
    .why = "a slice of another length than configured makes tenants wait longer than they were promised",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the tenants always had work" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-slice", .summary = "whose samples are looked at" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only this one; empty: all" },
            { .name = "source",
              .type = VG_CHOICE,
              .def = "best",
              .choices = "best|gpu-clock|completions",
              .summary = "what shows the gaps; best: the GPU's clock where there is one" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "period_error", "1", VG_LOWER, 0,
              "largest relative deviation of a found period from the configured one" },
            { "quota_error", "1", VG_LOWER, 0, "the same of quotas" },
            { "periodicity", "1", VG_HIGHER, 0, "least part of the time in cycles within 20 % of the period" },
            { "period", "ns", VG_NEITHER, 0.05, "from one turn of the tenant to its next" },
            { "quota", "ns", VG_NEITHER, 0.05, "how much of a period the tenant is let run" },
            { "period_spread", "1", VG_LOWER, 0, "(p90 - p10) of the cycles / period" },
            { "quota_spread", "1", VG_LOWER, 0, "(p90 - p10) of the runs / quota" },
            { "run_p10", "ns", VG_NEITHER, 0, "10 % of the runs are at most this" },
            { "run_p50", "ns", VG_NEITHER, 0.05, "median run" },
            { "run_p90", "ns", VG_NEITHER, 0, "90 % of the runs are at most this" },
            { "run_max", "ns", VG_NEITHER, 0, "the longest run" },
            { "wait_p10", "ns", VG_LOWER, 0, "10 % of the waits are at most this" },
            { "wait_p50", "ns", VG_LOWER, 0.05, "median wait" },
            { "wait_p90", "ns", VG_LOWER, 0.05, "90 % of the waits are at most this" },
            { "wait_max", "ns", VG_LOWER, 0, "the longest wait" },
            { "cycles", "1", VG_NEITHER, 0, "whole turns: a run and the wait after it" },
            { "busy", "1", VG_NEITHER, 0, "part of the time in which the tenant ran" },
            { "idle", "1", VG_LOWER, 0, "part of the time in which it had nothing queued" },
            { "resolution", "ns", VG_NEITHER, 0, "length of the jobs by which gaps are seen" },
            { "configured_period", "ns", VG_NEITHER, 0, "as the policy sets it" },
            { "configured_quota", "ns", VG_NEITHER, 0, "the same for one tenant's part" },
            { .name = NULL },
        },
    .run = run,
};
