/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the kernel's mediated devices, for every driver that offers its vGPUs as such. */
#ifndef VG_MECHANISM_MDEV_H
#define VG_MECHANISM_MDEV_H

#include "mechanism/vendor.h"

/* vg_vendor.own of every mechanism over mdev. */
struct vg_mdev {
    unsigned *maxima; /* by pGPU and profile, once read */
    bool vfs;         /* pGPUs with VFs (`vfs` of the host file) have their types at each VF, which takes one */
    void *extra;      /* the driver's own */
};

bool vg_mdev_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                  const struct vg_host_mechanism *config, void **state, struct vg_error *err);
void vg_mdev_close(void *state);
bool vg_mdev_discover(void *state, struct vg_inventory *inventory, struct vg_error *err);
bool vg_mdev_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
enum vg_refusal vg_mdev_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                               struct vg_vgpu **vgpu, struct vg_error *err);
enum vg_refusal vg_mdev_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                  struct vg_error *err);
bool vg_mdev_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err);
enum vg_refusal vg_mdev_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                               const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err);
bool vg_mdev_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err);
bool vg_mdev_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err);
bool vg_mdev_inspect(void *state, unsigned pgpu_index, const struct vg_vgpu *vgpu, unsigned *checked,
                     struct vg_text *findings, unsigned *missing, struct vg_error *err);

/* Everything that a descriptor of a driver over mdev has in common. */
#define VG_MDEV_CALLS                                                                                                  \
    .slot = VG_SLOT_INSTANCE_BOUND, .vm = true, .capabilities = "vulkan,gl",                                           \
    .identity = (const struct vg_identity[]) { { NULL, NULL } },                                                       \
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*",                   \
    .discover = vg_mdev_discover, .attach = vg_mdev_attach, .policy = vg_mdev_policy, .destroy = vg_mdev_destroy,      \
    .device = vg_mdev_device, .inspect = vg_mdev_inspect
/* And what one has that adds nothing to it. */
#define VG_MDEV_PLAIN_CALLS                                                                                            \
    VG_MDEV_CALLS, .close = vg_mdev_close, .look = vg_mdev_look, .create = vg_mdev_create,                             \
                   .create_as = vg_mdev_create_as

#endif
