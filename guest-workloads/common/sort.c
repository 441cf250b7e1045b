/* SPDX-License-Identifier: MIT */
/* The one comparison behind every median of a workload (sort.h). */
#include "common/sort.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void vg_sort_int64(int64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
}

int64_t vg_median_int64(int64_t *values, size_t count)
{
    vg_sort_int64(values, count);
    return values[count / 2];
}
