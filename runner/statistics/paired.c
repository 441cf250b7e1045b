/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of boots that were made one after the other: what drifts slower than that cancels in their difference. */
#include "statistics/internal.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>

static size_t critical(size_t n, double alpha)
{
    double averages = (double)n * ((double)n + 1) / 2;
    if (n <= STAT_EXACT_MAX)
        return psignrank(0, (double)n, 1, 0) > alpha / 2 ? 0 : (size_t)qsignrank(alpha / 2, (double)n, 1, 0);
    double sigma = sqrt(averages * (2 * (double)n + 1) / 12);
    double k = floor(averages / 2 - qnorm(1 - alpha / 2, 0, 1, 1, 0) * sigma);
    return k >= 1 ? (size_t)k : 0;
}

struct vg_shift vg_paired_shift(const double *x, const double *y, size_t n, double confidence)
{
    struct vg_shift shift = { .estimate = NAN, .lower = NAN, .upper = NAN, .confidence = confidence };
    if (n < 1 || n > VG_SAMPLE_MAX || !(confidence > 0 && confidence < 1))
        return shift;
    size_t count = 0, total = n * (n + 1) / 2;
    vg_autofree double *averages = vg_reallocarray(NULL, total, sizeof(*averages));
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            averages[count++] = (x[i] - y[i] + x[j] - y[j]) / 2;
    stat_sort(averages, total);
    shift.estimate = (averages[(total - 1) / 2] + averages[total / 2]) / 2;
    stat_interval(averages, total, critical(n, 1 - confidence), &shift);
    return shift;
}

/* P(sum of positive ranks >= the one seen) over all signs, for ranks doubled. */
static double signs_upper(const size_t *ranks, size_t n, size_t seen)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += ranks[i];
    vg_autofree double *ways = vg_calloc(most + 1, sizeof(*ways));
    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t s = most; s >= ranks[i]; s--)
            ways[s] += ways[s - ranks[i]];
    double total = 0, upper = 0;
    for (size_t s = 0; s <= most; s++) {
        total += ways[s];
        upper += s >= seen ? ways[s] : 0;
    }
    return upper / total;
}

static double normal_upper(double positive, const double *sizes, size_t n)
{
    double count = (double)n, ties = stat_tie_term(sizes, n) / 48;
    double sigma = sqrt(count * (count + 1) * (2 * count + 1) / 24 - ties);
    return sigma > 0 ? stat_normal_upper((positive - count * (count + 1) / 4 - 0.5) / sigma) : 1;
}

struct vg_rank_test vg_signed_rank_test_greater(const double *x, const double *y, size_t n, double shift)
{
    struct vg_rank_test test = { .u = NAN, .p = 1, .method = VG_RANK_EXACT };
    if (n < 1 || n > VG_SAMPLE_MAX)
        return test;
    vg_autofree double *sizes = vg_reallocarray(NULL, n, sizeof(*sizes));
    vg_autofree bool *positive = vg_calloc(n, sizeof(*positive));
    vg_autofree size_t *ranks = vg_calloc(n, sizeof(*ranks));
    size_t used = 0, seen = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = x[i] - y[i] - shift;
        if (difference == 0)
            continue; /* speaks for neither side, as in R */
        positive[used] = difference > 0;
        sizes[used++] = fabs(difference);
    }
    bool ties = used && stat_double_ranks(sizes, used, ranks);
    for (size_t i = 0; i < used; i++)
        seen += positive[i] ? ranks[i] : 0;
    test.u = (double)seen / 2;
    if (used == 0)
        return test;
    if (used > STAT_EXACT_MAX) {
        test.method = VG_RANK_NORMAL;
        test.p = normal_upper(test.u, sizes, used);
    } else if (ties) {
        test.method = VG_RANK_EXACT_TIES;
        test.p = signs_upper(ranks, used, seen);
    } else {
        test.p = psignrank(test.u - 1, (double)used, 0, 0);
    }
    return test;
}
