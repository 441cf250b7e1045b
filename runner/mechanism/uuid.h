/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: names for vGPUs. */
#ifndef VG_MECHANISM_UUID_H
#define VG_MECHANISM_UUID_H

#include "base/base.h"

/* A random (version 4) UUID. */
bool vg_make_uuid(char text[37], struct vg_error *err);

#endif
