/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of judge/: measurements -> metrics -> verdicts. Reads only a run directory: no libvirt, no GPU, no
 * guest. Everything is recomputed from the raw samples each time. */
#ifndef VG_JUDGE_H
#define VG_JUDGE_H

#include "catalog/catalog.h"
#include "placement/placement.h"
#include "record/record.h"
#include "statistics/statistics.h"

/* What an analysis sees and where it puts its metrics. */
struct vg_analysis_input {
    const struct vg_test *test;
    const struct vg_test_analysis *spec; /* its params, checked and complete through vg_analysis_param() */
    const struct vg_measurements *measurements;
};

struct vg_analysis_output {
    struct vg_value *values;
    unsigned value_count;
    char **invalid; /* reasons why the numbers mean nothing; any makes the verdict `invalid` */
    unsigned invalid_count;
    char **failures; /* facts that are failures by themselves (a wrong GPU result, canary seen), each a sentence */
    unsigned failure_count;
    char **findings; /* documented absences of a guarantee */
    unsigned finding_count;
    char **absent; /* what the test judges and this host does not have; any makes the verdict `skip` */
    unsigned absent_count;
};
/* metric must be declared in the analysis' descriptor (unit, direction and practical threshold come from there);
 * suffix may be NULL, else the value is called metric[suffix], e.g. share[peer.0]. NaN means "could not be computed".
 */
void vg_output_value(struct vg_analysis_output *output, const struct vg_descriptor *analysis, const char *metric,
                     const char *suffix, double value, const char *note);
