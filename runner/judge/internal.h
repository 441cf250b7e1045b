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
/* The same beside tenants that work: one that completed too little for its warm-up to be told is judged by what it got.
 * Otherwise a scheduler could starve its way out of a verdict. */
void judge_check_contended_run(const struct vg_measured_run *run, struct vg_analysis_output *output);
/* Only whether it read back results of what it timed: a tenant that is starved never gets warm. */
void judge_check_verified(const struct vg_measured_run *run, struct vg_analysis_output *output);

/* Adds a sentence for each field of the environment's fingerprint that is not known: such a result is none. */
void judge_check_environment(const struct vg_measurements *measurements, struct judge_sentences *invalid);

/* Tenants that were running (busy or idle) during the phase. */
unsigned judge_tenants_running(const struct vg_measurements *measurements, const struct vg_measured_phase *phase);
/* clock.c: a tenant's clock ran at another rate than the host's; adds a reason for each. */
bool judge_wrong_clock(const struct vg_measurements *measurements, struct vg_judgement *judgement);
/* Whether an action of the test ended the tenant (kill, shutdown, ...): its workloads then die on purpose. */
bool judge_ended_by_action(const struct vg_measurements *measurements, const char *tenant);
bool judge_is_running(const struct vg_measurements *measurements, const struct vg_measured_tenant *tenant,
                      const struct vg_measured_phase *phase);
/* The policy in force during a phase. */
const char *judge_policy(const struct vg_measurements *measurements, const struct vg_measured_phase *phase);
/* After how long the policy's turns begin again: the host file's period; else its slice for each turn, of a tenant with
 * a weight as many as that. NAN: neither is known, or the tenant's share is not. */
double judge_period_us(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                       const char *tenant);
/* The share of the pGPU that the policy lets this tenant have in the phase while it alone is busy. */
double judge_alone_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant);
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
/* How fast the pGPU was over time, where it is a set of cores (probe pgpu-clock). count 0: it was not followed. */
enum { JUDGE_CLOCK_CORES = 64 };
struct judge_clock_sample {
    int64_t time_ns;
    unsigned core;
    double speed; /* in a unit of the probe's own: only ratios mean something */
};
struct judge_clock {
    struct judge_clock_sample *samples; /* by time */
    size_t count;
    unsigned core_count;
};
bool judge_clock_load(const struct vg_measurements *measurements, struct judge_clock *clock, struct vg_error *err);
void judge_clock_free(struct judge_clock *clock);
/* Mean over the pGPU's cores and the interval, host clock, by every second sample each: two readings of one clock with
 * errors of their own. NaN: it was not followed closely enough there. */
void judge_clock_halves(const struct judge_clock *clock, int64_t from_ns, int64_t to_ns, double halves[2]);

/* Renderer time as GPU time, where the pGPU is a set of cores. Empty, and every reading NaN, where it is not, or where
 * the process-cpu probe could not see. */
struct judge_gpu_time {
    struct vg_probe_samples samples;
    const double *cpu_s; /* NULL: GPU time is not counted here */
};
bool judge_gpu_time_load(const struct vg_measurements *measurements, struct judge_gpu_time *time, struct vg_error *err);
void judge_gpu_time_free(struct judge_gpu_time *time);
/* Narrows an interval of the host's clock to the first and the last reading inside it. A renderer that ends with its
 * workload takes what it used since its last reading along, so that nothing can be said about the time after that.
 * False: there are no two readings. */
bool judge_gpu_watched(const struct judge_gpu_time *time, const char *tenant, int64_t *from_ns, int64_t *to_ns);
/* Seconds of GPU time that the tenant used between two instants of the host's clock, both inside what was watched.
 * NaN: unknown. */
double judge_gpu_seconds(const struct judge_gpu_time *time, const char *tenant, int64_t from_ns, int64_t to_ns);
/* The same per second, from the readings inside the interval. NaN: they span less than half of it, or
 * leave more than a second at one end. */
double judge_gpu_rate(const struct judge_gpu_time *time, const char *tenant, int64_t from_ns, int64_t to_ns);

/* What a comparison of two phases rests on. */
struct judge_host_clocks {
    struct judge_clock clock;
    struct judge_gpu_time gpu_time;
};

enum { JUDGE_MIN_JOBS = 25 }; /* fewer, and one job more or less is 4 % */

/* One tenant that works alone: what shares are measured against. */
struct judge_solo {
    struct vg_completions completions; /* one series */
    const struct vg_measured_phase *phase;
    double rate;     /* of the whole pGPU, jobs per second */
    double gpu_time; /* of the whole pGPU, seconds per second; NaN: not counted */
    double work;     /* loop count of its job; NaN: unknown */
    double cv;      /* over windows of 1 s (a fifth of a short series): of GPU time where it is counted, else of rate */
    double rate_cv; /* of the rate */
    char *note;
};

