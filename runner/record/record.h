/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of record/: what a run leaves on disk, and how to read it back. A run directory is foreign input when
 * it is read: sizes are bounded, every member is type-checked, file names may not leave the directory. */
#ifndef VG_RECORD_H
#define VG_RECORD_H

#include "catalog/catalog.h"

/* --- measurements: what the engine hands to the judge ------------------------------------------------------------ */

/* The words for how things ended, each list ended by NULL and indexed by its enum: one list for those who write, read
 * and judge them. */
enum vg_run_status {
    VG_RUN_OK,
    VG_RUN_FAIL,
    VG_RUN_INVALID,
    VG_RUN_SKIP,
    VG_RUN_ERROR,   /* died, bad message */
    VG_RUN_LOST,    /* with its tenant */
    VG_RUN_RUNNING, /* in the background, still going at the end */
    VG_RUN_TIMEOUT,
    VG_RUN_STOPPED, /* by an action of the test, or because a neighbour did not reach the barrier */
    VG_RUN_STATUSES
};
enum vg_tenant_state {
    VG_TENANT_OK,
    VG_TENANT_LOST,
    VG_TENANT_STOPPED, /* by an action of the test, or never started */
    VG_TENANT_TIMEOUT,
    VG_TENANT_STATES
};
enum vg_phase_outcome { VG_PHASE_OK, VG_PHASE_TIMEOUT, VG_PHASE_LOST, VG_PHASE_FAILED, VG_PHASE_OUTCOMES };
extern const char *const vg_run_status_words[VG_RUN_STATUSES + 1];
extern const char *const vg_tenant_state_words[VG_TENANT_STATES + 1];
extern const char *const vg_phase_outcome_words[VG_PHASE_OUTCOMES + 1];

/* How a tenant's clock relates to the host's: host_ns = guest_ns + offset_ns, +- uncertainty_ns, seen at host_ns. */
struct vg_clock_point {
    int64_t host_ns;
    int64_t offset_ns;
    int64_t uncertainty_ns;
};

struct vg_fact {
    char *name;
    char *value; /* text form; numbers in decimal */
};

struct vg_measured_tenant {
    char *name;      /* "peer.0" */
    unsigned weight; /* of its share, for policies with weights */
    char *vm;        /* libvirt domain name, or "pid NNN" */
    char *boot_id;
    char *state;                  /* a word of vg_tenant_state_words */
    char *reason;                 /* for lost and timeout: one sentence; may be NULL */
    double boot_s;                /* from start to hello; 0 for a tenant that was shared and running already */
    json_t *hello;                /* as the agent sent it, checked */
    struct vg_clock_point *clock; /* in order of time */
    unsigned clock_count;
};

struct vg_measured_column {
    char *name;
    char *unit;
    char *kind;   /* "time", "completion", "duration", "count" */
    char *better; /* "lower", "higher", "neither" */
    double min_effect;
};

struct vg_measured_stream {
    char *name;
    char *file; /* CSV beside measurements.json: header of column names, then integer rows */
    uint64_t rows;
    struct vg_measured_column *columns;
    unsigned column_count;
};

struct vg_mark {
    char *name;
    int64_t host_ns;
};

/* One workload in one tenant in one phase. */
struct vg_measured_run {
    char *tenant;
    char *workload;
    struct vg_settings params; /* every parameter with its value, defaults included */
    struct vg_fact *facts;
    unsigned fact_count;
    struct vg_mark *marks;
    unsigned mark_count;
    char *status;        /* a word of vg_run_status_words */
    char *message;       /* why, if not ok; may be NULL */
    int64_t go_host_ns;  /* barrier release */
    int64_t end_host_ns; /* end message seen; 0 if none */
    struct vg_measured_stream *streams;
    unsigned stream_count;
};

struct vg_measured_phase {
    char *name;
    char *outcome; /* a word of vg_phase_outcome_words */
    char *reason;  /* for timeout: which limit, and what was found when it was passed; NULL: nothing to add */
    char *policy;  /* in force; NULL or "": none */
    struct vg_policy_reading *readings;
    unsigned reading_count;
    int64_t start_host_ns, end_host_ns;
    struct vg_measured_run *runs;
    unsigned run_count;
};

/* One setting of the scheduler for one tenant, as it was wanted and as it was found. */
struct vg_policy_reading {
    char *tenant;
    char *knob; /* "quota_us" */
    double wanted, found;
    bool after; /* the phase; false: before it */
};

