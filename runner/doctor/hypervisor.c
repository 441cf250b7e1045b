/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hypervisor: images, the emulator and the vGPU devices that it was built with, the connection to libvirt. Each is
 * tried as a run would use it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "doctor/internal.h"
#include "mechanism/mechanism.h"

enum { COMMAND_TIMEOUT_MS = 20000, OUTPUT_MAX = 1 << 20 };

static void nothing_for_vms(struct vg_findings *findings, const struct vg_check *check, const char *what)
{
    vg_find(findings, check, VG_CAN, what, "not needed: the host file has native tenants only", NULL);
}

static void examine_images(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    static const char what[] = "guest image";
    const struct vg_host_machine *machine = &patient->host->machine;
    if (!vg_patient_has_vms(patient)) {
        nothing_for_vms(findings, check, what);
        return;
    }
    if (machine->emulator && machine->kernel && machine->initrd && machine->rootfs) {
        const char *const files[] = { machine->kernel, machine->initrd, machine->rootfs };
        for (size_t i = 0; i < VG_COUNT(files); i++) {
            if (access(files[i], R_OK) == 0)
                continue;
            vg_autofree char *found = vg_format("the host file names %s: %s", files[i], strerror(errno));
            vg_find(findings, check, VG_CANNOT, what, found, "correct the host file");
            vg_find_stops(findings, VG_STOPS_VMS);
            return;
        }
        vg_find(findings, check, VG_CAN, what, "the host file names kernel, initramfs and image, and they can be read",
                NULL);
        return;
    }
    struct vg_images images;
    struct vg_error err = { 0 };
    if (!vg_images_find(&images, &err)) {
        vg_find(findings, check, VG_CANNOT, what, err.text, "run `make images`");
        vg_find_stops(findings, VG_STOPS_VMS);
        return;
    }
    vg_autofree char *found = vg_format("fresh: %s is there, and was made by today's recipe (its name is the recipe's "
                                        "digest, %s)",
                                        images.rootfs, images.guest_key);
    vg_find(findings, check, VG_CAN, what, found, NULL);
    vg_images_free(&images);
}

