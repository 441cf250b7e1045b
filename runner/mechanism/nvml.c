/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include "mechanism/nvml-abi.h"
#include "mechanism/nvml.h"

enum { MOST_VGPUS = 64, BUS_ID_BYTES = 32 };

struct vg_nvml {
    void *library;
    nvmlReturn_t (*init)(void);
    nvmlReturn_t (*shutdown)(void);
    const char *(*error)(nvmlReturn_t);
    nvmlReturn_t (*device)(const char *pci, nvmlDevice_t *device);
    nvmlReturn_t (*mode)(nvmlDevice_t device, nvmlVgpuHeterogeneousMode_t *mode);
    nvmlReturn_t (*set_mode)(nvmlDevice_t device, const nvmlVgpuHeterogeneousMode_t *mode);
    nvmlReturn_t (*active)(nvmlDevice_t device, unsigned int *count, nvmlVgpuInstance_t *instances);
    nvmlReturn_t (*placement)(nvmlVgpuInstance_t instance, nvmlVgpuPlacementId_t *placement);
    nvmlReturn_t (*function)(nvmlVgpuInstance_t instance, char *pci, unsigned int *length);
};

static bool bind(struct vg_nvml *nvml, struct vg_error *err)
{
    const struct {
        const char *name;
        void *place;
    } symbols[] = {
        { "nvmlInit_v2", &nvml->init },
        { "nvmlShutdown", &nvml->shutdown },
        { "nvmlErrorString", &nvml->error },
        { "nvmlDeviceGetHandleByPciBusId_v2", &nvml->device },
        { "nvmlDeviceGetVgpuHeterogeneousMode", &nvml->mode },
        { "nvmlDeviceSetVgpuHeterogeneousMode", &nvml->set_mode },
        { "nvmlDeviceGetActiveVgpus", &nvml->active },
        { "nvmlVgpuInstanceGetPlacementId", &nvml->placement },
        { "nvmlVgpuInstanceGetGpuPciId", &nvml->function },
    };
    for (size_t i = 0; i < VG_COUNT(symbols); i++) {
        void *symbol = dlsym(nvml->library, symbols[i].name);
        if (!symbol)
            return vg_fail(err, VG_ERROR_ENVIRONMENT,
                           "NVIDIA's management library has no %s: it is older than mixed-size mode", symbols[i].name);
        memcpy(symbols[i].place, &symbol, sizeof(symbol)); /* C has no cast from object to function */
    }
    return true;
}

struct vg_nvml *vg_nvml_open(const char *root, struct vg_error *err)
{
    vg_autofree char *path = !root || vg_equal(root, "/")
                                 ? vg_strdup("libnvidia-ml.so.1")
                                 : vg_format("%s/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1", root);
    struct vg_nvml *nvml = vg_calloc(1, sizeof(*nvml));
    nvml->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!nvml->library)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "NVIDIA's management library cannot be loaded: %s", dlerror());
    else if (bind(nvml, err)) {
        nvmlReturn_t result = nvml->init();
        if (result == NVML_SUCCESS)
            return nvml;
        vg_fail(err, VG_ERROR_ENVIRONMENT, "NVIDIA's management library does not start: %s", nvml->error(result));
    }
    if (nvml->library)
        dlclose(nvml->library);
    free(nvml);
    return NULL;
}

void vg_nvml_close(struct vg_nvml *nvml)
{
    if (!nvml)
        return;
    nvml->shutdown();
    dlclose(nvml->library);
    free(nvml);
}

static bool good(const struct vg_nvml *nvml, nvmlReturn_t result, const char *what, const char *pci,
                 struct vg_error *err)
{
    return result == NVML_SUCCESS ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "NVIDIA's management library does not tell %s of %s: %s", what, pci,
                   nvml->error(result));
}

bool vg_nvml_mixed(struct vg_nvml *nvml, const char *pci, bool *mixed, struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuHeterogeneousMode_t mode = { .version = NVML_VERSION_1(nvmlVgpuHeterogeneousMode_t) };
    if (!good(nvml, nvml->device(pci, &device), "the device", pci, err))
        return false;
    nvmlReturn_t result = nvml->mode(device, &mode);
    if (result == NVML_ERROR_NOT_SUPPORTED)
        mode.mode = 0;
    else if (!good(nvml, result, "the mode", pci, err))
        return false;
    *mixed = mode.mode;
    return true;
}

bool vg_nvml_set_mixed(struct vg_nvml *nvml, const char *pci, bool mixed, bool *busy, struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuHeterogeneousMode_t mode = { .version = NVML_VERSION_1(nvmlVgpuHeterogeneousMode_t), .mode = mixed };
    *busy = false;
    if (!good(nvml, nvml->device(pci, &device), "the device", pci, err))
        return false;
    nvmlReturn_t result = nvml->set_mode(device, &mode);
    *busy = result == NVML_ERROR_IN_USE;
    return result == NVML_SUCCESS ||
           vg_fail(err, VG_ERROR_REFUSED, "the mixed-size mode of %s cannot be changed: %s", pci, nvml->error(result));
}

bool vg_nvml_places(struct vg_nvml *nvml, const char *pci, struct vg_nvml_place **items, unsigned *count,
                    struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuInstance_t instances[MOST_VGPUS];
    unsigned int found = MOST_VGPUS;
    if (!good(nvml, nvml->device(pci, &device), "the device", pci, err) ||
        !good(nvml, nvml->active(device, &found, instances), "the vGPUs", pci, err))
        return false;
    vg_autofree struct vg_nvml_place *places = vg_calloc(found + 1, sizeof(*places));
    for (unsigned i = 0; i < found; i++) {
        char function[BUS_ID_BYTES] = "";
        unsigned int length = sizeof(function);
        nvmlVgpuPlacementId_t placement = { .version = NVML_VERSION_1(nvmlVgpuPlacementId_t) };
        if (!good(nvml, nvml->placement(instances[i], &placement), "a placement ID", pci, err) ||
            !good(nvml, nvml->function(instances[i], function, &length), "a VF", pci, err))
            return false;
        function[sizeof(function) - 1] = '\0';
        /* NVML writes the domain with eight digits, sysfs with four. */
        const char *colon = strchr(function, ':');
        const char *tail = colon && colon - function > 4 ? colon - 4 : function;
        for (unsigned j = 0; j + 1 < sizeof(places[i].vf) && tail[j]; j++)
            places[i].vf[j] = (char)(tail[j] >= 'A' && tail[j] <= 'F' ? tail[j] + 32 : tail[j]);
        places[i].placement_id = placement.placementId;
    }
    *items = VG_TAKE(places);
    *count = found;
    return true;
}
