/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scheduler's time slice as tenants found it: histograms of how long they ran and how long they waited for the next
 * turn, with what the policy configures as lines. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_TENANTS = 8, BINS = 50 };

struct found_slices {
    char *tenant;
    struct vg_slice_lengths;
};

struct slice_plot {
    const struct vg_figure_source *source;
    struct found_slices tenants[MAX_TENANTS];
    unsigned count, lines; /* lines: of lengths that the policy configures, once drawn */
    char *why_not;         /* the first reason why a tenant has no histogram; may be NULL */
};

static void add_tenant(struct slice_plot *plot, const struct vg_analysis_input *input,
                       const struct vg_measured_phase *phase, const struct vg_measured_run *run)
{
    struct vg_error err = { 0 };
    struct vg_slice_lengths lengths = { 0 };
    vg_autofree char *why_not = NULL;
    if (plot->count == MAX_TENANTS)
        return;
    if (vg_slice_lengths_load(input, phase, run, &lengths, &why_not, &err) && !why_not) {
        plot->tenants[plot->count++] = (struct found_slices) { .tenant = vg_strdup(run->tenant), lengths };
        return;
    }
    if (!plot->why_not)
        plot->why_not = vg_strdup(why_not ? why_not : err.text);
    vg_slice_lengths_free(&lengths);
}

static void add_analysis(struct slice_plot *plot, const struct vg_measurements *measurements,
                         const struct vg_test_analysis *spec)
{
    const struct vg_analysis_input input = { .test = plot->source->test, .spec = spec, .measurements = measurements };
    const char *workload = vg_analysis_param(&input, "workload"), *tenant = vg_analysis_param(&input, "tenant");
    const struct vg_measured_phase *phase = vg_measured_phase_find(measurements, vg_analysis_param(&input, "phase"));
    for (unsigned i = 0; phase && i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].workload, workload) && (!tenant[0] || vg_equal(phase->runs[i].tenant, tenant)))
            add_tenant(plot, &input, phase, &phase->runs[i]);
}

/* Where the axis ends: what is configured is on it, and nearly all that was found; the rest is in the last bin. */
static double end_of_axis(const struct slice_plot *plot, bool waits)
{
    double end_s = 0;
    for (unsigned i = 0; i < plot->count; i++) {
        const struct found_slices *one = &plot->tenants[i];
        double configured_s = waits ? one->wait_s : one->run_s;
        end_s = fmax(end_s, 1.15 * vg_quantile_sorted(waits ? one->waits_s : one->runs_s, one->count, 0.99));
        end_s = fmax(end_s, 1.3 * configured_s);
    }
    return end_s;
}

static void add_histogram(struct vg_curves *curves, const struct slice_plot *plot, unsigned place, bool waits,
                          double end_s)
{
    const struct found_slices *one = &plot->tenants[place];
    enum vg_verdict verdict = plot->source->judgement->verdict;
    const double *lengths_s = waits ? one->waits_s : one->runs_s;
    double width_s = end_s / BINS;
    struct vg_curve *curve = &vg_push(curves->items, curves->count);
    *curve = (struct vg_curve) { .title = vg_curve_title(one->tenant, verdict),
                                 .colour = vg_curve_colour(plot->source->palette, one->tenant, verdict),
                                 .x = vg_calloc(BINS + 1, sizeof(double)),
                                 .y = vg_calloc(BINS + 1, sizeof(double)),
                                 .count = BINS + 1 };
    for (unsigned i = 0; i <= BINS; i++)
        curve->x[i] = i * width_s * 1e3;
    for (size_t i = 0; i < one->count; i++) {
        double bin = fmin(lengths_s[i] / width_s, BINS - 1);
        curve->y[(unsigned)bin] += 100.0 / (double)one->count;
    }
    curve->y[BINS] = curve->y[BINS - 1]; /* steps: a bin's height goes from its edge to the next */
}

