/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a phase can do to a tenant: start it, end it in one of three ways, reboot it, stop its workloads, freeze the
 * manager of its mechanism. */
#include <stdlib.h>
#include "engine/internal.h"

enum { LINK_TIMEOUT_MS = 20000, REBOOT_ASKED_MS = 1200, RESET_SETTLES_MS = 1000 };

static bool start(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    (void)scene;
    return tenant->booted || vg_tenants_boot(tenant->engine, &tenant, 1, err);
}

static bool end(struct vg_scene *scene, struct vg_tenant *tenant, const char *how, struct vg_error *err)
{
    /* Its state as the test left it is what the next tenant meets, so nothing is stopped politely before. */
    vg_engine_step(scene->engine, "%s %s", how, tenant->name);
    return vg_tenant_stop(tenant, how, err);
}

static bool end_by_shutdown(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    return end(scene, tenant, "shutdown", err);
}

static bool end_by_kill(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    return end(scene, tenant, "kill", err);
}

static bool end_by_destroy(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    return end(scene, tenant, "destroy", err);
}

/* The guest reboots itself, by the agent's word: "guest", "panic". QEMU keeps the link open meanwhile, so that nothing
 * tells when; the agent has long gone before the new one, seconds later, speaks. */
static bool ask_to_reboot(struct vg_tenant *tenant, const char *how, struct vg_error *err)
{
    vg_link_command(tenant->link, vg_equal(how, "panic") ? "panic" : "reboot");
    for (int64_t end_ns = vg_now_ns() + REBOOT_ASKED_MS * VG_NS_PER_MS; vg_now_ns() < end_ns;)
        if (!vg_engine_turn(tenant->engine, 20, err))
            return false;
    return true;
}

bool vg_tenant_reboot(struct vg_scene *scene, struct vg_tenant *tenant, const char *how, struct vg_error *err)
{
    for (unsigned i = 0; i < scene->run_count; i++) {
        if (scene->runs[i]->tenant == tenant)
            vg_active_finish(scene->runs[i], "stopped", "its tenant was rebooted by the test");
    }
    if (!tenant->vm)
        return vg_fail(err, VG_ERROR_INPUT, "a native tenant cannot reboot");
    tenant->booted = false; /* a link that breaks now is no loss */
    bool reset = vg_equal(how, "reset");
    if (!reset && !ask_to_reboot(tenant, how, err))
        return false;
    /* A new boot is a new conversation: the old link may hold half a line. */
    json_decref(tenant->hello);
    tenant->hello = NULL;
    vg_link_free(tenant->link);
    tenant->link = NULL;
    tenant->clock_first = 0;
    tenant->start_ns = vg_now_ns();
    if (reset && !vg_vm_reset(tenant->vm, err))
        return false;
    /* The reset closes the guest's end of the port, and with it whatever is connected to it: only then is a new
     * conversation one with the new boot. */
    for (int64_t end_ns = vg_now_ns() + RESET_SETTLES_MS * VG_NS_PER_MS; vg_now_ns() < end_ns;)
        if (!vg_engine_turn(tenant->engine, 50, err))
            return false;
    tenant->thread_fd = vg_vm_connect_link(tenant->vm, LINK_TIMEOUT_MS, err);
    if (tenant->thread_fd < 0)
        return false;
    return vg_tenants_boot(tenant->engine, &tenant, 1, err);
}

static bool reboot(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    return vg_tenant_reboot(scene, tenant, "reset", err);
}

static bool stop_workloads(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    return vg_scene_stop_runs(scene, tenant, err);
}

static bool freeze_manager(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(scene->engine->host, tenant->mechanism->name);
    if (scene->freeze)
        return true; /* of another tenant of the same mechanism */
    scene->freeze = vg_freeze_begin(scene->engine, &config->managers, err);
    if (scene->freeze)
        vg_scene_event(scene, NULL, NULL, false, "%u processes of the manager stand still",
                       vg_freeze_count(scene->freeze));
    return scene->freeze != NULL;
}

