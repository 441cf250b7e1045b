/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scheduling policies while a test runs: applied when tenants come and go, and read back around every phase. A policy
 * that was set and does not stay set must show. */
#include <stdlib.h>
#include "engine/internal.h"

struct governed {
    const struct vg_mechanism *mechanism;
    void *state;
    const struct vg_host_policy *policy;
};

static bool govern(const struct vg_scene *scene, struct governed *governed)
{
    struct vg_engine *engine = scene->engine;
    const struct vg_host_mechanism *config = vg_host_mechanism_find(engine->host, scene->instance->mechanism);
    governed->mechanism = vg_mechanism_find(scene->instance->mechanism);
    governed->policy = vg_host_policy_find(config, scene->policy);
    governed->state = vg_environment_mechanism(engine, governed->mechanism);
    return governed->policy && governed->mechanism->policy;
}

/* Those that run on the pGPU now. Caller frees *tenants. */
static unsigned running_on(const struct vg_scene *scene, const struct governed *governed, unsigned pgpu, bool by_label,
                           struct vg_policy_tenant **tenants)
{
    size_t count = 0;
    *tenants = NULL;
    for (unsigned i = 0; i < scene->engine->tenant_count; i++) {
        struct vg_tenant *tenant = scene->engine->tenants[i];
        if (tenant->mechanism != governed->mechanism || tenant->pgpu_index != pgpu || tenant->dead || !tenant->booted ||
            tenant->parked)
            continue;
        vg_push(*tenants, count) =
            (struct vg_policy_tenant) { .tenant = by_label || !tenant->name ? tenant->label : tenant->name,
                                        .vgpu = tenant->vgpu,
                                        .pid = vg_tenant_pid(tenant),
                                        .weight = tenant->weight ? tenant->weight : 1 };
    }
    return (unsigned)count;
}

static unsigned pgpu_count(const struct vg_scene *scene)
{
    return scene->engine->host->pgpu_count ? scene->engine->host->pgpu_count : 1;
}

bool vg_policy_apply(struct vg_scene *scene, struct vg_error *err)
{
    struct governed governed;
    if (!govern(scene, &governed))
        return true;
    for (unsigned pgpu = 0; pgpu < pgpu_count(scene); pgpu++) {
        vg_autofree struct vg_policy_tenant *tenants = NULL;
        unsigned count = running_on(scene, &governed, pgpu, true, &tenants);
        if (count == 0)
            continue;
        enum vg_refusal refusal =
            governed.mechanism->policy(governed.state, pgpu, governed.policy, tenants, count, err);
        if (refusal != VG_REFUSED_NOT)
            return vg_wrap(err, "scheduling policy %s was not applied (%s)", governed.policy->name,
                           vg_refusal_name(refusal));
        vg_scene_event(scene, NULL, NULL, true, "policy %s applied to %u tenants", governed.policy->name, count);
    }
    return true;
}

bool vg_policy_change(struct vg_scene *scene, const char *policy, struct vg_error *err)
{
    scene->policy = policy;
    return vg_policy_apply(scene, err);
}

void vg_policy_read(struct vg_scene *scene, struct vg_measured_phase *phase, bool after)
{
    struct governed governed;
    if (!govern(scene, &governed) || !governed.mechanism->read_policy)
        return;
    for (unsigned pgpu = 0; pgpu < pgpu_count(scene); pgpu++) {
        vg_autofree struct vg_policy_tenant *tenants = NULL;
        unsigned count = running_on(scene, &governed, pgpu, false, &tenants);
        for (unsigned i = 0; i < count; i++) {
            struct vg_policy_knob knobs[VG_POLICY_KNOBS];
            unsigned knob_count = 0;
            struct vg_error failed = { 0 };
            if (!governed.mechanism->read_policy(governed.state, tenants[i].vgpu, knobs, &knob_count, &failed)) {
                vg_warn("the scheduling policy of %s cannot be read back: %s", tenants[i].tenant, failed.text);
                continue;
            }
            for (unsigned j = 0; j < knob_count; j++)
                vg_push(phase->readings, phase->reading_count) =
                    (struct vg_policy_reading) { .tenant = vg_strdup(tenants[i].tenant),
                                                 .knob = vg_strdup(knobs[j].name),
                                                 .wanted = knobs[j].wanted,
                                                 .found = knobs[j].found,
                                                 .after = after };
        }
    }
}
