/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's summary as Markdown, for a pull request, a ticket or a mail: the answer, the requirements, what is not in
 * order and who knows about it. Names come from guests and foreign files: nothing of them may become markup. */
#include <ctype.h>
#include "report/parts.h"

enum { ROWS = 200, TROUBLES = 50, REASON_BYTES = 400 };

/* Whether no flavour of Markdown makes anything of it. Summaries are read as plain text, too. */
static bool is_plain(const char *c)
{
    if (*c == ':') /* else it may belong to an address, or to the name of a picture */
        return c[1] == ' ' || c[1] == '\0';
    return !ispunct((unsigned char)*c) || strchr(".,;-%+()'\"?!/", *c);
}

/* Other punctuation as numeric entities. */
void vg_report_markdown_add(struct vg_text *text, const char *foreign)
{
    vg_autofree char *clean = vg_report_clean(foreign);
    for (const char *c = clean; *c; c++) {
        if ((unsigned char)*c < 0x80 && !is_plain(c))
            vg_text_add(text, "&#%u;", (unsigned)*c);
        else
            vg_text_add_bytes(text, c, 1);
    }
}

static void add_line(struct vg_text *text, const char *foreign)
{
    vg_report_markdown_add(text, foreign);
    vg_text_add(text, "\n");
}

static const char *statement_of(const json_t *requirements, const char *id)
{
    size_t index;
    json_t *requirement;
    json_array_foreach((json_t *)requirements, index, requirement)
    {
        if (vg_equal(vg_json_text_or(requirement, "id", NULL), id))
            return vg_json_text_or(requirement, "statement", "");
    }
    return "";
}

static void add_requirements(struct vg_text *text, const struct vg_results *results)
{
    struct vg_error err = { 0 };
    vg_autojson json_t *requirements = vg_run_load_requirements(results->run->directory, &err);
    if (!results->requirement_count)
        return;
    vg_text_add(text, "\n| requirement | result | what it asks for |\n|---|---|---|\n");
    for (unsigned i = 0; i < results->requirement_count && i < ROWS; i++) {
        const char *id = results->requirements[i].id;
        enum vg_report_state state = vg_report_requirement_state(results, id);
        const char *strong = state == VG_REPORT_NOT_MET ? "**" : "";
        vg_text_add(text, "| ");
        vg_report_markdown_add(text, id);
        vg_text_add(text, " | %s%s%s | ", strong, vg_report_state_words(state), strong);
        vg_report_markdown_add(text, statement_of(requirements, id));
        vg_text_add(text, " |\n");
    }
    if (results->requirement_count > ROWS)
        vg_text_add(text, "\n%u more requirements are in results.json.\n", results->requirement_count - ROWS);
}

static void add_trouble(struct vg_text *text, const struct vg_judgement *judgement)
{
    vg_autofree char *where = vg_report_instance_text(judgement);
    vg_autofree char *reasons = vg_report_reasons_text(judgement, REASON_BYTES);
    vg_text_add(text, "- **%s** ", vg_verdict_name(judgement->verdict));
    if (judgement->overlay != VG_OVERLAY_NONE)
        vg_text_add(text, "(%s) ", vg_overlay_name(judgement->overlay));
    vg_report_markdown_add(text, judgement->test);
    vg_text_add(text, " on ");
    vg_report_markdown_add(text, where);
    if (*reasons) {
        vg_text_add(text, ": ");
        vg_report_markdown_add(text, reasons);
    }
    if (judgement->overlay_reason) {
        vg_text_add(text, " Expected: ");
        vg_report_markdown_add(text, judgement->overlay_reason);
    }
    vg_text_add(text, "\n");
}

static void add_troubles(struct vg_text *text, const struct vg_results *results)
{
    unsigned count = 0;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (!vg_report_troubled(judgement->verdict) && judgement->overlay == VG_OVERLAY_NONE)
            continue;
        if (count++ == 0)
            vg_text_add(text, "\nResults that somebody should know of:\n\n");
        if (count <= TROUBLES)
            add_trouble(text, judgement);
    }
    if (count > TROUBLES)
        vg_text_add(text, "- and %u more\n", count - TROUBLES);
}

static void add_counts(struct vg_text *text, const struct vg_results *results)
{
    static const enum vg_verdict order[] = { VG_PASS, VG_FAIL, VG_LOST, VG_TIMEOUT, VG_INVALID, VG_FINDING, VG_SKIP };
    bool any = false;
    vg_text_add(text, "\n");
    for (size_t i = 0; i < VG_COUNT(order); i++) {
        unsigned count = vg_results_count(results, order[i]);
        if (count)
            vg_text_add(text, "%s%u %s", any ? ", " : "", count, vg_verdict_name(order[i]));
        any = any || count;
    }
    vg_text_add(text, "%s (%u results)\n", any ? "" : "no result", results->count);
}

bool vg_report_markdown(const struct vg_results *results, const char *path, struct vg_error *err)
{
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_groups_make(results, &groups);
    vg_autofree char *answer = vg_report_requirements_answer(results, &groups);
    vg_autofree char *incomplete = vg_report_incomplete_text(results->run);
    vg_autofree char *changes = vg_report_changes_text(results->run);
    vg_autofree char *line = vg_report_run_text(results->run);
    vg_autotext struct vg_text text = { 0 };
    vg_text_add(&text, "### vgauge: ");
    add_line(&text, answer);
    vg_text_add(&text, "\n");
    add_line(&text, line);
    const char *const warnings[] = { incomplete, changes };
    for (size_t i = 0; i < VG_COUNT(warnings); i++)
        if (warnings[i]) {
            vg_text_add(&text, "\n");
            add_line(&text, warnings[i]);
        }
    add_requirements(&text, results);
    vg_report_markdown_matrix(&text, results);
    add_troubles(&text, results);
    add_counts(&text, results);
    return vg_write_file(path, text.data, text.length, err);
}
