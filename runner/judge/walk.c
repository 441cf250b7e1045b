/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replays what was asked of a driver beside the capacity models of placement/, which say for each step what the answer
 * and the counters must be. A vGPU that should not have been granted is kept apart, so that one fault does not make
 * every later step look wrong. */
#include "judge/walk.h"

const char *const vg_step_columns[VG_STEP_COLUMNS] = {
    "step",    "round", "op",    "pgpu", "type",    "instance",      "wanted",   "seen",
    "outcome", "vf",    "place", "race", "decided", "granted_bytes", "start_ns", "end_ns",
};

static struct known *known_of(struct replay *replay, int64_t instance)
{
    return instance >= 0 && instance < replay->known_count ? &replay->known[instance] : NULL;
}

/* --- outcomes ------------------------------------------------------------------------------------------------------
 */

static void judge_refusal(struct replay *replay, enum vg_refusal expected, enum vg_refusal got)
{
    replay->result->refusals++;
    if (expected == VG_REFUSED_NOT) {
        replay->result->wrong_refusals++;
        walk_wrong(replay, "there is room, so that it should have been granted.");
    } else if (got != expected) {
        replay->result->wrong_reasons++;
        walk_wrong(replay, "it was right to refuse, but the reason is %s.", vg_refusal_name(expected));
    } else {
        replay->result->reasons |= 1U << got;
    }
}

static unsigned slots_of(const struct vg_vgpu_type *type)
{
    return type->placement_slots ? type->placement_slots : (unsigned)(type->size_bytes >> 30);
}

/* A placement ID that a driver gave: of the type's own, and free of what lives there? */
static void judge_place(struct replay *replay, unsigned pgpu, unsigned type, int place)
{
    const struct vg_pgpu_class *class = &replay->classes[pgpu];
    const struct vg_pgpu_state empty = { 0 };
    if (place < 0 || !vg_capacity_placement_creatable(class, &empty, type, (unsigned)place)) {
        replay->result->bad_places++;
        walk_wrong(replay, "placement ID %d is none that the type may have.", place);
    }
    for (unsigned i = 0; place >= 0 && i < replay->known_count; i++) {
        const struct known *other = &replay->known[i];
        if (!other->there || other->pgpu != pgpu || other->instance.placement_id < 0)
            continue;
        unsigned first = (unsigned)other->instance.placement_id, slots = slots_of(&class->types[other->instance.type]);
        if ((unsigned)place >= first + slots || first >= (unsigned)place + slots_of(&class->types[type]))
            continue;
        replay->result->overlaps++;
        walk_wrong(replay, "its slots %d to %u overlap slots %u to %u of #%u.", place,
                   (unsigned)place + slots_of(&class->types[type]) - 1, first, first + slots - 1, i);
    }
}

/* The model takes it in, or it is a phantom. */
static void take_in(struct replay *replay, unsigned pgpu, unsigned type)
{
    const struct vg_step *step = replay->step;
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type);
    struct known *known = known_of(replay, step->instance);
    if (!known)
        return;
    wanted.vf = replay->classes[pgpu].sriov ? (int)step->vf : VG_ANY;
    if (replay->classes[pgpu].model == VG_CAPACITY_MIXED_SIZE) {
        wanted.placement_id = (int)step->place;
        judge_place(replay, pgpu, type, (int)step->place);
    }
    uint64_t granted_bytes = step->granted_bytes > 0 ? (uint64_t)step->granted_bytes : 0;
    *known = (struct known) { .there = true, .pgpu = pgpu, .granted_bytes = granted_bytes, .instance = wanted };
    enum vg_refusal model = replay->passed[pgpu] ? VG_REFUSED_BUSY
                                                 : vg_capacity_create(&replay->classes[pgpu], &replay->states[pgpu],
                                                                      &wanted, &known->instance);
    if (model == VG_REFUSED_NOT)
        return;
    known->phantom = true;
    if (step->race)
        return; /* counted by the race */
    replay->result->wrong_grants++;
    walk_wrong(replay, "the capacity model refuses it (%s).", vg_refusal_name(model));
}

