/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a fleet file's words to classes, pGPUs and empty states; and what such a fleet is used for. */
#include "placement/internal.h"

/* Numbers that the catalogue has checked. */
static unsigned read_ids(const struct vg_words *words, unsigned *ids)
{
    for (unsigned i = 0; i < words->count && i < VG_CLASS_INSTANCES_MAX; i++)
        ids[i] = (unsigned)strtoul(words->items[i], NULL, 10);
    return words->count;
}

/* GPU instance profiles are words in the file and numbers from 1 here; equal words of one class are equal numbers. A
 * profile of which the class has no instance is a number of its own kind. */
static unsigned profile_number(const struct vg_fleet_class *class, const char *profile)
{
    for (unsigned i = 0; i < class->gpu_instances.count; i++)
        if (vg_equal(class->gpu_instances.items[i], profile))
            return i + 1;
    return VG_CLASS_GIS_MAX + 1;
}

static uint64_t type_bits(const struct vg_fleet_class *class, const struct vg_words *names)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < class->type_count; i++)
        if (vg_words_have(names, class->types[i].name))
            bits |= UINT64_C(1) << i;
    return bits;
}

static void build_type(const struct vg_fleet_class *from, unsigned index, struct vg_vgpu_type *type)
{
    const struct vg_fleet_type *t = &from->types[index];
    *type = (struct vg_vgpu_type) {
        .name = t->name,
        .id = t->id,
        .size_bytes = t->memory_bytes,
        .max = t->max,
        .disabled = t->disabled,
        .whole = t->whole,
        .placement_slots = t->slots,
        .gi_profile = t->gpu_instance ? profile_number(from, t->gpu_instance) : 0,
        .max_per_gi = t->per_gpu_instance,
        .low_gm_mib = t->low_gm_mib,
        .high_gm_mib = t->high_gm_mib,
        .fences = t->fences,
        .compatible = type_bits(from, &t->beside),
    };
    type->placement_id_count = read_ids(&t->ids, type->placement_ids);
    type->placement_denied_count = read_ids(&t->denied, type->placement_denied);
}

static bool build_class(const struct vg_fleet_file *file, unsigned index, struct vg_pgpu_class *class,
                        struct vg_error *err)
{
    const struct vg_fleet_class *from = &file->classes[index];
    *class = (struct vg_pgpu_class) {
        .name = from->name,
        .sriov = from->sriov,
        .vf_count = from->vfs,
        .size_bytes = from->memory_bytes,
        .count = from->count,
        .placement_slots = from->slots,
        .low_gm_mib = from->low_gm_mib,
        .high_gm_mib = from->high_gm_mib,
        .fences = from->fences,
        .type_count = from->type_count,
    };
    if (!vg_capacity_model_find(from->model, &class->model))
        return vg_fail(err, VG_ERROR_INPUT, "class %s: unknown capacity model", from->name);
    class->gi_count = from->gpu_instances.count;
    for (unsigned i = 0; i < class->gi_count && i < VG_CLASS_GIS_MAX; i++)
        class->gi_profiles[i] = profile_number(from, from->gpu_instances.items[i]);
    for (unsigned i = 0; i < from->type_count; i++)
        build_type(from, i, &class->types[i]);
    return vg_capacity_prepare(class, err) && vg_capacity_is_possible(class, err);
}

static void build_pgpus(const struct vg_fleet_file *file, struct vg_fleet_pgpu *pgpus)
{
    unsigned at = 0;
    for (unsigned g = 0; g < file->hosts_count; g++)
        for (unsigned h = 0; h < file->hosts[g].count; h++)
            for (unsigned p = 0; p < file->hosts[g].pgpus_count; p++)
                for (unsigned i = 0; i < file->hosts[g].pgpus[p].count; i++, at++)
                    pgpus[at] = (struct vg_fleet_pgpu) { .host = file->hosts[g].first_host + h,
                                                         .board = at,
                                                         .numa = (uint16_t)file->hosts[g].pgpus[p].numa,
                                                         .class = (uint16_t)file->hosts[g].pgpus[p].class_index };
}

