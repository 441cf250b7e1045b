/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: a vGPU is a virtual function that was given to vfio-pci (Intel xe and i915, AMD MxGPU). */
#ifndef VG_MECHANISM_SRIOV_H
#define VG_MECHANISM_SRIOV_H

#include "mechanism/pci.h"

bool vg_sriov_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, void **state, struct vg_error *err);
void vg_sriov_close(void *state);
bool vg_sriov_discover(void *state, struct vg_inventory *inventory, struct vg_error *err);
bool vg_sriov_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
enum vg_refusal vg_sriov_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err);
enum vg_refusal vg_sriov_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                   struct vg_error *err);
bool vg_sriov_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err);
enum vg_refusal vg_sriov_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err);
bool vg_sriov_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err);
enum vg_refusal vg_sriov_setup(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted,
                               struct vg_error *err);
bool vg_sriov_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err);

/* What a vGPU's state is. */
struct vg_sriov_vf {
    struct vg_pci_given; /* the VF; first, so that the state can be read as its address */
    bool endowed;        /* its quota was written */
    uint64_t before;     /* and was so much */
};

/* sriov-quota.c: where the driver lets memory be given to a VF, it gets what its profile says, rounded up to the
 * driver's pages; made->granted_bytes is what became of it. Without
 * such a file the driver divides its memory by itself: unless it is seen that the VF has at least what its profile
 * says, that is unsupported; with i915, which promises the file, in any case. */
enum vg_refusal vg_sriov_give_memory(const struct vg_vendor *vendor, struct vg_vgpu *made, struct vg_error *err);
/* sriov.c: how much memory a VF (from 0) has by what the driver says in debugfs, of all tiles. *known: it says so. */
bool vg_sriov_memory_of(const struct vg_vendor *vendor, const char *pci, int vf, bool *known, uint64_t *bytes,
                        struct vg_error *err);
/* Its quota becomes what it was, or, where somebody else has that by now, nothing: memory of a VF that nobody has is
 * lost to all others. False: it keeps it, and can be asked again. */
bool vg_sriov_take_memory(const struct vg_vendor *vendor, const struct vg_vgpu *made, struct vg_error *err);

#define VG_SRIOV_CALLS                                                                                                 \
    .slot = VG_SLOT_INSTANCE_BOUND, .vm = true, .capabilities = "vulkan,gl",                                           \
    .identity = (const struct vg_identity[]) { { NULL, NULL } },                                                       \
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*", .capacity = "vf", \
    .close = vg_sriov_close, .discover = vg_sriov_discover, .look = vg_sriov_look, .create = vg_sriov_create,          \
    .create_as = vg_sriov_create_as, .attach = vg_sriov_attach, .policy = vg_sriov_policy,                             \
    .destroy = vg_sriov_destroy, .setup = vg_sriov_setup, .device = vg_sriov_device

#endif
