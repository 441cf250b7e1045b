/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No virtualisation: a tenant is a process of this host with the host's own driver. The bare-metal reference that every
 * other mechanism is compared with, and what a machine with a GPU but without VMs can run. */
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
                                           .environment_count = slots->config->environment.count };
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
    .policy = policy,
    .destroy = destroy,
};
