/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vGPU of a profile takes 1/max of its pGPU. Sums of fractions are compared with a little room for rounding. */
#include "mechanism/slots.h"
#include "mechanism/uuid.h"

#define ROUNDING 1e-9

bool vg_slots_open(struct vg_slots *slots, const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, struct vg_error *err)
{
    if (!host->pgpu_count)
        return vg_fail(err, VG_ERROR_INPUT, "the host %s has no pGPU for %s; name at least one under `pgpus`",
                       host->name, mechanism->name);
    for (unsigned i = 0; i < config->profile_count; i++)
        if (!config->profiles[i].max)
            return vg_fail(err, VG_ERROR_INPUT, "the profile %s of %s on host %s needs `max`, at least 1",
                           config->profiles[i].name, mechanism->name, host->name);
    *slots = (struct vg_slots) { .mechanism = mechanism, .host = host, .config = config };
    pthread_mutex_init(&slots->lock, NULL);
    return true;
}

void vg_slots_close(struct vg_slots *slots)
{
    for (unsigned i = 0; i < slots->live_count; i++)
        free(slots->live[i]);
    free(slots->live);
    pthread_mutex_destroy(&slots->lock);
}

static double used(const struct vg_slots *slots, unsigned pgpu_index, unsigned *live)
{
    double sum = 0;
    *live = 0;
    for (unsigned i = 0; i < slots->live_count; i++) {
        if (slots->live[i]->pgpu_index != pgpu_index)
            continue;
        sum += 1.0 / slots->live[i]->profile->max;
        ++*live;
    }
    return sum;
}

static unsigned room(double taken, const struct vg_host_profile *profile)
{
    double left = (1.0 - taken) * profile->max + ROUNDING * profile->max;
    return left > 0 ? (unsigned)left : 0;
}

bool vg_slots_discover(struct vg_slots *slots, struct vg_inventory *inventory, struct vg_error *err)
{
    (void)err;
    const struct vg_host *host = slots->host;
    const struct vg_host_mechanism *config = slots->config;
    *inventory = (struct vg_inventory) { .pgpus = vg_calloc(host->pgpu_count, sizeof(*inventory->pgpus)),
                                         .pgpu_count = host->pgpu_count };
    pthread_mutex_lock(&slots->lock);
    for (unsigned i = 0; i < host->pgpu_count; i++) {
        struct vg_pgpu *pgpu = &inventory->pgpus[i];
        pgpu->host = &host->pgpus[i];
        snprintf(pgpu->name, sizeof(pgpu->name), "%s", host->pgpus[i].name);
        double taken = used(slots, i, &pgpu->live);
        pgpu->profiles = vg_calloc(config->profile_count ? config->profile_count : 1, sizeof(*pgpu->profiles));
        pgpu->profile_count = config->profile_count;
        for (unsigned j = 0; j < config->profile_count; j++)
            pgpu->profiles[j] = (struct vg_profile_state) { .profile = &config->profiles[j],
                                                            .available = room(taken, &config->profiles[j]) };
    }
    pthread_mutex_unlock(&slots->lock);
    return true;
}

enum vg_refusal vg_slots_create(struct vg_slots *slots, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err)
{
    if (pgpu_index >= slots->host->pgpu_count) {
        vg_fail(err, VG_ERROR_INPUT, "the host %s has %u pGPUs, there is no number %u", slots->host->name,
                slots->host->pgpu_count, pgpu_index);
        return VG_REFUSED_ERROR;
    }
    vg_autofree struct vg_vgpu *made = vg_calloc(1, sizeof(*made));
    *made = (struct vg_vgpu) { .mechanism = slots->mechanism, .profile = profile, .pgpu_index = pgpu_index };
    if (!vg_make_uuid(made->uuid, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = VG_REFUSED_NOT;
    pthread_mutex_lock(&slots->lock);
    unsigned live;
    if (room(used(slots, pgpu_index, &live), profile)) {
        *vgpu = made;
        vg_push(slots->live, slots->live_count) = VG_TAKE(made);
    } else {
        vg_fail(err, VG_ERROR_REFUSED,
                "the pGPU %s has no room for another vGPU of profile %s (%u live, at most %u of this profile)",
                slots->host->pgpus[pgpu_index].name, profile->name, live, profile->max);
        refusal = VG_REFUSED_NO_CAPACITY;
    }
    pthread_mutex_unlock(&slots->lock);
    return refusal;
}

bool vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err)
{
    pthread_mutex_lock(&slots->lock);
    unsigned i = 0;
    while (i < slots->live_count && slots->live[i] != vgpu)
        i++;
    bool found = i < slots->live_count;
    if (found) {
        /* In order, without shrinking: the array's growth goes by its count alone. */
        for (; i + 1 < slots->live_count; i++)
            slots->live[i] = slots->live[i + 1];
        slots->live_count--;
    }
    pthread_mutex_unlock(&slots->lock);
    if (!found)
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU that %s does not know cannot be destroyed", slots->mechanism->name);
    free(vgpu);
    return true;
}
