/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many metrics at once, and events that never happened. */
#include "statistics/internal.h"

#include <gsl/gsl_sort_double.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>

void vg_adjust_benjamini_hochberg(double *p, size_t count, size_t family)
{
    vg_autofree size_t *order = vg_calloc(count, sizeof(*order));
    double least = 1;
    if (count)
        gsl_sort_index(order, p, 1, count);
    for (size_t rank = count; rank >= 1; rank--) {
        double *each = &p[order[rank - 1]];
        least = fmin(least, *each * (double)family / (double)rank);
        *each = least;
    }
}

double vg_upper_proportion(size_t k, size_t n, double confidence)
{
    if (n == 0 || k > n || !(confidence > 0 && confidence < 1))
        return NAN;
    return k == n ? 1 : qbeta(confidence, (double)k + 1, (double)(n - k), 1, 0);
}
