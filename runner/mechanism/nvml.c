/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/nvml-abi.h"
#include "mechanism/nvml-library.h"
#include "mechanism/nvml.h"

enum { MOST_VGPUS = 64, NAME_BYTES = 80 /* NVML_DEVICE_UUID_BUFFER_SIZE */ };

struct vg_nvml {
    struct vg_nvml_library library;
    nvmlReturn_t (*mode)(nvmlDevice_t device, nvmlVgpuHeterogeneousMode_t *mode);
    nvmlReturn_t (*set_mode)(nvmlDevice_t device, const nvmlVgpuHeterogeneousMode_t *mode);
    nvmlReturn_t (*active)(nvmlDevice_t device, unsigned int *count, nvmlVgpuInstance_t *instances);
    nvmlReturn_t (*placement)(nvmlVgpuInstance_t instance, nvmlVgpuPlacementId_t *placement);
    nvmlReturn_t (*function)(nvmlVgpuInstance_t instance, char *pci, unsigned int *length);
    nvmlReturn_t (*supported)(nvmlDevice_t device, nvmlVgpuTypeId_t type, nvmlVgpuPlacementList_v2_t *list);
    nvmlReturn_t (*creatable)(nvmlDevice_t device, nvmlVgpuTypeId_t type, nvmlVgpuPlacementList_v2_t *list);
    nvmlReturn_t (*mdev_uuid)(nvmlVgpuInstance_t instance, char *uuid, unsigned int size);
};

struct vg_nvml *vg_nvml_open(const char *root, struct vg_error *err)
{
    struct vg_nvml *nvml = vg_calloc(1, sizeof(*nvml));
    const struct vg_nvml_function functions[] = {
        { "nvmlDeviceGetVgpuHeterogeneousMode", &nvml->mode },
        { "nvmlDeviceSetVgpuHeterogeneousMode", &nvml->set_mode },
        { "nvmlDeviceGetActiveVgpus", &nvml->active },
        { "nvmlVgpuInstanceGetPlacementId", &nvml->placement },
        { "nvmlVgpuInstanceGetGpuPciId", &nvml->function },
        { "nvmlVgpuInstanceGetMdevUUID", &nvml->mdev_uuid },
        { "nvmlDeviceGetVgpuTypeSupportedPlacements", &nvml->supported },
        { "nvmlDeviceGetVgpuTypeCreatablePlacements", &nvml->creatable },
    };
    if (vg_nvml_library_open(&nvml->library, root, functions, VG_COUNT(functions), "mixed-size mode", err))
        return nvml;
    free(nvml);
    return NULL;
}

void vg_nvml_close(struct vg_nvml *nvml)
{
    if (!nvml)
        return;
    vg_nvml_library_close(&nvml->library);
    free(nvml);
}

static bool good(const struct vg_nvml *nvml, nvmlReturn_t result, const char *what, const char *pci,
                 struct vg_error *err)
{
    vg_autofree char *tell = vg_format("tell %s", what);
    return vg_nvml_library_good(&nvml->library, result, tell, pci, err);
}

bool vg_nvml_mixed(struct vg_nvml *nvml, const char *pci, bool *mixed, struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuHeterogeneousMode_t mode = { .version = NVML_VERSION_1(nvmlVgpuHeterogeneousMode_t) };
    if (!good(nvml, nvml->library.find(pci, &device), "the device", pci, err))
        return false;
    nvmlReturn_t result = nvml->mode(device, &mode);
    if (result == NVML_ERROR_NOT_SUPPORTED)
        mode.mode = 0;
    else if (!good(nvml, result, "the mode", pci, err))
        return false;
    *mixed = mode.mode;
    return true;
}

enum vg_nvml_answer vg_nvml_set_mixed(struct vg_nvml *nvml, const char *pci, bool mixed, struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuHeterogeneousMode_t mode = { .version = NVML_VERSION_1(nvmlVgpuHeterogeneousMode_t), .mode = mixed };
    if (!good(nvml, nvml->library.find(pci, &device), "the device", pci, err))
        return VG_NVML_FAILED;
    nvmlReturn_t result = nvml->set_mode(device, &mode);
    if (result == NVML_SUCCESS)
        return VG_NVML_DONE;
    enum vg_nvml_answer answer = result == NVML_ERROR_IN_USE          ? VG_NVML_BUSY
                                 : result == NVML_ERROR_NOT_SUPPORTED ? VG_NVML_UNSUPPORTED
                                                                      : VG_NVML_FAILED;
    vg_fail(err, answer == VG_NVML_FAILED ? VG_ERROR_ENVIRONMENT : VG_ERROR_REFUSED,
            "the mixed-size mode of %s cannot be changed: %s", pci, nvml->library.error_text(result));
    return answer;
}

