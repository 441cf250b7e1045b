/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to engine/: what is done to a mechanism itself, without tenants. A drill asks, looks, and writes down every
 * row; what should have come of it is the judge's to say. */
#ifndef VG_ENGINE_DRILL_H
#define VG_ENGINE_DRILL_H

#include "engine/internal.h"

struct vg_exercise;

struct vg_drill {
    struct vg_engine *engine;
    const struct vg_host *host;
    const struct vg_host_mechanism *config;
    const struct vg_mechanism *mechanism;
    void *state;
    const struct vg_descriptor *action;
    const struct vg_settings *params; /* of the test; see vg_drill_param */
    unsigned *host_index;             /* of each pGPU in walk.classes */
    struct vg_walk walk;
    struct vg_vgpu **vgpus; /* by instance number; NULL: it does not exist */
    unsigned vgpu_count;
    /* Where a vGPU is its VM's own (drill-tenant.c). */
    const struct vg_instance *instance;
    bool with_tenants;
    struct vg_tenant **tenants; /* by instance number */
    unsigned tenant_count;
    unsigned boot_every; /* of so many vGPUs one gets a real VM, the others only keep their place */
    uint64_t seed, random;
    char *skip;    /* why the action does not apply here */
    char *trouble; /* first thing that kept it from being carried out */
    struct vg_step *shrunk;
    unsigned shrunk_count;
    bool shrink_cut; /* time ran out before every shorter walk was tried */
    char *shrunk_end;
    bool inspected; /* looks at the driver's maxima were written down */
    unsigned *advertised;
};

/* What a manager keeps on its disk of one vGPU. A UUID tells it where the driver has one, a VF where it has not. */
struct vg_drill_definition {
    unsigned pgpu, type;
    int vf;
    char uuid[37];
    int64_t instance; /* number of the vGPU that was defined */
};

