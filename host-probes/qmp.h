/* SPDX-License-Identifier: MIT */
/* Questions to a tenant's VMM, for the probes that need its own counters. */
#ifndef VG_QMP_H
#define VG_QMP_H

#include <jansson.h>
#include "probe.h"

/* What the command returns, or NULL with a sentence why there is nothing. command: a QMP command as JSON text. The
 * caller owns the result. */
json_t *qmp_ask(const struct vg_probe_target *target, const char *command, struct vg_error *err);

#endif
