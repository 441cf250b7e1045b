/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VFs are enabled by NVIDIA's sriov-manage: the driver refuses a raw sriov_numvfs. Mixed-size mode must be set after
 * that, since enabling VFs clears it, and only NVML can. Whether a vGPU is then the VF itself or a mediated device on
 * it makes no difference here. */
#include <ctype.h>
#include "mechanism/nvidia-setup.h"
#include "machine/machine.h"
#include "mechanism/pci.h"

enum { MANAGE_TRIES = 5 };
#define MANAGE_WAIT_NS (200 * VG_NS_PER_MS) /* doubled after each try */

int vg_nvidia_manage_ms = 60000;

bool vg_nvidia_wants_mixed(const struct vg_host_pgpu *pgpu)
{
    return vg_equal(pgpu->capacity, "mixed-size");
}

bool vg_nvidia_open_nvml(const struct vg_vendor *vendor, struct vg_nvml **nvml, struct vg_error *err)
{
    for (unsigned i = 0; i < vendor->host->pgpu_count && !*nvml; i++)
        if (vg_vendor_is_mine(vendor, i) && vg_nvidia_wants_mixed(&vendor->host->pgpus[i]) &&
            !(*nvml = vg_nvml_open(vendor->host->root, err)))
            return false;
    return true;
}

bool vg_nvidia_set_up_first(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_error *err)
{
    const struct vg_host_pgpu *host = &vendor->host->pgpus[pgpu_index];
    const struct vg_pgpu_setup setup = { .vfs = (int)host->vfs, .mixed = vg_nvidia_wants_mixed(host) ? 1 : VG_ANY };
    struct vg_pgpu now VG_CLEANUP(vg_pgpu_free) = { 0 };
    if (!vg_vendor_is_mine(vendor, pgpu_index))
        return true;
    return vendor->mechanism->look(vendor, pgpu_index, &now, err) &&
           (now.passed_through || now.live ||
            vendor->mechanism->setup(vendor, pgpu_index, &setup, err) == VG_REFUSED_NOT);
}

bool vg_nvidia_places(struct vg_nvml *nvml, const struct vg_host_pgpu *pgpu, bool mdev, bool *mixed,
                      struct vg_nvml_place **items, unsigned *count, struct vg_error *err)
{
    *mixed = false;
    if (!vg_nvidia_wants_mixed(pgpu))
        return true;
    return vg_nvml_mixed(nvml, pgpu->pci, mixed, err) &&
           (!*mixed || vg_nvml_places(nvml, pgpu->pci, mdev, items, count, err));
}

/* NVML has the number that sysfs has in its file or, behind the driver's name, in that of a directory: "nvidia-46". */
static bool type_number(const struct vg_host_profile *profile, unsigned *number, struct vg_error *err)
{
    static const char prefix[] = "nvidia-";
    const char *type = vg_vendor_type(profile);
    uint64_t value;
    if (!vg_sysfs_number(strncmp(type, prefix, strlen(prefix)) == 0 ? type + strlen(prefix) : type, UINT32_MAX, &value))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no number of a vGPU type", type);
    *number = (unsigned)value;
    return true;
}

bool vg_nvidia_placements(struct vg_vendor *vendor, struct vg_nvml *nvml, unsigned pgpu_index, bool supported,
                          struct vg_placements **items, unsigned *count, struct vg_error *err)
{
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[pgpu_index];
    vg_autofree struct vg_placements *all = vg_calloc(vendor->config->profile_count + 1, sizeof(*all));
    unsigned found = 0;
    if (!nvml || !vg_nvidia_wants_mixed(pgpu))
        return vg_fail(err, VG_ERROR_INPUT, "the pGPU %s has no mixed-size mode (`capacity` of the host file)",
                       pgpu->name);
    for (unsigned i = 0; i < vendor->config->profile_count; i++) {
        const struct vg_host_profile *profile = &vendor->config->profiles[i];
        struct vg_placements *one = &all[found];
        unsigned number = 0, slots = 0;
        if (!vg_host_pgpu_offers(pgpu, profile))
            continue;
        if (!type_number(profile, &number, err) ||
            !vg_nvml_placements(nvml, pgpu->pci, number, true, one->creatable, &one->slots, err) ||
            (supported && !vg_nvml_placements(nvml, pgpu->pci, number, false, one->supported, &slots, err)))
            return false;
        found++;
    }
    *items = VG_TAKE(all);
    *count = found;
    return true;
}

/* It could not get the driver's lock, since somebody has the device open for a moment (3P-SRIOV): the one failure of
 * sriov-manage that goes by itself. */
static bool is_passing(const char *output)
{
    return output && strcasestr(output, "unbindLock");
}

