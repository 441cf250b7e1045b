/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A straight line through points, by ordinary least squares. */
#include "statistics/internal.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>

struct vg_line vg_line_fit(const double *x, const double *y, size_t n, double confidence)
{
    struct vg_line line = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, n };
    double cov00, cov01, cov11, residual, mean_x = 0, mean_y = 0, sum_xx = 0, sum_yy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        sum_xx += (x[i] - mean_x) * (x[i] - mean_x);
        sum_yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    if (n < 3 || !(sum_xx > 0) || !(confidence > 0 && confidence < 1))
        return line;
    /* GSL gives the covariances already scaled by residual / (n - 2). */
    if (gsl_fit_linear(x, 1, y, 1, n, &line.intercept, &line.slope, &cov00, &cov01, &cov11, &residual) != 0)
        return line;
    double t = gsl_cdf_tdist_Pinv(0.5 + confidence / 2, (double)n - 2);
    line.slope_lower = line.slope - t * sqrt(cov11);
    line.slope_upper = line.slope + t * sqrt(cov11);
    line.intercept_lower = line.intercept - t * sqrt(cov00);
    line.intercept_upper = line.intercept + t * sqrt(cov00);
    line.r_squared = sum_yy > 0 ? 1 - residual / sum_yy : 1;
    return line;
}
