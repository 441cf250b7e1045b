/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of catalog/: YAML files -> checked structs. Everything that a person writes (requirements, tests,
 * plans, host files) is read here, through libcyaml schemas, and refused with file, line, column and the nearest right
 * word. All structs are owned by the catalogue (or host) that they were loaded into and are read-only afterwards. */
#ifndef VG_CATALOG_H
#define VG_CATALOG_H

#include <stdint.h>
#include "base/base.h"

/* A list of words as YAML gives it. */
struct vg_words {
    char **items;
    unsigned count;
};
bool vg_words_have(const struct vg_words *words, const char *word);

/* Free-form `key: value` pairs whose keys come from descriptors' parameters (checked while loading). */
struct vg_setting {
    char *name;
    char *value;
};
struct vg_settings {
    struct vg_setting *items;
    unsigned count;
};
/* The value of a setting, or NULL. */
const char *vg_settings_get(const struct vg_settings *settings, const char *name);
/* The same, or the parameter's default of whoever has it; NULL if there is neither. As a number: 0 then. */
const char *vg_settings_or_default(const struct vg_settings *settings, const struct vg_descriptor *of,
                                   const char *name);
long long vg_settings_number(const struct vg_settings *settings, const struct vg_descriptor *of, const char *name);

/* --- requirements ----------------------------------------------------------------------------------------------- */

enum vg_level { VG_MUST, VG_SHOULD };
enum vg_severity { VG_S1 = 1, VG_S2, VG_S3, VG_S4 };

struct vg_requirement {
    char *id; /* VGPU-SCHED-002 */
    enum vg_level level;
    enum vg_severity severity;
    struct vg_words tiers;
    struct vg_words mechanisms; /* may hold "all" and "suite" */
    char *statement;
    char *probe;
    char *workload;
    char *accept;
    char *source;
    const char *group; /* "SCHED", from the id */
};

/* --- tests ------------------------------------------------------------------------------------------------------ */

/* Why a test does not apply to mechanisms: what their documents say. */
struct vg_ground {
    struct vg_words mechanism;
    char *because; /* goes on from "does not apply to NAME: " */
    char *source;  /* keys of docs/sources.md */
};

/* needs: what must be there, else the test skips with the reason. */
struct vg_needs {
    struct vg_words capability; /* vulkan, gl, drm: all of them */
    struct vg_words mechanism;  /* any of them; empty: every mechanism */
    struct vg_ground *grounds;  /* `not_for`: why none of the others is among them, as far as that was looked up */
    unsigned ground_count;
    struct vg_words policy;  /* any of them; empty: every policy */
    struct vg_words package; /* Debian packages that the guest image must have: all of them; only with `vm` */
    bool vm;                 /* needs a VM: does not apply to native tenants */
    bool destructive;
    unsigned tenants; /* at once; default: the sum of counts of tenants that are not `later` */
};

/* matrix: each axis is the word `host` (every value that the host offers), `default` (the host's first) or a list. */
struct vg_matrix {
    struct vg_words mechanism;
    struct vg_words profile;
    struct vg_words policy;
    unsigned repeat; /* boots; default 1 */
};

struct vg_test_tenant {
    char *name;         /* "peer": instances are peer.0, peer.1, ... */
    unsigned count;     /* default 1 */
    bool later;         /* not started before a `start` action */
    unsigned weight;    /* for policies with weights; default 1 */
    bool fresh;         /* wants a boot of its own: never shared with an earlier test */
    bool other_profile; /* gets the mechanism's next profile instead of the instance's; only with `later` */
    bool rest;          /* as many as the file's `populations` leave; `count` says how many that are */
};

/* One workload in a phase. `on` is "peer" (all instances) or "peer.0". */
struct vg_test_run {
    char *on;
    char *workload;
    struct vg_settings params; /* a value "=PHASE.FACT" stands for what the first run of an earlier phase reported */
    char *until; /* name of a mark: the phase does not wait for the end of this workload, only for this mark; the
                    workload goes on through later phases until it is stopped or its tenant ends */
};

/* Something that is done to a tenant: start, shutdown (clean, from inside), kill (SIGKILL of the VMM), destroy (by the
 * host), reboot, stop-workloads; freeze-manager and thaw-manager, of its mechanism. */
struct vg_test_action {
    char *on;
    char *action;
};

