/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: what the output formats share. Words for verdicts and numbers live in one place, so that the
 * terminal, TAP, JUnit and the page never say different things about one result. */
#ifndef VG_REPORT_PARTS_H
#define VG_REPORT_PARTS_H

#include "report/report.h"

/* The instances of one test, in the order of the results. */
struct vg_report_group {
    const char *test;                      /* borrowed from the first instance */
    const struct vg_judgement **instances; /* borrowed */
    unsigned count;
    enum vg_verdict verdict; /* the worst of them */
};
struct vg_report_groups {
    struct vg_report_group *items;
    unsigned count;
};
void vg_report_groups_make(const struct vg_results *results, struct vg_report_groups *groups);
void vg_report_groups_free(struct vg_report_groups *groups);
unsigned vg_report_groups_count(const struct vg_report_groups *groups, enum vg_verdict verdict);

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
/* Why an instance is not a pass: its reasons joined by "; ", at most max_bytes, clean. Caller frees. */
char *vg_report_reasons_text(const struct vg_judgement *judgement, size_t max_bytes);
/* Why the run's directory does not hold a whole run; NULL if it does. Caller frees. */
char *vg_report_incomplete_text(const struct vg_run *run);
/* "3 m 20 s" from start to end; NULL if it is not known. Caller frees. */
char *vg_report_took_text(const struct vg_run *run);
/* True if results of the verdict stop a gate (exit status 1, `not ok`, JUnit failure or error). An invalid result does
 * so only if nothing else was decided, which is what exit status 3 says. */
bool vg_report_gates(const struct vg_results *results, enum vg_verdict verdict);
/* Finds the value of a metric among an instance's values; NULL if absent. */
const struct vg_value *vg_report_value_find(const struct vg_judgement *judgement, const char *metric);
const struct vg_checked *vg_report_check_find(const struct vg_judgement *judgement, const struct vg_checked *like);

VG_DEFINE_CLEANUP(vg_report_cleanup_test, struct vg_test *, vg_test_free)
VG_DEFINE_CLEANUP(vg_report_cleanup_measurements, struct vg_measurements *, vg_measurements_free)
VG_DEFINE_CLEANUP(vg_report_cleanup_results, struct vg_results *, vg_results_free)
#define vg_report_autotest         VG_CLEANUP(vg_report_cleanup_test)
#define vg_report_automeasurements VG_CLEANUP(vg_report_cleanup_measurements)
#define vg_report_autoresults      VG_CLEANUP(vg_report_cleanup_results)
#define vg_report_autogroups       VG_CLEANUP(vg_report_groups_free)

#endif
