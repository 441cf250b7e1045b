/* SPDX-License-Identifier: MIT */
/* host-pressure: whether the host had time for the test. A result that was taken while something else kept the host
 * busy says little about the vGPU, so this measures what others used: all busy time less the tenants' and our own. */
#include "busy.h"
#include "probe.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct cpu_time {
    uint64_t busy, steal, total; /* clock ticks, all CPUs */
};

struct state {
    struct vg_probe_sink sink;
    struct tree tree;
    struct busy exact;        /* the better count of busy time, where there is one */
    int stat, pressure, load; /* kept open; pressure and load may be -1 */
    pid_t self;
    double ticks;
    bool started;
    int64_t last_ns;
    struct cpu_time last;
    uint64_t start_ticks; /* of the host's uptime, when last looked */
    uint64_t carried;     /* ticks of ours that the host's busy time has not shown yet */
    double ours, others;  /* seconds so far; together the busy time */
};

static bool parse_cpu_time(const char *text, struct cpu_time *time)
{
    unsigned long long user, nice, system, idle, iowait, irq, softirq, steal = 0;
    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait, &irq,
               &softirq, &steal) < 7)
        return false;
    /* Time of guests is part of user and nice. */
    *time = (struct cpu_time) { .busy = user + nice + system + irq + softirq, .steal = steal };
    time->total = time->busy + idle + iowait + steal;
    return true;
}

static bool read_cpu_time(const struct state *state, struct cpu_time *time)
{
    char text[512]; /* the first line is enough; the rest can be long on a large host */
    if (procfs_read_fd(state->stat, text, sizeof(text)) <= 0 || !parse_cpu_time(text, time))
        return false;
    uint64_t exact_ns = busy_ns(&state->exact);
    if (exact_ns)
        time->busy = (uint64_t)((double)exact_ns / 1e9 * state->ticks);
    return true;
}

/* Seconds in which some task, or all of them, waited for a CPU; -1 where the kernel does not count. */
static void read_pressure(const struct state *state, double *some_s, double *full_s)
{
    char text[512];
    unsigned long long total;
    *some_s = *full_s = -1;
    if (state->pressure < 0 || procfs_read_fd(state->pressure, text, sizeof(text)) < 0)
        return;
    const char *some = strstr(text, "some "), *full = strstr(text, "full ");
    if (some && (some = strstr(some, "total=")) && sscanf(some, "total=%llu", &total) == 1)
        *some_s = (double)total / 1e6;
    if (full && (full = strstr(full, "total=")) && sscanf(full, "total=%llu", &total) == 1)
        *full_s = (double)total / 1e6;
}

static double read_load(const struct state *state)
{
    char text[128];
    double load;
    if (state->load < 0 || procfs_read_fd(state->load, text, sizeof(text)) < 0 || sscanf(text, "%lf", &load) != 1)
        return -1;
    return load;
}

static uint64_t uptime_ticks(const struct state *state)
{
    char text[64];
    double seconds;
    if (procfs_read_at(state->tree.proc, "uptime", text, sizeof(text)) < 0 || sscanf(text, "%lf", &seconds) != 1 ||
        seconds < 0)
        return 0;
    return (uint64_t)(seconds * state->ticks);
}

/* What a process that ended had used shows up a second time in the one that waits for it, at this look or a later one;
 * so does what it had waited for itself. */
static void expect_reaped(const struct tree_process *process, struct tree_process *parent)
{
    if (parent)
        parent->expected += process->last_own + process->last_reaped + process->expected;
}

/* Ticks of one process since the last look, without those that were counted before, in a child. */
static uint64_t ticks_of(const struct state *state, struct tree_process *process)
{
    uint64_t own = process->stat.own_ticks, reaped = process->stat.reaped_ticks, used = 0;
    if (!process->fresh) {
        uint64_t more_reaped = reaped > process->last_reaped ? reaped - process->last_reaped : 0;
        uint64_t known = more_reaped < process->expected ? more_reaped : process->expected;
        process->expected -= known;
        used = (own > process->last_own ? own - process->last_own : 0) + more_reaped - known;
    } else if (process->stat.start_ticks >= state->start_ticks) {
        used = own + reaped;
    } /* else it was there before we knew of it: what it used then is not of this interval */
    process->last_own = own;
    process->last_reaped = reaped;
    return used;
}

/* Divides what the host was busy with since the last look. The kernel counts a process's time to the nanosecond and the
 * host's by sampling at ticks, so that the parts can seem to exceed the whole for a while: what of ours does not fit
 * into this interval is carried into the next ones, and so neither sum ever steps back. */
