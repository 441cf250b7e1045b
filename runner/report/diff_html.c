/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any number of runs side by side on one page: what is different first, what is the same folded away. */
#include "report/diff.h"

#include <math.h>
#include "report/page.h"

enum { ROWS = 2000 };

static const struct {
    const char *title, *id, *badge;
} kinds[VG_DIFF_KINDS] = {
    { "Regressions", "regressions", "badge fail" },
    { "Fixes", "fixes", "badge pass" },
    { "Changes", "changes", "badge invalid" },
    { "New", "new", "badge finding" },
    { "Gone", "gone", "badge skip" },
    { "The same", "same", "badge skip" },
};

struct diff_page {
    struct vg_page *page;
    const struct vg_diff *diff;
};

static void write_run_heads(const struct diff_page *it, const char *first, const char *last)
{
    struct vg_xml *xml = it->page->xml;
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    vg_xml_open(xml, "th");
    vg_xml_attribute(xml, "scope", "col");
    vg_xml_text(xml, first);
    vg_xml_close(xml);
    for (unsigned r = 0; r < it->diff->run_count; r++) {
        vg_autofree char *number = vg_format("Run %u", r + 1);
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, number);
        vg_xml_close(xml);
    }
    if (last) {
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, last);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void open_table(const struct diff_page *it, const char *label, const char *first, const char *last)
{
    vg_page_scroll_box(it->page, label);
    vg_xml_open_class(it->page->xml, "table", "facts side");
    write_run_heads(it, first, last);
    vg_xml_open(it->page->xml, "tbody");
}

static void close_table(const struct diff_page *it)
{
    for (unsigned i = 0; i < 3; i++)
        vg_xml_close(it->page->xml);
}

static void write_name(const struct diff_page *it, const char *name, const char *below)
{
    vg_xml_open_class(it->page->xml, "th", "metric");
    vg_xml_attribute(it->page->xml, "scope", "row");
    vg_xml_text(it->page->xml, name);
    vg_xml_element_class(it->page->xml, "span", "sub", below);
    vg_xml_close(it->page->xml);
}

