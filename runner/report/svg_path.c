/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a plot with only the points that can be seen: Douglas and Peucker's simplification, to an eighth of a px. */
#include <math.h>
#include <stdlib.h>
#include "report/svg_path.h"

static const double tolerance_px = 0.12;

struct point {
    double x, y;
};
struct line {
    struct point *points;
    size_t count;
};

void vg_svg_add_number(struct vg_text *text, double value)
{
    double rounded = round(value * 10) / 10;
    if (!isfinite(rounded))
        rounded = 0;
    if (rounded == floor(rounded))
        vg_text_add(text, "%.0f", rounded == 0 ? 0 : rounded); /* never "-0" */
    else
        vg_text_add(text, "%.1f", rounded);
}

static double distance(struct point p, struct point a, struct point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
    t = fmin(1, fmax(0, t));
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* A piece of a line, by its ends. */
struct piece {
    size_t first, last;
};

/* Marks the points between first and last that must stay. The stack is explicit: a line may have many thousands. */
static void mark(const struct line *line, bool *kept)
{
    struct piece *stack = NULL;
    size_t depth = 0;
    vg_push(stack, depth) = (struct piece) { 0, line->count - 1 };
    while (depth > 0) {
        struct piece piece = stack[--depth];
        size_t furthest = piece.first;
        double most = tolerance_px;
        for (size_t i = piece.first + 1; i < piece.last; i++) {
            double away = distance(line->points[i], line->points[piece.first], line->points[piece.last]);
            if (away > most) {
                most = away;
                furthest = i;
            }
        }
        if (furthest == piece.first)
            continue;
        kept[furthest] = true;
        vg_push(stack, depth) = (struct piece) { piece.first, furthest };
        vg_push(stack, depth) = (struct piece) { furthest, piece.last };
    }
    free(stack);
}

static void add_line(struct vg_text *text, struct line *line)
{
    if (!line->count)
        return;
    vg_autofree bool *kept = vg_calloc(line->count, sizeof(*kept));
    kept[0] = kept[line->count - 1] = true;
    mark(line, kept);
    bool first = true;
    for (size_t i = 0; i < line->count; i++) {
        if (!kept[i])
            continue;
        vg_text_add(text, first ? "M" : " ");
        vg_svg_add_number(text, line->points[i].x);
        vg_text_add(text, ",");
        vg_svg_add_number(text, line->points[i].y);
        first = false;
    }
    line->count = 0;
}

static bool take_point(const char **at, struct point *point)
{
    char *end;
    point->x = strtod(*at, &end);
    if (end == *at || *end != ',')
        return false;
    *at = end + 1;
    point->y = strtod(*at, &end);
    bool good = end != *at;
    *at = end;
    return good && isfinite(point->x) && isfinite(point->y);
}

/* gnuplot says "M x,y L x,y x,y ... Z", all of it absolute. */
bool vg_svg_add_path(struct vg_text *text, const char *path)
{
    struct line line = { 0 };
    bool good = true;
    for (const char *c = path; good && *(c += strspn(c, " \t\r\n"));) {
        if (*c == 'Z' || *c == 'z') {
            add_line(text, &line);
            vg_text_add(text, "z");
            c++;
            continue;
        }
        if (*c == 'M')
            add_line(text, &line);
        if (*c == 'M' || *c == 'L')
            c++;
        struct point point;
        good = take_point(&c, &point);
        if (good)
            vg_push(line.points, line.count) = point;
    }
    if (good)
        add_line(text, &line);
    free(line.points);
    return good;
}

bool vg_svg_add_points(struct vg_text *text, const char *points)
{
    bool first = true;
    for (const char *c = points; *(c += strspn(c, " \t\r\n"));) {
        struct point point;
        if (!take_point(&c, &point))
            return false;
        vg_text_add(text, first ? "" : " ");
        vg_svg_add_number(text, point.x);
        vg_text_add(text, ",");
        vg_svg_add_number(text, point.y);
        first = false;
    }
    return !first;
}
