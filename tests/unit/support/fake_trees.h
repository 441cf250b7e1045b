/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small trees as each mechanism's driver has them in sysfs, over the fake driver, and how many vGPUs live there.
 * Included by one unit test program each. */
#ifndef VG_TEST_FAKE_TREES_H
#define VG_TEST_FAKE_TREES_H

#include "mechanism/mechanism.h"
#include "fake_driver.h"

#define T(text) ((char *)(text))
#define PF      "sys/bus/pci/devices/0000:41:00.0/"
#define VF0     "sys/bus/pci/devices/0000:41:00.4/"
#define VF1     "sys/bus/pci/devices/0000:41:00.5/"
#define DEBUG   "sys/kernel/debug/dri/0000:41:00.0/sriov/pf/tile0/"
#define SHARE   PF "sriov_admin/vf1/profile/"
#define VF_TYPE VF0 "mdev_supported_types/46/"
#define TYPE    "sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/46/"

static struct vg_host_profile profile = { .name = T("46"), .max = 4, .memory_bytes = UINT64_C(1) << 30 };
static struct vg_host_pgpu pgpu = { .name = T("card"), .pci = T("0000:41:00.0"), .vfs = 2 };
static struct vg_host_mechanism config = { .profiles = &profile, .profile_count = 1 };
static __attribute__((unused)) struct vg_host host = {
    .name = T("faults"), .root = fake_root, .pgpus = &pgpu, .pgpu_count = 1, .mechanisms = &config, .mechanism_count = 1
};

static __attribute__((unused)) void make_mdev_tree(void)
{
    struct vg_error err = { 0 };
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    assert_true(vg_make_directories(bus, &err));
    pgpu.vfs = 0;
    fake_put(TYPE "available_instances", "4\n");
    fake_put(TYPE "description", "num_heads=4, framebuffer=1024M, max_instance=4\n");
    fake_put(TYPE "device_api", "vfio-pci\n");
    fake_put(TYPE "create", "");
}

static void make_pci_tree(const char *vf_file, const char *text)
{
    static const char *const functions[] = { PF, VF0, VF1 };
    pgpu.vfs = 2;
    fake_put("sys/bus/pci/drivers_probe", "");
    fake_put("sys/bus/pci/drivers/usual/bind", "");
    fake_put("sys/bus/pci/drivers/usual/unbind", "");
    fake_put("sys/bus/pci/drivers/vfio-pci/unbind", "");
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        vg_autofree char *override = vg_format("%sdriver_override", functions[i]);
        vg_autofree char *driver = vg_format("%sdriver", functions[i]);
        fake_put(override, "(null)\n");
        fake_link(driver, "../../drivers/usual");
    }
    for (size_t i = 1; vf_file && i < VG_COUNT(functions); i++) {
        vg_autofree char *current = vg_format("%s%s", functions[i], vf_file);
        fake_put(current, text);
    }
    fake_put(PF "sriov_totalvfs", "2\n");
    fake_put(PF "sriov_numvfs", "2\n");
    fake_put(PF "boot_vga", "0\n");
    fake_link(PF "virtfn0", "../0000:41:00.4");
    fake_link(PF "virtfn1", "../0000:41:00.5");
}

static __attribute__((unused)) void make_nvidia_tree(void)
{
    make_pci_tree("nvidia/current_vgpu_type", "0\n");
    fake_put(VF0 "nvidia/creatable_vgpu_types", "ID    : vGPU Name\n46    : NVIDIA X-1Q\n");
    fake_put(VF1 "nvidia/creatable_vgpu_types", "ID    : vGPU Name\n46    : NVIDIA X-1Q\n");
}

