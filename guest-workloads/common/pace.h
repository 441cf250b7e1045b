/* SPDX-License-Identifier: MIT */
/* When the jobs of an open loop are meant to be submitted: every 1/rate_hz seconds, however late those before are. Only
 * so does a latency tell what a user feels: a loop that waits for the job before it leaves out just the requests that
 * would have met the stall (coordinated omission). */
#ifndef VG_PACE_H
#define VG_PACE_H

#include <stdbool.h>
#include <stdint.h>
#include "common/workload.h"

struct pace {
    int64_t start_ns;
    double period_ns;
};

/* The instant of the job with this number. Computed from the start each time: no rounding error grows. */
static inline int64_t pace_instant(const struct pace *pace, uint64_t number)
{
    return pace->start_ns + (int64_t)((double)number * pace->period_ns);
}

/* Waits, with nothing in flight, until the instant or until the workload is asked to stop: asleep, and at the clock for
 * the end of it, since a sleep that was to end at the instant would end after it. awake: at the clock all the time; a
 * virtual CPU that sleeps leaves the guest for it, which is not to be counted as a submission's. */
void pace_idle_until(struct vg_workload_context *context, int64_t at_ns, bool awake);

/* A job is late if it is done only after the next one was meant to be submitted. */
static inline bool pace_late(const struct pace *pace, uint64_t number, int64_t done_ns)
{
    return done_ns > pace_instant(pace, number + 1);
}

#endif
