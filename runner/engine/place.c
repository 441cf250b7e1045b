/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pGPU the next tenant gets: the host file's placement policy decides by the capacity models, the driver has a
 * veto. Both are asked, because a model knows what a policy compares, and only the driver what is so. */
#include <stdlib.h>
#include "engine/internal.h"

void vg_place_see(const struct vg_pgpu_class *class, const struct vg_pgpu *seen, struct vg_pgpu_state *state)
{
    *state = (struct vg_pgpu_state) { 0 };
    for (unsigned i = 0; i < seen->vgpu_count; i++) {
        const struct vg_live_vgpu *live = &seen->vgpus[i];
        if (live->profile < 0)
            continue; /* of a type that nobody described: it takes nothing here */
        struct vg_vgpu_instance instance = VG_INSTANCE_OF((unsigned)live->profile);
        instance.vf = class->sriov ? live->vf : VG_ANY;
        instance.placement_id = class->model == VG_CAPACITY_MIXED_SIZE ? live->placement_id : VG_ANY;
        if (vg_capacity_create(class, state, &instance, &instance) != VG_REFUSED_NOT)
            vg_debug("the driver shows more vGPUs on %s than its capacity model has room for", seen->name);
    }
}

bool vg_place_class_now(struct vg_pgpu_class *class, const struct vg_pgpu *seen, struct vg_error *err)
{
    bool mixed = class->model == VG_CAPACITY_MIXED_SIZE && !seen->mixed;
    if (!seen->present || !class->type_count || ((!class->sriov || class->vf_count == seen->vf_count) && !mixed))
        return true;
    if (class->sriov)
        class->vf_count = seen->vf_count;
    if (mixed)
        class->model = VG_CAPACITY_SAME_SIZE;
    return vg_capacity_prepare(class, err);
}

static unsigned room_for(const struct vg_pgpu *pgpu, const struct vg_host_profile *profile)
{
    for (unsigned i = 0; i < pgpu->profile_count; i++) {
        if (pgpu->profiles[i].profile == profile)
            return pgpu->profiles[i].available;
    }
    return 0;
}

static bool fleet_of(const struct vg_tenant *tenant, const struct vg_inventory *inventory,
                     struct vg_pgpu_class *classes, struct vg_fleet_pgpu *pgpus, struct vg_pgpu_state *states,
                     struct vg_error *err)
{
    const struct vg_host *host = tenant->engine->host;
    const struct vg_host_mechanism *config = vg_host_mechanism_find(host, tenant->mechanism->name);
    for (unsigned i = 0; i < inventory->pgpu_count; i++) {
        if (!vg_pgpu_class_make(host, config, i, &classes[i], err) ||
            !vg_place_class_now(&classes[i], &inventory->pgpus[i], err))
            return false;
        pgpus[i] = (struct vg_fleet_pgpu) { .board = i, .class = (uint16_t)i };
        vg_place_see(&classes[i], &inventory->pgpus[i], &states[i]);
    }
    return true;
}

/* The best of those for which there is room, by model and driver. Where there is none: the first whose reason is the
 * most specific, which it will give when it is asked (one that only the driver finds full before all others). */
static unsigned best_of(const struct vg_placement_policy *policy, const struct vg_fleet *fleet,
                        const struct vg_tenant *tenant, const struct vg_inventory *inventory)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(tenant->engine->host, tenant->mechanism->name);
    const struct vg_placement_request request = {
        .type = (unsigned)(tenant->profile - config->profiles) + 1, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY
    };
    int64_t best = VG_ANY;
    unsigned best_rank = 0, to_ask = 0;
    enum vg_refusal why = VG_REFUSED_UNSUPPORTED;
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        unsigned rank;
        enum vg_refusal refusal;
        bool eligible = vg_placement_rank(policy, fleet, &request, i, &rank, &refusal);
        if (refusal != why && vg_refusal_more_specific(why, refusal) == refusal) {
            why = refusal;
            to_ask = i;
        }
        if (!eligible || !room_for(&inventory->pgpus[i], tenant->profile) || (best != VG_ANY && rank >= best_rank))
            continue;
        best = i;
        best_rank = rank;
    }
    return best == VG_ANY ? to_ask : (unsigned)best;
}

bool vg_place_policy(const struct vg_host *host, const struct vg_placement_policy **policy, struct vg_error *err)
{
    static const char instead[] = "vgauge's tenants come without, so name one that needs neither, like "
                                  "depth-first-residents";
    const char *name = host->placement ? host->placement : "depth-first-residents";
    *policy = vg_placement_policy_find(name);
    if (!*policy)
        return vg_fail(err, VG_ERROR_INPUT, "the host %s places tenants by `%s`, which is no placement policy",
                       host->name, name);
    if ((*policy)->named || (*policy)->locality != VG_LOCALITY_NONE)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the host %s places tenants by `%s`, which needs a %s with each request; %s (`placement`)",
                       host->name, name, (*policy)->named ? "pGPU's name" : "NUMA node", instead);
    return true;
}

bool vg_place_tenant(struct vg_tenant *tenant, struct vg_error *err)
{
    const struct vg_placement_policy *policy;
    struct vg_inventory inventory VG_CLEANUP(vg_inventory_free) = { 0 };
    if (!vg_place_policy(tenant->engine->host, &policy, err))
        return false;
    /* Whose VM went away without being asked to gives its place back first. */
    for (unsigned i = 0; i < tenant->engine->tenant_count; i++) {
        struct vg_error failed = { 0 };
        if (tenant->engine->tenants[i] != tenant && !vg_tenant_reap(tenant->engine->tenants[i], &failed))
            vg_warn("%s", failed.text);
    }
    if (!tenant->mechanism->discover(tenant->mechanism_state, &inventory, err))
        return vg_wrap(err, "cannot see what %s offers now", tenant->mechanism->name);
    vg_autofree struct vg_pgpu_class *classes = vg_calloc(inventory.pgpu_count + 1, sizeof(*classes));
    vg_autofree struct vg_fleet_pgpu *pgpus = vg_calloc(inventory.pgpu_count + 1, sizeof(*pgpus));
    vg_autofree struct vg_pgpu_state *states = vg_calloc(inventory.pgpu_count + 1, sizeof(*states));
    if (!fleet_of(tenant, &inventory, classes, pgpus, states, err))
        return false;
    const struct vg_fleet fleet = { .classes = classes,
                                    .class_count = inventory.pgpu_count,
                                    .pgpus = pgpus,
                                    .states = states,
                                    .pgpu_count = inventory.pgpu_count };
    tenant->pgpu_index = best_of(policy, &fleet, tenant, &inventory);
    return true;
}
