/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table that answers "which requirement holds where": requirements down, mechanism and profile across. And, where
 * several mechanisms were measured for latency, the one plot that compares them. */
#include "report/page.h"

struct column {
    const char *mechanism, *profile;
};

/* A mechanism may have no profile: absent equals absent. */
static bool same(const char *a, const char *b)
{
    return a == b || vg_equal(a, b);
}

static bool in_column(const struct vg_judgement *judgement, const struct column *column)
{
    return same(judgement->mechanism, column->mechanism) && same(judgement->profile, column->profile);
}

static struct column *columns_of(const struct vg_results *results, unsigned *count)
{
    struct column *columns = NULL;
    *count = 0;
    for (unsigned i = 0; i < results->count; i++) {
        bool known = false;
        for (unsigned c = 0; c < *count && !known; c++)
            known = in_column(results->judgements[i], &columns[c]);
        if (!known)
            vg_push(columns, *count) =
                (struct column) { results->judgements[i]->mechanism, results->judgements[i]->profile };
    }
    return columns;
}

static void write_head(struct vg_page *page, const struct column *columns, unsigned count)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    static const char *const fixed[] = { "Requirement", "Level", "Severity" };
    for (unsigned i = 0; i < VG_COUNT(fixed); i++) {
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, fixed[i]);
        vg_xml_close(xml);
    }
    for (unsigned c = 0; c < count; c++) {
        vg_xml_open_class(xml, "th", "mechanism");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, columns[c].mechanism);
        vg_xml_element_class(xml, "span", "sub", columns[c].profile);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
}

/* The worst verdict of the requirement's tests in this column, linked to the test that has it. */
static void write_cell(struct vg_page *page, const char *requirement, const struct column *column)
{
    struct vg_xml *xml = page->xml;
    const struct vg_judgement *worst = NULL;
    for (unsigned i = 0; i < page->results->count; i++) {
        const struct vg_judgement *judgement = page->results->judgements[i];
        if (!in_column(judgement, column) || !vg_words_have(&judgement->requirements, requirement))
            continue;
        if (!worst || (worst->verdict != judgement->verdict &&
                       vg_verdict_worst(worst->verdict, judgement->verdict) == judgement->verdict))
            worst = judgement;
    }
    bool profiled = column->profile && *column->profile;
    vg_autofree char *where =
        vg_format("%s%s%s", column->mechanism, profiled ? ", " : "", profiled ? column->profile : "");
    vg_xml_open_class(xml, "td", "cell");
    vg_xml_attribute(xml, "data-label", where); /* shown where there is no room for a head */
    if (worst) {
        vg_autofree char *anchor = vg_page_test_anchor(worst->test);
        vg_autofree char *target = vg_format("#%s", anchor);
        vg_xml_open(xml, "a");
        vg_xml_attribute(xml, "href", target);
        vg_page_badge(page, worst->verdict);
        vg_xml_close(xml);
    } else {
        vg_xml_element_class(xml, "span", "none", "not tested");
    }
    vg_xml_close(xml);
}

static void write_row(struct vg_page *page, const struct vg_requirement_result *result, const struct column *columns,
                      unsigned count)
{
    struct vg_xml *xml = page->xml;
    const json_t *found = NULL;
    size_t index;
    json_t *requirement;
    json_array_foreach(page->requirements, index, requirement) if (vg_equal(vg_json_text_or(requirement, "id", NULL),
                                                                            result->id)) found = requirement;
    /* The severity is text ("S1") or a bare number, as the catalogue's JSON has it. */
    vg_autofree char *number = vg_format("S%lld", (long long)vg_json_int_or(found, "severity", 0));
    const char *severity =
        found ? vg_json_text_or(found, "severity", vg_json_int_or(found, "severity", 0) ? number : "") : "";
    vg_xml_open(xml, "tr");
    vg_xml_open(xml, "th");
    vg_xml_attribute(xml, "scope", "row");
    vg_xml_element_class(xml, "span", "id", result->id);
    vg_xml_element_class(xml, "span", "statement",
                         found ? vg_json_text_or(found, "statement", "") : "its statement is not in the run directory");
    vg_xml_close(xml);
    vg_xml_element(xml, "td", found ? vg_json_text_or(found, "level", "") : "");
    vg_xml_element(xml, "td", severity);
    for (unsigned c = 0; c < count; c++)
        write_cell(page, result->id, &columns[c]);
    vg_xml_close(xml);
}

void vg_page_matrix(struct vg_page *page)
{
    struct vg_xml *xml = page->xml;
    unsigned count = 0;
    vg_autofree struct column *columns = columns_of(page->results, &count);
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "verdicts", "Verdicts by requirement");
    vg_page_prose(page, "verdicts");
    vg_page_scroll_box(page, "Verdicts by requirement and mechanism");
    vg_xml_open_class(xml, "table", "matrix");
    write_head(page, columns, count);
    vg_xml_open(xml, "tbody");
    for (unsigned i = 0; i < page->results->requirement_count; i++)
        write_row(page, &page->results->requirements[i], columns, count);
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_close(xml);
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
