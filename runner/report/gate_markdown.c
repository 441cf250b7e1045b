/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gate's result for a pull request. Names come from run directories, which may be foreign: nothing of them may become
 * markup, a link or a mention. */
#include "report/gate.h"

enum { ROWS = 25 };

static void add_row(struct vg_text *text, const struct vg_compared *item)
{
    vg_autofree char *then = vg_report_value_text(item->then.median, item->unit);
    vg_autofree char *now = vg_report_value_text(item->now.median, item->unit);
    vg_autofree char *change = vg_gate_change_text(item), *interval = vg_gate_interval_text(item);
    const char *const cells[] = { item->id, then, now, change, interval };
    for (size_t i = 0; i < VG_COUNT(cells); i++) {
        vg_text_add(text, "| ");
        vg_report_markdown_add(text, cells[i]);
        vg_text_add(text, " ");
    }
    vg_text_add(text, "| %.3g %% | %s%s%s |\n", 100 * item->min_effect, item->change == VG_CHANGE_REGRESSED ? "**" : "",
                vg_change_name(item->change), item->change == VG_CHANGE_REGRESSED ? "**" : "");
}

static void add_metrics(struct vg_text *text, const struct vg_gate *gate)
{
    unsigned count;
    vg_autofree unsigned *order = vg_gate_order(gate->comparison, false, &count);
    if (count == 0)
        return;
    vg_text_add(text, "\n| metric | then | now | change | interval | threshold | verdict |\n"
                      "|---|---:|---:|---:|---|---:|---|\n");
    for (unsigned i = 0; i < count && i < ROWS; i++)
        add_row(text, &gate->comparison->items[order[i]]);
    if (count > ROWS)
        vg_text_add(text, "\n%u more are in the gate's JSON file.\n", count - ROWS);
}

static void add_troubles(struct vg_text *text, const struct vg_gate *gate)
{
    unsigned count;
    vg_autofree const struct vg_judgement **troubles = vg_gate_troubles(gate, &count);
    if (count)
        vg_text_add(text, "\nResults that are not in order:\n\n");
    for (unsigned i = 0; i < count && i < ROWS; i++) {
        vg_autofree char *reasons = vg_report_reasons_text(troubles[i], 300);
        vg_text_add(text, "- **%s** ", vg_verdict_name(troubles[i]->verdict));
        vg_report_markdown_add(text, troubles[i]->test);
        vg_text_add(text, " in ");
        vg_report_markdown_add(text, troubles[i]->instance);
        vg_text_add(text, ": ");
        vg_report_markdown_add(text, reasons);
        vg_text_add(text, "\n");
    }
    if (count > ROWS)
        vg_text_add(text, "- and %u more\n", count - ROWS);
}

static void add_unmatched(struct vg_text *text, const struct vg_gate *gate)
{
    unsigned count;
    vg_autofree const char **sentences = vg_gate_unmatched(gate, &count);
    for (unsigned i = 0; i < count; i++) {
        vg_text_add(text, "%s- ", i ? "" : "\n");
        vg_report_markdown_add(text, sentences[i]);
        vg_text_add(text, "\n");
    }
}

bool vg_report_gate_markdown(const struct vg_gate *gate, const char *path, struct vg_error *err)
{
    vg_autotext struct vg_text text = { 0 };
    vg_autofree char *sentence = vg_gate_sentence(gate), *counts = vg_gate_counts_text(gate);
    vg_autofree char *across = vg_gate_across_text(gate);
    vg_text_add(&text, "### vgauge gate: %s\n\n", vg_gate_word(gate));
    vg_report_markdown_add(&text, sentence);
    vg_text_add(&text, "\n");
    for (unsigned i = 0; i < gate->objection_count; i++) {
        vg_text_add(&text, "%s- ", i ? "" : "\n");
        vg_report_markdown_add(&text, gate->objections[i]);
        vg_text_add(&text, "\n");
    }
    if (*across) {
        vg_text_add(&text, "\nJudged across: ");
        vg_report_markdown_add(&text, across);
        vg_text_add(&text, "\n");
    }
    if (gate->comparison)
        add_metrics(&text, gate);
    add_troubles(&text, gate);
    add_unmatched(&text, gate);
    vg_text_add(&text, "\n");
    vg_report_markdown_add(&text, counts);
    vg_text_add(&text, "\n");
    return vg_write_file(path, text.data, text.length, err);
}
