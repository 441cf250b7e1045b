/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stand-in for NVIDIA's management library: answers from the files below /model of the model that it lies in. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mechanism/nvml-abi.h"

enum { CARDS = 8, VF_BITS = 8, UUID_LENGTH = 36 };
static char root[512];
static char cards[CARDS][16];
static unsigned card_count;
/* What nvmlDeviceGetActiveVgpus last saw of each vGPU. */
static struct {
    char name[40]; /* address of the VF, or UUID of the mdev */
    unsigned placement;
    int known;
} seen[CARDS << VF_BITS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

nvmlReturn_t nvmlInit_v2(void);
nvmlReturn_t nvmlShutdown(void);
const char *nvmlErrorString(nvmlReturn_t result);
nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvmlDevice_t *device);
nvmlReturn_t nvmlDeviceGetVgpuHeterogeneousMode(nvmlDevice_t device, nvmlVgpuHeterogeneousMode_t *mode);
nvmlReturn_t nvmlDeviceSetVgpuHeterogeneousMode(nvmlDevice_t device, const nvmlVgpuHeterogeneousMode_t *mode);
nvmlReturn_t nvmlDeviceGetActiveVgpus(nvmlDevice_t device, unsigned int *count, nvmlVgpuInstance_t *instances);
nvmlReturn_t nvmlVgpuInstanceGetPlacementId(nvmlVgpuInstance_t instance, nvmlVgpuPlacementId_t *placement);
nvmlReturn_t nvmlDeviceGetVgpuTypeSupportedPlacements(nvmlDevice_t device, nvmlVgpuTypeId_t type,
                                                      nvmlVgpuPlacementList_v2_t *list);
nvmlReturn_t nvmlDeviceGetVgpuTypeCreatablePlacements(nvmlDevice_t device, nvmlVgpuTypeId_t type,
                                                      nvmlVgpuPlacementList_v2_t *list);
nvmlReturn_t nvmlVgpuInstanceGetGpuPciId(nvmlVgpuInstance_t instance, char *pci, unsigned int *length);
nvmlReturn_t nvmlVgpuTypeGetMaxInstances(nvmlDevice_t device, nvmlVgpuTypeId_t type, unsigned int *count);
nvmlReturn_t nvmlVgpuInstanceGetMdevUUID(nvmlVgpuInstance_t instance, char *uuid, unsigned int size);