/* Something that the engine does with the mechanism itself, without a tenant: an action's descriptor and parameters. */
struct vg_test_provision {
    char *action;
    struct vg_settings params;
};

struct vg_phase {
    char *name;
    struct vg_test_provision *provisions; /* one after the other, before `do` and `run` */
    unsigned provision_count;
    char *policy;                   /* scheduling policy from here on; NULL: as it was */
    struct vg_test_action *actions; /* in order, before the runs */
    unsigned action_count;
    struct vg_test_run *runs; /* start together, on a barrier */
    unsigned run_count;
    unsigned timeout_s; /* default 120 */
};

/* One analysis: name it, choose it, parametrise it (keys are the parameters of the analysis' descriptor). */
struct vg_test_analysis {
    char *name;     /* metrics are called NAME.METRIC */
    char *analysis; /* descriptor */
    struct vg_settings params;
};

enum vg_operator { VG_OP_REPORT, VG_OP_LE, VG_OP_GE, VG_OP_LT, VG_OP_GT, VG_OP_EQ };

struct vg_expectation {
    char *metric; /* "fair.max_deviation" */
    enum vg_operator op;
    double threshold;
    bool invalid; /* `else: invalid`: missing it makes the result invalid (a precondition), not a failure */
    bool finding; /* `else: finding` */
    /* `else: undecided`: the measurement's own error leaves it open; invalid, unless another expectation failed */
    bool undecided;
    char *source; /* where the threshold comes from; mandatory unless op is report */
};
/* The word of `else`; static storage. */
const char *vg_expectation_otherwise(const struct vg_expectation *expectation);

struct vg_test {
    char *id;
    struct vg_words requirements;
    char *summary;
    char *why;
    char *no_requirement; /* what it is for, if requirements is empty */
    struct vg_needs needs;
    struct vg_matrix matrix;
    struct vg_test_tenant *tenants;
    unsigned tenant_count;
    struct vg_phase *phases;
    unsigned phase_count;
    struct vg_test_analysis *analyses;
    unsigned analysis_count;
    struct vg_expectation *expectations;
    unsigned expectation_count;
    struct vg_words controls;
    char *no_control;      /* why there is none, if controls is empty */
    unsigned timeout_s;    /* whole instance; default 600 */
    unsigned inactivity_s; /* longest silence of a workload that is waited for; default 180 */
    const char *file;
    const char *group; /* the folder under suites/tests/ */
};

/* --- plans ------------------------------------------------------------------------------------------------------ */

struct vg_catalog;

struct vg_plan_setting {
    char *set; /* "test-glob.param=value", as --set */
};

/* Tests that a certification must decide (docs/certification.md). A test that an entry selects is mandatory on the
 * mechanisms that it selects. */
struct vg_plan_mandatory {
    struct vg_words mechanisms; /* globs, `!` negates */
    struct vg_words tests;      /* as a plan's */
    char *level; /* "MUST", "SHOULD": only tests that decide a requirement of it that names the mechanism, or all; NULL:
                    whatever they decide */
    char *why;
};

#define VG_RERUNS_MAX 10
struct vg_plan {
    char *name;
    char *summary;
    char *host;                         /* on which host, if nobody says another; NULL: reference */
    struct vg_words tests;              /* globs over test ids or group/ids, `!` negates */
    struct vg_words sets;               /* as --set */
    struct vg_words profiles, policies; /* instead of the tests' own axes; empty: as each test says */
    unsigned repeat;                    /* boots per instance; 0: as the test says */
    unsigned rerun;                     /* failing tests are run again, at most so often, to tell flakes; 0: never */
    unsigned budget_s;                  /* how long it is meant to take, for the estimate; 0: unknown */
    unsigned timeout_s;                 /* the whole run, after which it is ended; 0: it may take as long as it takes */
    struct vg_plan_mandatory *mandatory;
    unsigned mandatory_count;
};
/* Whether a plan makes this test mandatory on this mechanism. */
bool vg_plan_demands(const struct vg_plan *plan, const struct vg_catalog *catalog, const struct vg_test *test,
                     const char *mechanism);

/* --- host files ------------------------------------------------------------------------------------------------- */

