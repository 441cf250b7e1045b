/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs per second over the whole test, with the instants that explain a step: a tenant was started or ended, another
 * policy was applied. */
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_CURVES = 40, MAX_MARKS = 24, WIDE_FROM_PHASES = 3 };
static const double bin_s = 0.5;
static const char policy_colour[] = "#20262b"; /* ink: no tenant's colour */

/* An instant to be marked, and what for. */
struct mark {
    int64_t host_ns;
    char *what;
    const char *colour;
};

static double since_s(int64_t instant_ns, int64_t zero_ns)
{
    return ((double)instant_ns - (double)zero_ns) / (double)VG_NS_PER_S;
}

static void add_series(struct vg_curves *curves, const struct vg_completion_series *series, double phase_s,
                       const struct vg_figure_source *source)
{
    enum vg_verdict verdict = source->judgement->verdict;
    double start_s = 0;
    vg_autofree double *rates = NULL;
    size_t count = 0;
    vg_share_series(series, bin_s, &start_s, &rates, &count);
    if (!count || curves->count == MAX_CURVES)
        return;
    vg_autofree char *title = vg_curve_title(series->tenant, verdict);
    bool repeated = vg_curves_have(curves, title); /* a tenant of several phases is in the legend once */
    struct vg_curve *curve = &vg_push(curves->items, curves->count);
    *curve = (struct vg_curve) { .title = vg_strdup(repeated ? "" : title),
                                 .colour = vg_curve_colour(source->palette, series->tenant, verdict),
                                 .x = vg_calloc(count, sizeof(double)),
                                 .y = vg_calloc(count, sizeof(double)),
                                 .count = count };
    for (size_t i = 0; i < count; i++) {
        curve->x[i] = phase_s + start_s + ((double)i + 0.5) * bin_s;
        curve->y[i] = rates[i];
    }
}

static void add_phase(struct vg_curves *curves, const struct vg_measurements *measurements,
                      const struct vg_measured_phase *phase, const struct vg_figure_source *source,
                      struct vg_error *err)
{
    double phase_s = since_s(phase->start_host_ns, measurements->phases[0].start_host_ns);
    for (unsigned r = 0; r < phase->run_count; r++) {
        bool done = false;
        for (unsigned before = 0; before < r && !done; before++)
            done = vg_equal(phase->runs[before].workload, phase->runs[r].workload);
        struct vg_completions completions = { 0 };
        if (done || !vg_completions_load(measurements, phase->name, phase->runs[r].workload, &completions, err))
            continue;
        for (unsigned i = 0; i < completions.count; i++)
            add_series(curves, &completions.series[i], phase_s, source);
        vg_completions_free(&completions);
    }
}

static void add_mark(struct mark *marks, unsigned *count, int64_t host_ns, char *what, const char *colour)
{
    if (*count == MAX_MARKS)
        free(what);
    else
        marks[(*count)++] = (struct mark) { host_ns, what, colour };
}

/* What is done to a tenant takes its time. It is there once its start is over, and gone once its end has begun. */
static void mark_tenants(struct mark *marks, unsigned *count, const struct vg_measurements *measurements,
                         const struct vg_figure_source *source)
{
    for (unsigned i = 0; i < measurements->event_count; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        if (!event->tenant || !event->action || event->done != vg_equal(event->action, "start"))
            continue;
        add_mark(marks, count, event->host_ns, vg_format("%s: %s", event->tenant, event->action),
                 vg_curve_colour(source->palette, event->tenant, source->judgement->verdict));
    }
}

/* When the policy of a phase was applied: the last event before the phase that is no action. One that stays in force
 * is applied again whenever tenants come or go; that is no change. */
static int64_t policy_instant(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                              int64_t after_ns)
{
    int64_t instant_ns = phase->start_host_ns;
    for (unsigned i = 0; i < measurements->event_count; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        if (!event->action && event->host_ns >= after_ns && event->host_ns <= phase->start_host_ns)
            instant_ns = event->host_ns;
    }
    return instant_ns;
}

