/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One decision for a CI job from the parts: environments, metrics, verdicts. */
#include "compare/internal.h"

#include <math.h>

void vg_gate_object(struct vg_gate *gate, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = vg_vformat(format, arguments);
    va_end(arguments);
    vg_push(gate->objections, gate->objection_count) = text;
}

void vg_gate_free(struct vg_gate *gate)
{
    for (unsigned i = 0; i < gate->objection_count; i++)
        free(gate->objections[i]);
    free(gate->objections);
    free(gate->title);
    vg_differences_free(&gate->differences);
    vg_comparison_free(gate->comparison);
    *gate = (struct vg_gate) { 0 };
}

/* Days from one instant of ours (2026-11-22T08:00:00Z) to another; NaN if one is no instant. */
static double days_between(const char *from, const char *to)
{
    struct tm a = { 0 }, b = { 0 };
    if (!from || !to || !strptime(from, "%Y-%m-%dT%H:%M:%SZ", &a) || !strptime(to, "%Y-%m-%dT%H:%M:%SZ", &b))
        return NAN;
    return difftime(timegm(&b), timegm(&a)) / 86400;
}

/* Boots that the baseline was made of agree with it, whatever they are. */
static void object_to_its_own(struct vg_gate *gate)
{
    for (unsigned i = 0; i < gate->now->count; i++)
        for (unsigned j = 0; j < gate->then->run_count; j++) {
            const struct vg_run *run = gate->now->runs[i]->run;
            const struct vg_blessed_run *blessed = &gate->then->runs[j];
            vg_autofree char *seed = vg_format("%llu", (unsigned long long)run->seed);
            if (vg_equal(seed, blessed->seed) && vg_equal(run->started, blessed->started) &&
                vg_equal(run->plan, blessed->plan) && vg_equal(run->host, blessed->host))
                vg_gate_object(gate, "%s is one of the runs that the baseline was made of (%s).", run->directory,
                               blessed->name);
        }
}

bool vg_gate_admits(struct vg_gate *gate, const struct vg_gate_policy *policy)
{
    for (unsigned i = 0; i < gate->differences.count; i++) {
        const struct vg_difference *difference = &gate->differences.items[i];
        if (difference->across || (difference->recorded && !policy->same_build))
            continue;
        vg_autofree char *text = vg_difference_text(difference);
        vg_gate_object(gate, "%s%s.", text,
                       difference->kind == VG_UNKNOWN ? ", so that nobody knows whether they are equal" : "");
    }
    if (gate->now && gate->then) {
        object_to_its_own(gate);
        const char *started = gate->now->runs[0]->run->started;
        double age_days = days_between(gate->then->blessed_at, started);
        if (!(age_days <= policy->baseline_age_days))
            vg_gate_object(gate,
                           "The baseline was blessed at %s, more than %u days before the run (%s): bless again, or "
                           "raise baseline_age_days in a --rules file.",
                           gate->then->blessed_at, policy->baseline_age_days, started);
    }
    return gate->objection_count == 0;
}

bool vg_gate_closes(const struct vg_gate *gate, enum vg_change change)
{
    return change == VG_CHANGE_REGRESSED ||
           (gate->strict && change != VG_CHANGE_IMPROVED && change != VG_CHANGE_EQUIVALENT);
}

bool vg_gate_closes_overlay(const struct vg_gate *gate, enum vg_overlay overlay)
{
    return gate->strict && (overlay == VG_OVERLAY_XPASS || overlay == VG_OVERLAY_FLAKE);
}

/* Runs that were judged by no such file have no say; what --top-up boots again is a part of the first run. */
static bool all_say(const struct vg_gate *gate, const char *sentence)
{
    for (unsigned i = 0; i < gate->now->count; i++) {
        const struct vg_results *run = gate->now->runs[i];
        bool says = run->expectation_count == 0;
        for (unsigned j = 0; j < run->unmatched_count && !says; j++)
            says = vg_equal(run->unmatched[j], sentence);
        if (!says)
            return false;
    }
    return true;
}

const char **vg_gate_unmatched(const struct vg_gate *gate, unsigned *count)
{
    const char **sentences = NULL;
    *count = 0;
    for (unsigned i = 0; gate->now && i < gate->now->count; i++) {
        const struct vg_results *run = gate->now->runs[i];
        for (unsigned j = 0; j < run->unmatched_count; j++) {
            bool listed = false;
            for (unsigned k = 0; k < *count && !listed; k++)
                listed = vg_equal(sentences[k], run->unmatched[j]);
            if (!listed && all_say(gate, run->unmatched[j]))
                vg_push(sentences, *count) = run->unmatched[j];
        }
    }
    return sentences;
}

static bool strictly_unmatched(const struct vg_gate *gate)
{
    unsigned count;
    free(vg_gate_unmatched(gate, &count));
    return gate->strict && count > 0;
}

/* The status of the runs as such. What is only skipped neither opens nor closes the gate. */
static int status_of_runs(const struct vg_gate *gate)
{
    int worst = 0;
    for (unsigned i = 0; gate->now && i < gate->now->count; i++) {
        int status = vg_results_status(gate->now->runs[i]);
        bool whole = vg_equal(gate->now->runs[i]->run->state, "complete");
        if (status == 4 || status == 0)
            status = whole ? 0 : 3;
        for (unsigned overlay = 0; overlay < VG_OVERLAYS; overlay++)
            if (vg_gate_closes_overlay(gate, (enum vg_overlay)overlay) &&
                vg_results_overlays(gate->now->runs[i], (enum vg_overlay)overlay))
                status = 1;
        worst = worst == 1 || status == 0 ? worst : status;
    }
    return worst;
}

static bool any_closes(const struct vg_gate *gate)
{
    for (unsigned change = 0; gate->comparison && change < VG_CHANGES; change++)
        if (gate->comparison->counts[change] && vg_gate_closes(gate, (enum vg_change)change))
            return true;
    return false;
}

int vg_gate_exit_status(const struct vg_gate *gate)
{
    int runs = status_of_runs(gate);
    if (runs == 1 || any_closes(gate) || strictly_unmatched(gate))
        return 1;
    if (gate->objection_count || runs == 3 || (gate->comparison && gate->comparison->powerless))
        return 3;
    return gate->comparison && gate->comparison->tested ? 0 : 4;
}

const char *vg_gate_word(const struct vg_gate *gate)
{
    if (gate->comparison && gate->comparison->counts[VG_CHANGE_REGRESSED])
        return "regressed";
    switch (vg_gate_exit_status(gate)) {
    case 0:
        return "passed";
    case 1:
        return status_of_runs(gate) == 1 ? "failed" : "not decided (strict)";
    case 3:
        return gate->objection_count       ? "not comparable"
               : status_of_runs(gate) == 3 ? "invalid"
                                           : "not decided (too few boots)";
    default:
        return "nothing compared";
    }
}
