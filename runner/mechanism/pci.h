/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: PCI functions and the drivers that have them. */
#ifndef VG_MECHANISM_PCI_H
#define VG_MECHANISM_PCI_H

#include "mechanism/vendor.h"

enum { VG_PCI_VFS_MAX = 64 };

char *vg_pci_path(const struct vg_vendor *vendor, const char *address, const char *file); /* file NULL: the device */
/* Name of the driver that has it, or NULL. Caller frees. */
char *vg_pci_driver(const struct vg_vendor *vendor, const char *address);
/* Addresses of the enabled VFs, in their order. False if the PF is not there. */
bool vg_pci_vfs(const struct vg_vendor *vendor, const char *pf, char addresses[][16], unsigned *count,
                struct vg_error *err);
/* A pGPU of the vendor's with its VFs by address, before a look at what is on each: present, or passed through. One of
 * another mechanism is left without profiles and VFs. */
bool vg_pci_look(const struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
/* Gives the function to vfio-pci, or (to_vfio false) back to its usual driver; seen by a look. What does not come true
 * is undone. */
enum vg_refusal vg_pci_move(const struct vg_vendor *vendor, const char *address, bool to_vfio, struct vg_error *err);
/* /dev/vfio/GROUP */
bool vg_pci_device(const struct vg_vendor *vendor, const char *address, char **path, struct vg_error *err);
bool vg_pci_attachment(const char *address, bool managed, struct vg_attachment *attachment, struct vg_error *err);
/* How many vGPUs or assigned VFs there are on a pGPU, whatever made them. */
bool vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err);

#endif
