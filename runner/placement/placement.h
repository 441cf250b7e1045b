/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of placement/: how many vGPUs fit on a pGPU, and which pGPU the next one goes to. Pure functions over
 * plain data: no files, no clock, no global state, nothing allocated unless said so. mechanism/ places tenants with
 * them, and the tests use them as the oracle for what a driver reports. docs/placement.md has the sources in full.
 *
 *   class      what a kind of pGPU offers (read-only once prepared)
 *   state      what lives on one pGPU (a value; zero-initialised is an empty pGPU)
 *   instance   one vGPU on it (a value; create fills it in, destroy takes it back)
 *   fleet      many pGPUs; a policy chooses one of them
 */
#ifndef VG_PLACEMENT_H
#define VG_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/base.h"
#include "catalog/catalog.h"

/* --- refusals ---------------------------------------------------------------------------------------------------- */

/* Why a create or policy was refused, most specific first: xapi scores no capacity 10, incompatible 8, disabled 6,
 * unsupported 4 and, when every pGPU refuses, reports the highest score (xapi_gpu_group.ml). The others are no matter
 * of capacity: a busy driver, a setting that needs a reboot, a broken environment. */
enum vg_refusal {
    VG_REFUSED_NOT,
    VG_REFUSED_NO_CAPACITY,
    VG_REFUSED_INCOMPATIBLE, /* with what runs on the pGPU */
    VG_REFUSED_DISABLED,     /* offered, but not as the pGPU is set up now: type disabled, no VFs, other mode */
    VG_REFUSED_UNSUPPORTED,
    VG_REFUSED_BUSY,
    VG_REFUSED_NEEDS_REBOOT,
    VG_REFUSED_ERROR, /* the environment failed; see the error */
};
const char *vg_refusal_name(enum vg_refusal refusal);
/* The one to report of two: VG_REFUSED_NOT over everything, then the more specific. */
enum vg_refusal vg_refusal_more_specific(enum vg_refusal a, enum vg_refusal b);

/* --- what a kind of pGPU offers ---------------------------------------------------------------------------------- */

enum {
    VG_CLASS_TYPES_MAX = 64,     /* types per pGPU: a bit each; NVIDIA's resource managers keep 64 (older) or 100 */
    VG_CLASS_INSTANCES_MAX = 64, /* vGPUs per pGPU; NVIDIA's resource manager stops at 48, one VF mask has 64 bits */
    VG_CLASS_SLOTS_MAX = 256,    /* placement slots; one per GiB of the board */
    VG_CLASS_GIS_MAX = 8,        /* MIG GPU instances; 7 on the largest cards */
    VG_ANY = -1,                 /* of a VF, placement ID, GPU instance, NUMA node, host or pGPU: let it be chosen */
};

enum vg_capacity_model {
    /* NVIDIA, legacy: all vGPUs of a pGPU have the same type; available = max - live for it, 0 for others (NV-UG8). */
    VG_CAPACITY_SAME_TYPE,
    /* NVIDIA, current: types of one profile size share a pGPU; available = max - live for them, 0 for others; the last
     * destroy opens every type again (NV-RM kvgpumgrSetVgpuType). */
    VG_CAPACITY_SAME_SIZE,
    /* NVIDIA, mixed-size: each vGPU holds the slots [ID, ID + placement_slots); available = supported IDs whose slots
     * are all free; max does not count (NV-RM). */
    VG_CAPACITY_MIXED_SIZE,
    /* NVIDIA, MIG-backed: a vGPU needs a GPU instance of its type's profile; available = the sum over matching GPU
     * instances of what each still takes (max_per_gi, one profile size per instance) (NV-RM). */
    VG_CAPACITY_MIG,
    /* One vGPU per VF and nothing else limits: xe, i915 and AMD SR-IOV; available = free VFs (K-IOV). */
    VG_CAPACITY_VF,
    /* One pool of instances for all types, as mdpy: available = count - live (K-MDPY). */
    VG_CAPACITY_COUNT_POOL,
    /* One pool of memory, as mbochs: available = floor(memory left / type's memory) (K-MBOCHS). */
    VG_CAPACITY_MEMORY_POOL,
    /* Intel GVT-g: available = min of low GM, high GM and fences left, each divided by the type's (K-GVT-VGPU). */
    VG_CAPACITY_GVT,
    /* xapi: available = floor((size - sizes of resident and scheduled) / type's size), and only beside types that it is
     * compatible with (XAPI-PGPU). Also the reference hypervisor's fractions: size = a common multiple of every max. */
    VG_CAPACITY_REMAINING,
};
/* "same-type", "same-size", "mixed-size", "mig", "vf", "count-pool", "memory-pool", "gvt-g", "remaining". */
const char *vg_capacity_model_name(enum vg_capacity_model model);
bool vg_capacity_model_find(const char *name, enum vg_capacity_model *model);

