/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the pGPU ran, where it is a set of cores and the pgpu-clock probe followed them. Throughput in two phases
 * can only be compared per unit of work that the pGPU could have done in each: a core that another machine's load
 * slowed down by a fifth would otherwise look like a scheduler that keeps a fifth for itself. What a scheduler wastes
 * is not excused by this, since the probe's thread is no tenant. */
#include "judge/internal.h"

#include <math.h>

/* Fewer samples, or a longer time without one, and the clock was not followed (derived: the probe takes 67 a second,
 * and the speed of the machines that this was tried on keeps for about a quarter of a second). */
#define MIN_SAMPLES_PER_S 50.0
#define MAX_HOLE_S        0.25

void judge_clock_free(struct judge_clock *clock)
{
    free(clock->samples);
    *clock = (struct judge_clock) { 0 };
}

static bool is_core_of(const char *item, const char *pgpu)
{
    size_t length = pgpu ? strlen(pgpu) : 0;
    return length && strncmp(item, pgpu, length) == 0 && item[length] == ':';
}

/* The geometric mean of the loops' speeds: none of them weighs more because it has the larger number. */
static double speed_of(const struct vg_probe_samples *samples, size_t row)
{
    double logs = 0;
    for (unsigned i = 0; i < samples->column_count; i++)
        logs += log(samples->columns[i][row]);
    return exp(logs / samples->column_count);
}

static int by_time(const void *a, const void *b)
{
    const struct judge_clock_sample *x = a, *y = b;
    return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

bool judge_clock_load(const struct vg_measurements *measurements, struct judge_clock *clock, struct vg_error *err)
{
    *clock = (struct judge_clock) { 0 };
    const struct vg_measured_stream *stream = vg_measured_probe_stream(measurements, "pgpu-clock", "speed");
    if (!stream || stream->rows == 0 || stream->column_count == 0)
        return true;
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    if (!vg_probe_samples_load(measurements->directory, stream, &samples, err))
        return false;
    clock->samples = vg_calloc(samples.rows + 1, sizeof(*clock->samples));
    const char *seen[JUDGE_CLOCK_CORES];
    bool ascending = true;
    for (size_t i = 0; i < samples.rows; i++) {
        double speed = speed_of(&samples, i);
        if (!is_core_of(samples.item[i], measurements->pgpu) || !(speed > 0) || !isfinite(speed))
            continue;
        unsigned core = 0;
        while (core < clock->core_count && seen[core] != samples.item[i]) /* each word is kept once */
            core++;
        if (core == JUDGE_CLOCK_CORES)
            continue;
        if (core == clock->core_count)
            seen[clock->core_count++] = samples.item[i];
        ascending = ascending && (!clock->count || clock->samples[clock->count - 1].time_ns <= samples.time_ns[i]);
        clock->samples[clock->count++] = (struct judge_clock_sample) { samples.time_ns[i], core, speed };
    }
    if (!ascending) /* cores are read by a thread each */
        qsort(clock->samples, clock->count, sizeof(*clock->samples), by_time);
    return true;
}

/* The first sample that is not before the instant. */
static size_t first_from(const struct judge_clock *clock, int64_t from_ns)
{
    size_t low = 0, high = clock->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (clock->samples[middle].time_ns < from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of one core: by its even samples, and by its odd ones. */
static void core_halves(const struct judge_clock *clock, unsigned core, int64_t from_ns, int64_t to_ns,
                        double halves[2])
{
    double sum[2] = { 0 }, seconds = (double)(to_ns - from_ns) / (double)VG_NS_PER_S;
    size_t count = 0;
    int64_t last_ns = from_ns, hole_ns = 0;
    for (size_t i = first_from(clock, from_ns); i < clock->count && clock->samples[i].time_ns <= to_ns; i++) {
        const struct judge_clock_sample *sample = &clock->samples[i];
        if (sample->core != core)
            continue;
        sum[count++ % 2] += sample->speed;
        hole_ns = sample->time_ns - last_ns > hole_ns ? sample->time_ns - last_ns : hole_ns;
        last_ns = sample->time_ns;
    }
    hole_ns = to_ns - last_ns > hole_ns ? to_ns - last_ns : hole_ns;
    bool followed = (double)count >= MIN_SAMPLES_PER_S * seconds && (double)hole_ns / (double)VG_NS_PER_S <= MAX_HOLE_S;
    halves[0] = followed && count > 1 ? sum[0] / (double)((count + 1) / 2) : NAN;
    halves[1] = followed && count > 1 ? sum[1] / (double)(count / 2) : NAN;
}

void judge_clock_halves(const struct judge_clock *clock, int64_t from_ns, int64_t to_ns, double halves[2])
{
    double sum[2] = { 0 };
    for (unsigned core = 0; core < clock->core_count; core++) {
        double own[2];
        core_halves(clock, core, from_ns, to_ns, own);
        sum[0] += own[0];
        sum[1] += own[1];
    }
    for (unsigned i = 0; i < 2; i++)
        halves[i] = clock->core_count && to_ns > from_ns ? sum[i] / clock->core_count : NAN;
}
