/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what one tenant gets in one phase, against what the policy promises it there: with neighbours that only
 * run, with busy ones, with as many as the test has started by then. As in `share`, it is GPU time where that is
 * counted, else throughput. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_own_share;

/* Of the whole pGPU; NaN with a sentence if it cannot be told. */
static bool measure(const struct vg_analysis_input *input, const struct judge_basis *basis, const char *phase,
                    double *share, double *rate_share, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct judge_solo *solo = &basis->solo;
    const char *workload = vg_analysis_param(input, "workload"), *tenant = vg_analysis_param(input, "tenant");
    struct judge_contended all VG_CLEANUP(judge_contended_free) = { 0 };
    *share = *rate_share = NAN;
    if (!judge_contended_measure(input->measurements, &basis->clocks, phase, workload, solo, &all, output, err))
        return false;
    for (unsigned i = 0; i < all.completions.count && !isnan(all.window_s); i++) {
        if (!vg_equal(all.completions.series[i].tenant, tenant))
            continue;
        *rate_share = all.rates[i] / solo->rate;
        *share = isnan(solo->gpu_time) ? *rate_share : all.gpu_time[i] / solo->gpu_time;
        if (!(solo->rate * all.window_s >= JUDGE_MIN_JOBS))
            vg_output_invalid(output, "The window of phase `%s`, %.2f s, is too short for %d jobs.", phase,
                              all.window_s, JUDGE_MIN_JOBS);
        return true;
    }
    vg_output_invalid(output, "%s completed no %s in phase `%s`.", tenant, workload, phase);
    return true;
}

/* The policy's promise depends on whether the neighbours are busy or only there. */
static double promised(const struct vg_measurements *m, const struct vg_measured_phase *phase, const char *tenant)
{
    bool neighbours_work = false;
    for (unsigned i = 0; i < phase->run_count; i++)
        neighbours_work = neighbours_work || !vg_equal(phase->runs[i].tenant, tenant);
    return neighbours_work ? vg_entitled_share(m, phase, tenant) : judge_alone_share(m, phase, tenant);
}

static bool compare(const struct vg_analysis_input *input, const struct judge_basis *basis,
                    struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_own_share;
    const struct vg_measurements *m = input->measurements;
    const char *phase_name = vg_analysis_param(input, "phase"), *tenant = vg_analysis_param(input, "tenant");
    const char *before_name = vg_analysis_param(input, "baseline_phase");
    const struct vg_measured_phase *phase = vg_measured_phase_find(m, phase_name);
    double share, rate_share, entitled = promised(m, phase, tenant);
    if (!measure(input, basis, phase_name, &share, &rate_share, output, err))
        return false;
    vg_autofree char *note =
        vg_format("policy %s with %u running", judge_policy(m, phase), judge_tenants_running(m, phase));
    vg_output_value(output, self, "share", NULL, share, note);
    if (!isnan(basis->solo.gpu_time))
        vg_output_value(output, self, "rate_share", NULL, rate_share, "as counted: the core's clock is in it");
    if (!isnan(entitled)) {
        vg_output_value(output, self, "entitled", NULL, entitled, NULL);
        vg_output_value(output, self, "deviation", NULL, fabs(share / entitled - 1), NULL);
        vg_output_value(output, self, "of_entitled", NULL, share / entitled, NULL);
    }
    if (!before_name || !*before_name)
        return true;
    double before, ignored;
    if (!measure(input, basis, before_name, &before, &ignored, output, err))
        return false;
    vg_output_value(output, self, "change", NULL, fabs(share / before - 1), NULL);
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    const char *workload = vg_analysis_param(input, "workload"), *before = vg_analysis_param(input, "baseline_phase");
    const char *phases[] = { vg_analysis_param(input, "solo"), vg_analysis_param(input, "phase"), before };
    size_t count = before && *before ? 3 : 2;
    struct judge_basis basis VG_CLEANUP(judge_basis_free) = { 0 };
    if (!judge_basis_open(input, (const struct vg_descriptor *)&vg_analysis_own_share, phases, count, &basis, output,
                          err) ||
        (output->invalid_count == 0 && !compare(input, &basis, output, err)))
        return false;
    judge_check_runs(m, phases, count, workload, vg_analysis_param(input, "tenant"), basis.solo.gpu_time > 0, output);
    return true;
}

VG_ANALYSIS(own_share) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "own-share",
    .summary = "what one tenant gets in a phase against what the policy promises it there",
    .why = "a promise must hold whether neighbours are busy, idle, more or fewer",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the tenant works" },
            { .name = "solo", .type = VG_TEXT, .summary = "the phase in which one tenant works and no other runs" },
            { .name = "tenant", .type = VG_TEXT, .summary = "whose share it is" },
            { .name = "baseline_phase",
              .type = VG_TEXT,
              .def = "",
              .summary = "an earlier phase to tell the change from; none: no change is told" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "whose completions count" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "share", "1", VG_NEITHER, 0, "GPU time / solo where it is counted, else rate / solo rate" },
            { "rate_share", "1", VG_NEITHER, 0, "rate / solo rate, where GPU time is counted" },
            { "entitled", "1", VG_NEITHER, 0, "what the policy promises in this phase; absent: nothing" },
            { "deviation", "1", VG_LOWER, 0, "|share / entitled - 1|" },
            { "of_entitled", "1", VG_NEITHER, 0, "share / entitled" },
            { "change", "1", VG_LOWER, 0, "|share / share in the baseline phase - 1|" },
            { "solo_cv", "1", VG_LOWER, 0, "as in the analysis share" },
            { .name = NULL },
        },
    .run = run,
};
