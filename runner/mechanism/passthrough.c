/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole pGPU for one VM: vfio-pci takes it from its driver, and nothing of it may be in use as vGPU. The kernel
 * would not ask: taking the driver away takes every vGPU with it, so that is looked for first. */
#include "mechanism/nvidia-limits.h"
#include "mechanism/pci.h"

extern const struct vg_mechanism vg_mechanism_passthrough;

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    (void)err;
    *state = vg_vendor_open(&vg_mechanism_passthrough, host, config);
    return true;
}

static void close_mechanism(void *state)
{
    vg_vendor_close(state);
}

static bool discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    return vg_vendor_discover(state, inventory, err);
}

/* Capacity is binary. A pGPU of another mechanism can be passed through too: profiles are this mechanism's own. */
static bool look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    unsigned users = 0;
    *pgpu = (struct vg_pgpu) { 0 };
    if (pgpu_index >= vendor->host->pgpu_count)
        return vg_fail(err, VG_ERROR_INPUT, "the host %s has no pGPU number %u", vendor->host->name, pgpu_index);
    pgpu->host = &vendor->host->pgpus[pgpu_index];
    snprintf(pgpu->name, sizeof(pgpu->name), "%s", pgpu->host->name);
    if (!pgpu->host->pci)
        return true;
    if (!vg_pci_users(vendor, pgpu->host->pci, &users, err))
        return false;
    vg_autofree char *driver = vg_pci_driver(vendor, pgpu->host->pci);
    pgpu->present = true;
    pgpu->passed_through = vg_equal(driver, "vfio-pci");
    pgpu->live = pgpu->passed_through + users;
    pgpu->profiles = vg_calloc(vendor->config->profile_count + 1, sizeof(*pgpu->profiles));
    pgpu->profile_count = vendor->config->profile_count;
    for (unsigned i = 0; i < pgpu->profile_count; i++)
        pgpu->profiles[i] = (struct vg_profile_state) { .profile = &vendor->config->profiles[i],
                                                        .available = pgpu->live == 0,
                                                        .max = 1 };
    return true;
}

static enum vg_refusal check_first(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree char *boot = pgpu->host->pci ? vg_pci_path(vendor, pgpu->host->pci, "boot_vga") : NULL;
    uint64_t is_boot = 0;
    if (boot && vg_exists(boot) && !vg_vendor_number(boot, 1, &is_boot, err))
        return VG_REFUSED_ERROR;
    if (!boot || is_boot) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is %s", pgpu->name,
                boot ? "the host's own display" : "no PCI device");
        return VG_REFUSED_UNSUPPORTED;
    }
    if (pgpu->passed_through) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is passed through already", pgpu->name);
        return VG_REFUSED_NO_CAPACITY;
    }
    if (pgpu->live) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is in use: it has %u vGPUs", pgpu->name, pgpu->live);
        return VG_REFUSED_BUSY;
    }
    return VG_REFUSED_NOT;
}

static bool destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    if (!vg_vendor_knows(vendor, vgpu))
        return vg_fail(err, VG_ERROR_INPUT, "a pGPU that was not passed through here cannot be taken back");
    if (vg_pci_give_back(vendor, vgpu->state, err) != VG_REFUSED_NOT)
        return vg_wrap(err, "the pGPU %s cannot be taken back", (const char *)vgpu->state);
    vg_vendor_forget(vendor, vgpu);
    return true;
}

static enum vg_refusal create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                              struct vg_vgpu **vgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    char uuid[37];
    if (!look(vendor, pgpu_index, &pgpu, err) || !vg_make_uuid(uuid, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = check_first(vendor, &pgpu, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    struct vg_pci_given *function = vg_calloc(1, sizeof(*function));
    snprintf(function->address, sizeof(function->address), "%s", pgpu.host->pci);
    struct vg_vgpu *made = vg_vendor_made(vendor, pgpu_index, profile, uuid);
    made->state = function;
    refusal = vg_pci_give(vendor, function, err);
    struct vg_error ignored = { 0 };
    if (refusal == VG_REFUSED_NOT)
        *vgpu = made;
    else
        destroy(vendor, made, &ignored); /* or it stays on the list for close */
    return refusal;
}

/* libvirt leaves the device with vfio-pci: it was put there with a look at what it might hurt. */
static bool attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err)
{
    (void)state;
    return vg_pci_attachment(vgpu->state, false, attachment, err);
}

static enum vg_refusal policy(void *state, unsigned pgpu_index, const struct vg_host_policy *wanted,
                              const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    (void)state;
    (void)pgpu_index;
    (void)tenants;
    (void)tenant_count;
    vg_fail(err, VG_ERROR_REFUSED, "a pGPU with one user has nothing to schedule: no policy %s", wanted->name);
    return VG_REFUSED_UNSUPPORTED;
}

static bool device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err)
{
    return vg_pci_device(state, vgpu->state, path, err);
}

VG_MECHANISM(passthrough) = {
    .kind = VG_KIND_MECHANISM,
    .name = "passthrough",
    .summary = "a whole pGPU for one VM, by vfio-pci",
    .why = "a pGPU that is given away as a whole while its parts are sold is sold twice",
    .slot = VG_SLOT_INSTANCE_BOUND,
    .vm = true,
    .capabilities = "vulkan,gl",
    .identity = (const struct vg_identity[]) { { NULL, NULL } },
    .software_drivers = "llvmpipe*,softpipe*,swrast*,MESA_LLVMPIPE,GOOGLE_SWIFTSHADER,SwiftShader*",
    .capacity = "remaining",
    .open = open_mechanism,
    .close = close_mechanism,
    .discover = discover,
    .look = look,
    .create = create,
    .attach = attach,
    .policy = policy,
    .destroy = destroy,
    .device = device,
    .limit = vg_passthrough_limit,
};
