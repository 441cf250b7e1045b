/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to judge/: a scheduler's time slices as a tenant sees them. A tenant that always has work is let run and made
 * to wait in turns; from when it ran, the period and the quota follow without any help of the host. */
#ifndef VG_JUDGE_SLICES_H
#define VG_JUDGE_SLICES_H

#include "judge/internal.h"

/* When one tenant's work was being done, seconds since the phase started on the host's clock. Ascending, disjoint. */
struct slice_stretch {
    double begin_s, end_s;
};
struct slice_stretches {
    struct slice_stretch *items;
    size_t count;
    double grain_s; /* length of a job: gaps shorter than half of it are none of the scheduler's */
    double idle_s;  /* part of the gaps in which the tenant had nothing queued */
    bool clocked;   /* by the GPU's clock; false: by completions */
};

enum slice_source { SLICE_BEST, SLICE_GPU_CLOCK, SLICE_COMPLETIONS };
/* Of a run of vk-slice; the completions, of any workload that keeps equal jobs in flight. *why_not says what is missing
 * (to be freed by the caller), NULL if nothing is. False only if a file cannot be read. */
bool slice_stretches_load(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                          const struct vg_measured_run *run, enum slice_source source,
                          struct slice_stretches *stretches, char **why_not, struct vg_error *err);
void slice_stretches_free(struct slice_stretches *stretches);

/* Instants of completion, ascending, to when each job was being done; in place of a GPU's clock. submitted_s may hold
 * NaN. */
void slice_from_completions(const double *at_s, const double *submitted_s, size_t count,
                            struct slice_stretches *stretches);

struct slice_found {
    bool periodic;
    const char *why_not; /* if not: a whole sentence's predicate; static text */
    double span_s;       /* first begin to last end */
    double busy;         /* part of the span in which the tenant ran, short gaps included */
    double threshold_s;  /* shortest gap that counts as a wait */
    double periodicity;  /* part of the cycles' time in cycles that are one period long, within PERIOD_TOLERANCE */
    double period_s;     /* half of the time lies in shorter cycles, half in longer ones */
    double quota_s;      /* busy share of whole cycles times the period */
    /* Of whole cycles (a run and the wait after it), each ascending. */
    double *runs_s, *waits_s, *cycles_s;
    size_t count;
};
/* The method:
 * 1. Gaps shorter than half a grain are joined to the run.
 * 2. For each threshold of a geometric series from there up to the longest gap, the gaps of at least that length cut
 * the span into cycles (from begin of run to begin of run). The periodicity of a threshold is sum of c_i with |c_i / p
 * - 1| <= 0.2, over the sum of all c_i, p being the time-weighted median of the cycles c_i. The lowest threshold counts
 * whose periodicity comes within 0.05 of the best one: noise gaps split cycles at low thresholds, and at high ones
 * short waits join two.
 * 3. period = p; quota = p * time in which the tenant ran / time, over whole cycles: gaps that are no waits count as
 *    not running, too.
 * Gaps at random (exponential) give a periodicity of 0.21: the time-weighted median of Exp(1) is 1.678, and
 * t e^-t between 0.8 and 1.2 times that integrates to 0.21. Periodic is what has 0.6 or more, in 40 cycles or more,
 * with runs of at least two grains. */
void slice_find(const struct slice_stretches *stretches, struct slice_found *found);
void slice_found_free(struct slice_found *found);

#endif
