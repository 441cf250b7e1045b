/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: two ways to measure the same thing, taken in turn within one boot. A machine that changes speed changes
 * both halves of a pair alike, so that the ratio within a pair says what two series side by side cannot. The interval
 * of the median rests on the signs alone and assumes nothing about how ratios are spread. */
#include "judge/internal.h"

#include <math.h>

#define CONFIDENCE 0.95

extern const struct vg_analysis vg_analysis_paired;

/* One of the two ways: phases PREFIX-SUFFIX, one per repetition. */
struct way {
    const char *prefix, *stream, *column;
};

/* The median of the column in one phase. False: the measurements cannot be read; *median NaN: it has no samples. */
static bool median_of(const struct vg_measurements *m, const struct way *way, const char *suffix, double *median,
                      struct vg_error *err)
{
    vg_autofree char *phase = vg_format("%s-%s", way->prefix, suffix);
    const struct vg_measured_phase *found = vg_measured_phase_find(m, phase);
    bool has_stream = false;
    *median = NAN;
    for (unsigned i = 0; found && i < found->run_count; i++)
        has_stream = has_stream || vg_measured_stream_find(&found->runs[i], way->stream);
    if (!has_stream)
        return true;
    vg_autofree double *values = NULL;
    size_t count;
    if (!vg_column_load(m, phase, "", way->stream, way->column, "", true, &values, &count, err))
        return false;
    *median = vg_quantile_sorted(values, count, 0.5);
    return true;
}

static void put_median(double *ratios, unsigned count, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_paired;
    judge_sort(ratios, count);
    unsigned k = vg_median_rank(count, CONFIDENCE);
    vg_autofree char *note = vg_format("95 %% interval from ranks %u and %u of %u", k, count + 1 - k, count);
    vg_output_value(output, self, "median", NULL, vg_quantile_sorted(ratios, count, 0.5), NULL);
    vg_output_value(output, self, "low", NULL, k ? ratios[k - 1] : NAN, k ? note : "too few pairs");
    vg_output_value(output, self, "high", NULL, k ? ratios[count - k] : NAN, k ? note : "too few pairs");
    vg_output_value(output, self, "pairs", NULL, count, NULL);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_paired;
    const struct vg_measurements *m = input->measurements;
    const struct way way = { vg_analysis_param(input, "phases"), vg_analysis_param(input, "stream"),
                             vg_analysis_param(input, "column") };
    const struct way against = { vg_analysis_param(input, "against"), vg_analysis_param(input, "against_stream"),
                                 vg_analysis_param(input, "against_column") };
    vg_autofree double *ratios = vg_calloc(m->phase_count + 1, sizeof(*ratios));
    unsigned count = 0;
    size_t length = strlen(way.prefix);
    for (unsigned i = 0; i < m->phase_count; i++) {
        const char *name = m->phases[i].name;
        if (strncmp(name, way.prefix, length) != 0 || name[length] != '-')
            continue;
        const char *suffix = name + length + 1;
        double value, other;
        if (!median_of(m, &way, suffix, &value, err) || !median_of(m, &against, suffix, &other, err))
            return false;
        if (!(value > 0 && other > 0)) {
            vg_output_invalid(output, "Pair %s is not whole: `%s-%s` and `%s-%s` must both leave samples.", suffix,
                              way.prefix, suffix, against.prefix, suffix);
            continue;
        }
        vg_output_value(output, self, "value", suffix, value, NULL);
        vg_output_value(output, self, "against", suffix, other, NULL);
        vg_output_value(output, self, "ratio", suffix, value / other, NULL);
        ratios[count++] = value / other;
    }
    if (count == 0)
        vg_output_invalid(output, "There is no pair of phases `%s-...` and `%s-...`.", way.prefix, against.prefix);
    else
        put_median(ratios, count, output);
    return true;
}

VG_ANALYSIS(paired) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "paired",
    .summary = "ratio of two ways to measure a duration, taken in turn: median over the pairs and its 95 % interval",
    .why = "on a machine that changes speed only what was measured side by side can be compared",
    .params =
        VG_PARAMS {
            { .name = "phases", .type = VG_TEXT, .summary = "phases PHASES-01, PHASES-02, ... are one way" },
            { .name = "stream", .type = VG_TEXT, .def = "submission", .summary = "the workload's table of samples" },
            { .name = "column", .type = VG_TEXT, .def = "latency", .summary = "a duration of it; its median counts" },
            { .name = "against", .type = VG_TEXT, .summary = "phases AGAINST-01, AGAINST-02, ... are the other" },
            { .name = "against_stream", .type = VG_TEXT, .def = "submission", .summary = "as `stream`" },
            { .name = "against_column", .type = VG_TEXT, .def = "latency", .summary = "as `column`" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "median", "1", VG_NEITHER, 0, "median of the ratios" },
            { "low", "1", VG_NEITHER, 0, "lower end of its interval" },
            { "high", "1", VG_NEITHER, 0, "upper end of its interval" },
            { "pairs", "1", VG_NEITHER, 0, "how many" },
            { "ratio", "1", VG_NEITHER, 0, "of each pair" },
            { "value", "ns", VG_NEITHER, 0, "of each pair: one way" },
            { "against", "ns", VG_NEITHER, 0, "of each pair: the other" },
            { .name = NULL },
        },
    .run = run,
};
