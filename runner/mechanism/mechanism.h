/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of mechanism/: how a vGPU reaches a guest. One file per mechanism. "Written successfully" is never
 * believed without a read-back. */
#ifndef VG_MECHANISM_H
#define VG_MECHANISM_H

#include <sched.h>
#include "base/base.h"
#include "catalog/catalog.h"
#include "machine/machine.h"
#include "placement/placement.h"

/* Whose lifetime the slot of a vGPU follows. */
enum vg_slot { VG_SLOT_VM_BOUND, VG_SLOT_INSTANCE_BOUND };

struct vg_profile_state {
    const struct vg_host_profile *profile;
    /* As the driver says it now: how many more can be created on this pGPU. Where the driver speaks per VF only: how
     * many VFs offer it, which is at least 1 if one more can be created. */
    unsigned available;
    unsigned max; /* most on an empty pGPU, as the driver says it; 0: it does not */
};

/* A virtual function that is enabled. */
struct vg_vf_state {
    char address[16];
    int profile;          /* index in vg_pgpu.profiles of the vGPU on it; VG_ANY: none, or one of an unknown type */
    bool taken;           /* there is a vGPU on it */
    uint64_t offers;      /* bit i: it would take a vGPU of profiles[i] */
    uint64_t offers_more; /* bit i: it says that it would take several */
    /* As in vg_live_vgpu: its part of the pGPU, whether anybody has the VF or not. */
    uint64_t memory_bytes, first_address, addresses;
};

/* A vGPU that exists on a pGPU, whoever made it. */
struct vg_live_vgpu {
    char uuid[37];                     /* "" where the driver has none */
    int profile;                       /* index in vg_pgpu.profiles; VG_ANY: a type that the host file does not name */
    int vf;                            /* index in vg_pgpu.vfs, or VG_ANY */
    int placement_id;                  /* mixed-size, or VG_ANY */
    uint64_t memory_bytes;             /* of the pGPU's memory; 0: the driver does not say */
    uint64_t first_address, addresses; /* its part of the graphics addresses (GGTT); 0 addresses: not said */
};

struct vg_pgpu {
    const struct vg_host_pgpu *host; /* from the host file; owned there */
    char name[64];
    struct vg_profile_state
        *profiles; /* those of the mechanism's profiles that this pGPU offers, in the file's order */
    unsigned profile_count;
    unsigned live; /* vGPUs that exist on it */
    /* Mechanisms whose driver keeps count fill in these too. */
    struct vg_vf_state *vfs;
    unsigned vf_count;
    struct vg_live_vgpu *vgpus;
    unsigned vgpu_count;
    bool present;        /* the driver offers it now */
    bool passed_through; /* a driver for passthrough has it as a whole */
    bool mixed;          /* mixed-size mode is on */
    bool pf_was_read;    /* it has VFs, and what the PF itself offers was looked at: */
    uint64_t pf_offers;  /* bit i: profiles[i] */
};

struct vg_inventory {
    struct vg_pgpu *pgpus;
    unsigned pgpu_count;
};
void vg_inventory_free(struct vg_inventory *inventory);
void vg_pgpu_free(struct vg_pgpu *pgpu); /* what it holds */

/* One vGPU. Owned by the mechanism's state until destroyed. */
struct vg_vgpu {
    const struct vg_mechanism *mechanism;
    const struct vg_host_profile *profile;
    unsigned pgpu_index;
    char uuid[37];
    int vf;                 /* index of its VF, or VG_ANY */
    int placement_id;       /* mixed-size: read back from the driver; else VG_ANY */
    uint64_t granted_bytes; /* memory, where the driver was asked for some and said how much it gave; else 0 */
    void *state;            /* the mechanism's own */
};

/* A create in every detail, for tests that say how; what is not said is chosen. */
struct vg_create_as {
    unsigned pgpu_index;
    const struct vg_host_profile *profile;
    const char *uuid; /* goes to the driver as it is, well-formed or not; NULL: a random one */
    int vf;           /* exactly this VF, occupied or not; VG_ANY: a free one */
    bool blind;       /* without a look before: the driver alone decides. Over VFs only with `vf` */
};

/* Mixed-size mode: where vGPUs of one profile may begin, as the driver tells it. Bit n: placement ID n. */
struct vg_placements {
    unsigned slots; /* that a vGPU of it takes */
    uint64_t supported[VG_CLASS_SLOTS_MAX / 64];
    uint64_t creatable[VG_CLASS_SLOTS_MAX / 64]; /* beside what lives there now */
};

