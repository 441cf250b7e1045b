/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the vGPUs of a mechanism whose capacity is only what the host file says (no driver keeps
 * count): which exist, and whether one more fits. */
#ifndef VG_MECHANISM_SLOTS_H
#define VG_MECHANISM_SLOTS_H

#include <pthread.h>
#include "mechanism/mechanism.h"

struct vg_slots {
    const struct vg_mechanism *mechanism;
    const struct vg_host *host;
    const struct vg_host_mechanism *config;
    struct vg_vgpu **live;
    unsigned live_count;
    pthread_mutex_t lock; /* tenants start in parallel */
};

bool vg_slots_open(struct vg_slots *slots, const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, struct vg_error *err);
void vg_slots_close(struct vg_slots *slots);
bool vg_slots_discover(struct vg_slots *slots, struct vg_inventory *inventory, struct vg_error *err);
enum vg_refusal vg_slots_create(struct vg_slots *slots, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err);
bool vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err);

#endif
