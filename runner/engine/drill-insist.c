/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A create that was refused may have been refused by the manager, which reads the counters first and never asks the
 * driver for what they say is not there. So the same is asked once more without that look: a driver whose counters are
 * right and which grants all the same is seen only so. */
#include "engine/drill.h"

/* The lowest VF of the pGPU on which none of the drill's own vGPUs sits; VG_ANY: there is none. */
static int free_vf(const struct vg_drill *drill, unsigned pgpu)
{
    uint64_t taken = 0;
    unsigned count = drill->walk.classes[pgpu].vf_count;
    for (unsigned i = 0; i < drill->vgpu_count; i++) {
        const struct vg_vgpu *vgpu = drill->vgpus[i];
        if (vgpu && vgpu->pgpu_index == drill->host_index[pgpu] && vgpu->vf >= 0 && vgpu->vf < 64)
            taken |= UINT64_C(1) << vgpu->vf;
    }
    for (unsigned i = 0; i < count && i < 64; i++)
        if (!(taken >> i & 1))
            return (int)i;
    return VG_ANY;
}

int64_t vg_drill_insist_on(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf)
{
    /* Whose places are VMs', or VFs that any driver may be bound to: there only the manager keeps count. */
    if (drill->with_tenants || drill->walk.classes[pgpu].model == VG_CAPACITY_VF)
        return VG_ANY;
    struct vg_error err = { 0 };
    struct vg_vgpu *vgpu = NULL;
    const struct vg_create_as how = {
        .pgpu_index = drill->host_index[pgpu], .profile = vg_drill_profile(drill, pgpu, type), .vf = vf, .blind = true
    };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_INSIST, round, pgpu);
    step->type = type;
    step->wanted = vf;
    step->outcome = drill->mechanism->create_as(drill->state, &how, &vgpu, &err);
    step->end_ns = vg_now_ns();
    if (step->outcome != VG_REFUSED_NOT)
        return VG_ANY;
    step->vf = vgpu->vf;
    step->place = vgpu->placement_id;
    step->instance = vg_drill_keep(drill, vgpu);
    return step->instance;
}

int64_t vg_drill_insist(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    bool sriov = drill->walk.classes[pgpu].sriov;
    int vf = sriov ? free_vf(drill, pgpu) : VG_ANY;
    /* With all VFs taken nothing is left to ask for; that one takes no second is drill `one-per-vf`. */
    return sriov && vf < 0 ? VG_ANY : vg_drill_insist_on(drill, round, pgpu, type, vf);
}
