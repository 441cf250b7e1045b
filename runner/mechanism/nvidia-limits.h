/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: what NVIDIA's driver keeps guests from (struct vg_mechanism, limit). */
#ifndef VG_MECHANISM_NVIDIA_LIMITS_H
#define VG_MECHANISM_NVIDIA_LIMITS_H

#include "mechanism/mechanism.h"

/* By NVML, of every vGPU that runs on the pGPU. */
bool vg_nvidia_limit(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_limit limit,
                     struct vg_words *texts, struct vg_error *err);
/* By NVML: the most vGPUs of the profile's type. */
bool vg_nvidia_maximum(const struct vg_host *host, const struct vg_host_pgpu *pgpu,
                       const struct vg_host_profile *profile, unsigned *maximum, struct vg_error *err);
/* Of a pGPU that a guest has as a whole: none, unless it is NVIDIA's. Those are licensed, too, by the guest's driver
 * (Virtual GPU Client Licensing User Guide, "GPU pass through"), and nothing on the host can tell. */
bool vg_passthrough_limit(const struct vg_host *host, const struct vg_host_pgpu *pgpu, enum vg_limit limit,
                          struct vg_words *texts, struct vg_error *err);

#endif
