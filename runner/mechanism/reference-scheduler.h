/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the GPU scheduler of the reference hypervisor. There the pGPU is a set of host cores, GPU time
 * is the renderer's CPU time, and a control group around each tenant's renderer divides it. */
#ifndef VG_MECHANISM_REFERENCE_SCHEDULER_H
#define VG_MECHANISM_REFERENCE_SCHEDULER_H

#include "mechanism/cgroup.h"
#include "mechanism/mechanism.h"

/* Where a tenant's GPU work is done. */
enum vg_render_place {
    VG_RENDER_SERVER,  /* processes below QEMU: can be put into a group of their own */
    VG_RENDER_THREADS, /* threads of QEMU: can be placed on cores, but not be charged apart from the VMM */
};

struct vg_scheduler;
/* Never fails: without permission for control groups only best-effort is offered, and the rest refused with the reason.
 */
struct vg_scheduler *vg_scheduler_open(const char *root, enum vg_render_place place);
void vg_scheduler_close(struct vg_scheduler *scheduler);
/* From now on the tenant's renderer is put in its place as soon as it exists, also after a reset of the guest. */
bool vg_scheduler_adopt(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                        struct vg_error *err);
bool vg_scheduler_release(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu, struct vg_error *err);
enum vg_refusal vg_scheduler_apply(struct vg_scheduler *scheduler, const struct vg_host_policy *policy,
                                   const char *cores, const struct vg_policy_tenant *tenants, unsigned tenant_count,
                                   struct vg_error *err);

/* What was applied to the tenant last, and what the kernel has now. */
bool vg_scheduler_read(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu, struct vg_policy_knob *knobs,
                       unsigned *count, struct vg_error *err);

/* The arithmetic alone: what one of `running` tenants gets, whose profile has at most `max` on a pGPU of `core_count`.
 */
enum vg_refusal vg_scheduler_limit(const struct vg_host_policy *policy, unsigned core_count, unsigned running,
                                   unsigned max, unsigned weight, struct vg_cgroup_limit *limit, struct vg_error *err);

#endif
