/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VFs by sriov_numvfs (from one number to another through 0), each given to vfio-pci by driver_override; seen by
 * looking who has it. Their share of time, where the driver lets it be set, is sched-intel.c's or sched-gim.c's. */
#include <errno.h>
#include "machine/machine.h"
#include "mechanism/pci.h"
#include "mechanism/sched-knobs.h"
#include "mechanism/sriov.h"

bool vg_sriov_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                   const struct vg_host_mechanism *config, void **state, struct vg_error *err)
{
    struct vg_vendor *vendor = vg_vendor_open(mechanism, host, config);
    *state = vendor;
    bool good = true;
    for (unsigned i = 0; good && i < host->pgpu_count; i++) {
        const struct vg_host_pgpu *pgpu = &host->pgpus[i];
        struct vg_pgpu_setup setup = { .vfs = (int)pgpu->vfs, .mixed = VG_ANY };
        struct vg_pgpu now = { 0 };
        if (!vg_vendor_is_mine(vendor, i))
            continue;
        if (!pgpu->pci || !pgpu->vfs)
            good = vg_fail(err, VG_ERROR_INPUT, "the pGPU %s needs `pci`, its address, and `vfs`, how many to enable",
                           pgpu->name);
        good = good && vg_sriov_look(vendor, i, &now, err) &&
               (now.passed_through || now.live || vg_sriov_setup(vendor, i, &setup, err) == VG_REFUSED_NOT);
        vg_pgpu_free(&now);
    }
    if (!good) {
        vg_sriov_close(vendor);
        *state = NULL;
    }
    return good;
}

void vg_sriov_close(void *state)
{
    vg_vendor_close(state);
}

bool vg_sriov_discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    return vg_vendor_discover(state, inventory, err);
}

static void take_part(struct vg_vf_state *vf, const struct vg_sysfs_range *range)
{
    vf->memory_bytes += range->bytes; /* of all tiles */
    if (range->bytes)
        return;
    vf->first_address = range->first;
    vf->addresses = range->last - range->first + 1;
}

/* What one file of debugfs says of each VF's part. Debugging files: their absence is no error. */
static bool look_at_parts(const char *path, struct vg_pgpu *pgpu, bool *there, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    struct vg_sysfs_range ranges[VG_SYSFS_RANGES_MAX];
    unsigned count;
    *there = vg_exists(path);
    if (!*there)
        return true;
    if (!vg_read_attribute(path, &text, err) || !vg_sysfs_ranges(text, ranges, &count, err))
        return vg_wrap(err, "%s", path);
    for (unsigned j = 0; j < count; j++) {
        if (ranges[j].function && ranges[j].function <= pgpu->vf_count)
            take_part(&pgpu->vfs[ranges[j].function - 1], &ranges[j]);
        for (unsigned k = 0; k < pgpu->vgpu_count; k++) {
            struct vg_live_vgpu *vgpu = &pgpu->vgpus[k];
            if (ranges[j].function != (unsigned)vgpu->vf + 1)
                continue;
            vgpu->memory_bytes += ranges[j].bytes; /* of all tiles */
            if (ranges[j].bytes)
                continue;
            vgpu->first_address = ranges[j].first;
            vgpu->addresses = ranges[j].last - ranges[j].first + 1;
        }
    }
    return true;
}

/* How much memory each VF has, of all tiles; older: where drivers had it that knew no tiles there. */
static bool look_at_memory(const char *debug, bool older, struct vg_pgpu *pgpu, bool *any, struct vg_error *err)
{
    enum { TILES = 4 };
    *any = false;
    for (unsigned tile = 0; tile < TILES; tile++) {
        vg_autofree char *path = older ? vg_format("%s/gt%u/pf/lmem_provisioned", debug, tile)
                                       : vg_format("%s/sriov/pf/tile%u/vram_provisioned", debug, tile);
        bool there;
        if (!look_at_parts(path, pgpu, &there, err))
            return false;
        *any = *any || there;
    }
    return true;
}

bool vg_sriov_memory_of(const struct vg_vendor *vendor, const char *pci, int vf, bool *known, uint64_t *bytes,
                        struct vg_error *err)
{
    struct vg_live_vgpu one = { .vf = vf };
    struct vg_pgpu pgpu = { .vgpus = &one, .vgpu_count = 1 };
    vg_autofree char *debug = vg_vendor_path(vendor, "sys/kernel/debug/dri/%s", pci);
    bool read =
        look_at_memory(debug, false, &pgpu, known, err) && (*known || look_at_memory(debug, true, &pgpu, known, err));
    *bytes = one.memory_bytes;
    return read;
}

