/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Part of compare/'s public face: what is different between runs, result by result and metric by metric. Unlike a
 * comparison it needs no equal environment and no number of boots; it says which differences are more than noise. */
#ifndef VG_DIFF_H
#define VG_DIFF_H

#include "compare/compare.h"

enum vg_diff_kind {
    VG_DIFF_REGRESSION, /* failed now and did not before; a metric is worse beyond its threshold and beyond noise */
    VG_DIFF_FIX,        /* the other way round */
    VG_DIFF_CHANGE,     /* another verdict, or a metric whose median is another, which may be noise */
    VG_DIFF_NEW,        /* the last run has it, and the first has not */
    VG_DIFF_GONE,       /* the last run has it not, and one before it has */
    VG_DIFF_SAME,
    VG_DIFF_KINDS
};
const char *vg_diff_kind_name(enum vg_diff_kind kind); /* "regression" */

/* What one run has of a row: the worst of its boots; count 0: nothing. */
struct vg_diff_cell {
    const struct vg_judgement *worst; /* borrowed */
    unsigned count;                   /* boots */
};
struct vg_diff_result {
    char *test, *configuration; /* the instance less its boot */
    struct vg_diff_cell *cells; /* one per run */
    enum vg_diff_kind kind;     /* of the last run against the first */
};

struct vg_diff_number {
    double median; /* of the boots; NaN: none */
    unsigned boots;
};
struct vg_diff_metric {
    char *id, *unit, *better;
    struct vg_diff_number *numbers; /* one per run */
    double ratio;                   /* last / first; NaN: there is none */
    double min_effect;
    enum vg_diff_kind kind;
    char *note; /* what to think of it: "one boot each: may be noise"; may be NULL */
};

struct vg_diff {
    struct vg_results **runs; /* owned */
    unsigned run_count;
    struct vg_diff_result *results; /* in the order in which they were first seen */
    unsigned result_count;
    struct vg_diff_metric *metrics; /* those with a practical threshold */
    unsigned metric_count;
    struct vg_differences environment; /* of the last run against the first */
    unsigned result_counts[VG_DIFF_KINDS], metric_counts[VG_DIFF_KINDS];
};
/* Two or more judged run directories, the oldest first as given. Decides metrics by the policy where both sides have
 * the boots for it and equal environments but for `across` (NULL: nothing may differ). */
bool vg_diff_make(const char *const *directories, unsigned count, const struct vg_gate_policy *policy,
                  const char *across, struct vg_diff *diff, struct vg_error *err);
void vg_diff_free(struct vg_diff *diff);
json_t *vg_diff_to_json(const struct vg_diff *diff);
/* 1 if there is a regression, else 0. */
int vg_diff_exit_status(const struct vg_diff *diff);

#endif
