/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the settings of vendors' schedulers, as functions that a mechanism's `policy` can call. All
 * paths lie below the host file's root. Nothing is believed because it could be written: every setting is read back,
 * and a setting that the driver takes up only when it is loaded again is VG_REFUSED_NEEDS_REBOOT, however well it was
 * written. Errors are sentences; a refusal says in its word what kind it is.
 * No mechanism calls these, and only their tests do: vg_nvidia_scheduling_set, since a run changes no host's
 * configuration; vg_gvt_weight_require, since a policy has no weights of types; vg_nvidia_scheduling_logged and
 * vg_nvml_scheduler_log, second accounts of what is in force that no analysis asks for yet; vg_intel_scheduling_get,
 * how the tests read what was set. */
#ifndef VG_MECHANISM_SCHED_KNOBS_H
#define VG_MECHANISM_SCHED_KNOBS_H

#include "mechanism/mechanism.h"

/* --- knobs that are one file each --- */

/* A whole decimal number and nothing else, at most `most`. */
bool vg_knob_read(const char *path, uint64_t most, uint64_t *value, struct vg_error *err);
/* Writes and reads back. A file that is not there or may not be written is UNSUPPORTED, a value that the driver does
 * not take too; BUSY and ERROR as they are called. */
enum vg_refusal vg_knob_write(const char *path, uint64_t value, struct vg_error *err);
/* For a file that shows all choices with the one in force in brackets, "[low] normal high", or that one alone. */
bool vg_knob_read_choice(const char *path, const char *const *choices, size_t count, size_t *index,
                         struct vg_error *err);
/* Written to one file and read back from another, or from the same. */
enum vg_refusal vg_knob_write_choice(const char *path, const char *shown_at, const char *const *choices, size_t count,
                                     size_t index, struct vg_error *err);

/* --- Intel: xe of Linux 6.19, and i915 of Intel's own tree; which files each has, sched-intel.c says --- */

enum vg_intel_priority {
    VG_INTEL_UNSAID, /* to set: leave it as it is; read: this driver does not say */
    VG_INTEL_LOW,    /* the default: a function without work does not get its quantum */
    VG_INTEL_NORMAL, /* it gets it all the same */
    VG_INTEL_HIGH,   /* xe's PF alone: its turn is the next */
};
struct vg_intel_scheduling {
    unsigned exec_quantum_ms;    /* 0: unlimited; at most 100,000 (the firmware's limit) */
    unsigned preempt_timeout_us; /* 0: unlimited; at most 100,000,000 */
    enum vg_intel_priority priority;
};
/* Is there a driver with such files? */
bool vg_intel_scheduling_there(const char *root, const char *pf);
/* function: 0 the PF, N the VF N. */
bool vg_intel_scheduling_get(const char *root, const char *pf, unsigned function, struct vg_intel_scheduling *now,
                             struct vg_error *err);
/* Takes effect at once, also with VFs running. Values that are in force already are not written again. The priority
 * of a VF can be read only by now: then that of all functions is set, PF included. What is read back must be exactly
 * what was asked: the ABI allows the driver to align a quantum, but the part of the time that a tenant is due is worked
 * out from what was asked. The error says what the driver made of it, which then can be asked for. */
enum vg_refusal vg_intel_scheduling_set(const char *root, const char *pf, unsigned function,
                                        const struct vg_intel_scheduling *wanted, struct vg_error *err);
/* xe-quanta: slice_us times its weight for each tenant's VF, and a timeout of twice that; best-effort: both unlimited,
 * since a driver may have provisioned others when VFs were enabled. And the policy's priority, if it names one. */
enum vg_refusal vg_intel_scheduling_policy(const char *root, const char *pf, const struct vg_host_policy *policy,
                                           const struct vg_policy_tenant *tenants, unsigned count,
                                           struct vg_error *err);

/* --- Intel GVT-g: the weight belongs to the type (drivers/gpu/drm/i915/gvt/vgpu.c) and is fixed at creation --- */

bool vg_gvt_weight_get(const char *root, const char *uuid, unsigned *weight, struct vg_error *err);
/* NOT if the vGPU has that weight, else UNSUPPORTED: it would have to be of another type. */
enum vg_refusal vg_gvt_weight_require(const char *root, const char *uuid, unsigned weight, struct vg_error *err);

/* --- AMD GIM: the module's parameter sch_policy, a list with one number per GPU --- */

bool vg_gim_is_loaded(const char *root);
/* *policy: "fixed-share", "amd-liquid", "equal-share"; NULL: left to the driver; static. gpu: which of the list. */
bool vg_gim_policy_active(const char *root, unsigned gpu, const char **policy, struct vg_error *err);
/* NOT if it is in force; NEEDS_REBOOT, with the number that the parameter must get, if the module had to be loaded
 * again; UNSUPPORTED: no such policy. Slices of VFs are not looked at. */
