/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Part of statistics/'s public face: at which runs did a metric's level change for good? Pure functions on an array of
 * values in the order of time, one value per run. No clock, no file, no chance: equal input gives equal output.
 *
 * The changes are proposed by E-divisive (D. S. Matteson and N. A. James, "A nonparametric approach for multiple change
 * point analysis of multivariate data", Journal of the American Statistical Association 109, 2014): no distribution is
 * assumed. They are kept only if the levels on both sides differ by more than the metric's practical threshold and by
 * more than chance (Mann-Whitney), the weakest being dropped first (M. Fleming et al., "Hunter: Using Change Point
 * Detection to Hunt for Performance Regressions", ICPE 2023).
 *
 * The method believes that values, but for their level, do not depend on one another. Where they do, it finds changes
 * that are none: see vg_change.doubtful. */
#ifndef VG_STATISTICS_CHANGEPOINT_H
#define VG_STATISTICS_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_changepoint_options {
    size_t min_segment;         /* least runs on each side of a change: >= 3 */
    size_t window;              /* runs that are looked at together: >= 2 * min_segment */
    unsigned permutations;      /* B of the permutation test */
    double level;               /* of both tests, 0.01 */
    double min_effect;          /* the metric's practical threshold, 0.05 = 5 %; 0: any change that is not chance */
    double max_autocorrelation; /* above it no change is believed */
    uint64_t seed;
};
/* min_segment 5, window 200, 999 permutations, level 0.01, max_autocorrelation 0.3, seed 1: what the false-alarm rates
 * in docs/history.md were measured with. min_effect is the caller's to set. */
struct vg_changepoint_options vg_changepoint_defaults(void);

struct vg_changepoint {
    size_t index;         /* the first value of the new level */
    size_t first, last;   /* the levels compared: [first, index) and [index, last) */
    double before, after; /* medians of those */
    double ratio;         /* Hodges-Lehmann: median of after/before over all pairs; NaN: levels not above 0 */
    double low, high;     /* its 95 % confidence interval */
    double p;             /* Mann-Whitney, two-sided, adjusted (Benjamini-Hochberg) over the changes of this series */
    /* Of the values up to a window away, each without its level, at lag 1; NaN: fewer than 8, or all equal. */
    double autocorrelation;
    bool doubtful; /* it is above the limit: not to be believed, may be a drift or a slow wave */
};

struct vg_changepoints {
    struct vg_changepoint *items; /* in the order of time */
    size_t count;
};

/* values: finite, in the order of time. Fewer than 2 * min_segment of them give no change. */
void vg_changepoints_find(const double *values, size_t count, const struct vg_changepoint_options *options,
                          struct vg_changepoints *changes);
void vg_changepoints_free(struct vg_changepoints *changes);

/* The best split of values and its p, as E-divisive finds them in one segment; the steps of vg_changepoints_find,
 * public so that they can be tested against a direct computation. */
struct vg_split {
    size_t index;     /* the first value behind the split; 0: too few values */
    double statistic; /* Q of Matteson and James (2014), eq. 7, with alpha = 1 */
    double p;         /* (k + 1) / (B + 1), k: permutations with as good a split; 1 as soon as it is above the level */
};
void vg_changepoint_split(const double *values, size_t count, const struct vg_changepoint_options *options,
                          struct vg_split *split);

#endif
