/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver must refuse or allow beside what lives there already. */
#include "engine/drill.h"

/* Every type beside every other, on each pGPU, and every type again once the first is gone. */
static bool beside(struct vg_drill *drill, struct vg_error *err)
{
    int64_t round = 0;
    vg_drill_look_all(drill, round);
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        unsigned types = drill->walk.classes[pgpu].type_count;
        for (unsigned first = 0; first < types; first++) {
            round++;
            int64_t resident = vg_drill_create(drill, round, pgpu, first);
            vg_drill_look(drill, pgpu);
            for (unsigned second = 0; second < types && resident >= 0; second++) {
                int64_t other = vg_drill_create(drill, round, pgpu, second);
                if (other < 0)
                    other = vg_drill_insist(drill, round, pgpu, second);
                if (other >= 0)
                    vg_drill_destroy(drill, round, other);
            }
            vg_drill_drain(drill, round);
            vg_drill_look(drill, pgpu); /* all types are open again */
            if (!vg_drill_turn(drill, err))
                return false;
        }
    }
    return true;
}

VG_DRILL(beside) = {
    .kind = VG_KIND_ACTION,
    .name = "beside",
    .summary = "asks for every type beside every other on each pGPU, and looks that all are open again afterwards",
    .why = "which types share a pGPU is the driver's promise to each of them",
    .run = beside,
};

/* Different types at the same time on two pGPUs of one board. */
static bool neighbours(struct vg_drill *drill, struct vg_error *err)
{
    unsigned pairs = 0;
    int64_t round = 0;
    for (unsigned a = 0; a < drill->walk.class_count; a++) {
        for (unsigned b = 0; b < drill->walk.class_count; b++) {
            if (a == b || drill->walk.boards[a] != drill->walk.boards[b])
                continue;
            for (unsigned type = 0; type < drill->walk.classes[b].type_count; type++) {
                vg_drill_create(drill, ++round, a, 0);
                vg_drill_create(drill, round, b, type);
                vg_drill_look(drill, a);
                vg_drill_look(drill, b);
                vg_drill_drain(drill, round);
            }
            pairs++;
        }
        if (!vg_drill_turn(drill, err))
            return false;
    }
    if (!pairs)
        vg_drill_skip(drill, "this host has no board with two pGPUs of %s (`board` in the host file)",
                      drill->config->name);
    return true;
}

VG_DRILL(neighbours) = {
    .kind = VG_KIND_ACTION,
    .name = "neighbours",
    .summary = "different types at the same time on two pGPUs of one board",
    .why = "a rule that reaches across a board wastes its other half",
    .run = neighbours,
};

static const char *const bad_uuids[] = {
    "",
    "\n",
    "not-a-uuid",
    "11111111-2222-4333-8444-55555555555",
    "11111111-2222-4333-8444-5555555555555",
    "11111111-2222-4333-8444-55555555555g",
    "11111111222243338444555555555555",
    "11111111-2222-4333-84445-5555555555",
    "{11111111-2222-4333-8444-555555555555}",
    " 11111111-2222-4333-8444-555555555555",
    "../../../../../../../../../../../../x",
    "11111111-2222-4333-8444-555555555555/",
};

static void ask_badly(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t number, const char *uuid)
{
    struct vg_error ignored = { 0 };
    struct vg_vgpu *vgpu = NULL;
    const struct vg_create_as how = { .pgpu_index = drill->host_index[pgpu],
                                      .profile = vg_drill_profile(drill, pgpu, 0),
                                      .uuid = uuid,
                                      .vf = VG_ANY,
                                      .blind = true };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_BAD_UUID, round, pgpu);
    step->type = 0;
    step->wanted = number;
    step->outcome = drill->mechanism->create_as(drill->state, &how, &vgpu, &ignored);
    step->end_ns = vg_now_ns();
    if (vgpu)
        step->instance = vg_drill_keep(drill, vgpu);
    vg_drill_look(drill, pgpu);
}

static bool run_bad_uuids(struct vg_drill *drill, struct vg_error *err)
{
    enum { LONG_BYTES = 1 << 20 };
    vg_autofree char *endless = vg_calloc(LONG_BYTES + 1, 1);
    memset(endless, '1', LONG_BYTES);
    vg_drill_look_all(drill, 0);
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        int64_t number = 0;
        for (size_t i = 0; i < VG_COUNT(bad_uuids); i++)
            ask_badly(drill, 1, pgpu, number++, bad_uuids[i]);
        ask_badly(drill, 1, pgpu, number++, endless);
        int64_t resident = vg_drill_create(drill, 1, pgpu, 0);
        vg_drill_look(drill, pgpu);
        if (resident >= 0) { /* one that exists, on the same and on every other parent */
            vg_autofree char *taken = vg_strdup(drill->vgpus[resident]->uuid);
            for (unsigned other = 0; other < drill->walk.class_count; other++)
                ask_badly(drill, 1, other, number, taken);
        }
        vg_drill_drain(drill, 1);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    vg_drill_look_all(drill, 2);
    return true;
}

