/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The number of a type is written to a VF's current_vgpu_type, 0 takes it away; both are read back. Which types a free
 * VF offers depends on what the whole pGPU has. VFs are enabled by NVIDIA's sriov-manage: the driver refuses a raw
 * sriov_numvfs. Mixed-size mode must be set after that, since enabling VFs clears it, and only NVML can. */
#include <errno.h>
#include "mechanism/nvidia-setup.h"
#include "mechanism/nvidia-vf.h"
#include "machine/machine.h"
#include "mechanism/nvml.h"
#include "mechanism/pci.h"
#include "mechanism/sched-knobs.h"

static struct vg_nvml *nvml_of(const struct vg_vendor *vendor)
{
    return vendor->own;
}

bool vg_nvidia_vf_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                       const struct vg_host_mechanism *config, void **state, struct vg_error *err)
{
    struct vg_vendor *vendor = vg_vendor_open(mechanism, host, config);
    *state = vendor;
    bool good = true;
    for (unsigned i = 0; i < host->pgpu_count; i++)
        if (vg_vendor_is_mine(vendor, i) && !host->pgpus[i].pci)
            good = vg_fail(err, VG_ERROR_INPUT, "the pGPU %s needs `pci`, its address", host->pgpus[i].name);
    struct vg_nvml *nvml = NULL;
    good = good && vg_nvidia_open_nvml(vendor, &nvml, err);
    vendor->own = nvml;
    for (unsigned i = 0; good && i < host->pgpu_count; i++)
        good = vg_nvidia_set_up_first(vendor, i, err);
    if (!good) {
        vg_nvidia_vf_close(vendor);
        *state = NULL;
    }
    return good;
}

void vg_nvidia_vf_close(void *state)
{
    struct vg_vendor *vendor = state;
    struct vg_nvml *nvml = vendor->own;
    vg_vendor_close(vendor);
    vg_nvml_close(nvml);
}

bool vg_nvidia_vf_discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    return vg_vendor_discover(state, inventory, err);
}

static bool look_at_vf(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, unsigned index, struct vg_error *err)
{
    struct vg_vf_state *vf = &pgpu->vfs[index];
    vg_autofree char *current = vg_pci_path(vendor, vf->address, "nvidia/current_vgpu_type");
    vg_autofree char *creatable = vg_pci_path(vendor, vf->address, "nvidia/creatable_vgpu_types");
    vg_autofree char *text = NULL;
    uint64_t number;
    vf->profile = VG_ANY;
    if (!vg_vendor_number(current, UINT32_MAX, &number, err) || !vg_read_attribute(creatable, &text, err))
        return false;
    vf->taken = number != 0;
    if (vf->taken) {
        vg_autofree char *type = vg_format("%u", (unsigned)number);
        vf->profile = vg_vendor_profile(pgpu, type);
        vg_push(pgpu->vgpus, pgpu->vgpu_count) =
            (struct vg_live_vgpu) { .profile = vf->profile, .vf = (int)index, .placement_id = VG_ANY };
    }
    struct vg_sysfs_type types[VG_SYSFS_TYPES_MAX];
    unsigned count;
    if (!vg_sysfs_creatable(text, types, &count, err))
        return vg_wrap(err, "%s", creatable);
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *type = vg_format("%u", types[i].number);
        int profile = vg_vendor_profile(pgpu, type);
        if (profile < 0 || profile >= 64)
            continue;
        vf->offers |= UINT64_C(1) << profile;
        pgpu->profiles[profile].available++;
    }
    return true;
}

static bool look_at_places(struct vg_vendor *vendor, struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree struct vg_nvml_place *places = NULL;
    unsigned count = 0;
    if (!vg_nvidia_places(nvml_of(vendor), pgpu->host, false, &pgpu->mixed, &places, &count, err))
        return false;
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < pgpu->vgpu_count; j++)
            if (vg_equal(pgpu->vfs[pgpu->vgpus[j].vf].address, places[i].name))
                pgpu->vgpus[j].placement_id = (int)places[i].placement_id;
    return true;
}

