/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what conformance workloads counted (guest-workloads/common/checks.h). Each kind that did not hold is said
 * with the first thing that was seen; a kind that a test names but that was never tried proves nothing. */
#include "judge/internal.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

extern const struct vg_analysis vg_analysis_checks;

#define PREFIX "check."

struct kind {
    const char *name; /* borrowed */
    double tried, wrong;
    bool skipped;
    const char *first; /* borrowed; NULL: none */
    const char *tenant;
};

struct kinds {
    struct kind *items;
    size_t count;
};

static bool wanted(const char *globs, const char *name)
{
    vg_autofree char *copy = vg_strdup(globs);
    char *state = NULL;
    if (!globs[0])
        return true;
    for (char *glob = strtok_r(copy, ", ", &state); glob; glob = strtok_r(NULL, ", ", &state))
        if (fnmatch(glob, name, 0) == 0)
            return true;
    return false;
}

static struct kind *find(struct kinds *kinds, const char *name)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (vg_equal(kinds->items[i].name, name))
            return &kinds->items[i];
    struct kind *added = &vg_push(kinds->items, kinds->count);
    *added = (struct kind) { .name = name, .skipped = true };
    return added;
}

/* "TRIED WRONG SENTENCE" or "skip SENTENCE". The fact is the tenant's word: anything else is no count. */
static bool add(struct kinds *kinds, const struct vg_measured_run *run, const char *name, const char *value)
{
    uint64_t tried, wrong;
    int length = 0;
    struct kind *kind = find(kinds, name);
    if (strncmp(value, "skip ", 5) == 0) {
        if (!kind->first)
            kind->first = value + 5;
        return true;
    }
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits] != ' ' || !strchr("0123456789", value[digits + 1]))
        return false; /* scanf would take signs and blanks */
    if (sscanf(value, "%20" SCNu64 " %20" SCNu64 "%n", &tried, &wrong, &length) != 2 || wrong > tried)
        return false;
    if (kind->skipped || (wrong && kind->wrong == 0)) {
        kind->first = value[length] == ' ' ? value + length + 1 : NULL;
        kind->tenant = run->tenant;
    }
    kind->skipped = false;
    kind->tried += (double)tried;
    kind->wrong += (double)wrong;
    return true;
}

static void collect(const struct vg_analysis_input *input, struct kinds *kinds, struct vg_analysis_output *output)
{
    const char *workload = vg_analysis_param(input, "workload"), *only = vg_analysis_param(input, "only");
    const char *tenant = vg_analysis_param(input, "tenant");
    const struct vg_measured_phase *phase =
        vg_measured_phase_find(input->measurements, vg_analysis_param(input, "phase"));
    unsigned runs = 0;
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *run = &phase->runs[i];
        if ((workload[0] && !vg_equal(run->workload, workload)) || (tenant[0] && !vg_equal(run->tenant, tenant)))
            continue;
        size_t facts = 0;
        for (unsigned j = 0; j < run->fact_count; j++) {
            const char *name = run->facts[j].name;
            if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
                continue;
            facts++;
            name += strlen(PREFIX);
            if (wanted(only, name) && !add(kinds, run, name, run->facts[j].value))
                vg_output_invalid(output, "%s in %s reports the check %s in a form that is none.", run->workload,
                                  run->tenant, name);
        }
        if (facts == 0)
            vg_output_invalid(output, "%s in %s did not report what it checked.", run->workload, run->tenant);
        runs++;
    }
    if (!runs)
        vg_output_invalid(output, "No workload ran in phase `%s` that could report checks.",
                          vg_analysis_param(input, "phase"));
}

static void say(const struct kind *kind, const char *severity, struct vg_analysis_output *output)
{
    vg_autofree char *shown = kind->first ? vg_printable(kind->first, strlen(kind->first), 240) : vg_strdup("no more");
    if (vg_equal(severity, "finding"))
        vg_output_finding(output, "%s, %.0f of %.0f times: %s.", kind->name, kind->wrong, kind->tried, shown);
    else
        vg_output_failure(output, "%s, %.0f of %.0f times: %s.", kind->name, kind->wrong, kind->tried, shown);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    (void)err;
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_checks;
    const char *severity = vg_analysis_param(input, "wrong");
    struct kinds kinds = { 0 };
    double tried = 0, wrong = 0, skipped = 0, kinds_tried = 0;
    struct vg_text notes VG_CLEANUP(vg_text_free) = { 0 };
    collect(input, &kinds, output);
    for (size_t i = 0; i < kinds.count; i++) {
        const struct kind *kind = &kinds.items[i];
        if (kind->skipped) {
            vg_autofree char *why =
                vg_printable(kind->first ? kind->first : "", kind->first ? strlen(kind->first) : 0, 200);
            vg_text_add(&notes, "%s%s: %s", notes.length ? "; " : "", kind->name, why);
            skipped++;
            continue;
        }
        kinds_tried++;
        tried += kind->tried;
        wrong += kind->wrong;
        vg_autofree char *note = vg_format("of %.0f", kind->tried);
        vg_output_value(output, self, "wrong", kind->name, kind->wrong, note);
        if (kind->wrong > 0)
            say(kind, severity, output);
    }
    vg_output_value(output, self, "wrong", NULL, kinds_tried > 0 ? wrong : NAN, NULL);
    vg_output_value(output, self, "tried", NULL, tried, NULL);
    vg_output_value(output, self, "kinds", NULL, kinds_tried, NULL);
    vg_output_value(output, self, "skipped", NULL, skipped, notes.data);
    free(kinds.items);
    return true;
}

VG_ANALYSIS(checks) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "checks",
    .summary = "what a workload tried that must hold, and how often it did not",
    .why = "conformance knows no averages: one leak in a thousand tries is a leak",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the checks were made" },
            { .name = "workload", .type = VG_TEXT, .def = "", .summary = "only runs of this one; empty: all" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only those in this tenant; empty: all" },
            { .name = "only", .type = VG_TEXT, .def = "", .summary = "only kinds whose names match these globs" },
            { .name = "wrong",
              .type = VG_CHOICE,
              .choices = "fail|finding",
              .def = "fail",
              .summary = "what a check that did not hold means" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "wrong", "1", VG_LOWER, 0, "checks that did not hold; [KIND]: of one kind" },
            { "tried", "1", VG_HIGHER, 0, "checks that were made" },
            { "kinds", "1", VG_HIGHER, 0, "kinds of check that were made at all" },
            { "skipped", "1", VG_LOWER, 0, "kinds that could not be tried here, with the reason" },
            { .name = NULL },
        },
    .run = run,
};
