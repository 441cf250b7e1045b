/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: NVIDIA's vGPUs on virtual functions with the vendor's VFIO driver, time-sliced or MIG-backed.
 */
#ifndef VG_MECHANISM_NVIDIA_VF_H
#define VG_MECHANISM_NVIDIA_VF_H

#include "mechanism/vendor.h"

bool vg_nvidia_vf_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                       const struct vg_host_mechanism *config, void **state, struct vg_error *err);
void vg_nvidia_vf_close(void *state);
bool vg_nvidia_vf_discover(void *state, struct vg_inventory *inventory, struct vg_error *err);
bool vg_nvidia_vf_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
enum vg_refusal vg_nvidia_vf_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                    struct vg_vgpu **vgpu, struct vg_error *err);
enum vg_refusal vg_nvidia_vf_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                       struct vg_error *err);
bool vg_nvidia_vf_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment,
                         struct vg_error *err);
enum vg_refusal vg_nvidia_vf_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                    const struct vg_policy_tenant *tenants, unsigned tenant_count,
                                    struct vg_error *err);
bool vg_nvidia_vf_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err);
enum vg_refusal vg_nvidia_vf_setup(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted,
                                   struct vg_error *err);
bool vg_nvidia_vf_placements(void *state, unsigned pgpu_index, bool supported, struct vg_placements **items,
                             unsigned *count, struct vg_error *err);
bool vg_nvidia_vf_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err);

#define VG_NVIDIA_VF_CALLS                                                                                             \
    .slot = VG_SLOT_INSTANCE_BOUND, .vm = true, .capabilities = "vulkan,gl",                                           \
    .identity = (const struct vg_identity[]) { { NULL, NULL } },                                                       \
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*",                   \
    .close = vg_nvidia_vf_close, .discover = vg_nvidia_vf_discover, .look = vg_nvidia_vf_look,                         \
    .create = vg_nvidia_vf_create, .create_as = vg_nvidia_vf_create_as, .attach = vg_nvidia_vf_attach,                 \
    .policy = vg_nvidia_vf_policy, .destroy = vg_nvidia_vf_destroy, .setup = vg_nvidia_vf_setup,                       \
    .placements = vg_nvidia_vf_placements, .device = vg_nvidia_vf_device

#endif