static enum vg_refusal expected_of(const struct replay *replay, int64_t pgpu, int64_t type)
{
    if (replay->passed[pgpu])
        return VG_REFUSED_BUSY;
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type < 0 ? replay->classes[pgpu].type_count : (unsigned)type);
    if (replay->step->wanted >= 0 && replay->classes[pgpu].sriov)
        wanted.vf = (int)replay->step->wanted;
    return vg_capacity_check(&replay->classes[pgpu], &replay->states[pgpu], &wanted);
}

static void judge_decision(struct replay *replay, int64_t *type)
{
    const struct vg_step *step = replay->step;
    unsigned count = replay->walk->class_count;
    vg_autofree unsigned *residents = vg_calloc(count + 1, sizeof(*residents));
    for (unsigned i = 0; i < replay->known_count; i++)
        residents[replay->known[i].pgpu] += replay->known[i].there && !replay->known[i].phantom;
    const struct judge_pgpus pgpus = {
        .classes = replay->classes, .states = replay->states, .residents = residents, .count = count
    };
    *type = step->pgpu >= 0 ? vg_class_type(&replay->classes[step->pgpu], (unsigned)step->type) : VG_ANY;
    replay->result->decisions++;
    struct judge_oracle oracle = judge_oracle_ask(replay->policy, &pgpus, (unsigned)step->type, step->pgpu);
    replay->result->contested += oracle.contested;
    if (oracle.good && step->pgpu < 0 && step->outcome != (int64_t)oracle.why) {
        replay->result->wrong_reasons++;
        walk_wrong(replay, "it was right to refuse, but the most specific reason is %s.", vg_refusal_name(oracle.why));
    } else if (oracle.good && step->pgpu < 0) {
        replay->result->mixed_refusals += oracle.mixed;
        replay->result->reasons |= 1U << oracle.why;
    }
    if (oracle.good || !replay->policy)
        return;
    replay->result->wrong_decisions++;
    walk_wrong(replay, "%s would choose %s.", replay->policy,
               oracle.best >= 0 ? replay->classes[oracle.best].name : "none");
}

static uint64_t part_of(const struct known *known, const struct vg_vgpu_type *type, unsigned part)
{
    if (part == 0 && known->granted_bytes)
        return known->granted_bytes;
    return part == 0 ? type->size_bytes : part == 1 ? type->low_gm_mib : type->high_gm_mib;
}

/* All vGPUs that were granted, rightly or not, together need no more than the pGPU has. */
static void judge_sums(struct replay *replay, unsigned pgpu)
{
    enum { PARTS = 3 }; /* memory; for GVT-g two kinds of graphics memory */
    static const char *const words[PARTS] = { "bytes of memory", "MiB of low", "MiB of high graphics memory" };
    const struct vg_pgpu_class *class = &replay->classes[pgpu];
    const uint64_t has[PARTS] = { class->size_bytes, class->low_gm_mib, class->high_gm_mib };
    for (unsigned part = 0; part < PARTS; part++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < replay->known_count; i++)
            if (replay->known[i].there && replay->known[i].pgpu == pgpu &&
                replay->known[i].instance.type < class->type_count)
                sum += part_of(&replay->known[i], &class->types[replay->known[i].instance.type], part);
        if (!has[part] || !sum)
            continue;
        replay->result->memory_checks++;
        if (sum <= has[part])
            continue;
        replay->result->overlaps++;
        walk_wrong(replay, "its vGPUs together need %llu %s, and %s has %llu.", (unsigned long long)sum, words[part],
                   class->name, (unsigned long long)has[part]);
    }
}

bool vg_walk_room_is_known(const struct vg_pgpu_class *described, unsigned type, unsigned vfs)
{
    uint64_t each = type < described->type_count ? described->types[type].size_bytes : 0, all = described->size_bytes;
    if (described->model != VG_CAPACITY_VF || !each)
        return true;
    return vfs <= described->vf_count && (!all || vfs * each < all);
}

