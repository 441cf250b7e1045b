/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the results were measured on: the fingerprint with how each field was read, and what the run decided by itself.
 */
#include "report/page.h"

enum { DECISIONS_SHOWN = 200, DEPTH_SHOWN = 5 };

static void write_table_head(struct vg_page *page, const char *const *titles, unsigned count)
{
    vg_xml_open(page->xml, "thead");
    vg_xml_open(page->xml, "tr");
    for (unsigned i = 0; i < count; i++) {
        vg_xml_open(page->xml, "th");
        vg_xml_attribute(page->xml, "scope", "col");
        vg_xml_text(page->xml, titles[i]);
        vg_xml_close(page->xml);
    }
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_open(page->xml, "tbody");
}

static void write_key(struct vg_page *page, const char *key)
{
    vg_xml_open_class(page->xml, "th", "metric");
    vg_xml_attribute(page->xml, "scope", "row");
    vg_xml_text(page->xml, key);
    vg_xml_close(page->xml);
}

static void write_fingerprint(struct vg_page *page)
{
    static const char *const titles[] = { "What", "Value", "How it was read" };
    const struct vg_run *run = page->results->run;
    vg_page_heading(page, "h3", "fingerprint", "Fingerprint");
    vg_page_prose(page, "fingerprint");
    vg_page_scroll_box(page, "Fingerprint");
    vg_xml_open_class(page->xml, "table", "facts");
    write_table_head(page, titles, VG_COUNT(titles));
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        const struct vg_fingerprint_field *field = &run->fingerprint[i];
        vg_xml_open(page->xml, "tr");
        write_key(page, field->key);
        vg_xml_element_class(page->xml, "td", field->value ? "value" : "value none",
                             field->value ? field->value : "could not be read");
        vg_xml_element_class(page->xml, "td", "source", field->source);
        vg_xml_close(page->xml);
    }
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

/* Flattens JSON of any shape: {"accel": {"chosen": "tcg"}} becomes "accel.chosen" and "tcg". */
static void write_decision(struct vg_page *page, const char *key, const json_t *json, unsigned depth, unsigned *rows)
{
    if (*rows >= DECISIONS_SHOWN)
        return;
    if (depth < DEPTH_SHOWN && json_is_object(json)) {
        const char *member;
        json_t *value;
        json_object_foreach((json_t *)json, member, value)
        {
            vg_autofree char *path = *key ? vg_format("%s.%s", key, member) : vg_strdup(member);
            write_decision(page, path, value, depth + 1, rows);
        }
        return;
    }
    if (depth < DEPTH_SHOWN && json_is_array(json)) {
        size_t index;
        json_t *value;
        json_array_foreach(json, index, value)
        {
            vg_autofree char *path = vg_format("%s.%zu", key, index + 1);
            write_decision(page, path, value, depth + 1, rows);
        }
        return;
    }
    vg_autofree char *dumped = json_is_string(json) ? NULL : json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *text = json_is_string(json) ? json_string_value(json) : json_is_null(json) ? "none" : dumped;
    vg_autofree char *clean = vg_report_clean(text);
    (*rows)++;
    vg_xml_open(page->xml, "tr");
    write_key(page, key);
    vg_xml_element_class(page->xml, "td", "value", clean);
    vg_xml_close(page->xml);
}

static void write_decisions(struct vg_page *page)
{
    static const char *const titles[] = { "What", "Decision" };
    const json_t *environment = page->results->run->environment;
    unsigned rows = 0;
    if (!json_is_object(environment) || !json_object_size(environment))
        return;
    vg_page_heading(page, "h3", "decisions", "What the run decided by itself");
    vg_page_prose(page, "decisions");
    vg_page_scroll_box(page, "Decisions");
    vg_xml_open_class(page->xml, "table", "facts");
    write_table_head(page, titles, VG_COUNT(titles));
    write_decision(page, "", environment, 0, &rows);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

static void write_files(struct vg_page *page)
{
    static const char *const files[] = { "run.json", "results.json", "results.tap", "junit.xml", "journal.jsonl" };
    vg_xml_open_class(page->xml, "p", "labelled");
    vg_xml_element_class(page->xml, "span", "label", "Files of the run");
    for (unsigned i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *target = vg_format("../%s", files[i]);
        vg_xml_text(page->xml, " ");
        vg_xml_open(page->xml, "a");
        vg_xml_attribute(page->xml, "href", target);
        vg_xml_text(page->xml, files[i]);
        vg_xml_close(page->xml);
    }
    vg_xml_close(page->xml);
}

void vg_page_environment(struct vg_page *page)
{
    vg_xml_open(page->xml, "section");
    vg_page_heading(page, "h2", "environment", "Environment");
    write_fingerprint(page);
    write_decisions(page);
    write_files(page);
    vg_xml_close(page->xml);
}