/* The PF has no such file in any document; if it had, what it offers would be a second way to the VFs' memory. */
static bool look_at_pf(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree char *creatable = vg_pci_path(vendor, pgpu->host->pci, "nvidia/creatable_vgpu_types");
    vg_autofree char *text = NULL;
    struct vg_sysfs_type types[VG_SYSFS_TYPES_MAX];
    unsigned count = 0;
    pgpu->pf_was_read = true;
    if (!vg_exists(creatable))
        return true;
    if (!vg_read_attribute(creatable, &text, err) || !vg_sysfs_creatable(text, types, &count, err))
        return vg_wrap(err, "%s", creatable);
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *type = vg_format("%u", types[i].number);
        int profile = vg_vendor_profile(pgpu, type);
        if (profile >= 0 && profile < 64)
            pgpu->pf_offers |= UINT64_C(1) << profile;
    }
    return true;
}

static bool look(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (!vg_pci_look(vendor, pgpu_index, pgpu, err))
        return false;
    for (unsigned i = 0; i < pgpu->vf_count; i++)
        if (!look_at_vf(vendor, pgpu, i, err))
            return false;
    pgpu->live = pgpu->vgpu_count;
    return !pgpu->present || (look_at_pf(vendor, pgpu, err) && look_at_places(vendor, pgpu, err));
}

bool vg_nvidia_vf_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (look(state, pgpu_index, pgpu, err))
        return true;
    vg_pgpu_free(pgpu);
    return false;
}

static enum vg_refusal check_first(struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                   const struct vg_host_profile *profile, int *index, struct vg_error *err)
{
    *index = vg_vendor_profile(pgpu, vg_vendor_type(profile));
    if (pgpu->passed_through) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is in use: it is passed through as a whole", pgpu->name);
        return VG_REFUSED_BUSY;
    }
    if (*index < 0) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s does not support the profile %s", pgpu->name, profile->name);
        return VG_REFUSED_UNSUPPORTED;
    }
    if (!pgpu->vf_count) {
        vg_fail(err, VG_ERROR_REFUSED, "no VF of the pGPU %s is enabled; run sriov-manage -e %s", pgpu->name,
                pgpu->host->pci);
        return VG_REFUSED_DISABLED;
    }
    return pgpu->profiles[*index].available ? VG_REFUSED_NOT : vg_vendor_why_full(vendor, pgpu, profile, err);
}

static struct vg_vgpu *made_on(struct vg_vendor *vendor, const struct vg_create_as *how, unsigned vf,
                               const char *address)
{
    struct vg_vgpu *made = vg_vendor_made(vendor, how->pgpu_index, how->profile, "");
    made->vf = (int)vf;
    made->state = vg_strdup(address);
    return made;
}

static enum vg_vendor_seen look_for_type(const char *current, const char *type)
{
    struct vg_error ignored = { 0 };
    uint64_t now, wanted;
    if (vg_is_gone(current))
        return VG_SEEN_NOTHING;
    if (!vg_vendor_number(current, UINT32_MAX, &now, &ignored) || !vg_sysfs_number(type, UINT32_MAX, &wanted))
        return VG_SEEN_IT;
    return now == wanted ? VG_SEEN_IT : now ? VG_SEEN_ANOTHER : VG_SEEN_NOTHING;
}

static bool offers(const struct vg_vendor *vendor, const char *address, const struct vg_host_profile *profile)
{
    struct vg_sysfs_type types[VG_SYSFS_TYPES_MAX];
    struct vg_error ignored = { 0 };
    unsigned count = 0;
    uint64_t wanted;
    vg_autofree char *creatable = vg_pci_path(vendor, address, "nvidia/creatable_vgpu_types");
    vg_autofree char *text = NULL;
    if (!vg_sysfs_number(vg_vendor_type(profile), UINT32_MAX, &wanted) ||
        !vg_read_attribute(creatable, &text, &ignored) || !vg_sysfs_creatable(text, types, &count, &ignored))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (types[i].number == wanted)
            return true;
    return false;
}