static bool room_is_known(const struct replay *replay, int64_t pgpu, int64_t type)
{
    return vg_walk_room_is_known(&replay->walk->classes[pgpu], (unsigned)type, replay->classes[pgpu].vf_count);
}

/* Nothing more went in: is that the maximum, of a type that was alone there? Of VFs all that are enabled. */
static void note_full(struct replay *replay, int64_t pgpu, int64_t type)
{
    const struct vg_pgpu_class *class = &replay->classes[pgpu];
    const struct vg_pgpu_state *state = &replay->states[pgpu];
    bool vfs = class->model == VG_CAPACITY_VF;
    if (state->count[type] != state->live || (vfs && state->live < class->vf_count))
        return;
    replay->filled[pgpu] |= UINT64_C(1) << type;
    if (vfs && state->live > replay->vfs_filled[pgpu])
        replay->vfs_filled[pgpu] = state->live;
}

static void do_create(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    int64_t type = step->type;
    if (step->decided)
        judge_decision(replay, &type);
    if (step->pgpu < 0)
        return;
    if (step->outcome == VG_REFUSED_NOT) {
        replay->result->creates++;
        if (type >= 0)
            take_in(replay, (unsigned)step->pgpu, (unsigned)type);
        judge_sums(replay, (unsigned)step->pgpu);
    } else if (!step->race) {
        enum vg_refusal expected = expected_of(replay, step->pgpu, type);
        bool full =
            type >= 0 && type < replay->classes[step->pgpu].type_count && step->outcome == VG_REFUSED_NO_CAPACITY;
        if (full)
            note_full(replay, step->pgpu, type);
        if (full && expected == VG_REFUSED_NOT && !room_is_known(replay, step->pgpu, type)) {
            replay->result->refusals++;
            replay->result->open_refusals++;
        } else {
            judge_refusal(replay, expected, (enum vg_refusal)step->outcome);
        }
    } else if (step->outcome != VG_REFUSED_NO_CAPACITY) {
        replay->result->wrong_reasons++;
        walk_wrong(replay, "who comes too late for the last slot is refused for no-capacity.");
    }
}

/* The driver itself was asked. What it refuses it need not explain as a manager does, which looks at all that lives. */
static void do_insist(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    enum vg_refusal model = expected_of(replay, step->pgpu, step->type);
    bool granted = step->outcome == VG_REFUSED_NOT;
    if (granted && model != VG_REFUSED_NOT) /* before a word on where it was put */
        walk_wrong(replay, "the capacity model refuses it (%s).", vg_refusal_name(model));
    if (granted && step->type >= 0 && step->type < replay->classes[step->pgpu].type_count) {
        replay->result->creates++;
        take_in(replay, (unsigned)step->pgpu, (unsigned)step->type);
        judge_sums(replay, (unsigned)step->pgpu);
    }
    replay->result->insisted += !granted;
    if (granted || step->outcome == VG_REFUSED_NO_CAPACITY || step->outcome == VG_REFUSED_INCOMPATIBLE)
        return;
    replay->result->wrong_reasons++;
    walk_wrong(replay, "it was right to refuse, but for want of room, or for what lives there.");
}

static void do_destroy(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    struct known *known = known_of(replay, step->instance);
    if (!known || !known->there)
        return;
    replay->result->destroys++;
    if (step->wanted >= 0 && step->end_ns - step->start_ns > replay->result->slowest_free_ns)
        replay->result->slowest_free_ns = step->end_ns - step->start_ns;
    if (known->held && step->outcome != VG_REFUSED_NOT) {
        judge_refusal(replay, VG_REFUSED_BUSY, (enum vg_refusal)step->outcome);
        return;
    }
    if (step->outcome != VG_REFUSED_NOT) {
        replay->result->failed_destroys++;
        walk_wrong(replay, "nobody uses it, so that it should be gone.");
        return;
    }
    if (!known->phantom)
        vg_capacity_destroy(&replay->classes[known->pgpu], &replay->states[known->pgpu], &known->instance);
    known->there = false;
}

