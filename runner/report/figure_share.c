/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a pGPU was divided: jobs per second over time, and each tenant's share beside what it is entitled to. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_CURVES = 24, MAX_EVENTS = 12, MAX_BARS = 12 };
static const double bin_s = 0.5;

static double since_s(int64_t instant_ns, int64_t zero_ns)
{
    return (double)(instant_ns - zero_ns) / (double)VG_NS_PER_S;
}

static bool have_title(const struct vg_curves *curves, const char *title)
{
    for (unsigned i = 0; i < curves->count; i++)
        if (vg_equal(curves->items[i].title, title))
            return true;
    return false;
}

static void add_series(struct vg_curves *curves, const struct vg_completion_series *series, double phase_s,
                       struct vg_palette *palette, enum vg_verdict verdict)
{
    double start_s = 0;
    vg_autofree double *rates = NULL;
    size_t count = 0;
    vg_share_series(series, bin_s, &start_s, &rates, &count);
    if (!count || curves->count == MAX_CURVES)
        return;
    vg_autofree char *title = vg_curve_title(series->tenant, verdict);
    bool repeated = have_title(curves, title); /* a tenant of several phases is in the legend once */
    struct vg_curve *curve = &vg_push(curves->items, curves->count);
    *curve = (struct vg_curve) { .title = vg_strdup(repeated ? "" : title),
                                 .colour = vg_curve_colour(palette, series->tenant, verdict),
                                 .x = vg_calloc(count, sizeof(double)),
                                 .y = vg_calloc(count, sizeof(double)),
                                 .count = count };
    for (size_t i = 0; i < count; i++) {
        curve->x[i] = phase_s + start_s + ((double)i + 0.5) * bin_s;
        curve->y[i] = rates[i];
    }
}

static void add_phase(struct vg_curves *curves, const struct vg_measurements *measurements,
                      const struct vg_measured_phase *phase, int64_t zero_ns, struct vg_palette *palette,
                      enum vg_verdict verdict, struct vg_error *err)
{
    for (unsigned r = 0; r < phase->run_count; r++) {
        bool done = false;
        for (unsigned before = 0; before < r && !done; before++)
            done = vg_equal(phase->runs[before].workload, phase->runs[r].workload);
        struct vg_completions completions = { 0 };
        if (done || !vg_completions_load(measurements, phase->name, phase->runs[r].workload, &completions, err))
            continue;
        for (unsigned i = 0; i < completions.count; i++)
            add_series(curves, &completions.series[i], since_s(phase->start_host_ns, zero_ns), palette, verdict);
        vg_completions_free(&completions);
    }
}

/* The blocks after the curves: phases (first) and events, both in seconds from zero. */
static unsigned add_marks(struct vg_text *data, const struct vg_measurements *measurements, int64_t zero_ns,
                          int64_t end_ns)
{
    for (unsigned i = 0; i < measurements->phase_count; i++) {
        const struct vg_measured_phase *phase = &measurements->phases[i];
        vg_autofree char *label = vg_plot_label(phase->name);
        vg_text_add(data, "%.6f %.6f \"%s\" %u\n", since_s(phase->start_host_ns, zero_ns),
                    since_s(phase->end_host_ns, zero_ns), label, i % 2);
    }
    vg_text_add(data, "\n\n");
    unsigned events = 0;
    for (unsigned i = 0; i < measurements->event_count && events < MAX_EVENTS; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        if (event->host_ns < zero_ns || event->host_ns > end_ns)
            continue;
        vg_autofree char *label = vg_plot_label(event->what);
        vg_text_add(data, "%.6f \"%s\"\n", since_s(event->host_ns, zero_ns), label);
        events++;
    }
    return events;
}

static void draw_throughput(struct vg_figure *figure, const struct vg_measurements *measurements,
                            const struct vg_curves *curves, const char *template_directory)
{
    int64_t zero_ns = measurements->phases[0].start_host_ns;
    int64_t end_ns = measurements->phases[measurements->phase_count - 1].end_host_ns;
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    vg_plot_curves(curves, &data, &colours, &dashes);
    unsigned events = add_marks(&data, measurements, zero_ns, end_ns);
    vg_autofree char *count = vg_format("%u", curves->count);
    vg_autofree char *phase_count = vg_format("%u", measurements->phase_count);
    vg_autofree char *event_count = vg_format("%u", events);
    const char *const arguments[] = { count, colours.data, dashes.data, "560", "360", phase_count, event_count, NULL };
    vg_plot(figure, template_directory, "throughput", &data, arguments);
}

bool vg_figure_throughput(struct vg_figure *figure, const struct vg_results *results,
                          const struct vg_judgement *judgement, struct vg_palette *palette,
                          const char *template_directory)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/%s", results->run->directory, judgement->directory);
    vg_autofree char *place = vg_report_instance_text(judgement);
    vg_autofree char *where = vg_curve_title(place, judgement->verdict);
    vg_report_automeasurements struct vg_measurements *measurements = vg_measurements_load(directory, &err);
    figure->title = vg_strdup("Throughput over time.");
    figure->caption = vg_format("%s, in bins of half a second; shaded: phases; dotted: events.", where);
    figure->alternative = vg_format("Jobs completed per second over time, one line per tenant: %s", where);
    struct vg_curves curves = { 0 };
    for (unsigned i = 0; measurements && i < measurements->phase_count; i++)
        add_phase(&curves, measurements, &measurements->phases[i], measurements->phases[0].start_host_ns, palette,
                  judgement->verdict, &err);
    if (curves.count)
        draw_throughput(figure, measurements, &curves, template_directory);
    else {
        vg_autofree char *why = vg_report_clean(err.text);
        figure->problem = vg_format("There is no picture here: %s.", *why ? why : "no job was completed");
    }
    vg_curves_free(&curves);
    return true;
}

