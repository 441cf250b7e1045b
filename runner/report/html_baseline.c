/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed against the baseline, as `vgauge gate` decided it and left it in the run's gate.json (gate_file.c). */
#include <math.h>
#include "report/page.h"

enum { ROWS = 60 };

static const struct {
    const char *change, *class_name;
    unsigned rank; /* of the table: smaller is further up; 9 is not in it */
} changes[] = {
    { "regressed", "badge fail", 0 },    { "improved", "badge pass", 1 },     { "not measured", "badge invalid", 2 },
    { "inconclusive", "badge skip", 3 }, { "insufficient", "badge skip", 9 }, { "no baseline", "badge skip", 9 },
    { "equivalent", "badge skip", 9 },
};

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* "+14.0 %"; "" if there is no ratio. Caller frees. */
static char *change_text(const json_t *item)
{
    double ratio = real(item, "ratio");
    return isfinite(ratio) ? vg_format("%+.1f %%", 100 * (ratio - 1)) : vg_strdup("");
}

static unsigned place_of(const char *change)
{
    for (unsigned i = 0; i < VG_COUNT(changes); i++)
        if (vg_equal(changes[i].change, change))
            return i;
    return VG_COUNT(changes) - 1;
}

void vg_page_difference(struct vg_page *page, const struct vg_judgement *judgement, const char *metric)
{
    size_t stem = strcspn(judgement->instance, "/");
    const char *boot = strstr(judgement->instance, ".boot-");
    vg_autofree char *id = vg_format("%s/%.*s/%s", judgement->test,
                                     boot ? (int)(boot - judgement->instance) : (int)stem, judgement->instance, metric);
    const json_t *item = json_object_get(page->gate_items, id);
    const char *change = vg_json_text_or(item, "change", NULL);
    double then = real(json_object_get(item, "then"), "median");
    if (!change || !isfinite(then))
        return;
    vg_autofree char *was = vg_report_value_text(then, vg_json_text_or(item, "unit", "1"));
    vg_autofree char *by = change_text(item);
    vg_autofree char *text = vg_format("baseline %s%s%s, %s", was, *by ? ", " : "", by, change);
    vg_xml_element_class(page->xml, "span", vg_equal(change, "regressed") ? "missed" : "sub", text);
}

static void write_row(struct vg_page *page, const json_t *item)
{
    struct vg_xml *xml = page->xml;
    const char *unit = vg_json_text_or(item, "unit", "1"), *change = vg_json_text_or(item, "change", "");
    vg_autofree char *then = vg_report_value_text(real(json_object_get(item, "then"), "median"), unit);
    vg_autofree char *now = vg_report_value_text(real(json_object_get(item, "now"), "median"), unit);
    vg_autofree char *by = change_text(item);
    double lower = real(item, "lower"), upper = real(item, "upper");
    vg_autofree char *interval = isfinite(lower) && isfinite(upper)
                                     ? vg_format("%+.1f %% to %+.1f %%", 100 * (lower - 1), 100 * (upper - 1))
                                     : vg_strdup("");
    vg_xml_open(xml, "tr");
    vg_xml_open_class(xml, "th", "metric");
    vg_xml_attribute(xml, "scope", "row");
    vg_xml_text(xml, vg_json_text_or(item, "metric", ""));
    vg_xml_element_class(xml, "span", "sub", vg_json_text_or(item, "note", ""));
    vg_xml_close(xml);
    vg_xml_element_class(xml, "td", "num", then);
    vg_xml_element_class(xml, "td", "num", now);
    vg_xml_open_class(xml, "td", "num");
    vg_xml_text(xml, by);
    vg_xml_element_class(xml, "span", "sub", interval);
    vg_xml_close(xml);
    vg_xml_open(xml, "td");
    vg_xml_element_class(xml, "span", changes[place_of(change)].class_name, change);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_counts(struct vg_page *page, const json_t *items)
{
    vg_autotext struct vg_text text = { 0 };
    size_t index;
    json_t *item;
    for (unsigned c = 0; c < VG_COUNT(changes); c++) {
        unsigned count = 0;
        json_array_foreach((json_t *)items, index, item) count +=
            vg_equal(vg_json_text_or(item, "change", ""), changes[c].change);
        if (count)
            vg_text_add(&text, "%s%u %s", text.length ? ", " : "", count, changes[c].change);
    }
    if (text.length)
        vg_text_add(&text, ".");
    vg_xml_element(page->xml, "p", text.data ? text.data : "No metric was compared.");
}

static void write_objections(struct vg_page *page)
{
    size_t index;
    json_t *objection;
    json_array_foreach(json_object_get(page->gate, "objections"), index, objection)
    {
        if (json_is_string(objection))
            vg_xml_element_class(page->xml, "p", "warning", json_string_value(objection));
    }
}

void vg_page_baseline(struct vg_page *page)
{
    static const char *const titles[] = { "Metric", "Baseline", "This run", "Change", "Verdict" };
    struct vg_xml *xml = page->xml;
    const json_t *items = json_object_get(json_object_get(page->gate, "comparison"), "metrics");
    if (!page->gate && !page->gate_trouble)
        return;
    if (page->gate_trouble) {
        vg_autofree char *trouble =
            vg_format("The run has a gate.json, and it cannot be shown: %s", page->gate_trouble);
        vg_xml_open(xml, "section");
        vg_page_heading(page, "h2", "baseline", "Differences to the baseline");
        vg_xml_element_class(xml, "p", "warning", trouble);
        vg_xml_close(xml);
        return;
    }
    vg_autofree char *against = vg_format("Compared with %s: %s.", vg_json_text_or(page->gate, "against", "?"),
                                          vg_json_text_or(page->gate, "verdict", "?"));
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "baseline", "Differences to the baseline");
    vg_page_prose(page, "baseline");
    vg_xml_element_class(xml, "p", "lead", against);
    write_objections(page);
    write_counts(page, items);
    bool open = false;
    unsigned shown = 0;
    size_t index;
    json_t *item;
    for (unsigned rank = 0; rank < 9; rank++)
        json_array_foreach((json_t *)items, index, item)
        {
            if (changes[place_of(vg_json_text_or(item, "change", ""))].rank != rank || shown++ >= ROWS)
                continue;
            if (!open) {
                vg_page_scroll_box(page, "Differences to the baseline");
                vg_xml_open_class(xml, "table", "facts changes");
                vg_page_table_head(page, titles, VG_COUNT(titles));
                vg_xml_open(xml, "tbody");
                open = true;
            }
            write_row(page, item);
        }
    for (unsigned i = 0; open && i < 3; i++)
        vg_xml_close(xml);
    if (shown > ROWS) {
        vg_autofree char *more = vg_format("%u more are in gate.json.", shown - ROWS);
        vg_xml_element_class(xml, "p", "note", more);
    }
    vg_xml_close(xml);
}
