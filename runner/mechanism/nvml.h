/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the little of NVIDIA's management library that only it can tell: mixed-size mode and placement
 * IDs. Loaded when it is needed, from below the host's root if that is not "/"; its header is in no Debian main
 * package, so the few types used are declared here, from the NVML API reference. */
#ifndef VG_MECHANISM_NVML_H
#define VG_MECHANISM_NVML_H

#include "base/base.h"

struct vg_nvml;
struct vg_nvml *vg_nvml_open(const char *root, struct vg_error *err);
void vg_nvml_close(struct vg_nvml *nvml);
bool vg_nvml_mixed(struct vg_nvml *nvml, const char *pci, bool *mixed, struct vg_error *err);
/* Busy: a vGPU is there. Failed: no answer about the mode at all (no permission, no such device, a GPU that is lost).
 */
enum vg_nvml_answer { VG_NVML_DONE, VG_NVML_BUSY, VG_NVML_UNSUPPORTED, VG_NVML_FAILED };
enum vg_nvml_answer vg_nvml_set_mixed(struct vg_nvml *nvml, const char *pci, bool mixed, struct vg_error *err);
/* Placement IDs of all vGPUs of the pGPU. Caller frees *items. */
struct vg_nvml_place {
    char name[37]; /* address of its VF, or (mdev) its UUID, in small letters */
    unsigned placement_id;
};
bool vg_nvml_places(struct vg_nvml *nvml, const char *pci, bool mdev, struct vg_nvml_place **items, unsigned *count,
                    struct vg_error *err);
/* Mixed-size mode: at which placement IDs a vGPU of the type (NVIDIA's number) may begin at all, or (creatable) beside
 * what lives there now: bit n of `bits` is ID n. *slots: how many one takes. */
enum { VG_NVML_PLACEMENTS = 256 };
bool vg_nvml_placements(struct vg_nvml *nvml, const char *pci, unsigned type, bool creatable,
                        uint64_t bits[VG_NVML_PLACEMENTS / 64], unsigned *slots, struct vg_error *err);

#endif
