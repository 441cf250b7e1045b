/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of a test: a row per metric, a column per mechanism, profile and policy, so that these can be
 * compared along a row; of several boots the median, its confidence interval and the range. First what was judged, with
 * its limit and where that comes from; then what is only reported. */
#include <math.h>
#include "report/page.h"
#include "statistics/statistics.h"

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

struct configuration {
    const struct vg_judgement **boots; /* borrowed */
    unsigned count;
};
struct table {
    struct configuration *columns;
    unsigned column_count;
    struct rows rows;
};

static bool equal_or_none(const char *a, const char *b)
{
    return vg_equal(a ? a : "", b ? b : "");
}

static bool same_configuration(const struct vg_judgement *a, const struct vg_judgement *b)
{
    return equal_or_none(a->mechanism, b->mechanism) && equal_or_none(a->profile, b->profile) &&
           equal_or_none(a->policy, b->policy);
}

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

/* The boots of one mechanism, profile and policy: one column. */
static struct configuration *configurations_of(const struct vg_report_group *group, unsigned *count)
{
    struct configuration *found = NULL;
    *count = 0;
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_judgement *judgement = group->instances[i];
        struct configuration *same = NULL;
        if (judgement->verdict == VG_SKIP)
            continue;
        for (unsigned c = 0; c < *count && !same; c++)
            if (same_configuration(found[c].boots[0], judgement))
                same = &found[c];
        if (!same) {
            same = &vg_push(found, *count);
            *same = (struct configuration) { 0 };
        }
        vg_push(same->boots, same->count) = judgement;
    }
    return found;
}

static void write_header(struct vg_page *page, const struct table *table, bool judged)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    vg_xml_open(xml, "th");
    vg_xml_attribute(xml, "scope", "col");
    vg_xml_text(xml, "Metric");
    vg_xml_close(xml);
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct configuration *column = &table->columns[i];
        const struct vg_judgement *judgement = column->boots[0];
        bool profiled = judgement->profile && *judgement->profile, ruled = judgement->policy && *judgement->policy;
        vg_autofree char *boots = column->count > 1 ? vg_format(", %u boots", column->count) : vg_strdup("");
        vg_autofree char *where = vg_format("%s%s%s%s", profiled ? judgement->profile : "",
                                            profiled && ruled ? ", " : "", ruled ? judgement->policy : "", boots);
        vg_xml_open_class(xml, "th", "num");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, judgement->mechanism);
        vg_xml_element_class(xml, "span", "sub", where);
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

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over the boots of a column: how many have the metric at all, how many miss the limit, and the finite values. */
struct seen {
    double *values;
    unsigned count, there, checked, missed;
    const char *unit, *note;
};

static struct seen look_at(const struct configuration *column, const struct row *row)
{
    struct seen seen = { 0 };
    for (unsigned b = 0; b < column->count; b++) {
        const struct vg_checked *check = row->check ? vg_report_check_find(column->boots[b], row->check) : NULL;
        const struct vg_value *value = vg_report_value_find(column->boots[b], row->metric);
        double number = NAN;
        if (check) {
            number = check->value;
            seen.unit = check->unit;
        } else if (value) {
            number = value->value;
            seen.unit = value->unit;
        } else
            continue;
        seen.there++;
        seen.checked += check != NULL;
        seen.missed += check && !check->met;
        if (value && value->note && *value->note)
            seen.note = value->note;
        if (isfinite(number))
            vg_push(seen.values, seen.count) = number;
    }
    if (seen.count)
        qsort(seen.values, seen.count, sizeof(*seen.values), ascending);
    return seen;
}

/* Between which two of its boots the median of all boots that there could be lies; nobody knows it if one of them means
 * nothing. */
static void write_interval(struct vg_page *page, const struct configuration *column, const struct seen *seen)
{
    bool sound = page->confidence > 0;
    for (unsigned b = 0; b < column->count; b++)
        sound = sound && column->boots[b]->verdict != VG_INVALID;
    unsigned k = sound ? vg_median_rank(seen->count, page->confidence) : 0;
    if (!k)
        return;
    vg_autofree char *low = vg_report_value_text(seen->values[k - 1], seen->unit);
    vg_autofree char *high = vg_report_value_text(seen->values[seen->count - k], seen->unit);
    vg_autofree char *interval = vg_format("%g %%: %s to %s", 100 * page->confidence, low, high);
    vg_xml_element_class(page->xml, "span", "sub", interval);
}

