/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: do the GPU's instants lie where they can? It begins no submission before it was made, and none is seen
 * complete before it ended. A GPU clock that says otherwise, by more than comparing the clocks explains, is wrong, and
 * so is each part of a latency that rests on it. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_gpu_instants;

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    (void)err;
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_gpu_instants;
    const char *name = vg_analysis_param(input, "phase");
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    double worst = NAN, outside_ns = NAN, uncertainty_ns = NAN;
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *one = &phase->runs[i];
        const char *clock = vg_fact_get(one, "gpu_clock");
        if (!clock)
            continue;
        if (!vg_equal(clock, "compared")) {
            vg_output_absent(output, "The GPU's clock cannot be compared with that of %s (%s).", one->tenant, clock);
            continue;
        }
        double out_ns = judge_fact_number(one, "gpu_outside_ns");
        double known_ns = judge_fact_number(one, "clock_uncertainty_ns");
        if (!(out_ns >= 0) || !(known_ns > 0)) {
            vg_output_invalid(output, "%s does not say how well its GPU's clock is known.", one->tenant);
            continue;
        }
        if (isnan(worst) || out_ns / known_ns > worst) {
            worst = out_ns / known_ns;
            outside_ns = out_ns;
            uncertainty_ns = known_ns;
        }
    }
    if (isnan(worst) && !output->absent_count && !output->invalid_count)
        vg_output_invalid(output, "No run in phase `%s` took instants of the GPU.", name);
    vg_output_value(output, self, "of_uncertainty", NULL, worst, NULL);
    vg_output_value(output, self, "outside", NULL, outside_ns, NULL);
    vg_output_value(output, self, "uncertainty", NULL, uncertainty_ns, NULL);
    return true;
}

VG_ANALYSIS(gpu_instants) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "gpu-instants",
    .summary = "whether the GPU's begin and end of submissions lie between making them and seeing them complete",
    .why = "a GPU clock that is off gives parts of a latency that look like numbers and are none",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which they were taken" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "of_uncertainty", "1", VG_LOWER, 0, "`outside` as a multiple of `uncertainty`" },
            { "outside", "ns", VG_LOWER, 0,
              "farthest that an instant lies before the submission or after it was seen" },
            { "uncertainty", "ns", VG_NEITHER, 0, "of comparing the clocks, one tick of the GPU's included" },
            { .name = NULL },
        },
    .run = run,
};