/* How a pGPU is set up for vGPUs. */
struct vg_pgpu_setup {
    int vfs;   /* VFs enabled; VG_ANY: as it is */
    int mixed; /* 1 mixed-size, 0 equal-size; VG_ANY: as it is */
    /* `vfs` goes to the driver as it is, once, without a look before: neither "too many" nor "in use" is decided here,
     * and no number is reached through 0. A tool that knows only all or none is told that. */
    bool blind;
};

/* What a driver may keep a running vGPU from, beyond its share: what is measured then is not the pGPU alone. */
enum vg_limit { VG_LIMIT_LICENCE, VG_LIMIT_CAPS, VG_LIMITS };
extern const char *const vg_limit_names[VG_LIMITS]; /* "licence", "caps" */

/* A running tenant, for a scheduling policy that acts on its processes. */
struct vg_policy_tenant {
    const char *tenant;
    struct vg_vgpu *vgpu;
    pid_t pid;       /* QEMU, or the native agent */
    unsigned weight; /* for weighted; default 1 */
};

/* One setting of a scheduler for one tenant: as it was applied last, and as it reads now. */
enum { VG_POLICY_KNOBS = 8 };
struct vg_policy_knob {
    const char *name; /* static; with its unit, "quota_us" */
    double wanted, found;
};

/* What the guest must report if this mechanism really serves it: name of a fact, glob over its value.
 * Where a mechanism's expected driver is absent, a software renderer stepped in. */
struct vg_identity {
    const char *fact;  /* "vk_driver_id", "gl_renderer" */
    const char *value; /* glob: "MESA_VENUS", "virgl*" */
};

struct vg_mechanism_context; /* one per mechanism and run: the host file, what lives, the scheduler's cgroups */

struct vg_mechanism {
    struct vg_descriptor; /* .kind = VG_KIND_MECHANISM; no params */
    enum vg_slot slot;
    bool vm;                            /* false: tenants are processes on the host */
    const char *capabilities;           /* "vulkan,gl": what a tenant of it offers (vg_needs.capability) */
    const struct vg_identity *identity; /* ends with a NULL fact */
    const char *capacity; /* the capacity model of its pGPUs unless the host file names another; NULL: "remaining" */
    const char *software_drivers; /* globs of driver ids and renderers that mean a software fall-back */
    bool (*open)(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                 struct vg_error *err);
    void (*close)(void *state); /* undoes everything that is left: vGPUs, cgroups */
    bool (*discover)(void *state, struct vg_inventory *inventory, struct vg_error *err);
    enum vg_refusal (*create)(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                              struct vg_vgpu **vgpu, struct vg_error *err);
    bool (*attach)(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err);
    /* Called when a tenant's process exists (before its renderers do), so that a scheduler can adopt it. Optional. */
    bool (*adopt)(void *state, const struct vg_policy_tenant *tenant, struct vg_error *err);
    /* The tenant's VM is paused and takes no part in the pGPU until it is adopted again; it keeps its vGPU. NULL: a
     * paused VM still counts as one that runs, so that solo cannot be had beside it. */
    bool (*release)(void *state, const struct vg_vgpu *vgpu, struct vg_error *err);
    /* Where the tenant's GPU work is done, read back from the kernel: the cores that any of its renderers may use now,
     * and how many renderers were found (0: none exists yet). Where a pGPU is no set of cores there is nothing to say.
     * Optional. */
    bool (*locate)(void *state, const struct vg_policy_tenant *tenant, cpu_set_t *cores, unsigned *renderers,
                   struct vg_error *err);
    /* Applies the policy to all tenants that run on the pGPU now, and reads it back. Called again when one starts or
     * stops. */
    enum vg_refusal (*policy)(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                              const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err);
    /* What is in force for a vGPU now, at most VG_POLICY_KNOBS; *count 0 if no policy was applied to it. Optional. */
    bool (*read_policy)(void *state, const struct vg_vgpu *vgpu, struct vg_policy_knob *knobs, unsigned *count,
                        struct vg_error *err);
    /* The most vGPUs of the profile that the driver advertises for the pGPU, where `look` reads none. False: not known.
     * NULL: it advertises none elsewhere. */
    bool (*maximum)(const struct vg_host *host, const struct vg_host_pgpu *pgpu, const struct vg_host_profile *profile,
                    unsigned *maximum, struct vg_error *err);
    /* A text for each vGPU that runs on the pGPU now, behind those that *texts has (strings are the caller's):
     * "licensed", "frame-rate limit 60 FPS", "none: ...". False: not known, with the reason; nothing is guessed. NULL:
     * the mechanism knows no such limits. */
    bool (*limit)(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_limit limit,
                  struct vg_words *texts, struct vg_error *err);
    /* Gone, verified by a look; frees vgpu. False: it is still there and still the caller's; err->kind is
     * VG_ERROR_REFUSED if the driver said no (in use), VG_ERROR_ENVIRONMENT if it said yes and did not. Mechanisms
     * without a driver that keeps count always free it. */
    bool (*destroy)(void *state, struct vg_vgpu *vgpu, struct vg_error *err);

