/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a kind of pGPU offers: checked once, and what every decision needs derived once. */
#include <stdarg.h>
#include "placement/internal.h"

_Static_assert(sizeof(struct vg_pgpu_state) == 128, "two lines of the cache, and valid as an alignment");

const struct vg_capacity_rule *vg_capacity_rule(enum vg_capacity_model model)
{
    static const struct vg_capacity_rule *const rules[] = {
        [VG_CAPACITY_SAME_TYPE] = &vg_rule_same_type,
        [VG_CAPACITY_SAME_SIZE] = &vg_rule_same_size,
        [VG_CAPACITY_MIXED_SIZE] = &vg_rule_mixed_size,
        [VG_CAPACITY_MIG] = &vg_rule_mig,
        [VG_CAPACITY_VF] = &vg_rule_vf,
        [VG_CAPACITY_COUNT_POOL] = &vg_rule_count_pool,
        [VG_CAPACITY_MEMORY_POOL] = &vg_rule_memory_pool,
        [VG_CAPACITY_GVT] = &vg_rule_gvt,
        [VG_CAPACITY_REMAINING] = &vg_rule_remaining,
    };
    return (unsigned)model < VG_COUNT(rules) ? rules[model] : NULL;
}

const char *vg_capacity_model_name(enum vg_capacity_model model)
{
    const struct vg_capacity_rule *rule = vg_capacity_rule(model);
    return rule ? rule->name : "unknown";
}

bool vg_capacity_model_find(const char *name, enum vg_capacity_model *model)
{
    for (unsigned i = 0; vg_capacity_rule((enum vg_capacity_model)i); i++) {
        if (!vg_equal(vg_capacity_rule((enum vg_capacity_model)i)->name, name))
            continue;
        *model = (enum vg_capacity_model)i;
        return true;
    }
    return false;
}

const char *const *vg_capacity_model_names(size_t *count)
{
    static const char *names[VG_CAPACITY_REMAINING + 1];
    for (unsigned i = 0; i < VG_COUNT(names); i++)
        names[i] = vg_capacity_model_name((enum vg_capacity_model)i);
    *count = VG_COUNT(names);
    return names;
}

bool vg_type_fail(const struct vg_pgpu_class *class, unsigned type, struct vg_error *err, const char *format, ...)
{
    va_list arguments;
    char text[512];
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return vg_fail(err, VG_ERROR_INPUT, "class %s, type %s: %s", class->name, class->types[type].name, text);
}

int vg_class_type(const struct vg_pgpu_class *class, unsigned id)
{
    for (unsigned i = 0; i < class->type_count; i++)
        if (class->types[i].id == id)
            return (int)i;
    return -1;
}

int vg_class_type_named(const struct vg_pgpu_class *class, const char *name)
{
    for (unsigned i = 0; i < class->type_count; i++)
        if (vg_equal(class->types[i].name, name))
            return (int)i;
    return -1;
}

static bool check_class(const struct vg_pgpu_class *class, struct vg_error *err)
{
    if (!class->name || !vg_capacity_rule(class->model))
        return vg_fail(err, VG_ERROR_INPUT, "a class of pGPUs needs a name and a known capacity model");
    if (class->type_count < 1 || class->type_count > VG_CLASS_TYPES_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "class %s: it must offer 1 to %d types, not %u", class->name,
                       VG_CLASS_TYPES_MAX, class->type_count);
    if (class->vf_count > VG_CLASS_INSTANCES_MAX || (class->vf_count && !class->sriov))
        return vg_fail(err, VG_ERROR_INPUT, "class %s: 0 to %d VFs can be enabled, and only with SR-IOV", class->name,
                       VG_CLASS_INSTANCES_MAX);
    for (unsigned i = 0; i < class->type_count; i++) {
        if (!class->types[i].name)
            return vg_fail(err, VG_ERROR_INPUT, "class %s: type %u has no name", class->name, i);
        if (vg_class_type(class, class->types[i].id) != (int)i ||
            vg_class_type_named(class, class->types[i].name) != (int)i)
            return vg_type_fail(class, i, err, "its name or number stands there twice");
        if (class->types[i].id >= VG_TYPE_ID_LIMIT)
            return vg_type_fail(class, i, err, "its number must be below %d", VG_TYPE_ID_LIMIT);
        if (class->types[i].placement_id_count > VG_CLASS_INSTANCES_MAX ||
            class->types[i].placement_denied_count > VG_CLASS_INSTANCES_MAX)
            return vg_type_fail(class, i, err, "at most %d placement IDs can be listed", VG_CLASS_INSTANCES_MAX);
    }
    return true;
}

