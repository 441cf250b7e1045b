/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All reports of a run directory in one go, and where their templates are. */
#include "report/parts.h"

#ifndef VG_DATA_DIRECTORY
#define VG_DATA_DIRECTORY "/usr/local/share/vgauge"
#endif

/* $VGAUGE_REPORTS, beside the executable (build/../reports, build/tests/unit/../../../reports), or the installed place.
 */
char *vg_report_templates(struct vg_error *err)
{
    const char *chosen = getenv("VGAUGE_REPORTS");
    if (chosen && *chosen)
        return vg_strdup(chosen);
    vg_autofree char *executable = vg_executable_directory();
    static const char *const beside[] = { "../reports", "../../../reports", "../share/vgauge/reports" };
    for (unsigned i = 0; executable && i < VG_COUNT(beside); i++) {
        vg_autofree char *directory = vg_format("%s/%s", executable, beside[i]);
        vg_autofree char *style = vg_format("%s/style.css", directory);
        if (vg_exists(style))
            return VG_TAKE(directory);
    }
    if (vg_exists(VG_DATA_DIRECTORY "/reports/style.css"))
        return vg_strdup(VG_DATA_DIRECTORY "/reports");
    vg_fail(err, VG_ERROR_ENVIRONMENT,
            "the report's templates (reports/style.css) are neither beside the program nor in " VG_DATA_DIRECTORY
            "/reports; set VGAUGE_REPORTS to their directory");
    return NULL;
}

bool vg_report_page(const struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *templates = vg_report_templates(err);
    return templates && vg_report_html(results, templates, NULL, err);
}

bool vg_report_all(const char *run_directory, const struct vg_trends *trends, char **html_path, struct vg_error *err)
{
    if (html_path)
        *html_path = NULL;
    vg_report_autoresults struct vg_results *results = vg_results_gather(run_directory, err);
    if (!results)
        return false;
    vg_autofree char *tap = vg_format("%s/results.tap", results->run->directory);
    vg_autofree char *junit = vg_format("%s/junit.xml", results->run->directory);
    vg_autofree char *csv = vg_format("%s/metrics.csv", results->run->directory);
    vg_autofree char *markdown = vg_format("%s/summary.md", results->run->directory);
    /* What machines read first: a page that cannot be made must not cost the gate its results. */
    if (!vg_results_save(results, err) || !vg_report_tap(results, tap, err) || !vg_report_junit(results, junit, err) ||
        !vg_report_csv(results, csv, err) || !vg_report_markdown(results, markdown, err))
        return false;
    vg_autofree char *templates = vg_report_templates(err);
    if (!templates || !vg_report_html(results, templates, trends, err))
        return false;
    if (html_path)
        *html_path = vg_format("%s/report/index.html", results->run->directory);
    return true;
}