/* What the vGPU is called in sysfs. */
static bool name_of(const struct vg_nvml *nvml, nvmlVgpuInstance_t instance, const char *pci, bool mdev, char name[37],
                    struct vg_error *err)
{
    char told[NAME_BYTES] = "";
    unsigned int length = sizeof(told);
    nvmlReturn_t result = mdev ? nvml->mdev_uuid(instance, told, length) : nvml->function(instance, told, &length);
    if (!good(nvml, result, mdev ? "an mdev's UUID" : "a VF", pci, err))
        return false;
    told[sizeof(told) - 1] = '\0';
    /* NVML writes the domain with eight digits, sysfs with four. */
    const char *colon = mdev ? NULL : strchr(told, ':');
    const char *tail = colon && colon - told > 4 ? colon - 4 : told;
    snprintf(name, 37, "%.36s", tail);
    for (char *letter = name; *letter; letter++)
        *letter = (char)(*letter >= 'A' && *letter <= 'F' ? *letter + 32 : *letter);
    return true;
}

bool vg_nvml_places(struct vg_nvml *nvml, const char *pci, bool mdev, struct vg_nvml_place **items, unsigned *count,
                    struct vg_error *err)
{
    nvmlDevice_t device;
    nvmlVgpuInstance_t instances[MOST_VGPUS];
    unsigned int found = MOST_VGPUS;
    if (!good(nvml, nvml->library.find(pci, &device), "the device", pci, err) ||
        !good(nvml, nvml->active(device, &found, instances), "the vGPUs", pci, err))
        return false;
    if (found > MOST_VGPUS)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML tells of %u vGPUs on %s, for which it had %d places", found,
                       pci, MOST_VGPUS);
    vg_autofree struct vg_nvml_place *places = vg_calloc(found + 1, sizeof(*places));
    for (unsigned i = 0; i < found; i++) {
        nvmlVgpuPlacementId_t placement = { .version = NVML_VERSION_1(nvmlVgpuPlacementId_t) };
        if (!good(nvml, nvml->placement(instances[i], &placement), "a placement ID", pci, err) ||
            !name_of(nvml, instances[i], pci, mdev, places[i].name, err))
            return false;
        places[i].placement_id = placement.placementId;
    }
    *items = VG_TAKE(places);
    *count = found;
    return true;
}

bool vg_nvml_placements(struct vg_nvml *nvml, const char *pci, unsigned type, bool creatable,
                        uint64_t bits[VG_NVML_PLACEMENTS / 64], unsigned *slots, struct vg_error *err)
{
    nvmlDevice_t device;
    unsigned int ids[VG_NVML_PLACEMENTS];
    nvmlVgpuPlacementList_v2_t list = { .version = NVML_VERSION_2(nvmlVgpuPlacementList_v2_t),
                                        .count = VG_NVML_PLACEMENTS,
                                        .placementIds = ids,
                                        .mode = NVML_VGPU_PGPU_HETEROGENEOUS_MODE };
    memset(bits, 0, VG_NVML_PLACEMENTS / 8);
    if (!good(nvml, nvml->library.find(pci, &device), "the device", pci, err) ||
        !good(nvml, (creatable ? nvml->creatable : nvml->supported)(device, type, &list),
              creatable ? "where a vGPU can be created" : "where vGPUs may lie", pci, err))
        return false;
    if (list.count > VG_NVML_PLACEMENTS)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML tells of %u placement IDs of type %u on %s, of at most %d",
                       list.count, type, pci, VG_NVML_PLACEMENTS);
    for (unsigned i = 0; i < list.count; i++) {
        if (ids[i] >= VG_NVML_PLACEMENTS)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML tells of placement ID %u of type %u on %s; the most is %d",
                           ids[i], type, pci, VG_NVML_PLACEMENTS - 1);
        bits[ids[i] / 64] |= UINT64_C(1) << (ids[i] % 64);
    }
    *slots = list.placementSize;
    return true;
}
