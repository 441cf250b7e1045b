/* SPDX-License-Identifier: MIT */
/* Time. Everything measured is CLOCK_MONOTONIC_RAW nanoseconds, which no time daemon bends. */
#ifndef VG_BASE_CLOCK_H
#define VG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define VG_NS_PER_S  INT64_C(1000000000)
#define VG_NS_PER_MS INT64_C(1000000)
#define VG_NS_PER_US INT64_C(1000)

static inline int64_t vg_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now); /* cannot fail for a clock that the kernel has */
    return now.tv_sec * VG_NS_PER_S + now.tv_nsec;
}

/* Sleeps for duration_ns, also over signals. Zero or less returns at once. */
void vg_sleep_ns(int64_t duration_ns);

/* Wall time as 2026-11-22T08:00:00Z, and in the form for file names 20261122T080000Z. Caller frees. */
char *vg_wall_time(void);
char *vg_wall_time_compact(void);
/* "1 m 32 s", "480 ms": for people. Caller frees. */
char *vg_duration_text(double seconds);
/* A number with three or four significant digits and its SI-scaled unit: (31250, "ns") -> "31.3 us". Units without
 * scaling (ratio "1", "%", ...) are shown as they are. Caller frees. */
char *vg_quantity_text(double value, const char *unit);

#endif