/* What every analysis that compares phases with a solo phase starts from. */
struct judge_basis {
    struct judge_host_clocks clocks;
    struct judge_solo solo;
};
/* phases: all that the analysis looks at, the first of them solo. `solo_rate` and `solo_cv` are put as values of
 * `self`, as far as it has such metrics. Where there is an invalid sentence then, nothing can be compared. */
bool judge_basis_open(const struct vg_analysis_input *input, const struct vg_descriptor *self,
                      const char *const *phases, size_t count, struct judge_basis *basis,
                      struct vg_analysis_output *output, struct vg_error *err);
void judge_basis_free(struct judge_basis *basis);

/* Tenants that share the pGPU, over their common window. */
struct judge_contended {
    struct vg_completions completions;
    const struct vg_measured_phase *phase;
    double window_s;
    double *rates;    /* per series, in jobs of the solo phase's length */
    double *gpu_time; /* per series, seconds per second; NaN: not counted */
    double *entitled; /* per series, of the whole pGPU; NaN: the policy promises no share */
};
bool judge_contended_measure(const struct vg_measurements *measurements, const struct judge_host_clocks *clocks,
                             const char *phase, const char *workload, const struct judge_solo *solo,
                             struct judge_contended *contended, struct vg_analysis_output *output,
                             struct vg_error *err);
void judge_contended_free(struct judge_contended *contended);
/* False, and an invalid sentence for each, if a phase was not measured. */
bool judge_phases_measured(const struct vg_measurements *measurements, const char *const *phases, size_t count,
                           struct vg_analysis_output *output);
/* Whether the runs of the workload in these phases may become a number: judge_check_run, or judge_check_contended_run
 * beside others. tenant: only its throughput is judged; the others need not be steady, one that works a fifth of the
 * time never is, but they must have worked. NULL: all. by_time: what is judged is GPU time, which does not depend on
 * how long jobs take and how steady that is; all must have worked. */
void judge_check_runs(const struct vg_measurements *measurements, const char *const *phases, size_t count,
                      const char *workload, const char *tenant, bool by_time, struct vg_analysis_output *output);
/* Loop count of the job that the tenant ran; NaN: unknown. */
double judge_job_work(const struct vg_measurements *measurements, const char *phase, const char *workload,
                      const char *tenant);
/* An instant of a phase on the host's clock. */
int64_t judge_phase_instant(const struct vg_measured_phase *phase, double at_s);

/* Work done in one phase against that in another, per unit of the pGPU's clock (work.c). */
struct judge_side {
    const struct vg_completions *completions; /* of all tenants whose work counts, and the window */
    const struct vg_measured_phase *phase;
    double scale;       /* rates to what they are compared as */
    const double *work; /* per tenant: of one of its jobs */
};
struct judge_efficiency {
    double value, error;              /* the larger half of the 95 % interval */
    double at_most, at_least;         /* its ends */
    double clock_change, sensitivity; /* NaN: the clock was not followed */
};
struct judge_efficiency judge_efficiency_measure(const struct judge_side *solo, const struct judge_side *contended,
                                                 const struct judge_clock *clock);
/* The value of `metric`, and `error`, `at_most` and `at_least` of it; an invalid sentence where the clock moves and was
 * not followed. */
void judge_efficiency_put(const struct judge_efficiency *efficiency, const struct judge_clock *clock,
                          const struct vg_descriptor *self, const char *metric, struct vg_analysis_output *output);
/* The solo phase as one side: what its tenant would do with the whole pGPU. */
struct judge_side judge_solo_side(const struct judge_solo *solo);

/* Ascending, in place; no NaN among the values. Much faster than qsort on millions. */
void judge_sort(double *values, size_t count);
/* A fact as a number; NaN if absent or no number. */
double judge_fact_number(const struct vg_measured_run *run, const char *name);
/* An integral sample as an instant. */
int64_t judge_instant(double sample);
/* walk_oracle.c: where a policy must put a vGPU, found without the code that places. */
struct judge_pgpus {
    const struct vg_pgpu_class *classes;
    const struct vg_pgpu_state *states;
    const unsigned *residents; /* vGPUs that were made there and not taken away */
    unsigned count;
};
struct judge_oracle {
    int64_t best;        /* the first of those that are right, or VG_ANY: none is eligible */
    enum vg_refusal why; /* then: the most specific of the pGPUs' reasons */
    bool good;           /* what was chosen (VG_ANY: none) is right */
    bool contested;      /* of the eligible ones at least one would have been wrong */
    bool mixed;          /* none is eligible, for reasons that differ */
};
bool judge_oracle_knows(const char *policy);
/* policy: NULL: any pGPU that takes the type is right. */
struct judge_oracle judge_oracle_ask(const char *policy, const struct judge_pgpus *pgpus, unsigned type_id,
                                     int64_t chosen);
/* Name of a type of a pGPU in a walk; words that say so for one that it does not have. walk_text.c. */
const char *judge_type_name(const struct vg_walk *walk, int64_t pgpu, int64_t type);

#endif
