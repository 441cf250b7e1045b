/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's mixed-size mode: a vGPU holds the placement slots [ID, ID + slots of its type), IDs come from the type's
 * list, ranges never overlap. The number of vGPUs is not limited otherwise. */
#include "placement/internal.h"

enum { GIB_SHIFT = 30 };

void vg_slot_bits(unsigned first, unsigned count, uint64_t bits[2])
{
    bits[0] = bits[1] = 0;
    for (unsigned i = first; i < first + count && i < VG_CLASS_SLOTS_MAX; i++)
        bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool is_free(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type, unsigned id)
{
    uint64_t bits[2];
    vg_slot_bits(id, class->types[type].placement_slots, bits);
    return !(state->placement_taken[0] & bits[0]) && !(state->placement_taken[1] & bits[1]);
}

/* IDs that a file or caller gave: inside the region, and without two of one type in each other's way, so that the
 * number of free ones is the number of further creates. */
static bool check_ids(const struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    uint64_t seen[2] = { 0, 0 };
    for (unsigned i = 0; i < t->placement_id_count; i++) {
        unsigned id = t->placement_ids[i];
        if (id >= class->placement_slots || t->placement_slots > class->placement_slots - id)
            return vg_type_fail(class, type, err, "placement ID %u with %u slots does not fit into the %u of the pGPU",
                                id, t->placement_slots, class->placement_slots);
        uint64_t bits[2];
        vg_slot_bits(id, t->placement_slots, bits);
        if ((seen[0] & bits[0]) || (seen[1] & bits[1]))
            return vg_type_fail(class, type, err, "the slots of placement ID %u overlap those of another ID", id);
        seen[0] |= bits[0];
        seen[1] |= bits[1];
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

/* Bit n of the result: the slots n to n + count - 1 are all free. Each step doubles the length of the runs looked for.
 */
static void free_runs(const struct vg_pgpu_state *state, unsigned count, uint64_t runs[2])
{
    unsigned __int128 run = ~((unsigned __int128)state->placement_taken[1] << 64 | state->placement_taken[0]);
    for (unsigned length = 1; length < count;) {
        unsigned step = length * 2 <= count ? length : count - length;
        run &= run >> step;
        length += step;
    }
    runs[0] = (uint64_t)run;
    runs[1] = (uint64_t)(run >> 64);
}

static unsigned room(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    uint64_t runs[2];
    free_runs(state, class->types[type].placement_slots, runs);
    const uint64_t *ids = class->derived[type].placement;
    return (unsigned)(__builtin_popcountll(runs[0] & ids[0]) + __builtin_popcountll(runs[1] & ids[1]));
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
    for (unsigned i = 0; i < t->placement_id_count; i++) {
        unsigned id = t->placement_ids[i];
        if (wanted->placement_id != VG_ANY && (unsigned)wanted->placement_id != id)
            continue;
        if (is_free(class, state, wanted->type, id)) {
            found->placement_id = (int)id;
            return VG_REFUSED_NOT;
        }
    }
    return VG_REFUSED_NO_CAPACITY;
}

static void take(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    uint64_t bits[2];
    vg_slot_bits((unsigned)it->placement_id, class->types[it->type].placement_slots, bits);
    state->placement_taken[0] |= bits[0];
    state->placement_taken[1] |= bits[1];
}

static void give(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    uint64_t bits[2];
    vg_slot_bits((unsigned)it->placement_id, class->types[it->type].placement_slots, bits);
    state->placement_taken[0] &= ~bits[0];
    state->placement_taken[1] &= ~bits[1];
}

static bool holds(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                  const struct vg_vgpu_instance *it)
{
    if (it->placement_id < 0 || !is_supported(class, it->type, (unsigned)it->placement_id))
        return false;
    uint64_t bits[2];
    vg_slot_bits((unsigned)it->placement_id, class->types[it->type].placement_slots, bits);
    return (state->placement_taken[0] & bits[0]) == bits[0] && (state->placement_taken[1] & bits[1]) == bits[1];
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
    .prepare = prepare,
    .room = room,
    .find = find,
    .take = take,
    .give = give,
    .holds = holds,
};
