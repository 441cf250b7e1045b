/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel offers of PCI display devices and what can be given to guests: IOMMU, VFIO, VFs, mdev types. */
#include <errno.h>
#include "base/sysfs-text.h"
#include "doctor/internal.h"

static void examine_iommu(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    char **names;
    unsigned count;
    if (!vg_patient_names(patient, "/sys/kernel/iommu_groups", "*", &names, &count)) {
        vg_find(findings, check, VG_CANNOT, "IOMMU", "/sys/kernel/iommu_groups is not there",
                "needed for whole devices and VFs in guests: a kernel with VFIO and IOMMU support");
        return;
    }
    vg_autofree char *found = vg_format("/sys/kernel/iommu_groups has %u group%s", count, count == 1 ? "" : "s");
    vg_find(findings, check, count ? VG_CAN : VG_CANNOT, "IOMMU", found,
            count
                ? NULL
                : "needed for whole devices and VFs in guests: turn it on in the firmware (VT-d, AMD-Vi) and boot with "
                  "intel_iommu=on or amd_iommu=on");
    vg_names_free(names, count);
}

static void examine_vfio(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    vg_autofree char *node = vg_patient_path(patient, "/dev/vfio/vfio");
    vg_autofree char *driver = vg_patient_path(patient, "/sys/bus/pci/drivers/vfio-pci");
    bool container = vg_exists(node), bound = vg_exists(driver);
    vg_autofree char *found = vg_format("/dev/vfio/vfio is %s, the driver vfio-pci is %s",
                                        container ? "there" : "not there", bound ? "loaded" : "not loaded");
    vg_find(findings, check,
            container && bound   ? VG_CAN
            : container || bound ? VG_CAN_PARTLY
                                 : VG_CANNOT,
            "VFIO", found, container && bound ? NULL : "needed for mdev, VFs and whole devices: modprobe vfio-pci");
}

/* 0 where there is no such file. False: it is there and cannot be read, or holds no number. */
static bool number(const struct vg_patient *patient, const char *device, const char *file, uint64_t *value)
{
    enum { MOST_VFS = 65535 };
    vg_autofree char *path = vg_format("/sys/bus/pci/devices/%s/%s", device, file);
    vg_autofree char *full = vg_patient_path(patient, path);
    vg_autofree char *text = vg_patient_read(patient, path);
    *value = 0;
    return text ? vg_sysfs_number(text, MOST_VFS, value) : vg_is_gone(full);
}

static void examine_vfs(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    char **names;
    unsigned count, able = 0, enabled = 0, unread = 0;
    if (!vg_patient_names(patient, "/sys/bus/pci/devices", "*", &names, &count)) {
        vg_find(findings, check, VG_CANNOT_TELL, "SR-IOV functions", "/sys/bus/pci/devices cannot be read",
                "mount sysfs");
        return;
    }
    vg_autotext struct vg_text list = { 0 };
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *class_path = vg_format("/sys/bus/pci/devices/%s/class", names[i]);
        vg_autofree char *class = vg_patient_read(patient, class_path);
        uint64_t total, now;
        bool read =
            number(patient, names[i], "sriov_totalvfs", &total) & number(patient, names[i], "sriov_numvfs", &now);
        if (!class || strncmp(class, "0x03", 4) != 0 || (read && !total)) /* display controllers */
            continue;
        const char *comma = able + unread ? ", " : "";
        if (read)
            vg_text_add(&list, "%s%s: %llu of %llu", comma, names[i], (unsigned long long)now,
                        (unsigned long long)total);
        else
            vg_text_add(&list, "%s%s: sriov_totalvfs or sriov_numvfs cannot be read, or is no number", comma, names[i]);
        able += read;
        unread += !read;
        enabled += read && now > 0;
    }
    vg_autofree char *found = able + unread
                                  ? vg_format("VFs enabled of display devices: %s", list.data)
                                  : vg_format("none of %u PCI device%s is a display device with sriov_totalvfs", count,
                                              count == 1 ? "" : "s");
    vg_find(findings, check,
            enabled  ? VG_CAN
            : able   ? VG_CAN_PARTLY
            : unread ? VG_CANNOT_TELL
                     : VG_CANNOT,
            "SR-IOV functions", found,
            enabled         ? NULL
            : able + unread ? "enable VFs: the vendor's tool (sriov-manage), or sriov_numvfs"
                            : "needed for sriov and nvidia-vfio: a GPU with SR-IOV and its host driver");
    vg_names_free(names, count);
}

static void examine_mdev(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    char **parents;
    unsigned count, types = 0;
    if (!vg_patient_names(patient, "/sys/class/mdev_bus", "*", &parents, &count)) {
        vg_find(findings, check, VG_CANNOT, "mdev types", "/sys/class/mdev_bus is not there",
                "needed for mdev: a host driver that offers types, and modprobe mdev");
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *path = vg_format("/sys/class/mdev_bus/%s/mdev_supported_types", parents[i]);
        char **names;
        unsigned here;
        if (vg_patient_names(patient, path, "*", &names, &here)) {
            types += here;
            vg_names_free(names, here);
        }
    }
    vg_names_free(parents, count);
    vg_autofree char *found = vg_format("/sys/class/mdev_bus has %u device%s with %u type%s", count,
                                        count == 1 ? "" : "s", types, types == 1 ? "" : "s");
    vg_find(findings, check, types ? VG_CAN : VG_CANNOT, "mdev types", found,
            types ? NULL : "needed for mdev: load the vendor's host driver");
}

VG_CHECK(iommu) = {
    .kind = VG_KIND_CHECK,
    .name = "iommu",
    .summary = "Counts the kernel's IOMMU groups",
    .order = 20,
    .examine = examine_iommu,
};
VG_CHECK(vfio) = {
    .kind = VG_KIND_CHECK,
    .name = "vfio",
    .summary = "Looks for VFIO's device node and its PCI driver",
    .order = 21,
    .examine = examine_vfio,
};
VG_CHECK(vfs) = {
    .kind = VG_KIND_CHECK,
    .name = "sriov",
    .summary = "Counts the virtual functions of display devices",
    .order = 22,
    .examine = examine_vfs,
};
VG_CHECK(mdev) = {
    .kind = VG_KIND_CHECK,
    .name = "mdev",
    .summary = "Counts the mdev types that host drivers offer",
    .order = 23,
    .examine = examine_mdev,
};
