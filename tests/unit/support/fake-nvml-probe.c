/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands for libnvidia-ml.so.1 in the test of the nvml probe: one pGPU with two vGPUs. FAKE_NVML_SAYS in the
 * environment makes it refuse: "no-utilization", "no-start", "hostile", "too-many". */
#include <stdlib.h>
#include <string.h>
#include "nvml-abi.h"

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int result);
int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvml_device *device);
int nvmlDeviceGetUtilizationRates(nvml_device device, struct nvml_utilization *utilization);
int nvmlDeviceGetActiveVgpus(nvml_device device, unsigned *count, nvml_instance *instances);
int nvmlVgpuInstanceGetUUID(nvml_instance instance, char *uuid, unsigned size);
int nvmlVgpuInstanceGetFbUsage(nvml_instance instance, unsigned long long *bytes);
int nvmlDeviceGetVgpuUtilization(nvml_device device, unsigned long long since_us, int *type, unsigned *count,
                                 struct nvml_instance_sample *samples);
int nvmlDeviceGetVgpuSchedulerLog(nvml_device device, struct nvml_scheduler_record *record);

static int here;
static unsigned looks;

static int says(const char *word)
{
    const char *said = getenv("FAKE_NVML_SAYS");
    return said && strcmp(said, word) == 0;
}

int nvmlInit_v2(void)
{
    looks = 0;
    return says("no-start") ? 9 : NVML_OK;
}

int nvmlShutdown(void)
{
    return NVML_OK;
}

const char *nvmlErrorString(int result)
{
    return result == 999 ? NULL : "what the library says \x1b[31m";
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvml_device *device)
{
    *device = &here;
    return strcmp(pci, "0000:41:00.0") == 0 ? NVML_OK : 6;
}

int nvmlDeviceGetUtilizationRates(nvml_device device, struct nvml_utilization *utilization)
{
    *utilization = (struct nvml_utilization) { 87, 12 };
    return device != &here ? 2 : says("no-utilization") ? NVML_UNSUPPORTED : NVML_OK;
}

int nvmlDeviceGetActiveVgpus(nvml_device device, unsigned *count, nvml_instance *instances)
{
    if (device != &here || *count < 2)
        return NVML_TOO_SMALL;
    *count = says("too-many") ? 4000000000U : 2;
    instances[0] = 11;
    instances[1] = 12;
    return NVML_OK;
}

int nvmlVgpuInstanceGetUUID(nvml_instance instance, char *uuid, unsigned size)
{
    const char *text = says("hostile") ? "0a\x1b[31m,\"x" : instance == 11 ? "0a0a-11" : "0b0b-12";
    strncpy(uuid, text, size);
    return NVML_OK;
}

int nvmlVgpuInstanceGetFbUsage(nvml_instance instance, unsigned long long *bytes)
{
    *bytes = instance * 1048576ULL;
    return NVML_OK;
}

int nvmlDeviceGetVgpuUtilization(nvml_device device, unsigned long long since_us, int *type, unsigned *count,
                                 struct nvml_instance_sample *samples)
{
    if (says("no-utilization"))
        return NVML_UNSUPPORTED;
    *type = NVML_TYPE_UNSIGNED;
    *count = device == &here ? 1 : 0;
    samples[0] = (struct nvml_instance_sample) { .instance = 11, .time_us = since_us + 1000 };
    samples[0].sm.whole = since_us == 0 ? 40 : 50;
    return NVML_OK;
}

int nvmlDeviceGetVgpuSchedulerLog(nvml_device device, struct nvml_scheduler_record *record)
{
    if (device != &here || says("no-utilization"))
        return NVML_UNSUPPORTED;
    looks++;
    record->count = says("hostile") ? 4000000000U : 2 + looks;
    for (unsigned i = 0; i < record->count && i < NVML_SCHEDULER_ENTRIES; i++)
        record->entries[i] =
            (struct nvml_scheduler_entry) { .time_ns = 1000 + i, .run_ns = 1900000 + i, .target_ns = 2000000 };
    return NVML_OK;
}