/* A vGPU type as one kind of pGPU offers it. Fields that the model does not use stay 0. */
struct vg_vgpu_type {
    const char *name;    /* borrowed */
    unsigned id;         /* the same on every pGPU that offers the type; NVIDIA's numeric type ID will do */
    const char *series;  /* "Q", "C", ...; borrowed; for people only; may be NULL */
    uint64_t size_bytes; /* profile size. REMAINING: 0 means class size / max. Any unit, if the class uses the same */
    unsigned max;        /* most per pGPU when it is alone there. SAME_TYPE, SAME_SIZE, MIXED_SIZE, REMAINING */
    bool disabled;       /* the pGPU could, but is set not to (xapi's enabled_VGPU_types) */
    bool whole;          /* passthrough: takes the pGPU as a whole and shares it with nothing. With every model */

    /* MIXED_SIZE. 0 slots: size_bytes in GiB. No IDs: the resource manager's recursive halving, less the denied. IDs
     * are in the order in which the driver tries them; slots of one type's IDs must not overlap. */
    unsigned placement_slots;
    unsigned placement_ids[VG_CLASS_INSTANCES_MAX];
    unsigned placement_id_count;
    unsigned placement_denied[VG_CLASS_INSTANCES_MAX]; /* e.g. 8 and 32 for 1 GiB profiles of 48 GiB Ampere boards */
    unsigned placement_denied_count;

    /* MIG: the profile of GPU instance that it needs; 0: not a MIG-backed type. max_per_gi 0: 1. */
    unsigned gi_profile;
    unsigned max_per_gi;

    /* GVT. */
    unsigned low_gm_mib, high_gm_mib, fences;

    /* REMAINING: bit i: may share a pGPU with types[i] (xapi's compatible_types_on_pgpu). 0: with every type. */
    uint64_t compatible;
};

/* A kind of pGPU: what identical pGPUs, set up alike, have in common. Fill it in, then call vg_capacity_prepare. */
struct vg_pgpu_class {
    const char *name; /* borrowed */
    enum vg_capacity_model model;
    struct vg_vgpu_type types[VG_CLASS_TYPES_MAX];
    unsigned type_count;

    /* SR-IOV: every vGPU sits on a VF of its own, the PF offers nothing. vf_count is how many are enabled now; with
     * sriov and no VF enabled, every type is refused as disabled. Goes with any model; VF needs it. */
    bool sriov;
    unsigned vf_count;

    uint64_t size_bytes;                    /* REMAINING, MEMORY_POOL: the pool; others: for statistics */
    unsigned count;                         /* COUNT_POOL */
    unsigned placement_slots;               /* MIXED_SIZE; 0: the slots of the type whose max is 1 */
    unsigned gi_profiles[VG_CLASS_GIS_MAX]; /* MIG: the GPU instances that exist, by profile */
    unsigned gi_count;
    unsigned low_gm_mib, high_gm_mib, fences; /* GVT: what is left for guests when none runs */

    /* Derived by vg_capacity_prepare; private to placement/. */
    struct {
        uint64_t size_bytes;
        uint64_t compatible;                         /* bit i: may live beside types[i] */
        uint64_t placement[VG_CLASS_SLOTS_MAX / 64]; /* bit n: n is a supported placement ID */
        unsigned maximum;                            /* available on an empty pGPU */
    } derived[VG_CLASS_TYPES_MAX];
    bool prepared;
};

