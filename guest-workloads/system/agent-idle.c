/* SPDX-License-Identifier: MIT */
/* Watches what else runs in the tenant while nothing is asked of it. A tenant whose agent, or anything else, keeps its
 * vCPU busy measures itself instead of the vGPU. */
#include <stdio.h>
#include <unistd.h>
#include "common/workload.h"

/* utime and stime of a process, in clock ticks; -1 if it cannot be read. Fields 14 and 15 of /proc/PID/stat, counted
 * from the end of the name, which may hold spaces and parentheses (proc(5)). */
static int64_t process_ticks(pid_t pid)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("/proc/%ld/stat", (long)pid);
    vg_autofree char *stat = NULL;
    if (!vg_read_attribute(path, &stat, &err))
        return -1;
    const char *after_name = strrchr(stat, ')');
    long long user, system;
    if (!after_name ||
        sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user, &system) != 2)
        return -1;
    return user + system;
}

/* Busy ticks of the whole tenant: all of the first line of /proc/stat but idle and iowait (columns 4 and 5). */
static int64_t busy_ticks(void)
{
    struct vg_error err = { 0 };
    vg_autofree char *stat = NULL;
    long long user, nice, system, irq, softirq;
    if (!vg_read_attribute("/proc/stat", &stat, &err) ||
        sscanf(stat, "cpu %lld %lld %lld %*d %*d %lld %lld", &user, &nice, &system, &irq, &softirq) != 5)
        return -1;
    return user + nice + system + irq + softirq;
}

static void run(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "idle", 1000);
    int64_t seconds = vg_w_int(context, "seconds");
    pid_t agent = getppid();
    double tick_ns = 1e9 / (double)sysconf(_SC_CLK_TCK);
    vg_w_barrier(context);
    int64_t first_ns = vg_now_ns(), agent_first = process_ticks(agent), busy_first = busy_ticks();
    for (int64_t second = 1; second <= seconds && !vg_w_should_stop(context); second++) {
        vg_sleep_ns(first_ns + second * VG_NS_PER_S - vg_now_ns());
        int64_t now_ns = vg_now_ns(), agent_ticks = process_ticks(agent), busy = busy_ticks();
        if (agent_ticks < 0 || busy < 0 || agent_first < 0)
            vg_w_invalid(context, "/proc cannot be read in this tenant");
        int64_t row[] = { now_ns, (int64_t)((double)(agent_ticks - agent_first) * tick_ns),
                          (int64_t)((double)(busy - busy_first) * tick_ns) };
        vg_w_push(stream, row);
        vg_w_fact_real(context, "agent_percent_of_a_vcpu", 100.0 * (double)row[1] / (double)(now_ns - first_ns));
        vg_w_fact_real(context, "tenant_percent_of_a_vcpu", 100.0 * (double)row[2] / (double)(now_ns - first_ns));
    }
}

VG_WORKLOAD(agent_idle) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "agent-idle",
    .summary = "CPU time that the agent and the whole tenant use while idle",
    .why = "a tenant that is busy with itself measures itself, not the vGPU",
    .needs = VG_NEED_NONE,
    .params = VG_PARAMS { { .name = "seconds",
                            .type = VG_INT,
                            .def = "10",
                            .min = 1,
                            .max = 900,
                            .unit = "s",
                            .summary = "how long to watch" },
                          { 0 } },
    .streams = VG_STREAMS { { .name = "idle",
                              .summary = "one row per second",
                              .columns = VG_COLUMNS { { "at", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "instant" },
                                                      { "agent", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.10,
                                                        "CPU time of the agent since the beginning" },
                                                      { "tenant", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.10,
                                                        "CPU time of the whole tenant since the beginning" },
                                                      { 0 } } },
                            { 0 } },
    .run = run,
};
