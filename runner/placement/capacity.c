/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pGPU: what the next create would meet, and what create and destroy change. The rules that every model shares
 * stand here; what differs is behind struct vg_capacity_rule. */
#include "placement/internal.h"

/* MIG-backed types exist only in MIG mode, time-sliced ones only outside it (NV-RM). */
static bool is_other_mode(const struct vg_pgpu_class *class, const struct vg_vgpu_type *type)
{
    return !type->whole && (type->gi_profile != 0) != (class->model == VG_CAPACITY_MIG);
}

static bool is_enabled(const struct vg_pgpu_class *class, const struct vg_vgpu_type *type)
{
    return !type->disabled && !is_other_mode(class, type) && (type->whole || !class->sriov || class->vf_count > 0);
}

static bool is_compatible(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    return !(state->types_live & ~class->derived[type].compatible);
}

static uint64_t vf_mask(unsigned count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

static uint64_t free_vfs(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state)
{
    return vf_mask(class->vf_count) & ~state->vfs_taken;
}

/* How many more there may be of any type. */
static unsigned below_most(const struct vg_capacity_rule *rule, const struct vg_pgpu_state *state)
{
    return !rule->most ? VG_CLASS_INSTANCES_MAX : state->live < rule->most ? rule->most - state->live : 0;
}

unsigned vg_capacity_available(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    if (type >= class->type_count || !is_enabled(class, &class->types[type]))
        return 0;
    if (class->types[type].whole)
        return state->live ? 0 : 1;
    if (!is_compatible(class, state, type))
        return 0;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    unsigned room = rule->room(class, state, type), more = below_most(rule, state);
    if (rule->most && room > more)
        room = more;
    if (!class->sriov)
        return room;
    unsigned vfs = (unsigned)__builtin_popcountll(free_vfs(class, state));
    return room < vfs ? room : vfs;
}

unsigned vg_capacity_reported(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type,
                              int vf)
{
    unsigned available = vg_capacity_available(class, state, type);
    if (!class->sriov)
        return vf == VG_ANY ? available : 0;
    if (vf < 0 || (unsigned)vf >= class->vf_count || !(free_vfs(class, state) >> vf & 1))
        return 0;
    return available && !class->types[type].whole ? 1 : 0;
}

unsigned vg_capacity_maximum(const struct vg_pgpu_class *class, unsigned type)
{
    return type < class->type_count ? class->derived[type].maximum : 0;
}

/* Places that the pGPU does not have at all, whatever lives there. */
static bool is_place_unknown(const struct vg_pgpu_class *class, const struct vg_vgpu_instance *wanted)
{
    bool whole = class->types[wanted->type].whole;
    return (wanted->vf != VG_ANY && (whole || wanted->vf < 0 || (unsigned)wanted->vf >= class->vf_count)) ||
           (wanted->placement_id != VG_ANY &&
            (whole || wanted->placement_id < 0 || class->model != VG_CAPACITY_MIXED_SIZE)) ||
           (wanted->gi != VG_ANY && (whole || wanted->gi < 0 || class->model != VG_CAPACITY_MIG));
}

/* Least specific first; *found is `wanted` with every place filled in. */
static enum vg_refusal find(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                            const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *found)
{
    if (wanted->type >= class->type_count)
        return VG_REFUSED_UNSUPPORTED;
    const struct vg_vgpu_type *type = &class->types[wanted->type];
    if (!is_enabled(class, type))
        return VG_REFUSED_DISABLED;
    if (is_place_unknown(class, wanted))
        return VG_REFUSED_UNSUPPORTED;
    *found = *wanted;
    if (type->whole && !state->whole && state->live)
        return VG_REFUSED_INCOMPATIBLE;
    if (type->whole)
        return state->whole ? VG_REFUSED_NO_CAPACITY : VG_REFUSED_NOT;
    if (!is_compatible(class, state, wanted->type))
        return VG_REFUSED_INCOMPATIBLE;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    enum vg_refusal refusal = rule->find                                   ? rule->find(class, state, wanted, found)
                              : rule->room(class, state, wanted->type) > 0 ? VG_REFUSED_NOT
                                                                           : VG_REFUSED_NO_CAPACITY;
    if (refusal == VG_REFUSED_NOT && !below_most(rule, state))
        refusal = VG_REFUSED_NO_CAPACITY;
    if (refusal != VG_REFUSED_NOT || !class->sriov)
        return refusal;
    uint64_t vfs = free_vfs(class, state);
    if (wanted->vf == VG_ANY)
        found->vf = vfs ? __builtin_ctzll(vfs) : VG_ANY;
    return vfs && (vfs >> found->vf & 1) ? VG_REFUSED_NOT : VG_REFUSED_NO_CAPACITY;
}

enum vg_refusal vg_capacity_check(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                                  const struct vg_vgpu_instance *wanted)
{
    struct vg_vgpu_instance found;
    return find(class, state, wanted, &found);
}

enum vg_refusal vg_capacity_create(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                                   const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *made)
{
    struct vg_vgpu_instance found;
    enum vg_refusal refusal = find(class, state, wanted, &found);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    bool whole = class->types[found.type].whole;
    if (rule->take && !whole)
        rule->take(class, state, &found);
    if (found.vf != VG_ANY)
        state->vfs_taken |= UINT64_C(1) << found.vf;
    state->types_live |= UINT64_C(1) << found.type;
    state->count[found.type]++;
    state->live++;
    state->scheduled += found.scheduled;
    state->whole = state->whole || whole;
    *made = found;
    return VG_REFUSED_NOT;
}

void vg_capacity_start(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                       struct vg_vgpu_instance *instance)
{
    (void)class;
    if (!instance->scheduled || !state->scheduled)
        return;
    state->scheduled--;
    instance->scheduled = false;
}

static bool holds(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                  const struct vg_vgpu_instance *it)
{
    if (it->type >= class->type_count || !state->count[it->type] || (it->scheduled && !state->scheduled))
        return false;
    if (class->types[it->type].whole)
        return it->vf == VG_ANY;
    if (class->sriov ? it->vf < 0 || it->vf >= VG_CLASS_INSTANCES_MAX || !(state->vfs_taken >> it->vf & 1)
                     : it->vf != VG_ANY)
        return false;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    return !rule->holds || rule->holds(class, state, it);
}

bool vg_capacity_destroy(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                         const struct vg_vgpu_instance *instance)
{
    if (!holds(class, state, instance))
        return false;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    bool whole = class->types[instance->type].whole;
    if (rule->give && !whole)
        rule->give(class, state, instance);
    if (instance->vf != VG_ANY)
        state->vfs_taken &= ~(UINT64_C(1) << instance->vf);
    state->count[instance->type]--;
    if (!state->count[instance->type])
        state->types_live &= ~(UINT64_C(1) << instance->type);
    state->live--;
    state->scheduled -= instance->scheduled;
    state->whole = state->whole && !whole;
    return true;
}