static void write_result(const struct diff_page *it, const struct vg_diff_result *result)
{
    struct vg_xml *xml = it->page->xml;
    const struct vg_diff_cell *last = &result->cells[it->diff->run_count - 1];
    vg_autofree char *why = last->count ? vg_report_reasons_text(last->worst, 400) : vg_strdup("");
    vg_xml_open(xml, "tr");
    write_name(it, result->test, result->configuration);
    for (unsigned r = 0; r < it->diff->run_count; r++) {
        const struct vg_diff_cell *cell = &result->cells[r];
        vg_xml_open(xml, "td");
        if (cell->count) {
            vg_page_badge(it->page, cell->worst->verdict);
            vg_page_overlay(it->page, cell->worst);
        } else
            vg_xml_element_class(xml, "span", "none", "not there");
        if (cell->count > 1) {
            vg_autofree char *boots = vg_format("worst of %u boots", cell->count);
            vg_xml_element_class(xml, "span", "sub", boots);
        }
        vg_xml_close(xml);
    }
    vg_xml_open_class(xml, "td", "value");
    vg_page_folded(it->page, why);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_metric(const struct diff_page *it, const struct vg_diff_metric *metric)
{
    struct vg_xml *xml = it->page->xml;
    struct vg_trend_name parts = vg_trend_name_parts(metric->id);
    vg_autofree char *where =
        vg_format("%.*s, %.*s", parts.test_length, parts.test, parts.configuration_length, parts.configuration);
    vg_autofree char *ratio = vg_report_diff_ratio_text(metric);
    vg_autofree char *better =
        vg_equal(metric->better, "neither") ? vg_strdup("") : vg_format("%s is better", metric->better);
    vg_xml_open(xml, "tr");
    write_name(it, parts.metric, where);
    for (unsigned r = 0; r < it->diff->run_count; r++) {
        const struct vg_diff_number *number = &metric->numbers[r];
        vg_autofree char *value =
            isfinite(number->median) ? vg_report_value_text(number->median, metric->unit) : vg_strdup("\u2013");
        vg_xml_open_class(xml, "td", "num");
        vg_xml_text(xml, value);
        if (number->boots > 1) {
            vg_autofree char *boots = vg_format("%u boots", number->boots);
            vg_xml_element_class(xml, "span", "sub", boots);
        }
        vg_xml_close(xml);
    }
    vg_xml_open_class(xml, "td", "value");
    vg_xml_text(xml, ratio);
    vg_xml_text(xml, *ratio && *better ? "; " : "");
    vg_xml_text(xml, better);
    vg_xml_element_class(xml, "span", "sub", metric->note ? metric->note : "");
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_results(const struct diff_page *it, enum vg_diff_kind kind)
{
    unsigned shown = 0;
    if (!it->diff->result_counts[kind])
        return;
    open_table(it, "Results", "Result", "Why, in the last run");
    for (unsigned i = 0; i < it->diff->result_count && shown < ROWS; i++)
        if (it->diff->results[i].kind == kind) {
            write_result(it, &it->diff->results[i]);
            shown++;
        }
    close_table(it);
}

static void write_metrics(const struct diff_page *it, enum vg_diff_kind kind)
{
    unsigned shown = 0;
    if (!it->diff->metric_counts[kind])
        return;
    open_table(it, "Metrics", "Metric (median of its boots)", "Last against first");
    for (unsigned i = 0; i < it->diff->metric_count && shown < ROWS; i++)
        if (it->diff->metrics[i].kind == kind) {
            write_metric(it, &it->diff->metrics[i]);
            shown++;
        }
    close_table(it);
}

static void write_kind(const struct diff_page *it, enum vg_diff_kind kind)
{
    struct vg_xml *xml = it->page->xml;
    unsigned count = it->diff->result_counts[kind] + it->diff->metric_counts[kind];
    vg_autofree char *heading = vg_format("%s (%u)", kinds[kind].title, count);
    if (!count)
        return;
    vg_xml_open(xml, "section");
    vg_page_heading(it->page, "h2", kinds[kind].id, heading);
    if (kind == VG_DIFF_SAME) {
        vg_xml_open(xml, "details");
        vg_xml_element(xml, "summary", "Results and metrics that did not change");
    }
    write_results(it, kind);
    write_metrics(it, kind);
    if (kind == VG_DIFF_SAME)
        vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_environment(const struct diff_page *it)
{
    static const char *const titles[] = { "What", "First run", "Last run" };
    struct vg_xml *xml = it->page->xml;
    const struct vg_differences *differences = &it->diff->environment;
    vg_xml_open(xml, "section");
    vg_page_heading(it->page, "h2", "environment", "What was different around them");
    if (!differences->count)
        vg_xml_element(xml, "p", "Nothing: the fingerprints of the first and the last run are equal.");
    else {
        vg_page_scroll_box(it->page, "Differences of the environment");
        vg_xml_open_class(xml, "table", "facts");
        vg_page_table_head(it->page, titles, VG_COUNT(titles));
        vg_xml_open(xml, "tbody");
        for (unsigned i = 0; i < differences->count; i++) {
            const struct vg_difference *difference = &differences->items[i];
            vg_xml_open(xml, "tr");
            write_name(it, difference->key, "");
            vg_xml_element_class(xml, "td", "value", difference->then ? difference->then : "not known");
            vg_xml_element_class(xml, "td", "value", difference->now ? difference->now : "not known");
            vg_xml_close(xml);
        }
        close_table(it);
    }
    vg_xml_close(xml);
}

static void write_runs(const struct diff_page *it)
{
    struct vg_xml *xml = it->page->xml;
    vg_xml_open_class(xml, "ol", "runs");
    for (unsigned r = 0; r < it->diff->run_count; r++) {
        vg_report_autogroups struct vg_report_groups groups = { 0 };
        vg_report_groups_make(it->diff->runs[r], &groups);
        vg_autofree char *name = vg_report_diff_run_name(it->diff, r);
        vg_autofree char *line = vg_report_run_text(it->diff->runs[r]->run);
        vg_autofree char *answer = vg_report_requirements_answer(it->diff->runs[r], &groups);
        vg_xml_open(xml, "li");
        vg_xml_element_class(xml, "span", "id", name);
        vg_xml_element_class(xml, "span", "statement", answer);
        vg_xml_element_class(xml, "span", "sub", line);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

static void write_masthead(const struct diff_page *it)
{
    struct vg_xml *xml = it->page->xml;
    vg_autofree char *sentence = vg_report_diff_sentence(it->diff);
    bool worse = vg_diff_exit_status(it->diff) != 0;
    unsigned other = it->diff->result_counts[VG_DIFF_CHANGE] + it->diff->result_counts[VG_DIFF_GONE];
    vg_xml_open_class(xml, "header", worse ? "masthead bad" : other ? "masthead unclear" : "masthead good");
    vg_xml_element_class(xml, "p", "eyebrow", "vgauge \u00b7 runs side by side");
    vg_xml_element(xml, "h1", sentence);
    write_runs(it);
    vg_xml_open(xml, "nav");
    vg_xml_attribute(xml, "aria-label", "On this page");
    for (unsigned kind = 0; kind < VG_DIFF_KINDS; kind++)
        if (it->diff->result_counts[kind] + it->diff->metric_counts[kind]) {
            vg_autofree char *target = vg_format("#%s", kinds[kind].id);
            vg_page_link(it->page, target, kinds[kind].title);
            vg_xml_text(xml, " ");
        }
    vg_page_link(it->page, "#environment", "Environment");
    vg_xml_close(xml);
    vg_xml_close(xml);
}

bool vg_report_diff_html(const struct vg_diff *diff, const char *path, struct vg_error *err)
{
    vg_autofree char *templates = vg_report_templates(err);
    vg_report_autopage struct vg_page page = { 0 };
    const struct diff_page it = { &page, diff };
    if (!templates || !vg_page_open(&page, templates, "vgauge: runs side by side", err))
        return false;
    write_masthead(&it);
    vg_xml_open(page.xml, "main");
    vg_page_prose(&page, "diff");
    for (unsigned kind = 0; kind < VG_DIFF_KINDS; kind++)
        write_kind(&it, (enum vg_diff_kind)kind);
    write_environment(&it);
    vg_xml_close(page.xml);
    return vg_page_save(&page, "diff-footer", path, err);
}