struct vg_measured_event {
    int64_t host_ns;
    char *tenant; /* whom an action was done to; NULL: the event is about no tenant */
    char *action; /* "start", "kill", as in a test's `do`; NULL: the event is no action */
    bool done;    /* the action was over; false: it began */
    char *what;   /* for people: "peer.0 kill", "policy equal-share applied" */
};

/* Host probe: rows are CSV with columns time_ns, tenant, item, then the stream's own. */
struct vg_measured_probe {
    char *name;
    char *unavailable; /* why it could not see; NULL if it could */
    struct vg_fact *facts;
    unsigned fact_count;
    struct vg_measured_stream *streams;
    unsigned stream_count;
};

/* What the host file says that the scheduler promises under a policy; words as in struct vg_host_promise. */
struct vg_measured_promise {
    char *policy;
    char *entitlement; /* none, running, max, elastic, weight, quantum, instance */
    char *idle;        /* kept, given-away, by-priority */
};
struct vg_measurements {
    char *test;     /* test id */
    char *instance; /* "virtio-venus.full.equal-share.boot-1": the directory's name */
    char *mechanism, *profile, *policy;
    char *pgpu;
    unsigned profile_max;          /* M */
    uint64_t profile_memory_bytes; /* 0: the mechanism does not partition memory */
    unsigned period_us, slice_us;
    unsigned elastic_percent;             /* of the policy fixed-elastic, whatever is in force; 0: the host has none */
    struct vg_measured_promise *promises; /* those of the mechanism's, for any of its policies; optional */
    unsigned promise_count;
    bool software_renderer; /* from the host file */
    unsigned boot;          /* 1.. */
    double duration_s;      /* of the whole instance: boots and clean-up too */
    struct vg_measured_tenant *tenants;
    unsigned tenant_count;
    struct vg_measured_phase *phases;
    unsigned phase_count;
    struct vg_measured_event *events;
    unsigned event_count;
    struct vg_measured_probe *probes;
    unsigned probe_count;
    char **invalid; /* preconditions that did not hold, each a sentence */
    unsigned invalid_count;
    char **unread; /* fields of the environment's fingerprint that are not known, each a sentence */
    unsigned unread_count;
    char **rests_on; /* keys of those that are, and that its numbers may depend on */
    unsigned rests_on_count;
    char *skip;      /* why it was not run at all; NULL if it was */
    char *directory; /* where it was read from or is written to */
};

/* Refuses words that vg_measurements_load would refuse: what was measured must never be lost for good by saving it. */
bool vg_measurements_save(const struct vg_measurements *measurements, struct vg_error *err);
struct vg_measurements *vg_measurements_load(const char *directory, struct vg_error *err);
void vg_measurements_free(struct vg_measurements *measurements);

const struct vg_measured_phase *vg_measured_phase_find(const struct vg_measurements *measurements, const char *name);
const char *vg_fact_get(const struct vg_measured_run *run, const char *name); /* NULL if absent */
const struct vg_measured_stream *vg_measured_stream_find(const struct vg_measured_run *run, const char *name);
/* Host instant of a tenant's instant: the offset is interpolated between the two nearest clock points. */
int64_t vg_host_time(const struct vg_measured_tenant *tenant, int64_t guest_ns);
const struct vg_measured_tenant *vg_measured_tenant_find(const struct vg_measurements *measurements, const char *name);

/* A CSV of raw samples as columns of doubles. TIME columns are left in the tenant's clock. Bounded: at most 1e8 values.
 */
struct vg_samples {
    size_t rows;
    unsigned column_count;
    char **names;
    double **columns;
};
bool vg_samples_load(const char *directory, const struct vg_measured_stream *stream, struct vg_samples *samples,
                     struct vg_error *err);
void vg_samples_free(struct vg_samples *samples);
const double *vg_samples_column(const struct vg_samples *samples, const char *name); /* NULL if absent */

/* A probe's CSV: the leading text cells interned, then columns of doubles (NaN: the probe had no value). */
struct vg_probe_samples {
    size_t rows;
    int64_t *time_ns;    /* host clock */
    const char **tenant; /* "" if the row belongs to no tenant */
    const char **item;
    unsigned column_count;
    char **names;
    double **columns;
    char **words; /* owns the text that tenant and item point to */
    size_t word_count;
};
bool vg_probe_samples_load(const char *directory, const struct vg_measured_stream *stream,
                           struct vg_probe_samples *samples, struct vg_error *err);