static bool thaw_manager(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err)
{
    (void)tenant;
    (void)err;
    if (scene->freeze && !vg_freeze_holds(scene->freeze))
        vg_scene_invalid(scene, "the manager did not stand still until it was to go on: somebody woke it, or it ended");
    vg_freeze_end(scene->freeze);
    scene->freeze = NULL;
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct vg_scene *scene, struct vg_tenant *tenant, struct vg_error *err);
    bool changes_population; /* the scheduling policy must be applied again */
} actions[] = {
    { "start", start, true },
    { "shutdown", end_by_shutdown, true },
    { "kill", end_by_kill, true },
    { "destroy", end_by_destroy, true },
    { "reboot", reboot, true },
    { "stop-workloads", stop_workloads, false },
    { "freeze-manager", freeze_manager, false },
    { "thaw-manager", thaw_manager, false },
};

/* A `later` tenant gets its vGPU, or goes on with the one that it has, only now. */
static struct vg_tenant *join_later(struct vg_scene *scene, unsigned index, struct vg_error *err)
{
    const struct vg_test *test = scene->instance->test;
    struct vg_instance instance = *scene->instance;
    unsigned role = 0, before = 0; /* measurements->tenants has every instance of every role */
    while (index >= before + test->tenants[role].count)
        before += test->tenants[role++].count;
    if (test->tenants[role].other_profile) {
        const struct vg_host_mechanism *config = vg_host_mechanism_find(scene->engine->host, instance.mechanism);
        const struct vg_host_profile *other = vg_profile_other(config, instance.profile);
        instance.profile = other ? other->name : instance.profile;
        vg_scene_event(scene, NULL, NULL, false, "%s gets a vGPU of profile %s", test->tenants[role].name,
                       instance.profile);
    }
    struct vg_tenant *tenant = !test->tenants[role].fresh ? vg_tenant_reuse(scene->engine, &instance) : NULL;
    bool shared = tenant != NULL;
    if (!tenant)
        tenant = vg_tenant_new(scene->engine, &instance, err);
    if (tenant)
        vg_scene_take(scene, tenant, index, shared);
    return tenant;
}

/* Ended, and started again as another: its runs have ended with it, and nothing of it is kept but what they measured.
 */
static void retire(struct vg_scene *scene, struct vg_tenant *tenant)
{
    for (unsigned i = 0; i < scene->run_count; i++)
        if (scene->runs[i]->tenant == tenant)
            scene->runs[i]->tenant = NULL;
    tenant->thread_fd = -1; /* the link's, which has closed it */
    tenant->scene = NULL;
    if (tenant->vm)
        vg_vm_free(tenant->vm);
    tenant->vm = NULL;
    vg_tenant_free(tenant);
}

bool vg_action_run(struct vg_scene *scene, const struct vg_test_action *action, struct vg_error *err)
{
    for (unsigned i = 0; i < VG_COUNT(actions); i++) {
        if (!vg_equal(actions[i].name, action->action))
            continue;
        for (unsigned j = 0; j < scene->tenant_count; j++) {
            struct vg_tenant *tenant = scene->tenants[j];
            const char *name = scene->measurements->tenants[j].name;
            if (!vg_tenant_selected(action->on, name))
                continue;
            if (tenant && tenant->stopped && actions[i].run == start) {
                retire(scene, tenant);
                tenant = scene->tenants[j] = NULL;
            }
            vg_scene_event(scene, name, action->action, false, "%s %s", name, action->action);
            if (!tenant && !(tenant = join_later(scene, j, err)))
                return vg_wrap(err, "%s %s", action->action, name);
            if (!actions[i].run(scene, tenant, err))
                return vg_wrap(err, "%s %s", action->action, name);
            vg_scene_event(scene, name, action->action, true, "%s %s done", name, action->action);
        }
        vg_watch_targets(scene->engine->watch, scene->tenants, scene->tenant_count);
        return !actions[i].changes_population || vg_policy_apply(scene, err);
    }
    return vg_fail(err, VG_ERROR_INPUT, "unknown action `%s`", action->action);
}
