/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of statistics/: what two samples of a metric say about each other. Pure functions on arrays of finite
 * numbers; nothing is random, so that judging again gives the same verdict. A sample holds one value per boot.
 *
 * Names: x has n values, y has m. U = number of pairs with x_i > y_j, pairs with x_i == y_j counting half.
 * Checked against R 4.2 (stats::wilcox.test, stats::p.adjust) by tests/unit/statistics_reference.c. */
#ifndef VG_STATISTICS_H
#define VG_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include "statistics/changepoint.h"

/* Most values that a sample may have: n * m differences are kept at once. */
enum { VG_SAMPLE_MAX = 2000 };

/* How far x lies above y. */
struct vg_shift {
    double estimate;     /* Hodges-Lehmann: the median of all differences x_i - y_j */
    double lower, upper; /* two-sided confidence interval; infinite where the samples are too small for it */
    double confidence;   /* asked for */
};

/* Hodges and Lehmann (1963); interval from the order statistics of the differences (Moses; Hollander and Wolfe,
 * section 4.3), k = qwilcox(alpha/2, n, m), exact and free of assumptions on the distribution. With over 50 values on a
 * side k comes from the normal approximation. confidence in (0, 1). NaN everywhere if a sample is empty or too large.
 */
struct vg_shift vg_shift(const double *x, size_t n, const double *y, size_t m, double confidence);

enum vg_rank_method {
    VG_RANK_EXACT,      /* the distribution of U (libRmath's pwilcox) */
    VG_RANK_EXACT_TIES, /* the permutation distribution of U, all choose(n+m, n) of them, given the ties there are */
    VG_RANK_NORMAL,     /* over 50 values on a side: normal, corrected for continuity and ties */
};
const char *vg_rank_method_name(enum vg_rank_method method); /* "exact", "exact with ties", "normal approximation" */

struct vg_rank_test {
    double u; /* of x - shift against y */
    double p; /* in (0, 1]; 1 if a sample is empty or too large */
    enum vg_rank_method method;
};
/* Mann-Whitney, one-sided and shifted: how improbable a U this large is if x lies at most `shift` above y. */
struct vg_rank_test vg_rank_test_greater(const double *x, size_t n, const double *y, size_t m, double shift);

/* Cliff's delta: (pairs with x > y - pairs with x < y) / (n*m), -1..1. NaN if a sample is empty. */
double vg_cliffs_delta(const double *x, size_t n, const double *y, size_t m);

/* Paired, for boots that were made alternately: the same for the differences d_i = x_i - y_i of n pairs (Wilcoxon's
 * signed ranks; psignrank and qsignrank, Walsh averages). Zero or tied differences: all 2^n signs are counted. Over 50
 * pairs: normal. */
struct vg_shift vg_paired_shift(const double *x, const double *y, size_t n, double confidence);
struct vg_rank_test vg_signed_rank_test_greater(const double *x, const double *y, size_t n, double shift);

/* Benjamini and Hochberg (1995), in place: p[i] becomes the smallest false discovery rate at which it would be called,
 * when it is one of `family` hypotheses (>= count; those that are not in the array count as never called). As R's
 * p.adjust(p, "BH", n = family). */
void vg_adjust_benjamini_hochberg(double *p, size_t count, size_t family);

/* y = intercept + slope * x through n points by ordinary least squares, with two-sided intervals from Student's t with
 * n - 2 degrees of freedom (Draper and Smith, Applied Regression Analysis, section 1.4), as R's confint(lm(y ~ x)). If
 * y does not depend on x in a straight line, its bend is in the residuals and makes the intervals wide. NaN everywhere
 * with fewer than 3 points or where all x are equal. */
struct vg_line {
    double slope, slope_lower, slope_upper;
    double intercept, intercept_lower, intercept_upper;
    double r_squared; /* 1 where all y are equal: nothing is left to explain */
    size_t count;
};
struct vg_line vg_line_fit(const double *x, const double *y, size_t n, double confidence);

double vg_median(const double *values, size_t count); /* NaN if empty */
/* Of count values in order, the largest k for which [k-th smallest, k-th largest] holds the median of what they were
 * drawn from with that confidence: each value is below it with probability 1/2 (Thompson 1936; Hollander and Wolfe,
 * Nonparametric Statistical Methods, section 3.6). 0: too few; for 0.95 that is five. */
unsigned vg_median_rank(unsigned count, double confidence);
/* Median absolute deviation from the median, not scaled. NaN if empty. */
double vg_median_absolute_deviation(const double *values, size_t count);
/* Correlation of each value with the one before it, in the order given; NaN with fewer than 3 or without any spread. */
double vg_lag1_autocorrelation(const double *values, size_t count);
/* How many lie further than 5 robust standard deviations (1.4826 * MAD) from the median. They are only counted. */
size_t vg_spikes(const double *values, size_t count);

/* Clopper and Pearson (1934): the one-sided upper confidence bound of a probability after k events in n trials. NaN if
 * n is 0 or k > n. */
double vg_upper_proportion(size_t k, size_t n, double confidence);

#endif