static uint64_t attribute(struct state *state, uint64_t busy, uint64_t ours)
{
    state->carried += ours;
    uint64_t attributed = state->carried < busy ? state->carried : busy;
    state->carried -= attributed;
    state->ours += (double)attributed / state->ticks;
    state->others += (double)(busy - attributed) / state->ticks;
    return busy - attributed;
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    vg_autofree struct tree_root *roots = vg_calloc(target_count + 1, sizeof(*roots));
    for (size_t i = 0; i < target_count; i++)
        roots[i] = (struct tree_root) { targets[i].tenant, targets[i].pid };
    roots[target_count] = (struct tree_root) { "", state->self };

    struct cpu_time now;
    int64_t now_ns = vg_now_ns();
    if (!read_cpu_time(state, &now))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "/proc/stat of this host cannot be understood");
    uint64_t uptime = uptime_ticks(state);
    tree_update(&state->tree, roots, target_count + 1);
    uint64_t ours = 0;
    for (size_t i = 0; i < state->tree.count; i++)
        ours += ticks_of(state, state->tree.processes[i]);
    state->start_ticks = uptime;

    double others_cores = -1;
    if (state->started) {
        uint64_t busy = now.busy > state->last.busy ? now.busy - state->last.busy : 0;
        double interval = (double)(now_ns - state->last_ns) / 1e9;
        double others = (double)attribute(state, busy, ours) / state->ticks;
        others_cores = interval > 0 ? others / interval : -1;
    }
    double some_s, full_s;
    read_pressure(state, &some_s, &full_s);
    const double values[] = { some_s,
                              full_s,
                              (double)now.busy / state->ticks,
                              (double)now.steal / state->ticks,
                              (double)now.total / state->ticks,
                              state->ours,
                              state->others,
                              others_cores,
                              read_load(state) };
    state->sink.row(state->sink.context, "pressure", now_ns, "", "", values);
    state->last = now;
    state->last_ns = now_ns;
    state->started = true;
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    tree_close(&state->tree);
    busy_close(&state->exact);
    vg_cleanup_close(&state->stat);
    vg_cleanup_close(&state->pressure);
    vg_cleanup_close(&state->load);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    const char *root = host->root;
    struct state *state = vg_calloc(1, sizeof(*state));
    *state =
        (struct state) { .sink = *sink, .exact = { -1, -1 }, .stat = -1, .pressure = -1, .load = -1, .self = getpid() };
    state->ticks = (double)procfs_ticks_per_second();
    if (!tree_open(&state->tree, root, err)) {
        free(state);
        return false;
    }
    state->tree.process_ended = expect_reaped;
    busy_open(&state->exact, root);
    sink->fact(sink->context, "busy_source", busy_source(&state->exact));
    state->stat = procfs_open(root, "proc/stat", 0);
    struct cpu_time now;
    if (state->stat < 0 || !read_cpu_time(state, &now)) {
        end(state);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/proc/stat is missing or not understood", root);
    }
    state->pressure = procfs_open(root, "proc/pressure/cpu", 0);
    double some_s, full_s;
    read_pressure(state, &some_s, &full_s);
    sink->fact(sink->context, "psi", some_s >= 0 ? "available" : "unavailable: the kernel runs without PSI (psi=1)");
    state->load = procfs_open(root, "proc/loadavg", 0);
    state->start_ticks = uptime_ticks(state);
    *opaque = state;
    return true;
}

VG_PROBE(host_pressure) = {
    .kind = VG_KIND_PROBE,
    .name = "host-pressure",
    .summary = "how busy the host was, and with whose work",
    .why = "A host that was busy with something else makes a result invalid.",
    .period_ms = 1000,
    .streams =
        VG_PROBE_STREAMS {
            { "pressure", "one row for the whole host; times are sums over its CPUs that only grow",
              VG_PROBE_COLUMNS {
                  { "psi_some_s", "s", "time in which some task waited for a CPU so far; -1: not counted" },
                  { "psi_full_s", "s", "time in which every task waited for a CPU so far; -1: not counted" },
                  { "busy_s", "s", "CPU time used since the host started" },
                  { "steal_s", "s", "CPU time taken by a hypervisor below this host since it started" },
                  { "total_s", "s", "CPU time that there was since the host started" },
                  { "ours_s", "s", "CPU time of tenants and of vgauge itself since the first row" },
                  { "others_s", "s", "CPU time of everything else since the first row" },
                  { "others_cores", "1", "CPUs that everything else used since the previous row; -1 in the first row" },
                  { "load1", "1", "the kernel's one-minute load average; -1: unknown" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