struct vg_drill_action {
    struct vg_descriptor; /* .kind = VG_KIND_ACTION */
    /* False when interrupted. Everything else is in the drill. */
    bool (*run)(struct vg_drill *drill, struct vg_error *err);
    /* Instead of run: what is done to, or looked at in, the tenants of the test (exercise.h). */
    bool (*exercise)(struct vg_exercise *exercise, struct vg_error *err);
};
#define VG_DRILL(symbol)                                                                                               \
    extern const struct vg_drill_action vg_drill_##symbol;                                                             \
    VG_REGISTER(vg_drill_##symbol);                                                                                    \
    const struct vg_drill_action vg_drill_##symbol

/* provision.c: carries out one action and puts what it wrote down into the phase's runs. */
bool vg_provision_run(struct vg_scene *scene, unsigned phase, const struct vg_test_provision *provision,
                      struct vg_error *err);

const char *vg_drill_param(const struct vg_drill *drill, const char *name);
long long vg_drill_number(const struct vg_drill *drill, const char *name);
uint32_t vg_drill_random(struct vg_drill *drill, uint32_t below);
bool vg_drill_turn(struct vg_drill *drill, struct vg_error *err); /* false: interrupted */
void vg_drill_skip(struct vg_drill *drill, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vg_drill_trouble(struct vg_drill *drill, const char *what);

/* A new row; filled in with what is the same for all. The pointer is good until the next row. */
struct vg_step *vg_drill_step(struct vg_drill *drill, enum vg_step_op op, int64_t round, int64_t pgpu);
const struct vg_host_profile *vg_drill_profile(const struct vg_drill *drill, unsigned pgpu, unsigned type);
/* Number of the vGPU, or VG_ANY if it was refused. */
int64_t vg_drill_create(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type);
int64_t vg_drill_create_as(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf);
/* As it was defined once: on this VF (or VG_ANY), with this UUID (or NULL). */
int64_t vg_drill_create_again(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf,
                              const char *uuid);
/* drill-insist.c: asks again for what was just refused, this time without a look at the counters. Number of the vGPU if
 * the driver gave one, which it should not have; VG_ANY if it refused, or if there is no driver to be asked. */
int64_t vg_drill_insist(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type);
/* The same, at exactly this VF. */
int64_t vg_drill_insist_on(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf);
/* Takes a vGPU that was made elsewhere (a race) into the list. */
int64_t vg_drill_keep(struct vg_drill *drill, struct vg_vgpu *vgpu);
enum vg_refusal vg_drill_destroy(struct vg_drill *drill, int64_t round, int64_t instance);
/* Reads the pGPU's counters after the last step. */
bool vg_drill_look(struct vg_drill *drill, unsigned pgpu);
/* Reads which placement IDs the driver says are creatable after the last step, and if so asked which it supports. */
void vg_drill_placements(struct vg_drill *drill, unsigned pgpu, bool supported);
/* Reads the maxima that the driver advertises elsewhere than in its counters. */
void vg_drill_maxima(struct vg_drill *drill, unsigned pgpu);
void vg_drill_look_all(struct vg_drill *drill, int64_t round);
void vg_drill_drain(struct vg_drill *drill, int64_t round); /* destroys everything that it made, as steps */
struct vg_drill_definition vg_drill_definition(const struct vg_drill *drill, unsigned pgpu, unsigned type,
                                               int64_t instance);
/* Writes down whether the driver shows the vGPU as it was defined. */
void vg_drill_same(struct vg_drill *drill, int64_t round, int64_t instance,
                   const struct vg_drill_definition *definition);
/* Everything as at the start, without steps: for trying again. True if it is known to be so. */
bool vg_drill_restart(struct vg_drill *drill);
/* If the walk shows a fault, by the capacity models or (policy not NULL) by that policy's oracle: does ever fewer of
 * its steps again, and keeps the shortest walk found (drill->shrunk). drill-shrink.c. */
bool vg_drill_shrink(struct vg_drill *drill, const char *policy, struct vg_error *err);
unsigned vg_drill_live(const struct vg_drill *drill, int64_t *instances, unsigned most); /* which exist */

/* Everything that it made goes without steps; false: something is still there. */
bool vg_drill_destroy_quietly(struct vg_drill *drill);

/* --- drill-setup.c --- */

void vg_drill_set_vfs(struct vg_drill *drill, int64_t round, unsigned pgpu, int vfs);
void vg_drill_set_mixed(struct vg_drill *drill, int64_t round, unsigned pgpu, bool mixed);
/* How many VFs can each be given the type's memory, by what is known: all that the driver advertises, as long as the
 * memory that the host file gives the pGPU holds them; where it gives none, those that it wants (`vfs`). At least 1. */
unsigned vg_drill_vfs_that_fit(const struct vg_drill *drill, unsigned pgpu, unsigned type);

/* --- drill-vm.c: a process that holds the vGPU's VFIO device open plays the VM --- */

bool vg_drill_hold(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t instance, pid_t *pid);
void vg_drill_let_go(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t instance, pid_t pid, unsigned way);

/* --- drill-tenant.c: each vGPU is a VM --- */

/* The instance that was kept last becomes a tenant. */
void vg_drill_enrol(struct vg_drill *drill, struct vg_vgpu *vgpu);
/* Boots all that are due, in parallel, until their agents said hello. */
bool vg_drill_boot(struct vg_drill *drill, struct vg_error *err);
/* As the mechanism's look; with tenants `live` is counted by where the kernel has their renderers. */
bool vg_drill_see(struct vg_drill *drill, unsigned pgpu, struct vg_pgpu *seen, struct vg_error *err);
/* Ends the VM and gives its vGPU back. One that was due and not booted yet is booted first. */
bool vg_drill_dismiss(struct vg_drill *drill, int64_t instance, struct vg_error *err);
void vg_drill_dismiss_all(struct vg_drill *drill);
/* Ends a VM without telling whoever manages it, and waits until that one noticed and freed the slot: two steps. */
enum { VG_DRILL_BY_GUEST, VG_DRILL_BY_HOST, VG_DRILL_BY_CRASH, VG_DRILL_WAYS };
bool vg_drill_end_vm(struct vg_drill *drill, int64_t round, int64_t instance, unsigned way, struct vg_error *err);
/* --- drill-held.c --- */

/* Writes down what this process holds of the host: open files, threads, processes of its VMs; as the first time, or
 * beside the first time's. */
void vg_drill_held(struct vg_drill *drill, int64_t round, int64_t first[VG_HELD_KINDS], bool is_first);
/* Writes down how many bytes this process, the manager, has allocated, less what the drill's own rows take. */
void vg_drill_weigh(struct vg_drill *drill, int64_t round);
/* How many device nodes the host has of the kinds that vGPUs get. */
int64_t vg_drill_nodes(const struct vg_drill *drill);
/* Writes down how many there are after a refusal, beside those before it. */
void vg_drill_see_nodes(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t before);
#define VG_DRILL_BOOT_EVERY                                                                                            \
    {                                                                                                                  \
        .name = "boot_every", .type = VG_INT, .def = "1", .min = 1, .max = 100000, .unit = "1",                        \
        .summary = "where each vGPU is a VM: of so many one is booted, the others only keep their place"               \
    }

/* Another pGPU of the drill's. */
bool vg_drill_has(const struct vg_drill *drill, enum vg_capacity_model model, unsigned *pgpu);
/* Which pGPU a policy chooses now, by what the driver says; index, or VG_ANY with the refusal. A known-bad placer takes
 * this one's place (tests/controls). */
extern int64_t (*vg_drill_choose)(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                                  enum vg_refusal *refusal);
/* One decision, which is carried out and read back: steps of the walk. type_id: number of the profile. */
void vg_drill_decide(struct vg_drill *drill, int64_t round, const struct vg_placement_policy *policy, unsigned type_id);
/* Asks which pGPU would take the type (id); if none would, that and the reason is a step. */
void vg_drill_ask_all(struct vg_drill *drill, int64_t round, const struct vg_placement_policy *policy,
                      unsigned type_id);
/* For placers: the fleet as the driver shows it. Arrays are the caller's, one entry per pGPU. */
bool vg_drill_fleet(struct vg_drill *drill, struct vg_fleet *fleet, struct vg_pgpu_class *classes,
                    struct vg_fleet_pgpu *pgpus, struct vg_pgpu_state *states);
void vg_drill_free_walk(struct vg_walk *walk);

#endif
