/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's mixed-size mode: a vGPU holds the placement slots [ID, ID + slots of its type), IDs come from the type's
 * list, ranges never overlap. How many of a type there may be is limited by nothing else. */
#include "placement/internal.h"

enum { GIB_SHIFT = 30 };

enum { WORDS = VG_CLASS_SLOTS_MAX / 64 };

struct slots {
    uint64_t words[WORDS];
};

static struct slots slots_of(const struct vg_pgpu_class *class, unsigned type, unsigned id)
{
    struct slots slots = { 0 };
    for (unsigned at = id, end = id + class->types[type].placement_slots; at < end && at < VG_CLASS_SLOTS_MAX;) {
        unsigned bits = end - at < 64 - at % 64 ? end - at : 64 - at % 64;
        slots.words[at / 64] |= (bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1) << (at % 64);
        at += bits;
    }
    return slots;
}

/* Any of the slots in `taken`? All of them? */
static bool overlaps(const uint64_t *taken, const struct slots *slots)
{
    uint64_t common = 0;
    for (unsigned i = 0; i < WORDS; i++)
        common |= taken[i] & slots->words[i];
    return common != 0;
}

static bool covers(const uint64_t *taken, const struct slots *slots)
{
    uint64_t missing = 0;
    for (unsigned i = 0; i < WORDS; i++)
        missing |= slots->words[i] & ~taken[i];
    return missing == 0;
}

/* IDs that a file or caller gave: inside the region, and without two of one type in each other's way, so that the
 * number of free ones is the number of further creates. */
static bool check_ids(const struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    uint64_t seen[WORDS] = { 0 };
    for (unsigned i = 0; i < t->placement_id_count; i++) {
        unsigned id = t->placement_ids[i];
        if (id >= class->placement_slots || t->placement_slots > class->placement_slots - id)
            return vg_type_fail(class, type, err, "placement ID %u with %u slots does not fit into the %u of the pGPU",
                                id, t->placement_slots, class->placement_slots);
        struct slots slots = slots_of(class, type, id);
        if (overlaps(seen, &slots))
            return vg_type_fail(class, type, err, "the slots of placement ID %u overlap those of another ID", id);
        for (unsigned w = 0; w < WORDS; w++)
            seen[w] |= slots.words[w];
    }
    return true;
}

/* The region has the slots of the type that takes the pGPU alone. */
static bool prepare_region(struct vg_pgpu_class *class, struct vg_error *err)
{
    for (unsigned i = 0; i < class->type_count && !class->placement_slots; i++)
        if (class->types[i].max == 1 && !class->types[i].whole && !class->types[i].gi_profile)
            class->placement_slots = class->types[i].placement_slots
                                         ? class->types[i].placement_slots
                                         : (unsigned)(class->types[i].size_bytes >> GIB_SHIFT);
    if (class->placement_slots < 1 || class->placement_slots > VG_CLASS_SLOTS_MAX)
        return vg_fail(err, VG_ERROR_INPUT,
                       "class %s: a pGPU in mixed-size mode has 1 to %d placement slots; give their number, or a type "
                       "with `max` 1 that takes them all",
                       class->name, VG_CLASS_SLOTS_MAX);
    return true;
}

static bool prepare(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    struct vg_vgpu_type *t = &class->types[type];
    if (!prepare_region(class, err))
        return false;
    if (!t->placement_slots)
        t->placement_slots = (unsigned)(t->size_bytes >> GIB_SHIFT);
    if (t->placement_slots < 1 || t->placement_slots > class->placement_slots)
        return vg_type_fail(class, type, err,
                            "it must take 1 to %u placement slots (one per GiB unless said otherwise)",
                            class->placement_slots);
    if (!t->placement_id_count && !vg_layout_placements(class, type, err))
        return false;
    if (!check_ids(class, type, err))
        return false;
    uint64_t *ids = class->derived[type].placement;
    for (unsigned i = 0; i < t->placement_id_count; i++)
        ids[t->placement_ids[i] / 64] |= UINT64_C(1) << (t->placement_ids[i] % 64);
    return true;
}

