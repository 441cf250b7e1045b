/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a tenant apart from its boot: made with its vGPU, watched, ended in a stated way, its vGPU given back. */
#include <stdlib.h>
#include "engine/internal.h"

enum { SHUTDOWN_TIMEOUT_MS = 30000 };

/* Of an instance whose subject are all profiles: the first. */
static const struct vg_host_profile *profile_of(const struct vg_engine *engine, const struct vg_instance *instance)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(engine->host, instance->mechanism);
    const struct vg_host_profile *profile = vg_host_profile_find(config, instance->profile);
    return profile ? profile : config->profile_count ? &config->profiles[0] : vg_profile_whole();
}

static bool create_vgpu(struct vg_tenant *tenant, struct vg_error *err)
{
    if (!vg_place_tenant(tenant, err))
        return false;
    if (tenant->mechanism->create(tenant->mechanism_state, tenant->pgpu_index, tenant->profile, &tenant->vgpu, err) ==
        VG_REFUSED_NOT)
        return true;
    return vg_wrap(err, "cannot create a %s vGPU of profile %s", tenant->mechanism->name, tenant->profile->name);
}

static struct vg_tenant *new_tenant(struct vg_engine *engine, const struct vg_instance *instance)
{
    struct vg_tenant *tenant = vg_calloc(1, sizeof(*tenant));
    tenant->engine = engine;
    tenant->number = ++engine->boots;
    tenant->boot = instance->boot;
    tenant->mechanism = vg_mechanism_find(instance->mechanism);
    tenant->rootfs = vg_environment_rootfs(engine, instance);
    tenant->mechanism_state = vg_environment_mechanism(engine, tenant->mechanism);
    tenant->label = vg_format("%s-%u", tenant->mechanism->name, tenant->number);
    tenant->console_file = vg_format("%s/%s.console", engine->runtime_directory, tenant->label);
    vg_push(engine->tenants, engine->tenant_count) = tenant;
    return tenant;
}

struct vg_tenant *vg_tenant_of(struct vg_engine *engine, const struct vg_instance *instance, struct vg_vgpu *vgpu)
{
    struct vg_tenant *tenant = new_tenant(engine, instance);
    tenant->profile = vgpu->profile;
    tenant->pgpu_index = vgpu->pgpu_index;
    tenant->vgpu = vgpu;
    return tenant;
}

struct vg_tenant *vg_tenant_new(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    struct vg_tenant *tenant = new_tenant(engine, instance);
    tenant->profile = profile_of(engine, instance);
    if (!create_vgpu(tenant, err)) {
        vg_tenant_free(tenant);
        return NULL;
    }
    return tenant;
}

pid_t vg_tenant_pid(const struct vg_tenant *tenant)
{
    if (tenant->vm)
        return vg_vm_pid(tenant->vm);
    return tenant->process ? vg_process_pid(tenant->process) : 0;
}

void vg_tenant_lost(struct vg_tenant *tenant, const char *reason)
{
    if (tenant->dead)
        return;
    tenant->dead = true;
    free(tenant->reason);
    tenant->reason = vg_strdup(reason);
    if (!tenant->scene)
        return;
    for (unsigned i = 0; i < tenant->scene->run_count; i++) {
        struct vg_active_run *run = tenant->scene->runs[i];
        if (run->tenant == tenant && !run->ended)
            vg_active_finish(run, tenant->stopped || tenant->on_trial ? "stopped" : "lost", reason);
    }
}

/* What the VMM itself said at last: the line before those that libvirt adds when it is gone. Caller frees. */
static char *last_words(struct vg_vm *vm)
{
    enum { LINES = 4 };
    vg_autofree char *tail = vg_vm_log_tail(vm, LINES);
    char *rest = tail, *said = NULL;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line && !strstr(line, "shutting down, reason=") && !strstr(line, "Domain id="))
            said = line;
    return said ? vg_format("; its VMM said: %s", said) : vg_strdup("");
}

/* A VMM that dies closes the link a moment before it is gone. */
static bool vm_is_going(struct vg_tenant *tenant, const char **why)
{
    enum { STEP_MS = 10, GRACE_MS = 300 };
    for (int waited_ms = 0; tenant->vm && waited_ms < GRACE_MS; waited_ms += STEP_MS) {
        if (!vg_vm_alive(tenant->vm, why))
            return true;
        vg_sleep_ns(STEP_MS * VG_NS_PER_MS);
    }
    return false;
}

