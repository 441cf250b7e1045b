/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One test's section: what it is about, how each instance came out and why, its numbers, its pictures, its evidence. */
#include "report/page.h"

enum { INSTANCES_DRAWN = 4, INSTANCES_LISTED = 12 };

static void write_requirements(struct vg_page *page, const struct vg_words *requirements)
{
    struct vg_xml *xml = page->xml;
    if (!requirements->count)
        return;
    vg_xml_open_class(xml, "div", "labelled");
    vg_xml_element_class(xml, "span", "label", "Decides");
    vg_xml_open_class(xml, "ul", "requirements");
    for (unsigned i = 0; i < requirements->count; i++) {
        const char *statement = vg_page_statement(page, requirements->items[i]);
        vg_xml_open(xml, "li");
        vg_xml_element_class(xml, "span", "id", requirements->items[i]);
        if (statement) {
            vg_xml_text(xml, " ");
            vg_xml_text(xml, statement);
        }
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
}

/* The drivers of one instance, which are also added to those of the whole test. */
static void write_driver(struct vg_page *page, const struct vg_judgement *judgement, struct vg_report_drivers *all)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/%s", page->results->run->directory, judgement->directory);
    vg_report_automeasurements struct vg_measurements *measurements = vg_measurements_load(directory, &err);
    struct vg_report_drivers drivers = { 0 };
    if (measurements) {
        vg_report_drivers_add(&drivers, judgement->mechanism, measurements);
        vg_report_drivers_add(all, judgement->mechanism, measurements);
    }
    vg_autofree char *text = vg_report_drivers_text(&drivers);
    if (*text)
        vg_xml_element_class(page->xml, "span", "driver", text);
    vg_report_drivers_free(&drivers);
}

static void write_instance(struct vg_page *page, const struct vg_judgement *judgement, struct vg_report_drivers *all)
{
    struct vg_xml *xml = page->xml;
    vg_autofree char *where = vg_report_instance_text(judgement);
    vg_autofree char *took = vg_duration_text(judgement->duration_s);
    vg_xml_open(xml, "li");
    vg_xml_open_class(xml, "p", "instance");
    vg_page_badge(page, judgement->verdict);
    vg_page_overlay(page, judgement);
    vg_xml_text(xml, " ");
    vg_xml_element_class(xml, "span", "where", where);
    if (judgement->duration_s > 0)
        vg_xml_element_class(xml, "span", "took", took);
    if (judgement->verdict != VG_SKIP)
        write_driver(page, judgement, all);
    vg_xml_close(xml);
    if (judgement->reason_count)
        vg_xml_open_class(xml, "ul", "reasons");
    for (unsigned i = 0; i < judgement->reason_count; i++)
        vg_xml_element(xml, "li", judgement->reasons[i]);
    if (judgement->reason_count)
        vg_xml_close(xml);
    if (judgement->overlay_reason)
        vg_xml_element_class(xml, "p", "expected", judgement->overlay_reason);
    vg_xml_close(xml);
}

/* What does not apply is counted; it is listed only if there is nothing else to say about the test. Of many boots that
 * passed only some are listed. */
static void write_instances(struct vg_page *page, const struct vg_report_group *group)
{
    struct vg_report_drivers drivers = { 0 };
    vg_xml_open_class(page->xml, "ul", "instances");
    unsigned listed = 0, hidden = 0;
    for (unsigned i = 0; i < group->count; i++) {
        enum vg_verdict verdict = group->instances[i]->verdict;
        if (verdict == VG_SKIP && group->verdict != VG_SKIP)
            continue;
        if (listed >= INSTANCES_LISTED && !vg_report_troubled(verdict)) {
            hidden++;
            continue;
        }
        write_instance(page, group->instances[i], &drivers);
        listed++;
    }
    vg_xml_close(page->xml);
    if (hidden) {
        vg_autofree char *more = vg_format("%u more results that are in order.", hidden);
        vg_xml_element_class(page->xml, "p", "note", more);
    }
    if (group->skipped && group->verdict != VG_SKIP) {
        vg_autofree char *count = vg_format("%u not applicable.", group->skipped);
        vg_xml_element_class(page->xml, "p", "note", count);
    }
    vg_autofree char *warning = vg_report_drivers_warning(&drivers);
    if (warning)
        vg_xml_element_class(page->xml, "p", "warning", warning);
    vg_report_drivers_free(&drivers);
}

