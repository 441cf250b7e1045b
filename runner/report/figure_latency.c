/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency distributions: all instances of a test in one plot, or one curve per mechanism across tests, so that the ways
 * into a GPU can be compared at a glance. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_CURVES = 12 };

struct latency_plot {
    const struct vg_results *results;
    struct vg_palette *palette;
    struct vg_curves curves;
    struct vg_text says; /* the alternative text: medians and tails in words */
    struct vg_report_drivers drivers;
    unsigned wanted, left_out, analyses, invalid;
    char *name;          /* across: which latency of each test; may be NULL */
    bool across;         /* one curve per test and mechanism */
    bool several_places; /* of one mechanism: its name alone does not say which */
    char problem[2048];  /* the first thing that kept a curve from being drawn */
};

static const char *param(const struct vg_test_analysis *analysis, const char *name)
{
    const char *value = vg_settings_get(&analysis->params, name);
    const struct vg_descriptor *descriptor = vg_descriptor_find(VG_KIND_ANALYSIS, analysis->analysis);
    const struct vg_param *declared = descriptor && !value ? vg_param_find(descriptor, name) : NULL;
    return value ? value : declared && declared->def ? declared->def : "";
}

/* Whose curve it is. Boots of one place have one name, and so one dash; two places of a mechanism must not look alike.
 */
static char *name_of(const struct latency_plot *plot, const struct vg_judgement *judgement,
                     const struct vg_test_analysis *analysis)
{
    if (plot->across)
        return vg_format("%s: %s", judgement->mechanism, judgement->test);
    bool placed = plot->several_places, profile = placed && judgement->profile && *judgement->profile;
    bool policy = placed && judgement->policy && *judgement->policy;
    return vg_format("%s%s%s%s%s%s%s", judgement->mechanism, profile ? ", " : "", profile ? judgement->profile : "",
                     policy ? ", " : "", policy ? judgement->policy : "", plot->analyses > 1 ? ": " : "",
                     plot->analyses > 1 ? analysis->name : "");
}

/* The dash of a curve with this title and colour: as the one before it, or the next of that colour. */
static unsigned next_dash(const struct vg_curves *curves, const char *title, const char *colour)
{
    unsigned dash = 1;
    for (unsigned i = 0; i < curves->count; i++) {
        const struct vg_curve *curve = &curves->items[i];
        if (!vg_equal(curve->colour, colour))
            continue;
        if (vg_equal(curve->title, title))
            return curve->dash;
        dash = curve->dash >= dash ? curve->dash + 1 : dash;
    }
    return dash;
}

static void add_curve(struct latency_plot *plot, const struct vg_measurements *measurements,
                      const struct vg_judgement *judgement, const struct vg_test_analysis *analysis, unsigned test)
{
    struct vg_error err = { 0 };
    vg_autofree double *values = NULL;
    size_t count = 0;
    plot->wanted++;
    if (plot->curves.count == MAX_CURVES) {
        plot->left_out++;
        return;
    }
    if (!vg_column_load(measurements, param(analysis, "phase"), param(analysis, "workload"), param(analysis, "stream"),
                        param(analysis, "column"), param(analysis, "tenant"), true, &values, &count, &err) ||
        !count) {
        if (!*plot->problem)
            snprintf(plot->problem, sizeof(plot->problem), "%s", *err.text ? err.text : "there are no samples");
        return;
    }
    for (size_t i = 0; i < count && values[i] < 1; i++)
        values[i] = 1; /* a logarithmic axis has no 0; below 1 ns no clock here tells anything */
    vg_autofree char *name = name_of(plot, judgement, analysis);
    vg_autofree char *title = vg_curve_title(name, judgement->verdict);
    plot->invalid += judgement->verdict == VG_INVALID;
    vg_report_drivers_add(&plot->drivers, plot->across ? title : judgement->mechanism, measurements);
    bool repeated = vg_curves_have(&plot->curves, title);
    const char *colour = vg_curve_colour(plot->palette, judgement->mechanism, judgement->verdict);
    unsigned dash = plot->across ? test + 1 : next_dash(&plot->curves, title, colour);
    struct vg_curve *curve = &vg_push(plot->curves.items, plot->curves.count);
    *curve = (struct vg_curve) { .title = repeated ? vg_strdup("") : vg_strdup(title), .colour = colour, .dash = dash };
    vg_curve_distribution(curve, values, count, 1e-3);
    vg_autofree char *middle = vg_quantity_text(vg_quantile_sorted(values, count, 0.5), "ns");
    vg_autofree char *tail = vg_quantity_text(vg_quantile_sorted(values, count, 0.99), "ns");
    vg_text_add(&plot->says, " %s: median %s, 99th percentile %s, %zu samples.", title, middle, tail, count);
}

