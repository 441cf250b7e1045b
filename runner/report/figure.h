/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: from raw samples to a picture. A figure that cannot be drawn still says in a sentence why. */
#ifndef VG_REPORT_FIGURE_H
#define VG_REPORT_FIGURE_H

#include "report/plotter.h"

/* Names in the order in which they were first seen in the run: the place decides the colour, so that a tenant or a
 * mechanism has the same one in every plot of the page. */
struct vg_palette {
    char **names;
    unsigned count;
};
const char *vg_palette_colour(struct vg_palette *palette, const char *name); /* "#0072B2" */
/* The same for a curve of a result: an invalid one is grey, whatever its name, and its title says so. */
const char *vg_curve_colour(struct vg_palette *palette, const char *name, enum vg_verdict verdict);
char *vg_curve_title(const char *name, enum vg_verdict verdict); /* caller frees */
void vg_palette_free(struct vg_palette *palette);

/* One line (or bar, or band) of a plot: a block of a gnuplot data file. */
struct vg_curve {
    char *title; /* as in the legend; sanitised when it is written */
    const char *colour;
    unsigned dash; /* 1 is solid */
    double *x, *y;
    size_t count;
};
struct vg_curves {
    struct vg_curve *items;
    unsigned count;
};
void vg_curves_free(struct vg_curves *curves);
/* The distribution of n ascending values as at most 400 points (value x scale, per cent of values at or below it), with
 * the tail drawn as finely as the middle. */
void vg_curve_distribution(struct vg_curve *curve, const double *sorted, size_t n, double scale);

struct vg_figure {
    char *title, *caption, *alternative; /* alternative: what the picture shows, for who cannot see it */
    char *svg;
    char *problem;                    /* why there is no picture; NULL if there is one */
    struct vg_report_drivers drivers; /* whose curves they are; empty where nothing is compared */
    bool wide;
};
void vg_figure_free(struct vg_figure *figure);

/* Text for a plot: letters, digits and a few marks; anything else becomes '_'. Caller frees. */
char *vg_plot_label(const char *foreign);
/* Height in px of a picture whose legend has that many lines below it, so that the picture itself keeps its size.
 * Caller frees. */
char *vg_plot_height(unsigned px, unsigned legend_lines);
/* Runs reports/SCRIPT.gnuplot on data with arguments (ARG3 and up; NULL-terminated, may be NULL) and keeps the SVG. On
 * failure sets figure->problem; never fails the report. */
void vg_plot(struct vg_figure *figure, struct vg_plotter *plotter, const char *script, const struct vg_text *data,
             const char *const *arguments);
/* Appends a block for each curve, and the lists of their colours and dashes as the scripts want them. */
void vg_plot_curves(const struct vg_curves *curves, struct vg_text *data, struct vg_text *colours,
                    struct vg_text *dashes);

/* Latency of some instances in one plot. Returns false if they have nothing to draw (no `latency` analysis). */
bool vg_figure_latency(struct vg_figure *figure, const struct vg_results *results, const struct vg_report_group *groups,
                       unsigned group_count, struct vg_palette *palette, struct vg_plotter *plotter);

/* The first latency of a test over time, its instances in one plot. */
bool vg_figure_timeline(struct vg_figure *figure, const struct vg_results *results, const struct vg_report_group *group,
                        const struct vg_test *test, struct vg_palette *palette, struct vg_plotter *plotter);

/* What the figures of one instance are drawn from. */
struct vg_figure_source {
    const struct vg_results *results;
    const struct vg_judgement *judgement;
    const struct vg_test *test;
    struct vg_palette *palette;
    struct vg_plotter *plotter;
};
/* Each returns false if the test has no analysis that it could show. */
typedef bool vg_figure_draw(struct vg_figure *figure, const struct vg_figure_source *source);
vg_figure_draw vg_figure_throughput; /* over the whole test; `share`, `own-share` */
vg_figure_draw vg_figure_share;      /* of each tenant in one phase, against what it is entitled to; `share` */
vg_figure_draw vg_figure_own_share;  /* of one tenant in each phase; `own-share` */
vg_figure_draw vg_figure_waiting;    /* how long tenants with work queued got nothing done; `starvation` */
vg_figure_draw vg_figure_pacing;     /* time from one completion to the next; `pacing` */
vg_figure_draw vg_figure_slice;      /* lengths of runs and waits; `slice` */
vg_figure_draw vg_figure_slope;      /* the host's exits or commands against submissions; `submission-slope` */
vg_figure_draw vg_figure_slope_cpu;  /* its CPU time likewise; `submission-cpu` */
vg_figure_draw vg_figure_leak;       /* which memory was looked through, and what was found where; `leak` */
vg_figure_draw vg_figure_occupancy;  /* vGPUs on each pGPU after each step; `provisioning` */

/* Measurements of the instance; NULL and a sentence in err if they cannot be read. */
struct vg_measurements *vg_figure_measurements(const struct vg_figure_source *source, struct vg_error *err);
bool vg_figure_uses(const struct vg_test *test, const char *analysis);
/* "virtio-venus, full, equal-share, boot 1", marked if it is invalid. Caller frees. */
char *vg_figure_where(const struct vg_figure_source *source);
bool vg_curves_have(const struct vg_curves *curves, const char *title);
/* "There is no picture here: WHY." */
void vg_figure_without(struct vg_figure *figure, const char *why);

/* A bar beside what was promised; NaN: no promise, no bound. */
struct vg_bar {
    char *label;
    const char *colour;
    double share, entitled, low, high;
};
void vg_bars_free(struct vg_bar *bars, unsigned count);
/* Draws them (reports/SCRIPT.gnuplot). Arguments as the script wants them after the colours. */
void vg_plot_bars(struct vg_figure *figure, struct vg_plotter *plotter, const char *script, const struct vg_bar *bars,
                  unsigned count, const char *width_px);

/* Points, and the line that was fitted to them by whoever knows how: (rate, exits per second), say. */
struct vg_scatter_series {
    const char *name;
    const char *colour;  /* "#0072B2" */
    const double *x, *y; /* points that are not finite are left out */
    size_t count;
    double y_unit; /* y, slope and intercept are in smaller units than the axis: so many make one of its. 0: the same */
    double slope, intercept;         /* NaN: no line */
    double slope_lower, slope_upper; /* 95 %; NaN: not known */
};
struct vg_scatter {
    const char *x_axis, *y_axis; /* with their units: "submissions (1/s)" */
    const struct vg_scatter_series *series;
    unsigned count;
};
/* Sets figure->alternative too; the caller says title and caption. */
void vg_plot_scatter(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_scatter *scatter);

/* One metric over months: values, levels, changes, and what changed in the environment. It has a point at least. */
void vg_plot_trend(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_trends *trends,
                   const struct vg_trend *trend);

/* Rows of coloured pieces along an axis that begins at 0. */
struct vg_strip_piece {
    double from, to;
    unsigned row, kind; /* kind: index of the legend */
};
struct vg_strip_legend {
    const char *colour, *words;
};
struct vg_strips {
    char *const *rows; /* their names */
    unsigned row_count;
    struct vg_strip_piece *pieces;
    unsigned piece_count;
    const struct vg_strip_legend *legend;
    unsigned legend_count;
    const char *x_axis;
};
void vg_plot_strips(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_strips *strips);

#endif
