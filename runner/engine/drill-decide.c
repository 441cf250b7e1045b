/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placement decisions over pGPUs that are not alike and not empty: a policy chooses by what the driver shows, and the
 * vGPU is made there. */
#include "engine/drill.h"

bool vg_drill_fleet(struct vg_drill *drill, struct vg_fleet *fleet, struct vg_pgpu_class *classes,
                    struct vg_fleet_pgpu *pgpus, struct vg_pgpu_state *states)
{
    unsigned count = drill->walk.class_count;
    for (unsigned i = 0; i < count; i++) {
        struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
        struct vg_error err = { 0 };
        pgpus[i] = (struct vg_fleet_pgpu) { .board = drill->walk.boards[i], .class = (uint16_t)i };
        if (!drill->mechanism->look(drill->state, drill->host_index[i], &seen, &err)) {
            vg_drill_trouble(drill, err.text);
            return false;
        }
        classes[i] = drill->walk.classes[i];
        if (!vg_place_class_now(&classes[i], &seen, &err)) {
            vg_drill_trouble(drill, err.text);
            return false;
        }
        vg_place_see(&classes[i], &seen, &states[i]);
    }
    *fleet = (struct vg_fleet) {
        .classes = classes, .class_count = count, .pgpus = pgpus, .states = states, .pgpu_count = count
    };
    return true;
}

static int64_t choose(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                      enum vg_refusal *refusal)
{
    vg_autofree struct vg_pgpu_class *classes = vg_calloc(drill->walk.class_count, sizeof(*classes));
    vg_autofree struct vg_fleet_pgpu *pgpus = vg_calloc(drill->walk.class_count, sizeof(*pgpus));
    vg_autofree struct vg_pgpu_state *states = vg_calloc(drill->walk.class_count, sizeof(*states));
    struct vg_fleet fleet;
    const struct vg_placement_request request = { .type = type_id, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY };
    *refusal = VG_REFUSED_ERROR;
    if (!vg_drill_fleet(drill, &fleet, classes, pgpus, states))
        return VG_ANY;
    struct vg_decision decision = vg_placement_decide(policy, &fleet, &request);
    *refusal = decision.refusal;
    return decision.pgpu;
}

int64_t (*vg_drill_choose)(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                           enum vg_refusal *refusal) = choose;

void vg_drill_ask_all(struct vg_drill *drill, int64_t round, const struct vg_placement_policy *policy, unsigned type_id)
{
    enum vg_refusal refusal;
    if (vg_drill_choose(drill, policy, type_id, &refusal) >= 0)
        return;
    struct vg_step *step = vg_drill_step(drill, VG_STEP_CREATE, round, VG_ANY);
    step->type = type_id;
    step->decided = 1;
    step->outcome = refusal;
    step->end_ns = vg_now_ns();
}

void vg_drill_decide(struct vg_drill *drill, int64_t round, const struct vg_placement_policy *policy, unsigned type_id)
{
    enum vg_refusal refusal;
    int64_t pgpu = vg_drill_choose(drill, policy, type_id, &refusal);
    if (pgpu < 0) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_CREATE, round, VG_ANY);
        step->type = type_id;
        step->decided = 1;
        step->outcome = refusal;
        step->end_ns = vg_now_ns();
        return;
    }
    int type = vg_class_type(&drill->walk.classes[pgpu], type_id);
    if (type < 0) {
        vg_drill_trouble(drill, "the policy chose a pGPU that does not offer the type");
        return;
    }
    vg_drill_create(drill, round, (unsigned)pgpu, (unsigned)type);
    struct vg_step *step = &drill->walk.steps[drill->walk.step_count - 1];
    step->type = type_id;
    step->decided = 1;
    vg_drill_look(drill, (unsigned)pgpu);
}

/* Types that at least two pGPUs offer: for others there is nothing to decide. */
static unsigned shared_types(const struct vg_drill *drill, unsigned *ids, unsigned most)
{
    unsigned count = 0;
    for (unsigned id = 1; id <= drill->config->profile_count && count < most; id++) {
        unsigned offers = 0;
        for (unsigned i = 0; i < drill->walk.class_count; i++)
            offers += vg_class_type(&drill->walk.classes[i], id) >= 0;
        if (offers > 1)
            ids[count++] = id;
    }
    return count;
}

/* Something of some of the pGPUs is taken before the first decision. */
static void load_some(struct vg_drill *drill)
{
    for (unsigned i = 0; i < drill->walk.class_count; i += 2) {
        unsigned type = vg_drill_random(drill, drill->walk.classes[i].type_count);
        for (unsigned j = vg_drill_random(drill, 3) + 1; j > 0; j--)
            vg_drill_create(drill, 0, i, type);
    }
    vg_drill_look_all(drill, 0);
}

/* Decisions that could have gone wrong. */
static unsigned contested_until_now(const struct vg_drill *drill)
{
    struct vg_walk_result result;
    vg_walk_check(&drill->walk, vg_drill_param(drill, "policy"), &result);
    return result.contested;
}

/* How many VMs were given a vGPU, and how often a choice mattered, depends on what was drawn: where some are needed,
 * decisions go on until they are there, or it is plain that they will not come. */
static bool is_enough(const struct vg_drill *drill, long long made)
{
    enum { MOST_TIMES = 10 };
    long long decisions = vg_drill_number(drill, "decisions"), vms = vg_drill_number(drill, "vms");
    long long contested = vg_drill_number(drill, "contested");
    bool there = !drill->with_tenants || drill->vgpu_count >= (vms - 1) * drill->boot_every + 1;
    if (made < decisions || made >= MOST_TIMES * decisions)
        return made >= decisions;
    return (!vms || there) && (!contested || contested_until_now(drill) >= contested);
}

