/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the DRM card of a PCI device. */
#ifndef VG_MECHANISM_DRM_CARD_H
#define VG_MECHANISM_DRM_CARD_H

/* device: its directory in sysfs. The directory of its card (drm/cardN), or NULL. Caller frees. */
char *vg_drm_card(const char *device);

#endif
