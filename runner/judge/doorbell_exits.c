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
    struct judge_sight sight;
    bool bound;
};

static bool look(const struct vg_analysis_input *input, const char *counter, const char *witness,
                 struct judge_sight *sight, struct vg_analysis_output *output, struct vg_error *err)
{
    struct judge_sight alive VG_CLEANUP(judge_sight_free) = { 0 };
    if (!judge_sight_look(input, counter, true, sight, output, err) ||
        !judge_sight_look(input, witness, false, &alive, output, err))
        return false;
    judge_sight_drop_dead(sight, &alive, judge_counter_find(witness)->summary);
    return true;
}

static void put(const struct vg_analysis_input *input, const struct seen *seen, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_doorbell_exits;
    const char *kvm = told(input, "kvm"), *turned = told(input, "ioeventfd");
    double at_most = vg_analysis_param_real(input, "at_most"), broken = NAN;
    bool many = !seen->sight.blind && seen->sight.line.slope > at_most;
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
                              seen->sight.line.slope);
    } else if (seen->sight.blind) {
        note = vg_strdup(seen->sight.blind);
    } else if (many && seen->bound) {
        note = vg_strdup("MMIO comes to the VMM with the submissions, and without a trace nobody knows whether it is "
                         "for the vGPU");
    } else {
        broken = seen->sight.line.slope;
    }
    vg_output_value(output, self, "broken", NULL, broken, note);
    vg_output_value(output, self, "exits", NULL, seen->sight.blind ? NAN : seen->sight.line.slope,
                    seen->sight.blind ? seen->sight.blind
                    : seen->bound     ? "all MMIO of the VM that reached its VMM, since the vGPU's was not traced"
                                      : NULL);
    vg_output_value(output, self, "exits_upper", NULL, seen->sight.blind ? NAN : seen->sight.line.slope_upper,
                    seen->sight.blind);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    struct seen traced = { 0 }, bound = { .bound = true };
    bool good = look(input, "userspace-exits", "traced-exits", &traced.sight, output, err) &&
                (!traced.sight.blind || look(input, "mmio-exits", "exits", &bound.sight, output, err));
    if (good)
        put(input, traced.sight.blind && !bound.sight.blind ? &bound : &traced, output);
    judge_sight_free(&traced.sight);
    judge_sight_free(&bound.sight);
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