struct vg_host_pgpu {
    char *name;
    char *cpus; /* reference hypervisor: the cores that are this pGPU, "1" */
    char *pci;  /* vendor hardware: 0000:41:00.0 */
    char *render_node;
    char *parent;             /* mdev parent that is no PCI device: "mdpy" */
    char *board;              /* pGPUs of one board have the same word; NULL: a board of its own */
    char *mechanism;          /* the only one that offers vGPUs on it; NULL: every one */
    char *capacity;           /* a capacity model of placement/: "same-type"; NULL: the mechanism's own */
    struct vg_words profiles; /* those of the mechanism's profiles that it offers; empty: all */
    unsigned vfs;             /* SR-IOV: VFs to enable; 0: no SR-IOV */
    unsigned instances;       /* capacity count-pool */
    uint64_t memory_bytes;    /* capacity memory-pool; else what all vGPUs together may have; 0: not said */
    unsigned low_gm_mib, high_gm_mib, fences; /* capacity gvt-g: what the host leaves to guests */
};

struct vg_host_profile {
    char *name;                               /* "full" */
    uint64_t memory_bytes;                    /* 0: not partitioned */
    unsigned max;                             /* most vGPUs of it per pGPU */
    char *type;                               /* what the driver calls it: "nvidia-46", "1005"; NULL: as name */
    unsigned low_gm_mib, high_gm_mib, fences; /* capacity gvt-g: what one takes */
    bool whole;                               /* takes the pGPU as a whole and shares it with nothing */
};

struct vg_host_policy {
    char *name;               /* "equal-share" */
    unsigned period_us;       /* scheduling period; 0: not applicable */
    unsigned slice_us;        /* 0: not applicable */
    char *priority;           /* of all functions of an Intel GPU: "low", "normal", "high"; NULL: left as it is */
    unsigned elastic_percent; /* fixed-elastic: how much more than its part one may get while others' parts are free */
};

/* What a scheduler promises under one policy (method: policy truth table). */
struct vg_host_promise {
    char *policy;
    char *entitlement; /* part of the pGPU's time: "none"; 1/N "running"; 1/M by the profile's "max"; the same and
                        * what its cap allows above it, "elastic"; by "weight" or by
                        * "quantum" over all running; "instance": all of its own hardware instance */
    char *idle;        /* slices of idle tenants: "kept", "given-away", "by-priority" */
    char *change;      /* takes effect "live"; with "no-vm" running; "create": when a vGPU is made; "reload" of the
                        * driver; "reboot" of the host */
    unsigned slice_min_us, slice_max_us, slice_default_us; /* 0: not said */
    char *source;
};

struct vg_host_mechanism {
    char *name;
    struct vg_host_profile *profiles;
    unsigned profile_count;
    struct vg_host_policy *policies; /* first is the default */
    unsigned policy_count;
    struct vg_host_promise *promises; /* of vendors' schedulers; optional */
    unsigned promise_count;
    uint64_t hostmem_bytes;      /* virtio: host-visible window */
    bool software_renderer;      /* this host is known to render in software: lavapipe, llvmpipe are what is expected */
    struct vg_words environment; /* NAME=value for the renderer (VMs) or the tenant (native) */
    struct vg_words managers;    /* names (comm) of the processes of its user-space manager, which tests may freeze */
    char *driver; /* native: whose user space and so whose driver tenants have; "hypervisor", or "host" and NULL */
};

struct vg_host_machine {
    char *accel; /* auto (probe), kvm, tcg */
    unsigned vcpus;
    unsigned memory_mib;
    char *vcpu_cpus;                /* host cores for vCPUs and the VMM; NULL: unpinned */
    char *display;                  /* auto, egl-headless, sdl */
    char *emulator;                 /* NULL: the reference tree from the image cache */
    char *kernel, *initrd, *rootfs; /* NULL: from the image cache */
    char *cmdline;                  /* extra kernel parameters; NULL: none */
    unsigned boot_timeout_s;        /* until the agent's hello; default 90 */
};

struct vg_host {
    char *name;
    char *summary;
    char *connection; /* libvirt URI; "qemu:///embed" gets a private root; NULL if the host has native tenants only */
    char *root;       /* prefix of all sysfs, debugfs, procfs paths; "/" */
    struct vg_host_machine machine;
    struct vg_host_pgpu *pgpus;
    unsigned pgpu_count;
    struct vg_host_mechanism *mechanisms;
    unsigned mechanism_count;
    struct vg_words allow; /* destructive, ... */
    char *placement;       /* the policy that chooses a tenant's pGPU; "depth-first-residents" */
    char *model;           /* a profile of vgauge-model that is served at a private root; NULL: no model */
    char *model_break;     /* its known-bad behaviour; NULL: none */
    char *file;
};

