/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How full each pGPU was after each step of a provisioning drill: where a placement policy put what, seen at a glance.
 */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_PGPUS = 32, SHADES = 5 };

/* One hue from light to dark, so that only lightness has to be told apart. */
static const char *const shades[SHADES] = { "#e8edf0", "#b9d6ea", "#7fb5db", "#3a8ac0", "#0a4f80" };

static const struct vg_measured_run *drill_of(const struct vg_measurements *measurements)
{
    for (unsigned p = 0; measurements && p < measurements->phase_count; p++)
        for (unsigned r = 0; r < measurements->phases[p].run_count; r++)
            if (vg_measured_stream_find(&measurements->phases[p].runs[r], "counters"))
                return &measurements->phases[p].runs[r];
    return NULL;
}

/* After each step, how many vGPUs live on each pGPU: the rows of `counters` that are of the pGPU as a whole. */
static double add_pieces(struct vg_strips *strips, const struct vg_samples *counters, unsigned pgpus)
{
    const double *step = vg_samples_column(counters, "step"), *pgpu = vg_samples_column(counters, "pgpu");
    const double *type = vg_samples_column(counters, "type"), *vf = vg_samples_column(counters, "vf");
    const double *value = vg_samples_column(counters, "value");
    double most = 0, last_step = 0, since[MAX_PGPUS] = { 0 }, held[MAX_PGPUS] = { 0 };
    if (!step || !pgpu || !type || !vf || !value)
        return 0;
    for (size_t i = 0; i < counters->rows; i++)
        if (type[i] == VG_COUNTER_LIVE)
            most = fmax(most, value[i]);
    for (size_t i = 0; i < counters->rows; i++) {
        last_step = fmax(last_step, step[i]);
        if (type[i] != VG_COUNTER_LIVE || vf[i] >= 0 || !(pgpu[i] >= 0) || pgpu[i] >= pgpus)
            continue;
        unsigned row = (unsigned)pgpu[i];
        if (value[i] == held[row])
            continue;
        unsigned shade =
            held[row] > 0 ? 1 + (unsigned)fmin(SHADES - 2, floor((SHADES - 1) * (held[row] - 1) / most)) : 0;
        if (step[i] > since[row])
            vg_push(strips->pieces, strips->piece_count) = (struct vg_strip_piece) { since[row], step[i], row, shade };
        since[row] = step[i];
        held[row] = value[i];
    }
    for (unsigned row = 0; row < pgpus; row++) {
        unsigned shade =
            held[row] > 0 ? 1 + (unsigned)fmin(SHADES - 2, floor((SHADES - 1) * (held[row] - 1) / most)) : 0;
        vg_push(strips->pieces, strips->piece_count) =
            (struct vg_strip_piece) { since[row], last_step + 1, row, shade };
    }
    return most;
}

static void name_shades(struct vg_strip_legend legend[SHADES], double most)
{
    for (unsigned i = 0; i < SHADES; i++) {
        double least = i ? 1 + ceil((i - 1) * most / (SHADES - 1)) : 0;
        double greatest = i ? ceil(i * most / (SHADES - 1)) : 0;
        legend[i].colour = shades[i];
        legend[i].words = i == 0             ? vg_strdup("none")
                          : least < greatest ? vg_format("%.0f to %.0f", least, greatest)
                                             : vg_format("%.0f", greatest);
    }
}

bool vg_figure_occupancy(struct vg_figure *figure, const struct vg_figure_source *source)
{
    struct vg_error err = { 0 };
    if (!vg_figure_uses(source->test, "provisioning"))
        return false;
    vg_report_automeasurements struct vg_measurements *measurements = vg_figure_measurements(source, &err);
    const struct vg_measured_run *drill = drill_of(measurements);
    struct vg_samples counters = { 0 };
    if (measurements && !drill)
        return false; /* not every drill reads counters; its numbers are in the table */
    figure->wide = true;
    figure->title = vg_strdup("Placement occupancy.");
    if (!drill ||
        !vg_samples_load(measurements->directory, vg_measured_stream_find(drill, "counters"), &counters, &err)) {
        vg_figure_without(figure, err.text);
        figure->caption = vg_strdup("");
        return true;
    }
    char *names[MAX_PGPUS];
    struct vg_strip_legend legend[SHADES];
    struct vg_strips strips = { .rows = names, .legend = legend, .x_axis = "steps of the drill" };
    for (const char *name; strips.row_count < MAX_PGPUS; strips.row_count++) {
        vg_autofree char *fact = vg_format("pgpu.%u", strips.row_count);
        if (!(name = vg_fact_get(drill, fact)))
            break;
        names[strips.row_count] = vg_strdup(name);
    }
    double most = add_pieces(&strips, &counters, strips.row_count);
    name_shades(legend, fmax(most, 1));
    strips.legend_count = (unsigned)fmin(SHADES, most + 1);
    vg_autofree char *where = vg_figure_where(source);
    figure->caption = vg_format("%s; vGPUs on each pGPU after each step, as the driver counts them.", where);
    figure->alternative = vg_format("How many vGPUs %u pGPUs held over the steps of a drill; at most %.0f on one.",
                                    strips.row_count, most);
    vg_plot_strips(figure, source->plotter, &strips);
    for (unsigned i = 0; i < strips.row_count; i++)
        free(names[i]);
    for (unsigned i = 0; i < SHADES; i++)
        free((char *)legend[i].words);
    free(strips.pieces);
    vg_samples_free(&counters);
    return true;
}
