/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to engine/: the parts that instance.c composes. */
#ifndef VG_ENGINE_INTERNAL_H
#define VG_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "engine/engine.h"
#include "guest/guest.h"
#include "judge/judge.h"
#include "machine/machine.h"
#include "mechanism/mechanism.h"
#include "probe.h"

struct vg_engine;
struct vg_scene;

/* One tenant: a VM or a native process, with its vGPU and its link. Lives as long as its boot; serves several tests. */
struct vg_tenant {
    struct vg_engine *engine;
    unsigned number; /* of this boot within the run, from 1: part of the domain's name */
    unsigned boot;   /* which repetition of the plan it was booted for, from 1 */
    const struct vg_mechanism *mechanism;
    void *mechanism_state;
    const struct vg_host_profile *profile;
    unsigned pgpu_index;
    struct vg_vgpu *vgpu;
    struct vg_vm *vm;
    struct vg_process *process;
    char *device; /* of the host that was given to the VM: PCI address or mdev UUID; NULL: none */
    struct vg_link *link;
    char *label;        /* "virtio-venus-3": names its domain and files */
    char *console_file; /* in the runtime directory */
    char *domain_xml;   /* NULL for native */
    const char *rootfs; /* of the image that it boots; NULL for native; the engine's */
    json_t *hello;
    int64_t start_ns, hello_ns;
    bool booted;   /* said hello */
    bool dead;     /* link broken, VM gone or boot failed; `reason` says why */
    bool stopped;  /* ended by an action of the test */
    bool tainted;  /* a workload of it did not end: must not serve another test */
    bool on_trial; /* what kills it is what the test is about: its end is counted, and no loss of the test's */
    bool parked;   /* stands still, without a part in its pGPU, until a test wants it */
    char *reason;
    /* The test that it serves now. */
    struct vg_scene *scene;
    char *name;           /* "peer.0"; NULL while it serves none */
    unsigned weight;      /* of its share, by the test */
    bool shared;          /* it ran before this test began */
    unsigned clock_first; /* clock points before this are of no use to this test */
    /* Booting happens in a thread of its own. */
    pthread_t thread;
    bool thread_running;
    atomic_bool thread_done;
    int thread_fd;
    struct vg_error thread_error;
};

/* schedule.c: the profile of a mechanism whose host file names none: the whole pGPU, as many tenants as wanted. */
const struct vg_host_profile *vg_profile_whole(void);
/* The profile that the host file names after this one, in a circle; NULL if it names no other. */
const struct vg_host_profile *vg_profile_other(const struct vg_host_mechanism *config, const char *profile);

/* --- tenant.c, boot.c: life of a tenant ----------------------------------------------------------------------------
 */

struct vg_tenant *vg_tenant_new(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err);
/* A tenant for a vGPU that exists. It owns it from now on. */
struct vg_tenant *vg_tenant_of(struct vg_engine *engine, const struct vg_instance *instance, struct vg_vgpu *vgpu);
/* Boots all that have not yet, in parallel, until each said hello; false if one did not (it is then `dead`, and err is
 * the first one's sentence with the end of its console), or when interrupted. */
bool vg_tenants_boot(struct vg_engine *engine, struct vg_tenant **tenants, unsigned count, struct vg_error *err);
/* Ends it in the given way and gives its vGPU back. how: "destroy", "kill", "shutdown". */
bool vg_tenant_stop(struct vg_tenant *tenant, const char *how, struct vg_error *err);
/* Notices a VM that ended without being asked to, and gives its vGPU back. Nothing to do for others. */
bool vg_tenant_reap(struct vg_tenant *tenant, struct vg_error *err);
void vg_tenant_free(struct vg_tenant *tenant);
/* Lets a VM stand still until a later test of the same boot wants it, so that it need not boot again. False: it has to
 * go, since its mechanism would still count it as running, or it cannot be paused. */
bool vg_tenant_park(struct vg_tenant *tenant);
/* A healthy tenant that serves no test now and was booted for the same repetition with the same mechanism and profile,
 * running (one that was parked goes on). NULL: none. */