/* --- how a pGPU is set up ------------------------------------------------------------------------------------------
 */

static void reset_class(struct replay *replay, unsigned pgpu)
{
    struct vg_error ignored = { 0 };
    if (!vg_capacity_prepare(&replay->classes[pgpu], &ignored))
        walk_wrong(replay, "the capacity model cannot be set up so: %s", ignored.text);
}

static void judge_setup(struct replay *replay, bool must_be_refused, bool busy, int64_t expected_seen)
{
    const struct vg_step *step = replay->step;
    bool refused = step->outcome != VG_REFUSED_NOT;
    bool reason = !refused || (busy ? step->outcome == VG_REFUSED_BUSY : step->outcome != VG_REFUSED_ERROR);
    if (refused == must_be_refused && reason && step->seen == expected_seen)
        return;
    replay->result->wrong_setups++;
    walk_wrong(replay, "it should %s%s, and %lld should be there.", must_be_refused ? "be refused" : "be done",
               busy ? " as busy" : "", (long long)expected_seen);
}

static bool is_held(const struct replay *replay, int64_t pgpu)
{
    bool held = false;
    for (unsigned i = 0; i < replay->known_count; i++)
        held = held || (replay->known[i].there && replay->known[i].held && replay->known[i].pgpu == pgpu);
    return held;
}

/* By the manager: not while a vGPU is there. By the kernel and the driver themselves: not while a VM has one, and not
 * from one number to another but through 0. More than there are: never. */
static void do_vfs(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    struct vg_pgpu_class *class = &replay->classes[step->pgpu];
    bool raw = step->op == VG_STEP_RAW_VFS, too_many = step->wanted > replay->walk->vf_totals[step->pgpu];
    bool other = step->wanted != class->vf_count, straight = other && class->vf_count && step->wanted;
    bool busy = raw ? straight || is_held(replay, step->pgpu) : other && replay->states[step->pgpu].live;
    judge_setup(replay, busy || too_many, busy && !too_many, busy || too_many ? class->vf_count : step->wanted);
    replay->result->raw_refusals += raw && step->outcome != VG_REFUSED_NOT;
    if (busy || too_many)
        return;
    if (other && class->model == VG_CAPACITY_MIXED_SIZE)
        class->model = VG_CAPACITY_SAME_SIZE; /* enabling or disabling VFs clears the mode */
    class->vf_count = (unsigned)step->wanted;
    reset_class(replay, (unsigned)step->pgpu);
}

static void do_mixed(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    struct vg_pgpu_class *class = &replay->classes[step->pgpu];
    bool now = class->model == VG_CAPACITY_MIXED_SIZE;
    bool busy = replay->states[step->pgpu].live && now != (step->wanted != 0);
    judge_setup(replay, busy, busy, busy ? now : step->wanted);
    if (busy)
        return;
    class->model = step->wanted ? VG_CAPACITY_MIXED_SIZE : VG_CAPACITY_SAME_SIZE;
    reset_class(replay, (unsigned)step->pgpu);
}

/* As after boot: no vGPU, no VF, no mode, and every pGPU with its own driver. */
static void do_reboot(struct replay *replay)
{
    replay->result->reboots++;
    for (unsigned i = 0; i < replay->known_count; i++)
        replay->known[i].there = replay->known[i].held = false;
    for (unsigned i = 0; i < replay->walk->class_count; i++) {
        struct vg_pgpu_class *class = &replay->classes[i];
        replay->states[i] = (struct vg_pgpu_state) { 0 };
        replay->passed[i] = false;
        class->vf_count = class->sriov ? 0 : class->vf_count;
        if (class->model == VG_CAPACITY_MIXED_SIZE)
            class->model = VG_CAPACITY_SAME_SIZE;
        reset_class(replay, i);
    }
}