/* Writes the type to one VF and looks whether it is there. *refused: there is none, and it is the driver's plain word
 * that it will not, so that another VF may do. */
static enum vg_refusal put(struct vg_vendor *vendor, const struct vg_create_as *how, unsigned vf, const char *address,
                           struct vg_vgpu **vgpu, bool *refused, struct vg_error *err)
{
    const char *type = vg_vendor_type(how->profile);
    vg_autofree char *current = vg_pci_path(vendor, address, "nvidia/current_vgpu_type");
    struct vg_vendor_making making = { .path = current, .value = type, .look = look_for_type, .at = current };
    uint64_t now, wanted;
    *refused = false;
    if (!vg_sysfs_number(type, UINT32_MAX, &wanted) || !wanted) {
        vg_fail(err, VG_ERROR_INPUT, "`%s` is no number of a vGPU type", type);
        return VG_REFUSED_ERROR;
    }
    vg_autofree char *device = vg_pci_path(vendor, address, NULL);
    if (!vg_ledger_note_given(device, NULL, err))
        return VG_REFUSED_ERROR;
    struct vg_vgpu *made = made_on(vendor, how, vf, address);
    enum vg_refusal refusal = vg_vendor_make(vendor, &making, err);
    if (refusal != VG_REFUSED_NOT && making.happened && vg_vendor_is_alone(vendor, made))
        return vg_vendor_take_back(vendor, made, true, err);
    if (refusal != VG_REFUSED_NOT) {
        *refused = making.plain || !offers(vendor, address, how->profile); /* some say EIO when they are full */
        vg_vendor_forget(vendor, made);
        vg_ledger_note_back(device, NULL);
        return refusal;
    }
    bool seen = vg_vendor_number(current, UINT32_MAX, &now, err);
    if (seen && now == wanted) {
        *vgpu = made;
        return VG_REFUSED_NOT;
    }
    if (seen)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver took the type %s for the VF %s, which now says %u", type,
                address, (unsigned)now);
    return vg_vendor_take_back(vendor, made, false, err);
}

static bool read_place(struct vg_vendor *vendor, struct vg_vgpu *made, const char *address, struct vg_error *err)
{
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[made->pgpu_index];
    vg_autofree struct vg_nvml_place *places = NULL;
    unsigned count = 0;
    bool mixed = false;
    if (!vg_nvidia_places(nvml_of(vendor), pgpu, false, &mixed, &places, &count, err))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (vg_equal(places[i].name, address))
            made->placement_id = (int)places[i].placement_id;
    return !mixed || made->placement_id >= 0 ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML tells no placement ID of the vGPU on %s", address);
}

static enum vg_refusal keep(struct vg_vendor *vendor, struct vg_vgpu *made, struct vg_vgpu **vgpu, struct vg_error *err)
{
    if (!vg_make_uuid(made->uuid, err) || !read_place(vendor, made, made->state, err))
        return vg_vendor_take_back(vendor, made, false, err);
    *vgpu = made;
    return VG_REFUSED_NOT;
}

/* What a VF says has a vGPU, or has none. One that cannot be read is neither. */
static bool says(const struct vg_vendor *vendor, const char *address, bool taken)
{
    struct vg_error ignored = { 0 };
    uint64_t now;
    vg_autofree char *current = vg_pci_path(vendor, address, "nvidia/current_vgpu_type");
    return vg_vendor_number(current, UINT32_MAX, &now, &ignored) && (now != 0) == taken;
}

static bool is_free(const struct vg_vendor *vendor, const char *address)
{
    return says(vendor, address, false);
}

static bool is_taken(const struct vg_vendor *vendor, const char *address)
{
    return says(vendor, address, true);
}

