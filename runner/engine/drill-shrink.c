/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A walk that showed a fault is made shorter as long as it still shows one: steps are left out and the rest done again
 * from the start, of decisions by asking the policy again. */
#include "engine/drill.h"

#define SHRINK_FOR_NS (20 * VG_NS_PER_S)

/* One step of a plan: a create, or the destroy of what an earlier create made. */
struct move {
    bool create, decided; /* decided: a policy finds the pGPU, and type is the number of the profile */
    unsigned pgpu, type;
    unsigned maker; /* destroy: number of the create in the walk that was first walked */
};

struct plan {
    struct move *moves;
    size_t count;
};

static struct plan plan_of(const struct vg_walk *walk, int64_t end)
{
    struct plan plan = { 0 };
    for (unsigned i = 0; i < walk->step_count && walk->steps[i].step <= end; i++) {
        const struct vg_step *step = &walk->steps[i];
        if (step->op == VG_STEP_CREATE)
            vg_push(plan.moves, plan.count) =
                (struct move) { .create = true,
                                .decided = step->decided,
                                .pgpu = (unsigned)step->pgpu,
                                .type = (unsigned)step->type,
                                .maker = step->instance >= 0 ? (unsigned)step->instance : UINT32_MAX };
        else if (step->op == VG_STEP_DESTROY)
            vg_push(plan.moves, plan.count) =
                (struct move) { .pgpu = (unsigned)step->pgpu, .maker = (unsigned)step->instance };
    }
    return plan;
}

/* VG_ANY: it was refused. */
static int64_t create_again(struct vg_drill *drill, const char *policy, const struct move *move)
{
    if (!move->decided)
        return vg_drill_create(drill, 0, move->pgpu, move->type);
    vg_drill_decide(drill, 0, vg_placement_policy_find(policy), move->type);
    const struct vg_step *step = &drill->walk.steps[drill->walk.step_count - 1];
    return step->outcome == VG_REFUSED_NOT ? step->instance : VG_ANY;
}

/* Walks the plan from the start, without the moves from `skip` on for `skipped`. True if something is wrong then. */
static bool walk_again(struct vg_drill *drill, const char *policy, const struct plan *plan, size_t skip, size_t skipped,
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
            if (create_again(drill, policy, move) >= 0)
                vg_push(makers, maker_count) = move->maker;
        } else {
            size_t instance = 0;
            while (instance < maker_count && makers[instance] != move->maker)
                instance++;
            if (instance == maker_count || !drill->vgpus[instance])
                continue;
            vg_drill_destroy(drill, 0, (int64_t)instance);
        }
        if (!move->decided)
            vg_drill_look(drill, move->pgpu);
    }
    vg_walk_check(walk, policy, result);
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
static bool shrink(struct vg_drill *drill, const char *policy, struct plan *plan, struct vg_error *err)
{
    struct vg_walk_result result;
    int64_t end_ns = vg_now_ns() + SHRINK_FOR_NS;
    for (size_t piece = plan->count / 2 ? plan->count / 2 : 1;; piece = piece > 1 ? piece / 2 : 1) {
        bool shorter = false;
        for (size_t from = 0; from < plan->count && vg_now_ns() < end_ns;) {
            size_t count = from + piece < plan->count ? piece : plan->count - from;
            if (walk_again(drill, policy, plan, from, count, &result)) {
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
    if (!walk_again(drill, policy, plan, 0, 0, &result))
        return true;
    drill->shrunk = drill->walk.steps;
    drill->shrunk_count = (unsigned)result.first_step + 1;
    drill->shrunk_end = vg_strdup(result.first);
    drill->walk.steps = NULL;
    drill->walk.step_count = 0;
    return true;
}

bool vg_drill_shrink(struct vg_drill *drill, const char *policy, struct vg_error *err)
{
    struct vg_walk_result result;
    vg_walk_check(&drill->walk, policy, &result);
    if (result.first_step < 0)
        return true;
    struct plan plan = plan_of(&drill->walk, result.first_step);
    /* The first walk is the record; tries are made beside it. */
    struct vg_walk record = drill->walk;
    drill->walk.steps = NULL;
    drill->walk.counters = NULL;
    drill->walk.ranges = NULL;
    drill->walk.step_count = drill->walk.counter_count = drill->walk.range_count = 0;
    bool good = plan.count ? shrink(drill, policy, &plan, err) : true;
    free(drill->walk.steps);
    free(drill->walk.counters);
    free(drill->walk.ranges);
    drill->walk = record;
    free(plan.moves);
    return good;
}
