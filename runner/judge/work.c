/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work done in one phase against that in another, for the analyses `efficiency` and `victim`.
 *
 * The two phases lie seconds apart, and a pGPU whose clock moves does not do the same work in both. Where the clock was
 * followed (probe pgpu-clock), rates are compared per clock^s. The sensitivity s, how much of a change of the clock
 * this job feels, is the slope of log rate on log clock over windows of 0.25 s, each phase about its own mean: only
 * what happens inside a phase tells s, so that nothing a scheduler wastes in the other can be explained away. It lies
 * in 0..1: a job cannot gain more than the clock does.
 *
 * Each window's clock is read twice, by every second sample, a and b. Errors of the readings would flatten an ordinary
 * slope; they are not common to both, so that (Wald's grouping of instruments, 1940; y is log rate)
 *
 *   s = sum of y (a + b) / 2  /  sum of a b
 *
 *   efficiency = (mean of rate / clock^s, contended) / (mean of rate / clock^s, solo)
 *   error      = t * efficiency * sqrt(sum over both phases of CV^2 / n'  +  (SE of s * log of the clock's change)^2),
 *   n'         = n (1 - r) / (1 + r)
 *
 * over n windows of 1 s, r their correlation from window to window (0..0.9; Bartlett's correction, 1946): neighbouring
 * windows are not independent. t is the 97.5 % quantile of Student's distribution with as many degrees of freedom as
 * the sum of these variances has (Satterthwaite 1946, Welch 1947): n' - 1 of each phase, those of the fit for s. What
 * is judged is the end of this interval that speaks for the pGPU. */
#include "judge/internal.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define FIT_WINDOW_S    0.25
#define WINDOW_S        1.0
#define MAX_CORRELATION 0.9
#define MIN_FIT_WINDOWS 16 /* in both phases together */
#define MIN_CLOCK_SPREAD                                                                                               \
    0.01                    /* of log clock: below, there is nothing to correct and nothing to learn the slope from    \
                             */
#define MIN_RELIABILITY 0.5 /* correlation of the two readings: below, the spread is the probe's noise (derived) */

struct windows {
    double *rate, *speed; /* of all tenants; of the pGPU, NaN: not followed */
    double (*halves)[2];  /* the pGPU's speed, read twice */
    size_t count;
};

static void windows_free(struct windows *windows)
{
    free(windows->rate);
    free(windows->speed);
    free(windows->halves);
}

static struct windows cut(const struct judge_side *side, const struct judge_clock *clock, double width_s)
{
    const struct vg_completions *all = side->completions;
    double length_s = all->window_end_s - all->window_start_s;
    struct windows windows = { .count = length_s > 0 ? (size_t)floor(length_s / width_s + 1e-9) : 0 };
    windows.rate = vg_calloc(windows.count + 1, sizeof(double));
    windows.speed = vg_calloc(windows.count + 1, sizeof(double));
    windows.halves = vg_calloc(windows.count + 1, sizeof(*windows.halves));
    for (size_t i = 0; i < windows.count; i++) {
        double from_s = all->window_start_s + (double)i * width_s, to_s = fmin(from_s + width_s, all->window_end_s);
        for (unsigned tenant = 0; tenant < all->count; tenant++) {
            double rate = vg_completion_rate(&all->series[tenant], from_s, to_s);
            windows.rate[i] += isnan(rate) ? 0 : rate * side->scale * side->work[tenant]; /* NaN: it got nothing */
        }
        judge_clock_halves(clock, judge_phase_instant(side->phase, from_s), judge_phase_instant(side->phase, to_s),
                           windows.halves[i]);
        windows.speed[i] = (windows.halves[i][0] + windows.halves[i][1]) / 2;
    }
    return windows;
}

/* Of log rate y and log speed, read as a and b, each about its phase's mean. */
struct sums {
    double ay, by, ab, aa, bb, yy;
    size_t count;
};

static bool is_known(const struct windows *windows, size_t i)
{
    return windows->rate[i] > 0 && windows->halves[i][0] > 0 && windows->halves[i][1] > 0;
}

static void add_phase(const struct windows *windows, struct sums *sums)
{
    double mean_a = 0, mean_b = 0, mean_y = 0, count = 0;
    for (size_t i = 0; i < windows->count; i++) {
        if (!is_known(windows, i))
            continue;
        mean_a += log(windows->halves[i][0]);
        mean_b += log(windows->halves[i][1]);
        mean_y += log(windows->rate[i]);
        count++;
    }
    for (size_t i = 0; i < windows->count; i++) {
        if (!is_known(windows, i))
            continue;
        double a = log(windows->halves[i][0]) - mean_a / count, b = log(windows->halves[i][1]) - mean_b / count;
        double y = log(windows->rate[i]) - mean_y / count;
        sums->ay += a * y;
        sums->by += b * y;
        sums->ab += a * b;
        sums->aa += a * a;
        sums->bb += b * b;
        sums->yy += y * y;
        sums->count++;
    }
}

struct slope {
    double value, error; /* standard error; value NaN: it cannot be told from these phases */
    double freedom;      /* degrees of it */
};

static struct slope sensitivity(const struct judge_side *solo, const struct judge_side *contended,
                                const struct judge_clock *clock)
{
    struct windows first VG_CLEANUP(windows_free) = cut(solo, clock, FIT_WINDOW_S);
    struct windows second VG_CLEANUP(windows_free) = cut(contended, clock, FIT_WINDOW_S);
    struct sums sums = { 0 };
    add_phase(&first, &sums);
    add_phase(&second, &sums);
    double count = (double)sums.count;
    if (sums.count < MIN_FIT_WINDOWS || sums.ab < MIN_CLOCK_SPREAD * MIN_CLOCK_SPREAD * count ||
        sums.ab < MIN_RELIABILITY * sqrt(sums.aa * sums.bb))
        return (struct slope) { NAN, 0, 1 };
    double value = (sums.ay + sums.by) / 2 / sums.ab;
    value = fmin(fmax(value, 0), 1);
    double left = fmax(sums.yy - value * (sums.ay + sums.by) + value * value * sums.ab, 0);
    double freedom = count - 3;                                                          /* two means and the slope */
    return (struct slope) { value, fmin(sqrt(left / freedom / sums.ab), 0.5), freedom }; /* it lies in 0..1 */
}

struct level {
    double mean, relative_variance; /* of the mean */
    double freedom;                 /* degrees of it */
};

static struct level measure(const struct windows *windows, double slope)
{
    vg_autofree double *values = vg_calloc(windows->count + 1, sizeof(*values));
    for (size_t i = 0; i < windows->count; i++)
        values[i] = slope > 0 ? windows->rate[i] / pow(windows->speed[i], slope) : windows->rate[i];
    if (windows->count < 3)
        return (struct level) { NAN, NAN, 1 };
    double mean = gsl_stats_mean(values, 1, windows->count), sd = gsl_stats_sd(values, 1, windows->count);
    double correlation = sd > 0 ? gsl_stats_lag1_autocorrelation(values, 1, windows->count) : 0;
    correlation = fmin(fmax(correlation, 0), MAX_CORRELATION);
    double independent = (double)windows->count * (1 - correlation) / (1 + correlation);
    return (struct level) { mean, sd * sd / (mean * mean) / independent, fmax(independent - 1, 1) };
}

/* Half of the 95 % interval of something with the sum of these variances. */
static double half_interval(const double variances[3], const double freedoms[3])
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < 3; i++) {
        sum += variances[i];
        squares += variances[i] * variances[i] / freedoms[i];
    }
    return squares > 0 ? gsl_cdf_tdist_Pinv(0.975, sum * sum / squares) * sqrt(sum) : sqrt(sum);
}

