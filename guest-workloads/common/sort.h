/* SPDX-License-Identifier: MIT */
/* Order among samples, for medians and percentiles inside a workload. */
#ifndef VG_SORT_H
#define VG_SORT_H

#include <stddef.h>
#include <stdint.h>

void vg_sort_int64(int64_t *values, size_t count);
/* Sorts; count is at least 1. */
int64_t vg_median_int64(int64_t *values, size_t count);

#endif
