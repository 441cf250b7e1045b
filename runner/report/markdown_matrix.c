/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which requirement holds with which mechanism, as a table of Markdown; where it was not tested a number leads to the
 * reason below the table. */
#include "report/parts.h"

enum { MOST_ROWS = 200, MOST_COLUMNS = 12, MOST_NOTES = 60, REASON_BYTES = 300 };

struct notes {
    char *texts[MOST_NOTES];
    unsigned count;
};

/* In the order of the host file; beyond MOST_COLUMNS the last of them are left out. */
static unsigned columns_of(const struct vg_results *results, const char *columns[MOST_COLUMNS])
{
    struct vg_report_place places[MOST_COLUMNS];
    unsigned count = 0;
    for (unsigned i = 0; i < results->count; i++) {
        const char *mechanism = results->judgements[i]->mechanism;
        struct vg_report_place place = vg_report_place_of(results, results->judgements[i]);
        unsigned at = 0;
        while (at < count && places[at].mechanism < place.mechanism)
            at++;
        if (!mechanism || at == MOST_COLUMNS || (at < count && places[at].mechanism == place.mechanism))
            continue;
        unsigned moved = count < MOST_COLUMNS ? count++ - at : count - 1 - at;
        memmove(&columns[at + 1], &columns[at], moved * sizeof(*columns));
        memmove(&places[at + 1], &places[at], moved * sizeof(*places));
        columns[at] = mechanism;
        places[at] = place;
    }
    return count;
}

/* What was decided tells more than what was skipped, and the worst of it the most. */
static const struct vg_judgement *worst_of(const struct vg_results *results, const char *requirement,
                                           const char *mechanism)
{
    const struct vg_judgement *worst = NULL;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (!vg_equal(judgement->mechanism, mechanism) || !vg_words_have(&judgement->requirements, requirement))
            continue;
        if (!worst || (judgement->verdict != VG_SKIP &&
                       (worst->verdict == VG_SKIP ||
                        (worst->verdict != judgement->verdict &&
                         vg_verdict_worst(worst->verdict, judgement->verdict) == judgement->verdict))))
            worst = judgement;
    }
    return worst;
}

/* Number of the note, from 1; 0: there are too many. */
static unsigned note_of(struct notes *notes, const char *text)
{
    for (unsigned i = 0; i < notes->count; i++)
        if (vg_equal(notes->texts[i], text))
            return i + 1;
    if (notes->count == MOST_NOTES)
        return 0;
    notes->texts[notes->count++] = vg_strdup(text);
    return notes->count;
}

static void add_cell(struct vg_text *text, const struct vg_judgement *worst, struct notes *notes)
{
    if (!worst) {
        vg_text_add(text, " | ");
        return;
    }
    if (worst->verdict != VG_SKIP) {
        const char *strong = vg_report_troubled(worst->verdict) ? "**" : "";
        vg_text_add(text, " | %s%s%s", strong, vg_verdict_name(worst->verdict), strong);
        return;
    }
    vg_autofree char *reason = vg_report_reasons_text(worst, REASON_BYTES);
    unsigned note = note_of(notes, *reason ? reason : "no reason was given");
    vg_text_add(text, note ? " | no (%u)" : " | no", note);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void vg_report_markdown_matrix(struct vg_text *text, const struct vg_results *results)
{
    const char *columns[MOST_COLUMNS];
    unsigned count = columns_of(results, columns);
    struct notes notes = { 0 };
    if (count < 2 || !results->requirement_count)
        return;
    vg_text_add(text, "\n| requirement");
    for (unsigned c = 0; c < count; c++) {
        vg_text_add(text, " | ");
        vg_report_markdown_add(text, columns[c]);
    }
    vg_text_add(text, " |\n|---");
    for (unsigned c = 0; c < count; c++)
        vg_text_add(text, "|---");
    vg_text_add(text, "|\n");
    unsigned rows = results->requirement_count;
    vg_autofree const char **ids = vg_calloc(rows, sizeof(*ids));
    for (unsigned i = 0; i < rows; i++)
        ids[i] = results->requirements[i].id;
    qsort(ids, rows, sizeof(*ids), by_id);
    for (unsigned i = 0; i < rows && i < MOST_ROWS; i++) {
        vg_text_add(text, "| ");
        vg_report_markdown_add(text, ids[i]);
        for (unsigned c = 0; c < count; c++)
            add_cell(text, worst_of(results, ids[i], columns[c]), &notes);
        vg_text_add(text, " |\n");
    }
    if (notes.count)
        vg_text_add(text, "\nNo, because:\n\n");
    for (unsigned i = 0; i < notes.count; i++) {
        vg_text_add(text, "%u. ", i + 1);
        vg_report_markdown_add(text, notes.texts[i]);
        vg_text_add(text, "\n");
        free(notes.texts[i]);
    }
}