void vg_probe_samples_free(struct vg_probe_samples *samples);
const double *vg_probe_samples_column(const struct vg_probe_samples *samples, const char *name); /* NULL if absent */
/* A probe's stream; NULL if the probe was not there, could not see, or has no such stream. */
const struct vg_measured_stream *vg_measured_probe_stream(const struct vg_measurements *measurements, const char *probe,
                                                          const char *stream);

/* Writer of a sample CSV: rows of int64, buffered, header first. Names are sanitised by the caller. */
struct vg_csv;
struct vg_csv *vg_csv_create(const char *path, const char *const *columns, unsigned column_count, struct vg_error *err);
bool vg_csv_row(struct vg_csv *csv, const int64_t *values);
/* For probes: leading text cells, then doubles. Text is quoted. */
bool vg_csv_probe_row(struct vg_csv *csv, int64_t time_ns, const char *tenant, const char *item, const double *values,
                      unsigned count);
/* What the buffers of all open files take now, in bytes: each grows to 256 KiB with what is written to it. */
size_t vg_csv_buffers_bytes(void);
bool vg_csv_close(struct vg_csv *csv, uint64_t *rows, struct vg_error *err); /* frees csv in any case */

/* --- verdicts: what the judge hands to the report ----------------------------------------------------------------- */

enum vg_verdict {
    VG_PASS,
    VG_FAIL,
    VG_SKIP,
    VG_INVALID,
    VG_FINDING,
    VG_LOST,
    VG_TIMEOUT,
};
const char *vg_verdict_name(enum vg_verdict verdict);
bool vg_verdict_parse(const char *name, enum vg_verdict *verdict);
/* Of several instances: fail > lost > timeout > invalid > finding > pass > skip. */
enum vg_verdict vg_verdict_worst(enum vg_verdict a, enum vg_verdict b);
/* "<=" -> "at most": a comparison as a check keeps it, in words; what is none comes back as it is. Borrowed. */
const char *vg_operator_words(const char *op);

/* What expectations make of a verdict. */
enum vg_overlay {
    VG_OVERLAY_NONE,
    VG_OVERLAY_XFAIL,    /* failed, as expected */
    VG_OVERLAY_XPASS,    /* passed, and was expected to fail */
    VG_OVERLAY_FLAKE,    /* failed, and passed when it was run again; expected to */
    VG_OVERLAY_UNSTABLE, /* the same, and nobody expected it: a failure */
    VG_OVERLAY_WAIVED,   /* not in order, and somebody answers for it */
    VG_OVERLAYS
};
const char *vg_overlay_name(enum vg_overlay overlay); /* "xfail"; "" for none */

struct vg_value {
    char *metric; /* "fair.max_deviation" */
    double value; /* NaN: could not be computed, see note */
    char *unit;
    char *better;
    double min_effect;
    char *note; /* may be NULL */
};

struct vg_checked {
    char *metric;
    char *op; /* "<=", ... */
    double threshold;
    double value; /* NaN if missing */
    char *unit;
    bool met;
    char *otherwise; /* what missing it means: "fail", "invalid", "finding", "undecided" */
    char *source;
};

struct vg_judgement {
    char *test, *instance, *mechanism, *profile, *policy;
    char *summary, *why;          /* of the test */
    struct vg_words requirements; /* of the test */
    unsigned boot;
    enum vg_verdict verdict;
    char **reasons; /* sentences; for a pass may be empty */
    unsigned reason_count;
    struct vg_value *values;
    unsigned value_count;
    struct vg_checked *checks;
    unsigned check_count;
    double duration_s;
    char *directory; /* relative to the run directory: tests/<test>/<instance> */
    /* Laid over the verdict when results are gathered; it does not change it. */
    enum vg_overlay overlay;
    char *overlay_reason; /* a sentence with whose expectation it is, or why one does not hold; may be NULL */
};

bool vg_judgement_save(const struct vg_judgement *judgement, const char *run_directory, struct vg_error *err);
/* For one that vg_journal_append brings to the disk together with all else that its instance wrote. */
bool vg_judgement_save_unsynced(const struct vg_judgement *judgement, const char *run_directory, struct vg_error *err);
struct vg_judgement *vg_judgement_load(const char *instance_directory, struct vg_error *err);
void vg_judgement_free(struct vg_judgement *judgement);
json_t *vg_judgement_to_json(const struct vg_judgement *judgement);

/* --- the run directory ---------------------------------------------------------------------------------------------
 */