/* Output of the emulator; NULL: *why says what went wrong. */
static char *ask(const char *emulator, const char *first, const char *second, char **why)
{
    const char *const argv[] = { emulator, first, second, NULL };
    struct vg_error err = { 0 };
    int status = 0;
    vg_autofree char *output = NULL;
    if (!vg_run_command(argv, COMMAND_TIMEOUT_MS, OUTPUT_MAX, &output, &status, &err)) {
        *why = vg_strdup(err.text);
        return NULL;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return VG_TAKE(output);
    *why = vg_format("it ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return NULL;
}

static void examine_devices(const struct vg_check *check, const char *emulator, struct vg_findings *findings)
{
    vg_autofree char *why = NULL, *more = NULL;
    vg_autofree char *devices = ask(emulator, "-device", "help", &why);
    bool gl = devices && strstr(devices, "\"virtio-gpu-gl-pci\"");
    vg_autofree char *options = gl ? ask(emulator, "-device", "virtio-gpu-gl-pci,help", &more) : NULL;
    bool venus = options && strstr(options, "venus=");
    vg_find(findings, check,
            gl && venus ? VG_CAN
            : gl        ? VG_CAN_PARTLY
                        : VG_CANNOT,
            "virtio-gpu devices",
            gl && venus ? "-device help has virtio-gpu-gl-pci, and it takes venus=on"
            : gl        ? "-device help has virtio-gpu-gl-pci, but it knows no venus"
                        : "-device help has no virtio-gpu-gl-pci",
            gl && venus ? NULL
            : gl        ? "virtio-venus needs QEMU 9.2 or later built with virglrenderer 1.0 or later"
                 : "install QEMU's OpenGL modules (Debian: qemu-system-modules-opengl), or use the reference tree");
}

static void examine_emulator(const struct vg_check *check, const struct vg_patient *patient,
                             struct vg_findings *findings)
{
    static const char what[] = "emulator";
    struct vg_images images = { 0 };
    struct vg_error err = { 0 };
    const char *emulator = patient->host->machine.emulator;
    if (!vg_patient_has_vms(patient)) {
        nothing_for_vms(findings, check, what);
        return;
    }
    bool found_images = !emulator && vg_images_find(&images, &err);
    if (!emulator && !found_images) {
        vg_find(findings, check, VG_CANNOT, what, err.text, "run `make images`");
        vg_find_stops(findings, VG_STOPS_VMS);
        return;
    }
    if (!emulator)
        emulator = images.emulator;
    vg_autofree char *why = NULL;
    vg_autofree char *version = ask(emulator, "-version", NULL, &why);
    vg_autofree char *found = version ? vg_format("%s says: %.*s", emulator, (int)strcspn(version, "\n"), version)
                                      : vg_format("%s does not tell its version: %s", emulator, why);
    vg_find(findings, check, version ? VG_CAN : VG_CANNOT, what, found,
            version ? NULL : "install QEMU, or correct `emulator` in the host file");
    vg_find_stops(findings, VG_STOPS_VMS);
    if (version)
        examine_devices(check, emulator, findings);
    if (found_images)
        vg_images_free(&images);
}

/* In a child: libvirt opens its in-process driver for one root per process, and a rehearsal will open it again. Writes
 * what it found to fd. */
static int connect_in_child(const char *uri, const char *directory, int fd)
{
    struct vg_error err = { 0 };
    alarm(COMMAND_TIMEOUT_MS / 1000);
    struct vg_machine *machine =
        vg_machine_open(&(struct vg_machine_config) { .uri = uri, .runtime_directory = directory }, &err);
    vg_autofree char *version = machine ? vg_machine_version(machine) : NULL;
    dprintf(fd, "%s", machine ? version ? version : "version unknown" : err.text);
    vg_machine_close(machine);
    return machine ? 0 : 1;
}

static char *read_all(int fd)
{
    struct vg_text text = { 0 };
    char buffer[512];
    for (ssize_t got; (got = read(fd, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR);)
        if (got > 0 && text.length < 4096)
            vg_text_add_bytes(&text, buffer, (size_t)got);
    return text.data ? text.data : vg_strdup("");
}

static bool try_connection(const char *uri, const char *directory, char **said)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        *said = vg_strdup(strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child == 0)
        _exit(connect_in_child(uri, directory, ends[1]));
    close(ends[1]);
    *said = child < 0 ? vg_strdup(strerror(errno)) : read_all(ends[0]);
    close(ends[0]);
    int status;
    bool ended = child > 0 && waitpid(child, &status, 0) == child;
    if (ended && WIFSIGNALED(status)) {
        free(*said);
        *said = vg_format("no answer within %d s", COMMAND_TIMEOUT_MS / 1000);
    }
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void examine_libvirt(const struct vg_check *check, const struct vg_patient *patient,
                            struct vg_findings *findings)
{
    static const char what[] = "libvirt";
    const char *uri = patient->host->connection;
    if (!vg_patient_has_vms(patient) || !uri) {
        nothing_for_vms(findings, check, what);
        return;
    }
    char directory[] = "/tmp/vgauge-doctor-XXXXXX";
    if (!mkdtemp(directory)) {
        vg_autofree char *found = vg_format("no directory can be made in /tmp: %s", strerror(errno));
        vg_find(findings, check, VG_CANNOT_TELL, what, found, "make /tmp writable");
        return;
    }
    vg_autofree char *said = NULL;
    bool connected = try_connection(uri, directory, &said);
    vg_autofree char *found = connected ? vg_format("connected to %s, %s", uri, said) : vg_strdup(said);
    vg_find(findings, check, connected ? VG_CAN : VG_CANNOT, what, found,
            connected ? NULL
                      : "start the daemon that the host file's `connection` means, get the right to use it "
                        "(group libvirt), or use qemu:///embed");
    vg_find_stops(findings, VG_STOPS_VMS);
    struct vg_error left = { 0 };
    if (!vg_remove_tree(directory, &left))
        vg_warn("%s", left.text);
}

static void examine_groups(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    struct vg_error err = { 0 };
    vg_autofree char *where = NULL;
    bool can = vg_renderer_groups_find(*patient->root ? patient->root : "/", &where, &err);
    vg_find(findings, check, can ? VG_CAN : VG_CANNOT, "control groups", can ? where : err.text,
            can ? NULL
                : "without them the reference hypervisor offers best-effort alone: run as root, or where a group with "
                  "the controllers cpu and cpuset may be written");
}

VG_CHECK(images) = {
    .kind = VG_KIND_CHECK,
    .name = "images",
    .summary = "Looks for the guest image that today's recipe makes",
    .order = 11,
    .examine = examine_images,
};
VG_CHECK(emulator) = {
    .kind = VG_KIND_CHECK,
    .name = "emulator",
    .summary = "Asks the emulator for its version and its virtio-gpu devices",
    .order = 12,
    .examine = examine_emulator,
};
VG_CHECK(libvirt) = {
    .kind = VG_KIND_CHECK,
    .name = "libvirt",
    .summary = "Connects to the host file's libvirt",
    .order = 13,
    .examine = examine_libvirt,
};
VG_CHECK(groups) = {
    .kind = VG_KIND_CHECK,
    .name = "cgroups",
    .summary = "Looks for control groups that can be made and limited",
    .why = "On the reference hypervisor they are the GPU's scheduler",
    .order = 14,
    .examine = examine_groups,
};
