/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A random walk over create and destroy, with every counter read after each step. If one was wrong, the walk is made
 * shorter as long as it still shows a fault: steps are left out and the rest done again from the start. */
#include "engine/drill.h"

#define SHRINK_FOR_NS (20 * VG_NS_PER_S)
enum { MOST_LIVE = 256 };

/* One step of a plan: a create, or the destroy of what an earlier create made. */
struct move {
    bool create;
    unsigned pgpu, type;
    unsigned maker; /* destroy: number of the create in the walk that was first walked */
};

struct plan {
    struct move *moves;
    size_t count;
};

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

static struct plan plan_of(const struct vg_walk *walk, int64_t end)
{
    struct plan plan = { 0 };
    for (unsigned i = 0; i < walk->step_count && walk->steps[i].step <= end; i++) {
        const struct vg_step *step = &walk->steps[i];
        if (step->op == VG_STEP_CREATE)
            vg_push(plan.moves, plan.count) =
                (struct move) { .create = true,
                                .pgpu = (unsigned)step->pgpu,
                                .type = (unsigned)step->type,
                                .maker = step->instance >= 0 ? (unsigned)step->instance : UINT32_MAX };
        else if (step->op == VG_STEP_DESTROY)
            vg_push(plan.moves, plan.count) =
                (struct move) { .pgpu = (unsigned)step->pgpu, .maker = (unsigned)step->instance };
    }
    return plan;
}

/* Walks the plan from the start, without the moves from `skip` on for `skipped`. True if something is wrong then. */
static bool walk_again(struct vg_drill *drill, const struct plan *plan, size_t skip, size_t skipped,
                       struct vg_walk_result *result)
{
    struct vg_walk *walk = &drill->walk;
    walk->step_count = walk->counter_count = walk->range_count = 0;
    free(walk->steps);
    free(walk->counters);
    free(walk->ranges);
    walk->steps = NULL;
    walk->counters = NULL;
    walk->ranges = NULL;
    size_t maker_count = 0;
    vg_autofree unsigned *makers = NULL; /* of each instance now: which create of the first walk it stands for */
    *result = (struct vg_walk_result) { .first_step = -1 };
    if (!vg_drill_restart(drill))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        const struct move *move = &plan->moves[i];
        if (i >= skip && i < skip + skipped)
            continue;
        if (move->create) {
            if (vg_drill_create(drill, 0, move->pgpu, move->type) >= 0)
                vg_push(makers, maker_count) = move->maker;
        } else {
            size_t instance = 0;
            while (instance < maker_count && makers[instance] != move->maker)
                instance++;
            if (instance == maker_count || !drill->vgpus[instance])
                continue;
            vg_drill_destroy(drill, 0, (int64_t)instance);
        }
        vg_drill_look(drill, move->pgpu);
    }
    vg_walk_check(walk, NULL, result);
    return result->first_step >= 0;
}

static void leave_out(struct plan *plan, size_t from, size_t count)
{
    for (size_t i = from; i + count < plan->count; i++)
        plan->moves[i] = plan->moves[i + count];
    plan->count -= count;
}

/* Ever smaller pieces are left out as long as the fault stays. The result is one from which no single step can go; a
 * walk with fewer steps may still exist, of other ones. Where time runs out that is said. */
static bool shrink(struct vg_drill *drill, struct plan *plan, struct vg_error *err)
{
    struct vg_walk_result result;
    int64_t end_ns = vg_now_ns() + SHRINK_FOR_NS;
    for (size_t piece = plan->count / 2 ? plan->count / 2 : 1;; piece = piece > 1 ? piece / 2 : 1) {
        bool shorter = false;
        for (size_t from = 0; from < plan->count && vg_now_ns() < end_ns;) {
            size_t count = from + piece < plan->count ? piece : plan->count - from;
            if (walk_again(drill, plan, from, count, &result)) {
                leave_out(plan, from, count);
                shorter = true;
            } else {
                from += count;
            }
            if (!vg_drill_turn(drill, err))
                return false;
        }
        drill->shrink_cut = vg_now_ns() >= end_ns;
        if ((piece == 1 && !shorter) || drill->shrink_cut)
            break;
    }
    if (!walk_again(drill, plan, 0, 0, &result))
        return true;
    drill->shrunk = drill->walk.steps;
    drill->shrunk_count = (unsigned)result.first_step + 1;
    drill->shrunk_end = vg_strdup(result.first);
    drill->walk.steps = NULL;
    drill->walk.step_count = 0;
    return true;
}

static bool try_shrink(struct vg_drill *drill, struct vg_error *err)
{
    struct vg_walk_result result;
    vg_walk_check(&drill->walk, NULL, &result);
    if (result.first_step < 0)
        return true;
    struct plan plan = plan_of(&drill->walk, result.first_step);
    /* The first walk is the record; tries are made beside it. */
    struct vg_walk record = drill->walk;
    drill->walk.steps = NULL;
    drill->walk.counters = NULL;
    drill->walk.ranges = NULL;
    drill->walk.step_count = drill->walk.counter_count = drill->walk.range_count = 0;
    bool good = plan.count ? shrink(drill, &plan, err) : true;
    free(drill->walk.steps);
    free(drill->walk.counters);
    free(drill->walk.ranges);
    drill->walk = record;
    free(plan.moves);
    return good;
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
    return try_shrink(drill, err);
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
