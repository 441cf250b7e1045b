/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From when a tenant ran to the scheduler's period and quota (the method is in slices.h). */
#include "judge/slices.h"

#include <math.h>

enum { MIN_CYCLES = 40 }; /* with half as many, gaps at random pass in one of some hundred series */
#define PERIOD_TOLERANCE  0.2
#define MIN_PERIODICITY   0.6
#define AS_GOOD_AS_BEST   0.05
#define THRESHOLD_STEP    1.25
#define MIN_GRAINS_A_RUN  2
#define MIN_WAITING_SHARE 0.02 /* less, and what interrupts is not a scheduler of slices */

/* Whole cycles at one threshold, in the order of time. */
struct cycles {
    double *runs_s, *waits_s, *lengths_s;
    size_t count;
    double busy_s; /* in all of them, also without the gaps that are no waits at this threshold */
};

static void free_cycles(struct cycles *cycles)
{
    free(cycles->runs_s);
    free(cycles->waits_s);
    free(cycles->lengths_s);
    *cycles = (struct cycles) { 0 };
}

/* The first run and the last wait are not known in full: cycles go from the end of the first wait to the end of the
 * last one. */
static void cut(const struct slice_stretches *s, double threshold_s, struct cycles *cycles)
{
    double begin_s = NAN, busy_s = 0;
    *cycles = (struct cycles) { .runs_s = vg_calloc(s->count + 1, sizeof(double)),
                                .waits_s = vg_calloc(s->count + 1, sizeof(double)),
                                .lengths_s = vg_calloc(s->count + 1, sizeof(double)) };
    for (size_t i = 1; i < s->count; i++) {
        double wait_s = s->items[i].begin_s - s->items[i - 1].end_s;
        busy_s += s->items[i - 1].end_s - s->items[i - 1].begin_s;
        if (wait_s < threshold_s)
            continue;
        if (!isnan(begin_s)) {
            cycles->runs_s[cycles->count] = s->items[i - 1].end_s - begin_s;
            cycles->waits_s[cycles->count] = wait_s;
            cycles->lengths_s[cycles->count++] = s->items[i].begin_s - begin_s;
            cycles->busy_s += busy_s;
        }
        busy_s = 0;
        begin_s = s->items[i].begin_s;
    }
}

static double sum_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* Half of the time lies in cycles up to this length. A cycle that noise cut in two weighs little. */
static double weighted_median(const double *lengths, size_t count, double whole)
{
    vg_autofree double *sorted = vg_reallocarray(NULL, count + 1, sizeof(*sorted));
    memcpy(sorted, lengths, count * sizeof(*sorted));
    judge_sort(sorted, count);
    double sum = 0;
    size_t i = 0;
    while (i + 1 < count && sum + sorted[i] < whole / 2)
        sum += sorted[i++];
    return sorted[i];
}

static double periodicity_of(const struct cycles *cycles, double *period_s)
{
    if (cycles->count < MIN_CYCLES)
        return 0;
    double whole = sum_of(cycles->lengths_s, cycles->count), inside = 0;
    *period_s = weighted_median(cycles->lengths_s, cycles->count, whole);
    for (size_t i = 0; i < cycles->count; i++)
        if (fabs(cycles->lengths_s[i] / *period_s - 1) <= PERIOD_TOLERANCE)
            inside += cycles->lengths_s[i];
    return inside / whole;
}

static double longest_gap(const struct slice_stretches *s)
{
    double longest_s = 0;
    for (size_t i = 1; i < s->count; i++)
        longest_s = fmax(longest_s, s->items[i].begin_s - s->items[i - 1].end_s);
    return longest_s;
}

/* Of all thresholds the best periodicity; with limit: the lowest threshold that reaches it. */
static double scan(const struct slice_stretches *s, double limit, double *threshold_s)
{
    double best = 0, last_s = longest_gap(s), period_s = NAN;
    size_t known = SIZE_MAX;
    for (double each_s = s->grain_s / 2; each_s <= last_s; each_s *= THRESHOLD_STEP) {
        struct cycles cycles VG_CLEANUP(free_cycles) = { 0 };
        cut(s, each_s, &cycles);
        if (cycles.count == known) /* the same gaps */
            continue;
        known = cycles.count;
        double periodicity = periodicity_of(&cycles, &period_s);
        if (periodicity > best) {
            best = periodicity;
            *threshold_s = each_s;
        }
        if (periodicity >= limit || cycles.count < MIN_CYCLES)
            break;
    }
    return best;
}

static void measure(const struct slice_stretches *s, struct slice_found *found)
{
    struct cycles cycles = { 0 };
    cut(s, found->threshold_s, &cycles);
    found->periodicity = periodicity_of(&cycles, &found->period_s);
    double whole = sum_of(cycles.lengths_s, cycles.count);
    found->quota_s = found->period_s * cycles.busy_s / whole;
    found->runs_s = cycles.runs_s;
    found->waits_s = cycles.waits_s;
    found->cycles_s = cycles.lengths_s;
    found->count = cycles.count;
    judge_sort(found->runs_s, found->count);
    judge_sort(found->waits_s, found->count);
    judge_sort(found->cycles_s, found->count);
}

static double time_waiting(const struct slice_stretches *s)
{
    double sum_s = 0;
    for (size_t i = 1; i < s->count; i++) {
        double gap_s = s->items[i].begin_s - s->items[i - 1].end_s;
        sum_s += gap_s >= s->grain_s / 2 ? gap_s : 0;
    }
    return sum_s;
}

void slice_find(const struct slice_stretches *s, struct slice_found *found)
{
    *found = (struct slice_found) { .busy = NAN, .period_s = NAN, .quota_s = NAN, .threshold_s = NAN };
    found->why_not = "it was never made to wait";
    if (s->count == 0 || !(s->grain_s > 0))
        return;
    found->span_s = s->items[s->count - 1].end_s - s->items[0].begin_s;
    double waiting_s = time_waiting(s);
    found->busy = 1 - waiting_s / found->span_s;
    if (!(waiting_s >= MIN_WAITING_SHARE * found->span_s))
        return;
    double best = scan(s, INFINITY, &found->threshold_s);
    found->why_not = "it was made to wait too few times";
    if (best <= 0)
        return;
    scan(s, best - AS_GOOD_AS_BEST, &found->threshold_s);
    measure(s, found);
    found->why_not = "its waits do not come back after one period";
    if (found->periodicity < MIN_PERIODICITY)
        return;
    found->why_not =
        "its runs are hardly longer than one job, so that turns may be those of jobs: job_ms must be shorter";
    if (found->quota_s < MIN_GRAINS_A_RUN * s->grain_s)
        return;
    found->periodic = true;
    found->why_not = NULL;
}

void slice_found_free(struct slice_found *found)
{
    free(found->runs_s);
    free(found->waits_s);
    free(found->cycles_s);
    *found = (struct slice_found) { 0 };
}