struct vg_tenant *vg_tenant_reuse(struct vg_engine *engine, const struct vg_instance *instance);
pid_t vg_tenant_pid(const struct vg_tenant *tenant); /* 0 if none */
/* Marks it dead once; its runs become "lost". */
void vg_tenant_lost(struct vg_tenant *tenant, const char *reason);
/* Notices a VM or process that ended by itself. */
void vg_tenant_check(struct vg_tenant *tenant);

/* --- place.c: which pGPU a tenant gets -----------------------------------------------------------------------------
 */

/* The policy that the host file names, if tenants can be placed by it: they come without a NUMA node and without the
 * name of a pGPU. */
bool vg_place_policy(const struct vg_host *host, const struct vg_placement_policy **policy, struct vg_error *err);
/* By the host file's placement policy over what the mechanism shows now; where nothing fits, the pGPU whose
 * refusal is the most specific one, and then says why. */
bool vg_place_tenant(struct vg_tenant *tenant, struct vg_error *err);
/* A class as the host file has it, set up as the pGPU is now: VFs and mixed-size mode. */
bool vg_place_class_now(struct vg_pgpu_class *class, const struct vg_pgpu *seen, struct vg_error *err);
/* A pGPU as its driver shows it, in the terms of the capacity models. */
void vg_place_see(const struct vg_pgpu_class *class, const struct vg_pgpu *seen, struct vg_pgpu_state *state);

/* --- scene.c: what one instance does, while it does it ---------------------------------------------------------------
 */

/* One workload that was started in one tenant. */
struct vg_active_run {
    struct vg_scene *scene;
    struct vg_tenant *tenant; /* NULL: ended with the run, and was started again as another */
    const struct vg_workload *workload;
    const char *until;       /* the mark that the phase waits for; NULL: the end */
    unsigned phase, index;   /* its struct vg_measured_run */
    unsigned link_run;       /* the link's number */
    struct vg_csv **streams; /* one per stream of the workload; NULL until rows came */
    unsigned stream_count;
    int64_t
        *marks_guest_ns; /* as many as its measured run has marks, which get host time once all clock points are in */
    int64_t heard_ns;    /* when it last said anything */
    bool ready, gone, reached, ended;
};

struct vg_scene {
    struct vg_engine *engine;
    const struct vg_instance *instance;
    struct vg_measurements *measurements;
    struct vg_tenant **tenants; /* those of this instance, in the order of measurements->tenants */
    unsigned tenant_count;
    struct vg_active_run **runs; /* in the order of starting; pointers, since links keep them */
    unsigned run_count;
    const char *policy;            /* in force; the instance's at first */
    struct vg_freeze *freeze;      /* NULL: no manager is stopped */
    struct vg_error storage_error; /* first failure to write samples */
    int64_t start_ns;
};

struct vg_measured_run *vg_active_measured(const struct vg_active_run *run);
extern const struct vg_link_events vg_scene_link_events; /* context: struct vg_tenant */
/* Writes down that something happened now. tenant and action are what the judge reads, NULL if it is no action on a
 * tenant; done: the action is over. The text is for people. */
