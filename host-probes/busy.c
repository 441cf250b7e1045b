/* SPDX-License-Identifier: MIT */
/* The exact counts of CPU time, from whichever place this kernel has one. */
#include "busy.h"

#include <stdio.h>
#include "base/base.h"
#include "procfs.h"

enum { SCHEDSTAT_BYTES = 1 << 20 };

void busy_open(struct busy *busy, const char *root)
{
    static const char *const accounts[] = { "sys/fs/cgroup/cpuacct/cpuacct.usage",
                                            "sys/fs/cgroup/cpu,cpuacct/cpuacct.usage" };
    busy->cpuacct = -1;
    for (size_t i = 0; i < VG_COUNT(accounts) && busy->cpuacct < 0; i++)
        busy->cpuacct = procfs_open(root, accounts[i], 0);
    busy->schedstat = busy->cpuacct < 0 ? procfs_open(root, "proc/schedstat", 0) : -1;
}

void busy_close(struct busy *busy)
{
    vg_cleanup_close(&busy->cpuacct);
    vg_cleanup_close(&busy->schedstat);
}

uint64_t busy_parse_schedstat(const char *text)
{
    uint64_t sum = 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned long long run_ns;
        if (sscanf(line, "cpu%*u %*u %*u %*u %*u %*u %*u %llu", &run_ns) == 1)
            sum += run_ns;
    }
    return sum;
}

uint64_t busy_ns(const struct busy *busy)
{
    char account[64];
    unsigned long long usage_ns;
    if (busy->cpuacct >= 0)
        return procfs_read_fd(busy->cpuacct, account, sizeof(account)) > 0 && sscanf(account, "%llu", &usage_ns) == 1
                   ? usage_ns
                   : 0;
    if (busy->schedstat < 0)
        return 0;
    vg_autofree char *text = vg_calloc(SCHEDSTAT_BYTES, 1);
    return procfs_read_fd(busy->schedstat, text, SCHEDSTAT_BYTES) > 0 ? busy_parse_schedstat(text) : 0;
}

const char *busy_source(const struct busy *busy)
{
    return busy->cpuacct >= 0     ? "control group accounting, to the nanosecond"
           : busy->schedstat >= 0 ? "/proc/schedstat, to the nanosecond"
                                  : "/proc/stat, sampled at clock ticks";
}
