/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An unlicensed vGPU is slowed down after a while, and best-effort scheduling limits frame rates: both change what a
 * guest measures, and neither is in sysfs. */
#include "mechanism/nvidia-limits.h"

#include "mechanism/nvml-abi.h"
#include "mechanism/nvml-library.h"

enum { MOST_VGPUS = 64 };

const char *const vg_limit_names[VG_LIMITS] = { [VG_LIMIT_LICENCE] = "licence", [VG_LIMIT_CAPS] = "caps" };

struct limits {
    struct vg_nvml_library library;
    const char *pci;
    nvmlReturn_t (*active)(nvmlDevice_t device, unsigned int *count, nvmlVgpuInstance_t *instances);
    nvmlReturn_t (*licence)(nvmlVgpuInstance_t instance, nvmlVgpuLicenseInfo_t *info);
    nvmlReturn_t (*frame_rate)(nvmlVgpuInstance_t instance, unsigned int *limit);
};

static void close_limits(struct limits *limits)
{
    vg_nvml_library_close(&limits->library);
}

static char *licence_of(const struct limits *limits, nvmlVgpuInstance_t instance, struct vg_error *err)
{
    static const char *const words[] = {
        [NVML_LICENCE_UNLICENSED_UNRESTRICTED] = "unlicensed, not restricted yet",
        [NVML_LICENCE_UNLICENSED_RESTRICTED] = "unlicensed, restricted",
        [NVML_LICENCE_UNLICENSED] = "unlicensed",
        [NVML_LICENCE_LICENSED] = "licensed",
    };
    nvmlVgpuLicenseInfo_t info = { 0 };
    if (!vg_nvml_library_good(&limits->library, limits->licence(instance, &info), "tell a licence", limits->pci, err))
        return NULL;
    if (info.currentState < VG_COUNT(words) && words[info.currentState])
        return vg_strdup(words[info.currentState]);
    vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML does not know the licence of a vGPU on %s (state %u)", limits->pci,
            info.currentState);
    return NULL;
}

static char *caps_of(const struct limits *limits, nvmlVgpuInstance_t instance, struct vg_error *err)
{
    unsigned int limit = 0;
    return vg_nvml_library_good(&limits->library, limits->frame_rate(instance, &limit), "tell a frame-rate limit",
                                limits->pci, err)
               ? vg_format("frame-rate limit %u FPS", limit)
               : NULL;
}

static bool read_all(const struct limits *limits, enum vg_limit limit, struct vg_words *texts, struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuInstance_t instances[MOST_VGPUS];
    unsigned int count = MOST_VGPUS;
    if (!vg_nvml_library_good(&limits->library, limits->library.find(limits->pci, &device), "find the pGPU",
                              limits->pci, err) ||
        !vg_nvml_library_good(&limits->library, limits->active(device, &count, instances), "list the vGPUs",
                              limits->pci, err))
        return false;
    if (count == 0 || count > MOST_VGPUS)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML lists %u running vGPUs on %s, of which one to %d were expected",
                       count, limits->pci, MOST_VGPUS);
    for (unsigned i = 0; i < count; i++) {
        char *text =
            limit == VG_LIMIT_LICENCE ? licence_of(limits, instances[i], err) : caps_of(limits, instances[i], err);
        if (!text)
            return false;
        vg_push(texts->items, texts->count) = text;
    }
    return true;
}

bool vg_nvidia_limit(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_limit limit,
                     struct vg_words *texts, struct vg_error *err)
{
    struct limits limits VG_CLEANUP(close_limits) = { .pci = pgpu->pci };
    const struct vg_nvml_function functions[] = {
        { "nvmlDeviceGetActiveVgpus", &limits.active },
        limit == VG_LIMIT_LICENCE
            ? (struct vg_nvml_function) { "nvmlVgpuInstanceGetLicenseInfo_v2", &limits.licence }
            : (struct vg_nvml_function) { "nvmlVgpuInstanceGetFrameRateLimit", &limits.frame_rate },
    };
    if (!pgpu->pci)
        return vg_fail(err, VG_ERROR_INPUT, "the pGPU %s needs `pci`, its address", pgpu->name);
    return vg_nvml_library_open(&limits.library, host->root, functions, VG_COUNT(functions), vg_limit_names[limit],
                                err) &&
           read_all(&limits, limit, texts, err);
}

bool vg_passthrough_limit(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_limit limit,
                          struct vg_words *texts, struct vg_error *err)
{
    const char *root = host->root && !vg_equal(host->root, "/") ? host->root : "";
    vg_autofree char *path = vg_format("%s/sys/bus/pci/devices/%s/vendor", root, pgpu->pci ? pgpu->pci : "?");
    vg_autofree char *vendor = NULL;
    if (!vg_read_attribute(path, &vendor, err))
        return false;
    if (vg_equal(vendor, "0x10de"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "only the guest's driver knows the %s of %s, which is NVIDIA's",
                       vg_limit_names[limit], pgpu->name);
    vg_push(texts->items, texts->count) = vg_strdup("none: the mechanism knows none");
    return true;
}
