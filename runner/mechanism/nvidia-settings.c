/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error correction takes memory bandwidth, and an instance of a divided pGPU is not the whole of it: two runs that
 * differ in either have measured two things. Neither is in sysfs. (NVML API reference, nvmlDeviceGetEccMode,
 * nvmlDeviceGetMigMode: the mode now, and the one after the next reset.) */
#include "mechanism/mechanism.h"
#include "mechanism/nvml-abi.h"
#include "mechanism/nvml-library.h"

struct asked {
    struct vg_nvml_library library;
    nvmlReturn_t (*get)(nvmlDevice_t device, unsigned int *current, unsigned int *pending);
};

static void close_library(struct asked *asked)
{
    vg_nvml_library_close(&asked->library);
}

bool vg_pgpu_setting_read(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_pgpu_setting setting,
                          char **value, struct vg_error *err)
{
    static const struct {
        const char *function, *what, *tell;
    } settings[] = {
        [VG_PGPU_ECC] = { "nvmlDeviceGetEccMode", "error correction", "tell whether memory errors are corrected" },
        [VG_PGPU_MIG] = { "nvmlDeviceGetMigMode", "MIG", "tell the MIG mode" },
    };
    struct asked asked VG_CLEANUP(close_library) = { 0 };
    const struct vg_nvml_function functions[] = { { settings[setting].function, &asked.get } };
    nvmlDevice_t device;
    unsigned int now = 0, then = 0;
    if (!vg_nvml_library_open(&asked.library, host->root, functions, VG_COUNT(functions), settings[setting].what,
                              err) ||
        !vg_nvml_library_good(&asked.library, asked.library.find(pgpu->pci, &device), "find the pGPU", pgpu->pci, err))
        return false;
    nvmlReturn_t result = asked.get(device, &now, &then);
    if (result == NVML_ERROR_NOT_SUPPORTED) {
        *value = vg_strdup("none: the pGPU has no such mode");
        return true;
    }
    if (!vg_nvml_library_good(&asked.library, result, settings[setting].tell, pgpu->pci, err))
        return false;
    const char *is = now ? "on" : "off", *will_be = then ? "on" : "off";
    *value = now == then ? vg_strdup(is) : vg_format("%s, %s after a reset", is, will_be);
    return true;
}
