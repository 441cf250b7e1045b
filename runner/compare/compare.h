/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of compare/: judged runs against each other and against baselines. Reads run directories and baseline
 * files only: no libvirt, no GPU, no guest. The method and its measured rates of false and missed alarms are in
 * docs/comparing.md; the numbers that it depends on are data (struct vg_gate_policy). */
#ifndef VG_COMPARE_H
#define VG_COMPARE_H

#include "catalog/catalog.h"
#include "record/record.h"

/* --- fingerprints: what may be compared at all -----------------------------------------------------------------------
 */

struct vg_fingerprint {
    const struct vg_fingerprint_field *fields; /* borrowed */
    unsigned count;
};

enum vg_difference_kind {
    VG_DIFFERS,
    VG_UNKNOWN, /* one side, or both, could not read it or does not know the field: not equal, but not known */
};

struct vg_difference {
    char *key;
    char *now, *then; /* NULL: not known there */
    enum vg_difference_kind kind;
    bool across;   /* the user said that it may differ */
    bool recorded; /* it is written down and shown, and need not be equal (VG_FINGERPRINT_BUILD) */
};

struct vg_differences {
    struct vg_difference *items; /* in the order of the fields */
    unsigned count;
    unsigned barring; /* of them, those that forbid a comparison */
};

/* across: comma-separated globs over keys that may differ (--across); NULL: none. False with VG_ERROR_INPUT if one of
 * them names no key of either side, with the nearest. */
bool vg_fingerprints_compare(struct vg_fingerprint now, struct vg_fingerprint then, const char *across,
                             struct vg_differences *differences, struct vg_error *err);
void vg_differences_free(struct vg_differences *differences);
/* "host.kernel is 6.1 here and 6.5 there" as one sentence without a full stop. Caller frees. */
char *vg_difference_text(const struct vg_difference *difference);
/* Whether a field is only recorded. */
bool vg_fingerprint_records(const char *key);
struct vg_fingerprint vg_run_fingerprint_of(const struct vg_run *run);

/* --- metrics against metrics ---------------------------------------------------------------------------------------
 */

enum vg_change {
    VG_CHANGE_REGRESSED,    /* worse, by more than the practical threshold */
    VG_CHANGE_IMPROVED,     /* better, by more than it */
    VG_CHANGE_EQUIVALENT,   /* within it, known to be */
    VG_CHANGE_INCONCLUSIVE, /* none of these can be said with this many boots */
    VG_CHANGE_INSUFFICIENT, /* too few boots to call any change, or numbers without a ratio */
    VG_CHANGE_NO_BASELINE,  /* the other side has no such metric, or its test has changed since */
    VG_CHANGE_NOT_MEASURED, /* the other side has it, this one does not */
    VG_CHANGES
};
const char *vg_change_name(enum vg_change change); /* "regressed" */

/* How the boots of one side are spread. */
struct vg_spread {
    unsigned boots;
    double median;
    double mad_ratio;       /* median absolute deviation / |median| */
    double autocorrelation; /* of consecutive boots; NaN: too few */
    size_t spikes; /* boots further than 5 robust standard deviations from the median; counted, never dropped */
};

struct vg_compared {
    char *id; /* of the metric */
    char *unit, *better;
    double min_effect; /* after the policy's thresholds */
    enum vg_change change;
    char *note; /* why it is insufficient or has no baseline; what else is to know; may be NULL */
    struct vg_spread now, then;
    double ratio, lower, upper; /* now / then: Hodges-Lehmann, and its interval; NaN: not computed */
    double cliffs_delta;
    double p_regressed, p_improved; /* of the shifted one-sided test; NaN: not tested */
    double q_regressed, q_improved; /* adjusted (Benjamini-Hochberg) over all metrics tested */
    double p_unchanged;             /* of the two-sided test of no change at all; NaN: not tested */
    const char *method;             /* of the test; NULL: not tested */
    unsigned look;                  /* at which it was decided, from 1 */
};

struct vg_comparison {
    struct vg_compared *items; /* in the order of the runs; not-measured ones last */
    unsigned count;
    unsigned counts[VG_CHANGES];
    unsigned tested; /* metrics that the error rate was shared among */
    /* Of those, insufficient ones: with so few boots no change, however large, could be called one, nor are they known
     * to be equivalent. A comparison that has one cannot pass. */
    unsigned powerless;
    bool paired;
    unsigned look, looks; /* this is look number `look` of `looks` at most */
    double error;         /* false discovery rate of this look */
    double false_alarm;   /* p_unchanged above which nothing is called a change at this look */
};

