/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands for libnvidia-ml.so.1 in the tests of the scheduler's knobs, which build it and change `fake_nvml` to make it
 * behave. It knows one pGPU. */
#include <string.h>
#include "mechanism/nvml-abi.h"
#include "mechanism/sched-nvml-abi.h"
#include "fake-nvml.h"

struct fake_nvml fake_nvml = {
    .state = { NVML_POLICY_BEST_EFFORT, NVML_ARR_OFF, { .plain = { 0 } } },
    .capabilities = { { NVML_POLICY_BEST_EFFORT, NVML_POLICY_EQUAL, NVML_POLICY_FIXED },
                      30000000,
                      1000000,
                      1,
                      960,
                      63,
                      60,
                      1 },
};

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int result);
int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvml_device *device);
int nvmlDeviceGetVgpuSchedulerState(nvml_device device, struct nvml_scheduler_state *state);
int nvmlDeviceSetVgpuSchedulerState(nvml_device device, struct nvml_scheduler_set_state *wanted);
int nvmlDeviceGetVgpuSchedulerCapabilities(nvml_device device, struct nvml_scheduler_capabilities *capabilities);
int nvmlDeviceGetVgpuSchedulerLog(nvml_device device, struct nvml_scheduler_log *log);
int nvmlDeviceGetActiveVgpus(nvml_device device, unsigned *count, nvmlVgpuInstance_t *instances);
int nvmlVgpuInstanceGetLicenseInfo_v2(nvmlVgpuInstance_t instance, nvmlVgpuLicenseInfo_t *info);
int nvmlVgpuInstanceGetFrameRateLimit(nvmlVgpuInstance_t instance, unsigned *limit);

int nvmlDeviceGetEccMode(nvml_device device, unsigned *current, unsigned *pending);
int nvmlDeviceGetMigMode(nvml_device device, unsigned *current, unsigned *pending);

int nvmlInit_v2(void)
{
    fake_nvml.users++;
    return fake_nvml.init_result;
}

int nvmlShutdown(void)
{
    fake_nvml.users--;
    return NVML_OK;
}

const char *nvmlErrorString(int result)
{
    return result == 999 ? NULL : "what the library says \x1b[31m";
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, nvml_device *device)
{
    if (strcmp(pci, "0000:41:00.0") != 0)
        return NVML_NOT_FOUND;
    *device = &fake_nvml;
    return NVML_OK;
}

int nvmlDeviceGetVgpuSchedulerState(nvml_device device, struct nvml_scheduler_state *state)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    *state = fake_nvml.state;
    return fake_nvml.get_result;
}

int nvmlDeviceSetVgpuSchedulerState(nvml_device device, struct nvml_scheduler_set_state *wanted)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    fake_nvml.sets++;
    if (fake_nvml.set_result || fake_nvml.ignores)
        return fake_nvml.set_result;
    fake_nvml.state.policy = wanted->policy;
    fake_nvml.state.arr = wanted->arr;
    fake_nvml.state.parameters.plain.slice_ns =
        wanted->parameters.plain.slice_ns ? wanted->parameters.plain.slice_ns : 2000000;
    if (fake_nvml.doubles)
        fake_nvml.state.parameters.plain.slice_ns *= 2;
    return NVML_OK;
}

int nvmlDeviceGetVgpuSchedulerCapabilities(nvml_device device, struct nvml_scheduler_capabilities *capabilities)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    *capabilities = fake_nvml.capabilities;
    return NVML_OK;
}

int nvmlDeviceGetVgpuSchedulerLog(nvml_device device, struct nvml_scheduler_log *log)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    memset(log, 0, sizeof(*log));
    log->count = fake_nvml.log_count;
    for (unsigned i = 0; i < log->count && i < NVML_LOG_ENTRIES; i++)
        log->entries[i] = (struct nvml_scheduler_log_entry) { .timestamp_ns = 1000 * i,
                                                              .run_total_ns = 10 * i,
                                                              .run_ns = 1900000 + i,
                                                              .runlist = i % 3,
                                                              .target_ns = 2000000 };
    return NVML_OK;
}

/* Instances are numbered from 7. */
int nvmlDeviceGetActiveVgpus(nvml_device device, unsigned *count, nvmlVgpuInstance_t *instances)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    for (unsigned i = 0; i < fake_nvml.vgpus && i < *count; i++)
        instances[i] = 7 + i;
    *count = fake_nvml.vgpus;
    return fake_nvml.active_result;
}

int nvmlVgpuInstanceGetLicenseInfo_v2(nvmlVgpuInstance_t instance, nvmlVgpuLicenseInfo_t *info)
{
    if (instance < 7 || instance - 7 >= fake_nvml.vgpus)
        return NVML_NOT_FOUND;
    memset(info, 0xff, sizeof(*info));
    info->currentState = fake_nvml.licences[instance - 7];
    return fake_nvml.licence_result;
}

int nvmlVgpuInstanceGetFrameRateLimit(nvmlVgpuInstance_t instance, unsigned *limit)
{
    if (instance < 7 || instance - 7 >= fake_nvml.vgpus)
        return NVML_NOT_FOUND;
    *limit = fake_nvml.frame_rates[instance - 7];
    return fake_nvml.frame_rate_result;
}

int nvmlDeviceGetEccMode(nvml_device device, unsigned *current, unsigned *pending)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    *current = fake_nvml.ecc[0];
    *pending = fake_nvml.ecc[1];
    return fake_nvml.mode_result;
}

int nvmlDeviceGetMigMode(nvml_device device, unsigned *current, unsigned *pending)
{
    if (device != &fake_nvml)
        return NVML_NOT_FOUND;
    *current = fake_nvml.mig[0];
    *pending = fake_nvml.mig[1];
    return fake_nvml.mode_result;
}
