/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The top of the page: the answer in words, what it rests on, and the ways further down. And the list of the tests, for
 * who looks for one. */
#include "report/page.h"

enum { LISTED_FROM = 5, LONG_ANSWER = 100 };

/* The colour of the whole: that of the worst that needs somebody's attention. */
static const char *tone(const struct vg_page *page, const char *incomplete)
{
    int status = vg_results_status(page->results);
    bool unclear = status || incomplete || vg_results_count(page->results, VG_INVALID) > 0;
    return status == 1 ? "masthead bad" : unclear ? "masthead unclear" : "masthead good";
}

static void write_counts(struct vg_page *page)
{
    static const enum vg_verdict order[] = { VG_PASS, VG_FAIL, VG_LOST, VG_TIMEOUT, VG_INVALID, VG_FINDING, VG_SKIP };
    struct vg_xml *xml = page->xml;
    vg_xml_open_class(xml, "ul", "counts");
    vg_xml_attribute(xml, "aria-label", "Test instances by verdict");
    for (unsigned i = 0; i < VG_COUNT(order); i++) {
        unsigned count = vg_results_count(page->results, order[i]);
        if (!count)
            continue;
        vg_autofree char *number = vg_format("%u ", count);
        vg_xml_open(xml, "li");
        vg_xml_element_class(xml, "span", "count", number);
        vg_page_badge(page, order[i]);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

/* Only to what the page has. */
static void write_navigation(struct vg_page *page)
{
    bool known = page->results->expectation_count > 0;
    for (unsigned i = 0; i < page->results->count && !known; i++)
        known = page->results->judgements[i]->overlay != VG_OVERLAY_NONE ||
                (page->results->judgements[i]->overlay_reason && *page->results->judgements[i]->overlay_reason);
    const struct {
        const char *target, *text;
        bool there;
    } links[] = {
        { "#verdicts", "Requirements", true },
        { "#expectations", "Known failures", known },
        { "#baseline", "Baseline", page->gate || page->gate_trouble },
        { "#tests", "Tests", true },
        { "#trends", "Over time", page->trends },
        { "#environment", "Environment", true },
        { "#reading", "How to read this", true },
    };
    vg_xml_open(page->xml, "nav");
    vg_xml_attribute(page->xml, "aria-label", "On this page");
    for (unsigned i = 0; i < VG_COUNT(links); i++)
        if (links[i].there) {
            vg_page_link(page, links[i].target, links[i].text);
            vg_xml_text(page->xml, " ");
        }
    vg_xml_close(page->xml);
}

void vg_page_masthead(struct vg_page *page)
{
    struct vg_xml *xml = page->xml;
    const struct vg_run *run = page->results->run;
    vg_autofree char *answer = vg_report_requirements_answer(page->results, page->groups);
    vg_autofree char *results = vg_report_answer(page->results, page->groups);
    vg_autofree char *incomplete = vg_report_incomplete_text(run), *changes = vg_report_changes_text(run);
    vg_autofree char *line = vg_report_run_text(run);
    vg_xml_open_class(xml, "header", tone(page, incomplete));
    vg_xml_element_class(xml, "p", "eyebrow", "vgauge \u00b7 vGPU conformance and benchmarks");
    vg_xml_element_class(xml, "h1", strlen(answer) > LONG_ANSWER ? "long" : NULL, answer);
    if (!vg_equal(answer, results))
        vg_xml_element_class(xml, "p", "results", results);
    if (incomplete)
        vg_xml_element_class(xml, "p", "warning", incomplete);
    vg_xml_element_class(xml, "p", "run", line);
    if (changes)
        vg_xml_element_class(xml, "p", "warning", changes);
    write_counts(page);
    write_navigation(page);
    vg_xml_close(xml);
}

void vg_page_index(struct vg_page *page)
{
    if (page->groups->count < LISTED_FROM)
        return;
    vg_xml_open_class(page->xml, "ul", "index");
    vg_xml_attribute(page->xml, "aria-label", "All tests");
    for (unsigned i = 0; i < page->groups->count; i++) {
        vg_autofree char *anchor = vg_page_test_anchor(page->groups->items[i].test);
        vg_autofree char *target = vg_format("#%s", anchor);
        vg_xml_open(page->xml, "li");
        vg_page_badge(page, page->groups->items[i].verdict);
        vg_xml_text(page->xml, " ");
        vg_page_link(page, target, page->groups->items[i].test);
        vg_xml_close(page->xml);
    }
    vg_xml_close(page->xml);
}
