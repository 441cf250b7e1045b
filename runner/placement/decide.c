/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pGPU: every one is looked at, the lowest rank wins, among equals the first. The plain reading of what a policy
 * says, and the measure of the index that does the same at scale. */
#include "placement/internal.h"

enum { OTHER_NODE = 1 << 16 /* above every key */ };

const struct vg_placement_policy *vg_placement_policy_find(const char *name)
{
    return (const struct vg_placement_policy *)vg_descriptor_find(VG_KIND_PLACEMENT, name);
}

unsigned vg_placement_key_rank(const struct vg_placement_policy *policy, unsigned live, unsigned available)
{
    unsigned key = policy->key == VG_KEY_RESIDENTS ? live : policy->key == VG_KEY_REMAINING ? available : 0;
    return policy->direction == VG_LOWEST ? key : VG_CLASS_INSTANCES_MAX - key;
}

bool vg_placement_rank(const struct vg_placement_policy *policy, const struct vg_fleet *fleet,
                       const struct vg_placement_request *request, unsigned pgpu, unsigned *rank,
                       enum vg_refusal *refusal)
{
    const struct vg_fleet_pgpu *place = &fleet->pgpus[pgpu];
    const struct vg_pgpu_class *class = &fleet->classes[place->class];
    const struct vg_pgpu_state *state = &fleet->states[pgpu];
    bool other_node = request->numa != VG_ANY && policy->locality != VG_LOCALITY_NONE && place->numa != request->numa;
    int type = vg_class_type(class, request->type);
    *refusal = VG_REFUSED_UNSUPPORTED;
    if (type < 0 || (request->host != VG_ANY && place->host != request->host) ||
        (policy->named && request->pgpu != pgpu) || (other_node && policy->locality == VG_LOCALITY_REQUIRED))
        return false;
    unsigned available = vg_capacity_available(class, state, (unsigned)type);
    if (!available) {
        struct vg_vgpu_instance wanted = VG_INSTANCE_OF((unsigned)type);
        *refusal = vg_capacity_check(class, state, &wanted);
        return false;
    }
    *refusal = VG_REFUSED_NOT;
    *rank = vg_placement_key_rank(policy, state->live, available) + (other_node ? OTHER_NODE : 0);
    return true;
}

struct vg_decision vg_placement_decide(const struct vg_placement_policy *policy, const struct vg_fleet *fleet,
                                       const struct vg_placement_request *request)
{
    struct vg_decision decision = { .pgpu = VG_ANY, .refusal = VG_REFUSED_UNSUPPORTED };
    unsigned best = 0;
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        unsigned rank;
        enum vg_refusal refusal;
        if (!vg_placement_rank(policy, fleet, request, i, &rank, &refusal)) {
            if (decision.pgpu == VG_ANY)
                decision.refusal = vg_refusal_more_specific(decision.refusal, refusal);
        } else if (decision.pgpu == VG_ANY || rank < best) {
            decision = (struct vg_decision) { .pgpu = i, .refusal = VG_REFUSED_NOT };
            best = rank;
        }
    }
    return decision;
}
