/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fills pGPUs to the brim: once with each type, by turns with different ones, and over and over with a single one. */
#include "engine/drill.h"

enum { MOST = 512 };

/* Until it is refused; that refusal is a step too, and so is that of the driver itself. Neither may change anything. */
static unsigned fill(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    unsigned count = 0;
    int64_t nodes = vg_drill_nodes(drill);
    while (count < MOST && vg_drill_create(drill, round, pgpu, type) >= 0) {
        count++;
        nodes = vg_drill_nodes(drill);
    }
    if (vg_drill_insist(drill, round, pgpu, type) < 0)
        vg_drill_see_nodes(drill, round, pgpu, nodes);
    vg_drill_look(drill, pgpu);
    return count;
}

/* Of VFs that are given memory as many as vg_drill_vfs_that_fit says, and, while one is refused and nobody can know
 * whether the card has memory for it, one fewer. Everything that was made is gone then. */
static void fill_type(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, unsigned *enabled)
{
    const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
    bool has_setup = class->model == VG_CAPACITY_VF && drill->mechanism->setup;
    for (unsigned vfs = has_setup ? vg_drill_vfs_that_fit(drill, pgpu, type) : *enabled;; vfs--) {
        if (vfs != *enabled)
            vg_drill_set_vfs(drill, round, pgpu, (int)vfs);
        *enabled = vfs;
        unsigned count = fill(drill, round, pgpu, type);
        vg_drill_drain(drill, round);
        vg_drill_look(drill, pgpu);
        if (!has_setup || count >= vfs || vfs <= 1 || drill->trouble || vg_walk_room_is_known(class, type, vfs))
            return;
    }
}

static bool fill_each(struct vg_drill *drill, struct vg_error *err)
{
    int64_t round = 0;
    vg_drill_look_all(drill, round);
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        unsigned enabled = drill->walk.classes[pgpu].vf_count;
        vg_drill_maxima(drill, pgpu);
        for (unsigned type = 0; type < drill->walk.classes[pgpu].type_count; type++) {
            fill_type(drill, ++round, pgpu, type, &enabled);
            if (!vg_drill_turn(drill, err))
                return false;
        }
        if (enabled != drill->walk.classes[pgpu].vf_count)
            vg_drill_set_vfs(drill, round, pgpu, (int)drill->walk.classes[pgpu].vf_count);
    }
    return true;
}

VG_DRILL(fill) = {
    .kind = VG_KIND_ACTION,
    .name = "fill",
    .summary = "creates each type on each pGPU until it is refused, and takes all away again",
    .why = "the advertised maximum is what is sold",
    .params =
        VG_PARAMS {
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = fill_each,
};

/* One goes, and its place is good for any type that fits: another first, then what is left again for its own. */
static void free_and_refill(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    int64_t live[MOST];
    unsigned count = vg_drill_live(drill, live, MOST), types = drill->walk.classes[pgpu].type_count;
    if (!count)
        return;
    vg_drill_destroy(drill, round, live[vg_drill_random(drill, count)]);
    vg_drill_look(drill, pgpu);
    if (types > 1)
        fill(drill, round, pgpu, (type + 1 + vg_drill_random(drill, types - 1)) % types);
    fill(drill, round, pgpu, type);
}

static bool refill(struct vg_drill *drill, struct vg_error *err)
{
    long long rounds = vg_drill_number(drill, "rounds");
    vg_drill_look_all(drill, 0);
    for (long long round = 1; round <= rounds; round++) {
        unsigned pgpu = (unsigned)(round % drill->walk.class_count);
        unsigned type = vg_drill_random(drill, drill->walk.classes[pgpu].type_count);
        fill(drill, round, pgpu, type);
        free_and_refill(drill, round, pgpu, type);
        vg_drill_drain(drill, round);
        vg_drill_look(drill, pgpu);
        if (!vg_drill_turn(drill, err))
            return false;
        if (drill->trouble)
            break;
    }
    return true;
}

VG_DRILL(refill) = {
    .kind = VG_KIND_ACTION,
    .name = "refill",
    .summary =
        "fills a pGPU with one type, frees one place, fills it with another and its own, frees all, and begins again",
    .why = "a place that cannot be used again is lost, one per VM",
    .params =
        VG_PARAMS {
            { .name = "rounds", .type = VG_INT, .def = "50", .min = 1, .max = 100000, .unit = "1", .summary = "fills" },
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = refill,
};

static bool cycle(struct vg_drill *drill, struct vg_error *err)
{
    enum { LOOK_EVERY = 50, WEIGHED = 20 };
    long long cycles = vg_drill_number(drill, "cycles"), weigh_every = (cycles + WEIGHED - 1) / WEIGHED;
    int64_t held[VG_HELD_KINDS] = { 0 };
    vg_drill_look_all(drill, 0);
    for (long long i = 1; i <= cycles; i++) {
        unsigned pgpu = (unsigned)(i % drill->walk.class_count);
        unsigned type = (unsigned)(i / drill->walk.class_count % drill->walk.classes[pgpu].type_count);
        int64_t instance = vg_drill_create(drill, i, pgpu, type);
        if (instance >= 0)
            vg_drill_destroy(drill, i, instance);
        if (i == 1) /* the first one makes what stays for all */
            vg_drill_held(drill, i, held, true);
        if (i % LOOK_EVERY == 0)
            vg_drill_look(drill, pgpu);
        if (i % weigh_every == 0)
            vg_drill_weigh(drill, i);
        if (drill->trouble || !vg_drill_turn(drill, err))
            break;
    }
    vg_drill_look_all(drill, cycles + 1);
    vg_drill_held(drill, cycles + 1, held, false);
    return !vg_engine_interrupted();
}

VG_DRILL(cycles) = {
    .kind = VG_KIND_ACTION,
    .name = "cycles",
    .summary = "creates one vGPU and destroys it, over and over, on every pGPU and of every type in turn",
    .why = "what is lost once per VM is lost a thousand times a week",
    .params =
        VG_PARAMS {
            { .name = "cycles",
              .type = VG_INT,
              .def = "1000",
              .min = 1,
              .max = 1000000,
              .unit = "1",
              .summary = "creates with their destroys" },
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = cycle,
};
