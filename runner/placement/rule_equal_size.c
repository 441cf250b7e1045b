/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's equal-size rules: all vGPUs of a pGPU have one type (legacy drivers), or one profile size (current ones). At
 * most `max` of them; the last one that goes opens the pGPU for every type again, because nothing is left to be
 * compatible with. */
#include "placement/internal.h"

enum { MIB_SHIFT = 20 };

static bool prepare(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    if (t->max < 1 || t->max > VG_CLASS_INSTANCES_MAX)
        return vg_type_fail(class, type, err, "`max` must be 1 to %d", VG_CLASS_INSTANCES_MAX);
    /* `max` alone decides here; more of them than there is memory for is no pGPU that exists. */
    if (!class->size_bytes || !t->size_bytes || t->max <= class->size_bytes / t->size_bytes)
        return true;
    return vg_type_fail(class, type, err,
                        "a `max` of %u with %llu MiB each does not fit into the %llu MiB of the pGPU; it must be at "
                        "most %llu",
                        t->max, (unsigned long long)(t->size_bytes >> MIB_SHIFT),
                        (unsigned long long)(class->size_bytes >> MIB_SHIFT),
                        (unsigned long long)(class->size_bytes / t->size_bytes));
}

static bool prepare_sized(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    if (!class->types[type].size_bytes)
        return vg_type_fail(class, type, err, "the model same-size needs the type's memory");
    return prepare(class, type, err);
}

static uint64_t only_itself(const struct vg_pgpu_class *class, unsigned type)
{
    (void)class;
    return UINT64_C(1) << type;
}

static uint64_t of_its_size(const struct vg_pgpu_class *class, unsigned type)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < class->type_count; i++)
        if (class->types[i].size_bytes == class->types[type].size_bytes)
            bits |= UINT64_C(1) << i;
    return bits;
}

static unsigned room(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    unsigned max = class->types[type].max;
    return state->live < max ? max - state->live : 0;
}

const struct vg_capacity_rule vg_rule_same_type = {
    .name = "same-type",
    .most = VG_NVIDIA_MOST_SLICED,
    .prepare = prepare,
    .compatible = only_itself,
    .room = room,
};

const struct vg_capacity_rule vg_rule_same_size = {
    .name = "same-size",
    .most = VG_NVIDIA_MOST_SLICED,
    .prepare = prepare_sized,
    .compatible = of_its_size,
    .room = room,
};
