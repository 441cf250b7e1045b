/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: is the tenant served by the driver that its mechanism promises, or did a software renderer step in? */
#include "judge/internal.h"

#include <math.h>
#include <stdio.h>

extern const struct vg_analysis vg_analysis_identity;

struct found {
    unsigned runs, matching, software, verified;
    double level; /* the lowest */
};

/* Workloads count what they checked in facts "verified_*", and what was wrong in "mismatched_*". */
static bool was_verified(const struct vg_measured_run *run)
{
    bool verified = false;
    for (unsigned i = 0; i < run->fact_count; i++) {
        double count = judge_fact_number(run, run->facts[i].name);
        if (strncmp(run->facts[i].name, "verified", 8) == 0 && (count > 0 || vg_equal(run->facts[i].value, "true")))
            verified = true;
        if (strncmp(run->facts[i].name, "mismatched", 10) == 0 && !(count == 0))
            return false;
    }
    return verified;
}

/* 1000 x major + minor of what the driver calls its version: "1.3.230", "OpenGL ES 3.2 Mesa 25.0". NaN: it names none.
 */
static double level_of(const struct vg_measured_run *run)
{
    const char *text = vg_fact_get(run, "vk_api_version");
    unsigned major, minor;
    if (!text)
        text = vg_fact_get(run, "gl_version");
    text = text ? text + strcspn(text, "0123456789") : "";
    return sscanf(text, "%3u.%3u", &major, &minor) == 2 ? 1000.0 * major + minor : NAN;
}

static void look_at(const struct vg_measurements *m, const struct vg_measured_run *run, struct found *found,
                    struct vg_text *notes, struct vg_analysis_output *output)
{
    vg_autofree char *sentence = NULL;
    enum judge_driver driver = judge_driver_of(m, run, &sentence);
    found->runs++;
    found->matching += driver == JUDGE_DRIVER_AS_PROMISED;
    found->software += driver == JUDGE_DRIVER_SOFTWARE;
    found->verified += was_verified(run);
    found->level = found->runs == 1 ? level_of(run) : fmin(found->level, level_of(run));
    if (sentence)
        vg_text_add(notes, "%s%s", notes->length ? " " : "", sentence);
    if (driver == JUDGE_DRIVER_UNKNOWN)
        vg_output_invalid(output, "%s in %s reports no driver that mechanism %s could be recognised by.", run->workload,
                          run->tenant, m->mechanism);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    (void)err;
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_identity;
    const char *phase = vg_analysis_param(input, "phase");
    const char *workload = vg_analysis_param(input, "workload");
    const struct vg_measured_phase *measured = vg_measured_phase_find(input->measurements, phase);
    struct found found = { 0 };
    struct vg_text notes VG_CLEANUP(vg_text_free) = { 0 };
    for (unsigned i = 0; measured && i < measured->run_count; i++)
        if (!workload[0] || vg_equal(measured->runs[i].workload, workload))
            look_at(input->measurements, &measured->runs[i], &found, &notes, output);
    if (!found.runs) {
        vg_output_invalid(output, "No workload ran in phase `%s` that could name its driver.", phase);
        return true;
    }
    if (output->invalid_count)
        return true;
    vg_output_value(output, self, "driver_matches", NULL, found.matching == found.runs, notes.data);
    vg_output_value(output, self, "software_fallback", NULL, found.software > 0, notes.data);
    vg_output_value(output, self, "verified", NULL, found.verified == found.runs, NULL);
    if (isfinite(found.level))
        vg_output_value(output, self, "api_level", NULL, found.level, NULL);
    return true;
}

VG_ANALYSIS(identity) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "identity",
    .summary = "which driver serves the tenant, against what its mechanism promises",
    .why = "where the vGPU is missing, user space falls back to software without a word",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the driver was asked" },
            { .name = "workload", .type = VG_TEXT, .def = "", .summary = "only runs of this one; empty: all" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "driver_matches", "1", VG_HIGHER, 0, "1 if every run names the promised driver, else 0" },
            { "software_fallback", "1", VG_LOWER, 0,
              "1 if any run was served by a software renderer that is not expected" },
            { "api_level", "1", VG_HIGHER, 0,
              "version of the API, 1000 x major + minor: 1003 is Vulkan 1.3, 3002 OpenGL ES 3.2; the lowest of all "
              "runs" },
            { "verified", "1", VG_HIGHER, 0, "1 if every run read a result back and found it right" },
            { .name = NULL },
        },
    .run = run,
};