static enum vg_refusal manage(struct vg_vendor *vendor, const char *pci, bool enable, unsigned tries,
                              struct vg_error *err)
{
    vg_autofree char *tool = vg_vendor_path(vendor, "usr/lib/nvidia/sriov-manage");
    const char *const argv[] = { tool, enable ? "-e" : "-d", pci, NULL };
    int64_t wait_ns = MANAGE_WAIT_NS;
    for (unsigned try = 0; try < tries; try++, wait_ns *= 2) {
        vg_autofree char *output = NULL;
        int status = 0;
        if (!vg_run_command(argv, vg_nvidia_manage_ms, 4096, &output, &status, err)) {
            vg_wrap(err, "VFs of %s cannot be %s", pci, enable ? "enabled" : "disabled");
            return VG_REFUSED_ERROR;
        }
        if (status == 0)
            return VG_REFUSED_NOT;
        size_t length = output ? strlen(output) : 0;
        while (length && isspace((unsigned char)output[length - 1]))
            length--;
        vg_autofree char *shown = vg_printable(output ? output : "", length, 200);
        if (!is_passing(output)) {
            vg_fail(err, VG_ERROR_ENVIRONMENT, "sriov-manage %s %s failed; it said: %s", argv[1], pci,
                    length ? shown : "nothing");
            return VG_REFUSED_ERROR;
        }
        vg_fail(err, VG_ERROR_REFUSED, "sriov-manage %s %s failed %u times; it last said: %s", argv[1], pci, try + 1,
                shown);
        if (try + 1 < tries)
            vg_sleep_ns(wait_ns);
    }
    return VG_REFUSED_BUSY;
}

static enum vg_refusal set_vfs(struct vg_vendor *vendor, const struct vg_pgpu *pgpu, unsigned vfs, bool blind,
                               struct vg_error *err)
{
    vg_autofree char *total_path = vg_pci_path(vendor, pgpu->host->pci, "sriov_totalvfs");
    uint64_t total;
    if (!vg_vendor_number(total_path, 65535, &total, err))
        return VG_REFUSED_ERROR;
    if (vfs > total) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has %u VFs at most, not %u", pgpu->name, (unsigned)total, vfs);
        return VG_REFUSED_UNSUPPORTED;
    }
    if ((vfs > 0) == (pgpu->vf_count > 0) && !blind)
        return VG_REFUSED_NOT; /* all or none: there is nothing between for this tool */
    if (pgpu->live && !blind) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has %u vGPUs", pgpu->name, pgpu->live);
        return VG_REFUSED_BUSY;
    }
    vg_autofree char *device = vg_pci_path(vendor, pgpu->host->pci, NULL);
    if (!vg_ledger_note_vfs(device, pgpu->vf_count, vfs ? (unsigned)total : 0, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = manage(vendor, pgpu->host->pci, vfs > 0, blind ? 1 : MANAGE_TRIES, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    char addresses[VG_PCI_VFS_MAX][16];
    unsigned now;
    if (!vg_pci_vfs(vendor, pgpu->host->pci, addresses, &now, err))
        return VG_REFUSED_ERROR;
    if ((now > 0) == (vfs > 0))
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "sriov-manage said that all is well, but the pGPU %s has %u VFs", pgpu->name,
            now);
    return VG_REFUSED_ERROR;
}

static enum vg_refusal set_mixed(struct vg_nvml *nvml, const struct vg_pgpu *pgpu, bool mixed, struct vg_error *err)
{
    bool now;
    const char *pci = pgpu->host->pci;
    if (!nvml) {
        vg_fail(err, VG_ERROR_REFUSED, "no pGPU of this host is said to have mixed-size mode");
        return VG_REFUSED_UNSUPPORTED;
    }
    if (!vg_nvml_mixed(nvml, pci, &now, err))
        return VG_REFUSED_ERROR;
    if (now == mixed)
        return VG_REFUSED_NOT;
    enum vg_nvml_answer answer = vg_nvml_set_mixed(nvml, pci, mixed, err);
    if (answer != VG_NVML_DONE)
        return answer == VG_NVML_BUSY          ? VG_REFUSED_BUSY
               : answer == VG_NVML_UNSUPPORTED ? VG_REFUSED_UNSUPPORTED
                                               : VG_REFUSED_ERROR;
    if (!vg_nvml_mixed(nvml, pci, &now, err))
        return VG_REFUSED_ERROR;
    if (now == mixed)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "mixed-size mode of %s was set without an error and is not as it was set", pci);
    return VG_REFUSED_ERROR;
}

enum vg_refusal vg_nvidia_setup(struct vg_vendor *vendor, struct vg_nvml *nvml, unsigned pgpu_index,
                                const struct vg_pgpu_setup *wanted, struct vg_error *err)
{
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    if (!vendor->mechanism->look(vendor, pgpu_index, &pgpu, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal =
        wanted->vfs == VG_ANY ? VG_REFUSED_NOT : set_vfs(vendor, &pgpu, (unsigned)wanted->vfs, wanted->blind, err);
    /* In this order: enabling VFs clears the mode. */
    return refusal != VG_REFUSED_NOT || wanted->mixed == VG_ANY ? refusal
                                                                : set_mixed(nvml, &pgpu, wanted->mixed != 0, err);
}
