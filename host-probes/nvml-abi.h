/* SPDX-License-Identifier: MIT */
/* The little of NVML's binary interface that the nvml probe reads, from the NVML API reference (device queries, vGPU
 * APIs and their structures). Its header is in no package of Debian main; names are our own. */
#ifndef VG_PROBE_NVML_ABI_H
#define VG_PROBE_NVML_ABI_H

typedef void *nvml_device;
typedef unsigned nvml_instance;

enum { NVML_OK = 0, NVML_UNSUPPORTED = 3, NVML_TOO_SMALL = 7 };
enum { NVML_TYPE_UNSIGNED = 1, NVML_UUID_BYTES = 80, NVML_SCHEDULER_ENTRIES = 200 };

struct nvml_utilization {
    unsigned gpu, memory; /* percent of the last sample period */
};
union nvml_value {
    double real;
    unsigned whole;
    unsigned long long wide;
};
struct nvml_instance_sample {
    nvml_instance instance;
    unsigned long long time_us;
    union nvml_value sm, memory, encoder, decoder; /* percent of the pGPU */
};
struct nvml_scheduler_entry {
    unsigned long long time_ns, run_total_ns, run_ns;
    unsigned runlist;
    unsigned long long target_ns, preempted_ns;
};
struct nvml_scheduler_record {
    unsigned engine, policy, adaptive, parameters[2], count;
    struct nvml_scheduler_entry entries[NVML_SCHEDULER_ENTRIES];
};

_Static_assert(sizeof(union nvml_value) == 8, "as the library has it");
_Static_assert(sizeof(struct nvml_instance_sample) == 48, "as the library has it");
_Static_assert(sizeof(struct nvml_scheduler_record) == 24 + 48 * NVML_SCHEDULER_ENTRIES, "as the library has it");

#endif
