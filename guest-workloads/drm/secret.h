/* SPDX-License-Identifier: MIT */
/* A buffer that another context or VM should not be able to read: its copy on the host is full of canaries. */
#ifndef VG_DRM_SECRET_H
#define VG_DRM_SECRET_H

#include <stdbool.h>
#include "vulkan/canary-pattern.h"

enum { SECRET_BYTES = 4096 };

/* In the context of this file (virgl); false: it could not be made. */
bool secret_make(int fd, struct canary_key key, uint32_t *handle, uint32_t *resource);

#endif
