/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: what the output formats share. Words for verdicts and numbers live in one place, so that the
 * terminal, TAP, JUnit and the page never say different things about one result. */
#ifndef VG_REPORT_PARTS_H
#define VG_REPORT_PARTS_H

#include "report/report.h"

/* Where a result stands in a table: as the host file names mechanisms, profiles and policies; what it does not name
 * comes after those that it does. */
struct vg_report_place {
    unsigned mechanism, profile, policy;
};
struct vg_report_place vg_report_place_of(const struct vg_results *results, const struct vg_judgement *judgement);
int vg_report_place_compare(const struct vg_report_place *a, const struct vg_report_place *b);

/* The instances of one test, by place and boot. */
struct vg_report_group {
    const char *test;                      /* borrowed from the first instance */
    char *suite;                           /* the catalogue's folder; may be "" */
    const struct vg_judgement **instances; /* borrowed */
    unsigned count, skipped;               /* skipped: how many of them do not apply */
    enum vg_verdict verdict;               /* the worst of them */
};
/* Failures first, then what is invalid, then the rest by suite and id. */
struct vg_report_groups {
    struct vg_report_group *items;
    unsigned count;
};
void vg_report_groups_make(const struct vg_results *results, struct vg_report_groups *groups);
void vg_report_groups_free(struct vg_report_groups *groups);
unsigned vg_report_groups_count(const struct vg_report_groups *groups, enum vg_verdict verdict);

/* The directory of style sheet and scripts. NULL and the error if there is none. Caller frees. */
char *vg_report_templates(struct vg_error *err);
/* Foreign text made fit to show: no control characters, valid UTF-8, bounded. NULL gives "". Caller frees. */
char *vg_report_clean(const char *text);
/* "virtio-venus, full, equal-share, boot 1": which point of the matrix; clean. Caller frees. */
char *vg_report_instance_text(const struct vg_judgement *judgement);
/* "at most 0.1", "exactly 0 bytes". Caller frees. */
char *vg_report_limit_text(const struct vg_checked *check);
/* The value with its unit, or "no value". Caller frees. */
char *vg_report_value_text(double value, const char *unit);
/* One sentence that answers the reader's question. Caller frees. */
char *vg_report_answer(const struct vg_results *results, const struct vg_report_groups *groups);
/* The same by requirements: how many are not met, which areas hold, what the failures come to; the answer above if the
 * run decides no requirement. Caller frees. */
char *vg_report_requirements_answer(const struct vg_results *results, const struct vg_report_groups *groups);
/* How a requirement came out, over all results that decide it. */
enum vg_report_state {
    VG_REPORT_MET,
    VG_REPORT_NOT_MET,
    VG_REPORT_EXCUSED,    /* every result that fails is expected to, or waived */
    VG_REPORT_UNDECIDED,  /* nothing failed, but something is invalid */
    VG_REPORT_ABSENT,     /* a finding: the guarantee is not there, and is documented not to be */
    VG_REPORT_NOT_TESTED, /* nothing applied */
    VG_REPORT_STATES
};
enum vg_report_state vg_report_requirement_state(const struct vg_results *results, const char *id);
const char *vg_report_state_words(enum vg_report_state state); /* "not met" */
/* "Plan quick on host reference, 2026-11-22 08:00 UTC, took 3 m, seed 1, vgauge 0.1.0." Caller frees. */
char *vg_report_run_text(const struct vg_run *run);
/* One cell of a CSV row, and its end or a comma. */
void vg_report_csv_cell(FILE *out, const char *text, bool last);
/* Foreign text as Markdown that is nothing but text. */
void vg_report_markdown_add(struct vg_text *text, const char *foreign);
/* Requirements down, mechanisms across, if the run has several. */
void vg_report_markdown_matrix(struct vg_text *text, const struct vg_results *results);
/* Why an instance is not a pass: its reasons joined by "; ", at most max_bytes, clean. Caller frees. */
char *vg_report_reasons_text(const struct vg_judgement *judgement, size_t max_bytes);
/* Why the run's directory does not hold a whole run; NULL if it does. Caller frees. */
char *vg_report_incomplete_text(const struct vg_run *run);
/* "3 m 20 s" from start to end; NULL if it is not known. Caller frees. */
char *vg_report_took_text(const struct vg_run *run);
/* "Changed parameters: fair.seconds=3 (--set), ..."; NULL if the run used the tests as they are. Caller frees. */
char *vg_report_changes_text(const struct vg_run *run);
/* True if a result of the verdict stops a gate (exit status 1 or 3, `not ok`, JUnit failure or error). */
bool vg_report_gates(enum vg_verdict verdict);
/* True if somebody should look at it: neither a pass nor a skip. */
bool vg_report_troubled(enum vg_verdict verdict);
/* Finds the value of a metric among an instance's values; NULL if absent. */
const struct vg_value *vg_report_value_find(const struct vg_judgement *judgement, const char *metric);
const struct vg_checked *vg_report_check_find(const struct vg_judgement *judgement, const struct vg_checked *like);

/* The drivers that served some results, as their workloads told them (facts); each label and driver once. */
struct vg_report_driver {
    char *label;   /* whose driver: "virtio-venus" */
    char *name;    /* of the device or renderer; may be "" */
    char *version; /* may be "" */
    unsigned api;  /* equal for versions that are worded alike */
};
struct vg_report_drivers {
    struct vg_report_driver *items;
    unsigned count;
};
void vg_report_drivers_add(struct vg_report_drivers *drivers, const char *label,
                           const struct vg_measurements *measurements);
/* Name and version, clean; of all of them, joined by "; ". Caller frees. */
char *vg_report_driver_text(const struct vg_report_driver *driver);
char *vg_report_drivers_text(const struct vg_report_drivers *drivers);
/* A sentence if they are not of one version; else NULL. Foreign text: clean it or escape it. Caller frees. */
char *vg_report_drivers_warning(const struct vg_report_drivers *drivers);
void vg_report_drivers_free(struct vg_report_drivers *drivers);

VG_DEFINE_CLEANUP(vg_report_cleanup_test, struct vg_test *, vg_test_free)
VG_DEFINE_CLEANUP(vg_report_cleanup_measurements, struct vg_measurements *, vg_measurements_free)
VG_DEFINE_CLEANUP(vg_report_cleanup_results, struct vg_results *, vg_results_free)
#define vg_report_autotest         VG_CLEANUP(vg_report_cleanup_test)
#define vg_report_automeasurements VG_CLEANUP(vg_report_cleanup_measurements)
#define vg_report_autoresults      VG_CLEANUP(vg_report_cleanup_results)
#define vg_report_autogroups       VG_CLEANUP(vg_report_groups_free)

#endif
