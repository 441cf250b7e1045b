/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read from a driver after each step of a walk, beside what the capacity model says: counters, parts of memory
 * and of graphics addresses, placement IDs. */
#include "judge/walk.h"

const char *const vg_counter_columns[VG_COUNTER_COLUMNS] = { "step", "pgpu", "type", "vf", "value" };
const char *const vg_range_columns[VG_RANGE_COLUMNS] = { "step", "pgpu", "vf", "of", "first", "bytes" };
const char *const vg_placement_columns[VG_PLACEMENT_COLUMNS] = { "step", "pgpu", "type", "of", "first", "value" };

void walk_wrong(struct replay *replay, const char *format, ...)
{
    struct vg_walk_result *result = replay->result;
    if (result->first_step >= 0)
        return;
    vg_autofree char *text = vg_step_text(replay->walk, replay->step);
    va_list arguments;
    va_start(arguments, format);
    vg_autofree char *what = vg_vformat(format, arguments);
    va_end(arguments);
    result->first_step = replay->step->step;
    snprintf(result->first, sizeof(result->first), "Step %lld (%s): %s", (long long)replay->step->step, text, what);
}

static int64_t model_counter(const struct replay *replay, const struct vg_counter *counter)
{
    const struct vg_pgpu_class *class = &replay->classes[counter->pgpu];
    const struct vg_pgpu_state *state = &replay->states[counter->pgpu];
    if (counter->type == VG_COUNTER_LIVE)
        return state->live;
    if (counter->type == VG_COUNTER_MIXED)
        return class->model == VG_CAPACITY_MIXED_SIZE;
    if (counter->type == VG_COUNTER_VFS)
        return class->vf_count;
    if (replay->passed[counter->pgpu])
        return 0;
    return class->sriov ? vg_capacity_reported(class, state, (unsigned)counter->type, (int)counter->vf)
                        : vg_capacity_available(class, state, (unsigned)counter->type);
}

static void judge_counter(struct replay *replay, const struct vg_counter *counter)
{
    static const char *const words[] = { "vGPUs", "mixed-size mode", "VFs" };
    if (counter->pgpu < 0 || counter->pgpu >= replay->walk->class_count || counter->type < VG_COUNTER_VFS ||
        counter->type >= replay->classes[counter->pgpu].type_count)
        return;
    int64_t model = model_counter(replay, counter);
    replay->result->counters++;
    if (counter->value == model)
        return;
    replay->result->wrong_counters++;
    const char *what =
        counter->type < 0 ? words[-counter->type - 1] : judge_type_name(replay->walk, counter->pgpu, counter->type);
    bool on_pf = counter->type >= 0 && replay->classes[counter->pgpu].sriov;
    vg_autofree char *where =
        counter->vf >= 0 ? vg_format(" on VF %lld", (long long)counter->vf) : vg_strdup(on_pf ? " on the PF" : "");
    walk_wrong(replay, "then %s%s on %s reads %lld and must be %lld.", what, where, replay->classes[counter->pgpu].name,
               (long long)counter->value, (long long)model);
}

static bool ranges_overlap(const struct vg_memory_range *a, const struct vg_memory_range *b)
{
    return a->pgpu == b->pgpu && a->of == b->of && a->vf != b->vf && a->first < b->first + b->bytes &&
           b->first < a->first + a->bytes;
}

/* Where no two may lie on each other. */
static void judge_addresses(struct replay *replay, unsigned first, unsigned at)
{
    const struct vg_memory_range *ranges = replay->walk->ranges;
    replay->result->memory_checks++;
    for (unsigned i = first; i < at; i++) {
        if (!ranges_overlap(&ranges[at], &ranges[i]))
            continue;
        replay->result->overlaps++;
        walk_wrong(replay, "the graphics addresses of VF %lld overlap those of VF %lld.", (long long)ranges[at].vf,
                   (long long)ranges[i].vf);
    }
}