/* Why there is no room, from what one VF says: in equal-size mode all residents have the same size. VG_REFUSED_NOT: it
 * takes a look at everything to say. */
static enum vg_refusal why_in_short(const struct vg_vendor *vendor, const struct vg_create_as *how,
                                    struct vg_error *err)
{
    char vfs[VG_PCI_VFS_MAX][16];
    unsigned count;
    struct vg_error ignored = { 0 };
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[how->pgpu_index];
    if (!vg_host_pgpu_offers(pgpu, how->profile) || !vg_pci_vfs(vendor, pgpu->pci, vfs, &count, &ignored) || !count)
        return VG_REFUSED_NOT;
    bool mixed = false;
    if (vg_nvidia_wants_mixed(pgpu) && !vg_nvml_mixed(nvml_of(vendor), pgpu->pci, &mixed, &ignored))
        return VG_REFUSED_NOT;
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *current = vg_pci_path(vendor, vfs[i], "nvidia/current_vgpu_type");
        uint64_t number;
        if (!vg_vendor_number(current, UINT32_MAX, &number, &ignored))
            return VG_REFUSED_NOT;
        if (!number)
            continue;
        vg_autofree char *type = vg_format("%u", (unsigned)number);
        for (unsigned j = 0; j < vendor->config->profile_count && !mixed; j++) {
            const struct vg_host_profile *other = &vendor->config->profiles[j];
            if (!vg_equal(vg_vendor_type(other), type) || other->memory_bytes == how->profile->memory_bytes)
                continue;
            vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has vGPUs of profile %s, beside which it takes none of %s",
                    pgpu->name, other->name, how->profile->name);
            return VG_REFUSED_INCOMPATIBLE;
        }
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no room for another vGPU of profile %s", pgpu->name,
                how->profile->name);
        return VG_REFUSED_NO_CAPACITY;
    }
    return VG_REFUSED_NOT; /* empty, and yet it will not */
}

static enum vg_refusal create_blindly(struct vg_vendor *vendor, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                      struct vg_error *err)
{
    const char *pci = vendor->host->pgpus[how->pgpu_index].pci;
    vg_autofree char *virtfn = vg_format("virtfn%d", how->vf);
    vg_autofree char *link = vg_pci_path(vendor, pci, virtfn);
    vg_autofree char *address = vg_link_name(link);
    char all[VG_PCI_VFS_MAX][16];
    struct vg_vgpu *made = NULL;
    bool refused;
    unsigned count;
    if (!address) {
        if (!vg_pci_vfs(vendor, pci, all, &count, err)) /* it should be there */
            return VG_REFUSED_ERROR;
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no VF %d", vendor->host->pgpus[how->pgpu_index].name, how->vf);
        return VG_REFUSED_UNSUPPORTED;
    }
    enum vg_refusal refusal = put(vendor, how, (unsigned)how->vf, address, &made, &refused, err);
    if (refusal == VG_REFUSED_NOT)
        return keep(vendor, made, vgpu, err);
    if (refusal != VG_REFUSED_ERROR || !refused)
        return refusal;
    if (is_taken(vendor, address)) {
        vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", address);
        return VG_REFUSED_NO_CAPACITY;
    }
    enum vg_refusal why = is_free(vendor, address) && !offers(vendor, address, how->profile)
                              ? why_in_short(vendor, how, err)
                              : VG_REFUSED_NOT;
    return why == VG_REFUSED_NOT ? refusal : why;
}

