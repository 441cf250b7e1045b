/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One boot serves many tests: a VM that the next test does not want yet stands still meanwhile. It counts as not
 * running only where its mechanism can let go of it; everywhere else it is ended, and the test that wants one boots
 * another. */
#include "engine/internal.h"

enum { CLOCK_PINGS = 16, CLOCK_TIMEOUT_MS = 5000 };

bool vg_tenant_park(struct vg_tenant *tenant)
{
    struct vg_error failed = { 0 };
    if (tenant->parked)
        return true;
    vg_tenant_check(tenant);
    if (!tenant->vm || !tenant->mechanism->release || !tenant->booted || tenant->dead || tenant->tainted)
        return false;
    tenant->parked =
        vg_vm_pause(tenant->vm, &failed) && tenant->mechanism->release(tenant->mechanism_state, tenant->vgpu, &failed);
    if (!tenant->parked)
        vg_warn("%s is ended instead of paused: %s", tenant->label, failed.text);
    return tenant->parked;
}

/* Its clocks stood still: how they relate to the host's has to be known before anything is measured. */
static bool read_clock(struct vg_tenant *tenant, struct vg_error *err)
{
    vg_link_ping(tenant->link, CLOCK_PINGS);
    for (int64_t end_ns = vg_now_ns() + CLOCK_TIMEOUT_MS * VG_NS_PER_MS; vg_link_pings_pending(tenant->link);) {
        if (!vg_engine_turn(tenant->engine, 10, err))
            return false;
        vg_tenant_check(tenant);
        if (tenant->dead)
            return vg_fail(err, VG_ERROR_TENANT, "%s", tenant->reason);
        if (vg_now_ns() > end_ns)
            return vg_fail(err, VG_ERROR_TENANT, "it did not answer within %d ms", CLOCK_TIMEOUT_MS);
    }
    return true;
}

static bool unpark(struct vg_tenant *tenant, struct vg_error *err)
{
    struct vg_policy_tenant adopted = {
        .tenant = tenant->label, .vgpu = tenant->vgpu, .pid = vg_tenant_pid(tenant), .weight = 1
    };
    tenant->parked = false;
    return (!tenant->mechanism->adopt || tenant->mechanism->adopt(tenant->mechanism_state, &adopted, err)) &&
           vg_vm_resume(tenant->vm, err) && read_clock(tenant, err);
}

static bool serves(const struct vg_tenant *tenant, const struct vg_instance *instance)
{
    return !tenant->scene && tenant->boot == instance->boot && tenant->booted && !tenant->dead && !tenant->tainted &&
           vg_equal(tenant->mechanism->name, instance->mechanism) &&
           vg_equal(tenant->profile->name, instance->profile) &&
           tenant->rootfs == vg_environment_rootfs(tenant->engine, instance);
}

struct vg_tenant *vg_tenant_reuse(struct vg_engine *engine, const struct vg_instance *instance)
{
    for (unsigned i = 0; i < engine->tenant_count; i++) {
        struct vg_tenant *tenant = engine->tenants[i];
        struct vg_error failed = { 0 };
        vg_tenant_check(tenant);
        if (!serves(tenant, instance))
            continue;
        if (!tenant->parked || unpark(tenant, &failed))
            return tenant;
        if (!vg_engine_interrupted())
            vg_warn("%s, which was paused, is ended: %s", tenant->label, failed.text);
        tenant->tainted = true; /* whoever needs its room frees it */
    }
    return NULL;
}
