/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one tenant got in each phase, beside what the policy promises it there and what the test allows. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_BARS = 16, WIDE_FROM_BARS = 4 };

static double value_of(const struct vg_judgement *judgement, const char *analysis, const char *name)
{
    vg_autofree char *metric = vg_format("%s.%s", analysis, name);
    const struct vg_value *value = vg_report_value_find(judgement, metric);
    return value ? value->value : NAN;
}

/* A bound on a metric as one on the share. fmax and fmin leave out what is NaN. */
static void tighten(struct vg_bar *bar, const char *op, double threshold)
{
    if (op[0] == '<')
        bar->high = fmin(bar->high, threshold);
    else if (op[0] == '>')
        bar->low = fmax(bar->low, threshold);
}

static void find_bounds(const struct vg_judgement *judgement, const char *analysis, struct vg_bar *bar)
{
    vg_autofree char *share = vg_format("%s.share", analysis), *deviation = vg_format("%s.deviation", analysis);
    vg_autofree char *part = vg_format("%s.of_entitled", analysis);
    for (unsigned i = 0; i < judgement->check_count; i++) {
        const struct vg_checked *check = &judgement->checks[i];
        if (vg_equal(check->metric, share)) {
            tighten(bar, check->op, check->threshold);
        } else if (vg_equal(check->metric, part)) {
            tighten(bar, check->op, check->threshold * bar->entitled);
        } else if (vg_equal(check->metric, deviation) && check->op[0] == '<') {
            tighten(bar, "<=", bar->entitled * (1 + check->threshold));
            tighten(bar, ">=", bar->entitled * (1 - check->threshold));
        }
    }
}

/* If it looks at several, each bar's name says whose it is. */
static bool several_tenants(const struct vg_test *test)
{
    const char *first = NULL;
    for (unsigned i = 0; i < test->analysis_count; i++) {
        const struct vg_analysis_input input = { .test = test, .spec = &test->analyses[i] };
        if (!vg_equal(test->analyses[i].analysis, "own-share"))
            continue;
        const char *tenant = vg_analysis_param(&input, "tenant");
        if (first && !vg_equal(first, tenant))
            return true;
        first = tenant;
    }
    return false;
}

static unsigned collect_bars(const struct vg_figure_source *source, struct vg_bar *bars, struct vg_text *says)
{
    const struct vg_judgement *judgement = source->judgement;
    unsigned count = 0;
    bool several = several_tenants(source->test);
    for (unsigned i = 0; i < source->test->analysis_count && count < MAX_BARS; i++) {
        const struct vg_test_analysis *spec = &source->test->analyses[i];
        const struct vg_analysis_input input = { .test = source->test, .spec = spec };
        double share = value_of(judgement, spec->name, "share");
        if (!vg_equal(spec->analysis, "own-share") || !isfinite(share))
            continue;
        const char *phase = vg_analysis_param(&input, "phase"), *tenant = vg_analysis_param(&input, "tenant");
        vg_autofree char *name = several ? vg_format("%s: %s", tenant, phase) : vg_strdup(phase);
        struct vg_bar *bar = &bars[count++];
        *bar = (struct vg_bar) { .label = vg_curve_title(name, judgement->verdict),
                                 .colour = vg_curve_colour(source->palette, tenant, judgement->verdict),
                                 .share = share,
                                 .entitled = value_of(judgement, spec->name, "entitled"),
                                 .low = NAN,
                                 .high = NAN };
        find_bounds(judgement, spec->name, bar);
        vg_text_add(says, " %s in %s: %.1f %%", tenant, phase, share * 100);
        if (isfinite(bar->entitled))
            vg_text_add(says, " of %.1f %%", bar->entitled * 100);
        if (isfinite(bar->low) || isfinite(bar->high))
            vg_text_add(says, ", allowed");
        if (isfinite(bar->low))
            vg_text_add(says, " from %.1f %%", bar->low * 100);
        if (isfinite(bar->high))
            vg_text_add(says, " up to %.1f %%", bar->high * 100);
        vg_text_add(says, ".");
    }
    return count;
}

/* A bound on one side leaves the other side open: the band goes to the end of the axis. True if there is any band. */
static bool close_bands(struct vg_bar *bars, unsigned count)
{
    double top = 1.05;
    bool any = false;
    for (unsigned i = 0; i < count; i++)
        top = fmax(fmax(top, bars[i].high), bars[i].share * 1.1);
    for (unsigned i = 0; i < count; i++) {
        if (isnan(bars[i].low) && isnan(bars[i].high))
            continue;
        any = true;
        bars[i].low = isnan(bars[i].low) ? 0 : bars[i].low;
        bars[i].high = isnan(bars[i].high) ? top : bars[i].high;
    }
    return any;
}

bool vg_figure_own_share(struct vg_figure *figure, const struct vg_figure_source *source)
{
    struct vg_bar bars[MAX_BARS];
    vg_autotext struct vg_text says = { 0 };
    unsigned count = source->test ? collect_bars(source, bars, &says) : 0;
    if (!count)
        return false;
    vg_autofree char *where = vg_figure_where(source);
    bool banded = close_bands(bars, count);
    figure->title = vg_strdup("Share against entitlement, phase by phase.");
    figure->caption =
        vg_format("%s; the line is what the policy promises in that phase%s.", where,
                  banded ? ", the grey band what the test allows; a phase without a band is not judged" : "");
    figure->alternative = vg_format("Share of solo throughput of one tenant in each phase.%s", says.data);
    figure->wide = count >= WIDE_FROM_BARS;
    vg_plot_bars(figure, source->plotter, "own-share", bars, count, figure->wide ? "940" : "560");
    vg_bars_free(bars, count);
    return true;
}
