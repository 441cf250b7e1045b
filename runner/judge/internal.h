/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to judge/: the steps of a judgement, and what analyses share. */
#ifndef VG_JUDGE_INTERNAL_H
#define VG_JUDGE_INTERNAL_H

#include "common/workload.h"
#include "judge/judge.h"

/* The rules that hold for every instance, before any number is looked at. True: they decided (verdict and reasons are
 * set); false: the analyses may go on. */
bool judge_preconditions(const struct vg_test *test, const struct vg_measurements *measurements,
                         struct vg_judgement *judgement);
/* Compares values with expectations: fills checks, and adds a sentence for each that was not met to one of the lists.
 */
struct judge_sentences {
    char **items;
    unsigned count;
};
struct judge_unmet {
    struct judge_sentences failures, invalid, missing, findings;
};
void judge_expectations(const struct vg_test *test, struct vg_judgement *judgement, struct judge_unmet *unmet);
void judge_add_reason(struct vg_judgement *judgement, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Which driver served a run, against what its mechanism promises. */
enum judge_driver { JUDGE_DRIVER_UNKNOWN, JUDGE_DRIVER_AS_PROMISED, JUDGE_DRIVER_OTHER, JUDGE_DRIVER_SOFTWARE };
/* *sentence says what was found; the caller frees it. UNKNOWN: the run reports no driver. */
enum judge_driver judge_driver_of(const struct vg_measurements *measurements, const struct vg_measured_run *run,
                                  char **sentence);

/* What this vgauge knows of the run's workload; NULL: nothing. */
const struct vg_workload *judge_workload_of(const struct vg_measured_run *run);
/* Adds an invalid sentence for each reason why the run's samples must not become a number. */
void judge_check_run(const struct vg_measured_run *run, struct vg_analysis_output *output);

/* Tenants that were running (busy or idle) during the phase. */
unsigned judge_tenants_running(const struct vg_measurements *measurements, const struct vg_measured_phase *phase);
/* Whether an action of the test ended the tenant (kill, shutdown, ...): its workloads then die on purpose. */
bool judge_ended_by_action(const struct vg_measurements *measurements, const char *tenant);
/* The share of the pGPU that the policy lets one busy tenant have while running-1 others are there but idle. */
double judge_alone_share(const struct vg_measurements *measurements, unsigned running);
/* Of a run: end of warm-up on the host's clock. Mark "steady", else "warm-up-limit" (warm-up was given up). False:
 * none. */
bool judge_steady_ns(const struct vg_measured_run *run, int64_t *host_ns);
/* Part of the completions in the window before which a job was waiting already when the one before it was done: the
 * tenant's queue was never empty between them. NaN: fewer than two completions, or no latency was measured. */
double judge_queued(const struct vg_completion_series *series, double from_s, double to_s);
/* On a host that renders in software: how much of the window a tenant's renderer worked or waited for its turn, 0..1.
 * entitled: its share, NaN if none. NaN: the process-cpu probe did not see the tenant in the window. */
bool judge_demand(const struct vg_measurements *measurements, const char *tenant, int64_t from_ns, int64_t to_ns,
                  double entitled, double *demand, struct vg_error *err);
/* Ascending, in place; no NaN among the values. Much faster than qsort on millions. */
void judge_sort(double *values, size_t count);
/* A fact as a number; NaN if absent or no number. */
double judge_fact_number(const struct vg_measured_run *run, const char *name);
/* An integral sample as an instant. */
int64_t judge_instant(double sample);

#endif