/* Checks what was filled in and derives the rest; call it again after a change. Errors name class and type. */
bool vg_capacity_prepare(struct vg_pgpu_class *class, struct vg_error *err);
/* Could a pGPU be so? For a prepared class that a person made up: not if an empty one has no room for a single vGPU of
 * a type (other than for being disabled or set up otherwise), nor if it takes more of one than it has memory for. A
 * real host's drivers say what they have room for, whatever is offered there. */
bool vg_capacity_is_possible(const struct vg_pgpu_class *class, struct vg_error *err);
/* Index of a type in class->types by its id or name, or -1. */
int vg_class_type(const struct vg_pgpu_class *class, unsigned id);
int vg_class_type_named(const struct vg_pgpu_class *class, const char *name);

/* --- one pGPU ---------------------------------------------------------------------------------------------------- */

/* What lives on a pGPU. Resident and scheduled instances count alike for capacity: a place that was promised is taken
 * (xapi's scheduled_to_be_resident). Zero-initialised is empty. Read the counts; the rest is private to placement/. */
struct vg_pgpu_state {
    union {                                                /* what the class's model keeps count of */
        uint64_t placement_taken[VG_CLASS_SLOTS_MAX / 64]; /* MIXED_SIZE: bit n: placement slot n */
        uint64_t used_bytes;                               /* MEMORY_POOL, REMAINING */
        struct {
            uint32_t low_gm_mib, high_gm_mib, fences; /* GVT: taken */
        };
        struct {
            uint8_t gi_live[VG_CLASS_GIS_MAX]; /* MIG: vGPUs on each GPU instance */
            uint8_t gi_type[VG_CLASS_GIS_MAX]; /* index of the type of the last one there; meaningless if none lives */
        };
    };
    uint64_t vfs_taken;                /* bit n: VF n */
    uint64_t types_live;               /* bit i: some types[i] lives */
    uint8_t live;                      /* resident and scheduled */
    uint8_t scheduled;                 /* of these, not resident yet */
    uint8_t whole;                     /* 1: passed through as a whole */
    uint8_t count[VG_CLASS_TYPES_MAX]; /* live, by index in class->types */
} __attribute__((aligned(64)));        /* a fleet has many: what most decisions look at lies in one line of the cache */

/* One vGPU on a pGPU. */
struct vg_vgpu_instance {
    unsigned type;    /* index in class->types */
    int vf;           /* VG_ANY without SR-IOV */
    int placement_id; /* VG_ANY unless MIXED_SIZE */
    int gi;           /* index in class->gi_profiles; VG_ANY unless MIG */
    bool scheduled;
};
#define VG_INSTANCE_OF(type_index)                                                                                     \
    ((struct vg_vgpu_instance) { .type = (type_index), .vf = VG_ANY, .placement_id = VG_ANY, .gi = VG_ANY })

/* How many more vGPUs of the type can be created now, one after the other, with nothing else happening. `type` is an
 * index in class->types. 0 whenever a create would be refused. */
unsigned vg_capacity_available(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type);
/* What available_instances says on one PCI function (or: 1 if creatable_vgpu_types lists the type, else 0). With SR-IOV
 * a VF says 0 or 1 and the PF 0; without, the parent says vg_capacity_available. vf: VG_ANY is the PF or parent. */
unsigned vg_capacity_reported(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type,
                              int vf);
/* As vg_capacity_available on an empty pGPU: the advertised maximum (the mixed-size maximum in that mode). */
unsigned vg_capacity_maximum(const struct vg_pgpu_class *class, unsigned type);
/* Can an instance of the type be created with this placement ID now? False unless MIXED_SIZE. */
bool vg_capacity_placement_creatable(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                                     unsigned type, unsigned placement_id);

/* Would the create be granted, and if not, why? Checked least specific first, as xapi does for one pGPU: unsupported
 * (no such type: index out of range), disabled, incompatible, no capacity. wanted: VG_ANY or a place of the caller's; a
 * VF, placement ID or GPU instance that is taken is no capacity; one that does not exist, or of another profile, is
 * unsupported. */
enum vg_refusal vg_capacity_check(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                                  const struct vg_vgpu_instance *wanted);
/* Creates it (resident, or only scheduled if wanted->scheduled). Where it may choose it takes the lowest free VF, the
 * first creatable placement ID in the type's order and the first GPU instance with room, as the drivers do. *made says
 * what it got; may be the same object as wanted. Refused: state and *made unchanged. */
