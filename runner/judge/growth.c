/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does what an action read again and again (a fact of numbers, one for each round) grow from round to round?
 *
 * An ordinary line through the readings by round; `least` and `most` are the ends of the interval that holds its slope
 * with 95 % confidence (Student's distribution, n - 2 degrees of freedom). The first readings may be left out: what is
 * made once and kept, such as caches, is no growth. */
#include <math.h>
#include "judge/internal.h"

extern const struct vg_analysis vg_analysis_growth;

enum { LEAST_READINGS = 4 }; /* fewer have hardly a degree of freedom left (derived) */

/* "N N N ..."; false: it is not. */
static bool read_numbers(const char *text, double **numbers, size_t *count)
{
    vg_autofree char *copy = vg_strdup(text);
    char *state = NULL;
    for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        long long value;
        if (!vg_parse_int(word, &value) || value < 0)
            return false;
        vg_push(*numbers, *count) = (double)value;
    }
    return *count > 0;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    (void)err;
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_growth;
    const char *workload = vg_analysis_param(input, "workload"), *name = vg_analysis_param(input, "fact");
    const struct vg_measured_phase *phase =
        vg_measured_phase_find(input->measurements, vg_analysis_param(input, "phase"));
    const struct vg_measured_run *run = NULL;
    for (unsigned i = 0; phase && i < phase->run_count && !run; i++)
        run = vg_equal(phase->runs[i].workload, workload) ? &phase->runs[i] : NULL;
    const char *text = run ? vg_fact_get(run, name) : NULL;
    vg_autofree double *numbers = NULL, *rounds = NULL;
    size_t count = 0, left_out = (size_t)vg_analysis_param_real(input, "settle");
    if (!text || !read_numbers(text, &numbers, &count)) {
        vg_output_invalid(output, "%s in phase `%s` says nothing of `%s` that is a row of numbers.", workload,
                          vg_analysis_param(input, "phase"), name);
        return true;
    }
    left_out = left_out < count ? left_out : count;
    count -= left_out;
    vg_output_value(output, self, "readings", NULL, (double)count, NULL);
    if (count < LEAST_READINGS)
        return true; /* no growth is given; a test that expects one is invalid for that */
    rounds = vg_calloc(count, sizeof(*rounds));
    for (size_t i = 0; i < count; i++)
        rounds[i] = (double)i;
    struct vg_line line = vg_line_fit(rounds, numbers + left_out, count, 0.95);
    vg_output_value(output, self, "per_round", NULL, line.slope, NULL);
    vg_output_value(output, self, "least", NULL, line.slope_lower, NULL);
    vg_output_value(output, self, "most", NULL, line.slope_upper, NULL);
    return true;
}

VG_ANALYSIS(growth) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "growth",
    .summary = "whether what was read once a round grows from round to round",
    .why = "what is lost a little with each VM is all gone after a thousand",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which it was read" },
            { .name = "workload", .type = VG_TEXT, .summary = "the workload or action that read it" },
            { .name = "fact", .type = VG_TEXT, .summary = "its fact, one number for each round" },
            { .name = "settle",
              .type = VG_INT,
              .def = "0",
              .min = 0,
              .max = 10000,
              .unit = "1",
              .summary = "first readings that are left out" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "readings", "1", VG_HIGHER, 0, "rounds that count" },
            { "per_round", "bytes", VG_LOWER, 0, "slope of the line through the readings" },
            { "least", "bytes", VG_LOWER, 0, "slope that they speak for at least, with 95 % confidence" },
            { "most", "bytes", VG_LOWER, 0, "slope that they do not rule out, with 95 % confidence" },
            { .name = NULL },
        },
    .run = run,
};