const struct vg_host_mechanism *vg_host_mechanism_find(const struct vg_host *host, const char *name);
const struct vg_host_profile *vg_host_profile_find(const struct vg_host_mechanism *mechanism, const char *name);
const struct vg_host_policy *vg_host_policy_find(const struct vg_host_mechanism *mechanism, const char *name);
/* NULL: the host file says nothing of that policy. */
const struct vg_host_promise *vg_host_promise_find(const struct vg_host_mechanism *mechanism, const char *policy);

/* --- fleets and request streams ----------------------------------------------------------------------------------- */

/* A vGPU type of a class of pGPUs; what the numbers mean, placement/placement.h says. */
struct vg_fleet_type {
    char *name;             /* "A100D-8C"; the same name in two classes is the same type */
    uint64_t memory_bytes;  /* 0: not partitioned */
    unsigned max;           /* most per pGPU; 0: the model does not need it */
    bool disabled;          /* the pGPU is set not to offer it */
    bool whole;             /* passthrough */
    unsigned slots;         /* placement slots; 0: one per GiB */
    struct vg_words ids;    /* placement IDs, as written; empty: computed */
    struct vg_words denied; /* placement IDs that the driver denies, as written */
    char *gpu_instance;     /* MIG: the profile that it needs; NULL: not MIG-backed */
    unsigned per_gpu_instance;
    unsigned low_gm_mib, high_gm_mib, fences;
    struct vg_words beside; /* types that it may share a pGPU with; empty: every one */
    unsigned id;            /* index in the file's type names */
};

struct vg_fleet_class {
    char *name;
    char *model; /* one of those given to vg_fleet_file_load */
    uint64_t memory_bytes;
    bool sriov;
    unsigned vfs;
    unsigned count;
    unsigned slots;
    struct vg_words gpu_instances;
    unsigned low_gm_mib, high_gm_mib, fences;
    struct vg_fleet_type *types;
    unsigned type_count;
    unsigned line, column; /* of the class in the file */
};

struct vg_fleet_pgpus {
    char *class_name;
    unsigned count, numa;
    unsigned class_index;
};

struct vg_fleet_hosts {
    char *name; /* hosts are called name.0, name.1, ...; their pGPUs name.0/0, name.0/1, ... */
    unsigned count;
    struct vg_fleet_pgpus *pgpus;
    unsigned pgpus_count;
    unsigned first_host, first_pgpu, pgpus_per_host; /* of the group, in the fleet's order */
};

struct vg_fleet_file {
    char *name;
    char *summary;
    struct vg_fleet_class *classes;
    unsigned class_count;
    struct vg_fleet_hosts *hosts;
    unsigned hosts_count;
    char *file;
    const char **type_names; /* each once; owned by the classes */
    unsigned type_count;
    unsigned host_count, pgpu_count;
};

/* By name (suites/fleets/NAME.yaml) or by path (holds a slash or ends in .yaml). models: what `model` may be. */
struct vg_fleet_file *vg_fleet_file_load(const char *directory, const char *name_or_path, const char *const *models,
                                         size_t model_count, struct vg_error *err);
/* Names of the fleet files under suites/fleets. Caller frees with vg_names_free. */
bool vg_fleet_names(const char *directory, char ***names, unsigned *count, struct vg_error *err);
void vg_fleet_file_free(struct vg_fleet_file *fleet);
/* Puts the place of the class before the error's text; returns false. */
bool vg_fleet_file_fail(const struct vg_fleet_file *fleet, unsigned class_index, struct vg_error *err);
/* "rack.17", "rack.17/3": names of hosts and pGPUs by index and back; -1 if there is none. Caller frees names. */
char *vg_fleet_host_name(const struct vg_fleet_file *fleet, unsigned host);
char *vg_fleet_pgpu_name(const struct vg_fleet_file *fleet, unsigned pgpu);
int64_t vg_fleet_host_index(const struct vg_fleet_file *fleet, const char *name);
int64_t vg_fleet_pgpu_index(const struct vg_fleet_file *fleet, const char *name);
int vg_fleet_type_index(const struct vg_fleet_file *fleet, const char *name);

