/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many vGPUs of a type NVIDIA advertises for a pGPU: over mediated devices the type's description says it, over the
 * vendor's VFIO driver nothing in sysfs does, and NVML is asked (nvmlVgpuTypeGetMaxInstances, NVML API reference). */
#include "mechanism/nvidia-limits.h"

#include "mechanism/nvml-abi.h"
#include "mechanism/nvml-library.h"
#include "mechanism/vendor.h"

struct maxima {
    struct vg_nvml_library library;
    nvmlReturn_t (*most)(nvmlDevice_t device, nvmlVgpuTypeId_t type, unsigned int *count);
};

static void close_maxima(struct maxima *maxima)
{
    vg_nvml_library_close(&maxima->library);
}

bool vg_nvidia_maximum(const struct vg_host *host, const struct vg_host_pgpu *pgpu,
                       const struct vg_host_profile *profile, unsigned *maximum, struct vg_error *err)
{
    struct maxima maxima VG_CLEANUP(close_maxima) = { 0 };
    const struct vg_nvml_function functions[] = { { "nvmlVgpuTypeGetMaxInstances", &maxima.most } };
    const char *type = vg_vendor_type(profile);
    nvmlDevice_t device;
    uint64_t number;
    if (!pgpu->pci || !vg_sysfs_number(type, UINT32_MAX, &number))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` of the pGPU %s is no number of a vGPU type", type, pgpu->name);
    return vg_nvml_library_open(&maxima.library, host->root, functions, VG_COUNT(functions), "advertised maxima",
                                err) &&
           vg_nvml_library_good(&maxima.library, maxima.library.find(pgpu->pci, &device), "find the pGPU", pgpu->pci,
                                err) &&
           vg_nvml_library_good(&maxima.library, maxima.most(device, (nvmlVgpuTypeId_t)number, maximum),
                                "tell how many vGPUs of a type fit", pgpu->pci, err);
}
