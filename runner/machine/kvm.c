/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether KVM runs a guest here. A /dev/kvm that opens, and even creates a VM, is no proof: nested or filtered
 * virtualisation may stop at the first odd instruction. So one guest is booted, and the answer kept until the kernel,
 * the CPU or the image changes. */
#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include "machine/kvm.h"

#define CACHE_NAME "kvm.json"

static bool device_opens(const char *device, char **why)
{
    vg_autoclose int fd = open(device, O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        return true;
    *why = vg_format("KVM is not used: %s cannot be opened (%s)", device, strerror(errno));
    return false;
}

static bool cached(const char *path, const struct vg_kvm_host *host, const char *image_key, bool *works, char **why)
{
    struct vg_error error = { 0 };
    vg_autojson json_t *cache = vg_json_load_file(path, 65536, &error);
    const char *kernel, *cpu, *image, *reason;
    if (!cache || !vg_json_text(cache, "kernel", &kernel, &error) || !vg_json_text(cache, "cpu", &cpu, &error) ||
        !vg_json_text(cache, "image", &image, &error) || !vg_json_text(cache, "why", &reason, &error) ||
        !json_is_boolean(json_object_get(cache, "works")))
        return false;
    if (strcmp(kernel, host->kernel) != 0 || strcmp(cpu, host->cpu) != 0 || strcmp(image, image_key) != 0)
        return false;
    *works = json_is_true(json_object_get(cache, "works"));
    vg_autofree char *shown = vg_printable(reason, strlen(reason), 1024);
    *why = vg_format("%s (found out before, kept in %s)", shown, path);
    return true;
}

static void keep(const char *directory, const char *path, const struct vg_kvm_host *host, const char *image_key,
                 bool works, const char *why)
{
    struct vg_error error = { 0 };
    vg_autojson json_t *cache = vg_json_new_object();
    vg_json_set_bool(cache, "works", works);
    vg_json_set_text(cache, "why", why);
    vg_json_set_text(cache, "kernel", host->kernel);
    vg_json_set_text(cache, "cpu", host->cpu);
    vg_json_set_text(cache, "image", image_key);
    if (!vg_make_directories(directory, &error) || !vg_json_save_file(cache, path, &error))
        vg_debug("the KVM decision is not kept: %s", error.text);
}

bool vg_kvm_decide(const struct vg_kvm_host *host, const char *cache_directory, const char *image_key,
                   bool (*boot)(void *context, struct vg_error *err), void *context, char **why)
{
    bool works;
    vg_autofree char *path = vg_format("%s/" CACHE_NAME, cache_directory);
    if (!device_opens(host->device, why))
        return false;
    if (cached(path, host, image_key, &works, why))
        return works;
    struct vg_error error = { 0 };
    works = boot(context, &error);
    *why = works
               ? vg_strdup("KVM is used: a guest booted with it up to its agent")
               : vg_format("KVM is not used: a guest that was booted with it did not reach its agent (%s)", error.text);
    /* A Ctrl-C, or a host that could not start a VM at all, says nothing about KVM. A guest that ran and did not get
     * there does. */
    if (works || error.kind == VG_ERROR_TIMEOUT || error.kind == VG_ERROR_TENANT)
        keep(cache_directory, path, host, image_key, works, *why);
    return works;
}

/* The first "key : value" of /proc/cpuinfo. */
static char *cpuinfo(const char *text, const char *key)
{
    const char *line = strstr(text, key);
    const char *colon = line ? strchr(line, ':') : NULL;
    if (!colon)
        return vg_strdup("unknown");
    colon += strspn(colon, ": \t");
    return vg_format("%.*s", (int)strcspn(colon, "\n"), colon);
}

bool vg_kvm_works(const char *cache_directory, const char *image_key, bool (*boot)(void *context, struct vg_error *err),
                  void *context, char **why)
{
    struct utsname names = { 0 };
    uname(&names);
    vg_autofree char *text = NULL;
    size_t length;
    struct vg_error error = { 0 };
    if (!vg_read_file("/proc/cpuinfo", 4 << 20, &text, &length, &error))
        text = vg_strdup("");
    vg_autofree char *model = cpuinfo(text, "model name");
    vg_autofree char *stepping = cpuinfo(text, "stepping");
    vg_autofree char *microcode = cpuinfo(text, "microcode");
    vg_autofree char *cpu = vg_format("%s, stepping %s, microcode %s", model, stepping, microcode);
    vg_autofree char *kernel = vg_format("%s %s", names.release, names.version);
    const struct vg_kvm_host host = { .device = "/dev/kvm", .kernel = kernel, .cpu = cpu };
    return vg_kvm_decide(&host, cache_directory, image_key, boot, context, why);
}