/* Memory of which only the size is told: all that was given up to here is no more than there is. */
static void judge_amounts(struct replay *replay, unsigned first, unsigned at)
{
    const struct vg_walk *walk = replay->walk;
    const struct vg_memory_range *range = &walk->ranges[at];
    uint64_t sum = 0,
             size = range->pgpu >= 0 && range->pgpu < walk->class_count ? walk->classes[range->pgpu].size_bytes : 0;
    if (!size) /* the host file does not say what there is */
        return;
    replay->result->memory_checks++;
    for (unsigned i = first; i <= at; i++)
        if (walk->ranges[i].of == range->of && walk->ranges[i].pgpu == range->pgpu)
            sum += (uint64_t)walk->ranges[i].bytes;
    if (sum <= size)
        return;
    replay->result->overlaps++;
    walk_wrong(replay, "the VFs have %llu bytes of memory, and the pGPU has %llu.", (unsigned long long)sum,
               (unsigned long long)size);
}

/* Where the driver divides by itself. */
static void judge_share(struct replay *replay, unsigned first, unsigned at)
{
    const struct vg_memory_range *ranges = replay->walk->ranges, *range = &ranges[at];
    unsigned like = first;
    while (ranges[like].of != range->of || ranges[like].pgpu != range->pgpu)
        like++;
    replay->result->share_checks++;
    if (range->bytes > 0 && range->bytes == ranges[like].bytes)
        return;
    replay->result->unequal++;
    walk_wrong(replay, "the driver gave VF %lld by itself %lld %s and VF %lld %lld; all should have as much.",
               (long long)range->vf, (long long)range->bytes,
               range->of == VG_RANGE_OWN_MEMORY ? "bytes of memory" : "graphics addresses", (long long)ranges[like].vf,
               (long long)ranges[like].bytes);
}

static void judge_ranges(struct replay *replay)
{
    const struct vg_walk *walk = replay->walk;
    unsigned first = replay->next_range, end = first;
    while (end < walk->range_count && walk->ranges[end].step <= replay->step->step)
        end++;
    for (unsigned i = first; i < end; i++) {
        if (walk->ranges[i].of >= VG_RANGE_OWN_MEMORY)
            judge_share(replay, first, i);
        if (walk->ranges[i].of == VG_RANGE_ADDRESSES || walk->ranges[i].of == VG_RANGE_OWN_ADDRESSES)
            judge_addresses(replay, first, i);
        else
            judge_amounts(replay, first, i);
    }
    replay->next_range = end;
}

static const char *const placement_words[] = { "supported", "creatable" };

/* Where the model has a vGPU of the type begin: anywhere on an empty pGPU, or beside what lives there. Placements know
 * nothing of VFs: whether one is free is another matter. */
static bool model_placement(const struct replay *replay, unsigned pgpu, unsigned type, unsigned id, bool creatable)
{
    struct vg_pgpu_state state = { 0 };
    if (creatable)
        state = replay->states[pgpu];
    state.vfs_taken = 0;
    return vg_capacity_placement_creatable(&replay->classes[pgpu], &state, type, id);
}

static void judge_placement(struct replay *replay, const struct vg_placement_row *row)
{
    const struct vg_pgpu_class *class = &replay->classes[row->pgpu];
    const struct vg_vgpu_type *type = &class->types[row->type];
    replay->result->placements++;
    if (row->of == VG_PLACEMENT_SLOTS) {
        if (row->value == type->placement_slots)
            return;
        replay->result->wrong_placements++;
        walk_wrong(replay, "then %s is told to take %lld placement slots on %s, and must take %u.", type->name,
                   (long long)row->value, class->name, type->placement_slots);
        return;
    }
    bool creatable = row->of == VG_PLACEMENT_CREATABLE;
    for (unsigned bit = 0; bit < VG_PLACEMENT_BITS && row->first >= 0 && row->first < VG_CLASS_SLOTS_MAX; bit++) {
        unsigned id = (unsigned)row->first + bit;
        bool told = row->value >> bit & 1;
        if (told == model_placement(replay, (unsigned)row->pgpu, (unsigned)row->type, id, creatable))
            continue;
        replay->result->wrong_placements++;
        walk_wrong(replay, "then placement ID %u of %s on %s is %stold to be %s, and must%s be.", id, type->name,
                   class->name, told ? "" : "not ", placement_words[creatable], told ? " not" : "");
    }
}

