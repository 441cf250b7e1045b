/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vGPU of a profile takes 1/max of its pGPU, unless the host file says another capacity model. The arithmetic is
 * placement's; what is here is which vGPUs there are. */
#include "mechanism/slots.h"
#include "mechanism/uuid.h"

bool vg_slots_open(struct vg_slots *slots, const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, struct vg_error *err)
{
    *slots = (struct vg_slots) { .mechanism = mechanism, .host = host, .config = config };
    if (!host->pgpu_count)
        return vg_fail(err, VG_ERROR_INPUT, "the host %s has no pGPU for %s; name at least one under `pgpus`",
                       host->name, mechanism->name);
    for (unsigned i = 0; i < config->profile_count; i++)
        if (!config->profiles[i].max)
            return vg_fail(err, VG_ERROR_INPUT, "the profile %s of %s on host %s needs `max`, at least 1",
                           config->profiles[i].name, mechanism->name, host->name);
    vg_autofree struct vg_pgpu_class *classes = vg_calloc(host->pgpu_count, sizeof(*classes));
    for (unsigned i = 0; i < host->pgpu_count; i++)
        if (!vg_pgpu_class_make(host, config, i, &classes[i], err))
            return false;
    slots->classes = VG_TAKE(classes);
    slots->states = vg_calloc(host->pgpu_count, sizeof(*slots->states));
    pthread_mutex_init(&slots->lock, NULL);
    return true;
}

void vg_slots_close(struct vg_slots *slots)
{
    for (unsigned i = 0; i < slots->live_count; i++)
        free(slots->live[i].vgpu);
    free(slots->live);
    free(slots->classes);
    free(slots->states);
    pthread_mutex_destroy(&slots->lock);
}

static const struct vg_host_profile *profile_of(const struct vg_slots *slots, unsigned pgpu_index, unsigned type)
{
    return &slots->config->profiles[slots->classes[pgpu_index].types[type].id - 1];
}

static void look_locked(const struct vg_slots *slots, unsigned pgpu_index, struct vg_pgpu *pgpu)
{
    const struct vg_pgpu_class *class = &slots->classes[pgpu_index];
    const struct vg_pgpu_state *state = &slots->states[pgpu_index];
    *pgpu = (struct vg_pgpu) { .host = &slots->host->pgpus[pgpu_index],
                               .profiles = vg_calloc(class->type_count + 1, sizeof(*pgpu->profiles)),
                               .profile_count = class->type_count,
                               .live = state->live,
                               .present = true };
    snprintf(pgpu->name, sizeof(pgpu->name), "%s", pgpu->host->name);
    for (unsigned i = 0; i < class->type_count; i++)
        pgpu->profiles[i] = (struct vg_profile_state) { .profile = profile_of(slots, pgpu_index, i),
                                                        .available = vg_capacity_available(class, state, i),
                                                        .max = vg_capacity_maximum(class, i) };
    for (unsigned i = 0; i < slots->live_count; i++) {
        const struct vg_slot_taken *taken = &slots->live[i];
        if (taken->vgpu->pgpu_index != pgpu_index)
            continue;
        struct vg_live_vgpu *live = &vg_push(pgpu->vgpus, pgpu->vgpu_count);
        *live = (struct vg_live_vgpu) { .profile = (int)taken->instance.type, .vf = VG_ANY, .placement_id = VG_ANY };
        memcpy(live->uuid, taken->vgpu->uuid, sizeof(live->uuid));
    }
}

static bool known_pgpu(const struct vg_slots *slots, unsigned pgpu_index, struct vg_error *err)
{
    return pgpu_index < slots->host->pgpu_count ||
           vg_fail(err, VG_ERROR_INPUT, "the host %s has %u pGPUs, there is no number %u", slots->host->name,
                   slots->host->pgpu_count, pgpu_index);
}

