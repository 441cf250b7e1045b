/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trend as a picture: what was measured, the levels between its changes, and what changed in the environment. */
#include <math.h>
#include "report/figure.h"

enum { MOST_MARKS = 24, MOST_LABELS = 12, ROWS = 3, DAY_S = 86400 };
enum { VALUES, LEVELS, CHANGES, MARKS, LABELS_RIGHT, LABELS_LEFT, BLOCKS };

static const char *const colours[] = { "0xC43C00", "0x00805C", "0x5b636b" }; /* worse, better, other */
static const char quiet_colour[] = "0x68717a"; /* of what is fixed, ignored or doubtful, and of marks */

/* The blocks of the data file. */
struct drawing {
    const struct vg_trends *trends;
    const struct vg_trend *trend;
    double factor; /* from the metric's unit to the axis' */
    struct vg_text blocks[BLOCKS];
    unsigned rows[BLOCKS];
};

/* The unit that makes the greatest value easy to read, and what to multiply with. */
static const char *axis_unit(const struct vg_trend *trend, double greatest, double *factor)
{
    static const struct {
        const char *unit, *shown;
        double least, factor;
    } scales[] = {
        { "ns", "s", 1e9, 1e-9 },
        { "ns", "ms", 1e6, 1e-6 },
        { "ns", "us", 1e3, 1e-3 },
        { "bytes", "GiB", 0x1p30, 0x1p-30 },
        { "bytes", "MiB", 0x1p20, 0x1p-20 },
        { "bytes", "KiB", 0x1p10, 0x1p-10 },
    };
    *factor = 1;
    for (size_t i = 0; i < VG_COUNT(scales); i++)
        if (vg_equal(trend->unit, scales[i].unit) && greatest >= scales[i].least) {
            *factor = scales[i].factor;
            return scales[i].shown;
        }
    return vg_equal(trend->unit, "1") ? "" : trend->unit;
}

static int64_t when(const struct drawing *drawing, size_t point)
{
    return drawing->trends->runs[drawing->trend->points[point].run].started_s;
}

#define add(drawing, block, ...) ((drawing)->rows[block]++, vg_text_add(&(drawing)->blocks[block], __VA_ARGS__))

/* Labels lie in rows, so that neighbours do not cover each other: those of changes at the top, of marks at the bottom;
 * those near the right end are to the left of their instant. */
static void add_label(struct drawing *drawing, int64_t instant, bool top, unsigned number, const char *text,
                      const char *colour)
{
    enum { LENGTH_MOST = 48 };
    int64_t first = when(drawing, 0), last = when(drawing, drawing->trend->count - 1);
    bool left = (double)(instant - first) > 0.65 * (double)(last - first);
    double height = top ? 0.965 - 0.055 * (number % ROWS) : 0.035 + 0.06 * (number % ROWS);
    vg_autofree char *label = vg_plot_label(text);
    if (strlen(label) > LENGTH_MOST)
        memcpy(label + LENGTH_MOST - 3, "...", 4);
    if (number < MOST_LABELS)
        add(drawing, left ? LABELS_LEFT : LABELS_RIGHT, "%lld %.3f \"%s\" %s\n", (long long)instant, height, label,
            colour);
}

static void add_values(struct drawing *drawing)
{
    for (unsigned i = 0; i < drawing->trend->count; i++) {
        const struct vg_trend_point *point = &drawing->trend->points[i];
        add(drawing, VALUES, "%lld %.9g %.9g %.9g\n", (long long)when(drawing, i), point->value * drawing->factor,
            point->lowest * drawing->factor, point->highest * drawing->factor);
    }
}

/* Only what was found and is believed ends a level. */
static bool is_border(const struct vg_trend_change *change)
{
    return change->found && !change->doubtful;
}

static void add_levels(struct drawing *drawing)
{
    const struct vg_trend *trend = drawing->trend;
    vg_autofree double *values = vg_calloc(trend->count + 1, sizeof(*values));
    size_t first = 0;
    for (unsigned i = 0; i < trend->count; i++)
        values[i] = trend->points[i].value * drawing->factor;
    for (unsigned c = 0; c <= trend->change_count; c++) {
        if (c < trend->change_count && !is_border(&trend->changes[c]))
            continue;
        size_t last = c < trend->change_count ? trend->changes[c].index : trend->count;
        add(drawing, LEVELS, "%lld %lld %.9g\n", (long long)when(drawing, first), (long long)when(drawing, last - 1),
            vg_median(values + first, last - first));
        first = last;
    }
}

static void add_changes(struct drawing *drawing)
{
    for (unsigned i = 0; i < drawing->trend->change_count; i++) {
        const struct vg_trend_change *change = &drawing->trend->changes[i];
        bool quiet = change->doubtful || change->state == VG_TREND_FIXED || change->state == VG_TREND_IGNORED;
        const char *colour = quiet ? quiet_colour : colours[change->direction];
        const char *state = change->doubtful ? "doubtful" : vg_trend_state_words[change->state];
        vg_autofree char *by = isfinite(change->ratio) ? vg_format("%+.1f %% ", (change->ratio - 1) * 100) : NULL;
        vg_autofree char *id = change->id ? vg_format(" (%lld)", (long long)change->id) : NULL;
        vg_autofree char *label = vg_format("%s%s%s", by ? by : "", state, id ? id : "");
        int64_t instant = (when(drawing, change->index - 1) + when(drawing, change->index)) / 2;
        add(drawing, CHANGES, "%lld %s\n", (long long)instant, colour);
        add_label(drawing, instant, true, i, label, colour);
    }
}