static void judge_placements(struct replay *replay)
{
    const struct vg_walk *walk = replay->walk;
    for (; replay->next_placement < walk->placement_count &&
           walk->placements[replay->next_placement].step <= replay->step->step;
         replay->next_placement++) {
        const struct vg_placement_row *row = &walk->placements[replay->next_placement];
        if (row->pgpu >= 0 && row->pgpu < walk->class_count && row->type >= 0 &&
            row->type < replay->classes[row->pgpu].type_count && row->of >= VG_PLACEMENT_SLOTS &&
            row->of <= VG_PLACEMENT_CREATABLE)
            judge_placement(replay, row);
    }
}

static unsigned short_of(unsigned due, unsigned told)
{
    return due > told ? due - told : 0;
}

/* VFs that are given parts (model vf) have each some graphics addresses, and memory where the profiles have: of every
 * vGPU that was seen, and of every VF of which one of both was told. What was not told was compared with nothing. */
static unsigned parts_unread(const struct replay *replay, unsigned pgpu, unsigned first_counter, unsigned first_range)
{
    const struct vg_walk *walk = replay->walk;
    const struct vg_pgpu_class *class = &walk->classes[pgpu];
    unsigned told[VG_RANGE_OWN_ADDRESSES + 1] = { 0 }, vgpus = 0, vfs = 0;
    bool has_memory = false;
    for (unsigned i = first_counter; i < replay->next_counter; i++) {
        const struct vg_counter *counter = &walk->counters[i];
        if (counter->pgpu == pgpu && counter->type == VG_COUNTER_LIVE && counter->value > 0 &&
            counter->value <= VG_CLASS_INSTANCES_MAX)
            vgpus += (unsigned)counter->value;
    }
    for (unsigned i = first_range; i < replay->next_range; i++) {
        const struct vg_memory_range *range = &walk->ranges[i];
        if (range->pgpu == pgpu && range->of >= 0 && range->of < (int64_t)VG_COUNT(told))
            told[range->of]++;
    }
    for (unsigned i = 0; i < class->type_count; i++)
        has_memory = has_memory || class->types[i].size_bytes;
    vfs = told[VG_RANGE_OWN_MEMORY] > told[VG_RANGE_OWN_ADDRESSES] ? told[VG_RANGE_OWN_MEMORY]
                                                                   : told[VG_RANGE_OWN_ADDRESSES];
    unsigned addresses = short_of(vgpus, told[VG_RANGE_ADDRESSES]) + short_of(vfs, told[VG_RANGE_OWN_ADDRESSES]);
    unsigned memory = short_of(vgpus, told[VG_RANGE_MEMORY]) + short_of(vfs, told[VG_RANGE_OWN_MEMORY]);
    return addresses + (has_memory ? memory : 0);
}

void walk_judge_readings(struct replay *replay)
{
    const struct vg_walk *walk = replay->walk;
    unsigned first_counter = replay->next_counter, first_range = replay->next_range;
    while (replay->next_counter < walk->counter_count &&
           walk->counters[replay->next_counter].step <= replay->step->step)
        judge_counter(replay, &walk->counters[replay->next_counter++]);
    judge_ranges(replay);
    for (unsigned i = 0; i < walk->class_count; i++)
        if (walk->classes[i].model == VG_CAPACITY_VF)
            replay->result->parts_unread += parts_unread(replay, i, first_counter, first_range);
    judge_placements(replay);
}
