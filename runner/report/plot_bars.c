/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars of shares, each beside what was promised and what is allowed, as data for a script. */
#include <math.h>
#include "report/figure.h"

void vg_bars_free(struct vg_bar *bars, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(bars[i].label);
}

static void add_cell(struct vg_text *data, double value)
{
    if (isfinite(value))
        vg_text_add(data, " %.6g", value);
    else
        vg_text_add(data, " NaN");
}

/* Names stand side by side below the bars: a long one keeps its ends, since "tenant.0" and "tenant.1" differ there. */
static void shorten(char *label, size_t room)
{
    size_t length = strlen(label), tail = room / 2 - 1;
    if (length <= room)
        return;
    memcpy(label + room - tail - 2, "..", 2);
    memmove(label + room - tail, label + length - tail, tail + 1);
}

void vg_plot_bars(struct vg_figure *figure, struct vg_plotter *plotter, const char *script, const struct vg_bar *bars,
                  unsigned count, const char *width_px)
{
    enum { LETTER_PX = 8, EDGES_PX = 90 };
    size_t room = count ? (size_t)(atoi(width_px) - EDGES_PX) / count / LETTER_PX : 0;
    vg_autotext struct vg_text data = { 0 }, colours = { 0 };
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *label = vg_plot_label(bars[i].label);
        shorten(label, room < 6 ? 6 : room);
        vg_text_add(&data, "%u \"%s\"", i + 1, label);
        add_cell(&data, bars[i].share);
        add_cell(&data, bars[i].entitled);
        add_cell(&data, bars[i].low);
        add_cell(&data, bars[i].high);
        vg_text_add(&data, "\n");
        vg_text_add(&colours, "%s%s", i ? " " : "", bars[i].colour);
    }
    vg_autofree char *number = vg_format("%u", count);
    const char *const arguments[] = { number, colours.data, "1", width_px, "360", NULL };
    vg_plot(figure, plotter, script, &data, arguments);
}