static bool seen_mechanism(const struct vg_report_group *group, unsigned before)
{
    for (unsigned i = 0; i < before; i++)
        if (vg_equal(group->instances[i]->mechanism, group->instances[before]->mechanism) &&
            group->instances[i]->verdict != VG_SKIP)
            return true;
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Whether some mechanism of the test was measured with more than one profile or policy. */
static bool has_several_places(const struct vg_report_group *group)
{
    for (unsigned i = 0; i < group->count; i++)
        for (unsigned j = 0; j < i; j++) {
            const struct vg_judgement *one = group->instances[i], *other = group->instances[j];
            if (one->verdict != VG_SKIP && other->verdict != VG_SKIP && vg_equal(one->mechanism, other->mechanism) &&
                !(same_text(one->profile, other->profile) && same_text(one->policy, other->policy)))
                return true;
        }
    return false;
}

/* Those of `waiting` are latencies as well, of jobs whose slice may end: in a picture of their own, for across tests
 * they are not the same thing. */
static bool is_latency(const struct vg_test_analysis *analysis, bool across)
{
    return vg_equal(analysis->analysis, "latency") || (!across && vg_equal(analysis->analysis, "waiting"));
}

static unsigned latency_analyses(const struct vg_test *test, bool across)
{
    unsigned count = 0;
    for (unsigned i = 0; test && i < test->analysis_count; i++)
        count += is_latency(&test->analyses[i], across);
    return count;
}

static bool has_latency(const struct vg_test *test, const char *name)
{
    for (unsigned i = 0; test && i < test->analysis_count; i++)
        if (is_latency(&test->analyses[i], true) && vg_equal(test->analyses[i].name, name))
            return true;
    return false;
}

/* Across tests only like can be compared with like: the first latency whose name every latency test has ("tiny"). NULL:
 * there is none, and each test shows its first. Caller frees. */
static char *shared_name(const struct vg_results *results, const struct vg_report_group *groups, unsigned group_count)
{
    struct vg_error err = { 0 };
    for (unsigned g = 0; g < group_count; g++) {
        vg_report_autotest struct vg_test *first = vg_run_load_test(results->run->directory, groups[g].test, &err);
        if (!latency_analyses(first, true))
            continue;
        for (unsigned i = 0; i < first->analysis_count; i++) {
            bool everywhere = has_latency(first, first->analyses[i].name);
            for (unsigned other = g + 1; other < group_count && everywhere; other++) {
                vg_report_autotest struct vg_test *test =
                    vg_run_load_test(results->run->directory, groups[other].test, &err);
                everywhere = !latency_analyses(test, true) || has_latency(test, first->analyses[i].name);
            }
            if (everywhere)
                return vg_strdup(first->analyses[i].name);
        }
        break;
    }
    return NULL;
}

static void add_instance(struct latency_plot *plot, const struct vg_judgement *judgement, const struct vg_test *test,
                         unsigned group_index)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/%s", plot->results->run->directory, judgement->directory);
    vg_report_automeasurements struct vg_measurements *measurements = vg_measurements_load(directory, &err);
    if (!measurements) {
        plot->wanted++;
        if (!*plot->problem)
            snprintf(plot->problem, sizeof(plot->problem), "%s", err.text);
        return;
    }
    for (unsigned i = 0; i < test->analysis_count; i++) {
        if (!is_latency(&test->analyses[i], plot->across))
            continue;
        if (plot->across && has_latency(test, plot->name) && !vg_equal(test->analyses[i].name, plot->name))
            continue;
        add_curve(plot, measurements, judgement, &test->analyses[i], group_index);
        if (plot->across)
            break;
    }
}

static void draw(struct vg_figure *figure, struct latency_plot *plot, struct vg_plotter *plotter)
{
    if (!plot->curves.count) {
        vg_autofree char *why = vg_report_clean(plot->problem);
        figure->problem = vg_format("There is no picture here: %s.", why);
        return;
    }
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    vg_plot_curves(&plot->curves, &data, &colours, &dashes);
    vg_autofree char *count = vg_format("%u", plot->curves.count);
    unsigned titles = 0;
    for (unsigned i = 0; i < plot->curves.count; i++)
        titles += *plot->curves.items[i].title != '\0';
    vg_autofree char *height_px = vg_plot_height(330, plot->across ? (titles + 1) / 2 : titles);
    const char *const arguments[] = {
        count, colours.data, dashes.data, plot->across ? "860" : "560", height_px, plot->across ? "2" : "1", NULL
    };
    vg_plot(figure, plotter, "latency", &data, arguments);
    if (*plot->problem && !figure->problem) {
        vg_autofree char *why = vg_report_clean(plot->problem);
        figure->problem = vg_format("Not every instance could be drawn: %s.", why);
    }
}

bool vg_figure_latency(struct vg_figure *figure, const struct vg_results *results, const struct vg_report_group *groups,
                       unsigned group_count, struct vg_palette *palette, struct vg_plotter *plotter)
{
    struct latency_plot plot = { .results = results, .palette = palette, .across = group_count > 1 };
    unsigned tests = 0;
    if (plot.across)
        plot.name = shared_name(results, groups, group_count);
    for (unsigned g = 0; g < group_count; g++) {
        struct vg_error err = { 0 };
        vg_report_autotest struct vg_test *test = vg_run_load_test(results->run->directory, groups[g].test, &err);
        plot.analyses = latency_analyses(test, plot.across);
        if (!plot.analyses)
            continue;
        plot.several_places = has_several_places(&groups[g]);
        for (unsigned i = 0; i < groups[g].count; i++)
            if (groups[g].instances[i]->verdict != VG_SKIP && !(plot.across && seen_mechanism(&groups[g], i)))
                add_instance(&plot, groups[g].instances[i], test, tests);
        tests++;
    }
    bool any = plot.wanted > 0 && (!plot.across || tests > 1);
    if (any) {
        figure->title = vg_strdup(plot.across ? "Latency by mechanism." : "Latency.");
        figure->caption = vg_format("The further left, the faster; a long flat end is a tail.%s%s%s",
                                    plot.across ? " Same colour: same mechanism. Same dashes: same test." : "",
                                    plot.invalid ? " Grey: invalid, its numbers mean nothing." : "",
                                    plot.left_out ? " Only the first 12 curves are drawn." : "");
        figure->alternative = vg_format("Cumulative distribution of latency.%s", plot.says.data ? plot.says.data : "");
        draw(figure, &plot, plotter);
        figure->drivers = plot.drivers;
        plot.drivers = (struct vg_report_drivers) { 0 };
    }
    vg_report_drivers_free(&plot.drivers);
    vg_curves_free(&plot.curves);
    vg_text_free(&plot.says);
    free(plot.name);
    return any;
}
