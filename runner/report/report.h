/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of report/: what a person or a machine reads of a run. Reads the run directory only. */
#ifndef VG_REPORT_H
#define VG_REPORT_H

#include <stdio.h>
#include "compare/compare.h"
#include "record/record.h"
#include "report/diff.h"
#include "report/trends.h"

/* The directory of style sheet and gnuplot scripts: reports/. NULL and the error if there is none. Caller frees. */
char *vg_report_templates(struct vg_error *err);

/* TAP version 13: one test point per instance, diagnostics as a YAML block, SKIP with its reason. */
bool vg_report_tap(const struct vg_results *results, const char *path, struct vg_error *err);
bool vg_report_junit(const struct vg_results *results, const char *path, struct vg_error *err);
/* report/index.html with its plots inside: one self-contained file. template_directory: reports/. trends: of a history,
 * with their changes; those of the run's tests are shown. May be NULL. */
bool vg_report_html(const struct vg_results *results, const char *template_directory, const struct vg_trends *trends,
                    struct vg_error *err);
/* The same with the templates of this program, and without trends. */
bool vg_report_page(const struct vg_results *results, struct vg_error *err);
/* The page as PDF, by a converter that is optional at run time: chromium or weasyprint, whichever is there, or the one
 * that $VGAUGE_PDF names. printed: the instant that the document says it was made at, "2026-11-22T08:00:00Z" (a run's
 * `ended`), so that the same page gives the same bytes with the same converter. NULL: as the converter says.
 * VG_ERROR_ENVIRONMENT with what to install if there is none. */
bool vg_report_pdf(const char *html_path, const char *pdf_path, const char *printed, struct vg_error *err);
/* One row per result and metric: value, unit, what was required of it and where that comes from. */
bool vg_report_csv(const struct vg_results *results, const char *path, struct vg_error *err);
/* The answer, the requirements and what is not in order, for a pull request or a ticket. */
bool vg_report_markdown(const struct vg_results *results, const char *path, struct vg_error *err);
/* results.json, results.tap, junit.xml, metrics.csv, summary.md and report/index.html; html_path receives the page's
 * path (caller frees; may be NULL). */
bool vg_report_all(const char *run_directory, const struct vg_trends *trends, char **html_path, struct vg_error *err);
/* The summary at the end of a run: one screen, aligned, in words; colour if wanted. */
void vg_report_summary(const struct vg_results *results, FILE *out, bool colour);
/* How a fleet fared under some placement policies, over time: an SVG with utilisation above and fragmentation below.
 * Values are from 0 to 1. */
struct vg_report_fleet_curve {
    const char *name; /* of the policy */
    const double *time_s, *utilisation, *fragmentation;
    size_t count;
};
bool vg_report_fleet_plot(const struct vg_report_fleet_curve *curves, unsigned count, const char *path,
                          struct vg_error *err);
/* The terminal's escape sequence for a verdict; "\x1b[0m" ends it. */
const char *vg_report_verdict_colour(enum vg_verdict verdict);

/* The document of a certification package, which a vendor hands to a customer: as one self-contained page and as PDF,
 * made of the package's statement (certify/statement.c) alone, so that a verifier can make both again and compare every
 * byte. The PDF is ASCII text, needs no converter, and is the same on every machine. Caller frees; NULL with the error.
 */
char *vg_report_certificate(const json_t *statement, struct vg_error *err);
char *vg_report_certificate_pdf(const json_t *statement);

/* What the gate found, on one screen; all: every metric. */
void vg_report_gate_text(const struct vg_gate *gate, bool all, FILE *out, bool colour);
/* One test case per metric and one per result of the runs that is in trouble. */
bool vg_report_gate_junit(const struct vg_gate *gate, const char *path, struct vg_error *err);
/* For a comment on a pull request: GitHub's and GitLab's Markdown. */
bool vg_report_gate_markdown(const struct vg_gate *gate, const char *path, struct vg_error *err);

#endif
