/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models whose pGPU is a pool that types of any kind draw from: VFs, a number of instances (mdpy), memory (mbochs, and
 * xapi's remaining capacity), GVT-g's three resources. */
#include "placement/internal.h"

static bool prepare_vf(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    if (!class->sriov)
        return vg_type_fail(class, type, err, "the model vf needs SR-IOV");
    return true;
}

/* The VFs themselves are counted for every model alike. */
static unsigned room_vf(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    (void)type;
    return class->vf_count > state->live ? class->vf_count - state->live : 0;
}

static bool prepare_count(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    if (class->count < 1 || class->count > VG_CLASS_INSTANCES_MAX)
        return vg_type_fail(class, type, err, "the model count-pool needs a `count` of 1 to %d",
                            VG_CLASS_INSTANCES_MAX);
    return true;
}

static unsigned room_count(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    (void)type;
    return class->count > state->live ? class->count - state->live : 0;
}

static bool prepare_memory(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    if (!class->size_bytes || !class->types[type].size_bytes)
        return vg_type_fail(class, type, err, "the model needs the memory of the pGPU and of the type");
    return true;
}

static bool prepare_remaining(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    if (!t->size_bytes && (t->max < 1 || t->max > VG_CLASS_INSTANCES_MAX))
        return vg_type_fail(class, type, err, "the model remaining needs the type's memory, or a `max` of 1 to %d",
                            VG_CLASS_INSTANCES_MAX);
    if (!t->size_bytes)
        class->derived[type].size_bytes = class->size_bytes / t->max;
    if (!class->size_bytes || !class->derived[type].size_bytes)
        return vg_type_fail(class, type, err, "the model remaining needs the memory of the pGPU");
    return true;
}

static uint64_t listed(const struct vg_pgpu_class *class, unsigned type)
{
    uint64_t given = class->types[type].compatible;
    return given ? given : UINT64_MAX;
}

static unsigned room_memory(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    if (state->used_bytes >= class->size_bytes)
        return 0;
    uint64_t fit = (class->size_bytes - state->used_bytes) / class->derived[type].size_bytes;
    return fit > UINT32_MAX ? UINT32_MAX : (unsigned)fit;
}

static void take_memory(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                        const struct vg_vgpu_instance *it)
{
    state->used_bytes += class->derived[it->type].size_bytes;
}

static void give_memory(const struct vg_pgpu_class *class, struct vg_pgpu_state *state,
                        const struct vg_vgpu_instance *it)
{
    state->used_bytes -= class->derived[it->type].size_bytes;
}

static bool prepare_gvt(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    if (!t->low_gm_mib || !t->high_gm_mib || !t->fences || !class->low_gm_mib || !class->high_gm_mib || !class->fences)
        return vg_type_fail(class, type, err,
                            "the model gvt-g needs low and high graphics memory and fences, of the pGPU and the type");
    return true;
}

static unsigned of(uint32_t whole, uint32_t taken, unsigned each)
{
    return taken < whole ? (whole - taken) / each : 0;
}

static unsigned room_gvt(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    const struct vg_vgpu_type *t = &class->types[type];
    unsigned low = of(class->low_gm_mib, state->low_gm_mib, t->low_gm_mib);
    unsigned high = of(class->high_gm_mib, state->high_gm_mib, t->high_gm_mib);
    unsigned fences = of(class->fences, state->fences, t->fences);
    unsigned memory = low < high ? low : high;
    return memory < fences ? memory : fences;
}

static void take_gvt(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    const struct vg_vgpu_type *t = &class->types[it->type];
    state->low_gm_mib += t->low_gm_mib;
    state->high_gm_mib += t->high_gm_mib;
    state->fences += t->fences;
}

static void give_gvt(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    const struct vg_vgpu_type *t = &class->types[it->type];
    state->low_gm_mib -= t->low_gm_mib;
    state->high_gm_mib -= t->high_gm_mib;
    state->fences -= t->fences;
}

const struct vg_capacity_rule vg_rule_vf = { .name = "vf", .prepare = prepare_vf, .room = room_vf };

const struct vg_capacity_rule vg_rule_count_pool = {
    .name = "count-pool",
    .prepare = prepare_count,
    .room = room_count,
};

const struct vg_capacity_rule vg_rule_memory_pool = {
    .name = "memory-pool",
    .prepare = prepare_memory,
    .room = room_memory,
    .take = take_memory,
    .give = give_memory,
};

const struct vg_capacity_rule vg_rule_gvt = {
    .name = "gvt-g",
    .prepare = prepare_gvt,
    .room = room_gvt,
    .take = take_gvt,
    .give = give_gvt,
};

const struct vg_capacity_rule vg_rule_remaining = {
    .name = "remaining",
    .prepare = prepare_remaining,
    .compatible = listed,
    .room = room_memory,
    .take = take_memory,
    .give = give_memory,
};
