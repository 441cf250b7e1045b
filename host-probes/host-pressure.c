/* SPDX-License-Identifier: MIT */
/* host-pressure: whether the host had time for the test. A result that was taken while something else kept the host
 * busy says little about the vGPU, so this measures what others used: all busy time less the tenants' and our own. */
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
    int stat, pressure, load; /* kept open; pressure and load may be -1 */
    pid_t self;
    double ticks;
    bool started;
    int64_t last_ns;
    struct cpu_time last;
    uint64_t last_sum;    /* own and reaped ticks of all known processes */
    uint64_t start_ticks; /* of the host's uptime, when last looked */
    double ours, others;  /* seconds so far */
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
    return procfs_read_fd(state->stat, text, sizeof(text)) > 0 && parse_cpu_time(text, time);
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

/* Ticks that the tenants and we used since the last look. What a process that ended had used shows up again in the one
 * that waited for it, so the sum over the tree keeps it; where nobody of ours waited, the survivors' own time counts.
 */
static uint64_t ticks_of_ours(struct state *state)
{
    uint64_t sum = 0, survivors = 0, older = 0;
    for (size_t i = 0; i < state->tree.count; i++) {
        struct tree_process *process = state->tree.processes[i];
        uint64_t own = process->stat.own_ticks, both = own + process->stat.reaped_ticks;
        sum += both;
        if (!process->fresh) {
            survivors += own > process->last_ticks ? own - process->last_ticks : 0;
        } else if (process->stat.start_ticks < state->start_ticks) {
            older += both; /* it was there before we knew of it: what it used then is not of this interval */
        } else {
            survivors += own;
        }
        process->last_ticks = own;
    }
    uint64_t before = state->last_sum + older;
    uint64_t used = sum > before ? sum - before : 0;
    state->last_sum = sum;
    return state->tree.vanished && used < survivors ? survivors : used;
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
    uint64_t ours = ticks_of_ours(state);
    state->start_ticks = uptime;

    double others_cores = -1;
    if (state->started) {
        uint64_t busy = now.busy > state->last.busy ? now.busy - state->last.busy : 0;
        double interval = (double)(now_ns - state->last_ns) / 1e9;
        double others = ((double)busy - (double)ours) / state->ticks;
        state->ours += (double)ours / state->ticks;
        state->others += others; /* may step back by a tick or two: the counters are not read at one instant */
        others_cores = interval > 0 ? (others > 0 ? others / interval : 0) : -1;
    }
    double some_s, full_s;
    read_pressure(state, &some_s, &full_s);
    const double values[] = { some_s,
                              full_s,
                              (double)now.busy / state->ticks,
                              (double)now.steal / state->ticks,
                              (double)now.total / state->ticks,
                              state->ours,
                              state->others > 0 ? state->others : 0,
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
    vg_cleanup_close(&state->stat);
    vg_cleanup_close(&state->pressure);
    vg_cleanup_close(&state->load);
    free(state);
}

static bool begin(const char *root, const struct vg_probe_sink *sink, void **opaque, struct vg_error *err)
{
    struct state *state = vg_calloc(1, sizeof(*state));
    *state = (struct state) { .sink = *sink, .stat = -1, .pressure = -1, .load = -1, .self = getpid() };
    state->ticks = (double)procfs_ticks_per_second();
    if (!tree_open(&state->tree, root, err)) {
        free(state);
        return false;
    }
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
