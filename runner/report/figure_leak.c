/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which memory was filled by the one tenant and looked through by the next, and what was found where: a test that
 * looked at a corner only has shown nothing, and the place of a leak says whose code forgot to clear it. */
#include <math.h>
#include "judge/judge.h"
#include "report/figure.h"

enum { MAX_ROWS = 12, BINS = 400 };
enum { FILLED, CLEAN, DIRTY, CANARY, KINDS };

static const struct vg_strip_legend legend[KINDS] = {
    [FILLED] = { "#56B4E9", "filled with canaries" },
    [CLEAN] = { "#dfe3e6", "looked at: all zero" },
    [DIRTY] = { "#E69F00", "looked at: not zero" },
    [CANARY] = { "#D55E00", "looked at: a canary" },
};

struct leak_map {
    struct vg_strips strips;
    char *rows[MAX_ROWS];
    double canary_bytes, dirty_bytes, clean_bytes;
};

/* Pieces that touch and say the same become one. */
static void add_piece(struct leak_map *map, unsigned row, unsigned kind, double from, double to)
{
    struct vg_strip_piece *last = map->strips.piece_count ? &map->strips.pieces[map->strips.piece_count - 1] : NULL;
    if (last && last->row == row && last->kind == kind && last->to >= from)
        last->to = to;
    else
        vg_push(map->strips.pieces, map->strips.piece_count) = (struct vg_strip_piece) { from, to, row, kind };
}

static void add_blocks(struct leak_map *map, unsigned row, bool scanned, const struct vg_samples *blocks)
{
    const double *bytes = vg_samples_column(blocks, "bytes"), *canaries = vg_samples_column(blocks, "canary_words");
    const double *nonzero = vg_samples_column(blocks, "nonzero_words");
    double at_mib = 0;
    for (size_t i = 0; bytes && canaries && nonzero && i < blocks->rows; i++) {
        double mib = fmax(bytes[i], 0) / 0x1p20;
        unsigned kind = !scanned ? FILLED : canaries[i] > 0 ? CANARY : nonzero[i] > 0 ? DIRTY : CLEAN;
        add_piece(map, row, kind, at_mib, at_mib + mib);
        at_mib += mib;
        if (scanned)
            *(kind == CANARY  ? &map->canary_bytes
              : kind == DIRTY ? &map->dirty_bytes
                              : &map->clean_bytes) += fmax(bytes[i], 0);
    }
}

/* Of a map with many pieces nobody sees single ones: the worst of each bin stays. */
static void coarsen(struct vg_strips *strips)
{
    double end = 0;
    if (strips->piece_count <= BINS)
        return;
    for (unsigned i = 0; i < strips->piece_count; i++)
        end = fmax(end, strips->pieces[i].to);
    unsigned kept = 0;
    for (unsigned i = 0; i < strips->piece_count; i++) {
        struct vg_strip_piece piece = strips->pieces[i], *last = kept ? &strips->pieces[kept - 1] : NULL;
        if (last && last->row == piece.row && floor(last->from / end * BINS) == floor(piece.from / end * BINS)) {
            last->to = piece.to;
            last->kind = piece.kind > last->kind ? piece.kind : last->kind;
        } else
            strips->pieces[kept++] = piece;
    }
    strips->piece_count = kept;
}

static void add_phase(struct leak_map *map, const struct vg_measurements *measurements, const char *name,
                      const char *workload, bool scanned, struct vg_error *err)
{
    const struct vg_measured_phase *phase = vg_measured_phase_find(measurements, name);
    for (unsigned i = 0; phase && i < phase->run_count && map->strips.row_count < MAX_ROWS; i++) {
        const struct vg_measured_stream *stream = vg_measured_stream_find(&phase->runs[i], "block");
        struct vg_samples blocks = { 0 };
        if (!stream || !vg_equal(phase->runs[i].workload, workload) ||
            !vg_samples_load(measurements->directory, stream, &blocks, err))
            continue;
        unsigned row = map->strips.row_count++;
        map->rows[row] = vg_format("%s, %s", phase->runs[i].tenant, phase->name);
        add_blocks(map, row, scanned, &blocks);
        vg_samples_free(&blocks);
    }
}

bool vg_figure_leak(struct vg_figure *figure, const struct vg_figure_source *source)
{
    struct vg_error err = { 0 };
    if (!vg_figure_uses(source->test, "leak"))
        return false;
    struct leak_map map = { .strips = { .rows = map.rows, .legend = legend, .legend_count = KINDS } };
    vg_report_automeasurements struct vg_measurements *measurements = vg_figure_measurements(source, &err);
    for (unsigned i = 0; measurements && i < source->test->analysis_count; i++) {
        const struct vg_test_analysis *spec = &source->test->analyses[i];
        if (!vg_equal(spec->analysis, "leak") || map.strips.row_count)
            continue;
        const struct vg_analysis_input input = { .test = source->test, .spec = spec, .measurements = measurements };
        const char *workload = vg_analysis_param(&input, "workload");
        add_phase(&map, measurements, vg_analysis_param(&input, "fill"), workload, false, &err);
        add_phase(&map, measurements, vg_analysis_param(&input, "phase"), workload, true, &err);
    }
    coarsen(&map.strips);
    map.strips.x_axis = "memory in the order in which it was allocated (MiB)";
    vg_autofree char *where = vg_figure_where(source), *clean = vg_quantity_text(map.clean_bytes, "bytes");
    vg_autofree char *dirty = vg_quantity_text(map.dirty_bytes, "bytes");
    vg_autofree char *canary = vg_quantity_text(map.canary_bytes, "bytes");
    figure->wide = true;
    figure->title = vg_strdup("Memory that was looked at.");
    figure->caption = vg_format("%s; a block is coloured by the worst that was found in it.", where);
    figure->alternative = vg_format("Blocks of memory by what was found in them: all zero %s, not zero %s, with a "
                                    "canary of the tenant before %s.",
                                    clean, dirty, canary);
    if (map.strips.row_count)
        vg_plot_strips(figure, source->plotter, &map.strips);
    else
        vg_figure_without(figure, *err.text ? err.text : "no block was looked at");
    for (unsigned i = 0; i < map.strips.row_count; i++)
        free(map.rows[i]);
    free(map.strips.pieces);
    return true;
}
