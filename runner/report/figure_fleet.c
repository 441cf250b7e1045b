/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of `vgauge place`: how full a fleet became under each policy, and how much of the rest was of no use. */
#include "report/figure.h"

static double *scaled(const double *values, size_t count, double scale)
{
    double *copy = vg_calloc(count ? count : 1, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = values[i] * scale;
    return copy;
}

bool vg_report_fleet_plot(const struct vg_report_fleet_curve *curves, unsigned count, const char *path,
                          struct vg_error *err)
{
    vg_autofree char *templates = vg_report_templates(err);
    if (!templates)
        return false;
    struct vg_palette palette = { 0 };
    struct vg_curves lines = { 0 };
    for (unsigned i = 0; i < 2 * count; i++) {
        const struct vg_report_fleet_curve *from = &curves[i % count];
        vg_push(lines.items, lines.count) = (struct vg_curve) {
            .title = vg_strdup(from->name),
            .colour = vg_palette_colour(&palette, from->name),
            .dash = i % count % 4 + 1, /* curves may lie upon each other */
            .x = scaled(from->time_s, from->count, 1 / 3600.0),
            .y = scaled(i < count ? from->utilisation : from->fragmentation, from->count, 100),
            .count = from->count,
        };
    }
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    vg_plot_curves(&lines, &data, &colours, &dashes);
    vg_autofree char *number = vg_format("%u", count);
    const char *const arguments[] = {
        number, colours.data ? colours.data : "", dashes.data ? dashes.data : "", "760", "760", NULL
    };
    struct vg_figure figure = { 0 };
    vg_report_autoplotter struct vg_plotter plotter = { .template_directory = templates };
    vg_plot(&figure, &plotter, "fleet", &data, arguments);
    bool good = figure.svg ? vg_write_file(path, figure.svg, strlen(figure.svg), err)
                           : vg_fail(err, VG_ERROR_ENVIRONMENT, "%s", figure.problem);
    vg_figure_free(&figure);
    vg_curves_free(&lines);
    vg_palette_free(&palette);
    return good;
}