/* Each with the analysis whose tests it is of; some are of two. */
static const struct {
    const char *analysis;
    vg_figure_draw *draw;
} instance_figures[] = {
    { "share", vg_figure_throughput },
    { "share", vg_figure_share },
    { "own-share", vg_figure_own_share },
    { "starvation", vg_figure_waiting },
    { "pacing", vg_figure_pacing },
    { "slice", vg_figure_slice },
    { "submission-slope", vg_figure_slope },
    { "submission-cpu", vg_figure_slope_cpu },
    { "leak", vg_figure_leak },
    { "provisioning", vg_figure_occupancy },
};

static void write_instance_figures(struct vg_page *page, const struct vg_report_group *group,
                                   const struct vg_test *test)
{
    unsigned drawn = 0;
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_figure_source source = { page->results, group->instances[i], test, &page->palette,
                                                 page->plotter };
        if (source.judgement->verdict == VG_SKIP)
            continue;
        if (drawn++ == INSTANCES_DRAWN) {
            vg_xml_element_class(page->xml, "p", "note", "Only the first four instances are drawn.");
            return;
        }
        for (unsigned f = 0; f < VG_COUNT(instance_figures); f++) {
            struct vg_figure figure = { 0 };
            if (instance_figures[f].draw(&figure, &source))
                vg_page_figure(page, &figure);
            vg_figure_free(&figure);
        }
    }
}

/* Distributions of latency have all instances in one picture; whatever else is drawn has one for each. */
static void write_figures(struct vg_page *page, const struct vg_report_group *group, const struct vg_test *test)
{
    bool latency = vg_figure_uses(test, "latency") || vg_figure_uses(test, "waiting"), each = false;
    for (unsigned i = 0; i < VG_COUNT(instance_figures); i++)
        each = each || vg_figure_uses(test, instance_figures[i].analysis);
    if (!latency && !each)
        return;
    vg_xml_open_class(page->xml, "div", "plots");
    struct vg_figure figure = { 0 };
    if (vg_figure_latency(&figure, page->results, group, 1, &page->palette, page->plotter))
        vg_page_figure(page, &figure);
    vg_figure_free(&figure);
    if (vg_figure_timeline(&figure, page->results, group, test, &page->palette, page->plotter))
        vg_page_figure(page, &figure);
    vg_figure_free(&figure);
    if (each)
        write_instance_figures(page, group, test);
    vg_xml_close(page->xml);
}

void vg_page_test(struct vg_page *page, const struct vg_report_group *group)
{
    struct vg_xml *xml = page->xml;
    const struct vg_judgement *first = group->instances[0];
    struct vg_error err = { 0 };
    vg_autofree char *anchor = vg_page_test_anchor(group->test);
    vg_report_autotest struct vg_test *test = vg_run_load_test(page->results->run->directory, group->test, &err);
    vg_xml_open_class(xml, "article", "test");
    vg_xml_attribute(xml, "aria-labelledby", anchor);
    vg_xml_open_class(xml, "div", "title");
    vg_page_heading(page, "h3", anchor, group->test);
    vg_page_badge(page, group->verdict);
    vg_xml_close(xml);
    vg_xml_element_class(xml, "p", "lead", first->summary);
    vg_page_labelled(page, "If it fails", first->why);
    write_requirements(page, &first->requirements);
    if (!test) {
        vg_autofree char *problem =
            vg_format("What the test was meant to do cannot be read, so there are no pictures: %s", err.text);
        vg_xml_element_class(xml, "p", "problem", problem);
    }
    write_instances(page, group);
    vg_page_metrics(page, group, test);
    write_figures(page, group, test);
    vg_page_evidence(page, group);
    vg_xml_close(xml);
}
