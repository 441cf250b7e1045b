/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two independent samples: Hodges-Lehmann shift with its exact interval, and the one-sided Mann-Whitney test. */
#include "statistics/internal.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>

static bool usable(size_t n, size_t m)
{
    return n >= 1 && m >= 1 && n <= VG_SAMPLE_MAX && m <= VG_SAMPLE_MAX;
}

static bool small(size_t n, size_t m)
{
    return n <= STAT_EXACT_MAX && m <= STAT_EXACT_MAX;
}

/* How many of the smallest and of the largest differences lie outside the interval, plus one. */
static size_t critical(size_t n, size_t m, double alpha)
{
    double pairs = (double)n * (double)m;
    if (small(n, m)) {
        double k = qwilcox(alpha / 2, (double)n, (double)m, 1, 0);
        /* The interval from k on misses with 2 * pwilcox(k-1), which must not be more than alpha; no k is that good
         * for samples that are too small. */
        return pwilcox(0, (double)n, (double)m, 1, 0) > alpha / 2 ? 0 : (size_t)k;
    }
    double sigma = sqrt(pairs * ((double)n + (double)m + 1) / 12);
    double k = floor(pairs / 2 - qnorm(1 - alpha / 2, 0, 1, 1, 0) * sigma);
    return k >= 1 ? (size_t)k : 0;
}

struct vg_shift vg_shift(const double *x, size_t n, const double *y, size_t m, double confidence)
{
    struct vg_shift shift = { .estimate = NAN, .lower = NAN, .upper = NAN, .confidence = confidence };
    if (!usable(n, m) || !(confidence > 0 && confidence < 1))
        return shift;
    vg_autofree double *differences = vg_reallocarray(NULL, n * m, sizeof(*differences));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            differences[i * m + j] = x[i] - y[j];
    stat_sort(differences, n * m);
    shift.estimate = (differences[(n * m - 1) / 2] + differences[n * m / 2]) / 2;
    stat_interval(differences, n * m, critical(n, m, 1 - confidence), &shift);
    return shift;
}

/* P(rank sum of x >= the one seen) over all choices of n of the pooled values. Ranks are doubled mid-ranks; ways[k][s]
 * counts the subsets of k values whose ranks sum up to s (Streitberg and Roehmel 1986). */
static double permutation_upper(const size_t *ranks, size_t n, size_t m)
{
    size_t seen = 0, most = 0;
    for (size_t i = 0; i < n + m; i++) {
        most += ranks[i];
        seen += i < n ? ranks[i] : 0;
    }
    vg_autofree double *ways = vg_calloc((n + 1) * (most + 1), sizeof(*ways));
    ways[0] = 1;
    size_t reach = 0;
    for (size_t i = 0; i < n + m; i++) {
        reach += ranks[i];
        for (size_t k = i + 1 < n ? i + 1 : n; k >= 1; k--)
            for (size_t s = reach; s >= ranks[i]; s--)
                ways[k * (most + 1) + s] += ways[(k - 1) * (most + 1) + s - ranks[i]];
    }
    double total = 0, upper = 0;
    for (size_t s = 0; s <= most; s++) {
        total += ways[n * (most + 1) + s];
        upper += s >= seen ? ways[n * (most + 1) + s] : 0;
    }
    return upper / total;
}

static double normal_upper(double u, const double *pooled, size_t n, size_t m)
{
    double size = (double)(n + m), pairs = (double)n * (double)m;
    double ties = stat_tie_term(pooled, n + m) / (size * (size - 1));
    double sigma = sqrt(pairs / 12 * (size + 1 - ties));
    if (!(sigma > 0))
        return 1; /* all values are equal */
    return stat_normal_upper((u - pairs / 2 - 0.5) / sigma);
}

struct vg_rank_test vg_rank_test_greater(const double *x, size_t n, const double *y, size_t m, double shift)
{
    struct vg_rank_test test = { .u = NAN, .p = 1, .method = VG_RANK_EXACT };
    if (!usable(n, m))
        return test;
    vg_autofree double *pooled = vg_reallocarray(NULL, n + m, sizeof(*pooled));
    vg_autofree size_t *ranks = vg_calloc(n + m, sizeof(*ranks));
    for (size_t i = 0; i < n + m; i++)
        pooled[i] = i < n ? x[i] - shift : y[i - n];
    bool ties = stat_double_ranks(pooled, n + m, ranks);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)ranks[i] / 2;
    test.u = sum - (double)n * ((double)n + 1) / 2;
    if (!small(n, m)) {
        test.method = VG_RANK_NORMAL;
        test.p = normal_upper(test.u, pooled, n, m);
    } else if (ties) {
        test.method = VG_RANK_EXACT_TIES;
        test.p = permutation_upper(ranks, n, m);
    } else {
        test.p = pwilcox(test.u - 1, (double)n, (double)m, 0, 0);
    }
    return test;
}

const char *vg_rank_method_name(enum vg_rank_method method)
{
    static const char *const names[] = {
        [VG_RANK_EXACT] = "exact",
        [VG_RANK_EXACT_TIES] = "exact with ties",
        [VG_RANK_NORMAL] = "normal approximation",
    };
    return names[method];
}

double vg_cliffs_delta(const double *x, size_t n, const double *y, size_t m)
{
    double balance = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            balance += (x[i] > y[j]) - (x[i] < y[j]);
    return n && m ? balance / ((double)n * (double)m) : NAN;
}