static void add_marks(struct drawing *drawing)
{
    for (unsigned i = 1, count = 0; i < drawing->trend->count && count < MOST_MARKS; i++) {
        const struct vg_trend_point *points = drawing->trend->points;
        vg_autofree char *differences =
            vg_history_differences(&drawing->trends->runs[points[i - 1].run], &drawing->trends->runs[points[i].run]);
        if (!differences)
            continue;
        for (char *arrow; (arrow = strstr(differences, "->")) != NULL;)
            memcpy(arrow, "to", 2); /* a plot's labels have no ">" */
        add(drawing, MARKS, "%lld\n", (long long)when(drawing, i));
        add_label(drawing, when(drawing, i), false, count++, differences, quiet_colour);
    }
}

static const char *date_format(int64_t span_s)
{
    return span_s > 300 * DAY_S ? "%b %Y" : span_s > 3 * DAY_S ? "%d %b" : span_s > 600 ? "%H:%M" : "%H:%M:%S";
}

static char *file_name(const struct vg_trends *trends, const struct vg_trend *trend)
{
    bool alone = true; /* of its name */
    for (unsigned i = 0; i < trends->count; i++)
        alone = alone && (&trends->items[i] == trend || !vg_equal(trends->items[i].name, trend->name));
    vg_autofree char *environment = vg_trend_environment(trends, trend);
    vg_autofree char *recipe = vg_format("%.6s", trend->recipe + strcspn(trend->recipe, ":") + 1);
    char *name = alone ? vg_strdup(trend->name) : vg_format("%s-%s-%s", trend->name, environment, recipe);
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *c))
            *c = '-';
    if (strlen(name) > 200)
        name[200] = '\0';
    return name;
}

static char *axis_title(const struct vg_trend *trend, const char *unit)
{
    const char *direction = trend->better == VG_LOWER    ? ", lower is better"
                            : trend->better == VG_HIGHER ? ", higher is better"
                                                         : "";
    vg_autofree char *shown = *unit ? vg_format(" (%s)", unit) : vg_strdup("");
    vg_autofree char *text = vg_format("%s%s%s", vg_trend_name_parts(trend->name).metric, shown, direction);
    return vg_plot_label(text);
}

/* Labels are short; names are not. */
static char *title_of(const struct vg_trend *trend)
{
    struct vg_trend_name name = vg_trend_name_parts(trend->name);
    vg_autofree char *where = vg_format("%.*s", (int)(name.metric - trend->name), trend->name);
    vg_autofree char *left = vg_plot_label(where), *right = vg_plot_label(name.metric);
    return vg_format("%s%s", left, right);
}

static void draw(struct vg_figure *figure, struct vg_plotter *plotter, const struct drawing *drawing, const char *unit)
{
    vg_autotext struct vg_text data = { 0 }, rows = { 0 };
    for (unsigned i = 0; i < BLOCKS; i++) {
        /* An empty block would not count as one. */
        vg_text_add(&data, "%s\n\n", drawing->rows[i] ? drawing->blocks[i].data : "NaN\n");
        vg_text_add(&rows, "%s%u", i ? " " : "", drawing->rows[i]);
    }
    const struct vg_trend *trend = drawing->trend;
    vg_autofree char *axis = axis_title(trend, unit), *title = title_of(trend);
    const char *const arguments[] = { rows.data, title, axis,
                                      date_format(when(drawing, trend->count - 1) - when(drawing, 0)), NULL };
    vg_plot(figure, plotter, "trend", &data, arguments);
}

void vg_plot_trend(struct vg_figure *figure, struct vg_plotter *plotter, const struct vg_trends *trends,
                   const struct vg_trend *trend)
{
    struct drawing drawing = { .trends = trends, .trend = trend };
    double greatest = 0;
    for (unsigned i = 0; i < trend->count; i++)
        greatest = fmax(greatest, fabs(trend->points[i].value));
    const char *unit = axis_unit(trend, greatest, &drawing.factor);
    add_values(&drawing);
    add_levels(&drawing);
    add_changes(&drawing);
    add_marks(&drawing);
    draw(figure, plotter, &drawing, unit);
    for (unsigned i = 0; i < BLOCKS; i++)
        vg_text_free(&drawing.blocks[i]);
}

bool vg_report_trend_plot(const struct vg_trends *trends, const struct vg_trend *trend, const char *directory,
                          char **path, struct vg_error *err)
{
    if (!trend->count)
        return vg_fail(err, VG_ERROR_INPUT, "%s has no value to draw", trend->name);
    vg_autofree char *templates = vg_report_templates(err), *name = file_name(trends, trend);
    vg_autofree char *file = vg_format("%s/%s.svg", directory, name);
    if (!templates)
        return false;
    struct vg_figure figure VG_CLEANUP(vg_figure_free) = { 0 };
    vg_report_autoplotter struct vg_plotter plotter = { .template_directory = templates };
    vg_plot_trend(&figure, &plotter, trends, trend);
    if (!figure.svg)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot draw %s: %s", trend->name, figure.problem);
    if (!vg_make_directories(directory, err) || !vg_write_file(file, figure.svg, strlen(figure.svg), err))
        return false;
    *path = VG_TAKE(file);
    return true;
}
