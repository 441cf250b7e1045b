/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to record/: expectations over verdicts. */
#ifndef VG_RECORD_EXPECTATIONS_H
#define VG_RECORD_EXPECTATIONS_H

#include "record/internal.h"

/* Loads the run's expectations.json into results; none is fine. */
bool rec_expectations_load(struct vg_results *results, struct vg_error *err);
/* The files and their digests, for results.json. */
json_t *rec_expectations_to_json(const struct vg_results *results);
/* Sets overlay and overlay_reason of every judgement, from the expectations, the run's fingerprint and start, and the
 * reruns in its directory; and finds the entries that are about none of them. */
void rec_overlay(struct vg_results *results);

#endif