/* The lowest free VF if it offers the type, without a look at all the others. -1: none. */
static int first_free(const struct vg_vendor *vendor, const struct vg_create_as *how, struct vg_pgpu *pgpu)
{
    char vfs[VG_PCI_VFS_MAX][16];
    unsigned count;
    struct vg_error ignored = { 0 };
    const char *pci = vendor->host->pgpus[how->pgpu_index].pci;
    if (!vg_vendor_pgpu(vendor, how->pgpu_index, pgpu, &ignored) || !vg_pci_vfs(vendor, pci, vfs, &count, &ignored))
        return -1;
    pgpu->vfs = vg_calloc(count + 1, sizeof(*pgpu->vfs));
    pgpu->vf_count = count;
    for (unsigned i = 0; i < count; i++) {
        memcpy(pgpu->vfs[i].address, vfs[i], sizeof(vfs[i]));
        if (is_free(vendor, vfs[i]))
            return offers(vendor, vfs[i], how->profile) ? (int)i : -1; /* free VFs of one pGPU all offer the same */
    }
    return -1;
}

enum vg_refusal vg_nvidia_vf_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                       struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_vgpu *made = NULL;
    enum vg_refusal refusal;
    bool refused;
    int index;
    if (how->blind && how->vf >= 0 && how->vf < VG_PCI_VFS_MAX)
        return create_blindly(vendor, how, vgpu, err);
    if (how->vf == VG_ANY && vendor->host->pgpus[how->pgpu_index].pci && vg_vendor_is_mine(vendor, how->pgpu_index)) {
        int vf = first_free(vendor, how, &pgpu);
        refused = true;
        refusal = vf < 0 ? VG_REFUSED_NO_CAPACITY
                         : put(vendor, how, (unsigned)vf, pgpu.vfs[vf].address, &made, &refused, err);
        vg_pgpu_free(&pgpu);
        if (refusal == VG_REFUSED_NOT)
            return keep(vendor, made, vgpu, err);
        if (!refused)
            return refusal;
        enum vg_refusal why = vf < 0 ? why_in_short(vendor, how, err) : VG_REFUSED_NOT;
        if (why != VG_REFUSED_NOT)
            return why;
        /* the long way */
    }
    if (!vg_nvidia_vf_look(vendor, how->pgpu_index, &pgpu, err))
        return VG_REFUSED_ERROR;
    refusal = check_first(vendor, &pgpu, how->profile, &index, err);
    bool wants_taken = how->vf >= 0 && (unsigned)how->vf < pgpu.vf_count && pgpu.vfs[how->vf].taken;
    if (wants_taken && refusal == VG_REFUSED_NOT) { /* a driver that took it all the same would take it from somebody */
        vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", pgpu.vfs[how->vf].address);
        refusal = VG_REFUSED_NO_CAPACITY;
    }
    if (refusal != VG_REFUSED_NOT && (wants_taken || how->vf == VG_ANY))
        return refusal;
    for (unsigned i = 0; i < pgpu.vf_count; i++) {
        if (how->vf == VG_ANY ? pgpu.vfs[i].taken || !(pgpu.vfs[i].offers >> index & 1) : how->vf != (int)i)
            continue;
        bool was_taken = is_taken(vendor, pgpu.vfs[i].address);
        refusal = put(vendor, how, i, pgpu.vfs[i].address, &made, &refused, err);
        if (refusal == VG_REFUSED_NOT)
            return keep(vendor, made, vgpu, err);
        if (!refused)
            return refusal; /* no word about this VF: on the next one it might go wrong as well */
        if (was_taken || is_taken(vendor, pgpu.vfs[i].address)) {
            /* Somebody else has this VF: an operation that the driver does not allow on it. Others may be free. */
            vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", pgpu.vfs[i].address);
            refusal = VG_REFUSED_NO_CAPACITY;
            continue;
        }
        /* The VF is free, and yet the driver will not: did the last room go meanwhile? */
        struct vg_pgpu now VG_CLEANUP(vg_pgpu_free) = { 0 };
        struct vg_error ignored = { 0 };
        if (refusal == VG_REFUSED_ERROR && vg_nvidia_vf_look(vendor, how->pgpu_index, &now, &ignored) && index >= 0 &&
            !now.profiles[index].available)
            return vg_vendor_why_full(vendor, &now, how->profile, err);
        return refusal;
    }
    if (refusal == VG_REFUSED_NOT) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no such VF", pgpu.name);
        refusal = VG_REFUSED_UNSUPPORTED;
    }
    return refusal;
}

