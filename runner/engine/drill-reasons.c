/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why something is refused: by one pGPU, and by several of which each has a reason of its own. */
#include "engine/drill.h"

/* Types that the pGPU does not have are the other pGPUs': a request for one must be refused as unsupported. */
static void ask_for_foreign(struct vg_drill *drill, int64_t round, unsigned pgpu)
{
    const struct vg_host_pgpu *host = &drill->host->pgpus[drill->host_index[pgpu]];
    for (unsigned i = 0; i < drill->config->profile_count; i++) {
        const struct vg_host_profile *profile = &drill->config->profiles[i];
        if (vg_host_pgpu_offers(host, profile))
            continue;
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        const struct vg_create_as how = { .pgpu_index = drill->host_index[pgpu], .profile = profile, .vf = VG_ANY };
        struct vg_step *step = vg_drill_step(drill, VG_STEP_CREATE, round, pgpu);
        step->outcome = drill->mechanism->create_as(drill->state, &how, &vgpu, &err);
        step->end_ns = vg_now_ns();
        if (vgpu)
            step->instance = vg_drill_keep(drill, vgpu);
        return;
    }
}

static unsigned fill(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    enum { MOST = 200 };
    unsigned count = 0;
    while (count < MOST && vg_drill_create(drill, round, pgpu, type) >= 0)
        count++;
    return count;
}

static bool are_alike(const struct vg_pgpu_class *a, const struct vg_pgpu_class *b)
{
    bool alike = a->type_count == b->type_count && a->type_count > 1;
    for (unsigned i = 0; alike && i < a->type_count; i++)
        alike = a->types[i].id == b->types[i].id;
    return alike;
}

/* Every type of the pair, and one that no pGPU has. */
static void ask_for_each(struct vg_drill *drill, int64_t round, const struct vg_pgpu_class *class)
{
    const struct vg_placement_policy *policy = vg_placement_policy_find("depth-first-residents");
    for (unsigned i = 0; i < class->type_count; i++)
        vg_drill_ask_all(drill, round, policy, class->types[i].id);
    vg_drill_ask_all(drill, round, policy, drill->config->profile_count + 1);
}

static void enable_again(struct vg_drill *drill, int64_t round, unsigned pgpu)
{
    vg_drill_set_vfs(drill, round, pgpu, (int)drill->walk.classes[pgpu].vf_count);
    if (drill->walk.classes[pgpu].model == VG_CAPACITY_MIXED_SIZE)
        vg_drill_set_mixed(drill, round, pgpu, true);
}

/* Two pGPUs with the same types, so that a request is refused by each for a reason of its own, and by others because
 * they do not have the type at all: full and incompatible; no VFs and full, or incompatible; no VFs on both. */
static bool differing_reasons(struct vg_drill *drill, int64_t *round, struct vg_error *err)
{
    const struct vg_pgpu_class *classes = drill->walk.classes;
    for (unsigned a = 0; a < drill->walk.class_count; a++) {
        unsigned b = a + 1;
        while (b < drill->walk.class_count && !are_alike(&classes[a], &classes[b]))
            b++;
        if (b == drill->walk.class_count)
            continue;
        fill(drill, ++*round, a, 0);
        fill(drill, *round, b, classes[b].type_count - 1);
        ask_for_each(drill, *round, &classes[a]);
        vg_drill_drain(drill, *round);
        if (classes[a].sriov && classes[b].sriov && drill->mechanism->setup) {
            vg_drill_set_vfs(drill, ++*round, a, 0);
            fill(drill, *round, b, 0);
            ask_for_each(drill, *round, &classes[a]);
            vg_drill_drain(drill, *round);
            vg_drill_set_vfs(drill, *round, b, 0);
            ask_for_each(drill, *round, &classes[a]);
            enable_again(drill, *round, a);
            enable_again(drill, *round, b);
        }
        if (!vg_drill_turn(drill, err))
            return false;
    }
    return true;
}

/* No room, incompatible, disabled and unsupported, each on a pGPU where it is the reason. */
static bool refusals(struct vg_drill *drill, struct vg_error *err)
{
    int64_t round = 0;
    if (!differing_reasons(drill, &round, err))
        return false;
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
        ask_for_foreign(drill, ++round, pgpu);
        fill(drill, round, pgpu, 0);
        for (unsigned type = 0; type < class->type_count; type++)
            if (vg_drill_create(drill, round, pgpu, type) < 0)
                vg_drill_insist(drill, round, pgpu, type);
        ask_for_foreign(drill, round, pgpu);
        vg_drill_drain(drill, round);
        vg_drill_look(drill, pgpu);
        if (class->sriov) {
            const struct vg_pgpu_setup off = { .vfs = 0, .mixed = VG_ANY };
            struct vg_error failed = { 0 };
            struct vg_step *step = vg_drill_step(drill, VG_STEP_VFS, round, pgpu);
            step->wanted = step->seen = 0;
            step->outcome = drill->mechanism->setup(drill->state, drill->host_index[pgpu], &off, &failed);
            step->end_ns = vg_now_ns();
            for (unsigned type = 0; type < class->type_count; type++)
                vg_drill_create(drill, round, pgpu, type);
        }
        if (!vg_drill_turn(drill, err))
            return false;
    }
    return true;
}

VG_DRILL(refusals) = {
    .kind = VG_KIND_ACTION,
    .name = "refusals",
    .summary = "asks for what must be refused for each of the reasons, also when several apply",
    .why = "who is told the wrong reason buys the wrong thing",
    .run = refusals,
};
