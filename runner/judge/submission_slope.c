/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analyses: what a submission costs the host, as the slope of a line over at least four rates. Counts and CPU time are
 * two analyses, since a metric has one unit. */
#include "judge/submissions.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_submission_slope, vg_analysis_submission_cpu;

static void put_paces(struct vg_analysis_output *output, const struct vg_descriptor *self,
                      const struct judge_paces *paces)
{
    const struct judge_pace *slowest = NULL, *fastest = NULL;
    for (size_t i = 0; i < paces->count; i++) {
        const struct judge_pace *pace = &paces->items[i];
        if (pace->submissions > 0) {
            slowest = !slowest || pace->submissions < slowest->submissions ? pace : slowest;
            fastest = !fastest || pace->submissions > fastest->submissions ? pace : fastest;
        }
        vg_output_value(output, self, "rate", pace->phase, pace->submissions, NULL);
        vg_output_value(output, self, "counted", pace->phase, pace->counted, NULL);
        vg_output_value(output, self, "per_submission", pace->phase, pace->per_submission,
                        pace->submissions > 0 ? NULL : "nothing was submitted");
    }
    if (slowest && slowest != fastest)
        vg_output_value(output, self, "fast_over_slow", NULL, fastest->per_submission / slowest->per_submission, NULL);
}

static void put_line(struct vg_analysis_output *output, const struct vg_descriptor *self, const struct vg_line *line,
                     const char *why_not)
{
    vg_autofree char *note = why_not ? vg_strdup(why_not)
                                     : vg_format("95 %% interval %.4g to %.4g over %zu rates, r squared %.3f",
                                                 line->slope_lower, line->slope_upper, line->count, line->r_squared);
    vg_output_value(output, self, "slope", NULL, line->slope, note);
    vg_output_value(output, self, "slope_lower", NULL, line->slope_lower, why_not);
    vg_output_value(output, self, "slope_upper", NULL, line->slope_upper, why_not);
    vg_output_value(output, self, "background", NULL, line->intercept, why_not);
    vg_output_value(output, self, "r_squared", NULL, line->r_squared, why_not);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output,
                const struct vg_descriptor *self, struct vg_error *err)
{
    const struct judge_counter *counter = judge_counter_find(vg_analysis_param(input, "counter"));
    struct judge_paces paces VG_CLEANUP(judge_paces_free) = { 0 };
    if (!counter)
        return vg_fail(err, VG_ERROR_INPUT, "there is no counter `%s`", vg_analysis_param(input, "counter"));
    if (!judge_paces_load(input, counter, &paces, output, err))
        return false;
    vg_autofree char *why_not = NULL;
    struct vg_line line = judge_paces_line(&paces, &why_not);
    const char *note = paces.blind ? paces.blind : why_not;
    put_paces(output, self, &paces);
    put_line(output, self, &line, note);
    vg_output_value(output, self, "moved", NULL, paces.blind ? NAN : paces.moved, paces.blind);
    if (!paces.blind && why_not)
        vg_output_invalid(output, "What a submission costs in %s cannot be told: %s.", counter->summary, why_not);
    return true;
}

static bool run_count(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    return run(input, output, (const struct vg_descriptor *)&vg_analysis_submission_slope, err);
}

static bool run_cpu(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    return run(input, output, (const struct vg_descriptor *)&vg_analysis_submission_cpu, err);
}

/* A macro, since a descriptor's parameters are constants. */
#define PARAMS_FROM                                                                                                    \
    { .name = "rates",                                                                                                 \
      .type = VG_TEXT,                                                                                                 \
      .summary = "one per rate, blanks between them; at least four, in one of which nothing is submitted" },           \
        { .name = "tenant", .type = VG_TEXT, .summary = "the one that submits" },                                      \
        { .name = "stream", .type = VG_TEXT, .def = "submission", .summary = "the workload's table of submissions" },  \
    {                                                                                                                  \
        .name = "column", .type = VG_TEXT, .def = "t0", .summary = "the instant of a submission in that stream"        \
    }

VG_ANALYSIS(submission_slope) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "submission-slope",
    .summary = "how much a counter of the host grows per submission: the slope over several rates",
    .why = "a ratio of totals would charge timers and housekeeping to the submissions",
    .params =
        VG_PARAMS {
            PARAMS_FROM,
            { .name = "counter",
              .type = VG_CHOICE,
              .def = "commands",
              .choices = "commands|exits|mmio-exits|device-exits|fast-exits|userspace-exits|injected|interrupts|posted",
              .summary = "what is counted" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "slope", "1", VG_LOWER, 0.05, "per submission" },
            { "slope_lower", "1", VG_LOWER, 0, "lower end of the slope's 95 % interval" },
            { "slope_upper", "1", VG_LOWER, 0, "upper end of the slope's 95 % interval" },
            { "background", "1/s", VG_NEITHER, 0, "what is counted while nothing is submitted: the line's intercept" },
            { "r_squared", "1", VG_NEITHER, 0, "part of the differences that the line explains" },
            { "rate", "1/s", VG_NEITHER, 0, "submissions in the phase" },
            { "counted", "1/s", VG_NEITHER, 0, "what was counted in the phase" },
            { "per_submission", "1", VG_NEITHER, 0, "counted in the phase over its submissions, background included" },
            { "fast_over_slow", "1", VG_NEITHER, 0,
              "per_submission at the highest rate over that at the lowest that is not 0" },
            { "moved", "1", VG_NEITHER, 0,
              "least growth of the counter in a phase with submissions, set-up included; 0: it stands still" },
            { .name = NULL },
        },
    .run = run_count,
};

VG_ANALYSIS(submission_cpu) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "submission-cpu",
    .summary = "CPU time of the host per submission: the slope over several rates",
    .why = "a host that polls takes no exit, but time; only the slope leaves its idling out",
    .params =
        VG_PARAMS {
            PARAMS_FROM,
            { .name = "counter",
              .type = VG_CHOICE,
              .def = "host-cpu",
              .choices = "vcpu|vmm|renderer|manager|host-cpu",
              .summary = "whose CPU time; host-cpu: VMM, renderer and manager" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "slope", "us", VG_LOWER, 0.20, "per submission" },
            { "slope_lower", "us", VG_LOWER, 0, "lower end of the slope's 95 % interval" },
            { "slope_upper", "us", VG_LOWER, 0, "upper end of the slope's 95 % interval" },
            { "background", "us/s", VG_NEITHER, 0, "CPU time while nothing is submitted: the line's intercept" },
            { "r_squared", "1", VG_NEITHER, 0, "part of the differences that the line explains" },
            { "rate", "1/s", VG_NEITHER, 0, "submissions in the phase" },
            { "counted", "us/s", VG_NEITHER, 0, "CPU time in the phase" },
            { "per_submission", "us", VG_NEITHER, 0, "CPU time in the phase over its submissions, idling included" },
            { "fast_over_slow", "1", VG_NEITHER, 0,
              "per_submission at the highest rate over that at the lowest that is not 0" },
            { "moved", "us", VG_NEITHER, 0, "least CPU time in a phase with submissions, set-up included" },
            { .name = NULL },
        },
    .run = run_cpu,
};
