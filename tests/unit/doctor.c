/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's checks against trees of plain files: a machine with a GPU that is set up, one that is half set up, and
 * one without anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "doctor/doctor.h"

static char root[64];
static struct vg_host host; /* native tenants alone unless a test says otherwise */
static struct vg_host_mechanism mechanism;

static char *at(const char *path)
{
    return vg_format("%s%s", root, path);
}

static void put(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *whole = at(path);
    vg_autofree char *directory = vg_format("%.*s", (int)(strrchr(whole, '/') - whole), whole);
    if (!vg_make_directories(directory, &err) || !vg_write_file(whole, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void put_link(const char *path, const char *target)
{
    vg_autofree char *marker = vg_format("%s.made", path);
    put(marker, "");
    vg_autofree char *whole = at(path);
    assert_int_equal(symlink(target, whole), 0);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(root, "/tmp/vgauge-doctor-test-XXXXXX");
    mechanism = (struct vg_host_mechanism) { .name = (char *)"native" };
    host = (struct vg_host) { .name = (char *)"test", .mechanisms = &mechanism, .mechanism_count = 1 };
    host.machine.memory_mib = 1024;
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(root, &err) ? 0 : -1;
}

static struct vg_findings examine(void)
{
    struct vg_findings findings;
    const struct vg_patient patient = { .host = &host, .root = root, .run_directory = root, .run_need_bytes = 1 };
    vg_doctor_examine(&patient, NULL, NULL, &findings);
    return findings;
}

/* The one finding of this name is so, and its text holds this. */
static void found(const struct vg_findings *findings, const char *what, enum vg_ability ability, const char *text)
{
    const struct vg_finding *match = NULL;
    for (size_t i = 0; i < findings->count; i++) {
        if (!vg_equal(findings->items[i].what, what))
            continue;
        if (match)
            fail_msg("`%s` is found twice", what);
        match = &findings->items[i];
    }
    if (!match)
        fail_msg("nothing is found about `%s`", what);
    if (match->ability != ability || !strstr(match->found, text))
        fail_msg("%s: %s: %s", what, vg_ability_name(match->ability), match->found);
    if (ability != VG_CAN && !match->advice)
        fail_msg("%s: no advice", what);
}

static void put_gpu(const char *total, const char *enabled, bool driver)
{
    put("/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");
    put("/sys/bus/pci/devices/0000:01:00.0/sriov_totalvfs", total);
    put("/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs", enabled);
    put("/sys/bus/pci/devices/0000:00:1f.0/class", "0x060100\n"); /* a bridge: nothing to do with it */
    put("/sys/bus/pci/devices/0000:00:1f.0/sriov_totalvfs", "7\n");
    if (driver)
        put_link("/sys/bus/pci/devices/0000:01:00.0/driver", "../../../../bus/pci/drivers/xe");
}

static void a_machine_that_is_set_up(void **state)
{
    (void)state;
    put_gpu("12\n", "4\n", true);
    put("/sys/kernel/iommu_groups/0/type", "DMA\n");
    put("/sys/kernel/iommu_groups/1/type", "DMA\n");
    put("/dev/vfio/vfio", "");
    put("/dev/dri/renderD128", "");
    put("/sys/bus/pci/drivers/vfio-pci/bind", "");
    put("/sys/class/mdev_bus/0000:01:00.0/mdev_supported_types/i915-GVTg_V5_4/available_instances", "1\n");
    put("/sys/class/mdev_bus/0000:01:00.0/mdev_supported_types/i915-GVTg_V5_8/available_instances", "2\n");
    put("/proc/meminfo", "MemTotal:  9 kB\nMemAvailable:    2097152 kB\n");
    put("/proc/12/comm", "bash\n");
    put_link("/proc/12/fd/0", "/dev/null");
    put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    put("/sys/kernel/tracing/events/enable", "0");
    put("/sys/kernel/debug/kvm/exits", "0");
    struct vg_findings findings = examine();
    found(&findings, "IOMMU", VG_CAN, "2 groups");
    found(&findings, "VFIO", VG_CAN, "loaded");
    found(&findings, "SR-IOV functions", VG_CAN, "0000:01:00.0: 4 of 12");
    found(&findings, "mdev types", VG_CAN, "1 device with 2 types");
    found(&findings, "GPUs", VG_CAN, "0000:01:00.0: xe");
    found(&findings, "render nodes", VG_CAN, "renderD128: opens");
    found(&findings, "GPUs free of others", VG_CAN, "none of 1 processes");
    found(&findings, "memory", VG_CAN, "2048 MiB");
    found(&findings, "clock", VG_CAN, "tsc");
    found(&findings, "steady frequency", VG_CAN, "all 1 cores");
    found(&findings, "tracefs", VG_CAN, "can be read");
    found(&findings, "debugfs", VG_CAN, "can be read");
    assert_null(vg_findings_stop(&findings, true));
    vg_findings_free(&findings);
}

static void a_number_of_vfs_that_is_none(void **state)
{
    (void)state;
    static const char *const garbage[] = { "many\n", "-1\n", "12 VFs\n", "99999999999999999999\n", "" };
    for (size_t i = 0; i < VG_COUNT(garbage); i++) {
        put_gpu(garbage[i], "0\n", false);
        struct vg_findings findings = examine();
        found(&findings, "SR-IOV functions", VG_CANNOT_TELL, "0000:01:00.0: sriov_totalvfs or sriov_numvfs cannot be");
        vg_findings_free(&findings);
    }
}

static void a_machine_that_is_half_set_up(void **state)
{
    (void)state;
    put_gpu("12\n", "0\n", false);
    put("/dev/vfio/vfio", "");
    put("/sys/class/mdev_bus/0000:01:00.0/name", "");
    put("/proc/meminfo", "MemAvailable: 100 kB\n");
    put("/proc/12/comm", "miner\033[2J\n");
    put_link("/proc/12/fd/5", "/dev/dri/renderD128");
    put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    struct vg_findings findings = examine();
    found(&findings, "VFIO", VG_CAN_PARTLY, "not loaded");
    found(&findings, "SR-IOV functions", VG_CAN_PARTLY, "0 of 12");
    found(&findings, "mdev types", VG_CANNOT, "0 types");
    found(&findings, "GPUs", VG_CAN_PARTLY, "0000:01:00.0: no driver");
    found(&findings, "GPUs free of others", VG_CAN_PARTLY, "(12)");
    found(&findings, "clock", VG_CAN_PARTLY, "hpet");
    found(&findings, "steady frequency", VG_CAN_PARTLY, "1 of 2 cores");
    for (size_t i = 0; i < findings.count; i++)
        assert_null(strchr(findings.items[i].found, '\033'));
    vg_findings_free(&findings);
}

static void a_machine_without_anything(void **state)
{
    (void)state;
    struct vg_findings findings = examine();
    found(&findings, "instructions under KVM", VG_CANNOT, "No such file");
    found(&findings, "IOMMU", VG_CANNOT, "not there");
    found(&findings, "SR-IOV functions", VG_CANNOT_TELL, "cannot be read");
    found(&findings, "render nodes", VG_CANNOT, "no render nodes");
    found(&findings, "memory", VG_CANNOT_TELL, "MemAvailable");
    found(&findings, "control groups", VG_CANNOT, "");
    /* Nothing of that stops processes of this host. */
    assert_null(vg_findings_stop(&findings, false));
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(VG_KIND_CHECK, d)) != NULL;) {
        unsigned count = 0;
        for (size_t i = 0; i < findings.count; i++)
            count += vg_equal(findings.items[i].check, d->name);
        if (count == 0)
            fail_msg("%s found nothing", d->name);
    }
    vg_findings_free(&findings);
}

static void what_vms_need_stops_vms_alone(void **state)
{
    (void)state;
    mechanism.name = (char *)"virtio-venus";
    host.machine.accel = (char *)"kvm";
    host.machine.emulator = (char *)"/nonexistent/qemu";
    host.machine.kernel = host.machine.initrd = host.machine.rootfs = (char *)"/nonexistent/kernel";
    struct vg_findings findings = examine();
    found(&findings, "instructions under KVM", VG_CANNOT, "No such file");
    found(&findings, "guest image", VG_CANNOT, "/nonexistent/kernel");
    found(&findings, "emulator", VG_CANNOT, "/nonexistent/qemu");
    assert_non_null(vg_findings_stop(&findings, true));
    assert_null(vg_findings_stop(&findings, false));
    vg_findings_free(&findings);

    mechanism.name = (char *)"native"; /* the same host file, nobody in a VM */
    findings = examine();
    assert_null(vg_findings_stop(&findings, true));
    vg_findings_free(&findings);
}

static void a_disk_that_cannot_be_written_stops_everything(void **state)
{
    (void)state;
    struct vg_findings findings;
    struct vg_patient patient = { .host = &host, .root = root, .run_directory = "/proc", .run_need_bytes = 1 };
    vg_doctor_examine(&patient, NULL, NULL, &findings);
    found(&findings, "disk", VG_CANNOT, "/proc");
    assert_non_null(vg_findings_stop(&findings, false));
    vg_findings_free(&findings);
    patient.run_directory = root;
    patient.run_need_bytes = 1ULL << 62;
    vg_doctor_examine(&patient, NULL, NULL, &findings);
    found(&findings, "disk", VG_CAN_PARTLY, "are free");
    assert_null(vg_findings_stop(&findings, false));
    vg_findings_free(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_that_is_set_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_of_vfs_that_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_machine_that_is_half_set_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_machine_without_anything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_vms_need_stops_vms_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_cannot_be_written_stops_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
