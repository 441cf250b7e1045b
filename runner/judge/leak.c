/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: did a tenant find memory of the tenant before it? Three classes: a canary that was planted is a leak; bytes
 * that are not zero and not ours show that memory is not cleared, though not whose it was; all zero is as it should be.
 * A scan that could not have seen a canary proves nothing. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_leak;

/* A fact of a run; a missing one makes the result invalid and is given as NaN. */
static double number(const struct vg_measured_run *run, const char *fact, struct vg_analysis_output *output)
{
    double value = judge_fact_number(run, fact);
    if (!(value >= 0)) {
        vg_output_invalid(output, "%s in %s did not report a usable `%s`.", run->workload, run->tenant, fact);
        return NAN;
    }
    return value;
}

/* Sums over all runs of the workload in the phase. */
struct scan {
    unsigned runs;
    double scanned, canary_words, canary_runs, nonzero;
    bool proved;
};

static bool is_true(const char *text)
{
    return vg_equal(text, "1") || vg_equal(text, "true") || vg_equal(text, "yes");
}

static struct scan add_up(const struct vg_measured_phase *phase, const char *workload,
                          struct vg_analysis_output *output)
{
    struct scan sum = { .proved = true };
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *run = &phase->runs[i];
        if (!vg_equal(run->workload, workload))
            continue;
        sum.runs++;
        sum.scanned += number(run, "scanned_bytes", output);
        sum.canary_words += number(run, "canary_words", output);
        sum.canary_runs += number(run, "canary_runs", output);
        sum.nonzero += number(run, "nonzero_bytes", output);
        sum.proved = sum.proved && is_true(vg_fact_get(run, "detector_proved"));
    }
    return sum;
}

static double filled_bytes(const struct vg_measured_phase *phase, const char *workload, unsigned *runs,
                           struct vg_analysis_output *output)
{
    double sum = 0;
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        if (!vg_equal(phase->runs[i].workload, workload))
            continue;
        (*runs)++;
        sum += number(&phase->runs[i], "filled_bytes", output);
    }
    return sum;
}

/* How much of the memory that could leak was looked at. A partitioned vGPU's memory is its profile's; without
 * partitions the second tenant's memory comes from the same allocator as the host's, so that "all of it" means nothing:
 * what counts is whether it took at least as much as the first had given back. */
static double coverage_percent(const struct vg_measurements *m, const struct scan *scan, double filled, char **note)
{
    bool partitioned = m->profile_memory_bytes > 0;
    double range = partitioned ? (double)m->profile_memory_bytes : filled;
    vg_autofree char *range_text = vg_quantity_text(range, "bytes");
    *note = vg_format(partitioned ? "of %s, the memory of the profile"
                                  : "of %s, what the first tenant had filled: this mechanism does not partition memory",
                      range_text);
    return range > 0 ? fmin(100, 100 * scan->scanned / range) : NAN;
}

static void classify(const struct scan *scan, double filled, struct vg_analysis_output *output)
{
    vg_autofree char *scanned = vg_quantity_text(scan->scanned, "bytes");
    vg_autofree char *nonzero = vg_quantity_text(scan->nonzero, "bytes");
    if (scan->canary_words > 0) {
        vg_output_failure(output,
                          "The second tenant read %.0f words of the first tenant's pattern, in %.0f runs, in %s of "
                          "freshly allocated memory.",
                          scan->canary_words, scan->canary_runs, scanned);
        return;
    }
    if (!scan->proved)
        vg_output_invalid(output, "The scan did not prove that it would have seen a pattern (detector_proved).");
    if (!(filled > 0))
        vg_output_invalid(output, "Nothing was filled before the scan, so that nothing could be found.");
    if (!(scan->scanned > 0))
        vg_output_invalid(output, "Nothing was scanned.");
    if (scan->nonzero > 0)
        vg_output_finding(
            output,
            "%s of %s of freshly allocated memory were not zero, though no pattern of the first tenant was "
            "among them: memory is handed out uncleared.",
            nonzero, scanned);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    (void)err;
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_leak;
    const char *phase = vg_analysis_param(input, "phase"), *fill = vg_analysis_param(input, "fill");
    const char *workload = vg_analysis_param(input, "workload");
    unsigned fills = 0;
    struct scan scan = add_up(vg_measured_phase_find(input->measurements, phase), workload, output);
    double filled = filled_bytes(vg_measured_phase_find(input->measurements, fill), workload, &fills, output);
    if (!scan.runs || !fills) {
        vg_output_invalid(output, "%s did not run in phase `%s`.", workload, scan.runs ? fill : phase);
        return true;
    }
    vg_autofree char *note = NULL;
    if (filled < vg_analysis_param_real(input, "min_fill") * scan.scanned)
        note = vg_format("only %.0f %% of what was scanned had been filled: memory that was never the first tenant's "
                         "cannot show a leak",
                         100 * filled / scan.scanned);
    vg_output_value(output, self, "canary_words", NULL, scan.canary_words, NULL);
    vg_output_value(output, self, "canary_runs", NULL, scan.canary_runs, NULL);
    vg_output_value(output, self, "nonzero_bytes", NULL, scan.nonzero, NULL);
    vg_autofree char *range = NULL;
    double coverage = coverage_percent(input->measurements, &scan, filled, &range);
    vg_output_value(output, self, "coverage", NULL, coverage, range);
    vg_output_value(output, self, "filled_bytes", NULL, filled, note);
    vg_output_value(output, self, "scanned_bytes", NULL, scan.scanned, NULL);
    classify(&scan, filled, output);
    return true;
}

VG_ANALYSIS(leak) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "leak",
    .summary = "whether a tenant found memory of the tenant before it",
    .why = "memory that the host does not clear belongs to whoever comes next",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the second tenant scanned" },
            { .name = "fill", .type = VG_TEXT, .summary = "the phase in which the first tenant filled" },
            { .name = "workload", .type = VG_TEXT, .def = "vram-canary", .summary = "the one that fills and scans" },
            { .name = "min_fill",
              .type = VG_REAL,
              .def = "0.5",
              .max = 1,
              .unit = "1",
              .summary = "a smaller part of the scanned memory that was filled is pointed out" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "canary_words", "1", VG_LOWER, 0, "64-bit words of the first tenant's pattern that were read" },
            { "canary_runs", "1", VG_LOWER, 0, "stretches in which they lay" },
            { "nonzero_bytes", "bytes", VG_LOWER, 0, "not zero, and not the pattern" },
            { "coverage", "%", VG_HIGHER, 0,
              "scanned of the profile's memory or, without partitions, of what the first tenant filled" },
            { "filled_bytes", "bytes", VG_NEITHER, 0, "filled by the first tenant" },
            { "scanned_bytes", "bytes", VG_NEITHER, 0, "read by the second tenant" },
            { .name = NULL },
        },
    .run = run,
};