static void mark_policies(struct mark *marks, unsigned *count, const struct vg_measurements *measurements)
{
    for (unsigned i = 1; i < measurements->phase_count; i++) {
        const struct vg_measured_phase *before = &measurements->phases[i - 1], *phase = &measurements->phases[i];
        const char *policy = phase->policy && *phase->policy ? phase->policy : "none";
        if (vg_equal(policy, before->policy && *before->policy ? before->policy : "none"))
            continue;
        add_mark(marks, count, policy_instant(measurements, phase, before->end_host_ns), vg_format("policy %s", policy),
                 policy_colour);
    }
}

/* The blocks after the curves: phases, then marks, in seconds since the first phase started. */
static void write_marks(struct vg_text *data, struct vg_text *colours, const struct vg_measurements *measurements,
                        const struct mark *marks, unsigned count)
{
    int64_t zero_ns = measurements->phases[0].start_host_ns;
    for (unsigned i = 0; i < measurements->phase_count; i++) {
        const struct vg_measured_phase *phase = &measurements->phases[i];
        vg_autofree char *label = vg_plot_label(phase->name);
        vg_text_add(data, "%.6f %.6f \"%s\"\n", since_s(phase->start_host_ns, zero_ns),
                    since_s(phase->end_host_ns, zero_ns), label);
    }
    vg_text_add(data, "\n\n");
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *label = vg_plot_label(marks[i].what);
        vg_text_add(data, "%.6f \"%s\"\n", since_s(marks[i].host_ns, zero_ns), label);
        vg_text_add(colours, "%s%s", i ? " " : "", marks[i].colour);
    }
}

static void tell_marks(struct vg_figure *figure, const struct vg_measurements *measurements, const struct mark *marks,
                       unsigned count)
{
    vg_autotext struct vg_text says = { 0 };
    vg_text_add(&says, "%s", figure->alternative);
    for (unsigned i = 0; i < count; i++)
        vg_text_add(&says, "%s %s at %.1f s", i ? ";" : ". Marked:", marks[i].what,
                    since_s(marks[i].host_ns, measurements->phases[0].start_host_ns));
    free(figure->alternative);
    figure->alternative = vg_format("%s.", says.data);
}

static void draw(struct vg_figure *figure, const struct vg_measurements *measurements, const struct vg_curves *curves,
                 const struct vg_figure_source *source)
{
    struct mark marks[MAX_MARKS];
    unsigned count = 0;
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 }, mark_colours = { 0 };
    mark_tenants(marks, &count, measurements, source);
    mark_policies(marks, &count, measurements);
    vg_plot_curves(curves, &data, &colours, &dashes);
    write_marks(&data, &mark_colours, measurements, marks, count);
    figure->wide = measurements->phase_count >= WIDE_FROM_PHASES;
    tell_marks(figure, measurements, marks, count);
    vg_autofree char *curve_count = vg_format("%u", curves->count);
    vg_autofree char *phase_count = vg_format("%u", measurements->phase_count);
    vg_autofree char *mark_count = vg_format("%u", count);
    const char *const arguments[] = { curve_count,
                                      colours.data,
                                      dashes.data,
                                      figure->wide ? "940" : "560",
                                      phase_count,
                                      mark_count,
                                      count ? mark_colours.data : policy_colour,
                                      NULL };
    vg_plot(figure, source->plotter, "throughput", &data, arguments);
    for (unsigned i = 0; i < count; i++)
        free(marks[i].what);
}

bool vg_figure_throughput(struct vg_figure *figure, const struct vg_figure_source *source)
{
    if (!vg_figure_uses(source->test, "share") && !vg_figure_uses(source->test, "own-share"))
        return false;
    struct vg_error err = { 0 };
    vg_autofree char *where = vg_figure_where(source);
    vg_report_automeasurements struct vg_measurements *measurements = vg_figure_measurements(source, &err);
    figure->title = vg_strdup("Throughput over time.");
    figure->caption = vg_format("%s, in bins of half a second; shaded: phases; dashed: when a tenant was started (it "
                                "had booted) or ended, or another policy applied.",
                                where);
    figure->alternative = vg_format("Jobs completed per second over time, one line per tenant: %s", where);
    struct vg_curves curves = { 0 };
    for (unsigned i = 0; measurements && i < measurements->phase_count; i++)
        add_phase(&curves, measurements, &measurements->phases[i], source, &err);
    if (curves.count)
        draw(figure, measurements, &curves, source);
    else
        vg_figure_without(figure, *err.text ? err.text : "no job was completed");
    vg_curves_free(&curves);
    return true;
}