void vg_output_invalid(struct vg_analysis_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vg_output_failure(struct vg_analysis_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vg_output_finding(struct vg_analysis_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vg_output_absent(struct vg_analysis_output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct vg_analysis {
    struct vg_descriptor; /* .kind = VG_KIND_ANALYSIS */
    /* False only if the measurements cannot be read; a missing stream or fact is vg_output_invalid. */
    bool (*run)(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err);
};
#define VG_ANALYSIS(symbol)                                                                                            \
    extern const struct vg_analysis vg_analysis_##symbol;                                                              \
    VG_REGISTER(vg_analysis_##symbol);                                                                                 \
    const struct vg_analysis vg_analysis_##symbol

/* Value of a parameter of the analysis: the test's, else the descriptor's default. */
const char *vg_analysis_param(const struct vg_analysis_input *input, const char *name);
double vg_analysis_param_real(const struct vg_analysis_input *input, const char *name);

/* Judges one instance: checks preconditions, runs the analyses, compares with the expectations, decides. Never fails
 * for what a guest did: that is a verdict. Returns NULL only if the directory cannot be read. */
struct vg_judgement *vg_judge(const struct vg_test *test, const struct vg_measurements *measurements,
                              struct vg_error *err);
/* Adds to what the measurements say is not known of the environment (vg_measurements.unread) each field that the run
 * does not have, and that they rest on. For measurements that are read back; vg_judge() then calls them invalid. */
void vg_judge_note_environment(const struct vg_run *run, struct vg_measurements *measurements);
/* Judges every instance of a run directory again, rewriting verdict.json and results.json. */
bool vg_judge_run(const char *run_directory, struct vg_error *err);

/* Statistics on raw samples (GSL): quantile by linear interpolation between order statistics (type 7). Sorts a copy. */
double vg_quantile(const double *values, size_t count, double probability);
/* As vg_quantile on values that are sorted already (ascending). NaN if count is 0. */
double vg_quantile_sorted(const double *sorted, size_t count, double probability);

/* --- raw series, for analyses and plots alike: both show the same numbers ------------------------------------------
 */

/* When one tenant's jobs were completed, on the host's clock. Ascending. */
struct vg_completion_series {
    char *tenant;
    double *at_s;        /* seconds since the phase started */
    double *submitted_s; /* when each was submitted: its completion less its `latency`; NaN: not measured */
    size_t count;
    double steady_s;      /* when warm-up ended (mark "steady"), seconds since the phase started; NaN: no such mark */
    double clock_error_s; /* uncertainty of the mapping to the host's clock */
};
struct vg_completions {
    struct vg_completion_series *series; /* one per run of the workload in the phase that has completions */
    unsigned count;
    /* The common window: latest first completion (after each tenant's warm-up) to earliest last completion. NaN: none.
     */
    double window_start_s, window_end_s;
};
/* Completion instants of all tenants that ran `workload` ("": any) in `phase`. False if the phase is unknown or a
 * sample file cannot be read; no run of that workload gives count 0. */
bool vg_completions_load(const struct vg_measurements *measurements, const char *phase, const char *workload,
                         struct vg_completions *completions, struct vg_error *err);
void vg_completions_free(struct vg_completions *completions);
/* Jobs per second between two instants, by interpolation inside inter-completion intervals, so that it does not jump by
 * whole jobs. NaN if the interval is not covered by completions. */
double vg_completion_rate(const struct vg_completion_series *series, double from_s, double to_s);
/* Throughput over time: rates[i] is over [start_s + i*bin_s, start_s + (i+1)*bin_s). Only whole bins that are covered
 * by the series are given. Caller frees *rates; may be NULL with count 0. */
void vg_share_series(const struct vg_completion_series *series, double bin_s, double *start_s, double **rates,
                     size_t *count);
/* What a tenant is entitled to in a phase while all that run on the pGPU are busy, as a share of solo throughput
 * (method: policy truth table). NaN: the policy promises no share (best-effort). */
double vg_entitled_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant);

/* The gaps that `starvation` judges, of one run: for each completion the part of the time since the one before it in
 * which at least one job was waiting; seconds, in the order of time. Caller frees *gaps_s. False if a file cannot be
 * read. */
bool vg_waiting_gaps_load(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                          const struct vg_measured_run *run, double **gaps_s, size_t *count, struct vg_error *err);
/* The intervals that `pacing` judges, of one run: from one completion to the next, as the workload took them itself
 * where it did; seconds, in the order of time. Caller frees *intervals_s. False if a file cannot be read. */
bool vg_intervals_load(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                       const struct vg_measured_run *run, double **intervals_s, size_t *count, struct vg_error *err);
/* The runs and waits that `slice` finds in one run's whole cycles, each ascending, in seconds. */
struct vg_slice_lengths {
    double *runs_s, *waits_s;
    size_t count;
    double run_s, wait_s; /* as the policy configures them: the quota, and the rest of the period; NaN: it does not */
};
/* *why_not says why there are none (caller frees), NULL if there are. False only if a file cannot be read. */
bool vg_slice_lengths_load(const struct vg_analysis_input *input, const struct vg_measured_phase *phase,
                           const struct vg_measured_run *run, struct vg_slice_lengths *lengths, char **why_not,
                           struct vg_error *err);
void vg_slice_lengths_free(struct vg_slice_lengths *lengths);

/* One column of one stream, pooled over the tenants of a phase; rows before the mark "steady" and values below 0 of a
 * duration ("not available") are left out. tenant NULL or "": all. Ascending if `sorted`, else in the order of time per
 * tenant. Caller frees *values. False if a file cannot be read or phase, workload, stream or column is not there. */
bool vg_column_load(const struct vg_measurements *measurements, const char *phase, const char *workload,
                    const char *stream, const char *column, const char *tenant, bool sorted, double **values,
                    size_t *count, struct vg_error *err);

/* --- provisioning: what was asked of a mechanism, and what should have come of it -----------------------------------
 */

/* What one step did. */
enum vg_step_op {
    VG_STEP_CREATE = 1,
    VG_STEP_DESTROY,
    VG_STEP_LOOK,      /* only counters were read */
    VG_STEP_BAD_UUID,  /* a create with a UUID that the driver must refuse */
    VG_STEP_HOLD,      /* a VM has the vGPU from now on */
    VG_STEP_RELEASE,   /* it was stopped, in whatever way */
    VG_STEP_VFS,       /* `wanted` VFs were asked for */
    VG_STEP_MIXED,     /* mixed-size mode on (1) or off (0) was asked for */
    VG_STEP_PASS,      /* the pGPU was given away as a whole */
    VG_STEP_TAKE_BACK, /* and taken back */
    VG_STEP_INSPECT,   /* the driver's tree: `wanted` things looked at, `seen` of them missing */
    VG_STEP_HELD,      /* what the manager holds of the host, `type` says which; `seen` now, `wanted` at first */
    VG_STEP_REBOOT,    /* of the whole host; `pgpu` says nothing */
    VG_STEP_SAME, /* is this vGPU as `wanted` was defined, its own number, or another's before a reboot? `seen` 1 or 0
                   */
    VG_STEP_RAW_VFS, /* `wanted` VFs were asked of the driver as they are: nothing was looked at or refused before */
    VG_STEP_INSIST,  /* a create that was just refused, asked of the driver itself, without a look at its counters */
};

/* What VG_STEP_HELD counts. Of memory there are many readings, over rounds, and its trend is judged. Device nodes are
 * the host's: as many after a refusal as before it. */
enum { VG_HELD_FILES, VG_HELD_THREADS, VG_HELD_VMS, VG_HELD_MEMORY, VG_HELD_NODES, VG_HELD_KINDS };

/* One row of a provisioning run's stream "steps"; all numbers, so that rows are the record. */
struct vg_step {
    int64_t step, round;
    int64_t op;
    int64_t pgpu;     /* index, or VG_ANY: none was eligible */
    int64_t type;     /* index of the type on that pGPU (of a decision: its id); VG_ANY: one that it does not have */
    int64_t instance; /* number of the vGPU within the run, or VG_ANY */
    int64_t wanted, seen;
    int64_t outcome; /* enum vg_refusal */
    int64_t vf, place;
    int64_t race;          /* steps with the same number, not 0, went on at once */
    int64_t decided;       /* 1: a placement policy chose the pGPU, for the type with this id in `type` */
    int64_t granted_bytes; /* create: memory that the driver said it gave, rounded by it or not; 0: it does not say */
    int64_t start_ns, end_ns;
};
enum { VG_STEP_COLUMNS = sizeof(struct vg_step) / sizeof(int64_t) };
extern const char *const vg_step_columns[VG_STEP_COLUMNS];

/* One row of "counters": what was read after a step. */
struct vg_counter {
    int64_t step, pgpu;
    int64_t type; /* index; or one of VG_COUNTER_... */
    int64_t vf;   /* index, or VG_ANY: the pGPU as a whole */
    int64_t value;
};
enum { VG_COUNTER_LIVE = -1, VG_COUNTER_MIXED = -2, VG_COUNTER_VFS = -3, VG_COUNTER_COLUMNS = 5 };
extern const char *const vg_counter_columns[VG_COUNTER_COLUMNS];

/* One row of "ranges": what part of the pGPU a vGPU has, where the driver tells: bytes of its memory, of which nobody
 * says where they are (first is VG_ANY), or graphics addresses. */
enum {
    VG_RANGE_MEMORY,
    VG_RANGE_ADDRESSES,
    /* The same of each VF, as the driver gave them by itself when VFs were enabled: all alike. */
    VG_RANGE_OWN_MEMORY,
    VG_RANGE_OWN_ADDRESSES,
};
struct vg_memory_range {
    int64_t step, pgpu, vf, of, first, bytes;
};
enum { VG_RANGE_COLUMNS = 6 };
extern const char *const vg_range_columns[VG_RANGE_COLUMNS];

/* One row of "placements": what the driver tells of where a type may lie in mixed-size mode. SLOTS: value is how many
 * it takes. SUPPORTED (whatever lives there), CREATABLE (now): bit n of value is placement ID first + n. */
enum { VG_PLACEMENT_SLOTS, VG_PLACEMENT_SUPPORTED, VG_PLACEMENT_CREATABLE };
enum { VG_PLACEMENT_BITS = 32, VG_PLACEMENT_COLUMNS = 6 }; /* a row is read back through a double */
struct vg_placement_row {
    int64_t step, pgpu, type, of, first, value;
};
extern const char *const vg_placement_columns[VG_PLACEMENT_COLUMNS];

struct vg_walk {
    struct vg_pgpu_class *classes; /* prepared; names are borrowed */
    unsigned class_count;
    unsigned *boards, *vf_totals; /* per pGPU */
    struct vg_step *steps;
    unsigned step_count;
    struct vg_counter *counters; /* ascending by step */
    unsigned counter_count;
    struct vg_memory_range *ranges; /* ascending by step */
    unsigned range_count;
    struct vg_placement_row *placements; /* ascending by step */
    unsigned placement_count;
};

struct vg_walk_result {
    unsigned creates, destroys, refusals, counters, decisions, races, inspected;
    unsigned contested;      /* decisions at which a pGPU that takes the type would have been wrong */
    unsigned mixed_refusals; /* decisions that found no pGPU, for reasons that differ between pGPUs */
    unsigned reasons;        /* bit of each enum vg_refusal that was rightly given */
    unsigned raw_refusals;   /* numbers of VFs that the driver itself refused */
    unsigned insisted;       /* refusals that came from the driver itself, whatever its counters say */
    unsigned reboots;        /* of the host */
    unsigned restored;       /* vGPUs that are as they were defined, again after a reboot or still */
    unsigned vms;            /* that were given a vGPU */
    int64_t slowest_free_ns; /* longest time from a VM's end until its slot was free; 0: nothing was timed */
    unsigned wrong_grants;   /* granted where the capacity model refuses */
    unsigned wrong_refusals; /* refused where it grants */
    unsigned wrong_reasons;  /* rightly refused, for the wrong reason */
    unsigned failed_destroys;
    unsigned wrong_counters;               /* what was read is not what the model says */
    unsigned overlaps;                     /* placements or memory ranges of two vGPUs */
    unsigned bad_places;                   /* placement IDs that the type does not have */
    unsigned placements, wrong_placements; /* rows of them, and IDs or numbers of slots that are not the model's */
    unsigned wrong_decisions;
    unsigned races_without, races_with_many;
    unsigned wrong_setups, missing;
    unsigned memory_checks;  /* times that memory of one pGPU's vGPUs was compared: sums with what it has, or ranges */
    unsigned parts_unread;   /* of VFs that are given parts (model vf): memory and addresses that were not told */
    unsigned share_checks;   /* parts that a driver gave VFs by itself, compared with the others' */
    unsigned unequal;        /* of these, another size than the first VF's, or none */
    unsigned node_checks;    /* times that device nodes were counted around a refusal */
    unsigned open_refusals;  /* for want of memory, where nobody can know whether there is any: see below */
    unsigned vfs_filled;     /* of pGPUs whose VFs are given memory (model vf): most that were full at once, together */
    unsigned vfs_advertised; /* by them */
    unsigned left_over;      /* vGPUs that still exist at the end; files, threads and nodes that nothing needs */
    unsigned fills;          /* types of pGPUs that were created alone until they were refused */
    int64_t first_step;      /* of the first thing that was wrong; -1: nothing was */
    char first[400];         /* it, as a sentence */
};
/* Replays the steps beside the capacity models. policy: name of what every decision should have followed; NULL: only
 * reasons of refusals are checked. Pure: reads nothing else. */
void vg_walk_check(const struct vg_walk *walk, const char *policy, struct vg_walk_result *result);
/* Is it known that with so many VFs enabled each can be given the type's memory? Of drivers that give each VF a part
 * (model vf) the host file says so for as many VFs as it wants, unless these would take all that the card has: the PF
 * keeps some for itself, and nobody says how much. Of more VFs nobody says it. True for every other model, and for
 * types without memory of their own. described: as the host file has it. */
bool vg_walk_room_is_known(const struct vg_pgpu_class *described, unsigned type, unsigned vfs);
/* The manager's bytes over rounds, as a straight line with its 95 % interval; .count 0: they were not weighed. */
struct vg_line vg_walk_memory(const struct vg_walk *walk);
/* "create m60-2q on m60-a: granted" */
char *vg_step_text(const struct vg_walk *walk, const struct vg_step *step);

#endif
