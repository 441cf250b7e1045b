/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/: what a mechanism's scheduler promises, `promises` in a host file. */
#ifndef VG_CATALOG_HOST_PROMISE_H
#define VG_CATALOG_HOST_PROMISE_H

#include "catalog/bind.h"

extern const cyaml_schema_value_t vg_promise_entry;
/* path: of the mechanism. Each promise is about a policy that the mechanism offers, once, in known words, with bounds
 * in order; and each policy's slice lies within the bounds of its promise. */
bool vg_promises_check(const struct vg_document *document, const char *path, const struct vg_host_mechanism *mechanism,
                       struct vg_error *err);
json_t *vg_promises_to_json(const struct vg_host_mechanism *mechanism);

#endif