static void do_pass(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    enum vg_refusal expected = replay->passed[step->pgpu]        ? VG_REFUSED_NO_CAPACITY
                               : replay->states[step->pgpu].live ? VG_REFUSED_BUSY
                                                                 : VG_REFUSED_NOT;
    if (step->outcome != (int64_t)expected) {
        replay->result->wrong_setups++;
        walk_wrong(replay, "the answer should be %s.", vg_refusal_name(expected));
    }
    if (expected != VG_REFUSED_NOT || step->outcome != VG_REFUSED_NOT)
        return;
    replay->passed[step->pgpu] = true;
    replay->classes[step->pgpu].vf_count = 0; /* they go with the driver */
    if (replay->classes[step->pgpu].model == VG_CAPACITY_MIXED_SIZE)
        replay->classes[step->pgpu].model = VG_CAPACITY_SAME_SIZE;
    reset_class(replay, (unsigned)step->pgpu);
}

/* --- races ---------------------------------------------------------------------------------------------------------
 */

static void judge_race(struct replay *replay, unsigned first, unsigned end)
{
    const struct vg_step *steps = replay->walk->steps;
    unsigned winners = 0;
    replay->step = &steps[first];
    if (steps[first].pgpu < 0 || steps[first].type < 0)
        return;
    unsigned room = vg_capacity_available(&replay->classes[steps[first].pgpu], &replay->states[steps[first].pgpu],
                                          (unsigned)steps[first].type);
    for (unsigned i = first; i < end; i++)
        winners += steps[i].outcome == VG_REFUSED_NOT;
    unsigned expected = room < end - first ? room : end - first;
    if (winners < expected && !room_is_known(replay, steps[first].pgpu, steps[first].type)) {
        replay->result->open_refusals += expected - winners;
        return; /* no race for a place of which nobody knows that it is there */
    }
    replay->result->races++;
    replay->result->races_without += winners < expected;
    replay->result->races_with_many += winners > expected;
    if (winners != expected)
        walk_wrong(replay, "%u of %u that asked at once got a vGPU, for %u that fit.", winners, end - first, expected);
}

static void do_nodes(struct replay *replay)
{
    int64_t more = replay->step->seen - replay->step->wanted;
    replay->result->node_checks++;
    replay->result->left_over += (unsigned)(more < 0 ? -more : more);
    if (more)
        walk_wrong(replay, "a refusal changes nothing.");
}

static void replay_step(struct replay *replay)
{
    const struct vg_step *step = replay->step;
    struct known *known = known_of(replay, step->instance);
    bool on_pgpu = step->pgpu >= 0 && step->pgpu < replay->walk->class_count;
    if (!on_pgpu && !(step->op == VG_STEP_CREATE && step->pgpu == VG_ANY && step->decided))
        return;
    switch ((enum vg_step_op)step->op) {
    case VG_STEP_CREATE:
        do_create(replay);
        break;
    case VG_STEP_INSIST:
        do_insist(replay);
        break;
    case VG_STEP_DESTROY:
        do_destroy(replay);
        break;
    case VG_STEP_BAD_UUID:
        replay->result->refusals += step->outcome != VG_REFUSED_NOT;
        if (step->outcome == VG_REFUSED_NOT) {
            replay->result->wrong_grants++;
            walk_wrong(replay, "no driver may take that UUID.");
        }
        break;
    case VG_STEP_HOLD:
        if (known)
            known->held = step->outcome == VG_REFUSED_NOT;
        replay->result->vms += step->outcome == VG_REFUSED_NOT;
        if (step->outcome != VG_REFUSED_NOT) {
            replay->result->wrong_setups++;
            walk_wrong(replay, "a vGPU that exists can be given to a VM.");
        }
        break;
    case VG_STEP_RELEASE:
        if (known)
            known->held = false;
        break;
    case VG_STEP_VFS:
    case VG_STEP_RAW_VFS:
        do_vfs(replay);
        break;
    case VG_STEP_MIXED:
        do_mixed(replay);
        break;
    case VG_STEP_PASS:
        do_pass(replay);
        break;
    case VG_STEP_TAKE_BACK:
        replay->result->wrong_setups += step->outcome != VG_REFUSED_NOT;
        replay->passed[step->pgpu] = step->outcome != VG_REFUSED_NOT;
        if (step->outcome != VG_REFUSED_NOT)
            walk_wrong(replay, "nobody uses it, so that it can be taken back.");
        break;
    case VG_STEP_INSPECT:
        replay->result->inspected += (unsigned)step->wanted;
        replay->result->missing += (unsigned)step->seen;
        if (step->seen)
            walk_wrong(replay, "the driver's tree lacks what its ABI demands.");
        break;
    case VG_STEP_REBOOT:
        do_reboot(replay);
        break;
    case VG_STEP_SAME:
        replay->result->restored += step->seen == 1;
        replay->result->wrong_setups += step->seen != 1;
        if (step->seen != 1)
            walk_wrong(replay, "its UUID or VF and its type must be those of the definition.");
        break;
    case VG_STEP_HELD:
        if (step->type == VG_HELD_NODES) {
            do_nodes(replay);
            break;
        }
        if (step->wanted < 0 || step->seen <= step->wanted)
            break;
        replay->result->left_over += (unsigned)(step->seen - step->wanted);
        walk_wrong(replay, "that is more than before, and nothing lives that needs it.");
        break;
    case VG_STEP_LOOK:
        break;
    }
}