static void write_number(struct vg_page *page, const struct configuration *column, const struct row *row)
{
    struct vg_xml *xml = page->xml;
    struct seen seen = look_at(column, row);
    vg_xml_open_class(xml, "td", seen.missed ? "num unmet" : "num");
    if (seen.there) {
        double middle = seen.count ? (seen.values[(seen.count - 1) / 2] + seen.values[seen.count / 2]) / 2 : NAN;
        vg_autofree char *number = vg_report_value_text(middle, seen.unit);
        vg_xml_text(xml, number);
    } else {
        vg_xml_text(xml, "\u2013");
    }
    if (seen.count > 1 && seen.values[0] < seen.values[seen.count - 1]) {
        vg_autofree char *low = vg_report_value_text(seen.values[0], seen.unit);
        vg_autofree char *high = vg_report_value_text(seen.values[seen.count - 1], seen.unit);
        vg_autofree char *range = vg_format("range: %s to %s", low, high);
        write_interval(page, column, &seen);
        vg_xml_element_class(xml, "span", "sub", range);
    }
    if (seen.missed && seen.checked > 1) {
        vg_autofree char *missed = vg_format("not met in %u of %u boots", seen.missed, seen.checked);
        vg_xml_element_class(xml, "span", "missed", missed);
    } else if (seen.checked)
        vg_xml_element_class(xml, "span", seen.missed ? "missed" : "met", seen.missed ? "not met" : "met");
    if (seen.note)
        vg_xml_element_class(xml, "span", "sub", seen.note);
    vg_page_difference(page, column->boots[0], row->metric);
    vg_xml_close(xml);
    free(seen.values);
}

static void write_row(struct vg_page *page, const struct table *table, const struct row *row, bool judged)
{
    struct vg_xml *xml = page->xml;
    vg_xml_open(xml, "tr");
    vg_xml_open_class(xml, "th", "metric");
    vg_xml_attribute(xml, "scope", "row");
    vg_xml_text(xml, row->metric);
    vg_xml_close(xml);
    for (unsigned i = 0; i < table->column_count; i++)
        write_number(page, &table->columns[i], row);
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
static void write_table(struct vg_page *page, const struct table *table, bool shown, bool judged)
{
    vg_page_scroll_box(page, shown ? "Measured values" : "Further values");
    vg_xml_open_class(page->xml, "table", "metrics");
    write_header(page, table, judged);
    vg_xml_open(page->xml, "tbody");
    for (unsigned i = 0; i < table->rows.count; i++)
        if (table->rows.items[i].wanted == shown)
            write_row(page, table, &table->rows.items[i], judged);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

static void write_rest(struct vg_page *page, const struct table *table, unsigned rest)
{
    vg_autofree char *summary =
        vg_format("%u further %s, reported and not judged", rest, rest == 1 ? "value" : "values");
    vg_xml_open(page->xml, "details");
    vg_xml_element(page->xml, "summary", summary);
    write_table(page, table, false, false);
    vg_xml_close(page->xml);
}

void vg_page_metrics(struct vg_page *page, const struct vg_report_group *group, const struct vg_test *test)
{
    struct table table = { 0 };
    struct rows *rows = &table.rows;
    unsigned wanted = 0;
    for (unsigned i = 0; i < group->count; i++)
        collect_checks(rows, group->instances[i]);
    bool judged = rows->count > 0;
    for (unsigned i = 0; i < group->count; i++)
        collect_values(rows, group->instances[i], test);
    for (unsigned i = 0; i < rows->count; i++)
        wanted += rows->items[i].wanted;
    for (unsigned i = 0; i < rows->count && !wanted && i < ROWS_SHOWN; i++)
        rows->items[i].wanted = true; /* the test names no metric: the first ones are as good as any */
    wanted = 0;
    for (unsigned i = 0; i < rows->count; i++)
        wanted += rows->items[i].wanted;
    table.columns = configurations_of(group, &table.column_count);
    if (wanted)
        write_table(page, &table, true, judged);
    if (rows->count > wanted)
        write_rest(page, &table, rows->count - wanted);
    for (unsigned c = 0; c < table.column_count; c++)
        free(table.columns[c].boots);
    free(table.columns);
    free(rows->items);
}