enum vg_refusal vg_gim_policy_require(const char *root, unsigned gpu, const struct vg_host_policy *policy,
                                      struct vg_error *err);

/* --- NVIDIA: RmPVMRL, a registry word that the driver reads when it is loaded (nvrm_registry.h) --- */

struct vg_nvidia_scheduling {
    const char *policy;    /* "best-effort", "equal-share", "fixed-share"; static */
    bool adaptive;         /* bit 1 is 0: round robin by frequency and averaging factor; else by time slice */
    unsigned slice_ms;     /* not adaptive: 1..30; 0: the driver's default */
    unsigned frequency_hz; /* adaptive: 63..960; 0: the driver's default */
    unsigned averaging;    /* adaptive: 1..60; 0: the driver's default */
};
/* The word, and back. False: out of range, or bits that mean nothing. Drivers before vGPU 15 take bits 23:16 for the
 * slice also where bit 1 is 0; which slice is in force, NVML tells. */
bool vg_nvidia_scheduling_encode(const struct vg_nvidia_scheduling *scheduling, uint32_t *word, struct vg_error *err);
bool vg_nvidia_scheduling_decode(uint32_t word, struct vg_nvidia_scheduling *scheduling, struct vg_error *err);
/* What the loaded driver was told for this pGPU: /proc/driver/nvidia/params. */
bool vg_nvidia_scheduling_active(const char *root, const char *pci, struct vg_nvidia_scheduling *now,
                                 struct vg_error *err);
/* What it will be told when it is loaded next: /etc/modprobe.d/vgauge-nvidia.conf, read back after writing. NOT only if
 * the loaded driver has it already; then nothing is written. A RmPVMRL in a file that is not ours is INCOMPATIBLE. */
enum vg_refusal vg_nvidia_scheduling_set(const char *root, const char *pci, const struct vg_nvidia_scheduling *wanted,
                                         struct vg_error *err);
/* For a mechanism that must not change the host's configuration by itself: NOT if the loaded driver has the policy (and
 * its slice, if one is named) already, else NEEDS_REBOOT with the word that the module's parameter must get.
 * UNSUPPORTED: no such policy. */
enum vg_refusal vg_nvidia_scheduling_require(const char *root, const char *pci, const struct vg_host_policy *policy,
                                             struct vg_error *err);
/* What the driver said in the kernel's log when it set the pGPU up, the last time. slice_ms 0: it said none. False: it
 * said nothing about this pGPU, or a word that is not known. */
bool vg_nvidia_scheduling_logged(const char *log, const char *pci, const char **policy, unsigned *slice_ms,
                                 struct vg_error *err);

/* --- NVIDIA: NVML, which changes a pGPU's scheduler while no VM runs on it --- */

struct vg_nvml_scheduler;
/* Loads libnvidia-ml.so.1, from below root if that is not "/". */
struct vg_nvml_scheduler *vg_nvml_scheduler_open(const char *root, struct vg_error *err);
void vg_nvml_scheduler_close(struct vg_nvml_scheduler *nvml);

struct vg_nvml_state {
    const char *policy; /* as above; NULL: the driver does not know (nothing was scheduled yet) */
    bool adaptive;
    unsigned slice_ns; /* 0: nothing is scheduled now */
    unsigned averaging;
};
struct vg_nvml_capabilities {
    bool best_effort, equal_share, fixed_share, adaptive;
    unsigned min_slice_ns, max_slice_ns, min_frequency_hz, max_frequency_hz, min_averaging, max_averaging;
};
/* One slice that is over: the scheduler's own account. */
struct vg_nvml_slice {
    uint64_t ended_ns, ran_ns, target_ns, ran_total_ns;
    unsigned runlist; /* of which vGPU */
};
enum { VG_NVML_SLICES_MAX = 200 };

bool vg_nvml_scheduler_state(struct vg_nvml_scheduler *nvml, const char *pci, struct vg_nvml_state *state,
                             struct vg_error *err);
bool vg_nvml_scheduler_capabilities(struct vg_nvml_scheduler *nvml, const char *pci,
                                    struct vg_nvml_capabilities *capabilities, struct vg_error *err);
bool vg_nvml_scheduler_log(struct vg_nvml_scheduler *nvml, const char *pci,
                           struct vg_nvml_slice slices[VG_NVML_SLICES_MAX], unsigned *count, struct vg_error *err);
/* Checks against the capabilities, sets, reads back. slice_ns 0: the driver's default, whichever that is. BUSY: a VM
 * runs. The setting is lost when the driver is loaded again. */
enum vg_refusal vg_nvml_scheduler_set(struct vg_nvml_scheduler *nvml, const char *pci, const char *policy,
                                      unsigned slice_ns, struct vg_error *err);

#endif
