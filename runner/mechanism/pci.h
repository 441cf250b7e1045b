/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: PCI functions and the drivers that have them. */
#ifndef VG_MECHANISM_PCI_H
#define VG_MECHANISM_PCI_H

#include "mechanism/vendor.h"

enum { VG_PCI_VFS_MAX = 64 };

char *vg_pci_path(const struct vg_vendor *vendor, const char *address, const char *file); /* file NULL: the device */
/* Name of the driver that has it, or NULL. Caller frees. */
char *vg_pci_driver(const struct vg_vendor *vendor, const char *address);
/* Addresses of the enabled VFs, in their order. False if the PF is not there, or not just as many VFs as its
 * sriov_numvfs says. */
bool vg_pci_vfs(const struct vg_vendor *vendor, const char *pf, char addresses[][16], unsigned *count,
                struct vg_error *err);
/* A pGPU of the vendor's with its VFs by address, before a look at what is on each: present, or passed through. One of
 * another mechanism is left without profiles and VFs. */
bool vg_pci_look(const struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
/* A function that vfio-pci has for us, and whose it was. */
struct vg_pci_given {
    char address[16]; /* first, so that a vGPU's state can be read as it */
    char driver[64];  /* had it before; "": none, as on hosts that keep their own drivers off VFs */
    bool given;       /* it was taken from there, and is not back */
};
/* Gives the function to vfio-pci; seen by a look. What does not come true is undone: if even that fails,
 * function->given says so, and vg_pci_give_back can be tried again. */
enum vg_refusal vg_pci_give(const struct vg_vendor *vendor, struct vg_pci_given *function, struct vg_error *err);
/* Gives it back to the driver that had it; done only when that driver (or another that is not vfio-pci) has it again.
 * Nothing where nothing was given, or where the function is no longer there. */
enum vg_refusal vg_pci_give_back(const struct vg_vendor *vendor, struct vg_pci_given *function, struct vg_error *err);
/* /dev/vfio/GROUP */
bool vg_pci_device(const struct vg_vendor *vendor, const char *address, char **path, struct vg_error *err);
bool vg_pci_attachment(const char *address, bool managed, struct vg_attachment *attachment, struct vg_error *err);
/* How many vGPUs or assigned VFs there are on a pGPU, whatever made them. */
bool vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err);

#endif