static unsigned most_instances(const struct vg_walk *walk)
{
    int64_t most = -1;
    for (unsigned i = 0; i < walk->step_count; i++)
        if (walk->steps[i].instance > most && walk->steps[i].instance < (1 << 24))
            most = walk->steps[i].instance;
    return (unsigned)(most + 1);
}

void vg_walk_check(const struct vg_walk *walk, const char *policy, struct vg_walk_result *result)
{
    *result = (struct vg_walk_result) { .first_step = -1 };
    struct replay replay = { .walk = walk, .policy = policy, .result = result, .known_count = most_instances(walk) };
    vg_autofree struct vg_pgpu_class *classes = vg_calloc(walk->class_count + 1, sizeof(*classes));
    vg_autofree struct vg_pgpu_state *states = vg_calloc(walk->class_count + 1, sizeof(*states));
    vg_autofree struct known *known = vg_calloc(replay.known_count + 1, sizeof(*known));
    vg_autofree bool *passed = vg_calloc(walk->class_count + 1, sizeof(*passed));
    vg_autofree uint64_t *filled = vg_calloc(walk->class_count + 1, sizeof(*filled));
    vg_autofree unsigned *vfs_filled = vg_calloc(walk->class_count + 1, sizeof(*vfs_filled));
    memcpy(classes, walk->classes, walk->class_count * sizeof(*classes));
    replay.classes = classes;
    replay.states = states;
    replay.known = known;
    replay.passed = passed;
    replay.filled = filled;
    replay.vfs_filled = vfs_filled;
    for (unsigned i = 0; i < walk->step_count; i++) {
        const struct vg_step *step = &walk->steps[i];
        if (step->race && (i == 0 || walk->steps[i - 1].race != step->race)) {
            unsigned end = i;
            while (end < walk->step_count && walk->steps[end].race == step->race)
                end++;
            if (step->pgpu >= 0 && step->pgpu < walk->class_count)
                judge_race(&replay, i, end);
        }
        replay.step = step;
        replay_step(&replay);
        walk_judge_readings(&replay);
    }
    for (unsigned i = 0; i < replay.known_count; i++)
        result->left_over += known[i].there;
    for (unsigned i = 0; i < walk->class_count; i++) {
        result->fills += (unsigned)__builtin_popcountll(filled[i]);
        result->vfs_filled += vfs_filled[i];
        result->vfs_advertised += walk->classes[i].model == VG_CAPACITY_VF ? walk->vf_totals[i] : 0;
    }
}
