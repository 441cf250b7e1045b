/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of mechanism/: how a vGPU reaches a guest. One file per mechanism. "Written successfully" is never
 * believed without a read-back. */
#ifndef VG_MECHANISM_H
#define VG_MECHANISM_H

#include "base/base.h"
#include "catalog/catalog.h"
#include "machine/machine.h"
#include "placement/placement.h"

/* Whose lifetime the slot of a vGPU follows. */
enum vg_slot { VG_SLOT_VM_BOUND, VG_SLOT_INSTANCE_BOUND };

struct vg_profile_state {
    const struct vg_host_profile *profile;
    unsigned available; /* how many more can be created now on this pGPU */
};

struct vg_pgpu {
    const struct vg_host_pgpu *host; /* from the host file; owned there */
    char name[64];
    struct vg_profile_state *profiles;
    unsigned profile_count;
    unsigned live; /* vGPUs that exist on it */
};

struct vg_inventory {
    struct vg_pgpu *pgpus;
    unsigned pgpu_count;
};
void vg_inventory_free(struct vg_inventory *inventory);

/* One vGPU. Owned by the mechanism's state until destroyed. */
struct vg_vgpu {
    const struct vg_mechanism *mechanism;
    const struct vg_host_profile *profile;
    unsigned pgpu_index;
    char uuid[37];
    void *state; /* the mechanism's own */
};

/* A running tenant, for a scheduling policy that acts on its processes. */
struct vg_policy_tenant {
    const char *tenant;
    struct vg_vgpu *vgpu;
    pid_t pid;       /* QEMU, or the native agent */
    unsigned weight; /* for weighted; default 1 */
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
    const char *software_drivers;       /* globs of driver ids and renderers that mean a software fall-back */
    bool (*open)(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                 struct vg_error *err);
    void (*close)(void *state); /* undoes everything that is left: vGPUs, cgroups */
    bool (*discover)(void *state, struct vg_inventory *inventory, struct vg_error *err);
    enum vg_refusal (*create)(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                              struct vg_vgpu **vgpu, struct vg_error *err);
    bool (*attach)(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err);
    /* Called when a tenant's process exists (before its renderers do), so that a scheduler can adopt it. Optional. */
    bool (*adopt)(void *state, const struct vg_policy_tenant *tenant, struct vg_error *err);
    /* Applies the policy to all tenants that run on the pGPU now, and reads it back. Called again when one starts or
     * stops. */
    enum vg_refusal (*policy)(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                              const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err);
    bool (*destroy)(void *state, struct vg_vgpu *vgpu, struct vg_error *err); /* gone, verified; frees vgpu */
};

#define VG_MECHANISM(symbol)                                                                                           \
    extern const struct vg_mechanism vg_mechanism_##symbol;                                                            \
    VG_REGISTER(vg_mechanism_##symbol);                                                                                \
    const struct vg_mechanism vg_mechanism_##symbol

const struct vg_mechanism *vg_mechanism_find(const char *name); /* NULL if unknown */
/* Does the mechanism offer the capability ("vulkan")? */
bool vg_mechanism_offers(const struct vg_mechanism *mechanism, const char *capability);

#endif
