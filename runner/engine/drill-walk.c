/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A random walk over create and destroy, with every counter read after each step. */
#include "engine/drill.h"

enum { MOST_LIVE = 256 };

static void create_at_random(struct vg_drill *drill, int64_t round)
{
    unsigned pgpu = vg_drill_random(drill, drill->walk.class_count);
    unsigned type = vg_drill_random(drill, drill->walk.classes[pgpu].type_count);
    vg_drill_create(drill, round, pgpu, type);
    vg_drill_look(drill, pgpu);
}

static void destroy_at_random(struct vg_drill *drill, int64_t round)
{
    int64_t live[MOST_LIVE];
    unsigned count = vg_drill_live(drill, live, MOST_LIVE);
    if (!count) {
        create_at_random(drill, round);
        return;
    }
    vg_drill_destroy(drill, round, live[vg_drill_random(drill, count)]);
    vg_drill_look(drill, (unsigned)drill->walk.steps[drill->walk.step_count - 1].pgpu);
}

/* Further creates that succeed are what a counter promises: filled until it says no, and emptied again. */
static void fill_and_drain(struct vg_drill *drill, int64_t round)
{
    enum { MOST = 256 };
    unsigned pgpu = vg_drill_random(drill, drill->walk.class_count), made_count = 0;
    unsigned type = vg_drill_random(drill, drill->walk.classes[pgpu].type_count);
    int64_t made[MOST], instance;
    while (made_count < MOST && (instance = vg_drill_create(drill, round, pgpu, type)) >= 0)
        made[made_count++] = instance;
    vg_drill_look(drill, pgpu);
    while (made_count-- > 0)
        vg_drill_destroy(drill, round, made[made_count]);
    vg_drill_look(drill, pgpu);
}

static bool run(struct vg_drill *drill, struct vg_error *err)
{
    enum { MOST_WRONG_TIME_S = 10 };
    long long steps = vg_drill_number(drill, "steps"), fill_every = vg_drill_number(drill, "fill_every");
    vg_drill_look_all(drill, 0);
    for (long long i = 1; i <= steps; i++) {
        if (vg_drill_random(drill, 100) < 60)
            create_at_random(drill, i);
        else
            destroy_at_random(drill, i);
        if (fill_every && i % fill_every == 0)
            fill_and_drain(drill, i);
        if (!vg_drill_turn(drill, err))
            return false;
        if (drill->trouble)
            break; /* a driver that does not answer will not answer better after 200 tries */
    }
    vg_drill_drain(drill, steps + 1);
    vg_drill_look_all(drill, steps + 1);
    return vg_drill_shrink(drill, NULL, err);
}

VG_DRILL(random_walk) = {
    .kind = VG_KIND_ACTION,
    .name = "random-walk",
    .summary = "creates and destroys at random over all pGPUs and types, reading every counter after each step",
    .why = "a counter is easily right in the cases that its author thought of",
    .params =
        VG_PARAMS {
            { .name = "steps",
              .type = VG_INT,
              .def = "200",
              .min = 1,
              .max = 100000,
              .unit = "1",
              .summary = "creates and destroys" },
            { .name = "fill_every",
              .type = VG_INT,
              .def = "20",
              .min = 0,
              .max = 100000,
              .unit = "1",
              .summary = "after so many steps one type is filled and drained; 0: never" },
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = run,
};
