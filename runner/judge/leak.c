/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: did a tenant find memory of the tenant before it? Three classes: a run of planted canaries is a leak; bytes
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
    double allocatable; /* NaN: not every run says */
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
        sum.allocatable += judge_fact_number(run, "allocatable_bytes");
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

static bool has_other_profile(const struct vg_test *test)
{
    for (unsigned i = 0; i < test->tenant_count; i++)
        if (test->tenants[i].other_profile)
            return true;
    return false;
}

/* How much of the memory that could leak was looked at. A partitioned vGPU's memory is its profile's; without
 * partitions the second tenant's memory comes from the same allocator as the host's, so that "all of it" means nothing:
 * what counts is whether it took at least as much as the first had given back, and that this was enough to be met
 * again.
 */
static void put_coverage(const struct vg_analysis_input *input, const struct scan *scan, double filled,
                         struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_leak;
    double profile = (double)input->measurements->profile_memory_bytes;
    double least = vg_analysis_param_real(input, "min_fill_bytes"), range = profile > 0 ? profile : filled;
    bool other = profile > 0 && has_other_profile(input->test); /* then the first tenant's size says nothing */
    range = other ? scan->allocatable : range;
    if (!(profile > 0) && filled < least) {
        vg_autofree char *is = vg_quantity_text(filled, "bytes"), *needed = vg_quantity_text(least, "bytes");
        vg_output_invalid(
            output,
            "The first tenant filled only %s; where memory is not partitioned, at least %s are needed for "
            "the next tenant to meet any of it.",
            is, needed);
    }
    vg_autofree char *text = vg_quantity_text(range, "bytes");
    vg_autofree char *note =
        vg_format(other         ? "of %s, what the second tenant could allocate: it has another profile"
                  : profile > 0 ? "of %s, the memory of the profile"
                                : "of %s, what the first tenant had filled: this mechanism does not "
                                  "partition memory",
                  text);
    vg_output_value(output, self, "coverage", NULL, range > 0 ? fmin(100, 100 * scan->scanned / range) : NAN, note);
}

/* One word looks keyed by chance once in 2^32 words, which is once in 32 GiB; sixteen in a row never do. */
static const char *words_note(const struct scan *scan)
{
    return scan->canary_words > 0 && scan->canary_runs == 0
               ? "single words that look like the pattern, none in a run of 16: chance does that"
               : NULL;
}

static void classify(const struct scan *scan, double filled, struct vg_analysis_output *output)
{
    vg_autofree char *scanned = vg_quantity_text(scan->scanned, "bytes");
    vg_autofree char *nonzero = vg_quantity_text(scan->nonzero, "bytes");
    if (scan->canary_runs > 0) {
        vg_output_failure(output,
                          "The second tenant read %.0f runs of the first tenant's pattern, %.0f words in all, in %s of "
                          "freshly allocated memory.",
                          scan->canary_runs, scan->canary_words, scanned);
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
    vg_output_value(output, self, "canary_words", NULL, scan.canary_words, words_note(&scan));
    vg_output_value(output, self, "canary_runs", NULL, scan.canary_runs, NULL);
    vg_output_value(output, self, "nonzero_bytes", NULL, scan.nonzero, NULL);
    put_coverage(input, &scan, filled, output);
    vg_output_value(output, self, "filled_bytes", NULL, filled, NULL);
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
            { .name = "min_fill_bytes",
              .type = VG_INT,
              .def = "268435456",
              .min = 1,
              .max = 1e15,
              .unit = "bytes",
              .summary = "what the first tenant must have filled where memory is not partitioned" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "canary_words", "1", VG_LOWER, 0,
              "64-bit words that look like the first tenant's pattern; a single one may be chance" },
            { "canary_runs", "1", VG_LOWER, 0, "runs of at least 16 such words: no chance" },
            { "nonzero_bytes", "bytes", VG_LOWER, 0, "not zero, and not the pattern" },
            { "coverage", "%", VG_HIGHER, 0,
              "scanned of the profile's memory or, without partitions, of what the first tenant filled" },
            { "filled_bytes", "bytes", VG_NEITHER, 0, "filled by the first tenant" },
            { "scanned_bytes", "bytes", VG_NEITHER, 0, "read by the second tenant" },
            { .name = NULL },
        },
    .run = run,
};
