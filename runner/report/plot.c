/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs gnuplot without a shell on a script of ours. Foreign names reach it only as quoted text in a data file, reduced
 * to harmless characters, so that no name can become gnuplot code. */
#include <ctype.h>
#include <sys/wait.h>
#include "report/figure.h"

/* gnuplot hands nine arguments to a script; two are the files. */
enum { GNUPLOT_TIMEOUT_MS = 30000, SVG_MAX_BYTES = 4 << 20, LABEL_MAX_BYTES = 60, MAX_ARGUMENTS = 7 };

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

static bool run_gnuplot(const char *directory, const char *script_path, const struct vg_text *data,
                        const char *const *arguments, char **svg, struct vg_error *err)
{
    vg_autofree char *data_path = vg_format("%s/data", directory);
    vg_autofree char *svg_path = vg_format("%s/plot.svg", directory);
    if (!vg_write_file(data_path, data->data ? data->data : "", data->length, err))
        return false;
    /* -d: a user's own ~/.gnuplot has no say. */
    const char *argv[MAX_ARGUMENTS + 7] = { "gnuplot", "-d", "-c", script_path, data_path, svg_path };
    for (unsigned i = 0; arguments && arguments[i] && i < MAX_ARGUMENTS; i++)
        argv[6 + i] = arguments[i];
    vg_autofree char *output = NULL;
    int status = 0;
    if (!vg_run_command(argv, GNUPLOT_TIMEOUT_MS, 4096, &output, &status, err))
        return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "gnuplot is not installed (Debian: gnuplot-nox)");
        vg_autofree char *said = vg_report_clean(output);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "gnuplot refused to draw it: %.300s", said);
    }
    size_t length = 0;
    return vg_read_file(svg_path, SVG_MAX_BYTES, svg, &length, err);
}

void vg_plot(struct vg_figure *figure, const char *template_directory, const char *script, const struct vg_text *data,
             const char *const *arguments)
{
    struct vg_error err = { 0 }, ignored = { 0 };
    char directory[] = "/tmp/vgauge-plot-XXXXXX";
    if (!mkdtemp(directory)) {
        figure->problem = vg_strdup("There is no picture here: /tmp cannot be written.");
        return;
    }
    vg_autofree char *script_path = vg_format("%s/%s.gnuplot", template_directory, script);
    if (!run_gnuplot(directory, script_path, data, arguments, &figure->svg, &err))
        figure->problem = vg_format("There is no picture here: %s.", err.text);
    if (!vg_remove_tree(directory, &ignored))
        vg_warn("%s", ignored.text);
}
