/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Part of report/'s public face: what is different between runs, for people. */
#ifndef VG_REPORT_DIFF_H
#define VG_REPORT_DIFF_H

#include <stdio.h>
#include "compare/compare.h"

/* First run against last, on one screen unless `all`. */
void vg_report_diff_text(const struct vg_diff *diff, bool all, FILE *out, bool colour);
/* All runs side by side as one self-contained page. */
bool vg_report_diff_html(const struct vg_diff *diff, const char *path, struct vg_error *err);
/* "2 regressions, 1 fix, 3 changes, 4 new, 0 gone; 50 results and 20 metrics the same." Caller frees. */
char *vg_report_diff_sentence(const struct vg_diff *diff);
/* The run's directory without what is before it: "20261122T080000Z-quick-reference". Clean. Caller frees. */
char *vg_report_diff_run_name(const struct vg_diff *diff, unsigned run);
/* "+14.0 %"; "" if there is no ratio. Caller frees. */
char *vg_report_diff_ratio_text(const struct vg_diff_metric *metric);

#endif