/* One field of the fingerprint: what must be equal for two runs to be comparable, and where it was read. */
struct vg_fingerprint_field {
    char *key;    /* "host.kernel" */
    char *value;  /* NULL: could not be read */
    char *source; /* "uname(2)" */
};
/* Source of a limit that was read of earlier vGPUs and could not be of the last ones: no fault of the earlier ones. */
#define VG_FINGERPRINT_GONE "none of its vGPUs ran any more when their test ended"

struct vg_run {
    char *directory; /* absolute */
    char *plan;
    char *host;
    char *started; /* UTC */
    char *ended;   /* NULL while it runs */
    char *state;   /* "running", "complete", "interrupted", "aborted" */
    char *reason;  /* why interrupted or aborted; may be NULL */
    uint64_t seed;
    char *version; /* vgauge */
    char **arguments;
    unsigned argument_count;
    struct vg_fingerprint_field *fingerprint;
    unsigned fingerprint_count;
    json_t *host_file;
    json_t *plan_file;
    json_t *environment; /* decisions with their reasons: accel, display, images, probes that could not see */
    bool resumed;        /* goes on where an earlier process ended; then: */
    char *changed; /* the first field of the fingerprint that reads otherwise than before, a sentence; NULL: none */
    bool locked;   /* this process writes it; then: */
    int lock_fd;   /* the directory, locked */
};

/* A run directory also holds requirements.json (the requirements that its tests decide) and tests/<test>/test.json (the
 * test as it was run, overrides included), so that it can be judged and reported elsewhere. */
bool vg_run_save_requirements(const struct vg_run *run, const struct vg_requirement *const *requirements,
                              unsigned count, struct vg_error *err);
bool vg_run_save_test(const struct vg_run *run, const struct vg_test *test, struct vg_error *err);
struct vg_test *vg_run_load_test(const char *run_directory, const char *test_id, struct vg_error *err);
/* As JSON array of objects as in vg_requirement_to_json. */
json_t *vg_run_load_requirements(const char *run_directory, struct vg_error *err);

/* Whether text may be one component of a path below a run directory: letters, digits and "_.-", not starting with a
 * dot, at most 200 bytes. Everything that names a file or a folder of a run is checked by it, written and read. */
bool vg_record_name_ok(const char *text);

/* Names of the subfolders of path, sorted. Links are passed over, since a foreign run directory must not lead out of
 * itself, and so are names that vg_record_name_ok refuses. A path that is not there has none. */
bool vg_record_folders(const char *path, struct vg_words *names, struct vg_error *err);
void vg_record_folders_free(struct vg_words *names);

/* Creates runs/<utc>-<plan>-<host>/ below parent (or exactly `directory` if that is given, which must not exist or be
 * empty) and writes run.json. */
struct vg_run *vg_run_create(const char *parent, const char *directory, const char *plan, const char *host,
                             struct vg_error *err);
bool vg_run_save(const struct vg_run *run, struct vg_error *err); /* run.json, atomic */
struct vg_run *vg_run_load(const char *directory, struct vg_error *err);
/* Opens a run that did not come to its end, to go on with it: what an instance left that did not finish is removed, and
 * so is a journal line that was cut. finished: "TEST/INSTANCE" of those that did, sorted; free them with
 * vg_record_folders_free. Refused (VG_ERROR_INPUT): a complete run, and one that another process is writing. From then
 * on vg_run_fingerprint notes a value that differs from the one that was there in run->changed. */
struct vg_run *vg_run_resume(const char *directory, struct vg_words *finished, struct vg_error *err);
/* Whether the list has the instance. */
bool vg_run_finished(const struct vg_words *finished, const char *test, const char *instance);
/* Locks the directory against a second writer until the run is freed. */
bool vg_run_lock(struct vg_run *run, struct vg_error *err);
void vg_run_free(struct vg_run *run);
/* The exact source of vgauge: written down and shown, but runs of two builds of one version may be compared, since what
 * a test does is compared by its recipe. */
#define VG_FINGERPRINT_BUILD "vgauge.build"
void vg_run_fingerprint(struct vg_run *run, const char *key, const char *value, const char *source);

/* journal.jsonl: one line per finished instance, on the disk before this returns, and everything that the instance has
 * written before the line. */
bool vg_journal_append(const struct vg_run *run, const struct vg_judgement *judgement, struct vg_error *err);

