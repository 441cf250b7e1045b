/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: how NVIDIA's pGPUs with virtual functions are set up, and where vGPUs lie in mixed-size mode.
 */
#ifndef VG_MECHANISM_NVIDIA_SETUP_H
#define VG_MECHANISM_NVIDIA_SETUP_H

#include "mechanism/nvml.h"
#include "mechanism/vendor.h"

/* How long sriov-manage may take; then it is killed with all that it started. A test makes it short. */
extern int vg_nvidia_manage_ms;

bool vg_nvidia_wants_mixed(const struct vg_host_pgpu *pgpu);
/* Opens it if a pGPU of the vendor's has mixed-size mode; else *nvml stays as it is. */
bool vg_nvidia_open_nvml(const struct vg_vendor *vendor, struct vg_nvml **nvml, struct vg_error *err);
/* As the host file says, unless the pGPU is in use. Asks the mechanism's look and setup. */
bool vg_nvidia_set_up_first(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_error *err);
/* Asks the mechanism's look. nvml may be NULL if no pGPU has mixed-size mode. */
enum vg_refusal vg_nvidia_setup(struct vg_vendor *vendor, struct vg_nvml *nvml, unsigned pgpu_index,
                                const struct vg_pgpu_setup *wanted, struct vg_error *err);
/* Is mixed-size mode on, and if so, where does which vGPU lie? Caller frees *items. Nothing is asked about a pGPU that
 * the host file gives no such mode. */
bool vg_nvidia_places(struct vg_nvml *nvml, const struct vg_host_pgpu *pgpu, bool mdev, bool *mixed,
                      struct vg_nvml_place **items, unsigned *count, struct vg_error *err);
/* As the mechanism's placements. */
bool vg_nvidia_placements(struct vg_vendor *vendor, struct vg_nvml *nvml, unsigned pgpu_index, bool supported,
                          struct vg_placements **items, unsigned *count, struct vg_error *err);

#endif
