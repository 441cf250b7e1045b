/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency over time: a distribution does not say whether the long ones came one by one, all at once, or in a rhythm.
 * The samples are taken in the order of time; for each of some hundred spans the middle and the longest one are drawn.
 */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { SPANS = 120, MAX_INSTANCES = 4 };

struct timeline {
    const struct vg_results *results;
    struct vg_palette *palette;
    struct vg_curves curves;
    struct vg_text says, widths;
    unsigned drawn, left_out, invalid;
    char problem[2048];
};

struct sample {
    double at_s, value_us;
};

static int by_time(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->at_s, y = ((const struct sample *)b)->at_s;
    return (x > y) - (x < y);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const char *param(const struct vg_test *test, const struct vg_test_analysis *spec,
                         const struct vg_measurements *measurements, const char *name)
{
    const struct vg_analysis_input input = { .test = test, .spec = spec, .measurements = measurements };
    return vg_analysis_param(&input, name);
}

/* The column that says when: an instant at which a sample began or ended. */
static const char *time_column(const struct vg_measured_stream *stream)
{
    for (unsigned i = 0; i < stream->column_count; i++)
        if (vg_equal(stream->columns[i].kind, "time") || vg_equal(stream->columns[i].kind, "completion"))
            return stream->columns[i].name;
    return NULL;
}

static bool add_run(const struct vg_measurements *measurements, const struct vg_measured_stream *stream,
                    const char *column, struct sample **samples, size_t *count, struct vg_error *err)
{
    struct vg_samples loaded = { 0 };
    const char *when = time_column(stream);
    if (!when)
        return vg_fail(err, VG_ERROR_INPUT, "no column of %s says when", stream->name);
    if (!vg_samples_load(measurements->directory, stream, &loaded, err))
        return false;
    const double *times = vg_samples_column(&loaded, when), *values = vg_samples_column(&loaded, column);
    size_t before = *count;
    if (times && values && loaded.rows) {
        *samples = vg_reallocarray(*samples, before + loaded.rows, sizeof(**samples));
        for (size_t i = 0; i < loaded.rows; i++)
            if (values[i] >= 0) /* below it is not available */
                (*samples)[(*count)++] = (struct sample) { (times[i] - times[0]) * 1e-9, fmax(values[i], 1) * 1e-3 };
    }
    vg_samples_free(&loaded);
    return true;
}

static struct vg_curve new_curve(const struct timeline *timeline, const struct vg_judgement *judgement, char *title,
                                 bool longest)
{
    return (struct vg_curve) { .title = title,
                               .colour = vg_curve_colour(timeline->palette, judgement->mechanism, judgement->verdict),
                               .dash = longest ? 3 : timeline->drawn + 1,
                               .x = vg_calloc(SPANS, sizeof(double)),
                               .y = vg_calloc(SPANS, sizeof(double)) };
}

static void add_curves(struct timeline *timeline, const struct vg_judgement *judgement, struct sample *samples,
                       size_t count)
{
    vg_autofree char *place = vg_report_instance_text(judgement), *name = vg_curve_title(place, judgement->verdict);
    struct vg_curve middle = new_curve(timeline, judgement, vg_strdup(name), false);
    /* One entry of the legend for all of them: they have the colour of their median, and are thin. */
    struct vg_curve longest = new_curve(
        timeline, judgement, vg_strdup(timeline->drawn ? "" : "thin and dotted: the longest of each span"), true);
    vg_autofree double *values = vg_calloc(count, sizeof(*values));
    qsort(samples, count, sizeof(*samples), by_time);
    double first_s = samples[0].at_s, span_s = (samples[count - 1].at_s - first_s) / SPANS;
    for (size_t i = 0, next; i < count; i = next) {
        unsigned span = span_s > 0 ? (unsigned)fmin(SPANS - 1, (samples[i].at_s - first_s) / span_s) : 0;
        size_t in_span = 0;
        for (next = i; next < count &&
                       (span_s > 0 ? (unsigned)fmin(SPANS - 1, (samples[next].at_s - first_s) / span_s) : 0) == span;
             next++)
            values[in_span++] = samples[next].value_us;
        qsort(values, in_span, sizeof(*values), ascending);
        double at_s = samples[i].at_s - first_s;
        middle.x[middle.count] = longest.x[longest.count] = at_s;
        middle.y[middle.count++] = vg_quantile_sorted(values, in_span, 0.5);
        longest.y[longest.count++] = values[in_span - 1];
    }
    vg_push(timeline->curves.items, timeline->curves.count) = longest;
    vg_push(timeline->curves.items, timeline->curves.count) = middle;
    vg_text_add(&timeline->widths, "%s0.8 1.7", timeline->widths.length ? " " : "");
    vg_text_add(&timeline->says, " %s: %zu samples over %.1f s.", name, count, samples[count - 1].at_s - first_s);
    timeline->invalid += judgement->verdict == VG_INVALID;
    timeline->drawn++;
}

static void add_instance(struct timeline *timeline, const struct vg_judgement *judgement, const struct vg_test *test,
                         const struct vg_test_analysis *spec)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/%s", timeline->results->run->directory, judgement->directory);
    vg_report_automeasurements struct vg_measurements *m = vg_measurements_load(directory, &err);
    const struct vg_measured_phase *phase = m ? vg_measured_phase_find(m, param(test, spec, m, "phase")) : NULL;
    vg_autofree struct sample *samples = NULL;
    size_t count = 0;
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const char *tenant = param(test, spec, m, "tenant");
        const struct vg_measured_stream *stream =
            vg_measured_stream_find(&phase->runs[i], param(test, spec, m, "stream"));
        if (stream && vg_equal(phase->runs[i].workload, param(test, spec, m, "workload")) &&
            (!*tenant || vg_equal(phase->runs[i].tenant, tenant)))
            add_run(m, stream, param(test, spec, m, "column"), &samples, &count, &err);
    }
    if (count)
        add_curves(timeline, judgement, samples, count);
    if ((!count || *err.text) && !*timeline->problem)
        snprintf(timeline->problem, sizeof(timeline->problem), "%s", *err.text ? err.text : "there are no samples");
}