void vg_tenant_check(struct vg_tenant *tenant)
{
    const char *why = NULL, *broken = NULL;
    if (tenant->dead || !tenant->booted)
        return;
    bool link_broke = tenant->link && vg_link_broken(tenant->link, &broken);
    bool link_closed = link_broke && vg_link_closed(tenant->link);
    /* A broken rule comes first: what breaks one is given up, whatever it does then. */
    if (link_broke && (!link_closed || !vm_is_going(tenant, &why))) {
        vg_tenant_lost(tenant, broken ? broken : "the link to the tenant broke");
    } else if (tenant->vm && !vg_vm_alive(tenant->vm, &why)) {
        vg_autofree char *said = last_words(tenant->vm);
        vg_autofree char *reason = vg_format("the VM ended by itself (%s)%s", why ? why : "unknown", said);
        vg_tenant_lost(tenant, reason);
    } else if (tenant->process && !vg_process_alive(tenant->process)) {
        vg_tenant_lost(tenant, "the tenant's process ended by itself");
    }
}

static bool stop_vm(struct vg_tenant *tenant, const char *how, struct vg_error *err)
{
    if (vg_equal(how, "kill"))
        return vg_vm_stop(tenant->vm, VG_VM_KILL, err);
    if (!vg_equal(how, "shutdown"))
        return vg_vm_stop(tenant->vm, VG_VM_DESTROY, err);
    if (tenant->link && !tenant->dead)
        vg_link_command(tenant->link, "poweroff");
    const char *why;
    for (int64_t end_ns = vg_now_ns() + SHUTDOWN_TIMEOUT_MS * VG_NS_PER_MS;
         vg_now_ns() < end_ns && vg_vm_alive(tenant->vm, &why);) {
        /* The link must be served, or the command never leaves. An interrupt falls through to the hard way. */
        if (!vg_engine_turn(tenant->engine, 50, err))
            break;
    }
    return vg_vm_wait_shutdown(tenant->vm, 1000, err);
}

static bool give_back(struct vg_tenant *tenant, struct vg_error *err)
{
    struct vg_vgpu *vgpu = tenant->vgpu;
    tenant->vgpu = NULL;
    return !vgpu || tenant->mechanism->destroy(tenant->mechanism_state, vgpu, err);
}

bool vg_tenant_stop(struct vg_tenant *tenant, const char *how, struct vg_error *err)
{
    bool stopped = true;
    tenant->stopped = true;
    vg_autofree char *reason = vg_format("stopped by the test (%s)", how);
    if (tenant->vm)
        stopped = stop_vm(tenant, how, err);
    if (tenant->process) {
        vg_process_stop(tenant->process);
        tenant->process = NULL;
    }
    vg_tenant_lost(tenant, reason);
    /* What ended sends no more: its descriptor is not kept for a tenant that may not be started again. */
    if (tenant->link)
        vg_link_close(tenant->link);
    struct vg_error destroy_error = { 0 };
    if (!give_back(tenant, &destroy_error) && stopped) {
        *err = destroy_error;
        stopped = false;
    }
    return stopped;
}

static bool has_ended(struct vg_tenant *tenant)
{
    const char *why;
    return tenant->vm ? !vg_vm_alive(tenant->vm, &why) : tenant->process && !vg_process_alive(tenant->process);
}

bool vg_tenant_reap(struct vg_tenant *tenant, struct vg_error *err)
{
    /* One that was given up for what it said may still run, and then it keeps its place. */
    if (!tenant->booted || tenant->stopped || !has_ended(tenant))
        return true;
    vg_tenant_check(tenant);
    /* A guest that went away by itself is still a domain, and a VMM that was killed one that libvirt has to notice. */
    bool cleared = !tenant->vm || vg_vm_stop(tenant->vm, VG_VM_DESTROY, err);
    return cleared && give_back(tenant, err);
}

void vg_tenant_free(struct vg_tenant *tenant)
{
    struct vg_engine *engine = tenant->engine;
    struct vg_error ignored = { 0 };
    if (tenant->thread_running)
        pthread_join(tenant->thread, NULL);
    if (tenant->vm || tenant->process || tenant->vgpu)
        vg_tenant_stop(tenant, "destroy", &ignored);
    for (unsigned i = 0; i < engine->tenant_count; i++) {
        if (engine->tenants[i] != tenant)
            continue;
        memmove(&engine->tenants[i], &engine->tenants[i + 1], (engine->tenant_count - i - 1) * sizeof(tenant));
        engine->tenant_count--;
        break;
    }
    if (tenant->link)
        vg_link_free(tenant->link);
    else if (tenant->thread_fd > 0)
        close(tenant->thread_fd);
    if (tenant->vm)
        vg_vm_free(tenant->vm);
    json_decref(tenant->hello);
    free(tenant->name);
    free(tenant->reason);
    free(tenant->label);
    free(tenant->console_file);
    free(tenant->domain_xml);
    free(tenant->device);
    free(tenant);
}