enum vg_refusal vg_capacity_create(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                                   const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *made);
/* A scheduled instance becomes resident: for whoever follows a VM from its promise to its boot. Nothing in vgauge does
 * so yet but the tests, since for capacity both are alike. */
void vg_capacity_start(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                       struct vg_vgpu_instance *instance);
/* Gives everything back. False, state unchanged, if no such instance can live there. */
bool vg_capacity_destroy(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                         const struct vg_vgpu_instance *instance);

/* --- which pGPU -------------------------------------------------------------------------------------------------- */

struct vg_fleet_pgpu {
    uint32_t host;
    uint32_t board; /* pGPUs of one board share nothing but the board: every rule above is per pGPU */
    uint16_t numa;  /* NUMA node within its host */
    uint16_t class; /* index in the fleet's classes */
};

/* The order of pgpus is the order of preference among equals. Arrays are the caller's. */
struct vg_fleet {
    const struct vg_pgpu_class *classes; /* prepared */
    unsigned class_count;
    const struct vg_fleet_pgpu *pgpus;
    struct vg_pgpu_state *states; /* one per pGPU */
    unsigned pgpu_count;
};

struct vg_placement_request {
    unsigned type;  /* vg_vgpu_type.id */
    int numa;       /* NUMA node of the VM, or VG_ANY */
    int64_t host;   /* only on this host, or VG_ANY */
    int64_t pgpu;   /* the pGPU that was asked for by name, or VG_ANY; only the policy `explicit` looks at it */
    bool scheduled; /* promise the place only */
};

enum vg_placement_key {
    VG_KEY_NONE,      /* the first eligible one */
    VG_KEY_RESIDENTS, /* live vGPUs on the pGPU, whatever their type (NVIDIA's documents) */
    VG_KEY_REMAINING, /* vg_capacity_available for the requested type (xapi) */
};
enum vg_placement_direction { VG_LOWEST, VG_LARGEST };
enum vg_placement_locality {
    VG_LOCALITY_NONE,
    VG_LOCALITY_PREFERRED, /* pGPUs on the request's NUMA node first, then the others (Nova's `preferred`) */
    VG_LOCALITY_REQUIRED,  /* only these (Nova's `required`) */
};

