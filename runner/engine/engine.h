/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of engine/: runs a plan on a host. Boots tenants, drives phases with barriers, watches with probes,
 * writes measurements, has them judged at once, and leaves nothing behind. */
#ifndef VG_ENGINE_H
#define VG_ENGINE_H

#include "catalog/catalog.h"
#include "engine/turns.h"
#include "record/record.h"

/* One instance: a test at one point of its matrix. */
struct vg_instance {
    const struct vg_test *test;
    const char *mechanism, *profile, *policy; /* borrowed from host or test; policy "" if the mechanism has none */
    unsigned boot;                            /* 1..repeat */
    char *name;                               /* "virtio-venus.full.equal-share.boot-1" */
    char *skip;                               /* why it cannot run here; NULL if it can */
    bool withheld;                            /* `skip` is no word of mechanism or claims, but somebody's choice */
    bool untried; /* `skip`: no test judges this on the mechanism, although the requirement names it */
    bool done;    /* finished before: a run that is resumed passes over it */
};

struct vg_schedule {
    struct vg_instance *items; /* in the order of execution: grouped so that one boot serves many tests */
    unsigned count;
};

/* Whether the plan has a test that these globs (--test) select. */
bool vg_schedule_selects(const struct vg_catalog *catalog, const struct vg_plan *plan, const char *globs);
/* Which instances the plan has on this host. test_globs (may be NULL) narrows the plan's own selection (--test),
 * mechanism_globs the host's mechanisms (--mechanism). The error for a glob that selects nothing names the nearest
 * test. */
bool vg_schedule_make(const struct vg_catalog *catalog, const struct vg_plan *plan, const struct vg_host *host,
                      const char *test_globs, const char *mechanism_globs, struct vg_schedule *schedule,
                      struct vg_error *err);
void vg_schedule_free(struct vg_schedule *schedule);
/* Seconds that the instance will take, roughly, from its phases' parameters; for the estimate shown. */
double vg_instance_estimate_s(const struct vg_instance *instance, const struct vg_host *host);

/* Does `on` ("peer" or "peer.0") mean this tenant ("peer.0")? */
bool vg_tenant_selected(const char *on, const char *name);

/* Progress, for whoever shows it. Called from the engine's thread. */
struct vg_progress {
    unsigned instance, instance_count;
    const char *test, *instance_name; /* NULL while hosts are prepared */
    const char *step;                 /* "booting peer.0, peer.1", "phase contended" */
    double elapsed_s;                 /* since the start of the run */
    double remaining_s;               /* estimate */
};
struct vg_engine_observer {
    void (*progress)(void *context, const struct vg_progress *progress); /* on change, and about each 250 ms */
    void (*judged)(void *context, const struct vg_judgement *judgement);
    void *context;
};

struct vg_engine_config {
    const struct vg_catalog *catalog;
    const struct vg_host *host;
    const struct vg_schedule *schedule;
    struct vg_run *run;
    const char *program_directory; /* where vgauge-agent, vgauge-workload and payload.squashfs are */
    const struct vg_engine_observer *observer;
    unsigned timeout_s;     /* the whole run; 0: no limit */
    struct vg_turns *turns; /* with another run (engine/turns.h); NULL: there is none */
};
/* Runs everything. False with VG_ERROR_ENVIRONMENT if nothing could be started, VG_ERROR_INTERRUPTED after SIGINT or
 * SIGTERM and when timeout_s is over (what had finished is kept). In every case VMs, Xvfb, cgroups and sockets are gone
 * when it returns and run.json says how it ended. */
bool vg_engine_run(const struct vg_engine_config *config, struct vg_error *err);
/* Opens what the schedule's instances need, as a run does before its first test (images, display, libvirt, and a whole
 * guest under KVM where that is undecided), then closes it again. What was decided, and why, is in
 * config->run->environment. */
bool vg_engine_rehearse(const struct vg_engine_config *config, struct vg_error *err);

/* Ends and removes what killed runs of this user left: VMs, X servers, sockets, runtime directories, control groups.
 * Never touches what belongs to a run that lives, or is not named as ours. Every run does it before it starts. */
struct vg_reaped {
    unsigned runs;   /* runtime directories, with whatever ran in them */
    unsigned groups; /* control group directories */
};
void vg_engine_reap(struct vg_reaped *reaped);

/* Blocks SIGINT and SIGTERM for the process and remembers them; called once at the start of main, before threads. */
void vg_engine_catch_signals(void);
bool vg_engine_interrupted(void);

#endif
