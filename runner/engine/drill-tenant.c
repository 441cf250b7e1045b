/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drills where a vGPU is its VM's own: each one that is made becomes a tenant, and what lives on a pGPU is not what the
 * mechanism's list says but the VMs whose renderers the kernel keeps on that pGPU's cores. */
#include <signal.h>
#include "engine/drill.h"

#define SETTLE_NS  (10 * VG_NS_PER_S) /* until a renderer is where it belongs; it is moved within a quarter second */
#define FREE_BY_NS (10 * VG_NS_PER_S) /* until a slot whose VM ended is free, VGPU-LIFE-004 */
enum { TURN_MS = 50, SHUTDOWN_MS = 60000 };

static int64_t pgpu_of(const struct vg_drill *drill, const struct vg_tenant *tenant)
{
    for (unsigned i = 0; i < drill->walk.class_count; i++)
        if (drill->host_index[i] == tenant->pgpu_index)
            return i;
    return VG_ANY;
}

void vg_drill_enrol(struct vg_drill *drill, struct vg_vgpu *vgpu)
{
    vg_push(drill->tenants, drill->tenant_count) = vg_tenant_of(drill->engine, drill->instance, vgpu);
}

/* Those whose turn it is; others keep their place without a VM, as one that is scheduled to start. */
static bool is_due(const struct vg_drill *drill, unsigned instance)
{
    const struct vg_tenant *tenant = drill->tenants[instance];
    return tenant && !tenant->booted && !tenant->dead && instance % drill->boot_every == 0;
}

bool vg_drill_boot(struct vg_drill *drill, struct vg_error *err)
{
    vg_autofree struct vg_tenant **waiting = NULL;
    vg_autofree unsigned *numbers = NULL;
    size_t count = 0, number_count = 0;
    for (unsigned i = 0; i < drill->tenant_count; i++) {
        if (!is_due(drill, i))
            continue;
        vg_push(waiting, count) = drill->tenants[i];
        vg_push(numbers, number_count) = i;
    }
    if (!count)
        return true;
    bool booted = vg_tenants_boot(drill->engine, waiting, (unsigned)count, err);
    for (size_t i = 0; i < count; i++) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_HOLD, 0, pgpu_of(drill, waiting[i]));
        step->instance = numbers[i];
        step->outcome = waiting[i]->booted ? VG_REFUSED_NOT : VG_REFUSED_ERROR;
        step->start_ns = waiting[i]->start_ns;
        step->end_ns = vg_now_ns();
    }
    return booted;
}

/* --- where they are ------------------------------------------------------------------------------------------------
 */

/* The pGPU that has all of these cores. */
static int64_t pgpu_with(const struct vg_drill *drill, const cpu_set_t *cores)
{
    for (unsigned i = 0; i < drill->walk.class_count; i++) {
        cpu_set_t own, both;
        const char *cpus = drill->host->pgpus[drill->host_index[i]].cpus;
        if (!cpus || !vg_parse_cpu_list(cpus, &own))
            continue;
        CPU_AND(&both, &own, cores);
        if (CPU_COUNT(cores) && CPU_EQUAL(&both, cores))
            return i;
    }
    return VG_ANY;
}

/* *pgpu: where the kernel says that it works, or VG_ANY if nowhere or on several. Waits while that is not where it
 * belongs: a renderer is moved soon after it began. */
static bool locate(struct vg_drill *drill, const struct vg_tenant *tenant, int64_t *pgpu, struct vg_error *err)
{
    const struct vg_policy_tenant asked = {
        .tenant = tenant->label, .vgpu = tenant->vgpu, .pid = vg_tenant_pid(tenant), .weight = 1
    };
    int64_t own = pgpu_of(drill, tenant);
    for (int64_t end_ns = vg_now_ns() + SETTLE_NS;;) {
        cpu_set_t cores;
        unsigned renderers;
        if (!drill->mechanism->locate(drill->state, &asked, &cores, &renderers, err))
            return false;
        *pgpu = renderers ? pgpu_with(drill, &cores) : VG_ANY;
        if (*pgpu == own)
            return true;
        if (vg_now_ns() > end_ns)
            return renderers ||
                   vg_fail(err, VG_ERROR_ENVIRONMENT,
                           "no renderer of %s was found, so that nobody can say on which pGPU it is", tenant->label);
        if (!vg_engine_turn(drill->engine, TURN_MS, err))
            return false;
    }
}

