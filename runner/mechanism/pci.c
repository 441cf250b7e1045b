/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By driver_override, unbind and drivers_probe, as Documentation/ABI/testing/sysfs-bus-pci describes them. */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>
#include "machine/machine.h"
#include "mechanism/pci.h"

#define VFIO  "vfio-pci"
#define PROBE "sys/bus/pci/drivers_probe"

char *vg_pci_path(const struct vg_vendor *vendor, const char *address, const char *file)
{
    return vg_vendor_path(vendor, "sys/bus/pci/devices/%s%s%s", address, file ? "/" : "", file ? file : "");
}

char *vg_pci_driver(const struct vg_vendor *vendor, const char *address)
{
    vg_autofree char *path = vg_pci_path(vendor, address, "driver");
    return vg_link_name(path);
}

/* How many VFs there must be; none where the function cannot have any. */
static bool count_vfs(const struct vg_vendor *vendor, const char *pf, unsigned *count, struct vg_error *err)
{
    vg_autofree char *path = vg_pci_path(vendor, pf, "sriov_numvfs");
    uint64_t number = 0;
    if (!vg_is_gone(path) && !vg_vendor_number(path, 65535, &number, err))
        return false;
    *count = (unsigned)number;
    return number <= VG_PCI_VFS_MAX ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s has %u VFs, and no more than %d are known", pf, (unsigned)number,
                   VG_PCI_VFS_MAX);
}

bool vg_pci_vfs(const struct vg_vendor *vendor, const char *pf, char addresses[][16], unsigned *count,
                struct vg_error *err)
{
    vg_autofree char *device = vg_pci_path(vendor, pf, NULL);
    *count = 0;
    if (!vg_exists(device))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "there is no PCI device %s", device);
    if (!count_vfs(vendor, pf, count, err))
        return false;
    for (unsigned i = 0; i <= *count; i++) {
        vg_autofree char *link = vg_format("%s/virtfn%u", device, i);
        vg_autofree char *address = vg_link_name(link);
        struct vg_sysfs_address parsed;
        if ((address != NULL) != (i < *count))
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should have %u VFs by its sriov_numvfs, and %s is %s", pf,
                           *count, link, address ? "there too" : "missing");
        if (address && !vg_sysfs_pci_address(address, &parsed))
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s leads to no PCI function", link);
        if (address)
            snprintf(addresses[i], 16, "%s", address);
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
    pgpu->passed_through = vg_equal(driver, VFIO);
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
    return vg_vendor_write(vendor, path, value, err);
}

/* The kernel gives a function with an override to no other driver. One that cannot be read is taken to be there. */
static bool is_overridden(const struct vg_vendor *vendor, const char *address)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *path = vg_pci_path(vendor, address, "driver_override"), *text = NULL;
    return !vg_is_gone(path) && (!vg_read_attribute(path, &text, &ignored) || vg_equal(text, VFIO));
}

static bool is_with_vfio(const struct vg_vendor *vendor, const char *address)
{
    vg_autofree char *driver = vg_pci_driver(vendor, address);
    return vg_equal(driver, VFIO);
}

/* Nobody has it, and somebody had. */
static bool is_lost(const struct vg_vendor *vendor, const struct vg_pci_given *function)
{
    vg_autofree char *driver = vg_pci_driver(vendor, function->address);
    return function->driver[0] && !driver;
}

/* From none to the driver that had it: by a probe, or, where that brings nothing, by asking just that driver. */
static enum vg_refusal bind_again(const struct vg_vendor *vendor, const struct vg_pci_given *function,
                                  struct vg_error *err)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *probe = vg_vendor_path(vendor, PROBE);
    vg_autofree char *bind = vg_vendor_path(vendor, "sys/bus/pci/drivers/%s/bind", function->driver);
    if (is_lost(vendor, function))
        vg_vendor_write(vendor, probe, function->address, &ignored);
    return is_lost(vendor, function) ? vg_vendor_write(vendor, bind, function->address, err) : VG_REFUSED_NOT;
}

