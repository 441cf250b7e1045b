/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host file says of a pGPU, in the terms of placement/: what its driver promises, not what it answers. */
#include "mechanism/mechanism.h"

bool vg_host_pgpu_is_of(const struct vg_host_pgpu *pgpu, const char *mechanism)
{
    return !pgpu->mechanism || vg_equal(pgpu->mechanism, mechanism);
}

bool vg_host_pgpu_offers(const struct vg_host_pgpu *pgpu, const struct vg_host_profile *profile)
{
    return pgpu->profiles.count == 0 || vg_words_have(&pgpu->profiles, profile->name);
}

static void add_type(struct vg_pgpu_class *class, const struct vg_host_profile *profile, unsigned id)
{
    class->types[class->type_count++] = (struct vg_vgpu_type) {
        .name = profile->name,
        .id = id,
        /* A part of a pool whose size nobody says is no part: then `max` is what divides it. */
        .size_bytes = class->model == VG_CAPACITY_REMAINING && !class->size_bytes ? 0 : profile->memory_bytes,
        .max = profile->max,
        .whole = profile->whole,
        .low_gm_mib = profile->low_gm_mib,
        .high_gm_mib = profile->high_gm_mib,
        .fences = profile->fences,
    };
}

static unsigned greatest_common_divisor(unsigned a, unsigned b)
{
    while (b) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Where nothing but `max` divides the pGPU, a vGPU is the fraction 1/max of it. Sums of such fractions are whole
 * numbers if the pGPU is as many parts as the least common multiple of every max; a part is called a MiB, since records
 * count in these. */
static bool divide_in_parts(struct vg_pgpu_class *class, struct vg_error *err)
{
    enum { MOST_PARTS = 1 << 30 };
    uint64_t parts = 1;
    for (unsigned i = 0; i < class->type_count; i++) {
        unsigned max = class->types[i].max;
        if (!max || class->types[i].whole)
            continue;
        parts *= max / greatest_common_divisor((unsigned)parts, max);
        if (parts > MOST_PARTS)
            return vg_fail(err, VG_ERROR_INPUT,
                           "the pGPU %s would fall into more than %d parts by the `max` of its "
                           "profiles; choose ones that divide each other",
                           class->name, MOST_PARTS);
    }
    class->size_bytes = parts << 20;
    return true;
}

bool vg_pgpu_class_make(const struct vg_host *host, const struct vg_host_mechanism *config, unsigned pgpu_index,
                        struct vg_pgpu_class *class, struct vg_error *err)
{
    const struct vg_host_pgpu *pgpu = &host->pgpus[pgpu_index];
    const struct vg_mechanism *mechanism = vg_mechanism_find(config->name);
    const char *model = pgpu->capacity ? pgpu->capacity : mechanism && mechanism->capacity ? mechanism->capacity : NULL;
    *class = (struct vg_pgpu_class) {
        .name = pgpu->name,
        .model = VG_CAPACITY_REMAINING,
        .sriov = pgpu->vfs > 0,
        .vf_count = pgpu->vfs,
        .size_bytes = pgpu->memory_bytes,
        .count = pgpu->instances,
        .low_gm_mib = pgpu->low_gm_mib,
        .high_gm_mib = pgpu->high_gm_mib,
        .fences = pgpu->fences,
    };
    if (model && !vg_capacity_model_find(model, &class->model))
        return vg_fail(err, VG_ERROR_INPUT, "the pGPU %s names an unknown capacity model `%s`", pgpu->name, model);
    if (vg_host_pgpu_is_of(pgpu, config->name))
        for (unsigned i = 0; i < config->profile_count; i++)
            if (vg_host_pgpu_offers(pgpu, &config->profiles[i]) && class->type_count < VG_CLASS_TYPES_MAX)
                add_type(class, &config->profiles[i], i + 1);
    if (!class->type_count)
        return true; /* another mechanism's, or no profile of this one: nothing fits */
    if (class->model == VG_CAPACITY_REMAINING && !class->size_bytes && !divide_in_parts(class, err))
        return false;
    return vg_capacity_prepare(class, err) || vg_wrap(err, "the pGPU %s", pgpu->name);
}

bool vg_model_reset(const struct vg_host *host)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *path = vg_format("%s/model/reset", host->root ? host->root : "");
    return vg_equal(host->root, "/") || !vg_exists(path) ? false : vg_write_attribute(path, "1", &ignored);
}
