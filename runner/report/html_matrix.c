/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table that answers "which requirement holds where": requirements down; mechanism, profile and policy across. And,
 * where several mechanisms were measured for latency, the one plot that compares them. */
#include "report/page.h"

enum { MANY_COLUMNS = 8 };

struct column {
    const char *mechanism, *profile, *policy;
    bool applies; /* anything but a skip */
    struct vg_report_place place;
};
struct columns {
    struct column *items;
    unsigned count;
};

static const char *some(const char *text)
{
    return text ? text : "";
}

static bool in_column(const struct vg_judgement *judgement, const struct column *column)
{
    return vg_equal(some(judgement->mechanism), column->mechanism) &&
           vg_equal(some(judgement->profile), column->profile) && vg_equal(some(judgement->policy), column->policy);
}

static int by_place(const void *left, const void *right)
{
    const struct column *a = left, *b = right;
    return vg_report_place_compare(&a->place, &b->place);
}

/* Columns in which nothing applied would say "skip" from top to bottom: they are named below the table. */
static struct columns columns_of(const struct vg_results *results, bool applying)
{
    struct columns all = { 0 };
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        struct column *column = NULL;
        for (unsigned c = 0; c < all.count && !column; c++)
            if (in_column(judgement, &all.items[c]))
                column = &all.items[c];
        if (!column) {
            column = &vg_push(all.items, all.count);
            *column = (struct column) { some(judgement->mechanism), some(judgement->profile), some(judgement->policy),
                                        false, vg_report_place_of(results, judgement) };
        }
        column->applies = column->applies || judgement->verdict != VG_SKIP;
    }
    unsigned kept = 0;
    for (unsigned c = 0; c < all.count; c++)
        if (all.items[c].applies == applying)
            all.items[kept++] = all.items[c];
    all.count = kept;
    if (kept)
        qsort(all.items, kept, sizeof(*all.items), by_place);
    return all;
}

/* How many columns from `first` on have the same mechanism, and the same profile too if asked. */
static unsigned alike(const struct columns *columns, unsigned first, bool profile)
{
    unsigned count = 1;
    while (first + count < columns->count &&
           vg_equal(columns->items[first + count].mechanism, columns->items[first].mechanism) &&
           (!profile || vg_equal(columns->items[first + count].profile, columns->items[first].profile)))
        count++;
    return count;
}

static void write_head_cell(struct vg_page *page, const char *text, unsigned columns, unsigned rows, const char *scope)
{
    vg_autofree char *wide = columns > 1 ? vg_format("%u", columns) : NULL;
    vg_autofree char *high = rows > 1 ? vg_format("%u", rows) : NULL;
    vg_xml_open(page->xml, "th");
    vg_xml_attribute(page->xml, "scope", scope);
    vg_xml_attribute(page->xml, "colspan", wide);
    vg_xml_attribute(page->xml, "rowspan", high);
    vg_xml_text(page->xml, text && *text ? text : "\u2013");
    vg_xml_close(page->xml);
}

static void write_head(struct vg_page *page, const struct columns *columns)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    write_head_cell(page, "Requirement", 1, 3, "col");
    for (unsigned c = 0; c < columns->count; c += alike(columns, c, false))
        write_head_cell(page, columns->items[c].mechanism, alike(columns, c, false), 1, "colgroup");
    vg_xml_close(xml);
    vg_xml_open_class(xml, "tr", "profiles");
    for (unsigned c = 0; c < columns->count; c += alike(columns, c, true))
        write_head_cell(page, columns->items[c].profile, alike(columns, c, true), 1, "colgroup");
    vg_xml_close(xml);
    vg_xml_open_class(xml, "tr", "policies");
    for (unsigned c = 0; c < columns->count; c++)
        write_head_cell(page, columns->items[c].policy, 1, 1, "col");
    vg_xml_close(xml);
    vg_xml_close(xml);
}

/* What was skipped before it had a policy was skipped under each. */
static bool concerns(const struct vg_judgement *judgement, const struct column *column)
{
    return in_column(judgement, column) || (judgement->verdict == VG_SKIP && !*some(judgement->policy) &&
                                            vg_equal(some(judgement->mechanism), column->mechanism) &&
                                            vg_equal(some(judgement->profile), column->profile));
}

/* The worst verdict of the requirement's tests in this column, linked to the test that has it. */
static const struct vg_judgement *worst_of(const struct vg_page *page, const char *requirement,
                                           const struct column *column)
{
    const struct vg_judgement *worst = NULL;
    for (unsigned i = 0; i < page->results->count; i++) {
        const struct vg_judgement *judgement = page->results->judgements[i];
        if (!concerns(judgement, column) || !vg_words_have(&judgement->requirements, requirement))
            continue;
        if (!worst || (worst->verdict != judgement->verdict &&
                       vg_verdict_worst(worst->verdict, judgement->verdict) == judgement->verdict))
            worst = judgement;
    }
    return worst;
}

static char *column_text(const struct column *column)
{
    return vg_format("%s%s%s%s%s", column->mechanism, *column->profile ? ", " : "", column->profile,
                     *column->policy ? ", " : "", column->policy);
}

