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
        .size_bytes = profile->memory_bytes,
        .max = profile->max,
        .low_gm_mib = profile->low_gm_mib,
        .high_gm_mib = profile->high_gm_mib,
        .fences = profile->fences,
    };
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
    return vg_capacity_prepare(class, err) || vg_wrap(err, "the pGPU %s", pgpu->name);
}

bool vg_model_reset(const struct vg_host *host)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *path = vg_format("%s/model/reset", host->root ? host->root : "");
    return vg_equal(host->root, "/") || !vg_exists(path) ? false : vg_write_attribute(path, "1", &ignored);
}
