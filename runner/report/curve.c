/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw samples -> the few points that a plot needs: millions of samples become at most some hundred
 * points, without losing the tail. */
#include <math.h>
#include "report/figure.h"

enum { BODY_POINTS = 250, TAIL_POINTS = 149, MAX_POINTS = BODY_POINTS + TAIL_POINTS + 1 };

static const struct {
    const char *name, *colour;
} fixed[] = { { "virtio-venus", "#0072B2" }, { "virtio-virgl", "#D55E00" }, { "native", "#009E73" } };

/* Okabe and Ito's palette, which people with any kind of colour vision can tell apart. */
static const char *const palette_colours[] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                               "#E69F00", "#56B4E9", "#000000", "#8C7B00" };

/* Paler than any colour above, and still apart from each other and from the grid. */
static const char *const greys[] = { "#8a939b", "#b4bbc1", "#6d757c" };

/* The place of a name in the order in which names were first seen. */
static unsigned place_of(struct vg_palette *palette, const char *name)
{
    for (unsigned i = 0; i < palette->count; i++)
        if (vg_equal(name, palette->names[i]))
            return i;
    vg_push(palette->names, palette->count) = vg_strdup(name ? name : "");
    return palette->count - 1;
}

const char *vg_palette_colour(struct vg_palette *palette, const char *name)
{
    for (unsigned i = 0; i < VG_COUNT(fixed); i++)
        if (vg_equal(name, fixed[i].name))
            return fixed[i].colour;
    return palette_colours[place_of(palette, name) % VG_COUNT(palette_colours)];
}

const char *vg_curve_colour(struct vg_palette *palette, const char *name, enum vg_verdict verdict)
{
    if (verdict != VG_INVALID)
        return vg_palette_colour(palette, name);
    for (unsigned i = 0; i < VG_COUNT(fixed); i++)
        if (vg_equal(name, fixed[i].name))
            return greys[i];
    return greys[place_of(palette, name) % VG_COUNT(greys)];
}

char *vg_curve_title(const char *name, enum vg_verdict verdict)
{
    return verdict == VG_INVALID ? vg_format("%s (invalid)", name) : vg_strdup(name);
}

void vg_palette_free(struct vg_palette *palette)
{
    for (unsigned i = 0; i < palette->count; i++)
        free(palette->names[i]);
    free(palette->names);
    *palette = (struct vg_palette) { 0 };
}

void vg_curves_free(struct vg_curves *curves)
{
    for (unsigned i = 0; i < curves->count; i++) {
        free(curves->items[i].title);
        free(curves->items[i].x);
        free(curves->items[i].y);
    }
    free(curves->items);
    *curves = (struct vg_curves) { 0 };
}

static void add_point(struct vg_curve *curve, double x, double y)
{
    curve->x[curve->count] = x;
    curve->y[curve->count++] = y;
}

static void add_order_statistic(struct vg_curve *curve, const double *sorted, size_t n, size_t index, double scale)
{
    double y = 100.0 * (double)(index + 1) / (double)n;
    if (curve->count && curve->y[curve->count - 1] >= y)
        return;
    add_point(curve, sorted[index] * scale, y);
}

void vg_curve_distribution(struct vg_curve *curve, const double *sorted, size_t n, double scale)
{
    curve->x = vg_calloc(MAX_POINTS, sizeof(*curve->x));
    curve->y = vg_calloc(MAX_POINTS, sizeof(*curve->y));
    curve->count = 0;
    if (n <= MAX_POINTS) {
        for (size_t i = 0; i < n; i++)
            add_order_statistic(curve, sorted, n, i, scale);
        return;
    }
    for (size_t i = 0; i < BODY_POINTS; i++) /* even steps up to the 98th percentile */
        add_order_statistic(curve, sorted, n, (size_t)(0.98 * (double)(n - 1) * (double)i / (BODY_POINTS - 1)), scale);
    for (size_t i = 1; i <= TAIL_POINTS; i++) { /* then even steps of log(1 - p), down to the last sample */
        double left = 0.02 * pow(1.0 / (0.02 * (double)n), (double)i / TAIL_POINTS);
        add_order_statistic(curve, sorted, n, (size_t)((1.0 - left) * (double)(n - 1)), scale);
    }
    add_order_statistic(curve, sorted, n, n - 1, scale);
}