/* Each VF is a parent of mediated devices, the PF is none. */
static __attribute__((unused)) void make_mdev_vf_tree(void)
{
    static const char *const vfs[] = { "0000:41:00.4", "0000:41:00.5" };
    struct vg_error err = { 0 };
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    assert_true(vg_make_directories(bus, &err));
    make_pci_tree(NULL, NULL);
    for (size_t i = 0; i < VG_COUNT(vfs); i++) {
        static const char *const files[][2] = { { "available_instances", "1\n" },
                                                { "description", "num_heads=1, max_instance=2\n" },
                                                { "device_api", "vfio-pci\n" },
                                                { "create", "" } };
        vg_autofree char *link = vg_format("sys/class/mdev_bus/%s", vfs[i]);
        vg_autofree char *target = vg_format("../../bus/pci/devices/%s", vfs[i]);
        fake_link(link, target);
        for (size_t j = 0; j < VG_COUNT(files); j++) {
            vg_autofree char *file =
                vg_format("sys/bus/pci/devices/%s/mdev_supported_types/46/%s", vfs[i], files[j][0]);
            fake_put(file, files[j][1]);
        }
    }
}

static __attribute__((unused)) void make_sriov_tree(void)
{
    make_pci_tree(NULL, NULL);
    fake_put(DEBUG "vram_provisioned", "VF1:\t1073741824\t(1.00 GiB)\nVF2:\t1073741824\t(1.00 GiB)\n");
    fake_put(DEBUG "ggtt_provisioned",
             "VF1:\t0x1000000-0x1ffffff\t(16.0 MiB)\nVF2:\t0x2000000-0x2ffffff\t(16.0 MiB)\n");
}

static __attribute__((unused)) void make_xe_tree_with_shares(void)
{
    make_sriov_tree();
    fake_put(SHARE "exec_quantum_ms", "0\n");
    fake_put(SHARE "preempt_timeout_us", "0\n");
    fake_put(SHARE "sched_priority", "[low] normal high\n");
    fake_put(SHARE "vram_quota", "0\n");
}

static __attribute__((unused)) void make_passthrough_tree(void)
{
    make_pci_tree("nvidia/current_vgpu_type", "0\n");
}

/* --- what lives ----------------------------------------------------------------------------------------------------
 */

static bool link_leads_to(const char *path, const char *end)
{
    char target[4096];
    vg_autofree char *full = vg_format("%s/%s", fake_root, path);
    ssize_t length = readlink(full, target, sizeof(target) - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    return ends_with(target, end);
}

/* vGPUs as the driver itself has them. A VF whose file is gone has none. */
static __attribute__((unused)) unsigned live(void)
{
    static const char *const types[] = { VF0 "nvidia/current_vgpu_type", VF1 "nvidia/current_vgpu_type" };
    static const char *const drivers[] = { PF "driver", VF0 "driver", VF1 "driver" };
    unsigned count = 0;
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    vg_autodir DIR *directory = opendir(bus);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    for (size_t i = 0; i < VG_COUNT(types); i++) {
        struct vg_error ignored = { 0 };
        vg_autofree char *path = vg_format("%s/%s", fake_root, types[i]);
        vg_autofree char *text = NULL;
        count += vg_read_attribute(path, &text, &ignored) && vg_equal(text, "46");
    }
    for (size_t i = 0; i < VG_COUNT(drivers); i++)
        count += link_leads_to(drivers[i], "/vfio-pci");
    return count;
}

/* The usual driver has every function that is there: none is with another, and none with nobody. */
static __attribute__((unused)) void all_are_with_the_usual_driver(const char *after)
{
    static const char *const functions[] = { PF, VF0, VF1 };
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        struct vg_error err = { 0 };
        vg_autofree char *override = vg_format("%s/%sdriver_override", fake_root, functions[i]), *text = NULL;
        vg_autofree char *driver = vg_format("%sdriver", functions[i]);
        if (!vg_exists(override))
            continue;
        if (!link_leads_to(driver, "/usual"))
            fail_msg("after %s the usual driver does not have %s", after, functions[i]);
        assert_true(vg_read_attribute(override, &text, &err));
        if (vg_equal(text, "vfio-pci"))
            fail_msg("after %s %s is still reserved for vfio-pci", after, functions[i]);
    }
}

static void begin_tree(const char *mechanism, void (*make)(void))
{
    memcpy(fake_root + strlen(fake_root) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(fake_root));
    fake_fault = (struct fake_fault) { 0 };
    config.name = T(mechanism);
    make();
}

static void end_tree(void)
{
    struct vg_error err = { 0 };
    fake_fault = (struct fake_fault) { 0 };
    assert_true(vg_remove_tree(fake_root, &err));
}

#endif
