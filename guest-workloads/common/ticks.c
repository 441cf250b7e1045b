/* SPDX-License-Identifier: MIT */
/* The clock of timed loops (ticks.h). */
#include <ctype.h>
#include "common/ticks.h"

#define TRIES    32   /* comparisons, of which the closest counts */
#define READINGS 4096 /* that their cost is taken from */
#define FILE_MAX (64 * 1024)
#define CPU_MAX  (1024 * 1024)

/* A word of the line that starts with `flags`, of the first CPU. */
static bool has_flag(const char *cpuinfo, const char *flag)
{
    const char *line = strstr(cpuinfo, "\nflags");
    const char *end = line ? strchr(line + 1, '\n') : NULL;
    size_t length = strlen(flag);
    if (!end)
        return false;
    for (const char *at = line; (at = strstr(at, flag)) && at < end; at += length)
        if (isspace((unsigned char)at[-1]) && (isspace((unsigned char)at[length]) || at[length] == '\0'))
            return true;
    return false;
}

/* NULL: the counter is the kernel's own clock. */
static const char *why_no_counter(const char *root)
{
#if defined(__x86_64__)
    vg_autofree char *source_path =
        vg_format("%s/sys/devices/system/clocksource/clocksource0/current_clocksource", root);
    vg_autofree char *cpu_path = vg_format("%s/proc/cpuinfo", root);
    vg_autofree char *source = NULL, *cpu = NULL;
    struct vg_error ignored = { 0 };
    size_t length;
    if (!vg_read_file(source_path, FILE_MAX, &source, &length, &ignored))
        return "the kernel does not say what it keeps time by";
    if (strncmp(source, "tsc", 3) != 0 || !isspace((unsigned char)source[3]))
        return "the kernel does not keep time by the time stamp counter";
    if (!vg_read_file(cpu_path, CPU_MAX, &cpu, &length, &ignored))
        return "the kernel does not say what the CPU can do";
    if (!has_flag(cpu, "constant_tsc") || !has_flag(cpu, "nonstop_tsc"))
        return "the CPU does not promise that its time stamp counter runs at one rate always";
    if (!has_flag(cpu, "rdtscp"))
        return "the CPU has no rdtscp";
    return NULL;
#else
    (void)root;
    return "only known for x86";
#endif
}

/* The kernel's clock and the counter at one instant: between two readings of the counter, as close as they come. */
static int64_t compare(const struct ticks *ticks, uint64_t *at, int64_t *at_ns)
{
    uint64_t closest = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = ticks_read_after(ticks);
        int64_t now_ns = vg_now_ns();
        uint64_t after = ticks_read_after(ticks);
        if (after - before >= closest)
            continue;
        closest = after - before;
        *at = before + closest / 2;
        *at_ns = now_ns;
    }
    return (int64_t)closest;
}

void ticks_open(struct ticks *ticks, const char *root)
{
    *ticks = (struct ticks) { .why_not = why_no_counter(root) };
    ticks->counter = ticks->why_not == NULL;
    if (ticks->counter)
        compare(ticks, &ticks->first_ticks, &ticks->first_ns);
}

/* The rate is that over the whole time so far, so it gets ever more exact; the base is the newest comparison. */
static void rebase(struct ticks *ticks)
{
    int64_t width = compare(ticks, &ticks->base_ticks, &ticks->base_ns);
    ticks->ns_per_tick = (double)(ticks->base_ns - ticks->first_ns) / (double)(ticks->base_ticks - ticks->first_ticks);
    ticks->scale = (uint64_t)(ticks->ns_per_tick * 4294967296.0);
    ticks->keep_at = (int64_t)(ticks->base_ticks + (uint64_t)((double)TICKS_KEEP_NS / ticks->ns_per_tick));
    int64_t bracket_ns = (int64_t)((double)width * ticks->ns_per_tick);
    if (bracket_ns > ticks->bracket_ns)
        ticks->bracket_ns = bracket_ns;
}

void ticks_start(struct ticks *ticks)
{
    if (!ticks->counter)
        return;
    vg_sleep_ns(ticks->first_ns + TICKS_MIN_RATE_NS - vg_now_ns());
    rebase(ticks);
}

void ticks_compare(struct ticks *ticks)
{
    struct ticks before = *ticks;
    rebase(ticks);
    int64_t error_ns = ticks->base_ns - ticks_ns(&before, ticks->base_ticks);
    if (error_ns < 0)
        error_ns = -error_ns;
    if (error_ns > ticks->error_ns)
        ticks->error_ns = error_ns;
}

static double cost_of_a_reading(const struct ticks *ticks)
{
    volatile uint64_t sink = 0;
    int64_t start_ns = vg_now_ns();
    for (int i = 0; i < READINGS; i++)
        sink = ticks_read_after(ticks);
    (void)sink;
    return (double)(vg_now_ns() - start_ns) / READINGS;
}

void ticks_report(struct ticks *ticks, struct vg_workload_context *context)
{
    vg_w_fact_text(context, "timer", ticks->counter ? "tsc" : "clock_gettime");
    vg_w_fact_text(context, "timer_why", ticks->why_not ? ticks->why_not : "the kernel keeps time by it");
    vg_w_fact_real(context, "timer_read_ns", cost_of_a_reading(ticks));
    if (!ticks->counter)
        return;
    ticks_compare(ticks);
    vg_w_fact_int(context, "timer_error_ns", ticks->error_ns);
    if (ticks->error_ns > TICKS_TRUSTED_NS + ticks->bracket_ns)
        vg_w_invalid(context,
                     "the time stamp counter and the kernel's clock differ by up to %lld ns after a second: the "
                     "instants of this run cannot be trusted",
                     (long long)ticks->error_ns);
}