VG_DRILL(bad_uuids) = {
    .kind = VG_KIND_ACTION,
    .name = "bad-uuids",
    .summary = "creates with malformed, endless and duplicate UUIDs",
    .why = "a name that the kernel does not refuse becomes a path",
    .run = run_bad_uuids,
};

/* On a VF that has a vGPU: its own type and then every other (last would put the first one back), of the driver
 * itself, and two of them of the manager, who looks at all VFs each time. */
static void ask_for_taken(struct vg_drill *drill, const struct vg_drill_definition *first)
{
    unsigned types = drill->walk.classes[first->pgpu].type_count;
    for (unsigned i = 0; i < types; i++) {
        unsigned type = (first->type + i) % types;
        if (i < 2)
            vg_drill_create_as(drill, 1, first->pgpu, type, first->vf);
        vg_drill_insist_on(drill, 1, first->pgpu, type, first->vf);
    }
    vg_drill_same(drill, 1, first->instance, first);
    vg_drill_look(drill, first->pgpu);
}

static bool one_per_vf(struct vg_drill *drill, struct vg_error *err)
{
    unsigned with_vfs = 0;
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        if (!drill->walk.classes[pgpu].sriov)
            continue;
        with_vfs++;
        for (unsigned type = 0; type < drill->walk.classes[pgpu].type_count; type++) {
            /* By turns on the first VF and on the last one. */
            int last = (int)drill->walk.classes[pgpu].vf_count - 1;
            int64_t first = vg_drill_create_as(drill, 1, pgpu, type, type % 2 ? last : VG_ANY);
            if (first < 0)
                continue;
            struct vg_drill_definition definition = vg_drill_definition(drill, pgpu, type, first);
            ask_for_taken(drill, &definition);
            vg_drill_drain(drill, 1);
            vg_drill_look(drill, pgpu);
        }
        if (!vg_drill_turn(drill, err))
            return false;
    }
    if (!with_vfs)
        vg_drill_skip(drill, "no pGPU of %s here has virtual functions (`vfs` of the host file)", drill->config->name);
    return true;
}

VG_DRILL(one_per_vf) = {
    .kind = VG_KIND_ACTION,
    .name = "one-per-vf",
    .summary = "asks for a second vGPU, of each type, on a VF that has one, and looks that the first is as it was",
    .why = "a VF is one tenant's window into the pGPU",
    .run = one_per_vf,
};

/* Each create and destroy changes where others may lie, and the driver must say so. */
static bool create_and_read(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    bool granted = vg_drill_create(drill, round, pgpu, type) >= 0;
    if (granted)
        vg_drill_placements(drill, pgpu, false);
    return granted;
}

static void drain_and_read(struct vg_drill *drill, int64_t round, unsigned pgpu)
{
    for (unsigned i = drill->vgpu_count; i-- > 0 && !drill->trouble;) {
        if (!drill->vgpus[i])
            continue;
        vg_drill_destroy(drill, round, i);
        vg_drill_placements(drill, pgpu, false);
    }
    vg_drill_drain(drill, round);
}

/* Mixed sizes until nothing fits, time and again: how they lie is what the judge looks at. */
static bool mixed(struct vg_drill *drill, struct vg_error *err)
{
    long long rounds = vg_drill_number(drill, "rounds");
    unsigned pgpu;
    if (!vg_drill_has(drill, VG_CAPACITY_MIXED_SIZE, &pgpu) || !drill->mechanism->placements) {
        vg_drill_skip(drill, "no pGPU of %s here has the capacity mixed-size (`capacity` of the host file)",
                      drill->config->name);
        return true;
    }
    vg_drill_look(drill, pgpu);
    vg_drill_placements(drill, pgpu, true);
    unsigned types = drill->walk.classes[pgpu].type_count;
    for (long long round = 1; round <= rounds && !drill->trouble; round++) {
        unsigned refused = 0;
        for (unsigned tries = 0; refused < 2 * types && tries < 200; tries++)
            refused = create_and_read(drill, round, pgpu, vg_drill_random(drill, types)) ? 0 : refused + 1;
        vg_drill_look(drill, pgpu);
        vg_drill_placements(drill, pgpu, true); /* what is supported does not depend on what lives there */
        drain_and_read(drill, round, pgpu);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    /* Each type alone up to its mixed-size maximum. */
    for (unsigned type = 0; type < types && !drill->trouble; type++) {
        for (unsigned i = 0; i < 200 && create_and_read(drill, rounds + 1, pgpu, type); i++)
            ;
        vg_drill_look(drill, pgpu);
        drain_and_read(drill, rounds + 1, pgpu);
    }
    vg_drill_look(drill, pgpu);
    return true;
}

VG_DRILL(mixed_sizes) = {
    .kind = VG_KIND_ACTION,
    .name = "mixed-sizes",
    .summary = "vGPUs of random sizes until nothing fits, and each size alone, on a pGPU in mixed-size mode",
    .why = "two vGPUs whose slots overlap have the same memory",
    .params =
        VG_PARAMS {
            { .name = "rounds", .type = VG_INT, .def = "50", .min = 1, .max = 100000, .unit = "1", .summary = "fills" },
            { .name = NULL },
        },
    .run = mixed,
};
