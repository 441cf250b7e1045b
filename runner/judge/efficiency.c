/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what is left of the pGPU's throughput when several tenants share it. A fair but slow scheduler must show.
 * (work.c has the formula.) */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_efficiency;

static bool compare(const struct vg_analysis_input *input, const struct judge_basis *basis, const char *phase,
                    struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_efficiency;
    const struct judge_solo *solo = &basis->solo;
    const char *workload = vg_analysis_param(input, "workload");
    struct judge_contended contended VG_CLEANUP(judge_contended_free) = { 0 };
    if (!judge_contended_measure(input->measurements, &basis->clocks, phase, workload, solo, &contended, output, err))
        return false;
    if (output->invalid_count)
        return true;
    unsigned count = contended.completions.count;
    vg_autofree double *work = vg_calloc(count + 1, sizeof(*work));
    double promised = 0; /* slices that a policy leaves idle on purpose are no loss */
    for (unsigned i = 0; i < count; i++) {
        double own = judge_job_work(input->measurements, phase, workload, contended.completions.series[i].tenant);
        work[i] = own > 0 && solo->work > 0 ? own / solo->work : 1;
        promised += contended.entitled[i];
    }
    promised = isnan(promised) ? 1 : fmin(1, promised);
    const struct judge_side before = judge_solo_side(solo);
    const struct judge_side after = { &contended.completions, contended.phase, 1 / promised, work };
    struct judge_efficiency efficiency = judge_efficiency_measure(&before, &after, &basis->clocks.clock);
    judge_efficiency_put(&efficiency, &basis->clocks.clock, self, "efficiency", output);
    if (isnan(efficiency.clock_change))
        return true;
    vg_output_value(output, self, "clock_change", NULL, efficiency.clock_change, NULL);
    vg_output_value(output, self, "sensitivity", NULL, efficiency.sensitivity, NULL);
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_efficiency;
    const char *phases[] = { vg_analysis_param(input, "solo"), vg_analysis_param(input, "phase") };
    struct judge_basis basis VG_CLEANUP(judge_basis_free) = { 0 };
    if (!judge_basis_open(input, self, phases, VG_COUNT(phases), &basis, output, err) ||
        (output->invalid_count == 0 && !compare(input, &basis, phases[1], output, err)))
        return false;
    judge_check_runs(input->measurements, phases, VG_COUNT(phases), vg_analysis_param(input, "workload"), NULL, false,
                     output);
    return true;
}

VG_ANALYSIS(efficiency) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "efficiency",
    .summary = "all tenants' throughput together against that of one tenant alone",
    .why = "a scheduler can be fair and waste half of the pGPU",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which tenants work at once" },
            { .name = "solo", .type = VG_TEXT, .summary = "the phase in which one tenant works alone" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "whose completions count" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "efficiency", "1", VG_HIGHER, 0.05,
              "sum of the tenants' rates / what the policy promises them of solo, per unit of the pGPU's clock" },
            { "error", "1", VG_LOWER, 0, "half of the 95 % interval of efficiency, the larger one where they differ" },
            { "at_most", "1", VG_HIGHER, 0, "upper end of that interval: below a threshold, the loss is beyond doubt" },
            { "at_least", "1", VG_HIGHER, 0, "its lower end" },
            { "clock_change", "1", VG_NEITHER, 0,
              "pGPU's clock while shared / while solo; absent: it was not followed" },
            { "sensitivity", "1", VG_NEITHER, 0, "how much of a change of the clock the job feels, 0..1" },
            { .name = NULL },
        },
    .run = run,
};