enum vg_refusal vg_nvidia_vf_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                    struct vg_vgpu **vgpu, struct vg_error *err)
{
    struct vg_create_as how = { .pgpu_index = pgpu_index, .profile = profile, .vf = VG_ANY };
    return vg_nvidia_vf_create_as(state, &how, vgpu, err);
}

/* The VF is with the vendor's driver already, so libvirt must leave it there. */
bool vg_nvidia_vf_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment,
                         struct vg_error *err)
{
    (void)state;
    return vg_pci_attachment(vgpu->state, false, attachment, err);
}

/* What is in force already needs no setting. NVML can change it while no VM runs, where it can at all; else it is the
 * module's parameter, and that takes a reboot. */
enum vg_refusal vg_nvidia_vf_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                    const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    enum { NS_PER_US = 1000 };
    const struct vg_vendor *vendor = state;
    const char *pci = vendor->host->pgpus[pgpu_index].pci;
    struct vg_error ignored = { 0 };
    (void)tenants;
    (void)tenant_count;
    struct vg_nvml_scheduler *nvml = vg_nvml_scheduler_open(vendor->host->root, &ignored);
    if (!nvml)
        return vg_nvidia_scheduling_require(vendor->host->root, pci, policy, err);
    unsigned slice_ns = policy->slice_us * NS_PER_US;
    struct vg_nvml_state now;
    bool same = vg_nvml_scheduler_state(nvml, pci, &now, &ignored) && vg_equal(now.policy, policy->name) &&
                (!slice_ns || now.slice_ns == slice_ns);
    enum vg_refusal refusal = same ? VG_REFUSED_NOT : vg_nvml_scheduler_set(nvml, pci, policy->name, slice_ns, err);
    vg_nvml_scheduler_close(nvml);
    return refusal == VG_REFUSED_UNSUPPORTED ? vg_nvidia_scheduling_require(vendor->host->root, pci, policy, err)
                                             : refusal;
}

bool vg_nvidia_vf_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    if (!vg_vendor_knows(vendor, vgpu))
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU that %s does not know cannot be destroyed", vendor->config->name);
    vg_autofree char *current = vg_pci_path(vendor, vgpu->state, "nvidia/current_vgpu_type");
    struct vg_error ignored = { 0 };
    uint64_t now = 1;
    /* VFs that were disabled took their vGPUs with them; and the driver refuses to take away what is not there. */
    bool there = !vg_is_gone(current) && (!vg_vendor_number(current, UINT32_MAX, &now, &ignored) || now);
    now = 0;
    if (there && vg_vendor_remove(vendor, current, "0", err) != VG_REFUSED_NOT)
        return vg_wrap(err, "the vGPU on %s cannot be removed", (const char *)vgpu->state);
    if (there && !vg_vendor_wait_zero(vendor, current, &now, err))
        return false;
    if (now)
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the driver said that it removed the vGPU on %s, but type %u is still there",
                       (const char *)vgpu->state, (unsigned)now);
    vg_autofree char *device = vg_pci_path(vendor, vgpu->state, NULL);
    vg_ledger_note_back(device, NULL);
    vg_vendor_forget(vendor, vgpu);
    return true;
}

enum vg_refusal vg_nvidia_vf_setup(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted,
                                   struct vg_error *err)
{
    return vg_nvidia_setup(state, nvml_of(state), pgpu_index, wanted, err);
}

bool vg_nvidia_vf_placements(void *state, unsigned pgpu_index, bool supported, struct vg_placements **items,
                             unsigned *count, struct vg_error *err)
{
    return vg_nvidia_placements(state, nvml_of(state), pgpu_index, supported, items, count, err);
}

bool vg_nvidia_vf_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err)
{
    return vg_pci_device(state, vgpu->state, path, err);
}