/* A VM that asks for a vGPU, or one that leaves and gives it back. */
struct vg_request_event {
    double time_s; /* since the stream began; never goes back */
    uint32_t vm;   /* number of the arrival, from 0; a departure has the number of its arrival */
    bool leaves;
    int16_t type; /* index in the fleet's type names */
    int16_t numa; /* -1: any */
    int32_t host; /* -1: any */
    int32_t pgpu; /* -1: not named */
};

struct vg_request_stream {
    struct vg_request_event *events;
    size_t event_count, arrival_count;
    char **names; /* of VMs, by arrival; NULL: their numbers */
};

/* CSV with a header line, see docs/placement.md; at most VG_REQUESTS_MAX events. */
enum { VG_REQUESTS_MAX = 20000000 };
bool vg_requests_load(const char *path, const struct vg_fleet_file *fleet, struct vg_request_stream *stream,
                      struct vg_error *err);
bool vg_requests_save(const char *path, const struct vg_fleet_file *fleet, const struct vg_request_stream *stream,
                      struct vg_error *err);
void vg_requests_free(struct vg_request_stream *stream);
/* --- known issues: files of expectations -------------------------------------------------------------------------- */

enum vg_known_outcome {
    VG_OUTCOME_XFAIL,  /* fails, and is known to: passing is news */
    VG_OUTCOME_FLAKE,  /* fails now and then: a failure that a rerun does not show again is tolerated */
    VG_OUTCOME_WAIVED, /* somebody takes the responsibility for whatever it shows */
};

/* The issue is there from one version of something to before another; both are fields of the fingerprint. */
struct vg_version_range {
    char *key;   /* "host.qemu" */
    char *from;  /* NULL: from the first */
    char *below; /* NULL: no end is known */
};

struct vg_known_issue {
    char *test;     /* globs over test ids */
    char *instance; /* globs over instances: "virtio-venus.*"; NULL: all */
    char *expect;   /* "xfail", "flake", "waived" */
    enum vg_known_outcome outcome;
    char *reason;
    char *reference;                   /* where it is tracked */
    char *expires;                     /* "2027-01-31": runs that start later are not excused */
    struct vg_version_range *versions; /* all must hold; none: every version */
    unsigned version_count;
};

struct vg_known_issues {
    struct vg_known_issue *items;
    unsigned count;
    char *file;
};
struct vg_known_issues *vg_known_issues_load(const char *path, struct vg_error *err);
/* As JSON, with the keys of the YAML, and back, checked as strictly. */
json_t *vg_known_issues_to_json(const struct vg_known_issues *issues);
struct vg_known_issues *vg_known_issues_from_json(const json_t *json, const char *file, struct vg_error *err);
void vg_known_issues_free(struct vg_known_issues *issues);

/* --- gate policy ------------------------------------------------------------------------------------------------ */

/* Where a user's file names metrics by globs. */
struct vg_metric_place {
    unsigned line, column; /* 0: nobody's file */
};

struct vg_threshold {
    char *metric; /* globs over metric ids, comma-separated, as in --test */
    struct vg_metric_place at;
    double min_effect; /* relative change, 0.05 = 5 %; 0: such metrics are not compared */
    char *source;      /* why */
    bool optional;     /* of a user's file: for other runs too, which may have no such metric */
};

struct vg_steady {
    char *metric; /* globs over metric ids, as above */
    struct vg_metric_place at;
    double at_most; /* of a boot; above it the boot was disturbed */
    char *source;   /* why */
    bool optional;  /* as above */
};

/* Of `overhead`: what a vGPU's work may cost at most, as a ratio to bare metal. Other metrics are only reported. */
struct vg_overhead_limit {
    char *metric;               /* globs over TEST/METRIC, as above */
    struct vg_words mechanisms; /* of the vGPU */
    double at_most;             /* time through the vGPU over that on bare metal */
    char *source;               /* why */
};