void vg_scene_event(struct vg_scene *scene, const char *tenant, const char *action, bool done, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void vg_scene_invalid(struct vg_scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct vg_tenant *vg_scene_tenant(const struct vg_scene *scene, const char *name); /* NULL if not (yet) started */
/* Gives marks their host time, as the judge gives it to samples: between the two nearest clock points. */
void vg_scene_settle_marks(struct vg_scene *scene);
/* Closes a run's files and settles its status if it has none. */
void vg_active_finish(struct vg_active_run *run, const char *status, const char *message);

/* --- diagnose.c: what is written down before anything that hangs is stopped ------------------------------------------
 */

/* Asks the agents what their tenants do, and writes consoles, backtraces of all VMMs (or native processes) and the end
 * of the kernel's log beside the measurements; takes at most about a minute. *collected: the names of the files; caller
 * frees. False when interrupted. */
bool vg_scene_diagnose(struct vg_scene *scene, char **collected, struct vg_error *err);
/* The same for one tenant of a test, whose agent never said a word; its console is left to the caller. */
void vg_tenant_diagnose(const struct vg_tenant *tenant, char **collected);

/* --- limit.c: how long a test, and the whole run, may take -----------------------------------------------------------
 */

enum vg_limit_passed { VG_LIMIT_NONE, VG_LIMIT_TEST, VG_LIMIT_RUN };
void vg_limit_begin_run(struct vg_engine *engine);
void vg_limit_begin_test(struct vg_engine *engine, struct vg_scene *scene);
void vg_limit_end_test(struct vg_engine *engine);
/* Time in which another run had its turn does not count. */
void vg_limit_pause(struct vg_engine *engine, int64_t paused_ns);
/* False, as interrupted (VG_ERROR_INTERRUPTED), when one is over; the first time this collects what can be known. A
 * test's own limit stays passed until vg_limit_end_test. */
bool vg_limit_look(struct vg_engine *engine, struct vg_error *err);
/* Puts a passed limit into the measurements: runs and phase are out of time, and no tenant serves another test. */
void vg_limit_settle(struct vg_scene *scene);

/* --- phase.c ------------------------------------------------------------------------------------------------------ */

/* Runs one phase. False when interrupted or when the environment failed; what a tenant did wrong is in the
 * measurements. */
bool vg_phase_run(struct vg_scene *scene, const struct vg_phase *phase, struct vg_error *err);
/* Starts one workload in one tenant as part of a phase and waits until it has reached its mark (or its end, if it waits
 * for none). *done: it did so in time. False as vg_phase_run. */
bool vg_phase_load(struct vg_scene *scene, unsigned phase, const struct vg_test_run *spec, struct vg_tenant *tenant,
                   unsigned timeout_s, bool *done, struct vg_error *err);
/* Asks what still runs (in one tenant, or in all if it is NULL) to stop, and waits for it. */
bool vg_scene_stop_runs(struct vg_scene *scene, const struct vg_tenant *only, struct vg_error *err);
/* action.c: does one action of a phase. */
bool vg_action_run(struct vg_scene *scene, const struct vg_test_action *action, struct vg_error *err);
/* Reboots a tenant (how: "reset" by the host, "guest" by itself, "panic" of its kernel) and waits until its agent says
 * hello again. */
bool vg_tenant_reboot(struct vg_scene *scene, struct vg_tenant *tenant, const char *how, struct vg_error *err);

/* --- freeze.c: a user-space manager that is stopped for a while ------------------------------------------------------
 */

struct vg_freeze;
/* Stops every process whose name (comm) is one of these; refuses those of tenants. NULL on failure. */
struct vg_freeze *vg_freeze_begin(const struct vg_engine *engine, const struct vg_words *names, struct vg_error *err);
/* Whether all of them still stand still: their owner may wake them. */
bool vg_freeze_holds(const struct vg_freeze *freeze);
unsigned vg_freeze_count(const struct vg_freeze *freeze);
/* Lets them go on; NULL is fine. */
void vg_freeze_end(struct vg_freeze *freeze);

/* --- policy.c ------------------------------------------------------------------------------------------------------
 */

/* Applies the scene's policy to the tenants that run now; the mechanism reads it back. */
bool vg_policy_apply(struct vg_scene *scene, struct vg_error *err);
/* Another policy from here on. */
bool vg_policy_change(struct vg_scene *scene, const char *policy, struct vg_error *err);
/* What is in force now, into the phase's readings; nothing where the mechanism cannot tell. */
void vg_policy_read(struct vg_scene *scene, struct vg_measured_phase *phase, bool after);

/* --- watch.c: probes during one instance ----------------------------------------------------------------------------
 */

struct vg_watch;
struct vg_watch *vg_watch_start(struct vg_scene *scene);
/* Tenants changed: the probes see the new set from their next sample on. */
void vg_watch_targets(struct vg_watch *watch, struct vg_tenant *const *tenants, unsigned count);
void vg_watch_stop(struct vg_watch *watch); /* fills measurements->probes; frees */

/* --- instance.c -----------------------------------------------------------------------------------------------------
 */

/* The tenant serves this scene from now on, as measurements->tenants[index]. shared: it ran before. */
void vg_scene_take(struct vg_scene *scene, struct vg_tenant *tenant, unsigned index, bool shared);
/* Runs one instance from boot to saved measurements and verdict. False only for what ends the whole run. */
bool vg_instance_run(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err);

/* --- engine.c -------------------------------------------------------------------------------------------------------
 */

struct vg_open_mechanism {
    const struct vg_mechanism *mechanism;
    void *state;
};

struct vg_engine {
    const struct vg_engine_config *config;
    const struct vg_host *host;
    char *runtime_directory;
    int runtime_claim; /* -1 none */
    struct vg_images images;
    bool images_found;
    struct vg_machine *machine;
    struct vg_xvfb *xvfb;
    enum vg_accel accel;
    char *guest_clock; /* option of the guest's kernel; NULL: none */
    enum vg_display display;
    char *payload, *agent;
    struct vg_open_mechanism *mechanisms;
    unsigned mechanism_count;
    struct vg_tenant **tenants; /* all that exist now */
    unsigned tenant_count;
    unsigned boots;
    cpu_set_t all_cores;           /* that the runner may use, before it kept to some */
    bool booted_vm, booted_native; /* whether any tenant of the kind ever came up */
    unsigned boot_timeout_s;
    struct vg_watch *watch; /* of the instance that runs now */
    /* limit.c */
    struct vg_scene *scene;            /* that runs now; NULL: none */
    int64_t run_ends_ns, test_ends_ns; /* 0: no limit */
    enum vg_limit_passed passed;
    char *passed_said;
    bool diagnosing; /* what is waited for now is an answer to why */
    /* progress */
    struct vg_progress progress;
    char step[160];
    int64_t start_ns, last_progress_ns;
    double estimate_done_s, estimate_total_s, actual_done_s;
};

/* False if a run that is resumed finds another environment than it began in. */
bool vg_engine_unchanged(const struct vg_engine *engine, struct vg_error *err);
/* Serves links and progress for at most timeout_ms, then returns. False once interrupted. */
bool vg_engine_turn(struct vg_engine *engine, int timeout_ms, struct vg_error *err);
/* Where this run takes turns with another one: hands the turn over if it is the other's, and serves the links until it
 * is ours again. */
bool vg_engine_take_turn(struct vg_engine *engine, struct vg_error *err);
void vg_engine_step(struct vg_engine *engine, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* environment.c: opens what the schedule's mechanisms need, before the first test: a host that cannot run one of them
 * is told at once, not after minutes. */
bool vg_environment_open(struct vg_engine *engine, struct vg_error *err);
void vg_environment_close(struct vg_engine *engine);
/* The root file system that a tenant of this instance boots: the usual one, unless only the second image has the
 * packages that the test needs. NULL: no VM. */
const char *vg_environment_rootfs(const struct vg_engine *engine, const struct vg_instance *instance);
/* Why no image here will do for the test, a sentence; NULL: one does. Caller frees. */
char *vg_environment_lacks(const struct vg_engine *engine, const struct vg_instance *instance);
/* guest_clock.c: the option that tells an emulated guest's kernel how fast its time stamp counter runs. NULL: it need
 * not be told (KVM), or this host does not know it itself. root: "" or a recorded tree (common/ticks.h). Caller frees.
 */
char *vg_guest_clock_option(enum vg_accel accel, const char *root);
void *vg_environment_mechanism(struct vg_engine *engine, const struct vg_mechanism *mechanism);
void vg_environment_fingerprint(struct vg_engine *engine);        /* fingerprint.c: of the host */
void vg_environment_fingerprint_images(struct vg_engine *engine); /* of the guest image and the hypervisor tree */
void vg_environment_fingerprint_pgpus(struct vg_engine *engine);  /* fingerprint_pgpu.c: of pGPUs and mechanisms */
/* fingerprint_tenant.c: of what the tenants of an instance said they are; before it lets go of them. */
void vg_environment_fingerprint_tenants(const struct vg_scene *scene);
/* fingerprint_unread.c: notes in the measurements what the fingerprint lacks that this instance's numbers depend on. */
void vg_environment_note_unread(const struct vg_scene *scene);
/* tenant.MECHANISM.licence or .caps, of a mechanism that has such limits: without a value, for good, once it could not
 * be read. */
void vg_environment_fingerprint_limit(struct vg_run *run, const struct vg_mechanism *mechanism, enum vg_limit limit,
                                      const struct vg_host *host, const struct vg_host_pgpu *pgpu);

#endif
