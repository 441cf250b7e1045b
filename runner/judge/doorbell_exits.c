/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does a doorbell leave KVM for the VMM? Where the VMM had KVM turn the device's doorbells into events
 * (ioeventfd), none may. Where it did not, each does, and that is a finding; where there is no KVM nothing exits. */
#include "judge/submissions.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_doorbell_exits;

/* "on", "off", or NULL: its VMM did not say. */
static const char *told(const struct vg_analysis_input *input, const char *what)
{
    vg_autofree char *name = vg_format("%s[%s]", what, vg_analysis_param(input, "tenant"));
    for (unsigned i = 0; i < input->measurements->probe_count; i++) {
        const struct vg_measured_probe *probe = &input->measurements->probes[i];
        for (unsigned j = 0; vg_equal(probe->name, "virtqueue") && j < probe->fact_count; j++)
            if (vg_equal(probe->facts[j].name, name))
                return probe->facts[j].value;
    }
    return NULL;
}

/* Exits that the trace followed to the VMM; else all MMIO of the VM that reached it, which bounds them. */
struct seen {
    struct vg_line line;
    bool bound;
    char *blind; /* why nothing was seen; NULL: something was */
};

static bool look(const struct vg_analysis_input *input, const char *counter, const char *witness, struct seen *seen,
                 struct vg_analysis_output *output, struct vg_error *err)
{
    struct judge_paces paces VG_CLEANUP(judge_paces_free) = { 0 }, alive VG_CLEANUP(judge_paces_free) = { 0 };
    struct vg_analysis_output unheard = { 0 }; /* what is wrong with a phase the first look says */
    char *why_not = NULL;
    bool good = judge_paces_load(input, judge_counter_find(counter), &paces, output, err) &&
                judge_paces_load(input, judge_counter_find(witness), &alive, &unheard, err);
    for (unsigned i = 0; i < unheard.invalid_count; i++)
        free(unheard.invalid[i]);
    free(unheard.invalid);
    if (!good)
        return false;
    seen->line = judge_paces_line(&paces, &why_not);
    if (paces.blind || !(alive.moved > 0)) {
        free(why_not);
        why_not = paces.blind ? vg_strdup(paces.blind)
                              : vg_format("%s stood still while the tenant worked: the source is dead",
                                          judge_counter_find(witness)->summary);
    }
    free(seen->blind);
    seen->blind = why_not;
    return true;
}

static void put(const struct vg_analysis_input *input, const struct seen *seen, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_doorbell_exits;
    const char *kvm = told(input, "kvm"), *turned = told(input, "ioeventfd");
    double at_most = vg_analysis_param_real(input, "at_most"), broken = NAN;
    bool many = !seen->blind && seen->line.slope > at_most;
    vg_autofree char *note = NULL;
    if (!kvm || (vg_equal(kvm, "on") && !turned)) {
        note = vg_strdup("the VMM does not say whether KVM turns its doorbells into events");
    } else if (vg_equal(kvm, "off")) {
        broken = 0;
        note = vg_strdup("nothing is promised: no KVM runs the tenant, so that nothing exits");
    } else if (vg_equal(turned, "off")) {
        broken = 0;
        note = vg_strdup("nothing is promised: the VMM has no ioeventfd for this vGPU");
        if (many)
            vg_output_finding(output,
                              "A submission costs %.3g exits to the VMM: its vGPU has no ioeventfd, so that "
                              "each doorbell stops the virtual CPU until the VMM has taken it.",
                              seen->line.slope);
    } else if (seen->blind) {
        note = vg_strdup(seen->blind);
    } else if (many && seen->bound) {
        note = vg_strdup("MMIO comes to the VMM with the submissions, and without a trace nobody knows whether it is "
                         "for the vGPU");
    } else {
        broken = seen->line.slope;
    }
    vg_output_value(output, self, "broken", NULL, broken, note);
    vg_output_value(output, self, "exits", NULL, seen->blind ? NAN : seen->line.slope,
                    seen->blind   ? seen->blind
                    : seen->bound ? "all MMIO of the VM that reached its VMM, since the vGPU's was not traced"
                                  : NULL);
    vg_output_value(output, self, "exits_upper", NULL, seen->blind ? NAN : seen->line.slope_upper, seen->blind);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    struct seen seen = { 0 };
    bool good = look(input, "userspace-exits", "traced-exits", &seen, output, err);
    if (good && seen.blind) {
        struct seen bound = { .bound = true };
        good = look(input, "mmio-exits", "exits", &bound, output, err);
        if (good && !bound.blind) {
            free(seen.blind);
            seen = bound;
        } else {
            free(bound.blind);
        }
    }
    if (good)
        put(input, &seen, output);
    free(seen.blind);
    return good;
}

VG_ANALYSIS(doorbell_exits) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "doorbell-exits",
    .summary = "whether doorbells of a virtio-gpu leave KVM for the VMM where an ioeventfd should take them",
    .why = "an exit to the VMM stops the virtual CPU for many microseconds, each time; an event does not",
    .params =
        VG_PARAMS {
            { .name = "rates",
              .type = VG_TEXT,
              .summary = "phases, one per rate, blanks between them; at least four, in one of which nothing is "
                         "submitted" },
            { .name = "tenant", .type = VG_TEXT, .summary = "the one that submits" },
            { .name = "stream",
              .type = VG_TEXT,
              .def = "submission",
              .summary = "the workload's table of submissions" },
            { .name = "column", .type = VG_TEXT, .def = "t0", .summary = "the instant of a submission in that stream" },
            { .name = "at_most",
              .type = VG_REAL,
              .min = 0,
              .max = 1,
              .unit = "1",
              .summary = "more exits per submission than this are told as a finding where there is no ioeventfd" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "broken", "1", VG_LOWER, 0.05,
              "exits to the VMM per submission where an ioeventfd promises none: the slope; 0 where nothing is "
              "promised" },
            { "exits", "1", VG_LOWER, 0.05, "exits to the VMM per submission, promised or not: the slope" },
            { "exits_upper", "1", VG_LOWER, 0, "upper end of its 95 % interval" },
            { .name = NULL },
        },
    .run = run,
};
