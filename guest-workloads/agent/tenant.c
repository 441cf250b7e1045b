/* SPDX-License-Identifier: MIT */
/* What the agent says and decides about its tenant as a whole: its hello, its Vulkan driver, its end. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include "agent/agent.h"

char *vg_agent_line(json_t *object_stolen)
{
    vg_autofree char *text = json_dumps(object_stolen, JSON_COMPACT);
    json_decref(object_stolen);
    return vg_format("%s\n", text ? text : "{}");
}

static void set_attribute(json_t *object, const char *key, const char *path)
{
    struct vg_error err = { 0 };
    vg_autofree char *value = NULL;
    if (!vg_read_attribute(path, &value, &err)) {
        vg_json_set_text(object, key, "unknown");
        return;
    }
    vg_autofree char *clean = vg_printable(value, strlen(value), 200);
    vg_json_set_text(object, key, clean);
}

static void set_os(json_t *object)
{
    struct vg_error err = { 0 };
    vg_autofree char *text = NULL;
    size_t length;
    const char *start = NULL;
    if (vg_read_file("/etc/os-release", 65536, &text, &length, &err))
        start = strstr(text, "PRETTY_NAME=\"");
    start = start ? start + strlen("PRETTY_NAME=\"") : "unknown";
    vg_autofree char *clean = vg_printable(start, strcspn(start, "\"\n"), 200);
    vg_json_set_text(object, "os", clean);
}

char *vg_agent_hello(void)
{
    json_t *hello = vg_json_new_object();
    struct utsname kernel = { 0 };
    uname(&kernel);
    vg_json_set_text(hello, "type", "hello");
    vg_json_set_int(hello, "protocol", 1);
    vg_json_set_text(hello, "agent", "vgauge-agent " VG_VERSION);
    set_attribute(hello, "boot_id", "/proc/sys/kernel/random/boot_id");
    vg_json_set_text(hello, "kernel", kernel.release);
    vg_json_set_text(hello, "machine", kernel.machine);
    set_os(hello);
    vg_json_set_int(hello, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
    vg_json_set_int(hello, "memory_bytes", (json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    vg_json_set_int(hello, "now_ns", vg_now_ns());
    return vg_agent_line(hello);
}

static bool has_virtio_gpu(void)
{
    glob_t found;
    bool virtio = false;
    if (glob("/sys/class/drm/card*/device/driver", 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc && !virtio; i++) {
        char target[256];
        ssize_t length = readlink(found.gl_pathv[i], target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        const char *driver = strrchr(target, '/');
        virtio = driver && strncmp(driver, "/virtio", strlen("/virtio")) == 0; /* virtio_gpu, virtio-pci, virtio-mmio */
    }
    globfree(&found);
    return virtio;
}

void vg_agent_choose_vulkan_driver(void)
{
    glob_t found;
    if (getenv("VK_DRIVER_FILES") || !has_virtio_gpu())
        return;
    if (glob("/usr/share/vulkan/icd.d/virtio_icd*.json", 0, NULL, &found) != 0) {
        fprintf(stderr, "vgauge-agent: no Vulkan driver for virtio-gpu in /usr/share/vulkan/icd.d\n");
        return;
    }
    setenv("VK_DRIVER_FILES", found.gl_pathv[0], 1);
    globfree(&found);
}

void vg_agent_end_tenant(const char *how)
{
    if (getpid() != 1)
        return;
    if (vg_equal(how, "panic")) { /* with everything as it is: does not return */
        vg_autoclose int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "c", 1) != 1)
            perror("vgauge-agent: panic");
    }
    kill(-1, SIGKILL);
    sync();
    reboot(vg_equal(how, "reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
    perror("vgauge-agent: reboot");
    for (;;) /* the first process must not end */
        pause();
}
