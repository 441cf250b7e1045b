/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was known before: failures that are expected, flakes, waivers, and which of these entries do not hold any more.
 * A verdict stays what it is; this says who answers for it and until when. */
#include "report/page.h"

enum { ROWS = 200 };

static const char *const meanings[VG_OVERLAYS] = {
    [VG_OVERLAY_XFAIL] = "known failure", [VG_OVERLAY_XPASS] = "passed, expected to fail",
    [VG_OVERLAY_FLAKE] = "known flake",   [VG_OVERLAY_UNSTABLE] = "unstable",
    [VG_OVERLAY_WAIVED] = "waived",
};

void vg_page_overlay(struct vg_page *page, const struct vg_judgement *judgement)
{
    if (judgement->overlay == VG_OVERLAY_NONE)
        return;
    vg_xml_text(page->xml, " ");
    vg_xml_open_class(page->xml, "span", "badge overlay");
    vg_xml_text(page->xml, meanings[judgement->overlay]);
    vg_xml_close(page->xml);
}

static bool has_word(const struct vg_judgement *judgement)
{
    return judgement->overlay != VG_OVERLAY_NONE || (judgement->overlay_reason && *judgement->overlay_reason);
}

static void write_row(struct vg_page *page, const struct vg_judgement *judgement)
{
    struct vg_xml *xml = page->xml;
    vg_autofree char *anchor = vg_page_test_anchor(judgement->test);
    vg_autofree char *target = vg_format("#%s", anchor), *where = vg_report_instance_text(judgement);
    vg_xml_open(xml, "tr");
    vg_xml_open_class(xml, "th", "metric");
    vg_xml_attribute(xml, "scope", "row");
    vg_page_link(page, target, judgement->test);
    vg_xml_element_class(xml, "span", "sub", where);
    vg_xml_close(xml);
    vg_xml_open(xml, "td");
    vg_page_badge(page, judgement->verdict);
    vg_page_overlay(page, judgement);
    vg_xml_close(xml);
    vg_xml_element_class(xml, "td", "value", judgement->overlay_reason ? judgement->overlay_reason : "");
    vg_xml_close(xml);
}

static void write_files(struct vg_page *page)
{
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < page->results->expectation_count; i++)
        vg_text_add(&text, "%s%s (%u %s)", i ? ", " : "", page->results->expectations[i]->file,
                    page->results->expectations[i]->count,
                    page->results->expectations[i]->count == 1 ? "entry" : "entries");
    if (text.length)
        vg_page_labelled(page, "Files that the run was judged by", text.data);
}

void vg_page_expectations(struct vg_page *page)
{
    static const char *const titles[] = { "Test", "Result", "What is known, where it is tracked, until when" };
    struct vg_xml *xml = page->xml;
    unsigned count = 0;
    for (unsigned i = 0; i < page->results->count; i++)
        count += has_word(page->results->judgements[i]);
    if (!count && !page->results->expectation_count)
        return;
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "expectations", "Known failures, flakes and waivers");
    vg_page_prose(page, count ? "expectations" : "no-expectations");
    if (count) {
        vg_page_scroll_box(page, "Known failures, flakes and waivers");
        vg_xml_open_class(xml, "table", "facts");
        vg_page_table_head(page, titles, VG_COUNT(titles));
        vg_xml_open(xml, "tbody");
        unsigned shown = 0;
        for (unsigned i = 0; i < page->results->count && shown < ROWS; i++)
            if (has_word(page->results->judgements[i])) {
                write_row(page, page->results->judgements[i]);
                shown++;
            }
        vg_xml_close(xml);
        vg_xml_close(xml);
        vg_xml_close(xml);
    }
    if (count > ROWS) {
        vg_autofree char *more = vg_format("%u more are in results.json.", count - ROWS);
        vg_xml_element_class(xml, "p", "note", more);
    }
    write_files(page);
    vg_xml_close(xml);
}
