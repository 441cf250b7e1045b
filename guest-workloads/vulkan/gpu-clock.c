/* SPDX-License-Identifier: MIT */
/* The line from the GPU's clock to the tenant's (gpu-clock.h). */
#include "vulkan/gpu-clock.h"

#include <math.h>

#define WRAP 4294967296.0

static struct gpu_clock_point newest(const struct gpu_clock *clock)
{
    return clock->late[(clock->count - 1) % GPU_CLOCK_POINTS];
}

/* Ticks since the last reading, by the low words and by the time that went by meanwhile. */
static bool advance(const struct gpu_clock *clock, uint32_t reading, int64_t seen_ns, uint64_t *ticks)
{
    struct gpu_clock_point last = newest(clock);
    uint32_t since = reading - (clock->first + (uint32_t)last.ticks);
    double wraps = 0;
    if (clock->tick_ns > 0)
        wraps = round(((double)(seen_ns - last.seen_ns) / clock->tick_ns - since) / WRAP);
    if (wraps < 0)
        return false;
    *ticks = last.ticks + since + (uint64_t)(wraps * WRAP);
    return true;
}

bool gpu_clock_add(struct gpu_clock *clock, uint32_t reading, int64_t seen_ns, uint64_t *ticks)
{
    *ticks = 0;
    if (clock->count == 0)
        clock->first = reading;
    else if (!advance(clock, reading, seen_ns, ticks))
        return false;
    const struct gpu_clock_point point = { *ticks, seen_ns };
    if (clock->count < GPU_CLOCK_POINTS)
        clock->early[clock->count] = point;
    clock->late[clock->count % GPU_CLOCK_POINTS] = point;
    clock->count++;
    return true;
}

/* The point that was seen soonest after its reading, if the clock had this rate, among those seen after after_ns. */
static struct gpu_clock_point soonest(const struct gpu_clock_point *points, size_t count, int64_t after_ns,
                                      struct gpu_clock_point origin, double tick_ns)
{
    struct gpu_clock_point best = origin;
    double best_delay_ns = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double since_ns = (double)(int64_t)(points[i].ticks - origin.ticks) * tick_ns;
        double delay_ns = (double)(points[i].seen_ns - origin.seen_ns) - since_ns;
        if (points[i].seen_ns > after_ns && delay_ns < best_delay_ns) {
            best = points[i];
            best_delay_ns = delay_ns;
        }
    }
    return best;
}

static bool rate_between(struct gpu_clock_point from, struct gpu_clock_point to, double *tick_ns)
{
    if (to.ticks <= from.ticks || to.seen_ns <= from.seen_ns)
        return false;
    *tick_ns = (double)(to.seen_ns - from.seen_ns) / (double)(to.ticks - from.ticks);
    return true;
}

bool gpu_clock_solve(struct gpu_clock *clock, double *tick_ns, int64_t *zero_ns)
{
    if (clock->count < 2)
        return false;
    size_t kept = clock->count < GPU_CLOCK_POINTS ? clock->count : GPU_CLOCK_POINTS;
    if (!rate_between(clock->early[0], newest(clock), tick_ns))
        return false;
    size_t half = kept / 2; /* in a short series the two sets overlap */
    struct gpu_clock_point origin = clock->early[0];
    struct gpu_clock_point from = soonest(clock->early, half, INT64_MIN, origin, *tick_ns);
    struct gpu_clock_point to = soonest(clock->late, kept, clock->early[half - 1].seen_ns, origin, *tick_ns);
    if (!rate_between(from, to, tick_ns))
        return false;
    clock->tick_ns = *tick_ns;
    *zero_ns = to.seen_ns - (int64_t)((double)to.ticks * *tick_ns);
    return true;
}
