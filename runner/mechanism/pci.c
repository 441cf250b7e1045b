/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By driver_override, unbind and drivers_probe, as Documentation/ABI/testing/sysfs-bus-pci describes them. */
#include <dirent.h>
#include <errno.h>
#include "machine/machine.h"
#include "mechanism/pci.h"

char *vg_pci_path(const struct vg_vendor *vendor, const char *address, const char *file)
{
    return vg_vendor_path(vendor, "sys/bus/pci/devices/%s%s%s", address, file ? "/" : "", file ? file : "");
}

char *vg_pci_driver(const struct vg_vendor *vendor, const char *address)
{
    vg_autofree char *path = vg_pci_path(vendor, address, "driver");
    return vg_link_name(path);
}

bool vg_pci_vfs(const struct vg_vendor *vendor, const char *pf, char addresses[][16], unsigned *count,
                struct vg_error *err)
{
    vg_autofree char *device = vg_pci_path(vendor, pf, NULL);
    *count = 0;
    if (!vg_exists(device))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "there is no PCI device %s", device);
    for (; *count < VG_PCI_VFS_MAX; ++*count) {
        vg_autofree char *link = vg_format("%s/virtfn%u", device, *count);
        vg_autofree char *address = vg_link_name(link);
        struct vg_sysfs_address parsed;
        if (!address)
            break;
        if (!vg_sysfs_pci_address(address, &parsed))
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s leads to no PCI function", link);
        snprintf(addresses[*count], 16, "%s", address);
    }
    return true;
}

bool vg_pci_look(const struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    char vfs[VG_PCI_VFS_MAX][16];
    unsigned count;
    if (!vg_vendor_pgpu(vendor, pgpu_index, pgpu, err))
        return false;
    if (!vg_vendor_is_mine(vendor, pgpu_index))
        return true;
    if (!vg_pci_vfs(vendor, pgpu->host->pci, vfs, &count, err))
        return false;
    vg_autofree char *driver = vg_pci_driver(vendor, pgpu->host->pci);
    pgpu->passed_through = vg_equal(driver, "vfio-pci");
    pgpu->present = driver && !pgpu->passed_through;
    pgpu->vfs = vg_calloc(count + 1, sizeof(*pgpu->vfs));
    pgpu->vf_count = count;
    for (unsigned i = 0; i < count; i++)
        memcpy(pgpu->vfs[i].address, vfs[i], sizeof(vfs[i]));
    return true;
}

static enum vg_refusal write_file(const struct vg_vendor *vendor, const char *address, const char *file,
                                  const char *value, struct vg_error *err)
{
    vg_autofree char *path = vg_pci_path(vendor, address, file);
    return vg_vendor_write(path, value, err);
}

static enum vg_refusal rebind(const struct vg_vendor *vendor, const char *address, const char *override,
                              struct vg_error *err)
{
    vg_autofree char *probe = vg_vendor_path(vendor, "sys/bus/pci/drivers_probe");
    vg_autofree char *driver = vg_pci_driver(vendor, address);
    enum vg_refusal refusal = write_file(vendor, address, "driver_override", override, err);
    if (refusal == VG_REFUSED_NOT && driver)
        refusal = write_file(vendor, address, "driver/unbind", address, err);
    return refusal == VG_REFUSED_NOT ? vg_vendor_write(probe, address, err) : refusal;
}

enum vg_refusal vg_pci_move(const struct vg_vendor *vendor, const char *address, bool to_vfio, struct vg_error *err)
{
    vg_autofree char *device = vg_pci_path(vendor, address, NULL);
    if (to_vfio && !vg_ledger_note_given(device, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = rebind(vendor, address, to_vfio ? "vfio-pci" : "\n", err);
    vg_autofree char *driver = vg_pci_driver(vendor, address);
    if (refusal == VG_REFUSED_NOT && vg_equal(driver, "vfio-pci") == to_vfio) {
        if (!to_vfio)
            vg_ledger_note_back(device);
        return VG_REFUSED_NOT;
    }
    if (refusal == VG_REFUSED_NOT) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should be with %s and is with %s", address,
                to_vfio ? "vfio-pci (is the module loaded?)" : "its usual driver", driver ? driver : "none");
        refusal = VG_REFUSED_ERROR;
    }
    struct vg_error ignored = { 0 };
    if (to_vfio) {
        rebind(vendor, address, "\n", &ignored);
        vg_ledger_note_back(device);
    } else {
        write_file(vendor, address, "driver_override", "vfio-pci", &ignored); /* as it was: still in use */
    }
    return refusal;
}

bool vg_pci_device(const struct vg_vendor *vendor, const char *address, char **path, struct vg_error *err)
{
    vg_autofree char *link = vg_pci_path(vendor, address, "iommu_group");
    vg_autofree char *group = vg_link_name(link);
    if (!group)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is in no IOMMU group; is the IOMMU enabled?", address);
    *path = vg_vendor_path(vendor, "dev/vfio/%s", group);
    return true;
}

bool vg_pci_attachment(const char *address, bool managed, struct vg_attachment *attachment, struct vg_error *err)
{
    struct vg_sysfs_address parsed;
    if (!vg_sysfs_pci_address(address, &parsed))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is not a PCI address such as 0000:41:00.0", address);
    *attachment = (struct vg_attachment) { .kind = VG_ATTACH_PCI,
                                           .pci = { .domain = parsed.domain,
                                                    .bus = parsed.bus,
                                                    .slot = parsed.slot,
                                                    .function = parsed.function,
                                                    .managed = managed } };
    return true;
}

static bool count_mdevs(const char *device, unsigned *users, struct vg_error *err)
{
    vg_autodir DIR *directory = opendir(device);
    if (!directory)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot list %s", device);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        *users += vg_sysfs_uuid(entry->d_name);
    return true;
}

bool vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err)
{
    char vfs[VG_PCI_VFS_MAX][16];
    unsigned count;
    vg_autofree char *device = vg_pci_path(vendor, pf, NULL);
    *users = 0;
    if (!vg_pci_vfs(vendor, pf, vfs, &count, err) || !count_mdevs(device, users, err))
        return false;
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *vf = vg_pci_path(vendor, vfs[i], NULL);
        vg_autofree char *driver = vg_pci_driver(vendor, vfs[i]);
        vg_autofree char *current = vg_pci_path(vendor, vfs[i], "nvidia/current_vgpu_type");
        uint64_t type = 0;
        if ((vg_exists(current) && !vg_vendor_number(current, UINT32_MAX, &type, err)) || !count_mdevs(vf, users, err))
            return false;
        *users += type || vg_equal(driver, "vfio-pci");
    }
    return true;
}
