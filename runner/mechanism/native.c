/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No virtualisation: a tenant is a process of this host with the host's own driver. The bare-metal reference that every
 * other mechanism is compared with, and what a machine with a GPU but without VMs can run. */
#include <errno.h>
#include <sched.h>
#include "mechanism/slots.h"

extern const struct vg_mechanism vg_mechanism_native;

static bool open_native(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                        struct vg_error *err)
{
    vg_autofree struct vg_slots *slots = vg_calloc(1, sizeof(*slots));
    if (!vg_slots_open(slots, &vg_mechanism_native, host, config, err))
        return false;
    *state = VG_TAKE(slots);
    return true;
}

static void close_native(void *state)
{
    vg_slots_close(state);
    free(state);
}

static bool discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    return vg_slots_discover(state, inventory, err);
}

static enum vg_refusal create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                              struct vg_vgpu **vgpu, struct vg_error *err)
{
    return vg_slots_create(state, pgpu_index, profile, vgpu, err);
}

static bool attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err)
{
    (void)vgpu;
    (void)err;
    const struct vg_slots *slots = state;
    *attachment = (struct vg_attachment) { .kind = VG_ATTACH_NOTHING,
                                           .environment = slots->config->environment.items,
                                           .environment_count = slots->config->environment.count,
                                           .hypervisors_driver = vg_equal(slots->config->driver, "hypervisor") };
    return true;
}

/* A native tenant gets the cores that a VM tenant and its renderer get together, or a comparison between them would
 * compare numbers of cores. On a host whose file names no cores, as with a real GPU, it runs where the kernel puts it.
 */
static bool adopt(void *state, const struct vg_policy_tenant *tenant, struct vg_error *err)
{
    const struct vg_slots *slots = state;
    const char *machine = slots->host->machine.vcpu_cpus;
    const char *pgpu =
        slots->host->pgpu_count > tenant->vgpu->pgpu_index ? slots->host->pgpus[tenant->vgpu->pgpu_index].cpus : NULL;
    cpu_set_t machine_cores, pgpu_cores, both;
    if (!machine || !pgpu || !vg_parse_cpu_list(machine, &machine_cores) || !vg_parse_cpu_list(pgpu, &pgpu_cores))
        return true;
    CPU_OR(&both, &machine_cores, &pgpu_cores);
    if (sched_setaffinity(tenant->pid, sizeof(both), &both) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot place the native tenant %s on cores %s and %s",
                             tenant->tenant, machine, pgpu);
    return true;
}

static enum vg_refusal policy(void *state, unsigned pgpu_index, const struct vg_host_policy *wanted,
                              const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    (void)state;
    (void)pgpu_index;
    (void)tenants;
    (void)tenant_count;
    if (vg_equal(wanted->name, "best-effort"))
        return VG_REFUSED_NOT; /* nothing to write, so nothing to read back */
    vg_fail(err, VG_ERROR_REFUSED,
            "native tenants share the GPU as the host's driver lets them: only best-effort can be had, not %s",
            wanted->name);
    return VG_REFUSED_UNSUPPORTED;
}

static bool destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    return vg_slots_destroy(state, vgpu, err);
}

VG_MECHANISM(native) = {
    .kind = VG_KIND_MECHANISM,
    .name = "native",
    .summary = "no VM: tenants are processes on the host, with the host's own driver",
    .why = "without a bare-metal reading nobody can say what virtualisation costs",
    .slot = VG_SLOT_VM_BOUND,
    .vm = false,
    .capabilities = "vulkan,gl",
    .identity = (const struct vg_identity[]) { { NULL, NULL } },
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*",
    .open = open_native,
    .close = close_native,
    .discover = discover,
    .create = create,
    .attach = attach,
    .adopt = adopt,
    .policy = policy,
    .destroy = destroy,
};