    /* --- what a mechanism that keeps count of single vGPUs can do besides; each may be NULL --- */

    /* One pGPU as it is now; free it with vg_pgpu_free. */
    bool (*look)(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
    enum vg_refusal (*create_as)(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                 struct vg_error *err);
    /* Of a pGPU in mixed-size mode: one for each profile that it offers, in the order of vg_pgpu.profiles; *items is
     * the caller's. supported: those too; else they stay empty, since only what is creatable changes. */
    bool (*placements)(void *state, unsigned pgpu_index, bool supported, struct vg_placements **items, unsigned *count,
                       struct vg_error *err);
    /* Applies it and reads it back. */
    enum vg_refusal (*setup)(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted,
                             struct vg_error *err);
    /* The file that a VMM holds open while a VM has the vGPU. Caller frees. */
    bool (*device)(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err);
    /* What the driver's tree must have and has not: a sentence each into *findings; *checked counts what was looked
     * at. */
    bool (*inspect)(void *state, unsigned pgpu_index, const struct vg_vgpu *vgpu, unsigned *checked,
                    struct vg_text *findings, unsigned *missing, struct vg_error *err);
};

/* The pGPU as the capacity models of placement/ see it, from the host file alone; types are in the order of
 * vg_pgpu.profiles, their id is 1 + the index of the profile in the mechanism's list. Prepared unless the mechanism
 * offers nothing on it (no types). */
bool vg_pgpu_class_make(const struct vg_host *host, const struct vg_host_mechanism *config, unsigned pgpu_index,
                        struct vg_pgpu_class *class, struct vg_error *err);
/* Does the host file say that the mechanism offers vGPUs (of the profile) on this pGPU? */
bool vg_host_pgpu_is_of(const struct vg_host_pgpu *pgpu, const char *mechanism);
bool vg_host_pgpu_offers(const struct vg_host_pgpu *pgpu, const struct vg_host_profile *profile);
/* How an NVIDIA pGPU is set up besides, by NVML: "on", "off", "on, off after a reset", or "none: ..." where it has no
 * such thing. False: nobody tells, with the reason. Caller frees. nvidia-settings.c */
enum vg_pgpu_setting { VG_PGPU_ECC, VG_PGPU_MIG };
bool vg_pgpu_setting_read(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_pgpu_setting setting,
                          char **value, struct vg_error *err);
/* A driver's model (tests/model) is set back to how it is after boot; a real one cannot be. False with no error: it is
 * no model. */
bool vg_model_reset(const struct vg_host *host);
/* Whether the reference scheduler can put renderers into control groups of their own: *where says which version and
 * directory (caller frees), or the error why not. */
bool vg_renderer_groups_find(const char *root, char **where, struct vg_error *err);
/* Removes the empty control groups of runs that died. Returns how many directories. */
unsigned vg_renderer_groups_sweep(const char *root);

#define VG_MECHANISM(symbol)                                                                                           \
    extern const struct vg_mechanism vg_mechanism_##symbol;                                                            \
    VG_REGISTER(vg_mechanism_##symbol);                                                                                \
    const struct vg_mechanism vg_mechanism_##symbol

const struct vg_mechanism *vg_mechanism_find(const char *name); /* NULL if unknown */
/* Does the mechanism offer the capability ("vulkan")? */
bool vg_mechanism_offers(const struct vg_mechanism *mechanism, const char *capability);

#endif
