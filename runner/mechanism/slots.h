/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the vGPUs of a mechanism whose capacity is only what the host file says (no driver keeps
 * count): which exist, and by the capacity models of placement/ whether one more fits. */
#ifndef VG_MECHANISM_SLOTS_H
#define VG_MECHANISM_SLOTS_H

#include <pthread.h>
#include "mechanism/mechanism.h"

struct vg_slot_taken {
    struct vg_vgpu *vgpu;
    struct vg_vgpu_instance instance; /* as the capacity model has it */
};

struct vg_slots {
    const struct vg_mechanism *mechanism;
    const struct vg_host *host;
    const struct vg_host_mechanism *config;
    struct vg_pgpu_class *classes; /* one per pGPU of the host, in its order */
    struct vg_pgpu_state *states;
    struct vg_slot_taken *live;
    unsigned live_count;
    pthread_mutex_t lock; /* tenants start in parallel */
};

bool vg_slots_open(struct vg_slots *slots, const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, struct vg_error *err);
void vg_slots_close(struct vg_slots *slots);
bool vg_slots_discover(struct vg_slots *slots, struct vg_inventory *inventory, struct vg_error *err);
bool vg_slots_look(struct vg_slots *slots, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
enum vg_refusal vg_slots_create(struct vg_slots *slots, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err);
bool vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err);

#endif