struct vg_comparing {
    const struct vg_gate_policy *policy;
    const struct vg_metrics *now, *then;
    unsigned least_then; /* fewest boots of the other side that are compared with */
    bool paired;         /* boots of equal run and number were made one after the other */
    bool turns;          /* paired, and the boots of a pair took turns phase by phase: rounds are paired, too */
    unsigned look;       /* 1.. */
    bool looks;          /* metrics will be topped up: the error is shared among the policy's looks */
    const struct vg_comparison *before; /* of the look before; NULL at the first: what it decided stays */
};
/* Whether each threshold of a user's file names a metric of one of these sides: a misspelt one would leave the
 * threshold as it was, and nobody would see it. VG_ERROR_INPUT: one does not. Those of the suites' own file are for all
 * runs. */
bool vg_thresholds_apply(const struct vg_gate_policy *policy, const struct vg_metrics *const *sides, size_t count,
                         struct vg_error *err);
/* The same of what a user's file says of steady boots. */
bool vg_steady_apply(const struct vg_gate_policy *policy, const struct vg_metrics *const *sides, size_t count,
                     struct vg_error *err);
/* Metrics whose threshold is 0 or that have no better direction are left out. Never fails: what cannot be compared is
 * an item that says so. */
struct vg_comparison *vg_compare(const struct vg_comparing *comparing);
void vg_comparison_free(struct vg_comparison *comparison);
json_t *vg_comparison_to_json(const struct vg_comparison *comparison);
const struct vg_compared *vg_compared_find(const struct vg_comparison *comparison, const char *id);

struct vg_side; /* below */

/* --- overhead ------------------------------------------------------------------------------------------------------
 */

/* Time through the vGPU over time on bare metal: above 1, the vGPU is slower. NaN: not known. */
struct vg_cost {
    double ratio, lower, upper; /* with the policy's confidence */
};
/* now: the vGPU; then: bare metal. Turned where more is better. */
struct vg_cost vg_cost_of(const struct vg_compared *item);

enum vg_cost_verdict {
    VG_COST_REPORTED, /* no limit is set */
    VG_COST_WITHIN,   /* the whole interval is */
    VG_COST_BEYOND,   /* the whole interval is */
    VG_COST_OPEN,     /* the limit lies within the interval, or there is none */
};
const char *vg_cost_verdict_name(enum vg_cost_verdict verdict); /* "within" */
/* The first limit of the policy that is about this metric (TEST/METRIC) and mechanism; NULL: none. */
const struct vg_overhead_limit *vg_overhead_limit_find(const struct vg_gate_policy *policy, const char *metric,
                                                       const char *mechanism);
enum vg_cost_verdict vg_cost_judge(struct vg_cost cost, const struct vg_overhead_limit *limit);
/* The mechanism of all that a side ran and did not skip; NULL: none, or several. Owned by the side. */
const char *vg_side_mechanism(const struct vg_side *side);
/* False with VG_ERROR_INPUT if the two are the wrong way round: only the second is bare metal. *warning, which the
 * caller frees: neither is; NULL: all is well. */
bool vg_overhead_sides(const struct vg_gate_policy *policy, const char *bare, const char *vgpu, char **warning,
                       struct vg_error *err);

/* --- baselines ----------------------------------------------------------------------------------------------------
 * Text files DIRECTORY/NAME/FINGERPRINT.json: one field, one metric a line, so that they diff well. One name may have
 * several, one per environment. A file says who blessed it and when, and carries a digest of itself: one that was cut
 * or edited is refused. */

struct vg_blessed_run {
    char *name; /* the run directory's */
    char *plan, *host, *started, *version;
    char *seed; /* decimal */
};

struct vg_baseline {
    char *name;       /* "reference" */
    char *file;       /* where it was read from or written to; NULL: not yet */
    char *blessed_at; /* UTC */
    char *blessed_by;
    char *reason;    /* as given to `bless`; may be NULL */
    char **accepted; /* what was not in order with the runs and was accepted, each a sentence */
    unsigned accepted_count;
    struct vg_blessed_run *runs;
    unsigned run_count;
    struct vg_fingerprint_field *fields;
    unsigned field_count;
    struct vg_metrics metrics; /* those that are compared, by the policy of the day */
};

/* Writes it below directory and sets baseline->file. A file that is there already is replaced only if `replace`; of two
 * that write at once one gets the refusal. After a full disk or a crash there is the old file or the new one. */