static const struct vg_test_analysis *first_latency(const struct vg_test *test)
{
    for (unsigned i = 0; test && i < test->analysis_count; i++)
        if (vg_equal(test->analyses[i].analysis, "latency"))
            return &test->analyses[i];
    return NULL;
}

static void draw(struct vg_figure *figure, const struct timeline *timeline, struct vg_plotter *plotter)
{
    if (!timeline->curves.count) {
        vg_figure_without(figure, timeline->problem);
        return;
    }
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    vg_plot_curves(&timeline->curves, &data, &colours, &dashes);
    vg_autofree char *count = vg_format("%u", timeline->curves.count);
    vg_autofree char *height_px = vg_plot_height(320, timeline->drawn + 1);
    const char *const arguments[] = { count, colours.data, dashes.data, timeline->widths.data, height_px, NULL };
    vg_plot(figure, plotter, "timeline", &data, arguments);
    if (*timeline->problem && !figure->problem) {
        vg_autofree char *why = vg_report_clean(timeline->problem);
        figure->problem = vg_format("Not every instance could be drawn: %s.", why);
    }
}

bool vg_figure_timeline(struct vg_figure *figure, const struct vg_results *results, const struct vg_report_group *group,
                        const struct vg_test *test, struct vg_palette *palette, struct vg_plotter *plotter)
{
    const struct vg_test_analysis *spec = first_latency(test);
    struct timeline timeline = { .results = results, .palette = palette };
    unsigned wanted = 0;
    for (unsigned i = 0; spec && i < group->count; i++)
        if (group->instances[i]->verdict != VG_SKIP) {
            if (++wanted <= MAX_INSTANCES)
                add_instance(&timeline, group->instances[i], test, spec);
            else
                timeline.left_out++;
        }
    if (!wanted)
        return false;
    figure->title = vg_strdup("Latency over time.");
    figure->caption = vg_format("%s, in %d spans of the measurement: the median of each, and its longest sample.%s%s",
                                spec->name, SPANS, timeline.invalid ? " Grey: invalid, its numbers mean nothing." : "",
                                timeline.left_out ? " Only the first four instances are drawn." : "");
    figure->alternative =
        vg_format("Median and longest latency over time.%s", timeline.says.data ? timeline.says.data : "");
    draw(figure, &timeline, plotter);
    vg_curves_free(&timeline.curves);
    vg_text_free(&timeline.says);
    vg_text_free(&timeline.widths);
    return true;
}
