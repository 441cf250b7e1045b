/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures of one instance have in common: where their samples are, and how they name the instance. */
#include "report/figure.h"

struct vg_measurements *vg_figure_measurements(const struct vg_figure_source *source, struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/%s", source->results->run->directory, source->judgement->directory);
    return vg_measurements_load(directory, err);
}

bool vg_figure_uses(const struct vg_test *test, const char *analysis)
{
    for (unsigned i = 0; test && i < test->analysis_count; i++)
        if (vg_equal(test->analyses[i].analysis, analysis))
            return true;
    return false;
}

char *vg_figure_where(const struct vg_figure_source *source)
{
    vg_autofree char *place = vg_report_instance_text(source->judgement);
    return vg_curve_title(place, source->judgement->verdict);
}

bool vg_curves_have(const struct vg_curves *curves, const char *title)
{
    for (unsigned i = 0; i < curves->count; i++)
        if (vg_equal(curves->items[i].title, title))
            return true;
    return false;
}

void vg_figure_without(struct vg_figure *figure, const char *why)
{
    vg_autofree char *clean = vg_report_clean(why);
    figure->problem = vg_format("There is no picture here: %s.", clean);
}
