/* SPDX-License-Identifier: MIT */
/* The clock of timed loops. Where the kernel itself keeps time by the CPU's time stamp counter, and the CPU promises
 * that it runs at one rate always (constant_tsc, nonstop_tsc), the counter is read without the kernel's arithmetic: 10
 * to 20 ns instead of 25 on the reference machine. Anywhere else a reading is clock_gettime(CLOCK_MONOTONIC_RAW).
 *
 * Readings are kept as ticks inside a timed region, and made nanoseconds of CLOCK_MONOTONIC_RAW outside of it. That
 * clock is a linear function of the counter (no time daemon bends it), so two comparisons give the rate; further ones,
 * each TICKS_KEEP_NS, keep the error of an instant below a microsecond, and show it: a counter that does not keep the
 * kernel's time makes the result invalid. */
#ifndef VG_TICKS_H
#define VG_TICKS_H

#include "common/workload.h"
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define TICKS_KEEP_NS     VG_NS_PER_S
#define TICKS_MIN_RATE_NS (20 * VG_NS_PER_MS) /* the rate is not taken from less */
#define TICKS_TRUSTED_NS  (10 * VG_NS_PER_US) /* further off after a second, and not by an interruption: not trusted */

struct ticks {
    bool counter; /* else a tick is a nanosecond */
    const char *why_not;
    uint64_t first_ticks, base_ticks;
    int64_t first_ns, base_ns;
    double ns_per_tick;
    uint64_t scale;     /* ns per tick, times 2^32 */
    int64_t keep_at;    /* ticks: when the next comparison is due */
    int64_t error_ns;   /* largest that a comparison has shown */
    int64_t bracket_ns; /* how exactly the comparisons are known, the worst of them */
};

/* Before a call, or between two: some instructions of what came before may end after it (tens of ns at most). */
static inline uint64_t ticks_read(const struct ticks *ticks)
{
#if defined(__x86_64__)
    if (ticks->counter)
        return __rdtsc();
#endif
    (void)ticks;
    return (uint64_t)vg_now_ns();
}

/* Completion: not before all instructions that came before are done, so that it cannot be read while what says that it
 * is complete is still on its way. Costs twice as much. */
static inline uint64_t ticks_read_after(const struct ticks *ticks)
{
#if defined(__x86_64__)
    unsigned cpu;
    if (ticks->counter)
        return __rdtscp(&cpu);
#endif
    (void)ticks;
    return (uint64_t)vg_now_ns();
}

/* CLOCK_MONOTONIC_RAW of the instant. */
static inline int64_t ticks_ns(const struct ticks *ticks, uint64_t at)
{
    if (!ticks->counter)
        return (int64_t)at;
    __extension__ typedef __int128 wide;
    wide scaled = (wide)(int64_t)(at - ticks->base_ticks) * (int64_t)ticks->scale;
    return ticks->base_ns + (int64_t)(scaled >> 32);
}

static inline int64_t ticks_now_ns(const struct ticks *ticks)
{
    return ticks_ns(ticks, ticks_read(ticks));
}

/* Chooses the clock; the files that say which are below root ("" or a recorded tree). */
void ticks_open(struct ticks *ticks, const char *root);
/* Takes the rate, from everything since ticks_open(): after the barrier, before anything is timed. */
void ticks_start(struct ticks *ticks);
/* Compares with the kernel's clock again. Call it through ticks_keep(), outside of what is timed. */
void ticks_compare(struct ticks *ticks);

/* `at`: a recent reading. Costs nothing unless TICKS_KEEP_NS have passed. */
static inline void ticks_keep(struct ticks *ticks, uint64_t at)
{
    if (ticks->counter && (int64_t)at > ticks->keep_at)
        ticks_compare(ticks);
}

/* Says what the clock was, what a reading costs and how far it was off (facts timer, timer_why, timer_read_ns,
 * timer_error_ns); ends the run as invalid if it was not the kernel's time. */
void ticks_report(struct ticks *ticks, struct vg_workload_context *context);

#endif