/* Half of the time a type that lives already: where one type shuts out all others there is a choice for few others, and
 * what nobody could choose decides nothing. */
static unsigned draw_type(struct vg_drill *drill, const unsigned *ids, unsigned count, const int64_t *live,
                          unsigned there)
{
    unsigned drawn = ids[vg_drill_random(drill, count)];
    if (drill->with_tenants || !there || vg_drill_random(drill, 2))
        return drawn;
    const struct vg_vgpu *vgpu = drill->vgpus[live[vg_drill_random(drill, there)]];
    for (unsigned i = 0; vgpu && i < count; i++)
        if (vgpu->profile == &drill->config->profiles[ids[i] - 1])
            return ids[i];
    return drawn;
}

/* Half of what lives goes: where all is full there is no choice, nor where each type lives on one pGPU and on no other
 * there is room for it. */
static void make_room(struct vg_drill *drill, int64_t round)
{
    for (unsigned i = drill->vgpu_count; i-- > 0;)
        if (drill->vgpus[i] && vg_drill_random(drill, 2))
            vg_drill_destroy(drill, round, i);
}

/* Would some pGPU that takes the type now be wrong? */
static bool is_contested(const struct vg_placement_policy *policy, const struct vg_fleet *fleet, unsigned id)
{
    const struct vg_placement_request request = { .type = id, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY };
    unsigned first = 0, eligible = 0;
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        unsigned rank;
        enum vg_refusal refusal;
        if (!vg_placement_rank(policy, fleet, &request, i, &rank, &refusal))
            continue;
        if (eligible++ && rank != first)
            return true;
        first = rank;
    }
    return false;
}

/* Three times of four a type of which the choice matters, if there is one: drawn blindly, hardly one in ten does. 0:
 * whichever. */
static unsigned draw_contested(struct vg_drill *drill, const struct vg_placement_policy *policy, const unsigned *ids,
                               unsigned count)
{
    vg_autofree struct vg_pgpu_class *classes = vg_calloc(drill->walk.class_count, sizeof(*classes));
    vg_autofree struct vg_fleet_pgpu *pgpus = vg_calloc(drill->walk.class_count, sizeof(*pgpus));
    vg_autofree struct vg_pgpu_state *states = vg_calloc(drill->walk.class_count, sizeof(*states));
    vg_autofree unsigned *matter = vg_calloc(count + 1, sizeof(*matter));
    unsigned found = 0;
    struct vg_fleet fleet;
    if (!vg_drill_number(drill, "contested") || !vg_drill_random(drill, 4) ||
        !vg_drill_fleet(drill, &fleet, classes, pgpus, states))
        return 0;
    for (unsigned i = 0; i < count; i++)
        if (is_contested(policy, &fleet, ids[i]))
            matter[found++] = ids[i];
    return found ? matter[vg_drill_random(drill, found)] : 0;
}

static bool run(struct vg_drill *drill, struct vg_error *err)
{
    enum { MOST_TYPES = 64, MOST_LIVE = 512, DESTROY_PERCENT = 30, STUCK = 4 };
    long long i, plain = 0; /* decisions since the last one that mattered */
    const struct vg_placement_policy *policy = vg_placement_policy_find(vg_drill_param(drill, "policy"));
    unsigned ids[MOST_TYPES], count = shared_types(drill, ids, MOST_TYPES);
    if (!policy)
        return vg_fail(err, VG_ERROR_INPUT, "there is no placement policy `%s`", vg_drill_param(drill, "policy"));
    if (!count) {
        vg_drill_skip(drill, "no two pGPUs of %s offer the same type here, so that there is nothing to decide",
                      drill->config->name);
        return true;
    }
    load_some(drill);
    for (i = 1; !is_enough(drill, i - 1) && !drill->trouble; i++) {
        int64_t live[MOST_LIVE];
        unsigned there = vg_drill_live(drill, live, MOST_LIVE);
        if (there && vg_drill_random(drill, 100) < DESTROY_PERCENT)
            vg_drill_destroy(drill, i, live[vg_drill_random(drill, there)]);
        unsigned id = draw_contested(drill, policy, ids, count);
        plain = id ? 0 : plain + 1;
        if (!id && vg_drill_number(drill, "contested") && (there > drill->walk.class_count * 2 || plain % STUCK == 0))
            make_room(drill, i);
        there = vg_drill_live(drill, live, MOST_LIVE);
        vg_drill_decide(drill, i, policy, id ? id : draw_type(drill, ids, count, live, there));
        if (!vg_drill_turn(drill, err))
            return false;
    }
    vg_drill_drain(drill, i);
    return drill->with_tenants || vg_drill_shrink(drill, policy->name, err);
}

VG_DRILL(decisions) = {
    .kind = VG_KIND_ACTION,
    .name = "decisions",
    .summary = "places vGPUs of mixed types by a policy on pGPUs that are unequal and partly taken",
    .why = "a policy that is right on empty equal pGPUs is the one that nobody needs",
    .params =
        VG_PARAMS {
            { .name = "policy",
              .type = VG_TEXT,
              .def = "breadth-first-residents",
              .summary = "by which the pGPU is chosen" },
            { .name = "decisions",
              .type = VG_INT,
              .def = "64",
              .min = 1,
              .max = 100000,
              .unit = "1",
              .summary = "vGPUs to place" },
            { .name = "vms",
              .type = VG_INT,
              .def = "0",
              .min = 0,
              .max = 10000,
              .unit = "1",
              .summary = "VMs to be placed; decisions go on until so many were, ten times as many at most" },
            { .name = "contested",
              .type = VG_INT,
              .def = "0",
              .min = 0,
              .max = 10000,
              .unit = "1",
              .summary = "decisions that another eligible pGPU would have made wrong; goes on as for `vms`" },
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = run,
};
