/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to engine/: what is done to the tenants of a test again and again, or looked at on the host while they run.
 * Where a drill writes rows for the judge to replay, an exercise counts checks, as conformance workloads do: the
 * analysis `checks` reads both. */
#ifndef VG_ENGINE_EXERCISE_H
#define VG_ENGINE_EXERCISE_H

#include "common/checks.h"
#include "engine/drill.h"

struct vg_exercise {
    struct vg_scene *scene;
    unsigned phase;
    const struct vg_descriptor *action;
    const struct vg_settings *params;
    struct vg_checks checks;
    struct vg_fact *facts;
    unsigned fact_count;
    char *skip; /* why it does not apply here */
};

/* Carries it out, and puts what it counted into the phase as a run of the "tenant" host. False as vg_phase_run. */
bool vg_exercise_run(struct vg_scene *scene, unsigned phase, const struct vg_drill_action *action,
                     const struct vg_settings *params, struct vg_error *err);

const char *vg_exercise_param(const struct vg_exercise *exercise, const char *name);
long long vg_exercise_number(const struct vg_exercise *exercise, const char *name);
void vg_exercise_fact(struct vg_exercise *exercise, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void vg_exercise_skip(struct vg_exercise *exercise, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The tenant that the parameter `on` names, running; NULL with a skip if there is none. */
struct vg_tenant *vg_exercise_tenant(struct vg_exercise *exercise);
/* From now on, if that tenant dies this is a check that did not hold, and no loss of the test's; or no longer. */
void vg_exercise_trial(struct vg_exercise *exercise, bool on_trial);
/* An action of phases ("start", "kill", ...) on the tenant that `on` names. What goes wrong with the tenant is told in
 * `failed`; false only when the run is to end. *done: it worked. */
bool vg_exercise_act(struct vg_exercise *exercise, const char *action, bool *done, struct vg_error *failed,
                     struct vg_error *err);
/* Every other tenant that was booted still lives, and no workload of it has ended badly. */
void vg_exercise_look_at_neighbours(struct vg_exercise *exercise);

/* exercise-renderers.c: the processes below a VMM, each after its parent. */
enum { VG_RENDERERS_MOST = 256 };
struct vg_renderer {
    pid_t pid, parent;
    char name[32];
};
unsigned vg_renderers_of(pid_t vmm, struct vg_renderer into[VG_RENDERERS_MOST]);

/* resources.c: what this run holds of the host. */
struct vg_host_resources {
    unsigned processes;    /* below the runner, apart from those that are no tenant's */
    unsigned sockets;      /* files in the runtime directory */
    unsigned cgroups;      /* of this run */
    unsigned descriptors;  /* open in the runner */
    uint64_t shared_bytes; /* shared memory of the whole host: guests' memory, and what renderers share */
    uint64_t own_bytes;    /* resident in the runner */
};
/* kept.c: bytes in use on the heap of this process, libvirt's included; and those of them that grow by design, for they
 * are results of the test that runs, or samples on their way to a file. */
uint64_t vg_heap_bytes(void);
uint64_t vg_kept_bytes(const struct vg_scene *scene);
void vg_host_resources_read(const struct vg_engine *engine, struct vg_host_resources *resources);

#endif
