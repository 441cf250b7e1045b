/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a gate found, on a terminal or in a CI log: the answer, what was compared, the metrics that matter, the counts.
 * One screen. */
#include "report/gate.h"

enum { METRICS_SHOWN = 12, TROUBLES_SHOWN = 5, OBJECTIONS_SHOWN = 8, ID_COLUMNS = 64, LINE_BYTES = 200 };

static const char *colour_of(enum vg_change change)
{
    return change == VG_CHANGE_REGRESSED ? "\x1b[31m" : change == VG_CHANGE_IMPROVED ? "\x1b[32m" : "\x1b[33m";
}

static void show_head(const struct vg_gate *gate, FILE *out, bool colour)
{
    vg_autofree char *sentence = vg_gate_sentence(gate);
    int status = vg_gate_exit_status(gate);
    const char *paint = status == 0 ? "\x1b[32m" : status == 1 ? "\x1b[31m" : "\x1b[33m";
    fprintf(out, "Gate: %s%s%s. %s\n", colour ? paint : "", vg_gate_word(gate), colour ? "\x1b[0m" : "", sentence);
    for (unsigned i = 0; gate->now && i < gate->now->count; i++) {
        vg_autofree char *run = vg_report_clean(gate->now->runs[i]->run->directory);
        fprintf(out, "  %-10s%s\n", i ? "" : "run", run);
    }
    if (gate->then) {
        vg_autofree char *by = vg_report_clean(gate->then->blessed_by), *at = vg_report_clean(gate->then->blessed_at);
        fprintf(out, "  %-10s%s, blessed %s by %s%s\n", "against", gate->then->file, at, by,
                gate->then->accepted_count ? ", with accepted objections" : "");
    }
    vg_autofree char *across = vg_gate_across_text(gate);
    if (*across)
        fprintf(out, "  %-10s%s\n", "across", across);
    if (gate->made_again)
        fprintf(out, "  %-10s%u pair%s, since a boot was not steady; what they were is in unsteady/\n", "again",
                gate->made_again, gate->made_again == 1 ? "" : "s");
    if (gate->comparison && gate->comparison->looks > 1)
        fprintf(out, "  %-10s%u of %u, at a false discovery rate of %.3g each\n", "look", gate->comparison->look,
                gate->comparison->looks, gate->comparison->error);
}

static void show_metric(const struct vg_compared *item, FILE *out, bool colour)
{
    vg_autofree char *id = vg_printable(item->id, strlen(item->id), LINE_BYTES);
    vg_autofree char *then = vg_report_value_text(item->then.median, item->unit);
    vg_autofree char *now = vg_report_value_text(item->now.median, item->unit);
    vg_autofree char *change = vg_gate_change_text(item), *interval = vg_gate_interval_text(item);
    fprintf(out, "  %-*s %10s %10s %9s  %-22s %4.3g %%  %s%s%s\n", ID_COLUMNS, id, then, now, change, interval,
            100 * item->min_effect, colour ? colour_of(item->change) : "", vg_change_name(item->change),
            colour ? "\x1b[0m" : "");
    if (item->note) {
        vg_autofree char *note = vg_printable(item->note, strlen(item->note), LINE_BYTES);
        fprintf(out, "      %s\n", note);
    }
}

static void show_metrics(const struct vg_gate *gate, bool all, FILE *out, bool colour)
{
    unsigned count;
    vg_autofree unsigned *order = vg_gate_order(gate->comparison, all, &count);
    if (count == 0)
        return;
    fprintf(out, "\n  %-*s %10s %10s %9s  %-22s %6s  %s\n", ID_COLUMNS, "METRIC", "THEN", "NOW", "CHANGE", "INTERVAL",
            "LIMIT", "VERDICT");
    for (unsigned i = 0; i < count && (all || i < METRICS_SHOWN); i++)
        show_metric(&gate->comparison->items[order[i]], out, colour);
    if (!all && count > METRICS_SHOWN)
        fprintf(out, "  ... and %u more (--all shows them)\n", count - METRICS_SHOWN);
}

static void show_troubles(const struct vg_gate *gate, FILE *out)
{
    unsigned count;
    vg_autofree const struct vg_judgement **troubles = vg_gate_troubles(gate, &count);
    if (count)
        fputc('\n', out);
    for (unsigned i = 0; i < count && i < TROUBLES_SHOWN; i++) {
        vg_autofree char *reasons = vg_report_reasons_text(troubles[i], LINE_BYTES);
        vg_autofree char *test = vg_report_clean(troubles[i]->test), *where = vg_report_clean(troubles[i]->instance);
        const char *overlay = vg_overlay_name(troubles[i]->overlay);
        vg_autofree char *expected = vg_report_clean(troubles[i]->overlay_reason);
        fprintf(out, "  %s%s%s: %s in %s: %s%s%s\n", overlay, *overlay ? ", " : "",
                vg_verdict_name(troubles[i]->verdict), test, where, reasons, *reasons && *expected ? "; " : "",
                expected);
    }
    if (count > TROUBLES_SHOWN)
        fprintf(out, "  ... and %u more (`vgauge report RUN` shows them)\n", count - TROUBLES_SHOWN);
}

static void show_unmatched(const struct vg_gate *gate, FILE *out)
{
    unsigned count;
    vg_autofree const char **sentences = vg_gate_unmatched(gate, &count);
    for (unsigned i = 0; i < count && i < OBJECTIONS_SHOWN; i++) {
        vg_autofree char *text = vg_report_clean(sentences[i]);
        fprintf(out, "%s  %s: %s\n", i ? "" : "\n", gate->strict ? "not allowed (strict)" : "warning", text);
    }
    if (count > OBJECTIONS_SHOWN)
        fprintf(out, "  ... and %u more such entries\n", count - OBJECTIONS_SHOWN);
}

static void show_objections(const struct vg_gate *gate, FILE *out)
{
    for (unsigned i = 0; i < gate->objection_count && i < OBJECTIONS_SHOWN; i++) {
        vg_autofree char *text = vg_report_clean(gate->objections[i]);
        fprintf(out, "  %s\n", text);
    }
    if (gate->objection_count > OBJECTIONS_SHOWN)
        fprintf(out, "  ... and %u more\n", gate->objection_count - OBJECTIONS_SHOWN);
    if (gate->differences.barring)
        fputs("  --across KEY names a field that may differ: that is how a change of it is judged.\n", out);
}

void vg_report_gate_text(const struct vg_gate *gate, bool all, FILE *out, bool colour)
{
    show_head(gate, out, colour);
    show_objections(gate, out);
    if (gate->comparison)
        show_metrics(gate, all, out, colour);
    show_troubles(gate, out);
    show_unmatched(gate, out);
    vg_autofree char *counts = vg_gate_counts_text(gate);
    fprintf(out, "\n%s\n", counts);
    if (gate->comparison && gate->comparison->counts[VG_CHANGE_IMPROVED] &&
        !gate->comparison->counts[VG_CHANGE_REGRESSED] && gate->then)
        fprintf(out, "What improved can be kept by a new baseline: vgauge bless RUN... --as %s --replace\n",
                gate->then->name);
}