/* Bit n: slots n to n + count - 1 are all free. Each step doubles the length of the runs looked for. */
static unsigned __int128 runs_of_two_words(const uint64_t *taken, unsigned count)
{
    unsigned __int128 runs = ~((unsigned __int128)taken[1] << 64 | taken[0]);
    unsigned length = 1;
    for (; length * 2 <= count; length *= 2)
        runs &= runs >> length;
    return length < count ? runs & runs >> (count - length) : runs;
}

static struct slots runs_of_all_words(const uint64_t *taken, unsigned count)
{
    struct slots runs;
    for (unsigned i = 0; i < WORDS; i++)
        runs.words[i] = ~taken[i];
    for (unsigned length = 1; length < count;) {
        unsigned step = length * 2 <= count ? length : count - length, whole = step / 64, bits = step % 64;
        for (unsigned i = 0; i < WORDS; i++) { /* runs &= runs >> step, lowest word first */
            uint64_t low = i + whole < WORDS ? runs.words[i + whole] : 0;
            uint64_t high = i + whole + 1 < WORDS ? runs.words[i + whole + 1] : 0;
            runs.words[i] &= bits ? low >> bits | high << (64 - bits) : low;
        }
        length += step;
    }
    return runs;
}

/* The places where one of the type fits, whether IDs or not. Boards of up to 128 GiB take the short way. */
static struct slots free_runs(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    unsigned count = class->types[type].placement_slots;
    if (class->placement_slots > 128)
        return runs_of_all_words(state->placement_taken, count);
    unsigned __int128 runs = runs_of_two_words(state->placement_taken, count);
    return (struct slots) { .words = { (uint64_t)runs, (uint64_t)(runs >> 64) } };
}

static unsigned room(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    struct slots runs = free_runs(class, state, type);
    unsigned count = 0;
    for (unsigned i = 0; i < WORDS; i++)
        for (uint64_t open = runs.words[i] & class->derived[type].placement[i]; open; open &= open - 1)
            count++;
    return count;
}

static bool is_supported(const struct vg_pgpu_class *class, unsigned type, unsigned id)
{
    return id < VG_CLASS_SLOTS_MAX && (class->derived[type].placement[id / 64] >> (id % 64) & 1);
}

static enum vg_refusal find(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                            const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *found)
{
    const struct vg_vgpu_type *t = &class->types[wanted->type];
    if (wanted->placement_id != VG_ANY && !is_supported(class, wanted->type, (unsigned)wanted->placement_id))
        return VG_REFUSED_UNSUPPORTED;
    struct slots runs = free_runs(class, state, wanted->type);
    for (unsigned i = 0; i < t->placement_id_count; i++) {
        unsigned id = t->placement_ids[i];
        if (wanted->placement_id != VG_ANY && (unsigned)wanted->placement_id != id)
            continue;
        if (runs.words[id / 64] >> (id % 64) & 1) {
            found->placement_id = (int)id;
            return VG_REFUSED_NOT;
        }
    }
    return VG_REFUSED_NO_CAPACITY;
}

static void take(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    struct slots slots = slots_of(class, it->type, (unsigned)it->placement_id);
    for (unsigned i = 0; i < WORDS; i++)
        state->placement_taken[i] |= slots.words[i];
}

static void give(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    struct slots slots = slots_of(class, it->type, (unsigned)it->placement_id);
    for (unsigned i = 0; i < WORDS; i++)
        state->placement_taken[i] &= ~slots.words[i];
}

static bool holds(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                  const struct vg_vgpu_instance *it)
{
    if (it->placement_id < 0 || !is_supported(class, it->type, (unsigned)it->placement_id))
        return false;
    struct slots slots = slots_of(class, it->type, (unsigned)it->placement_id);
    return covers(state->placement_taken, &slots);
}

bool vg_capacity_placement_creatable(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                                     unsigned type, unsigned placement_id)
{
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type);
    wanted.placement_id = placement_id < VG_CLASS_SLOTS_MAX ? (int)placement_id : VG_CLASS_SLOTS_MAX;
    return class->model == VG_CAPACITY_MIXED_SIZE && vg_capacity_check(class, state, &wanted) == VG_REFUSED_NOT;
}

const struct vg_capacity_rule vg_rule_mixed_size = {
    .name = "mixed-size",
    .most = VG_NVIDIA_MOST_SLICED,
    .prepare = prepare,
    .room = room,
    .find = find,
    .take = take,
    .give = give,
    .holds = holds,
};
