/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the results were measured on: the fingerprint with how each field was read, and what the run decided by itself.
 */
#include "report/page.h"

enum { DECISIONS_SHOWN = 200 };

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
    vg_page_table_head(page, titles, VG_COUNT(titles));
    vg_xml_open(page->xml, "tbody");
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

/* JSON of any shape on one line: text as it is, the rest as JSON. Clean. Caller frees. */
static char *one_line(const json_t *json)
{
    vg_autofree char *dumped =
        json_is_string(json) || json_is_null(json) ? NULL : json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    return vg_report_clean(json_is_string(json) ? json_string_value(json) : dumped ? dumped : "none");
}

/* One member of the environment: {"value": ..., "why": ...}, or something else, which is then all decision. */
static void write_decision(struct vg_page *page, const char *what, const json_t *entry)
{
    const json_t *value = json_object_get(entry, "value"), *why = json_object_get(entry, "why");
    vg_autofree char *decision = one_line(value ? value : entry);
    vg_autofree char *reason = value && why ? one_line(why) : vg_strdup("");
    vg_xml_open(page->xml, "tr");
    write_key(page, what);
    vg_xml_open_class(page->xml, "td", "value");
    vg_page_folded(page, decision);
    vg_xml_close(page->xml);
    vg_xml_open_class(page->xml, "td", "value");
    vg_page_folded(page, reason);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

static void write_decisions(struct vg_page *page)
{
    static const char *const titles[] = { "What", "Decision", "Why" };
    const json_t *environment = page->results->run->environment;
    unsigned rows = 0;
    if (!json_is_object(environment) || !json_object_size(environment))
        return;
    vg_page_heading(page, "h3", "decisions", "What the run decided by itself");
    vg_page_prose(page, "decisions");
    vg_page_scroll_box(page, "Decisions");
    vg_xml_open_class(page->xml, "table", "facts");
    vg_page_table_head(page, titles, VG_COUNT(titles));
    vg_xml_open(page->xml, "tbody");
    const char *what;
    json_t *entry;
    json_object_foreach((json_t *)environment, what, entry) if (rows++ < DECISIONS_SHOWN)
        write_decision(page, what, entry);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

static void write_files(struct vg_page *page)
{
    static const char *const files[] = { "run.json",  "results.json", "metrics.csv",   "summary.md",
                                         "junit.xml", "results.tap",  "journal.jsonl", "gate.json" };
    vg_xml_open_class(page->xml, "p", "labelled");
    vg_xml_element_class(page->xml, "span", "label", "Files of the run");
    for (unsigned i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *path = vg_format("%s/%s", page->results->run->directory, files[i]);
        vg_autofree char *target = vg_format("../%s", files[i]);
        if (!vg_exists(path))
            continue;
        vg_xml_text(page->xml, " ");
        vg_page_link(page, target, files[i]);
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