/* A policy is data, so that the plain scan and the index cannot differ in what they believe it says. */
struct vg_placement_policy {
    struct vg_descriptor; /* .kind = VG_KIND_PLACEMENT */
    enum vg_placement_key key;
    enum vg_placement_direction direction;
    enum vg_placement_locality locality;
    bool named;         /* only the pGPU that the request names */
    const char *source; /* who documents it */
};
#define VG_PLACEMENT(symbol)                                                                                           \
    extern const struct vg_placement_policy vg_placement_##symbol;                                                     \
    VG_REGISTER(vg_placement_##symbol);                                                                                \
    const struct vg_placement_policy vg_placement_##symbol

/* breadth-first-residents, depth-first-residents, breadth-first-remaining, depth-first-remaining, numa-preferred,
 * numa-required, explicit. NULL if unknown. */
const struct vg_placement_policy *vg_placement_policy_find(const char *name);

struct vg_decision {
    int64_t pgpu;            /* index in the fleet, or VG_ANY */
    enum vg_refusal refusal; /* VG_REFUSED_NOT, or the most specific over all pGPUs that were considered */
};

/* How good a pGPU is for the request: the lower the better, equal is a tie. False if it is not eligible; *refusal says
 * why (unsupported if it is on another host or, where that is required, another NUMA node). A test that must accept any
 * of several equals compares ranks instead of indices. */
bool vg_placement_rank(const struct vg_placement_policy *policy, const struct vg_fleet *fleet,
                       const struct vg_placement_request *request, unsigned pgpu, unsigned *rank,
                       enum vg_refusal *refusal);
/* The plain decision: looks at every pGPU; among equals the first. Changes nothing. */
struct vg_decision vg_placement_decide(const struct vg_placement_policy *policy, const struct vg_fleet *fleet,
                                       const struct vg_placement_request *request);

/* --- at scale ---------------------------------------------------------------------------------------------------- */

/* The same decisions as vg_placement_decide without looking at every pGPU: a tournament of ranks for each type. It
 * holds nothing that does not follow from the fleet. */
struct vg_placement_index;
/* The fleet must stay where it is. Type ids must be below VG_TYPE_ID_LIMIT. Caller frees. */
enum { VG_TYPE_ID_LIMIT = 1 << 20 };
struct vg_placement_index *vg_placement_index_new(const struct vg_placement_policy *policy,
                                                  const struct vg_fleet *fleet);
void vg_placement_index_free(struct vg_placement_index *index);
/* To be called after each change of fleet->states[pgpu]. */
void vg_placement_index_update(struct vg_placement_index *index, unsigned pgpu);
struct vg_decision vg_placement_index_decide(const struct vg_placement_index *index,
                                             const struct vg_placement_request *request);

/* --- simulation of a fleet ---------------------------------------------------------------------------------------- */

/* The names of all capacity models, for vg_fleet_file_load. */
const char *const *vg_capacity_model_names(size_t *count);

/* A fleet from its file: empty, prepared; type ids are the file's. The file must outlive it. */
struct vg_fleet_memory {
    struct vg_fleet fleet;
    struct vg_pgpu_class *classes;
    struct vg_fleet_pgpu *pgpus;
};
bool vg_fleet_build(const struct vg_fleet_file *file, struct vg_fleet_memory *memory, struct vg_error *err);
void vg_fleet_release(struct vg_fleet_memory *memory);

/* How much of a pGPU a vGPU takes: its memory over the pGPU's, or, where memory is not partitioned, 1 / maximum. */
double vg_fleet_share(const struct vg_pgpu_class *class, unsigned type);

/* A stream of requests for a fleet: VMs come independently of one another at a constant rate, stay for exponential
 * times of 4 h on average, and ask for the types of a random pGPU of the fleet, each equally likely. The rate is such
 * that they would use `load` (1.0: all) of the fleet if none were refused. NUMA nodes, and a pGPU by name that offers
 * the type, are drawn too; only policies that look at them care. The same seed gives the same stream everywhere. */
bool vg_requests_generate(const struct vg_fleet *fleet, uint64_t seed, size_t arrivals, double load,
                          struct vg_request_stream *stream, struct vg_error *err);

/* What became of one arrival. */
struct vg_outcome {
    int32_t pgpu;      /* or VG_ANY */
    uint8_t refusal;   /* enum vg_refusal */
    int8_t vf, gi;     /* of the instance, for its departure */
    uint8_t placement; /* placement ID; meaningless unless the model has them */
};

/* One run of a stream through one policy. */
struct vg_simulation {
    const struct vg_placement_policy *policy;
    const struct vg_fleet *fleet;
    const struct vg_request_stream *stream;
    struct vg_placement_index *index;
    struct vg_outcome *outcomes; /* by arrival */
    int8_t *type_of;             /* by class and type id: index in the class's types, or -1 */
    unsigned id_limit;
    size_t next; /* event */
    size_t placed, refused[VG_REFUSED_UNSUPPORTED + 1];
};
/* Empties the fleet's states. */
void vg_simulation_begin(struct vg_simulation *simulation, const struct vg_placement_policy *policy,
                         const struct vg_fleet *fleet, const struct vg_request_stream *stream);
/* Goes on to event number `until` (at most the number of events). */
void vg_simulation_run(struct vg_simulation *simulation, size_t until);
void vg_simulation_end(struct vg_simulation *simulation);

/* The fleet as it is now, from 0 to 1. utilisation: shares of live vGPUs over pGPUs. occupied: pGPUs with any vGPU.
 * fragmentation: of the free shares, how much a random request cannot use, because the pGPU that has it refuses the
 * type; requests weigh as often as the type arrives in the stream; pGPUs whose class does not offer the type do not
 * count, as no placement could help (after Weng et al., USENIX ATC 2023, section 3). 0 if nothing is free. */
struct vg_fleet_use {
    double utilisation, occupied, fragmentation;
};
/* weights: by type id, how often it arrives; any scale. */
struct vg_fleet_use vg_fleet_measure(const struct vg_fleet *fleet, const double *weights, unsigned type_count);

#endif
