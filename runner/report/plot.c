/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Has gnuplot run a script of ours. Foreign names reach it only as quoted text in a data file, reduced
 * to harmless characters, so that no name can become gnuplot code. */
#include <ctype.h>
#include <unistd.h>
#include "report/figure.h"

enum { SVG_MAX_BYTES = 4 << 20, LABEL_MAX_BYTES = 60 };

void vg_figure_free(struct vg_figure *figure)
{
    free(figure->title);
    free(figure->caption);
    free(figure->alternative);
    free(figure->svg);
    free(figure->problem);
    vg_report_drivers_free(&figure->drivers);
    *figure = (struct vg_figure) { 0 };
}

char *vg_plot_label(const char *foreign)
{
    size_t length = strnlen(foreign, LABEL_MAX_BYTES);
    char *label = vg_calloc(length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)foreign[i];
        label[i] = (c < 0x80 && isalnum(c)) || (c && strchr(" .,:+-/()%=_", c)) ? (char)c : '_';
    }
    return label;
}

char *vg_plot_height(unsigned px, unsigned legend_lines)
{
    enum { LINE_PX = 19 };
    return vg_format("%u", px + LINE_PX * legend_lines);
}

void vg_plot_curves(const struct vg_curves *curves, struct vg_text *data, struct vg_text *colours,
                    struct vg_text *dashes)
{
    for (unsigned i = 0; i < curves->count; i++) {
        const struct vg_curve *curve = &curves->items[i];
        vg_autofree char *label = vg_plot_label(curve->title);
        vg_text_add(data, "\"%s\" \"\"\n", label);
        for (size_t p = 0; p < curve->count; p++)
            vg_text_add(data, "%.9g %.9g\n", curve->x[p], curve->y[p]);
        vg_text_add(data, "\n\n");
        vg_text_add(colours, "%s%s", i ? " " : "", curve->colour);
        vg_text_add(dashes, "%s%u", i ? " " : "", curve->dash ? curve->dash : 1);
    }
}

/* Not vg_write_file: nobody needs this file after a crash, and waiting for the disk takes longer than drawing. */
static bool write_data(const char *path, const struct vg_text *data, struct vg_error *err)
{
    FILE *file = fopen(path, "we");
    bool good = file && (!data->length || fwrite(data->data, data->length, 1, file) == 1);
    if (file && fclose(file) != 0)
        good = false;
    return good || vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be written", path);
}

static bool draw(struct vg_plotter *plotter, const char *script, const struct vg_text *data,
                 const char *const *arguments, char **svg, struct vg_error *err)
{
    if (!vg_plotter_ready(plotter, err))
        return false;
    vg_autofree char *data_path = vg_format("%s/data", plotter->scratch);
    vg_autofree char *svg_path = vg_format("%s/plot.svg", plotter->scratch);
    size_t length = 0;
    unlink(svg_path); /* never the one before */
    return write_data(data_path, data, err) && vg_plotter_draw(plotter, script, data_path, svg_path, arguments, err) &&
           vg_read_file(svg_path, SVG_MAX_BYTES, svg, &length, err);
}

void vg_plot(struct vg_figure *figure, struct vg_plotter *plotter, const char *script, const struct vg_text *data,
             const char *const *arguments)
{
    struct vg_error err = { 0 };
    if (!draw(plotter, script, data, arguments, &figure->svg, &err))
        figure->problem = vg_format("There is no picture here: %s.", err.text);
}