/* All judgements of a run (from verdict.json files, in the order of the journal, else of names). */
struct vg_results {
    struct vg_run *run;
    struct vg_judgement **judgements;
    unsigned count;
    struct vg_requirement_result {
        char *id;
        enum vg_verdict verdict; /* worst over its tests' instances */
        unsigned decided, total;
    } * requirements;
    unsigned requirement_count;
    struct vg_known_issues **expectations; /* the files that the run was judged by */
    unsigned expectation_count;
    char *
        *unmatched; /* entries of theirs that are about none of these results, each a sentence: misspelt, or outlived */
    unsigned unmatched_count;
};
struct vg_results *vg_results_gather(const char *run_directory, struct vg_error *err);
void vg_results_free(struct vg_results *results);
/* results.json, schema runner/record/results.schema.json, version in "schema". */
bool vg_results_save(const struct vg_results *results, struct vg_error *err);
unsigned vg_results_count(const struct vg_results *results, enum vg_verdict verdict);
/* Whether this result stops a gate: fail, lost, timeout and invalid do, unless they are expected (xfail, flake,
 * waived).
 */
bool vg_judgement_gates(const struct vg_judgement *judgement);
unsigned vg_results_overlays(const struct vg_results *results, enum vg_overlay overlay);
/* Writes down which files of expectations judge this run, in its expectations.json: their names, digests and contents.
 * None: removes it. Results that are gathered later are judged by them. */
bool vg_run_save_expectations(const char *run_directory, const char *const *files, unsigned count,
                              struct vg_error *err);
/* Where failing tests were run again: RUN/reruns/1, 2, ...; complete run directories. Caller frees. */
char *vg_rerun_directory(const char *run_directory, unsigned number);
/* What the results say by themselves: 1 a failure or a lost or timed-out test; else 3 anything invalid; else 4 nothing
 * tested; else 0: nothing to worry about. Results that are expected to be so are passed over. */
int vg_results_status(const struct vg_results *results);
/* The exit status of the run (docs/verdicts.md): 3 if it did not come to its end, since what is left of it decides
 * nothing, however good or bad it looks; else vg_results_status. */
int vg_run_exit_status(const struct vg_results *results);

/* --- one value per boot per metric ----------------------------------------------------------------------------------
 * What comparisons, baselines and the history are made of. Samples within one boot are not independent, so that a boot
 * is one replicate, and each metric that an analysis made of its samples is one number of it. */

struct vg_boot_value {
    double value;  /* in the metric's unit; finite */
    unsigned boot; /* of its run, from 1 */
    unsigned run;  /* how many runs were gathered before this one: 0 for the first */
};

struct vg_metric_series {
    char *id;            /* "TEST/MECHANISM.PROFILE.POLICY/METRIC": equal in all runs that measure the same */
    char *test;          /* "dsub-vulkan-latency" */
    char *configuration; /* "virtio-venus.full.equal-share": the instance less its boot */
    char *metric;        /* "empty.p50" */
    char *unit;
    char *better;      /* "lower", "higher", "neither" */
    double min_effect; /* smallest relative change of practical interest; 0: the metric is not compared */
    char *recipe;      /* digest of what the test does (tenants, phases, analyses with all parameters): equal recipes
                          measure the same thing; thresholds and texts do not enter */
    struct vg_boot_value *values; /* in the order of runs and of boots */
    unsigned value_count;
    unsigned missing; /* boots whose result is no number, or means nothing (invalid, lost, timeout) */
};

struct vg_metrics {
    struct vg_metric_series *items; /* in the order in which they were first seen */
    unsigned count;
    unsigned runs;  /* gathered so far */
    json_t *places; /* id -> index; private */
};
/* Adds every metric of a run to `metrics` (zero-initialised: none yet), those that are not compared included. Skipped
 * instances add nothing. Values that are normalised, by the pGPU's clock or otherwise, are metrics of their own. False
 * with VG_ERROR_INPUT if a metric has another unit, direction, threshold or recipe than in an earlier run. */
bool vg_metrics_add(struct vg_metrics *metrics, const struct vg_results *results, struct vg_error *err);
/* Makes the ids TEST/METRIC, whatever mechanism, profile and policy they were measured with, so that two of these can
 * be held against each other. VG_ERROR_INPUT if a test ran with several. */
bool vg_metrics_merge_configurations(struct vg_metrics *metrics, struct vg_error *err);
const struct vg_metric_series *vg_metric_series_find(const struct vg_metrics *metrics, const char *id);
void vg_metrics_free(struct vg_metrics *metrics);

/* "sha256:" and 64 hexadecimal digits, of the bytes or of the JSON in its canonical form (compact, keys sorted, 17
 * significant digits). Caller frees. */
char *vg_digest(const void *bytes, size_t length);
char *vg_digest_json(const json_t *json);

#endif
