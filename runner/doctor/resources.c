/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run eats, and what makes its numbers tremble: memory, disk, clock, frequency, tracing. */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include "doctor/internal.h"

/* "MemAvailable:  123 kB" of /proc/meminfo. */
static unsigned long long meminfo_bytes(const struct vg_patient *patient, const char *key)
{
    vg_autofree char *path = vg_patient_path(patient, "/proc/meminfo");
    vg_autofile FILE *file = fopen(path, "re");
    char line[256];
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, key, strlen(key)) == 0)
            return strtoull(line + strlen(key), NULL, 10) * 1024;
    return 0;
}

static void examine_memory(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    unsigned long long have = meminfo_bytes(patient, "MemAvailable:");
    unsigned long long guest = (unsigned long long)patient->host->machine.memory_mib << 20;
    if (!have) {
        vg_find(findings, check, VG_CANNOT_TELL, "memory", "/proc/meminfo does not tell MemAvailable", "mount proc");
        return;
    }
    bool vms = vg_patient_has_vms(patient) && guest;
    unsigned long long guests = vms ? have / guest : 0;
    vg_autofree char *found = vms ? vg_format("%llu MiB are available, enough for %llu guest%s of %llu MiB", have >> 20,
                                              guests, guests == 1 ? "" : "s", guest >> 20)
                                  : vg_format("%llu MiB are available", have >> 20);
    vg_find(findings, check,
            !vms || guests >= 4 ? VG_CAN
            : guests >= 2       ? VG_CAN_PARTLY
                                : VG_CANNOT,
            "memory", found,
            !vms || guests >= 4 ? NULL
                                : "free memory, or lower memory_mib in the host file; tests have up to 4 tenants");
    if (vms && guests == 0)
        vg_find_stops(findings, VG_STOPS_VMS);
}

/* By making a file and removing it: rights, a read-only mount and quotas all have a say. */
static bool can_write(const char *directory)
{
    vg_autofree char *path = vg_format("%s/.vgauge-doctor-XXXXXX", directory);
    vg_autoclose int fd = mkostemp(path, O_CLOEXEC);
    return fd >= 0 && unlink(path) == 0;
}

static void examine_disk(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    struct statvfs status;
    if (statvfs(patient->run_directory, &status) < 0 || !can_write(patient->run_directory)) {
        vg_autofree char *found =
            vg_format("runs cannot be written to %s: %s", patient->run_directory, strerror(errno));
        vg_find(findings, check, VG_CANNOT, "disk", found, "go to a directory of yours, or use --out");
        vg_find_stops(findings, VG_STOPS_ALL);
        return;
    }
    unsigned long long have = (unsigned long long)status.f_bavail * status.f_frsize;
    vg_autofree char *found = vg_format("%llu MiB are free at %s; a full run takes about %llu MiB", have >> 20,
                                        patient->run_directory, patient->run_need_bytes >> 20);
    bool enough = have >= patient->run_need_bytes;
    vg_find(findings, check, enough ? VG_CAN : VG_CAN_PARTLY, "disk", found, enough ? NULL : "make room, or use --out");
}

static void examine_clock(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    vg_autofree char *source =
        vg_patient_read(patient, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (!source) {
        vg_find(findings, check, VG_CANNOT_TELL, "clock", "the kernel's clock source cannot be read", "mount sysfs");
        return;
    }
    /* Those that are read without leaving user space: the rest costs about a microsecond per reading. */
    bool fast = vg_equal(source, "tsc") || vg_equal(source, "kvm-clock") ||
                vg_equal(source, "hyperv_clocksource_tsc_page") || vg_equal(source, "arch_sys_counter");
    vg_autofree char *found =
        vg_format("current_clocksource is %s, which is read %s a system call", source, fast ? "without" : "with");
    vg_find(findings, check, fast ? VG_CAN : VG_CAN_PARTLY, "clock", found,
            fast ? NULL
                 : "latencies below a few microseconds cannot be trusted here: find out why the kernel gave the "
                   "TSC up (dmesg)");
}

static void examine_governor(const struct vg_check *check, const struct vg_patient *patient,
                             struct vg_findings *findings)
{
    char **names;
    unsigned count, other = 0, known = 0;
    if (!vg_patient_names(patient, "/sys/devices/system/cpu", "cpu[0-9]*", &names, &count)) {
        vg_find(findings, check, VG_CANNOT_TELL, "steady frequency", "/sys/devices/system/cpu cannot be read",
                "mount sysfs");
        return;
    }
    vg_autofree char *first = NULL;
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *path = vg_format("/sys/devices/system/cpu/%s/cpufreq/scaling_governor", names[i]);
        vg_autofree char *governor = vg_patient_read(patient, path);
        known += governor != NULL;
        if (governor && !vg_equal(governor, "performance") && other++ == 0)
            first = vg_format("%s of %s", governor, names[i]);
    }
    vg_autofree char *found =
        !known  ? vg_strdup("no core has cpufreq: the frequency is not this system's to set, nor to know")
        : other ? vg_format("%u of %u cores are not at `performance` (%s)", other, known, first)
                : vg_format("all %u cores are at `performance`", known);
    vg_find(findings, check,
            !known  ? VG_CANNOT_TELL
            : other ? VG_CAN_PARTLY
                    : VG_CAN,
            "steady frequency", found,
            !known  ? "expect more `invalid`: the judge measures how steady the clock was"
            : other ? "cpupower frequency-set -g performance"
                    : NULL);
    vg_names_free(names, count);
}

static void examine_tracing(const struct vg_check *check, const struct vg_patient *patient,
                            struct vg_findings *findings)
{
    static const struct {
        const char *what, *path, *tells, *advice;
    } places[] = {
        { "tracefs", "/sys/kernel/tracing/events", "exits by kind (host-in-the-path tests)",
          "mount -t tracefs tracefs /sys/kernel/tracing, as root" },
        { "debugfs", "/sys/kernel/debug/kvm", "KVM's counters",
          "mount -t debugfs debugfs /sys/kernel/debug, as root, with KVM loaded" },
    };
    for (size_t i = 0; i < VG_COUNT(places); i++) {
        vg_autofree char *path = vg_patient_path(patient, places[i].path);
        bool can = access(path, R_OK | X_OK) == 0;
        vg_autofree char *found = vg_format("%s: %s", places[i].path, can ? "can be read" : strerror(errno));
        vg_autofree char *advice = vg_format("%s; without it there are no %s", places[i].advice, places[i].tells);
        vg_find(findings, check, can ? VG_CAN : VG_CANNOT, places[i].what, found, can ? NULL : advice);
    }
}

VG_CHECK(tracing) = {
    .kind = VG_KIND_CHECK,
    .name = "tracing",
    .summary = "Looks for tracefs and debugfs",
    .order = 40,
    .examine = examine_tracing,
};
VG_CHECK(memory) = {
    .kind = VG_KIND_CHECK,
    .name = "memory",
    .summary = "Compares available memory with what guests take",
    .order = 50,
    .examine = examine_memory,
};
VG_CHECK(disk) = {
    .kind = VG_KIND_CHECK,
    .name = "disk",
    .summary = "Looks whether a run can be written here",
    .order = 51,
    .examine = examine_disk,
};
VG_CHECK(clock) = {
    .kind = VG_KIND_CHECK,
    .name = "clock",
    .summary = "Asks which clock the kernel uses",
    .order = 52,
    .examine = examine_clock,
};
VG_CHECK(governor) = {
    .kind = VG_KIND_CHECK,
    .name = "governor",
    .summary = "Asks how cores choose their frequency",
    .order = 53,
    .examine = examine_governor,
};