static void write_cell(struct vg_page *page, const char *requirement, const struct column *column, bool short_words)
{
    struct vg_xml *xml = page->xml;
    const struct vg_judgement *worst = worst_of(page, requirement, column);
    vg_autofree char *where = column_text(column);
    vg_xml_open_class(xml, "td", worst ? "cell" : "cell empty");
    vg_xml_attribute(xml, "data-label", where); /* shown where there is no room for a head */
    if (worst) {
        vg_autofree char *anchor = vg_page_test_anchor(worst->test);
        vg_autofree char *target = vg_format("#%s", anchor);
        vg_xml_open(xml, "a");
        vg_xml_attribute(xml, "href", target);
        vg_page_badge(page, worst->verdict);
        vg_xml_close(xml);
        if (worst->overlay != VG_OVERLAY_NONE)
            vg_xml_element_class(xml, "span", "sub", vg_overlay_name(worst->overlay));
    } else {
        vg_xml_open_class(xml, "span", "none");
        if (short_words) {
            vg_xml_attribute(xml, "title", "not tested");
            vg_xml_text(xml, "\u2013");
        } else
            vg_xml_text(xml, "not tested");
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

static void write_requirement(struct vg_page *page, const char *id)
{
    struct vg_xml *xml = page->xml;
    const json_t *found = vg_page_requirement(page, id);
    /* The severity is text ("S1") or a bare number, as the catalogue's JSON has it. */
    vg_autofree char *number = vg_format("S%lld", (long long)vg_json_int_or(found, "severity", 0));
    const char *severity =
        found ? vg_json_text_or(found, "severity", vg_json_int_or(found, "severity", 0) ? number : "") : "";
    vg_autofree char *level = found ? vg_format("%s %s", vg_json_text_or(found, "level", ""), severity) : NULL;
    vg_xml_open(xml, "th");
    vg_xml_attribute(xml, "scope", "row");
    vg_xml_element_class(xml, "span", "id", id);
    if (level) {
        vg_xml_text(xml, " ");
        vg_xml_element_class(xml, "span", "level", level);
    }
    vg_xml_element_class(xml, "span", "statement",
                         found ? vg_json_text_or(found, "statement", "") : "its statement is not in the run directory");
    vg_xml_close(xml);
}

static void write_not_applicable(struct vg_page *page, const struct columns *applying)
{
    struct columns columns = columns_of(page->results, false);
    vg_autotext struct vg_text text = { 0 };
    for (unsigned c = 0; c < columns.count; c++) {
        bool otherwise = false; /* with a policy it applies */
        for (unsigned a = 0; a < applying->count && !otherwise; a++)
            otherwise = !*columns.items[c].policy &&
                        vg_equal(applying->items[a].mechanism, columns.items[c].mechanism) &&
                        vg_equal(applying->items[a].profile, columns.items[c].profile);
        vg_autofree char *where = column_text(&columns.items[c]);
        if (!otherwise)
            vg_text_add(&text, "%s%s", text.length ? "; " : "Nothing of the plan applies to: ", where);
    }
    if (text.length)
        vg_text_add(&text, ".");
    if (text.length)
        vg_xml_element_class(page->xml, "p", "note", text.data);
    free(columns.items);
}

static void write_row(struct vg_page *page, const char *id, const struct columns *columns)
{
    vg_xml_open(page->xml, "tr");
    write_requirement(page, id);
    for (unsigned c = 0; c < columns->count; c++)
        write_cell(page, id, &columns->items[c], columns->count > MANY_COLUMNS);
    vg_xml_close(page->xml);
}

static void write_untested(struct vg_page *page)
{
    unsigned count = 0, written = 0;
    for (unsigned i = 0; i < page->results->requirement_count; i++)
        count += vg_report_requirement_state(page->results, page->results->requirements[i].id) == VG_REPORT_NOT_TESTED;
    if (!count)
        return;
    vg_xml_open_class(page->xml, "p", "note");
    vg_xml_text(page->xml, "Not tested in this run:");
    for (unsigned i = 0; i < page->results->requirement_count; i++) {
        const char *id = page->results->requirements[i].id;
        if (vg_report_requirement_state(page->results, id) != VG_REPORT_NOT_TESTED)
            continue;
        vg_autofree char *word = vg_format("%s%s", id, ++written < count ? "," : ".");
        vg_xml_text(page->xml, " ");
        vg_xml_element_class(page->xml, "span", "word", word);
    }
    vg_xml_close(page->xml);
}

void vg_page_matrix(struct vg_page *page)
{
    static const enum vg_report_state order[] = { VG_REPORT_NOT_MET, VG_REPORT_EXCUSED, VG_REPORT_UNDECIDED,
                                                  VG_REPORT_ABSENT, VG_REPORT_MET }; /* what matters most first */
    struct vg_xml *xml = page->xml;
    struct columns columns = columns_of(page->results, true);
    if (!columns.count) {
        free(columns.items);
        columns = columns_of(page->results, false);
    }
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "verdicts", "Verdicts by requirement");
    vg_page_prose(page, "verdicts");
    vg_page_scroll_box(page, "Verdicts by requirement, mechanism, profile and policy");
    vg_xml_open_class(xml, "table", columns.count > MANY_COLUMNS ? "matrix many" : "matrix");
    write_head(page, &columns);
    vg_xml_open(xml, "tbody");
    for (unsigned o = 0; o < VG_COUNT(order); o++)
        for (unsigned i = 0; i < page->results->requirement_count; i++)
            if (vg_report_requirement_state(page->results, page->results->requirements[i].id) == order[o])
                write_row(page, page->results->requirements[i].id, &columns);
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_close(xml);
    write_untested(page);
    write_not_applicable(page, &columns);
    vg_xml_close(xml);
    free(columns.items);
}

void vg_page_comparison(struct vg_page *page)
{
    struct vg_figure figure = { 0 };
    if (vg_figure_latency(&figure, page->results, page->groups->items, page->groups->count, &page->palette,
                          page->plotter)) {
        figure.wide = true;
        vg_xml_open(page->xml, "section");
        vg_page_heading(page, "h2", "compared", "Mechanisms side by side");
        vg_page_prose(page, "compared");
        vg_page_figure(page, &figure);
        vg_xml_close(page->xml);
    }
    vg_figure_free(&figure);
}
