/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For how long tenants got nothing done: how many of the gaps are at least so long, down to the single longest one. The
 * limits that the test judges are lines that no curve may cross. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_CURVES = 16, MAX_LIMITS = 8 };

typedef bool load_gaps(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                       const struct vg_measured_run *run, double **gaps_s, size_t *count, struct vg_error *err);

/* What a metric says about the curve: at most so many per cent of the gaps are at least so long. */
struct rule {
    const char *metric, *words;
    double periods;  /* the length in periods, if the threshold is the share; else 0, and it is the length in ns */
    double per_cent; /* the share, if the threshold is the length; 0: not one */
    bool shorter;    /* the share is that of shorter gaps */
};

struct kind {
    const char *analysis, *title, *meaning, *axis;
    load_gaps *load;
    struct rule rules[6];
};

/* A line from (length, from) to (length, to). */
struct limit {
    double length_us, from, to;
    char *label;
};

struct gap_plot {
    const struct kind *kind;
    const struct vg_figure_source *source;
    struct vg_curves curves;
    struct vg_text says;
    struct limit limits[MAX_LIMITS];
    unsigned limit_count, left_out;
    double least; /* per cent that one gap is of the longest series */
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void add_curve(struct gap_plot *plot, const struct vg_measured_run *run, const char *phase, unsigned dash,
                      double *gaps_s, size_t count)
{
    enum vg_verdict verdict = plot->source->judgement->verdict;
    double one = 100.0 / (double)count;
    vg_autofree char *name = phase ? vg_format("%s, %s", run->tenant, phase) : vg_strdup(run->tenant);
    vg_autofree char *title = vg_curve_title(name, verdict);
    qsort(gaps_s, count, sizeof(*gaps_s), ascending);
    struct vg_curve *curve = &vg_push(plot->curves.items, plot->curves.count);
    *curve = (struct vg_curve) { .title = vg_strdup(title),
                                 .colour = vg_curve_colour(plot->source->palette, run->tenant, verdict),
                                 .dash = dash + 1 };
    vg_curve_distribution(curve, gaps_s, count, 1e6);
    for (size_t i = 0; i < curve->count; i++) {
        curve->y[i] = 100 - curve->y[i] + one; /* at or below -> at least */
        curve->x[i] = fmax(curve->x[i], 1e-3); /* a logarithmic axis has no 0; no clock here tells 1 ns */
    }
    plot->least = fmin(plot->least, one);
    vg_autofree char *middle = vg_quantity_text(vg_quantile_sorted(gaps_s, count, 0.5) * 1e9, "ns");
    vg_autofree char *tail = vg_quantity_text(vg_quantile_sorted(gaps_s, count, 0.99) * 1e9, "ns");
    vg_autofree char *longest = vg_quantity_text(gaps_s[count - 1] * 1e9, "ns");
    vg_text_add(&plot->says, " %s: median %s, 99th percentile %s, longest %s, %zu samples.", title, middle, tail,
                longest, count);
}

static void add_tenants(struct gap_plot *plot, const struct vg_measurements *measurements,
                        const struct vg_test_analysis *spec, bool name_phase, unsigned dash, struct vg_error *err)
{
    const struct vg_analysis_input input = { .test = plot->source->test, .spec = spec, .measurements = measurements };
    const char *workload = vg_analysis_param(&input, "workload"), *tenant = vg_analysis_param(&input, "tenant");
    const struct vg_measured_phase *phase = vg_measured_phase_find(measurements, vg_analysis_param(&input, "phase"));
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *run = &phase->runs[i];
        vg_autofree double *gaps_s = NULL;
        size_t count = 0;
        if (!vg_equal(run->workload, workload) || (tenant[0] && !vg_equal(run->tenant, tenant)))
            continue;
        if (plot->curves.count == MAX_CURVES)
            plot->left_out++;
        else if (plot->kind->load(measurements, phase, run, &gaps_s, &count, err) && count)
            add_curve(plot, run, name_phase ? phase->name : NULL, dash, gaps_s, count);
    }
}

/* As the judge took it, of the first tenant; NaN: it took none. */
static double period_ns(const struct vg_judgement *judgement, const char *analysis)
{
    vg_autofree char *prefix = vg_format("%s.period[", analysis);
    for (unsigned i = 0; i < judgement->value_count; i++)
        if (strncmp(judgement->values[i].metric, prefix, strlen(prefix)) == 0)
            return judgement->values[i].value;
    return NAN;
}

static void add_limit(struct gap_plot *plot, const struct rule *rule, double threshold, double period)
{
    bool share = rule->periods > 0;
    double length_us = (share ? rule->periods * period : threshold) * 1e-3;
    double per_cent = share ? 100 * threshold : rule->per_cent;
    if (!(length_us > 0) || plot->limit_count == MAX_LIMITS)
        return;
    struct limit limit = { .length_us = length_us,
                           .from = rule->shorter ? NAN : per_cent,
                           .to = rule->shorter ? 100 - per_cent : 100 };
    vg_autofree char *length = vg_quantity_text(length_us * 1e3, "ns");
    limit.label = share ? vg_format("%s (%s): at most %.3g %%", rule->words, length, per_cent)
                        : vg_format("%s: at most %s", rule->words, length);
    for (unsigned i = 0; i < plot->limit_count; i++)
        if (vg_equal(plot->limits[i].label, limit.label)) { /* two analyses, one limit */
            free(limit.label);
            return;
        }
    plot->limits[plot->limit_count++] = limit;
}

