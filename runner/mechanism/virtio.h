/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: what the two virtio-gpu mechanisms share. They differ in the guest's driver, in the device's
 * properties, and in where their work is done on the host. */
#ifndef VG_MECHANISM_VIRTIO_H
#define VG_MECHANISM_VIRTIO_H

#include "mechanism/mechanism.h"

bool vg_virtio_open(const struct vg_mechanism *mechanism, bool venus, const struct vg_host *host,
                    const struct vg_host_mechanism *config, void **state, struct vg_error *err);
void vg_virtio_close(void *state);
bool vg_virtio_discover(void *state, struct vg_inventory *inventory, struct vg_error *err);
enum vg_refusal vg_virtio_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                 struct vg_vgpu **vgpu, struct vg_error *err);
enum vg_refusal vg_virtio_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                    struct vg_error *err);
bool vg_virtio_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
bool vg_virtio_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err);
bool vg_virtio_adopt(void *state, const struct vg_policy_tenant *tenant, struct vg_error *err);
bool vg_virtio_release(void *state, const struct vg_vgpu *vgpu, struct vg_error *err);
bool vg_virtio_locate(void *state, const struct vg_policy_tenant *tenant, cpu_set_t *cores, unsigned *renderers,
                      struct vg_error *err);
enum vg_refusal vg_virtio_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                 const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err);
bool vg_virtio_read_policy(void *state, const struct vg_vgpu *vgpu, struct vg_policy_knob *knobs, unsigned *count,
                           struct vg_error *err);
bool vg_virtio_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err);

/* What their descriptors have in common: everything but names, the guest's driver, and how they are opened. */
#define VG_VIRTIO_COMMON                                                                                               \
    .kind = VG_KIND_MECHANISM, .slot = VG_SLOT_VM_BOUND, .vm = true,                                                   \
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*",                   \
    .close = vg_virtio_close, .discover = vg_virtio_discover, .create = vg_virtio_create, .attach = vg_virtio_attach,  \
    .create_as = vg_virtio_create_as, .look = vg_virtio_look, .locate = vg_virtio_locate, .adopt = vg_virtio_adopt,    \
    .release = vg_virtio_release, .policy = vg_virtio_policy, .read_policy = vg_virtio_read_policy,                    \
    .destroy = vg_virtio_destroy

#endif