/* Where xe tells what each VF was given: how much memory, and which graphics addresses of the first tile. */
static bool look_at_ranges(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree char *debug = vg_vendor_path(vendor, "sys/kernel/debug/dri/%s", pgpu->host->pci);
    vg_autofree char *addresses = vg_format("%s/sriov/pf/tile0/ggtt_provisioned", debug);
    vg_autofree char *older = vg_format("%s/gt0/pf/ggtt_provisioned", debug);
    bool there, any;
    return look_at_parts(addresses, pgpu, &there, err) && (there || look_at_parts(older, pgpu, &there, err)) &&
           look_at_memory(debug, false, pgpu, &any, err) && (any || look_at_memory(debug, true, pgpu, &any, err));
}

static bool look(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (!vg_pci_look(vendor, pgpu_index, pgpu, err))
        return false;
    for (unsigned i = 0; i < pgpu->vf_count; i++) {
        struct vg_vf_state *vf = &pgpu->vfs[i];
        vg_autofree char *has = vg_pci_driver(vendor, vf->address);
        vf->taken = vg_equal(has, "vfio-pci");
        vf->profile = vf->taken && pgpu->profile_count ? 0 : VG_ANY; /* VFs are all alike */
        if (vf->taken)
            vg_push(pgpu->vgpus, pgpu->vgpu_count) =
                (struct vg_live_vgpu) { .profile = vf->profile, .vf = (int)i, .placement_id = VG_ANY };
        for (unsigned j = 0; j < pgpu->profile_count && !vf->taken; j++) {
            vf->offers |= UINT64_C(1) << j;
            pgpu->profiles[j].available++;
        }
    }
    for (unsigned j = 0; j < pgpu->profile_count; j++)
        pgpu->profiles[j].max = pgpu->vf_count;
    pgpu->live = pgpu->vgpu_count;
    return !pgpu->vf_count || look_at_ranges(vendor, pgpu, err);
}

bool vg_sriov_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (look(state, pgpu_index, pgpu, err))
        return true;
    vg_pgpu_free(pgpu);
    return false;
}

static enum vg_refusal check_first(struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                   const struct vg_host_profile *profile, struct vg_error *err)
{
    int index = vg_vendor_profile(pgpu, vg_vendor_type(profile));
    if (pgpu->passed_through) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is in use: it is passed through as a whole", pgpu->name);
        return VG_REFUSED_BUSY;
    }
    if (index < 0) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s does not support the profile %s", pgpu->name, profile->name);
        return VG_REFUSED_UNSUPPORTED;
    }
    if (!pgpu->vf_count) {
        vg_fail(err, VG_ERROR_REFUSED, "no VF of the pGPU %s is enabled", pgpu->name);
        return VG_REFUSED_DISABLED;
    }
    return pgpu->profiles[index].available ? VG_REFUSED_NOT : vg_vendor_why_full(vendor, pgpu, profile, err);
}

static enum vg_refusal is_taken(const struct vg_pgpu *pgpu, int vf, struct vg_error *err)
{
    vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", pgpu->vfs[vf].address);
    return VG_REFUSED_NO_CAPACITY;
}

/* Exactly one VF is wanted: is there one, and free? Whether others are makes no difference. */
static enum vg_refusal check_named(const struct vg_pgpu *pgpu, int vf, struct vg_error *err)
{
    if (vf < 0 || (unsigned)vf >= pgpu->vf_count) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no VF %d, only 0 to %u", pgpu->name, vf, pgpu->vf_count - 1);
        return VG_REFUSED_UNSUPPORTED;
    }
    return pgpu->vfs[vf].taken ? is_taken(pgpu, vf, err) : VG_REFUSED_NOT;
}

/* Two that want the same VF: the kernel lets both bind it, since it is bound once and for all; so that is settled here,
 * within this process. Another manager on the same host is not its subject. */
static bool claim(struct vg_vendor *vendor, unsigned pgpu_index, unsigned vf)
{
    for (unsigned i = 0; i < vendor->made_count; i++)
        if (vendor->made[i]->pgpu_index == pgpu_index && vendor->made[i]->vf == (int)vf)
            return false;
    return true;
}

