/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the stand-in library behaves; the test finds the variable in the library that it built. */
#ifndef VG_TEST_FAKE_NVML_H
#define VG_TEST_FAKE_NVML_H

#include <stdbool.h>
#include "mechanism/sched-nvml-abi.h"

struct fake_nvml {
    int users; /* inits less shutdowns */
    int sets;
    int init_result, get_result, set_result;
    bool ignores; /* takes a setting and does nothing */
    bool doubles; /* makes slices twice as long as it was told */
    unsigned log_count;
    unsigned vgpus, licences[2], frame_rates[2]; /* running ones, and what each has */
    unsigned ecc[2], mig[2];                     /* now, and after a reset */
    int mode_result;
    int active_result, licence_result, frame_rate_result;
    struct nvml_scheduler_state state;
    struct nvml_scheduler_capabilities capabilities;
};
extern struct fake_nvml fake_nvml;

#endif