static bool count_live(struct vg_drill *drill, unsigned pgpu, unsigned *live, struct vg_error *err)
{
    *live = 0;
    for (unsigned i = 0; i < drill->tenant_count; i++) {
        struct vg_tenant *tenant = drill->tenants[i];
        int64_t at;
        if (!tenant)
            continue;
        if (!tenant->booted) { /* a place that was promised is taken */
            *live += pgpu_of(drill, tenant) == pgpu;
            continue;
        }
        vg_tenant_check(tenant);
        if (tenant->dead)
            continue;
        if (!locate(drill, tenant, &at, err))
            return false;
        *live += at == pgpu;
    }
    return true;
}

bool vg_drill_see(struct vg_drill *drill, unsigned pgpu, struct vg_pgpu *seen, struct vg_error *err)
{
    if (drill->tenants && !vg_drill_boot(drill, err))
        return false;
    if (!drill->mechanism->look(drill->state, drill->host_index[pgpu], seen, err))
        return false;
    return !drill->with_tenants || !drill->mechanism->locate || count_live(drill, pgpu, &seen->live, err);
}

/* --- how they end --------------------------------------------------------------------------------------------------
 */

bool vg_drill_dismiss(struct vg_drill *drill, int64_t instance, struct vg_error *err)
{
    struct vg_tenant *tenant = drill->tenants[instance];
    bool booted = tenant->booted || !is_due(drill, (unsigned)instance) || vg_drill_boot(drill, err);
    if (tenant->booted) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_RELEASE, 0, pgpu_of(drill, tenant));
        step->instance = instance;
        step->end_ns = step->start_ns;
    }
    bool stopped = vg_tenant_stop(tenant, "destroy", err);
    vg_tenant_free(tenant);
    drill->tenants[instance] = NULL;
    return stopped && booted;
}

void vg_drill_dismiss_all(struct vg_drill *drill)
{
    for (unsigned i = drill->tenant_count; i-- > 0;)
        if (drill->tenants[i])
            vg_tenant_free(drill->tenants[i]);
    free(drill->tenants);
    drill->tenants = NULL;
    drill->tenant_count = 0;
}

/* From inside, by the host, or by a crash of the VMM. Nobody tells the manager. */
static bool end_in_a_way(struct vg_drill *drill, struct vg_tenant *tenant, unsigned way, struct vg_error *err)
{
    const char *why;
    if (way == VG_DRILL_BY_HOST)
        return vg_vm_stop(tenant->vm, VG_VM_DESTROY, err);
    if (way == VG_DRILL_BY_CRASH)
        kill(vg_tenant_pid(tenant), SIGKILL);
    else
        vg_link_command(tenant->link, "poweroff");
    for (int64_t end_ns = vg_now_ns() + SHUTDOWN_MS * VG_NS_PER_MS; vg_vm_alive(tenant->vm, &why);) {
        if (!vg_engine_turn(drill->engine, TURN_MS, err))
            return false;
        if (vg_now_ns() > end_ns)
            return vg_fail(err, VG_ERROR_TIMEOUT, "%s did not end within %d s", tenant->label, SHUTDOWN_MS / 1000);
    }
    return true;
}

bool vg_drill_end_vm(struct vg_drill *drill, int64_t round, int64_t instance, unsigned way, struct vg_error *err)
{
    struct vg_tenant *tenant = drill->tenants[instance];
    int64_t pgpu = pgpu_of(drill, tenant);
    struct vg_step *step = vg_drill_step(drill, VG_STEP_RELEASE, round, pgpu);
    step->instance = instance;
    step->wanted = way;
    if (!end_in_a_way(drill, tenant, way, err))
        return false;
    drill->walk.steps[drill->walk.step_count - 1].end_ns = vg_now_ns();
    step = vg_drill_step(drill, VG_STEP_DESTROY, round, pgpu);
    step->instance = instance;
    step->wanted = way;
    while (tenant->vgpu && vg_now_ns() < step->start_ns + FREE_BY_NS)
        if (!vg_tenant_reap(tenant, err) || !vg_engine_turn(drill->engine, tenant->vgpu ? TURN_MS : 0, err))
            return false;
    step->outcome = tenant->vgpu ? VG_REFUSED_BUSY : VG_REFUSED_NOT;
    step->end_ns = vg_now_ns();
    vg_tenant_free(tenant);
    drill->tenants[instance] = NULL;
    drill->vgpus[instance] = NULL;
    return true;
}
