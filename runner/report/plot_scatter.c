/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points with the line fitted to them: what one submission costs the host is the slope of such a line. */
#include <math.h>
#include "report/figure.h"

static bool is_finite(const struct vg_scatter_series *series, size_t i)
{
    return isfinite(series->x[i]) && isfinite(series->y[i]);
}

static struct vg_curve points_of(const struct vg_scatter_series *series)
{
    struct vg_curve curve = { .title = vg_strdup(series->name), .colour = series->colour };
    curve.x = vg_calloc(series->count + 1, sizeof(*curve.x));
    curve.y = vg_calloc(series->count + 1, sizeof(*curve.y));
    for (size_t i = 0; i < series->count; i++)
        if (is_finite(series, i)) {
            curve.x[curve.count] = series->x[i];
            curve.y[curve.count++] = series->y[i] / (series->y_unit > 0 ? series->y_unit : 1);
        }
    return curve;
}

/* From the least to the greatest x; an empty block of a line that nobody fitted. */
static struct vg_curve line_of(const struct vg_scatter_series *series, unsigned dash, char *title)
{
    struct vg_curve curve = { .title = title, .colour = series->colour, .dash = dash };
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < series->count; i++)
        if (is_finite(series, i)) {
            least = fmin(least, series->x[i]);
            most = fmax(most, series->x[i]);
        }
    curve.x = vg_calloc(2, sizeof(*curve.x));
    curve.y = vg_calloc(2, sizeof(*curve.y));
    curve.count = 2;
    for (unsigned i = 0; i < 2; i++) {
        curve.x[i] = i ? most : least;
        curve.y[i] = (series->intercept + series->slope * curve.x[i]) / (series->y_unit > 0 ? series->y_unit : 1);
    }
    return curve;
}

static char *line_title(const struct vg_scatter_series *series)
{
    if (!isfinite(series->slope))
        return vg_strdup("no line");
    if (!isfinite(series->slope_lower) || !isfinite(series->slope_upper))
        return vg_format("slope %.3g", series->slope);
    return vg_format("slope %.3g (%.3g to %.3g)", series->slope, series->slope_lower, series->slope_upper);
}

void vg_plot_scatter(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_scatter *scatter)
{
    struct vg_curves curves = { 0 };
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 }, says = { 0 };
    size_t points = 0;
    for (unsigned i = 0; i < scatter->count; i++) {
        struct vg_curve curve = points_of(&scatter->series[i]);
        points += curve.count;
        vg_push(curves.items, curves.count) = curve;
    }
    for (unsigned i = 0; i < scatter->count; i++) {
        vg_autofree char *slope = line_title(&scatter->series[i]);
        char *title = vg_format("%s: %s", scatter->series[i].name, slope);
        vg_text_add(&says, " %s: %zu points, %s.", scatter->series[i].name, curves.items[i].count, slope);
        vg_push(curves.items, curves.count) = line_of(&scatter->series[i], i % 4 + 1, title);
    }
    figure->alternative = vg_format("%s against %s.%s", scatter->y_axis, scatter->x_axis, says.data ? says.data : "");
    if (points) {
        vg_plot_curves(&curves, &data, &colours, &dashes);
        vg_autofree char *count = vg_format("%u", scatter->count);
        vg_autofree char *x_axis = vg_plot_label(scatter->x_axis), *y_axis = vg_plot_label(scatter->y_axis);
        vg_autofree char *height_px = vg_plot_height(330, scatter->count);
        const char *const arguments[] = { count, colours.data, dashes.data, x_axis, y_axis, height_px, NULL };
        vg_plot(figure, plotter, "scatter", &data, arguments);
    } else
        vg_figure_without(figure, "there is no point to draw");
    vg_curves_free(&curves);
}
