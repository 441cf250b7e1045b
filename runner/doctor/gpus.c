/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The GPUs that this host sees: devices and drivers, render nodes and the right to open them, and who else uses them:
 * a stranger on the pGPU is the commonest reason for a wrong number. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include "doctor/internal.h"

static void examine_drivers(const struct vg_check *check, const struct vg_patient *patient,
                            struct vg_findings *findings)
{
    char **names;
    unsigned count, displays = 0, bound = 0;
    if (!vg_patient_names(patient, "/sys/bus/pci/devices", "*", &names, &count)) {
        vg_find(findings, check, VG_CANNOT_TELL, "GPUs", "/sys/bus/pci/devices cannot be read", "mount sysfs");
        return;
    }
    vg_autotext struct vg_text list = { 0 };
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *class_path = vg_format("/sys/bus/pci/devices/%s/class", names[i]);
        vg_autofree char *driver_path = vg_format("/sys/bus/pci/devices/%s/driver", names[i]);
        vg_autofree char *class = vg_patient_read(patient, class_path);
        if (!class || strncmp(class, "0x03", 4) != 0)
            continue;
        vg_autofree char *driver = vg_patient_link(patient, driver_path);
        vg_text_add(&list, "%s%s: %s", displays++ ? ", " : "", names[i], driver ? driver : "no driver");
        bound += driver != NULL;
    }
    vg_names_free(names, count);
    vg_autofree char *found =
        displays ? vg_format("PCI display devices and their drivers: %s", list.data)
                 : vg_format("none of %u PCI device%s is a display device", count, count == 1 ? "" : "s");
    vg_find(findings, check,
            displays && bound == displays ? VG_CAN
            : displays                    ? VG_CAN_PARTLY
                                          : VG_CANNOT,
            "GPUs", found,
            displays ? bound == displays ? NULL : "load the driver of the device that has none"
                     : "without a GPU the reference hypervisor renders on cores: right for conformance, no "
                       "measure of a GPU");
}

static void examine_nodes(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    char **names;
    unsigned count, open_count = 0;
    if (!vg_patient_names(patient, "/dev/dri", "render[D]*", &names, &count) || count == 0) {
        vg_find(findings, check, VG_CANNOT, "render nodes", "/dev/dri has no render nodes",
                "not needed on the reference hypervisor, which shows guests on a private Xvfb");
        vg_names_free(names, count);
        return;
    }
    vg_autotext struct vg_text list = { 0 };
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *node = vg_format("/dev/dri/%s", names[i]);
        vg_autofree char *path = vg_patient_path(patient, node);
        vg_autoclose int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        vg_text_add(&list, "%s%s: %s", i ? ", " : "", node, fd >= 0 ? "opens" : strerror(errno));
        open_count += fd >= 0;
    }
    vg_find(findings, check,
            open_count == count ? VG_CAN
            : open_count        ? VG_CAN_PARTLY
                                : VG_CANNOT,
            "render nodes", list.data,
            open_count == count ? NULL : "join the group that owns them (render), or run as root");
    vg_names_free(names, count);
}

static bool is_gpu(const char *target)
{
    return strncmp(target, "/dev/dri/", 9) == 0 || strncmp(target, "/dev/nvidia", 11) == 0 ||
           strncmp(target, "/dev/kfd", 8) == 0;
}

/* Whether a process has a GPU open. *seen: its descriptors could be listed. */
static bool uses_gpu(const struct vg_patient *patient, const char *pid, bool *seen)
{
    vg_autofree char *directory = vg_format("/proc/%s/fd", pid);
    char **names;
    unsigned count;
    *seen = vg_patient_names(patient, directory, "*", &names, &count);
    bool uses = false;
    for (unsigned i = 0; *seen && !uses && i < count; i++) {
        vg_autofree char *link = vg_format("%s%s/%s", patient->root, directory, names[i]);
        char target[PATH_MAX];
        ssize_t length = readlink(link, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        uses = is_gpu(target);
    }
    vg_names_free(names, count);
    return uses;
}

static void examine_users(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    char **pids;
    unsigned count, users = 0, unseen = 0;
    if (!vg_patient_names(patient, "/proc", "[0-9]*", &pids, &count)) {
        vg_find(findings, check, VG_CANNOT_TELL, "GPUs free of others", "/proc cannot be read", "mount proc");
        return;
    }
    vg_autotext struct vg_text list = { 0 };
    for (unsigned i = 0; i < count; i++) {
        bool seen;
        if (uses_gpu(patient, pids[i], &seen)) {
            vg_autofree char *path = vg_format("/proc/%s/comm", pids[i]);
            vg_autofree char *name = vg_patient_read(patient, path);
            vg_text_add(&list, "%s%s (%s)", users++ ? ", " : "", name ? name : "?", pids[i]);
        }
        unseen += !seen;
    }
    vg_autofree char *found =
        users ? vg_format("these processes have a GPU's device open: %s", list.data)
        : unseen
            ? vg_format("no process that may be looked at has a GPU's device open; %u of %u may not", unseen, count)
            : vg_format("none of %u processes has a GPU's device open", count);
    vg_find(findings, check,
            users    ? VG_CAN_PARTLY
            : unseen ? VG_CANNOT_TELL
                     : VG_CAN,
            "GPUs free of others", found,
            users    ? "stop them before measuring: what they do is in every number"
            : unseen ? "run as root to see all processes"
                     : NULL);
    vg_names_free(pids, count);
}

VG_CHECK(gpu_drivers) = {
    .kind = VG_KIND_CHECK,
    .name = "gpus",
    .summary = "Lists the PCI display devices and their drivers",
    .order = 30,
    .examine = examine_drivers,
};
VG_CHECK(render_nodes) = {
    .kind = VG_KIND_CHECK,
    .name = "render-nodes",
    .summary = "Opens every render node",
    .order = 31,
    .examine = examine_nodes,
};
VG_CHECK(gpu_users) = {
    .kind = VG_KIND_CHECK,
    .name = "gpu-users",
    .summary = "Looks which processes have a GPU's device open",
    .order = 32,
    .examine = examine_users,
};
