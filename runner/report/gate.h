/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: what the three forms of a gate's result share. */
#ifndef VG_REPORT_GATE_H
#define VG_REPORT_GATE_H

#include "compare/compare.h"
#include "report/parts.h"

/* "2 of 38 metrics are worse than baseline reference by more than their threshold." Caller frees. */
char *vg_gate_sentence(const struct vg_gate *gate);
/* "38 compared: 2 regressed, 30 equivalent, 6 inconclusive; 1 no baseline". Caller frees. */
char *vg_gate_counts_text(const struct vg_gate *gate);
/* "+50.6 %", "+48.1 % to +53.0 %", "no value". Caller frees. */
char *vg_gate_change_text(const struct vg_compared *item);
char *vg_gate_interval_text(const struct vg_compared *item);
/* "host.kernel is `6.1` here and `6.5` there; ..." of each difference that is allowed: by --across, or since it need
 * not be equal, which is said. Caller frees the text. */
char *vg_gate_across_text(const struct vg_gate *gate);
/* Indices of the items that deserve to be looked at, worst first; all: every item. Caller frees. */
unsigned *vg_gate_order(const struct vg_comparison *comparison, bool all, unsigned *count);
/* Instances of the runs whose verdict closes a gate. Caller frees the array, which borrows. */
const struct vg_judgement **vg_gate_troubles(const struct vg_gate *gate, unsigned *count);

#endif