/* suites/gate.yaml, and what a user's file says instead: how comparisons of runs are decided. */
struct vg_gate_policy {
    unsigned boots, baseline_boots; /* fewest values of a metric that are compared */
    unsigned *looks;                /* ascending: boots at which a metric is looked at when it is topped up */
    unsigned look_count;
    double error; /* false discovery rate over all metrics and looks */
    /* Most often that one metric is called changed, in either direction, when nothing is, over all looks. */
    double false_alarm;
    double confidence, equivalence; /* of the two intervals */
    double autocorrelation;         /* of consecutive boots, above which they are said to drift */
    unsigned baseline_age_days;     /* oldest baseline that is compared with */
    bool same_build;                /* both sides must be made by one build of vgauge, not only one version */
    struct vg_steady *steady;       /* of `ab`: what a boot must be, or its pair is made again; a user's add to ours */
    unsigned steady_count;
    struct vg_words bare_metal;         /* of `overhead`: mechanisms that give a tenant the whole GPU without a vGPU */
    struct vg_overhead_limit *overhead; /* of `overhead`: the first that matches decides; a user's add to ours */
    unsigned overhead_count;
    struct vg_threshold *thresholds; /* the first that matches a metric replaces its own min_effect */
    unsigned threshold_count;
    char *source;
    char *user_file; /* NULL: none; the first of the thresholds, and of `steady`, are its */
    unsigned user_threshold_count, user_steady_count;
};
/* directory: of the suites; user_file: NULL for none. */
struct vg_gate_policy *vg_gate_policy_load(const char *directory, const char *user_file, struct vg_error *err);
void vg_gate_policy_free(struct vg_gate_policy *policy);
/* What counts for this metric: the policy's threshold, else its own. */
double vg_gate_policy_threshold(const struct vg_gate_policy *policy, const char *metric_id, double own);

/* --- the catalogue ---------------------------------------------------------------------------------------------- */

struct vg_catalog {
    char *directory; /* suites/ */
    const struct vg_requirement **requirements;
    unsigned requirement_count;
    const struct vg_test **tests;
    unsigned test_count;
    const struct vg_plan **plans;
    unsigned plan_count;
};

/* Finds suites/: $VGAUGE_SUITES, beside the executable (build/../suites), or the installed place. Caller frees. */
char *vg_catalog_directory(struct vg_error *err);
/* Loads and cross-checks everything under directory: ids unique, requirements exist, workloads, analyses, parameters
 * and actions known, tenants referred to exist, units and ranges right, thresholds have sources. */
struct vg_catalog *vg_catalog_load(const char *directory, struct vg_error *err);
void vg_catalog_free(struct vg_catalog *catalog);
const struct vg_requirement *vg_catalog_requirement(const struct vg_catalog *catalog, const char *id);
const struct vg_test *vg_catalog_test(const struct vg_catalog *catalog, const char *id);
/* By name; the error names the nearest plan. */
const struct vg_plan *vg_catalog_plan(const struct vg_catalog *catalog, const char *name, struct vg_error *err);

/* By name (suites/hosts/NAME.yaml) or by path (holds a slash or ends in .yaml). */
struct vg_host *vg_host_load(const char *directory, const char *name_or_path, struct vg_error *err);
void vg_host_free(struct vg_host *host);
/* Names of the host files under suites/hosts. Caller frees with vg_names_free. */
bool vg_host_names(const char *directory, char ***names, unsigned *count, struct vg_error *err);
void vg_names_free(char **names, unsigned count);

/* A test as JSON (the same keys as its YAML) and back: a run directory carries the tests that it ran, so that it can be
 * judged elsewhere. vg_test_from_json checks as strictly as the YAML loader. */
json_t *vg_test_to_json(const struct vg_test *test);
struct vg_test *vg_test_from_json(const json_t *json, const char *file, struct vg_error *err);
void vg_test_free(struct vg_test *test);
/* Applies "TEST-GLOB.PARAM=VALUE" (--set): PARAM is a workload parameter of any of the test's runs that has it, or an
 * analysis parameter as ANALYSIS-NAME.PARAM. False if no test takes it, naming the nearest. Works on copies: returns a
 * new catalogue-owned test list in place. */
bool vg_catalog_set(struct vg_catalog *catalog, const char *setting, struct vg_error *err);

/* JSON of any catalogue object, for `list --json` and `describe --json`. */
json_t *vg_requirement_to_json(const struct vg_requirement *requirement);
json_t *vg_plan_to_json(const struct vg_plan *plan);
json_t *vg_host_to_json(const struct vg_host *host);

#endif
