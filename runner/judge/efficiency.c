/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what is left of the pGPU's throughput when several tenants share it. A fair but slow scheduler must show.
 * (work.c has the formula.) */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_efficiency;

static void put(const struct judge_side *solo, const struct judge_side *contended, const struct judge_clock *clock,
                struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_efficiency;
    struct judge_efficiency efficiency = judge_efficiency_measure(solo, contended, clock);
    vg_output_value(output, self, "efficiency", NULL, efficiency.value,
                    isnan(efficiency.clock_change) ? "the pGPU's clock was not followed" : NULL);
    vg_output_value(output, self, "error", NULL, efficiency.error, NULL);
    vg_output_value(output, self, "at_most", NULL, efficiency.at_most, NULL);
    vg_output_value(output, self, "at_least", NULL, efficiency.at_least, NULL);
    if (clock->count &&
        isnan(efficiency.clock_change)) /* it moves by tens of percent: a comparison without it means nothing */
        vg_output_invalid(output, "The pGPU's clock was not followed through both phases (probe pgpu-clock).");
    if (isnan(efficiency.clock_change))
        return;
    vg_output_value(output, self, "clock_change", NULL, efficiency.clock_change, NULL);
    vg_output_value(output, self, "sensitivity", NULL, efficiency.sensitivity, NULL);
}

static void compare(const struct vg_analysis_input *input, const struct judge_solo *solo,
                    const struct judge_contended *contended, const struct judge_clock *clock,
                    struct vg_analysis_output *output)
{
    const char *workload = vg_analysis_param(input, "workload");
    unsigned count = contended->completions.count;
    vg_autofree double *work = vg_calloc(count + 1, sizeof(*work));
    for (unsigned i = 0; i < count; i++) {
        double own = judge_job_work(input->measurements, contended->phase->name, workload,
                                    contended->completions.series[i].tenant);
        work[i] = own > 0 && solo->work > 0 ? own / solo->work : 1;
    }
    double one = 1;
    double alone = vg_completion_rate(&solo->completions.series[0], solo->completions.window_start_s,
                                      solo->completions.window_end_s);
    const struct judge_side first = { &solo->completions, solo->phase, solo->rate / alone, &one };
    /* Slices that a policy leaves idle on purpose are no loss. */
    double promised = 0;
    for (unsigned i = 0; i < count; i++)
        promised += contended->entitled[i];
    promised = isnan(promised) ? 1 : fmin(1, promised);
    const struct judge_side second = { &contended->completions, contended->phase, 1 / promised, work };
    put(&first, &second, clock, output);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    const char *phases[] = { vg_analysis_param(input, "solo"), vg_analysis_param(input, "phase") };
    const char *workload = vg_analysis_param(input, "workload");
    struct judge_host_clocks clocks VG_CLEANUP(judge_host_clocks_free) = { 0 };
    struct judge_solo solo VG_CLEANUP(judge_solo_free) = { 0 };
    struct judge_contended contended VG_CLEANUP(judge_contended_free) = { 0 };
    if (!judge_phases_measured(m, phases, VG_COUNT(phases), output))
        return true;
    if (!judge_host_clocks_load(m, &clocks, err) ||
        !judge_solo_measure(m, &clocks, phases[0], workload, &solo, output, err))
        return false;
    if (output->invalid_count == 0 &&
        !judge_contended_measure(m, &clocks, phases[1], workload, &solo, &contended, output, err))
        return false;
    if (output->invalid_count == 0)
        compare(input, &solo, &contended, &clocks.clock, output);
    judge_check_runs(m, phases, VG_COUNT(phases), workload, output);
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
