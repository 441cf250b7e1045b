/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of a run. The answer stands at the top, the evidence below it, the environment after that. */
#include "report/page.h"

static void write_page(struct vg_page *page)
{
    struct vg_xml *xml = page->xml;
    vg_page_masthead(page);
    vg_xml_open(xml, "main");
    vg_page_matrix(page);
    vg_page_expectations(page);
    vg_page_baseline(page);
    vg_page_trends(page);
    vg_page_comparison(page);
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "tests", "Tests");
    vg_page_index(page);
    for (unsigned i = 0; i < page->groups->count; i++)
        vg_page_test(page, &page->groups->items[i]);
    if (!page->groups->count)
        vg_xml_element(xml, "p", "No test has a result in this run.");
    vg_xml_close(xml);
    vg_page_environment(page);
    vg_xml_open(xml, "section");
    vg_page_heading(page, "h2", "reading", "How to read this report");
    vg_page_prose(page, "reading");
    vg_xml_close(xml);
    vg_xml_close(xml);
}

/* The one that comparisons decide by. A run can be shown where the suites are not, and then has no intervals. */
static double confidence_of_comparisons(void)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_catalog_directory(&err);
    struct vg_gate_policy *policy = directory ? vg_gate_policy_load(directory, NULL, &err) : NULL;
    double confidence = policy ? policy->confidence : 0;
    if (!policy)
        vg_warn("the report has no intervals across boots: %s", err.text);
    vg_gate_policy_free(policy);
    return confidence;
}

bool vg_report_html(const struct vg_results *results, const char *template_directory, const struct vg_trends *trends,
                    struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/report", results->run->directory);
    vg_autofree char *path = vg_format("%s/index.html", directory);
    vg_autofree char *title = vg_format("vgauge: %s on %s", results->run->plan, results->run->host);
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_autoplotter struct vg_plotter plotter = { .template_directory = template_directory };
    vg_report_autopage struct vg_page page = {
        .results = results, .groups = &groups, .plotter = &plotter, .trends = trends
    };
    if (!vg_page_open(&page, template_directory, title, err) || !vg_make_directories(directory, err))
        return false;
    struct vg_error no_requirements = { 0 };
    page.requirements = vg_run_load_requirements(results->run->directory, &no_requirements);
    if (!page.requirements)
        vg_warn("the report has no statements of requirements: %s", no_requirements.text);
    page.confidence = confidence_of_comparisons();
    vg_report_groups_make(results, &groups);
    vg_page_load_gate(&page);
    write_page(&page);
    return vg_page_save(&page, "footer", path, err);
}
