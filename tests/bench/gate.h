/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to bench-gate: what its synthetic part and that of real boots share. */
#ifndef VG_BENCH_GATE_H
#define VG_BENCH_GATE_H

#include <gsl/gsl_rng.h>
#include "compare/compare.h"

extern gsl_rng *bench_rng;
extern struct vg_gate_policy *bench_policy;

/* What is promised: false alarms, regressed and improved together, in at most so many of all comparisons of boots that
 * differ in nothing; and +10 % seen at least so often where boots scatter by 3 %. */
#define BENCH_FALSE_ALARMS 0.001
enum { BENCH_ALARM_REPEATS = 20000, BENCH_PROMISES = 2 };
struct bench_promise {
    unsigned n, m; /* boots of the run, of the baseline */
    double seen;
};
extern const struct bench_promise bench_promises[BENCH_PROMISES];

/* A metric without boots yet; lower is better. */
void bench_add_metric(struct vg_metrics *metrics, unsigned number, double min_effect);
/* What the gate says of the first metric. */
enum vg_change bench_compare(const struct vg_metrics *now, const struct vg_metrics *then);
bool bench_is_alarm(enum vg_change change); /* regressed or improved */
/* Prints how many of total there were, with the upper confidence bound. Whether it is as promised. */
bool bench_print_alarms(const char *label, size_t alarms, size_t total);

/* Boots that were really made: a file of `vgauge bless`, or run directories that are replicates of each other. False
 * with an error if they cannot be read; *kept is cleared if a promise does not hold for them, or none could be asked
 * for. */
bool bench_boots(const char *const *places, unsigned count, bool *kept, struct vg_error *err);

#endif