bool vg_fleet_build(const struct vg_fleet_file *file, struct vg_fleet_memory *memory, struct vg_error *err)
{
    *memory = (struct vg_fleet_memory) { .classes = vg_calloc(file->class_count, sizeof(*memory->classes)),
                                         .pgpus = vg_calloc(file->pgpu_count, sizeof(*memory->pgpus)) };
    memory->fleet = (struct vg_fleet) { .classes = memory->classes,
                                        .class_count = file->class_count,
                                        .pgpus = memory->pgpus,
                                        .states = vg_calloc_large(file->pgpu_count, sizeof(struct vg_pgpu_state)),
                                        .pgpu_count = file->pgpu_count };
    for (unsigned i = 0; i < file->class_count; i++)
        if (!build_class(file, i, &memory->classes[i], err)) {
            vg_fleet_release(memory);
            return vg_fleet_file_fail(file, i, err);
        }
    build_pgpus(file, memory->pgpus);
    return true;
}

void vg_fleet_release(struct vg_fleet_memory *memory)
{
    free(memory->classes);
    free(memory->pgpus);
    free(memory->fleet.states);
    *memory = (struct vg_fleet_memory) { 0 };
}

double vg_fleet_share(const struct vg_pgpu_class *class, unsigned type)
{
    if (class->types[type].whole)
        return 1;
    if (class->size_bytes && class->derived[type].size_bytes)
        return (double)class->derived[type].size_bytes / (double)class->size_bytes;
    return class->derived[type].maximum ? 1.0 / class->derived[type].maximum : 0;
}

/* Free share of a pGPU; rounding leaves nothing below zero. */
static double free_share(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, const double *shares)
{
    double left = 1;
    for (unsigned i = 0; i < class->type_count; i++)
        left -= state->count[i] * shares[i];
    return left > 1e-9 ? left : 0;
}

struct vg_fleet_use vg_fleet_measure(const struct vg_fleet *fleet, const double *weights, unsigned type_count)
{
    struct vg_fleet_use use = { 0 };
    vg_autofree double *open = vg_calloc(type_count + 1, sizeof(*open));     /* free on pGPUs that offer the type */
    vg_autofree double *closed = vg_calloc(type_count + 1, sizeof(*closed)); /* of it, where the type is refused */
    vg_autofree double *shares = vg_calloc((size_t)fleet->class_count * VG_CLASS_TYPES_MAX, sizeof(*shares));
    for (unsigned i = 0; i < fleet->class_count; i++)
        for (unsigned t = 0; t < fleet->classes[i].type_count; t++)
            shares[i * VG_CLASS_TYPES_MAX + t] = vg_fleet_share(&fleet->classes[i], t);
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        const struct vg_pgpu_class *class = &fleet->classes[fleet->pgpus[i].class];
        double left = free_share(class, &fleet->states[i], &shares[fleet->pgpus[i].class * VG_CLASS_TYPES_MAX]);
        use.utilisation += 1 - left;
        use.occupied += fleet->states[i].live > 0;
        for (unsigned t = 0; left > 0 && t < class->type_count; t++) {
            unsigned id = class->types[t].id;
            if (id >= type_count || weights[id] <= 0)
                continue;
            open[id] += left;
            closed[id] += vg_capacity_available(class, &fleet->states[i], t) ? 0 : left;
        }
    }
    double weight = 0;
    for (unsigned id = 0; id < type_count; id++) {
        if (open[id] <= 0)
            continue;
        weight += weights[id];
        use.fragmentation += weights[id] * closed[id] / open[id];
    }
    use.fragmentation = weight > 0 ? use.fragmentation / weight : 0;
    use.utilisation /= fleet->pgpu_count ? fleet->pgpu_count : 1;
    use.occupied /= fleet->pgpu_count ? fleet->pgpu_count : 1;
    return use;
}
