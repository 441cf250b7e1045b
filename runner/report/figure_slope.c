/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a submission costs the host: a counter of the host against the rate of submissions, a point per phase, and the
 * line whose slope the analysis reports. Points and line are the judge's own values, so that the picture cannot show
 * anything else than the table. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_SERIES = 8, MAX_POINTS = 64, US_PER_S = 1000000 };

struct slope_plot {
    struct vg_scatter_series series[MAX_SERIES];
    char *names[MAX_SERIES];
    double x[MAX_SERIES][MAX_POINTS], y[MAX_SERIES][MAX_POINTS];
    unsigned count;
    const char *why_not; /* the first reason why a line could not be fitted or a counter not be read; borrowed */
};

static double value_of(const struct vg_judgement *judgement, const char *analysis, const char *metric)
{
    vg_autofree char *name = vg_format("%s.%s", analysis, metric);
    const struct vg_value *value = vg_report_value_find(judgement, name);
    return value ? value->value : NAN;
}

/* "NAME.rate[PHASE]" of the judgement with "NAME.counted[PHASE]". */
static size_t load_points(const struct vg_judgement *judgement, const char *analysis, double *x, double *y)
{
    vg_autofree char *start = vg_format("%s.rate[", analysis);
    size_t count = 0;
    for (unsigned i = 0; i < judgement->value_count && count < MAX_POINTS; i++) {
        const struct vg_value *rate = &judgement->values[i];
        if (strncmp(rate->metric, start, strlen(start)) != 0)
            continue;
        vg_autofree char *counted = vg_format("counted[%s", rate->metric + strlen(start));
        x[count] = rate->value;
        y[count] = value_of(judgement, analysis, counted);
        count += isfinite(x[count]) && isfinite(y[count]);
    }
    return count;
}

static void add_series(struct slope_plot *plot, const struct vg_figure_source *source,
                       const struct vg_test_analysis *spec, double y_unit)
{
    const struct vg_judgement *judgement = source->judgement;
    const struct vg_analysis_input input = { .test = source->test, .spec = spec };
    unsigned at = plot->count;
    size_t points = load_points(judgement, spec->name, plot->x[at], plot->y[at]);
    vg_autofree char *name = vg_format("%s.slope", spec->name);
    const struct vg_value *slope = vg_report_value_find(judgement, name);
    if (slope && !isfinite(slope->value) && !plot->why_not)
        plot->why_not = slope->note;
    if (!points)
        return;
    const char *counter = vg_analysis_param(&input, "counter");
    plot->names[at] = vg_equal(counter, spec->name) ? vg_strdup(spec->name) : vg_format("%s (%s)", spec->name, counter);
    plot->series[at] = (struct vg_scatter_series) {
        .name = plot->names[at],
        .colour = vg_curve_colour(source->palette, plot->names[at], judgement->verdict),
        .x = plot->x[at],
        .y = plot->y[at],
        .count = points,
        .y_unit = y_unit,
        .slope = slope ? slope->value : NAN,
        .intercept = value_of(judgement, spec->name, "background"),
        .slope_lower = value_of(judgement, spec->name, "slope_lower"),
        .slope_upper = value_of(judgement, spec->name, "slope_upper"),
    };
    plot->count++;
}

static bool draw(struct vg_figure *figure, const struct vg_figure_source *source, const char *analysis,
                 const char *title, const char *y_axis, const char *slope_unit, double y_unit)
{
    if (!vg_figure_uses(source->test, analysis))
        return false;
    struct slope_plot plot = { 0 };
    for (unsigned i = 0; i < source->test->analysis_count && plot.count < MAX_SERIES; i++)
        if (vg_equal(source->test->analyses[i].analysis, analysis))
            add_series(&plot, source, &source->test->analyses[i], y_unit);
    vg_autofree char *where = vg_figure_where(source);
    figure->title = vg_strdup(title);
    figure->caption =
        vg_format("%s; a point for each rate, and the line fitted to them. Its slope%s is what one submission "
                  "costs, with its 95 %% interval; where it meets the left edge is the background.",
                  where, slope_unit);
    const struct vg_scatter scatter = { "submissions (1/s)", y_axis, plot.series, plot.count };
    if (plot.count)
        vg_plot_scatter(figure, source->plotter, &scatter);
    else {
        figure->alternative = vg_strdup("");
        vg_figure_without(figure, plot.why_not ? plot.why_not : "nothing was counted");
    }
    for (unsigned i = 0; i < plot.count; i++)
        free(plot.names[i]);
    return true;
}

bool vg_figure_slope(struct vg_figure *figure, const struct vg_figure_source *source)
{
    return draw(figure, source, "submission-slope", "What a submission makes the host do.", "counted on the host (1/s)",
                "", 1);
}

bool vg_figure_slope_cpu(struct vg_figure *figure, const struct vg_figure_source *source)
{
    return draw(figure, source, "submission-cpu", "CPU time that a submission costs the host.",
                "CPU time of the host (cores)", ", in us,", US_PER_S); /* a core is as many us a second */
}
