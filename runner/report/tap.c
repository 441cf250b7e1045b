/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TAP version 13, in the dialect that Perl's Test::Harness (`prove`) reads: one point per instance, why in a YAML
 * block. docs/verdicts.md says which verdict becomes what, and why. */
#include <math.h>
#include "report/parts.h"

/* A description or a directive's explanation: one line, in which '#' cannot start a directive. */
static void add_escaped(struct vg_text *tap, const char *foreign)
{
    vg_autofree char *clean = vg_report_clean(foreign);
    for (const char *c = clean; *c; c++) {
        if (*c == '\\' || *c == '#')
            vg_text_add_bytes(tap, "\\", 1);
        vg_text_add_bytes(tap, c, 1);
    }
}

static void add_quoted(struct vg_text *tap, const char *foreign)
{
    vg_autofree char *clean = vg_report_clean(foreign);
    vg_text_add_bytes(tap, "\"", 1);
    for (const char *c = clean; *c; c++) {
        if (*c == '\\' || *c == '"')
            vg_text_add_bytes(tap, "\\", 1);
        vg_text_add_bytes(tap, c, 1);
    }
    vg_text_add_bytes(tap, "\"", 1);
}

static void add_number(struct vg_text *tap, const char *key, double value)
{
    if (isfinite(value))
        vg_text_add(tap, "      %s: %.9g\n", key, value);
    else
        vg_text_add(tap, "      %s: ~\n", key);
}

static void add_field(struct vg_text *tap, const char *indent_and_key, const char *foreign)
{
    vg_text_add(tap, "%s: ", indent_and_key);
    add_quoted(tap, foreign);
    vg_text_add(tap, "\n");
}

static void add_diagnostics(struct vg_text *tap, const struct vg_judgement *judgement)
{
    vg_text_add(tap, "  ---\n  verdict: %s\n  duration_s: %.3f\n", vg_verdict_name(judgement->verdict),
                isfinite(judgement->duration_s) ? judgement->duration_s : 0);
    if (judgement->requirements.count)
        vg_text_add(tap, "  requirements:\n");
    for (unsigned i = 0; i < judgement->requirements.count; i++) {
        vg_text_add(tap, "    - ");
        add_quoted(tap, judgement->requirements.items[i]);
        vg_text_add(tap, "\n");
    }
    if (judgement->reason_count)
        vg_text_add(tap, "  reasons:\n");
    for (unsigned i = 0; i < judgement->reason_count; i++) {
        vg_text_add(tap, "    - ");
        add_quoted(tap, judgement->reasons[i]);
        vg_text_add(tap, "\n");
    }
    if (judgement->check_count)
        vg_text_add(tap, "  checks:\n");
    for (unsigned i = 0; i < judgement->check_count; i++) {
        const struct vg_checked *check = &judgement->checks[i];
        add_field(tap, "    - metric", check->metric);
        add_number(tap, "value", check->value);
        add_field(tap, "      op", check->op);
        add_number(tap, "threshold", check->threshold);
        add_field(tap, "      unit", check->unit);
        add_field(tap, "      met", check->met ? "yes" : "no");
        add_field(tap, "      source", check->source);
    }
    if (judgement->value_count)
        vg_text_add(tap, "  values:\n");
    for (unsigned i = 0; i < judgement->value_count; i++) {
        const struct vg_value *value = &judgement->values[i];
        add_field(tap, "    - metric", value->metric);
        add_number(tap, "value", value->value);
        add_field(tap, "      unit", value->unit);
    }
    vg_text_add(tap, "  ...\n");
}

static void add_point(struct vg_text *tap, const struct vg_results *results, unsigned index)
{
    const struct vg_judgement *judgement = results->judgements[index];
    vg_text_add(tap, "%s %u - ", vg_report_gates(judgement->verdict) ? "not ok" : "ok", index + 1);
    add_escaped(tap, judgement->test);
    vg_text_add(tap, " ");
    add_escaped(tap, judgement->instance);
    if (judgement->verdict == VG_SKIP) { /* of any other verdict the YAML block says why */
        vg_autofree char *reasons = vg_report_reasons_text(judgement, 400);
        vg_text_add(tap, " # SKIP ");
        add_escaped(tap, reasons);
    }
    /* Readers of TAP count an expected failure as none, and tell of an expected one that passed. */
    if (judgement->overlay != VG_OVERLAY_NONE && judgement->overlay != VG_OVERLAY_UNSTABLE) {
        vg_text_add(tap, " # TODO %s: ", vg_overlay_name(judgement->overlay));
        add_escaped(tap, judgement->overlay_reason);
    }
    vg_text_add(tap, "\n");
    add_diagnostics(tap, judgement);
}

/* Nothing was tested: no point may look like a pass, so the file is one skipped whole, with the reasons as comments. */
static void add_nothing(struct vg_text *tap, const struct vg_results *results)
{
    vg_text_add(tap, "1..0 # SKIP nothing was tested\n");
    for (unsigned i = 0; i < results->count; i++) {
        vg_autofree char *reasons = vg_report_reasons_text(results->judgements[i], 400);
        vg_text_add(tap, "# skip ");
        add_escaped(tap, results->judgements[i]->test);
        vg_text_add(tap, " ");
        add_escaped(tap, results->judgements[i]->instance);
        vg_text_add(tap, ": ");
        add_escaped(tap, reasons);
        vg_text_add(tap, "\n");
    }
}

bool vg_report_tap(const struct vg_results *results, const char *path, struct vg_error *err)
{
    vg_autotext struct vg_text tap = { 0 };
    vg_text_add(&tap, "TAP version 13\n");
    vg_autofree char *incomplete = vg_report_incomplete_text(results->run);
    if (vg_results_count(results, VG_SKIP) == results->count && !incomplete)
        add_nothing(&tap, results);
    else {
        vg_text_add(&tap, "1..%u\n", results->count);
        for (unsigned i = 0; i < results->count; i++)
            add_point(&tap, results, i);
    }
    if (incomplete) {
        vg_text_add(&tap, "Bail out! ");
        add_escaped(&tap, incomplete);
        vg_text_add(&tap, "\n");
    }
    return vg_write_file(path, tap.data, tap.length, err);
}
