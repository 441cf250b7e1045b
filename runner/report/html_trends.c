/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the run's metrics fared over months, if a history was named: those whose level changed first. */
#include <math.h>
#include "report/page.h"

enum { DRAWN_MOST = 12, POINTS_LEAST = 3 };

/* Of a test of this run, with enough runs to show a course, and judged by a practical threshold. */
static bool belongs(const struct vg_page *page, const struct vg_trend *trend)
{
    struct vg_trend_name name = vg_trend_name_parts(trend->name);
    if (trend->count < POINTS_LEAST || !(trend->min_effect > 0))
        return false;
    for (unsigned i = 0; i < page->groups->count; i++) {
        const char *test = page->groups->items[i].test;
        if (strlen(test) == (size_t)name.test_length && strncmp(test, name.test, strlen(test)) == 0)
            return true;
    }
    return false;
}

/* 0: changed for the worse, 1: changed, 2: did not. */
static unsigned rank_of(const struct vg_trend *trend)
{
    unsigned rank = 2;
    for (unsigned i = 0; i < trend->change_count; i++) {
        const struct vg_trend_change *change = &trend->changes[i];
        bool open =
            change->found && !change->doubtful && change->state != VG_TREND_FIXED && change->state != VG_TREND_IGNORED;
        if (open)
            rank = change->direction == VG_TREND_WORSE ? 0 : rank < 1 ? rank : 1;
    }
    return rank;
}

/* "+12.0 % after 2026-02-09 (detected); ...": what the picture shows, in words. Caller frees. */
static char *changes_text(const struct vg_trends *trends, const struct vg_trend *trend)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (unsigned i = 0; i < trend->change_count; i++) {
        const struct vg_trend_change *change = &trend->changes[i];
        vg_autofree char *day = vg_trend_time(trends->runs[trend->points[change->index].run].started_s);
        vg_autofree char *by =
            isfinite(change->ratio) ? vg_format("%+.1f %%", 100 * (change->ratio - 1)) : vg_strdup("a change");
        vg_text_add(&text, "%s%s from %.10s on (%s%s%s)", text.length ? "; " : "", by, day,
                    change->doubtful ? "doubtful" : vg_trend_state_words[change->state],
                    change->differences ? "; " : "", change->differences ? change->differences : "");
    }
    return text.data;
}

static void write_trend(struct vg_page *page, const struct vg_trend *trend)
{
    struct vg_figure figure = { .wide = true };
    vg_autofree char *changes = changes_text(page->trends, trend);
    vg_autofree char *from = vg_trend_time(page->trends->runs[trend->points[0].run].started_s);
    vg_autofree char *to = vg_trend_time(page->trends->runs[trend->points[trend->count - 1].run].started_s);
    figure.title = vg_strdup("Trend.");
    figure.caption = vg_format("%s: %u runs from %.10s to %.10s. %s%s", trend->name, trend->count, from, to,
                               *changes ? changes : "No change of level", ".");
    figure.alternative = vg_strdup(figure.caption);
    vg_plot_trend(&figure, page->plotter, page->trends, trend);
    vg_page_figure(page, &figure);
    vg_figure_free(&figure);
}

void vg_page_trends(struct vg_page *page)
{
    const struct vg_trends *trends = page->trends;
    unsigned wanted = 0, drawn = 0;
    if (!trends)
        return;
    vg_xml_open(page->xml, "section");
    vg_page_heading(page, "h2", "trends", "Over time");
    vg_page_prose(page, "trends");
    for (unsigned rank = 0; rank <= 2; rank++)
        for (unsigned i = 0; i < trends->count; i++) {
            if (!belongs(page, &trends->items[i]) || rank_of(&trends->items[i]) != rank)
                continue;
            wanted++;
            if (drawn == DRAWN_MOST)
                continue;
            write_trend(page, &trends->items[i]);
            drawn++;
        }
    vg_autofree char *rest =
        wanted > drawn ? vg_format("%u more are in the history; `vgauge history plot` draws them.", wanted - drawn)
        : !wanted      ? vg_strdup("The history has no metric of these tests with at least three "
                                        "runs that can be compared.")
                       : NULL;
    if (rest)
        vg_xml_element_class(page->xml, "p", "note", rest);
    vg_xml_close(page->xml);
}
