/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a pGPU was divided among tenants that all worked: each one's share beside what it is entitled to. */
#include <math.h>
#include "report/figure.h"

enum { MAX_BARS = 24 };

/* The tolerance that the test allows around the entitled share; NaN if it judges none. */
static double tolerance_of(const struct vg_judgement *judgement, const char *analysis)
{
    vg_autofree char *metric = vg_format("%s.max_deviation", analysis);
    for (unsigned i = 0; i < judgement->check_count; i++)
        if (vg_equal(judgement->checks[i].metric, metric) && judgement->checks[i].op[0] == '<')
            return judgement->checks[i].threshold;
    return NAN;
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

/* named: there are several analyses, whose names tell the bars of one tenant apart. */
static void add_bar(const struct vg_figure_source *source, const char *analysis, bool named, const char *tenant,
                    double share, struct vg_bar *bar, struct vg_text *says)
{
    vg_autofree char *label = named ? vg_format("%s: %s", analysis, tenant) : vg_strdup(tenant);
    double entitled = entitled_share(source->judgement, analysis, tenant);
    double tolerance = tolerance_of(source->judgement, analysis);
    *bar = (struct vg_bar) { .label = vg_curve_title(label, source->judgement->verdict),
                             .colour = vg_curve_colour(source->palette, tenant, source->judgement->verdict),
                             .share = share,
                             .entitled = entitled,
                             .low = entitled * (1 - tolerance),
                             .high = entitled * (1 + tolerance) };
    vg_text_add(says, " %s got %.1f %%", label, share * 100);
    if (isfinite(entitled))
        vg_text_add(says, " of %.1f %%", entitled * 100);
    vg_text_add(says, ".");
}

/* Values called ANALYSIS.share[TENANT]: further bars after the first `count`. Returns how many there are then. */
static unsigned collect_bars(const struct vg_figure_source *source, const char *analysis, bool named,
                             struct vg_bar *bars, unsigned count, struct vg_text *says)
{
    const struct vg_judgement *judgement = source->judgement;
    vg_autofree char *prefix = vg_format("%s.share[", analysis);
    size_t prefix_length = strlen(prefix);
    for (unsigned i = 0; i < judgement->value_count && count < MAX_BARS; i++) {
        const struct vg_value *value = &judgement->values[i];
        size_t length = strlen(value->metric);
        if (strncmp(value->metric, prefix, prefix_length) != 0 || value->metric[length - 1] != ']' ||
            !isfinite(value->value))
            continue;
        vg_autofree char *tenant = vg_strdup(value->metric + prefix_length);
        tenant[length - prefix_length - 1] = '\0';
        add_bar(source, analysis, named, tenant, value->value, &bars[count++], says);
    }
    return count;
}

bool vg_figure_share(struct vg_figure *figure, const struct vg_figure_source *source)
{
    struct vg_bar bars[MAX_BARS];
    unsigned count = 0, analyses = 0;
    vg_autotext struct vg_text says = { 0 };
    for (unsigned i = 0; source->test && i < source->test->analysis_count; i++)
        analyses += vg_equal(source->test->analyses[i].analysis, "share");
    for (unsigned i = 0; source->test && i < source->test->analysis_count; i++)
        if (vg_equal(source->test->analyses[i].analysis, "share"))
            count = collect_bars(source, source->test->analyses[i].name, analyses > 1, bars, count, &says);
    if (!count)
        return false;
    vg_autofree char *where = vg_figure_where(source);
    const struct vg_bar *last = &bars[count - 1];
    figure->title = vg_strdup("Share against entitlement.");
    figure->caption = isnan(last->entitled) ? vg_format("%s; the policy promises no share.", where)
                      : isnan(last->low)
                          ? vg_format("%s; the line is the entitled share.", where)
                          : vg_format("%s; the grey band is what the test allows around the entitled share.", where);
    figure->alternative = vg_format("Share of solo throughput of each tenant.%s", says.data);
    vg_plot_bars(figure, source->plotter, "share", bars, count, count > 4 ? "860" : "560");
    vg_bars_free(bars, count);
    return true;
}
