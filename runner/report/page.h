/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: the HTML page while it is written. Each html_*.c writes one part of it. */
#ifndef VG_REPORT_PAGE_H
#define VG_REPORT_PAGE_H

#include <libxml/tree.h>
#include "report/figure.h"
#include "report/parts.h"
#include "report/xml.h"

struct vg_page {
    struct vg_xml *xml;
    const struct vg_results *results;
    const struct vg_report_groups *groups;
    struct vg_plotter *plotter;
    const struct vg_trends *trends; /* with their changes; NULL: no history was named */
    json_t *gate;                   /* the run's gate.json; NULL: it was compared with nothing */
    char *gate_trouble;             /* why the run's gate.json cannot be shown; NULL: it can, or there is none */
    json_t *gate_items;             /* of it: metric id -> item */
    json_t *requirements;           /* array of requirement objects; may be NULL */
    double confidence; /* of intervals across boots, as suites/gate.yaml has it; 0: not known, none shown */
    xmlDocPtr prose;   /* reports/prose.xml: every text of the page that is longer than a line */
    struct vg_palette palette;
};

/* Begins a page up to <body>. False and the error if a template is missing. */
bool vg_page_open(struct vg_page *page, const char *template_directory, const char *title, struct vg_error *err);
/* Ends it with a part of reports/prose.xml as its footer, and writes the file. */
bool vg_page_save(struct vg_page *page, const char *footer, const char *path, struct vg_error *err);
/* Frees what the page owns, half written or not. */
void vg_page_free(struct vg_page *page);
#define vg_report_autopage VG_CLEANUP(vg_page_free)

/* A verdict as a badge: its word and a mark, never colour alone. */
void vg_page_badge(struct vg_page *page, enum vg_verdict verdict);
/* The part of reports/prose.xml with this id; an unknown id writes nothing and warns. */
void vg_page_prose(struct vg_page *page, const char *id);
/* Opens <div class="scroll"> that scrolls by itself and can be reached by keyboard; close with vg_xml_close. */
void vg_page_scroll_box(struct vg_page *page, const char *label);
void vg_page_heading(struct vg_page *page, const char *element, const char *id, const char *text);
/* Text of which only the beginning is shown if it is long; the rest can be unfolded. */
void vg_page_folded(struct vg_page *page, const char *text);
/* "test-submit-latency": the anchor of a test's section. Caller frees. */
char *vg_page_test_anchor(const char *test);
/* The statement of a requirement; NULL if the run does not know it. Borrowed. */
const char *vg_page_statement(const struct vg_page *page, const char *id);
/* The requirement as the catalogue had it; NULL if the run does not know it. Borrowed. */
const json_t *vg_page_requirement(const struct vg_page *page, const char *id);
/* A paragraph with a label before it; nothing if there is no text. */
void vg_page_labelled(struct vg_page *page, const char *label, const char *text);
void vg_page_link(struct vg_page *page, const char *target, const char *text);
/* <thead> with these titles. */
void vg_page_table_head(struct vg_page *page, const char *const *titles, unsigned count);
/* What is known about a result, as a badge beside that of its verdict; nothing if nobody knew anything. */
void vg_page_overlay(struct vg_page *page, const struct vg_judgement *judgement);
/* Reads the run's gate.json, if it has one, into the page. */
void vg_page_load_gate(struct vg_page *page);
/* What the baseline had for a metric, if it was compared. */
void vg_page_difference(struct vg_page *page, const struct vg_judgement *judgement, const char *metric);
void vg_page_figure(struct vg_page *page, const struct vg_figure *figure);

void vg_page_matrix(struct vg_page *page);
void vg_page_expectations(struct vg_page *page);
void vg_page_baseline(struct vg_page *page);
void vg_page_trends(struct vg_page *page);
void vg_page_masthead(struct vg_page *page);
void vg_page_index(struct vg_page *page);
void vg_page_comparison(struct vg_page *page);
void vg_page_test(struct vg_page *page, const struct vg_report_group *group);
void vg_page_metrics(struct vg_page *page, const struct vg_report_group *group, const struct vg_test *test);
void vg_page_evidence(struct vg_page *page, const struct vg_report_group *group);
void vg_page_environment(struct vg_page *page);

#endif