nvmlReturn_t nvmlInit_v2(void)
{
    Dl_info info;
    if (!dladdr((const void *)cards, &info) || !info.dli_fname)
        return NVML_ERROR_UNKNOWN;
    snprintf(root, sizeof(root), "%s", info.dli_fname);
    char *end = strstr(root, "/usr/lib/");
    if (!end)
        return NVML_ERROR_UNKNOWN;
    *end = '\0';
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlShutdown(void)
{
    return NVML_SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t result)
{
    switch (result) {
    case NVML_SUCCESS:
        return "Success";
    case NVML_ERROR_NOT_SUPPORTED:
        return "Not Supported";
    case NVML_ERROR_NOT_FOUND:
        return "Not Found";
    case NVML_ERROR_IN_USE:
        return "In use by another client";
    default:
        return "Unknown Error";
    }
}

static FILE *file_of(unsigned card, const char *name, const char *mode)
{
    char path[640];
    if (card >= card_count)
        return NULL;
    snprintf(path, sizeof(path), "%s/model/nvml/%s/%s", root, cards[card], name);
    return fopen(path, mode);
}

/* A device is its number, plus one so that it is not NULL. */
static unsigned card_of(nvmlDevice_t device)
{
    return (unsigned)((char *)device - (char *)NULL) - 1;
}

nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvmlDevice_t *device)
{
    unsigned card = 0;
    while (card < card_count && strcmp(cards[card], pci) != 0)
        card++;
    if (card == card_count) {
        if (card == CARDS || strlen(pci) >= sizeof(cards[card]))
            return NVML_ERROR_NOT_FOUND;
        strcpy(cards[card], pci);
        card_count++;
        FILE *file = file_of(card, "mode", "r");
        if (!file) {
            card_count--;
            return NVML_ERROR_NOT_FOUND;
        }
        fclose(file);
    }
    *device = (nvmlDevice_t)((char *)NULL + card + 1);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetVgpuHeterogeneousMode(nvmlDevice_t device, nvmlVgpuHeterogeneousMode_t *mode)
{
    FILE *file = file_of(card_of(device), "mode", "r");
    if (!file)
        return NVML_ERROR_NOT_FOUND;
    int got = fscanf(file, "%u", &mode->mode);
    fclose(file);
    return got == 1 ? NVML_SUCCESS : NVML_ERROR_UNKNOWN;
}

nvmlReturn_t nvmlDeviceSetVgpuHeterogeneousMode(nvmlDevice_t device, const nvmlVgpuHeterogeneousMode_t *mode)
{
    FILE *file = file_of(card_of(device), "mode", "w");
    if (!file)
        return NVML_ERROR_NOT_FOUND;
    fprintf(file, "%u", mode->mode);
    errno = 0;
    if (fclose(file) == 0)
        return NVML_SUCCESS;
    return errno == EBUSY ? NVML_ERROR_IN_USE : errno == EOPNOTSUPP ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_UNKNOWN;
}

/* One line of "places": VF, its address or the UUID of the mdev on it, type, placement ID. */
static int next_place(FILE *file, unsigned *vf, char name[40], unsigned *placement)
{
    char type[16];
    return fscanf(file, "%u %39s %15s %u", vf, name, type, placement) == 4;
}

nvmlReturn_t nvmlDeviceGetActiveVgpus(nvmlDevice_t device, unsigned int *count, nvmlVgpuInstance_t *instances)
{
    FILE *file = file_of(card_of(device), "places", "r");
    unsigned most = *count, vf, placement;
    char name[40];
    if (!file)
        return NVML_ERROR_NOT_FOUND;
    *count = 0;
    pthread_mutex_lock(&lock);
    while (next_place(file, &vf, name, &placement) && *count < most && vf < 1U << VF_BITS) {
        unsigned instance = card_of(device) << VF_BITS | vf;
        memcpy(seen[instance].name, name, sizeof(name));
        seen[instance].placement = placement;
        seen[instance].known = 1;
        instances[(*count)++] = instance;
    }
    pthread_mutex_unlock(&lock);
    fclose(file);
    return NVML_SUCCESS;
}

static nvmlReturn_t find(nvmlVgpuInstance_t instance, char name[40], unsigned *placement)
{
    nvmlReturn_t result = NVML_ERROR_NOT_FOUND;
    pthread_mutex_lock(&lock);
    if (instance < CARDS << VF_BITS && seen[instance].known) {
        memcpy(name, seen[instance].name, sizeof(seen[instance].name));
        *placement = seen[instance].placement;
        result = NVML_SUCCESS;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

nvmlReturn_t nvmlVgpuInstanceGetPlacementId(nvmlVgpuInstance_t instance, nvmlVgpuPlacementId_t *placement)
{
    char name[40];
    return find(instance, name, &placement->placementId);
}

nvmlReturn_t nvmlVgpuInstanceGetGpuPciId(nvmlVgpuInstance_t instance, char *pci, unsigned int *length)
{
    char name[40];
    unsigned placement;
    nvmlReturn_t result = find(instance, name, &placement);
    if (result != NVML_SUCCESS)
        return result;
    if (*length < strlen(name) + 5)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    snprintf(pci, *length, "0000%s", strlen(name) == UUID_LENGTH ? "0000:00:00.0" : name);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlVgpuInstanceGetMdevUUID(nvmlVgpuInstance_t instance, char *uuid, unsigned int size)
{
    char name[40];
    unsigned placement;
    nvmlReturn_t result = find(instance, name, &placement);
    if (result != NVML_SUCCESS)
        return result;
    if (strlen(name) != UUID_LENGTH)
        return NVML_ERROR_NOT_SUPPORTED;
    if (size <= UUID_LENGTH)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    memcpy(uuid, name, UUID_LENGTH + 1);
    return NVML_SUCCESS;
}

/* A line of "supported" or "creatable": type, slots, placement IDs. */
static nvmlReturn_t list_places(nvmlDevice_t device, const char *name, nvmlVgpuTypeId_t type,
                                nvmlVgpuPlacementList_v2_t *list)
{
    char line[1024];
    nvmlReturn_t result = NVML_ERROR_NOT_FOUND;
    if (list->version != NVML_VERSION_2(nvmlVgpuPlacementList_v2_t))
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    if (list->mode != NVML_VGPU_PGPU_HETEROGENEOUS_MODE)
        return NVML_ERROR_NOT_SUPPORTED;
    FILE *file = file_of(card_of(device), name, "r");
    if (!file)
        return NVML_ERROR_NOT_FOUND;
    while (result == NVML_ERROR_NOT_FOUND && fgets(line, sizeof(line), file)) {
        char *at = strncmp(line, "nvidia-", strlen("nvidia-")) == 0 ? line + strlen("nvidia-") : line, *end;
        if (strtoul(at, &end, 10) != type)
            continue;
        list->placementSize = (unsigned)strtoul(end, &at, 10);
        unsigned most = list->count;
        list->count = 0;
        result = NVML_SUCCESS;
        for (unsigned long id = strtoul(at, &end, 10); end != at; at = end, id = strtoul(at, &end, 10)) {
            if (list->count < most)
                list->placementIds[list->count] = (unsigned)id;
            else
                result = NVML_ERROR_INSUFFICIENT_SIZE;
            list->count++;
        }
    }
    fclose(file);
    return result;
}

nvmlReturn_t nvmlDeviceGetVgpuTypeSupportedPlacements(nvmlDevice_t device, nvmlVgpuTypeId_t type,
                                                      nvmlVgpuPlacementList_v2_t *list)
{
    return list_places(device, "supported", type, list);
}

nvmlReturn_t nvmlDeviceGetVgpuTypeCreatablePlacements(nvmlDevice_t device, nvmlVgpuTypeId_t type,
                                                      nvmlVgpuPlacementList_v2_t *list)
{
    return list_places(device, "creatable", type, list);
}

nvmlReturn_t nvmlVgpuTypeGetMaxInstances(nvmlDevice_t device, nvmlVgpuTypeId_t type, unsigned int *count)
{
    char name[32];
    FILE *file = file_of(card_of(device), "maxima", "r");
    if (!file)
        return NVML_ERROR_NOT_FOUND;
    nvmlReturn_t result = NVML_ERROR_NOT_FOUND;
    while (result == NVML_ERROR_NOT_FOUND && fscanf(file, "%31s %u", name, count) == 2)
        if (strtoul(name, NULL, 10) == type)
            result = NVML_SUCCESS;
    fclose(file);
    return result;
}