static enum vg_refusal undo(const struct vg_vendor *vendor, const struct vg_pci_given *function, struct vg_error *err)
{
    enum vg_refusal refusal = VG_REFUSED_NOT;
    if (is_overridden(vendor, function->address))
        refusal = write_file(vendor, function->address, "driver_override", "\n", err);
    if (refusal == VG_REFUSED_NOT && is_with_vfio(vendor, function->address))
        refusal = write_file(vendor, function->address, "driver/unbind", function->address, err);
    return refusal == VG_REFUSED_NOT ? bind_again(vendor, function, err) : refusal;
}

enum vg_refusal vg_pci_give_back(const struct vg_vendor *vendor, struct vg_pci_given *function, struct vg_error *err)
{
    vg_autofree char *device = vg_pci_path(vendor, function->address, NULL);
    if (!function->given || vg_is_gone(device))
        return VG_REFUSED_NOT;
    enum vg_refusal refusal = undo(vendor, function, err);
    bool held = is_with_vfio(vendor, function->address), reserved = is_overridden(vendor, function->address);
    if (refusal == VG_REFUSED_NOT && (held || reserved || is_lost(vendor, function))) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should be with %s again and is %s", function->address,
                function->driver[0] ? function->driver : "no driver",
                held       ? "with " VFIO
                : reserved ? "reserved for " VFIO " by its driver_override"
                           : "with none");
        refusal = VG_REFUSED_ERROR;
    }
    if (refusal == VG_REFUSED_NOT) {
        function->given = false;
        vg_ledger_note_back(device, function->driver);
        return refusal;
    }
    struct vg_error ignored = { 0 };
    if (held)
        write_file(vendor, function->address, "driver_override", VFIO, &ignored); /* as it was: still in use */
    return refusal;
}

static enum vg_refusal move_to_vfio(const struct vg_vendor *vendor, const struct vg_pci_given *function,
                                    const char *probe, struct vg_error *err)
{
    enum vg_refusal refusal = write_file(vendor, function->address, "driver_override", VFIO, err);
    if (refusal == VG_REFUSED_NOT && function->driver[0])
        refusal = write_file(vendor, function->address, "driver/unbind", function->address, err);
    if (refusal == VG_REFUSED_NOT)
        refusal = vg_vendor_write(vendor, probe, function->address, err);
    vg_autofree char *driver = vg_pci_driver(vendor, function->address);
    if (refusal != VG_REFUSED_NOT || vg_equal(driver, VFIO))
        return refusal;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should be with vfio-pci (is the module loaded?) and is with %s",
            function->address, driver ? driver : "none");
    return VG_REFUSED_ERROR;
}

enum vg_refusal vg_pci_give(const struct vg_vendor *vendor, struct vg_pci_given *function, struct vg_error *err)
{
    vg_autofree char *device = vg_pci_path(vendor, function->address, NULL);
    vg_autofree char *probe = vg_vendor_path(vendor, PROBE);
    vg_autofree char *driver = vg_pci_driver(vendor, function->address);
    if (vg_equal(driver, VFIO)) {
        vg_fail(err, VG_ERROR_REFUSED, "somebody else has given %s to vfio-pci", function->address);
        return VG_REFUSED_NO_CAPACITY;
    }
    if (access(probe, W_OK) < 0) { /* taken from its driver, it could go nowhere */
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write to %s, so that %s stays where it is", probe,
                      function->address);
        return VG_REFUSED_ERROR;
    }
    snprintf(function->driver, sizeof(function->driver), "%s", driver ? driver : "");
    if (!vg_ledger_note_given(device, function->driver, err))
        return VG_REFUSED_ERROR;
    function->given = true;
    enum vg_refusal refusal = move_to_vfio(vendor, function, probe, err);
    struct vg_error failed = { 0 };
    if (refusal != VG_REFUSED_NOT && vg_pci_give_back(vendor, function, &failed) != VG_REFUSED_NOT)
        vg_wrap(err, "%s is not given back (%s)", function->address, failed.text);
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
        *users += type || vg_equal(driver, VFIO);
    }
    return true;
}
