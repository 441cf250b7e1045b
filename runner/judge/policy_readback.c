/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does the scheduler have the settings that it was given, before and after every phase? */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_policy_readback;

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_policy_readback;
    const struct vg_measurements *m = input->measurements;
    unsigned readings = 0, mismatches = 0;
    vg_autofree char *first = NULL;
    (void)err;
    for (unsigned i = 0; i < m->phase_count; i++) {
        const struct vg_measured_phase *phase = &m->phases[i];
        for (unsigned j = 0; j < phase->reading_count; j++) {
            const struct vg_policy_reading *reading = &phase->readings[j];
            readings++;
            if (reading->found == reading->wanted)
                continue;
            mismatches++;
            if (!first)
                first =
                    vg_format("%s of %s was set to %.6g and reads %.6g %s phase `%s`", reading->knob, reading->tenant,
                              reading->wanted, reading->found, reading->after ? "after" : "before", phase->name);
        }
    }
    if (readings == 0)
        vg_output_invalid(output, "The scheduler's settings could not be read back.");
    vg_output_value(output, self, "readings", NULL, readings, NULL);
    vg_output_value(output, self, "mismatches", NULL, mismatches, first);
    return true;
}

VG_ANALYSIS(policy_readback) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "policy-readback",
    .summary = "settings of the scheduler as they were wanted and as they read around every phase",
    .why = "a policy that says it was applied and is not makes every figure under it mean something else",
    .metrics =
        VG_METRICS {
            { "readings", "1", VG_NEITHER, 0, "settings that were read back" },
            { "mismatches", "1", VG_LOWER, 0, "of them, those that were not as they had been set" },
            { .name = NULL },
        },
    .run = run,
};
