/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of coloured pieces: which memory was looked at and what was in it, which pGPU held how much and when. */
#include <stdlib.h>
#include "report/figure.h"

enum { ROW_NAME_BYTES = 32 };

void vg_plot_strips(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_strips *strips)
{
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, words = { 0 };
    double end = 0;
    for (unsigned i = 0; i < strips->piece_count; i++) {
        const struct vg_strip_piece *piece = &strips->pieces[i];
        unsigned long colour = strtoul(strips->legend[piece->kind].colour + 1, NULL, 16);
        vg_text_add(&data, "%.9g %.9g %u %lu\n", piece->from, piece->to, piece->row + 1, colour);
        end = piece->to > end ? piece->to : end;
    }
    vg_text_add(&data, "\n\n");
    for (unsigned i = 0; i < strips->row_count; i++) {
        vg_autofree char *label = vg_plot_label(strips->rows[i]);
        if (strlen(label) > ROW_NAME_BYTES) /* the pieces need the room */
            memcpy(label + ROW_NAME_BYTES - 3, "...", 4);
        vg_text_add(&data, "%u \"%s\"\n", i + 1, label);
    }
    for (unsigned i = 0; i < strips->legend_count; i++) {
        vg_autofree char *label = vg_plot_label(strips->legend[i].words);
        vg_text_add(&colours, "%s%s", i ? " " : "", strips->legend[i].colour);
        vg_text_add(&words, "%s\"%s\"", i ? " " : "", label);
    }
    if (!strips->piece_count || !(end > 0)) {
        vg_figure_without(figure, "there is nothing to draw");
        return;
    }
    vg_autofree char *rows = vg_format("%u", strips->row_count), *last = vg_format("%.9g", end);
    const char *const arguments[] = { rows, colours.data, words.data, strips->x_axis, figure->wide ? "940" : "560",
                                      last, NULL };
    vg_plot(figure, plotter, "strips", &data, arguments);
}
