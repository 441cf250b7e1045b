/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: the distribution of a duration over several rounds, each a workload process of its own. Samples of one
 * process share its threads' places and its memory's, and the machine's speed of that moment: they are one reading, not
 * thousands. So each quantile is taken per round, and the median over the rounds is the boot's. */
#include "judge/internal.h"

#include <math.h>

enum { LEAST_ROUNDS = 3, LOWEST = 0, MEDIAN = 1 /* places in `quantiles` */ };

extern const struct vg_analysis vg_analysis_rounds;

static const struct quantile {
    const char *metric;
    double probability;
} quantiles[] = { { "p10", 0.1 }, { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99_9", 0.999 }, { "max", 1 } };

struct rounds {
    double *values[VG_COUNT(quantiles)]; /* per quantile, one per round */
    double fewest;                       /* samples of a round */
    size_t count;
};

static void free_rounds(struct rounds *rounds)
{
    for (size_t q = 0; q < VG_COUNT(quantiles); q++)
        free(rounds->values[q]);
}

static bool add_round(const struct vg_analysis_input *input, const struct vg_measured_phase *phase, const char *suffix,
                      struct rounds *rounds, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *stream = vg_analysis_param(input, "stream");
    bool has_stream = false;
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_measured_stream_find(&phase->runs[i], stream)) {
            has_stream = true;
            judge_check_run(&phase->runs[i], output);
        }
    vg_autofree double *values = NULL;
    size_t count = 0;
    if (has_stream && !vg_column_load(input->measurements, phase->name, "", stream, vg_analysis_param(input, "column"),
                                      "", true, &values, &count, err))
        return false;
    if (count == 0) {
        vg_output_invalid(output, "Round `%s` left no samples.", phase->name);
        return true;
    }
    for (size_t q = 0; q < VG_COUNT(quantiles); q++) {
        double value = vg_quantile_sorted(values, count, quantiles[q].probability);
        vg_autofree char *metric = vg_format("round_%s", quantiles[q].metric);
        rounds->values[q][rounds->count] = value;
        vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_rounds, metric, suffix, value, NULL);
    }
    rounds->fewest = rounds->count ? fmin(rounds->fewest, (double)count) : (double)count;
    rounds->count++;
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_rounds;
    const struct vg_measurements *m = input->measurements;
    const char *prefix = vg_analysis_param(input, "phases");
    size_t length = strlen(prefix);
    struct rounds rounds VG_CLEANUP(free_rounds) = { 0 };
    for (size_t q = 0; q < VG_COUNT(quantiles); q++)
        rounds.values[q] = vg_calloc(m->phase_count + 1, sizeof(double));
    for (unsigned i = 0; i < m->phase_count; i++) {
        const char *name = m->phases[i].name;
        if (strncmp(name, prefix, length) != 0 || name[length] != '-')
            continue;
        if (!add_round(input, &m->phases[i], name + length + 1, &rounds, output, err))
            return false;
    }
    vg_output_value(output, self, "rounds", NULL, (double)rounds.count, NULL);
    if (rounds.count < LEAST_ROUNDS) {
        vg_output_invalid(output, "There are %zu rounds `%s-...` with samples; it takes %d.", rounds.count, prefix,
                          LEAST_ROUNDS);
        return true;
    }
    vg_output_value(output, self, "samples", NULL, rounds.fewest, NULL);
    for (size_t q = 0; q < VG_COUNT(quantiles); q++) {
        judge_sort(rounds.values[q], rounds.count);
        vg_output_value(output, self, quantiles[q].metric, NULL,
                        vg_quantile_sorted(rounds.values[q], rounds.count, 0.5), NULL);
    }
    /* Sorted above. What disturbs only adds, so that the least disturbed round says most about the path itself. */
    vg_output_value(output, self, "floor", NULL, rounds.values[LOWEST][0], NULL);
    const double *medians = rounds.values[MEDIAN];
    vg_output_value(
        output, self, "spread", NULL,
        (vg_quantile_sorted(medians, rounds.count, 0.75) - vg_quantile_sorted(medians, rounds.count, 0.25)) /
            vg_quantile_sorted(medians, rounds.count, 0.5),
        NULL);
    return true;
}

VG_ANALYSIS(rounds) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "rounds",
    .summary = "the distribution of a duration in several workload processes: each quantile's median over them",
    .why = "a process keeps what it met at its start; only several of them say what the path does",
    .params =
        VG_PARAMS {
            { .name = "phases", .type = VG_TEXT, .summary = "phases PHASES-01, PHASES-02, ... are the rounds" },
            { .name = "stream", .type = VG_TEXT, .def = "submission", .summary = "the workload's table of samples" },
            { .name = "column", .type = VG_TEXT, .def = "latency", .summary = "a duration of that stream" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "floor", "ns", VG_LOWER, 0.05,
              "lowest of the rounds' 10th percentiles: the path with nothing in its way" },
            { "p10", "ns", VG_LOWER, 0.05, "median over the rounds of their 10th percentiles" },
            { "p50", "ns", VG_LOWER, 0.05, "median over the rounds of their medians" },
            { "p90", "ns", VG_LOWER, 0.05, "of their 90th percentiles" },
            { "p99", "ns", VG_LOWER, 0.10, "of their 99th percentiles" },
            { "p99_9", "ns", VG_LOWER, 0.10, "of their 99.9th percentiles" },
            { "max", "ns", VG_LOWER, 0, "of their longest" },
            { "round_p10", "ns", VG_LOWER, 0, "as round_p50" },
            { "round_p50", "ns", VG_LOWER, 0, "of each round; what a comparison of boots that took turns pairs" },
            { "round_p90", "ns", VG_LOWER, 0, "as above" },
            { "round_p99", "ns", VG_LOWER, 0, "as above" },
            { "round_p99_9", "ns", VG_LOWER, 0, "as above" },
            { "round_max", "ns", VG_LOWER, 0, "as above" },
            { "spread", "1", VG_LOWER, 0, "interquartile range of the rounds' medians, as a part of their median" },
            { "rounds", "1", VG_NEITHER, 0, "how many" },
            { "samples", "1", VG_NEITHER, 0, "fewest of a round" },
            { .name = NULL },
        },
    .run = run,
};
