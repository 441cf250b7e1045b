/* SPDX-License-Identifier: MIT */
/* How long all CPUs of the host ran tasks, counted to the nanosecond. /proc/stat only samples at clock ticks: work that
 * timers start, as a scheduler with a period does, runs in step with the ticks and is overcounted there by a third. */
#ifndef VG_BUSY_H
#define VG_BUSY_H

#include <stdint.h>

struct busy {
    int cpuacct;   /* root group's cpuacct.usage (control groups v1); -1 if not there */
    int schedstat; /* /proc/schedstat (kernels with CONFIG_SCHEDSTATS); -1 if not there */
};

void busy_open(struct busy *busy, const char *root);
void busy_close(struct busy *busy);
/* Nanoseconds since some instant in the past; 0 where the kernel keeps no exact count. */
uint64_t busy_ns(const struct busy *busy);
const char *busy_source(const struct busy *busy);
/* Sum of the running times in the text of /proc/schedstat: field 7 after each "cpuN" (kernel's
 * Documentation/scheduler/sched-stats.rst). */
uint64_t busy_parse_schedstat(const char *text);

#endif