/* One line for each length that is configured; tenants of one share have one in common. */
static unsigned add_lines(const struct slice_plot *plot, bool waits, struct vg_text *data, struct vg_text *says)
{
    unsigned count = 0;
    for (unsigned i = 0; i < plot->count; i++) {
        double length_s = waits ? plot->tenants[i].wait_s : plot->tenants[i].run_s;
        bool known = !(length_s > 0);
        for (unsigned before = 0; before < i && !known; before++)
            known = fabs((waits ? plot->tenants[before].wait_s : plot->tenants[before].run_s) / length_s - 1) < 1e-6;
        if (known)
            continue;
        vg_autofree char *length = vg_quantity_text(length_s * 1e9, "ns");
        vg_autofree char *text = vg_format("configured %s %s", waits ? "wait" : "quota", length);
        vg_autofree char *label = vg_plot_label(text);
        vg_text_add(data, "%.9g \"%s\"\n", length_s * 1e3, label);
        vg_text_add(says, " %c%s.", (char)(text[0] - 'a' + 'A'), text + 1);
        count++;
    }
    if (!count)
        vg_text_add(data, "NaN \"\"\n"); /* a block without rows is none */
    vg_text_add(data, "\n\n");
    return count;
}

static void draw(struct vg_figure *figure, struct slice_plot *plot, struct vg_text *says)
{
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    struct vg_curves curves = { 0 };
    double run_end_s = end_of_axis(plot, false), wait_end_s = end_of_axis(plot, true);
    for (unsigned i = 0; i < plot->count; i++)
        add_histogram(&curves, plot, i, false, run_end_s);
    for (unsigned i = 0; i < plot->count; i++)
        add_histogram(&curves, plot, i, true, wait_end_s);
    vg_plot_curves(&curves, &data, &colours, &dashes);
    plot->lines = add_lines(plot, false, &data, says);
    plot->lines += add_lines(plot, true, &data, says);
    vg_autofree char *count = vg_format("%u", plot->count);
    vg_autofree char *run_end = vg_format("%.9g", run_end_s * 1e3), *wait_end = vg_format("%.9g", wait_end_s * 1e3);
    vg_autofree char *lined = vg_format("%u", plot->lines);
    const char *const arguments[] = { count, colours.data, dashes.data, run_end, wait_end, lined, NULL };
    vg_plot(figure, plot->source->plotter, "slice", &data, arguments);
    vg_curves_free(&curves);
}

static void tell_tenants(const struct slice_plot *plot, struct vg_text *says)
{
    for (unsigned i = 0; i < plot->count; i++) {
        const struct found_slices *one = &plot->tenants[i];
        vg_autofree char *run = vg_quantity_text(vg_quantile_sorted(one->runs_s, one->count, 0.5) * 1e9, "ns");
        vg_autofree char *wait = vg_quantity_text(vg_quantile_sorted(one->waits_s, one->count, 0.5) * 1e9, "ns");
        vg_text_add(says, " %s: median run %s, median wait %s, %zu turns.", one->tenant, run, wait, one->count);
    }
}

bool vg_figure_slice(struct vg_figure *figure, const struct vg_figure_source *source)
{
    if (!vg_figure_uses(source->test, "slice"))
        return false;
    struct vg_error err = { 0 };
    struct slice_plot plot = { .source = source };
    vg_report_automeasurements struct vg_measurements *measurements = vg_figure_measurements(source, &err);
    vg_autofree char *where = vg_figure_where(source);
    vg_autotext struct vg_text says = { 0 };
    for (unsigned i = 0; measurements && i < source->test->analysis_count; i++)
        if (vg_equal(source->test->analyses[i].analysis, "slice"))
            add_analysis(&plot, measurements, &source->test->analyses[i]);
    figure->wide = true;
    figure->title = vg_strdup("Time slice.");
    vg_text_add(&says, "Histograms of the lengths of runs and of waits.");
    tell_tenants(&plot, &says);
    if (plot.count)
        draw(figure, &plot, &says);
    else
        vg_figure_without(figure, plot.why_not ? plot.why_not : *err.text ? err.text : "no tenant ran");
    if (plot.count && plot.why_not && !figure->problem) {
        vg_autofree char *why = vg_report_clean(plot.why_not);
        figure->problem = vg_format("Not every tenant could be drawn: %s.", why);
    }
    figure->caption =
        vg_format("%s; how long tenants were let run, and waited for their next turn. %s What is longer "
                  "than the axis is in its last bin.",
                  where, plot.lines ? "Dashed: as the policy configures it." : "The policy configures no length.");
    figure->alternative = vg_strdup(says.data);
    for (unsigned i = 0; i < plot.count; i++) {
        free(plot.tenants[i].tenant);
        free(plot.tenants[i].runs_s);
        free(plot.tenants[i].waits_s);
    }
    free(plot.why_not);
    return true;
}
