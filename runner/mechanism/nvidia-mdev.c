/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Older pGPUs are parents of mediated devices themselves. Those with SR-IOV have VFs, enabled by sriov-manage, and each
 * VF is a parent that takes one device; the rules of what fits are still the whole pGPU's. */
#include "mechanism/mdev.h"
#include "mechanism/nvidia-limits.h"
#include "mechanism/nvidia-setup.h"

extern const struct vg_mechanism vg_mechanism_nvidia_mdev;

static struct vg_mdev *own_of(const struct vg_vendor *vendor)
{
    return vendor->own;
}

static void close_mechanism(void *state)
{
    struct vg_nvml *nvml = own_of(state)->extra;
    vg_mdev_close(state);
    vg_nvml_close(nvml);
}

static bool open_mechanism(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                           struct vg_error *err)
{
    if (!vg_mdev_open(&vg_mechanism_nvidia_mdev, host, config, state, err))
        return false;
    struct vg_vendor *vendor = *state;
    struct vg_nvml *nvml = NULL;
    own_of(vendor)->vfs = true;
    bool good = vg_nvidia_open_nvml(vendor, &nvml, err);
    own_of(vendor)->extra = nvml;
    for (unsigned i = 0; good && i < host->pgpu_count; i++)
        good = !host->pgpus[i].vfs || vg_nvidia_set_up_first(vendor, i, err);
    if (good)
        return true;
    close_mechanism(vendor);
    *state = NULL;
    return false;
}

static bool look_at_places(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree struct vg_nvml_place *places = NULL;
    unsigned count = 0;
    if (!vg_nvidia_places(own_of(vendor)->extra, pgpu->host, true, &pgpu->mixed, &places, &count, err))
        return false;
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < pgpu->vgpu_count; j++)
            if (vg_equal(pgpu->vgpus[j].uuid, places[i].name))
                pgpu->vgpus[j].placement_id = (int)places[i].placement_id;
    return true;
}

static bool look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (!vg_mdev_look(state, pgpu_index, pgpu, err))
        return false;
    if (!vg_vendor_is_mine(state, pgpu_index) || !pgpu->present || look_at_places(state, pgpu, err))
        return true;
    vg_pgpu_free(pgpu);
    return false;
}

static enum vg_refusal create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                 struct vg_error *err)
{
    const struct vg_vendor *vendor = state;
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[how->pgpu_index];
    vg_autofree struct vg_nvml_place *places = NULL;
    unsigned count = 0;
    bool mixed;
    enum vg_refusal refusal = vg_mdev_create_as(state, how, vgpu, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    struct vg_vgpu *made = *vgpu;
    bool told = vg_nvidia_places(own_of(vendor)->extra, pgpu, true, &mixed, &places, &count, err);
    for (unsigned i = 0; told && i < count; i++)
        if (vg_equal(places[i].name, made->uuid))
            made->placement_id = (int)places[i].placement_id;
    if (told && (!mixed || made->placement_id >= 0))
        return VG_REFUSED_NOT;
    if (told)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML tells no placement ID of the vGPU %s", made->uuid);
    *vgpu = NULL;
    return vg_vendor_take_back(state, made, false, err); /* where it lies is not known */
}

static enum vg_refusal create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                              struct vg_vgpu **vgpu, struct vg_error *err)
{
    const struct vg_create_as how = { .pgpu_index = pgpu_index, .profile = profile, .vf = VG_ANY };
    return create_as(state, &how, vgpu, err);
}

static bool placements(void *state, unsigned pgpu_index, bool supported, struct vg_placements **items, unsigned *count,
                       struct vg_error *err)
{
    return vg_nvidia_placements(state, own_of(state)->extra, pgpu_index, supported, items, count, err);
}

static enum vg_refusal setup(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted, struct vg_error *err)
{
    const struct vg_vendor *vendor = state;
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[pgpu_index];
    if (pgpu->vfs)
        return vg_nvidia_setup(state, own_of(vendor)->extra, pgpu_index, wanted, err);
    vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no VFs (`vfs` of the host file), and no modes", pgpu->name);
    return VG_REFUSED_UNSUPPORTED;
}

VG_MECHANISM(nvidia_mdev) = {
    .kind = VG_KIND_MECHANISM,
    .name = "nvidia-mdev",
    .summary = "NVIDIA's time-sliced vGPU over mediated devices, of a pGPU or of its virtual functions",
    .why = "a type that another type should have shut out takes memory that was sold already",
    .capacity = "same-type",
    VG_MDEV_CALLS,
    .open = open_mechanism,
    .close = close_mechanism,
    .look = look,
    .create = create,
    .create_as = create_as,
    .placements = placements,
    .setup = setup,
    .limit = vg_nvidia_limit,
};