static double mean_of(const double *values, size_t count)
{
    return count ? gsl_stats_mean(values, 1, count) : NAN;
}

struct judge_efficiency judge_efficiency_measure(const struct judge_side *solo, const struct judge_side *contended,
                                                 const struct judge_clock *clock)
{
    struct windows alone VG_CLEANUP(windows_free) = cut(solo, clock, WINDOW_S);
    struct windows shared VG_CLEANUP(windows_free) = cut(contended, clock, WINDOW_S);
    double change = mean_of(shared.speed, shared.count) / mean_of(alone.speed, alone.count);
    struct slope felt = isnan(change) ? (struct slope) { 0, 0, 1 } : sensitivity(solo, contended, clock);
    /* A clock that did not move inside either phase but did between them: the whole of it is taken as felt. What would
     * be if none of it was lies to one side only: lower where the clock fell, higher where it rose. */
    double unknown = isnan(felt.value) ? log(change) : 0, slope = isnan(felt.value) ? 1 : felt.value;
    double by_slope = isnan(change) ? 0 : felt.error * log(change);
    struct level before = measure(&alone, slope), after = measure(&shared, slope);
    double efficiency = after.mean / before.mean;
    double noise = efficiency *
                   half_interval((double[]) { before.relative_variance, after.relative_variance, by_slope * by_slope },
                                 (double[]) { before.freedom, after.freedom, felt.freedom });
    double above = noise + efficiency * expm1(fmax(unknown, 0)), below = noise + efficiency * fmax(-unknown, 0);
    return (struct judge_efficiency) {
        .value = efficiency,
        .error = fmax(above, below),
        .at_most = efficiency + above,
        .at_least = efficiency - below,
        .clock_change = change,
        .sensitivity = isnan(change) ? (double)NAN : slope,
    };
}

void judge_efficiency_put(const struct judge_efficiency *efficiency, const struct judge_clock *clock,
                          const struct vg_descriptor *self, const char *metric, struct vg_analysis_output *output)
{
    bool followed = !isnan(efficiency->clock_change);
    vg_output_value(output, self, metric, NULL, efficiency->value,
                    followed ? NULL : "the pGPU's clock was not followed");
    vg_output_value(output, self, "error", NULL, efficiency->error, NULL);
    vg_output_value(output, self, "at_most", NULL, efficiency->at_most, NULL);
    vg_output_value(output, self, "at_least", NULL, efficiency->at_least, NULL);
    if (clock->count && !followed) /* it moves by tens of percent: a comparison without it means nothing */
        vg_output_invalid(output, "The pGPU's clock was not followed through both phases (probe pgpu-clock).");
}

struct judge_side judge_solo_side(const struct judge_solo *solo)
{
    static const double one = 1;
    double alone = vg_completion_rate(&solo->completions.series[0], solo->completions.window_start_s,
                                      solo->completions.window_end_s);
    return (struct judge_side) { &solo->completions, solo->phase, solo->rate / alone, &one };
}