/* Symmetric: two types live together only if each may live beside the other. */
static void derive_compatible(struct vg_pgpu_class *class)
{
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    uint64_t given[VG_CLASS_TYPES_MAX];
    for (unsigned i = 0; i < class->type_count; i++)
        given[i] = class->types[i].whole ? 0 : rule->compatible ? rule->compatible(class, i) : UINT64_MAX;
    for (unsigned i = 0; i < class->type_count; i++) {
        class->derived[i].compatible = 0;
        for (unsigned j = 0; j < class->type_count; j++)
            if ((given[i] >> j & 1) && (given[j] >> i & 1))
                class->derived[i].compatible |= UINT64_C(1) << j;
    }
}

bool vg_capacity_prepare(struct vg_pgpu_class *class, struct vg_error *err)
{
    static const struct vg_pgpu_state empty;
    class->prepared = false;
    if (!check_class(class, err))
        return false;
    const struct vg_capacity_rule *rule = vg_capacity_rule(class->model);
    memset(class->derived, 0, sizeof(class->derived));
    for (unsigned i = 0; i < class->type_count; i++) {
        const struct vg_vgpu_type *type = &class->types[i];
        class->derived[i].size_bytes = type->whole ? 0 : type->size_bytes;
        bool other_mode = (type->gi_profile != 0) != (class->model == VG_CAPACITY_MIG);
        if (!type->whole && !other_mode && rule->prepare && !rule->prepare(class, i, err))
            return false;
    }
    derive_compatible(class);
    class->prepared = true;
    for (unsigned i = 0; i < class->type_count; i++) {
        class->derived[i].maximum = vg_capacity_available(class, &empty, i);
        if (class->derived[i].maximum > VG_CLASS_INSTANCES_MAX)
            return vg_type_fail(class, i, err, "%u fit on one pGPU; more than %d cannot be kept count of",
                                class->derived[i].maximum, VG_CLASS_INSTANCES_MAX);
    }
    return true;
}

/* How many of the type the description says that a pGPU has room for. The model vf knows no `max`. */
static unsigned promised(const struct vg_pgpu_class *class, unsigned type)
{
    unsigned max = class->types[type].max, maximum = class->derived[type].maximum;
    return class->model == VG_CAPACITY_MIXED_SIZE && max > maximum ? max : maximum;
}

/* A pGPU that takes more than it has, or never one of a type that it offers, does not exist. */
static bool is_possible(const struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    enum { MIB_SHIFT = 20 };
    static const struct vg_pgpu_state empty;
    const struct vg_vgpu_instance one = VG_INSTANCE_OF(type);
    uint64_t each = class->derived[type].size_bytes, all = class->size_bytes;
    bool unchecked = class->model != VG_CAPACITY_VF && class->model != VG_CAPACITY_MIXED_SIZE; /* by its own rule */
    unsigned count = promised(class, type);
    if (vg_capacity_check(class, &empty, &one) == VG_REFUSED_NO_CAPACITY)
        return vg_type_fail(class, type, err, "it can never fit: not even an empty pGPU has room for one");
    if (unchecked || !each || !all || count <= all / each)
        return true;
    return vg_type_fail(class, type, err,
                        "%u of them with %llu MiB each do not fit into the %llu MiB of the pGPU, where at most %llu "
                        "do; correct `memory_mib` or %s",
                        count, (unsigned long long)(each >> MIB_SHIFT), (unsigned long long)(all >> MIB_SHIFT),
                        (unsigned long long)(all / each),
                        class->model == VG_CAPACITY_VF ? "`vfs`" : "the type's `max`");
}

bool vg_capacity_is_possible(const struct vg_pgpu_class *class, struct vg_error *err)
{
    for (unsigned i = 0; i < class->type_count; i++)
        if (!is_possible(class, i, err))
            return false;
    return true;
}