struct bar {
    char *tenant;
    double share, entitled, low, high;
};

/* The tolerance that the test allows around the entitled share; NaN if it judges none. */
static double tolerance_of(const struct vg_judgement *judgement, const char *analysis)
{
    vg_autofree char *metric = vg_format("%s.max_deviation", analysis);
    for (unsigned i = 0; i < judgement->check_count; i++)
        if (vg_equal(judgement->checks[i].metric, metric) && judgement->checks[i].op[0] == '<')
            return judgement->checks[i].threshold;
    return NAN;
}

/* Values called ANALYSIS.share[TENANT]. What they are entitled to is left open. */
static unsigned collect_bars(const struct vg_judgement *judgement, const char *analysis, struct bar *bars)
{
    vg_autofree char *prefix = vg_format("%s.share[", analysis);
    size_t prefix_length = strlen(prefix);
    unsigned count = 0;
    for (unsigned i = 0; i < judgement->value_count && count < MAX_BARS; i++) {
        const struct vg_value *value = &judgement->values[i];
        size_t length = strlen(value->metric);
        if (strncmp(value->metric, prefix, prefix_length) != 0 || value->metric[length - 1] != ']' ||
            !isfinite(value->value))
            continue;
        char *tenant = vg_strdup(value->metric + prefix_length);
        tenant[length - prefix_length - 1] = '\0';
        bars[count++] =
            (struct bar) { .tenant = tenant, .share = value->value, .entitled = NAN, .low = NAN, .high = NAN };
    }
    return count;
}

/* The policy's promise as the judge wrote it down, to all or to this tenant; NaN: none. */
static double entitled_share(const struct vg_judgement *judgement, const char *analysis, const char *tenant)
{
    vg_autofree char *to_all = vg_format("%s.entitled", analysis);
    vg_autofree char *to_one = vg_format("%s.entitled[%s]", analysis, tenant);
    const struct vg_value *value = vg_report_value_find(judgement, to_all);
    value = value ? value : vg_report_value_find(judgement, to_one);
    return value ? value->value : NAN;
}

static void add_cell(struct vg_text *data, double value)
{
    if (isfinite(value))
        vg_text_add(data, " %.6g", value);
    else
        vg_text_add(data, " NaN");
}

static void draw_share(struct vg_figure *figure, const struct bar *bars, unsigned count, struct vg_palette *palette,
                       enum vg_verdict verdict, const char *template_directory)
{
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, says = { 0 };
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *title = vg_curve_title(bars[i].tenant, verdict);
        vg_autofree char *label = vg_plot_label(title);
        vg_text_add(&data, "%u \"%s\"", i + 1, label);
        add_cell(&data, bars[i].share);
        add_cell(&data, bars[i].entitled);
        add_cell(&data, bars[i].low);
        add_cell(&data, bars[i].high);
        vg_text_add(&data, "\n");
        vg_text_add(&colours, "%s%s", i ? " " : "", vg_curve_colour(palette, bars[i].tenant, verdict));
        vg_text_add(&says, " %s got %.1f %%", bars[i].tenant, bars[i].share * 100);
        if (isfinite(bars[i].entitled))
            vg_text_add(&says, " of %.1f %%", bars[i].entitled * 100);
        vg_text_add(&says, ".");
    }
    figure->alternative = vg_format("Share of solo throughput of each tenant.%s", says.data);
    vg_autofree char *number = vg_format("%u", count);
    const char *const arguments[] = { number, colours.data, "1", "560", "360", NULL };
    vg_plot(figure, template_directory, "share", &data, arguments);
}

bool vg_figure_share(struct vg_figure *figure, const struct vg_judgement *judgement, const struct vg_test *test,
                     struct vg_palette *palette, const char *template_directory)
{
    struct bar bars[MAX_BARS];
    unsigned count = 0;
    const char *analysis = NULL;
    for (unsigned i = 0; test && i < test->analysis_count && !count; i++)
        if (vg_equal(test->analyses[i].analysis, "share")) {
            analysis = test->analyses[i].name;
            count = collect_bars(judgement, analysis, bars);
        }
    if (!count)
        return false;
    vg_autofree char *place = vg_report_instance_text(judgement);
    vg_autofree char *where = vg_curve_title(place, judgement->verdict);
    double tolerance = tolerance_of(judgement, analysis);
    double due = NAN;
    for (unsigned i = 0; i < count; i++) {
        due = entitled_share(judgement, analysis, bars[i].tenant);
        bars[i].entitled = due;
        bars[i].low = due * (1 - tolerance);
        bars[i].high = due * (1 + tolerance);
    }
    figure->title = vg_strdup("Share against entitlement.");
    figure->caption = isnan(due) ? vg_format("%s; the policy promises no share.", where)
                      : isnan(tolerance)
                          ? vg_format("%s; the line is the entitled share.", where)
                          : vg_format("%s; the grey band is what the test allows around the entitled share.", where);
    draw_share(figure, bars, count, palette, judgement->verdict, template_directory);
    for (unsigned i = 0; i < count; i++)
        free(bars[i].tenant);
    return true;
}
