/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of a test: a row per metric, a column per instance, so that mechanisms can be compared along a row. First
 * what was judged, with its limit and where that comes from; then what is only reported. */
#include <math.h>
#include "report/page.h"

enum { ROWS_SHOWN = 10 };

struct row {
    const char *metric;
    const struct vg_checked *check; /* NULL: reported, not judged */
    bool wanted;                    /* the test names it, or nobody says what is wanted */
};
struct rows {
    struct row *items;
    unsigned count;
};

static void collect_checks(struct rows *rows, const struct vg_judgement *judgement)
{
    for (unsigned c = 0; c < judgement->check_count; c++) {
        const struct vg_checked *check = &judgement->checks[c];
        bool known = false;
        for (unsigned r = 0; r < rows->count && !known; r++)
            known = vg_equal(rows->items[r].metric, check->metric) && vg_equal(rows->items[r].check->op, check->op) &&
                    rows->items[r].check->threshold == check->threshold;
        if (!known)
            vg_push(rows->items, rows->count) = (struct row) { check->metric, check, true };
    }
}

static bool named_by_test(const struct vg_test *test, const char *metric)
{
    for (unsigned i = 0; test && i < test->expectation_count; i++)
        if (vg_equal(test->expectations[i].metric, metric))
            return true;
    return false;
}

static void collect_values(struct rows *rows, const struct vg_judgement *judgement, const struct vg_test *test)
{
    for (unsigned v = 0; v < judgement->value_count; v++) {
        const char *metric = judgement->values[v].metric;
        bool known = false;
        for (unsigned r = 0; r < rows->count && !known; r++)
            known = vg_equal(rows->items[r].metric, metric);
        if (!known)
            vg_push(rows->items, rows->count) = (struct row) { metric, NULL, named_by_test(test, metric) };
    }
}

static void write_header(struct vg_page *page, const struct vg_report_group *group, bool judged)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    vg_xml_open(xml, "th");
    vg_xml_attribute(xml, "scope", "col");
    vg_xml_text(xml, "Metric");
    vg_xml_close(xml);
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_judgement *judgement = group->instances[i];
        if (judgement->verdict == VG_SKIP)
            continue;
        vg_autofree char *where = vg_report_instance_text(judgement);
        size_t name_length = strcspn(where, ",");
        vg_xml_open_class(xml, "th", "num");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, judgement->mechanism);
        if (where[name_length])
            vg_xml_element_class(xml, "span", "sub", where + name_length + 2);
        vg_xml_close(xml);
    }
    static const char *const more[] = { "Required", "Source of the limit" };
    for (unsigned i = 0; judged && i < VG_COUNT(more); i++) {
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, more[i]);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_number(struct vg_page *page, const struct vg_judgement *judgement, const struct row *row)
{
    struct vg_xml *xml = page->xml;
    const struct vg_checked *check = row->check ? vg_report_check_find(judgement, row->check) : NULL;
    const struct vg_value *value = vg_report_value_find(judgement, row->metric);
    vg_xml_open_class(xml, "td", check && !check->met ? "num unmet" : "num");
    if (check || value) {
        vg_autofree char *number =
            vg_report_value_text(check ? check->value : value->value, check ? check->unit : value->unit);
        vg_xml_text(xml, number);
    } else {
        vg_xml_text(xml, "\u2013");
    }
    if (check)
        vg_xml_element_class(xml, "span", check->met ? "met" : "missed", check->met ? "met" : "not met");
    if (value && value->note && *value->note)
        vg_xml_element_class(xml, "span", "sub", value->note);
    vg_xml_close(xml);
}

static void write_row(struct vg_page *page, const struct vg_report_group *group, const struct row *row, bool judged)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "tr");
    vg_xml_open_class(xml, "th", "metric");
    vg_xml_attribute(xml, "scope", "row");
    vg_xml_text(xml, row->metric);
    vg_xml_close(xml);
    for (unsigned i = 0; i < group->count; i++)
        if (group->instances[i]->verdict != VG_SKIP)
            write_number(page, group->instances[i], row);
    if (judged && row->check) {
        vg_autofree char *limit = vg_report_limit_text(row->check);
        vg_xml_open_class(xml, "td", "limit");
        vg_xml_text(xml, limit);
        if (!vg_equal(row->check->otherwise, "fail")) {
            vg_autofree char *otherwise = vg_format("else %s", row->check->otherwise ? row->check->otherwise : "?");
            vg_xml_element_class(xml, "span", "sub", otherwise);
        }
        vg_xml_close(xml);
        vg_xml_element_class(xml, "td", "source", row->check->source);
    } else if (judged) {
        vg_xml_element_class(xml, "td", "limit", "reported only");
        vg_xml_element_class(xml, "td", "source", "");
    }
    vg_xml_close(xml);
}

/* shown: the rows that the test is about; else the rest. */
static void write_table(struct vg_page *page, const struct vg_report_group *group, const struct rows *rows, bool shown,
                        bool judged)
{
    vg_page_scroll_box(page, shown ? "Measured values" : "Further values");
    vg_xml_open_class(page->xml, "table", "metrics");
    write_header(page, group, judged);
    vg_xml_open(page->xml, "tbody");
    for (unsigned i = 0; i < rows->count; i++)
        if (rows->items[i].wanted == shown)
            write_row(page, group, &rows->items[i], judged);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

void vg_page_metrics(struct vg_page *page, const struct vg_report_group *group, const struct vg_test *test)
{
    struct rows rows = { 0 };
    unsigned wanted = 0;
    for (unsigned i = 0; i < group->count; i++)
        collect_checks(&rows, group->instances[i]);
    bool judged = rows.count > 0;
    for (unsigned i = 0; i < group->count; i++)
        collect_values(&rows, group->instances[i], test);
    for (unsigned i = 0; i < rows.count; i++)
        wanted += rows.items[i].wanted;
    for (unsigned i = 0; i < rows.count && !wanted; i++)
        if (i < ROWS_SHOWN) /* the test names no metric: the first ones are as good as any */
            rows.items[i].wanted = true;
    bool any = false;
    unsigned rest = 0;
    for (unsigned i = 0; i < rows.count; i++) {
        any = any || rows.items[i].wanted;
        rest += !rows.items[i].wanted;
    }
    if (any)
        write_table(page, group, &rows, true, judged);
    if (rest) {
        vg_autofree char *summary =
            vg_format("%u further %s, reported and not judged", rest, rest == 1 ? "value" : "values");
        vg_xml_open(page->xml, "details");
        vg_xml_element(page->xml, "summary", summary);
        write_table(page, group, &rows, false, false);
        vg_xml_close(page->xml);
    }
    free(rows.items);
}