bool vg_slots_look(struct vg_slots *slots, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    *pgpu = (struct vg_pgpu) { 0 };
    if (!known_pgpu(slots, pgpu_index, err))
        return false;
    pthread_mutex_lock(&slots->lock);
    look_locked(slots, pgpu_index, pgpu);
    pthread_mutex_unlock(&slots->lock);
    return true;
}

bool vg_slots_discover(struct vg_slots *slots, struct vg_inventory *inventory, struct vg_error *err)
{
    (void)err;
    unsigned count = slots->host->pgpu_count;
    *inventory = (struct vg_inventory) { .pgpus = vg_calloc(count, sizeof(*inventory->pgpus)), .pgpu_count = count };
    pthread_mutex_lock(&slots->lock); /* all at one moment */
    for (unsigned i = 0; i < count; i++)
        look_locked(slots, i, &inventory->pgpus[i]);
    pthread_mutex_unlock(&slots->lock);
    return true;
}

static void explain(const struct vg_slots *slots, unsigned pgpu_index, const struct vg_host_profile *profile,
                    enum vg_refusal refusal, struct vg_error *err)
{
    const char *pgpu = slots->host->pgpus[pgpu_index].name;
    unsigned live = slots->states[pgpu_index].live;
    if (refusal == VG_REFUSED_NO_CAPACITY)
        vg_fail(err, VG_ERROR_REFUSED,
                "the pGPU %s has no room for another vGPU of profile %s (%u live, at most %u of this profile)", pgpu,
                profile->name, live, profile->max);
    else if (refusal == VG_REFUSED_INCOMPATIBLE)
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is in use by %u vGPUs, beside which it takes none of profile %s",
                pgpu, live, profile->name);
    else
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s does not offer the profile %s (%s)", pgpu, profile->name,
                vg_refusal_name(refusal));
}

enum vg_refusal vg_slots_create(struct vg_slots *slots, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err)
{
    if (!known_pgpu(slots, pgpu_index, err))
        return VG_REFUSED_ERROR;
    vg_autofree struct vg_vgpu *made = vg_calloc(1, sizeof(*made));
    *made = (struct vg_vgpu) { .mechanism = slots->mechanism,
                               .profile = profile,
                               .pgpu_index = pgpu_index,
                               .vf = VG_ANY,
                               .placement_id = VG_ANY };
    if (!vg_make_uuid(made->uuid, err))
        return VG_REFUSED_ERROR;
    pthread_mutex_lock(&slots->lock);
    const struct vg_pgpu_class *class = &slots->classes[pgpu_index];
    int type = vg_class_type_named(class, profile->name);
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type < 0 ? class->type_count : (unsigned)type), given;
    enum vg_refusal refusal = vg_capacity_create(class, &slots->states[pgpu_index], &wanted, &given);
    if (refusal == VG_REFUSED_NOT) {
        *vgpu = made;
        vg_push(slots->live, slots->live_count) = (struct vg_slot_taken) { VG_TAKE(made), given };
    } else {
        explain(slots, pgpu_index, profile, refusal, err);
    }
    pthread_mutex_unlock(&slots->lock);
    return refusal;
}

bool vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err)
{
    pthread_mutex_lock(&slots->lock);
    unsigned i = 0;
    while (i < slots->live_count && slots->live[i].vgpu != vgpu)
        i++;
    bool found = i < slots->live_count, given = false;
    if (found) {
        given = vg_capacity_destroy(&slots->classes[vgpu->pgpu_index], &slots->states[vgpu->pgpu_index],
                                    &slots->live[i].instance);
        /* In order, without shrinking: the array's growth goes by its count alone. */
        for (; i + 1 < slots->live_count; i++)
            slots->live[i] = slots->live[i + 1];
        slots->live_count--;
    }
    pthread_mutex_unlock(&slots->lock);
    if (!found)
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU that %s does not know cannot be destroyed", slots->mechanism->name);
    free(vgpu);
    return given ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "the pGPU kept no place for a vGPU of %s", slots->mechanism->name);
}