bool vg_baseline_save(struct vg_baseline *baseline, const char *directory, bool replace, struct vg_error *err);
/* NULL with a sentence that says what is wrong with the file (cut, changed, of a newer vgauge, no baseline at all). */
struct vg_baseline *vg_baseline_load(const char *path, struct vg_error *err);
void vg_baseline_free(struct vg_baseline *baseline);
/* "b41f0c2299aa": the name of its file, from what must be equal in its fingerprint. Caller frees. */
char *vg_fingerprint_digest(struct vg_fingerprint fingerprint);
struct vg_fingerprint vg_baseline_fingerprint_of(const struct vg_baseline *baseline);

struct vg_baselines {
    struct vg_baseline **items; /* by name, newest first within one */
    unsigned count;
};
/* All baselines below directory, or those of one name (NULL: all). A name that has none is VG_ERROR_INPUT with the
 * nearest; a file that cannot be read is an error too: nobody may be judged by what happens to be left. */
bool vg_baselines_load(const char *directory, const char *name, struct vg_baselines *baselines, struct vg_error *err);
void vg_baselines_free(struct vg_baselines *baselines);
/* Of several baselines the newest whose fingerprint allows a comparison; else the one with the fewest differences that
 * forbid it. *differences says which fields differ. NULL only for a wrong `across` or if there are none. */
const struct vg_baseline *vg_baselines_choose(const struct vg_baselines *baselines, struct vg_fingerprint now,
                                              const char *across, struct vg_differences *differences,
                                              struct vg_error *err);

/* --- several runs as one side ---------------------------------------------------------------------------------------
 */

struct vg_side {
    struct vg_results **runs; /* owned */
    unsigned count;
    struct vg_metrics metrics;
};
/* Gathers judged run directories that are replicates of each other: their fingerprints must be equal (across as
 * above), also in what is only recorded, else VG_ERROR_INPUT names the first field that is not. */
bool vg_side_load(const char *const *directories, unsigned count, const char *across, struct vg_side *side,
                  struct vg_error *err);
void vg_side_free(struct vg_side *side);
/* Whether these are one run: one directory, or a copy of it (plan, host, start and seed are the same). */
bool vg_is_same_run(const struct vg_run *a, const struct vg_run *b);

/* A baseline of this side. What is not in order with it (failures, invalid results, unfinished runs, metrics with too
 * few boots) is VG_ERROR_INPUT, unless accept: then it is written down in the baseline, and metrics with too few boots
 * are left out. */
struct vg_baseline *vg_bless(const struct vg_side *side, const char *name, const char *by, const char *reason,
                             bool accept, const struct vg_gate_policy *policy, struct vg_error *err);

/* --- the gate --------------------------------------------------------------------------------------------------------
 * What `gate`, `compare` and `ab` found, for those who show it. */

struct vg_gate {
    char *title;                       /* "baseline reference", "run ..." : what was compared with */
    const struct vg_side *now;         /* its results count too; NULL: there are none (a baseline) */
    const struct vg_baseline *then;    /* NULL: the other side was a run */
    struct vg_differences differences; /* of the environments */
    struct vg_comparison *comparison;  /* NULL: not comparable */
    char **objections;                 /* why nothing may be compared, each a sentence */
    unsigned objection_count;
    bool strict;         /* also inconclusive, insufficient, missing and unexpectedly passing ones close the gate */
    unsigned made_again; /* pairs of `ab` of which a boot was not steady */
};
void vg_gate_free(struct vg_gate *gate); /* what it owns, not itself, now and then */
void vg_gate_object(struct vg_gate *gate, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds what the policy has against comparing the two: differences that bar it, other builds of vgauge where it asks for
 * the same one, a baseline that is too old at the time of the runs. True: nothing. */
bool vg_gate_admits(struct vg_gate *gate, const struct vg_gate_policy *policy);
/* Whether a change closes the gate. */
bool vg_gate_closes(const struct vg_gate *gate, enum vg_change change);
/* A strict gate is closed by what passes although it is expected to fail, and by what fails now and then. */
bool vg_gate_closes_overlay(const struct vg_gate *gate, enum vg_overlay overlay);
/* Entries of expectations that are about no result of any of the runs, each a sentence (borrowed); they close a strict
 * gate. Caller frees the list. */
const char **vg_gate_unmatched(const struct vg_gate *gate, unsigned *count);
/* 1 a regression or a failure; else 3 nothing may be compared, or an invalid result; else 4 nothing was compared; else
 * 0. */
int vg_gate_exit_status(const struct vg_gate *gate);
/* "regressed", "failed", "not comparable", "invalid", "nothing compared", "passed". */
const char *vg_gate_word(const struct vg_gate *gate);
json_t *vg_gate_to_json(const struct vg_gate *gate);

#include "compare/diff.h"

#endif
