/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must be equal for two runs to be comparable, with where each value was read. */
#include <stdlib.h>
#include <sys/utsname.h>
#include "engine/internal.h"

/* The value of "key : value" or key="value" in a small text file. */
static char *value_in(const char *path, const char *key)
{
    enum { MOST_BYTES = 1 << 20 };
    vg_autofree char *data = NULL;
    size_t length;
    struct vg_error unread = { 0 };
    if (!vg_read_file(path, MOST_BYTES, &data, &length, &unread))
        return NULL;
    char *rest = data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        char *value = line + strlen(key);
        value += strspn(value, " \t:=\"");
        value[strcspn(value, "\"")] = '\0';
        return vg_printable(value, strlen(value), 200);
    }
    return NULL;
}

/* The version in "NAME_VERSION_ARCHITECTURE.deb" of a list of unpacked packages; the image's recipe names packages, not
 * versions, so two images of one recipe may differ in them. */
static char *version_in(const char *list, const char *package)
{
    vg_autofree char *key = vg_format("%s_", package);
    char *version = value_in(list, key);
    if (version)
        version[strcspn(version, "_")] = '\0';
    return version;
}

void vg_environment_fingerprint_images(struct vg_engine *engine)
{
    static const struct {
        const char *key, *package;
        bool guest;
    } fields[] = {
        { "guest.kernel", "linux-image-amd64", true },
        { "guest.mesa", "mesa-vulkan-drivers", true },
        { "host.qemu", "qemu-system-x86", false },
        { "host.virglrenderer", "libvirglrenderer1", false },
        { "host.renderer-mesa", "mesa-vulkan-drivers", false },
    };
    for (size_t i = 0; i < VG_COUNT(fields); i++) {
        const char *beside = fields[i].guest ? engine->images.kernel : engine->images.emulator;
        const char *slash = beside ? strrchr(beside, '/') : NULL;
        vg_autofree char *list = slash ? vg_format("%.*s/packages", (int)(slash - beside), beside) : NULL;
        vg_autofree char *version = list ? version_in(list, fields[i].package) : vg_strdup("not of an image of ours");
        vg_run_fingerprint(engine->config->run, fields[i].key, version, list ? list : "host file");
    }
}

void vg_environment_fingerprint(struct vg_engine *engine)
{
    struct vg_run *run = engine->config->run;
    struct utsname name;
    if (uname(&name) == 0) {
        vg_run_fingerprint(run, "host.kernel", name.release, "uname(2)");
        vg_run_fingerprint(run, "host.machine", name.machine, "uname(2)");
    }
    vg_autofree char *cpu = value_in("/proc/cpuinfo", "model name");
    vg_autofree char *os = value_in("/etc/os-release", "PRETTY_NAME");
    vg_autofree char *cores = vg_format("%ld", sysconf(_SC_NPROCESSORS_ONLN));
    vg_autofree char *memory = value_in("/proc/meminfo", "MemTotal");
    vg_run_fingerprint(run, "host.cpu", cpu, "/proc/cpuinfo");
    vg_run_fingerprint(run, "host.cores", cores, "sysconf(_SC_NPROCESSORS_ONLN)");
    vg_run_fingerprint(run, "host.memory", memory, "/proc/meminfo");
    vg_run_fingerprint(run, "host.os", os, "/etc/os-release");
    const char *cpus = engine->host->machine.vcpu_cpus;
    vg_run_fingerprint(run, "host.pinning", cpus ? cpus : "none: vCPUs and VMM run on any core", "host file");
    vg_run_fingerprint(run, "vgauge.version", VG_VERSION, "build");
    vg_run_fingerprint(run, "host.name", engine->host->name, "host file");
    vg_run_fingerprint(run, "plan", run->plan, "command line");
    vg_environment_fingerprint_pgpus(engine);
}
