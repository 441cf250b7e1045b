/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the host*.c files of catalog/. */
#ifndef VG_CATALOG_HOST_CHECK_H
#define VG_CATALOG_HOST_CHECK_H

#include "catalog/catalog.h"
#include "catalog/document.h"

/* What must hold beyond the schema; applies defaults and turns MiB into bytes. */
bool vg_host_check(const struct vg_document *document, struct vg_host *host, struct vg_error *err);

#endif