static void add_limits(struct gap_plot *plot, const char *analysis)
{
    const struct vg_judgement *judgement = plot->source->judgement;
    for (const struct rule *rule = plot->kind->rules; rule->metric; rule++) {
        vg_autofree char *metric = vg_format("%s.%s", analysis, rule->metric);
        for (unsigned i = 0; i < judgement->check_count; i++)
            if (vg_equal(judgement->checks[i].metric, metric) && judgement->checks[i].op[0] == '<')
                add_limit(plot, rule, judgement->checks[i].threshold, period_ns(judgement, analysis));
    }
}

/* Analyses of several phases: what a curve is needs the phase's name. */
static bool several_phases(const struct vg_test *test, const char *analysis)
{
    const char *first = NULL;
    for (unsigned i = 0; i < test->analysis_count; i++) {
        const struct vg_analysis_input input = { .test = test, .spec = &test->analyses[i] };
        if (!vg_equal(test->analyses[i].analysis, analysis))
            continue;
        const char *phase = vg_analysis_param(&input, "phase");
        if (first && !vg_equal(first, phase))
            return true;
        first = phase;
    }
    return false;
}

static void draw(struct vg_figure *figure, struct gap_plot *plot)
{
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    double bottom = pow(10, floor(log10(plot->least)));
    vg_plot_curves(&plot->curves, &data, &colours, &dashes);
    for (unsigned i = 0; i < plot->limit_count; i++) {
        const struct limit *limit = &plot->limits[i];
        vg_autofree char *label = vg_plot_label(limit->label);
        vg_text_add(&data, "%.9g %.9g %.9g \"%s\"\n", limit->length_us, fmax(limit->from, bottom), limit->to, label);
        vg_text_add(&plot->says, " Limit: %s.", limit->label);
    }
    vg_autofree char *count = vg_format("%u", plot->curves.count);
    vg_autofree char *limits = vg_format("%u", plot->limit_count);
    vg_autofree char *lowest = vg_format("%.9g", bottom);
    const char *const arguments[] = { count, colours.data, dashes.data, limits, lowest, plot->kind->axis, NULL };
    vg_plot(figure, plot->source->plotter, "gaps", &data, arguments);
}

static bool draw_gaps(struct vg_figure *figure, const struct vg_figure_source *source, const struct kind *kind)
{
    if (!vg_figure_uses(source->test, kind->analysis))
        return false;
    struct vg_error err = { 0 };
    struct gap_plot plot = { .kind = kind, .source = source, .least = 100 };
    vg_report_automeasurements struct vg_measurements *measurements = vg_figure_measurements(source, &err);
    vg_autofree char *where = vg_figure_where(source);
    bool name_phase = several_phases(source->test, kind->analysis);
    unsigned dash = 0;
    for (unsigned i = 0; measurements && i < source->test->analysis_count; i++) {
        const struct vg_test_analysis *spec = &source->test->analyses[i];
        if (!vg_equal(spec->analysis, kind->analysis))
            continue;
        add_tenants(&plot, measurements, spec, name_phase, name_phase ? dash++ : 0, &err);
        add_limits(&plot, spec->name);
    }
    figure->title = vg_strdup(kind->title);
    if (plot.curves.count)
        draw(figure, &plot);
    else
        vg_figure_without(figure, *err.text ? err.text : "no job was completed");
    figure->caption = vg_format("%s; %s%s%s", where, kind->meaning,
                                plot.limit_count ? " Dashed: limits of the test; a curve that crosses one breaks it."
                                                 : " The test sets no limit.",
                                plot.left_out ? " Only the first 16 curves are drawn." : "");
    figure->alternative = vg_format("%s%s", kind->title, plot.says.data ? plot.says.data : "");
    for (unsigned i = 0; i < plot.limit_count; i++)
        free(plot.limits[i].label);
    vg_text_free(&plot.says);
    vg_curves_free(&plot.curves);
    return true;
}

bool vg_figure_waiting(struct vg_figure *figure, const struct vg_figure_source *source)
{
    static const struct kind kind = {
        .analysis = "starvation",
        .title = "Time without a completion.",
        .meaning = "only time in which the tenant had work queued counts.",
        .axis = "time with work queued and nothing completed",
        .load = vg_waiting_gaps_load,
        .rules = { { .metric = "longest_gap", .words = "longest", .per_cent = 0 },
                   { .metric = "gap_p99", .words = "99th percentile", .per_cent = 1 } },
    };
    return draw_gaps(figure, source, &kind);
}

bool vg_figure_pacing(struct vg_figure *figure, const struct vg_figure_source *source)
{
    static const struct kind kind = {
        .analysis = "pacing",
        .title = "Time from frame to frame.",
        .meaning = "an even pace is a cliff at one period.",
        .axis = "time from one completion to the next",
        .load = vg_intervals_load,
        .rules = { { .metric = "late_1_5", .words = "over 1.5 periods", .periods = 1.5 },
                   { .metric = "late_2", .words = "over 2 periods", .periods = 2 },
                   { .metric = "burst", .words = "under half a period", .periods = 0.5, .shorter = true },
                   { .metric = "interval_p99", .words = "99th percentile", .per_cent = 1 },
                   { .metric = "interval_max", .words = "longest", .per_cent = 0 } },
    };
    return draw_gaps(figure, source, &kind);
}