enum vg_refusal vg_sriov_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                   struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    char uuid[37];
    if (!vg_sriov_look(vendor, how->pgpu_index, &pgpu, err) || !vg_make_uuid(uuid, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = check_first(vendor, &pgpu, how->profile, err);
    if (how->vf != VG_ANY && (refusal == VG_REFUSED_NOT || refusal == VG_REFUSED_NO_CAPACITY))
        refusal = check_named(&pgpu, how->vf, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    for (unsigned i = 0; i < pgpu.vf_count; i++) {
        if (pgpu.vfs[i].taken || (how->vf != VG_ANY && how->vf != (int)i))
            continue;
        struct vg_vgpu *made = NULL;
        pthread_mutex_lock(&vendor->lock);
        if (claim(vendor, how->pgpu_index, i)) {
            made = vg_calloc(1, sizeof(*made));
            *made = (struct vg_vgpu) { .mechanism = vendor->mechanism,
                                       .profile = how->profile,
                                       .pgpu_index = how->pgpu_index,
                                       .vf = (int)i,
                                       .placement_id = VG_ANY,
                                       .state = vg_calloc(1, sizeof(struct vg_sriov_vf)) };
            memcpy(made->state, pgpu.vfs[i].address, sizeof(pgpu.vfs[i].address));
            memcpy(made->uuid, uuid, sizeof(uuid));
            vg_push(vendor->made, vendor->made_count) = made;
        }
        pthread_mutex_unlock(&vendor->lock);
        if (!made)
            continue;
        refusal = vg_sriov_give_memory(vendor, made, err);
        if (refusal == VG_REFUSED_NOT)
            refusal = vg_pci_give(vendor, made->state, err);
        if (refusal == VG_REFUSED_NOT) {
            *vgpu = made;
            return refusal;
        }
        struct vg_error ignored = { 0 };
        vg_sriov_destroy(vendor, made, &ignored); /* or it stays on the list for close */
        return refusal;
    }
    return how->vf == VG_ANY ? vg_vendor_why_full(vendor, &pgpu, how->profile, err) : is_taken(&pgpu, how->vf, err);
}

enum vg_refusal vg_sriov_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                struct vg_vgpu **vgpu, struct vg_error *err)
{
    struct vg_create_as how = { .pgpu_index = pgpu_index, .profile = profile, .vf = VG_ANY };
    return vg_sriov_create_as(state, &how, vgpu, err);
}

bool vg_sriov_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err)
{
    (void)state;
    /* It is with vfio-pci already, and stays there when the VM ends: the slot belongs to the instance. */
    return vg_pci_attachment(vgpu->state, false, attachment, err);
}

bool vg_sriov_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    if (!vg_vendor_knows(vendor, vgpu))
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU that %s does not know cannot be destroyed", vendor->config->name);
    if (vg_pci_give_back(vendor, vgpu->state, err) != VG_REFUSED_NOT)
        return vg_wrap(err, "the VF %s cannot be taken back", (const char *)vgpu->state);
    if (!vg_sriov_take_memory(vendor, vgpu, err))
        return false;
    vg_vendor_forget(vendor, vgpu);
    return true;
}

/* Whether the host's own drivers take VFs as soon as they are there: off while VFs are being enabled, since a driver
 * that took one would have to be driven out again. *before: as it was; a kernel without the file has no choice. */
static bool set_autoprobe(const struct vg_vendor *vendor, const char *pci, uint64_t wanted, uint64_t *before,
                          struct vg_error *err)
{
    vg_autofree char *path = vg_pci_path(vendor, pci, "sriov_drivers_autoprobe");
    vg_autofree char *text = vg_format("%u", (unsigned)wanted);
    uint64_t now;
    *before = wanted;
    if (vg_is_gone(path))
        return true;
    if (!vg_vendor_number(path, 1, before, err))
        return false;
    if (*before == wanted)
        return true;
    if (!wanted && !vg_ledger_note_set(path, *before, wanted, err))
        return false;
    if (vg_vendor_write(vendor, path, text, err) != VG_REFUSED_NOT || !vg_vendor_number(path, 1, &now, err))
        return false;
    if (now != wanted)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s was set to %s without an error and is not as it was set", path,
                       text);
    if (wanted)
        vg_ledger_note_reset(path);
    return true;
}

static enum vg_refusal write_vfs(struct vg_vendor *vendor, const char *pci, unsigned vfs, bool once,
                                 struct vg_error *err)
{
    vg_autofree char *path = vg_pci_path(vendor, pci, "sriov_numvfs");
    vg_autofree char *device = vg_pci_path(vendor, pci, NULL);
    vg_autofree char *text = vg_format("%u", vfs);
    uint64_t now;
    if (!vg_vendor_number(path, 65535, &now, err) || !vg_ledger_note_vfs(device, (unsigned)now, vfs, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = once ? vg_vendor_write_once(path, text, err) : vg_vendor_write(vendor, path, text, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_vendor_number(path, 65535, &now, err))
        return VG_REFUSED_ERROR;
    if (now == vfs)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver took %u VFs for %s, and has %u", vfs, pci, (unsigned)now);
    return VG_REFUSED_ERROR;
}

static enum vg_refusal enable_vfs(struct vg_vendor *vendor, const char *pci, unsigned vfs, struct vg_error *err)
{
    struct vg_error failed = { 0 };
    uint64_t before, off;
    bool set = set_autoprobe(vendor, pci, 0, &before, err);
    enum vg_refusal refusal = set ? write_vfs(vendor, pci, vfs, false, err) : VG_REFUSED_ERROR;
    if (!before || set_autoprobe(vendor, pci, before, &off, &failed))
        return refusal;
    if (refusal == VG_REFUSED_NOT)
        *err = failed;
    return VG_REFUSED_ERROR;
}

enum vg_refusal vg_sriov_setup(void *state, unsigned pgpu_index, const struct vg_pgpu_setup *wanted,
                               struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    if (!vg_sriov_look(vendor, pgpu_index, &pgpu, err))
        return VG_REFUSED_ERROR;
    if (wanted->mixed != VG_ANY) {
        vg_fail(err, VG_ERROR_REFUSED, "%s has no mixed-size mode", vendor->config->name);
        return VG_REFUSED_UNSUPPORTED;
    }
    if (wanted->vfs != VG_ANY && wanted->blind)
        return write_vfs(vendor, pgpu.host->pci, (unsigned)wanted->vfs, true, err);
    if (wanted->vfs == VG_ANY || (unsigned)wanted->vfs == pgpu.vf_count)
        return VG_REFUSED_NOT;
    vg_autofree char *path = vg_pci_path(vendor, pgpu.host->pci, "sriov_totalvfs");
    uint64_t total;
    if (!vg_vendor_number(path, 65535, &total, err))
        return VG_REFUSED_ERROR;
    if ((unsigned)wanted->vfs > total) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has %u VFs at most, not %d", pgpu.name, (unsigned)total,
                wanted->vfs);
        return VG_REFUSED_UNSUPPORTED;
    }
    if (pgpu.live) {
        vg_fail(err, VG_ERROR_REFUSED, "%u VFs of the pGPU %s are in use", pgpu.live, pgpu.name);
        return VG_REFUSED_BUSY;
    }
    enum vg_refusal refusal = pgpu.vf_count ? write_vfs(vendor, pgpu.host->pci, 0, false, err) : VG_REFUSED_NOT;
    return refusal == VG_REFUSED_NOT && wanted->vfs ? enable_vfs(vendor, pgpu.host->pci, (unsigned)wanted->vfs, err)
                                                    : refusal;
}

bool vg_sriov_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err)
{
    return vg_pci_device(state, vgpu->state, path, err);
}

enum vg_refusal vg_sriov_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    const char *root = vendor->host->root, *pci = vendor->host->pgpus[pgpu_index].pci;
    bool best_effort = vg_equal(policy->name, "best-effort"), intel = vg_intel_scheduling_there(root, pci);
    if (vg_gim_is_loaded(root) && !intel)
        return vg_gim_policy_require(root, pgpu_index, policy, err);
    if (intel && (best_effort || vg_equal(policy->name, "xe-quanta")))
        return vg_intel_scheduling_policy(root, pci, policy, tenants, tenant_count, err);
    if (best_effort)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_REFUSED, "this driver offers no scheduling policy %s", policy->name);
    return VG_REFUSED_UNSUPPORTED;
}
