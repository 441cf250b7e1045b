/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes keep their names and states from one analysis to the next: a later run may move a change by a run or two, and
 * what somebody said about it still holds. */
#include <math.h>
#include "history/known.h"

struct row {
    int64_t id, series, run_before, run_after, noted;
    double before, after;
    enum vg_trend_state state;
    char *author, *note;
    bool matched;
};
struct rows {
    struct vg_history *history;
    struct row *items;
    size_t count;
};

static bool state_of(const char *word, enum vg_trend_state *state)
{
    for (unsigned i = 0; i < VG_TREND_STATES; i++)
        if (vg_equal(word, vg_trend_state_words[i])) {
            *state = (enum vg_trend_state)i;
            return true;
        }
    return false;
}

enum { SEALED = 9, COLUMNS = 10 };
#define COLUMN_NAMES "series, run_before, run_after, level_before, level_after, state, author, noted, note, seal"

static bool take(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    struct rows *rows = context;
    struct row row = { 0 };
    if (!hist_row_is(cells, "iiiirrtnini") || hist_seal(cells + 1, SEALED) != cells[COLUMNS].integer ||
        !state_of(cells[6].text, &row.state))
        return hist_tampered(rows->history, err, "the state of a change");
    row.id = cells[0].integer;
    row.series = cells[1].integer;
    row.run_before = cells[2].integer;
    row.run_after = cells[3].integer;
    row.before = cells[4].real;
    row.after = cells[5].real;
    row.author = cells[7].type == HIST_TEXT ? vg_strdup(cells[7].text) : NULL;
    row.noted = cells[8].integer;
    row.note = cells[9].type == HIST_TEXT ? vg_strdup(cells[9].text) : NULL;
    vg_push(rows->items, rows->count) = row;
    return true;
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].author);
        free(rows->items[i].note);
    }
    free(rows->items);
}

static void cells_of(const struct row *row, struct hist_cell cells[COLUMNS])
{
    cells[0] = HIST_I(row->series);
    cells[1] = HIST_I(row->run_before);
    cells[2] = HIST_I(row->run_after);
    cells[3] = HIST_R(row->before);
    cells[4] = HIST_R(row->after);
    cells[5] = HIST_T(vg_trend_state_words[row->state]);
    cells[6] = HIST_T(row->author);
    cells[7] = HIST_I(row->noted);
    cells[8] = HIST_T(row->note);
    cells[9] = HIST_I(hist_seal(cells, SEALED));
}

static bool write_row(struct vg_history *history, struct row *row, struct vg_error *err)
{
    struct hist_cell cells[COLUMNS + 1];
    cells_of(row, cells);
    cells[COLUMNS] = HIST_I(row->id);
    if (!row->id)
        return hist_query(history,
                          "INSERT INTO change (" COLUMN_NAMES
                          ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                          cells, COLUMNS, hist_take_id, &row->id, err);
    return hist_query(history,
                      "UPDATE change SET series = $1, run_before = $2, run_after = $3, level_before = $4, level_after "
                      "= $5, state = $6, author = $7, noted = $8, note = $9, seal = $10 WHERE id = $11",
                      cells, COLUMNS + 1, NULL, NULL, err);
}

static bool forget(struct vg_history *history, int64_t id, struct vg_error *err)
{
    const struct hist_cell which[] = { HIST_I(id) };
    return hist_query(history, "DELETE FROM change WHERE id = $1", which, 1, NULL, NULL, err);
}

static char *copy(const char *text)
{
    return text ? vg_strdup(text) : NULL;
}

/* The point of the trend that is this run; its count if none is. */
static unsigned point_of(const struct vg_trends *trends, const struct vg_trend *trend, int64_t run)
{
    for (unsigned i = 0; i < trend->count; i++)
        if (trends->runs[trend->points[i].run].id == run)
            return i;
    return trend->count;
}

/* Of the unmatched rows of the trend the nearest to the change, if it is nearer than two changes can be. */
static struct row *nearest(const struct vg_trends *trends, const struct vg_trend *trend,
                           const struct vg_trend_change *change, struct rows *rows)
{
    struct row *best = NULL;
    size_t least = vg_changepoint_defaults().min_segment;
    for (size_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->items[i];
        if (row->matched || row->series != trend->series)
            continue;
        unsigned at = point_of(trends, trend, row->run_after);
        size_t distance = at > change->index ? at - change->index : change->index - at;
        if (at == trend->count || distance >= least || (row->after > row->before) != (change->after > change->before))
            continue;
        least = distance;
        best = row;
    }
    return best;
}

static bool join(struct vg_history *history, const struct vg_trends *trends, const struct vg_trend *trend,
                 struct vg_trend_change *change, struct rows *rows, bool save, struct vg_error *err)
{
    struct row *known = nearest(trends, trend, change, rows);
    struct row row = known ? *known : (struct row) { .series = trend->series, .noted = (int64_t)time(NULL) };
    bool moved = !known || row.before != change->before || row.after != change->after;
    row.run_before = trends->runs[trend->points[change->index - 1].run].id;
    row.run_after = trends->runs[trend->points[change->index].run].id;
    row.before = change->before;
    row.after = change->after;
    if (known) {
        known->matched = true;
        moved = moved || row.run_before != known->run_before || row.run_after != known->run_after;
    }
    if (save && moved && !write_row(history, &row, err))
        return false;
    change->id = row.id;
    change->state = row.state;
    change->author = copy(row.author);
    change->note = copy(row.note);
    change->noted_s = row.noted;
    return true;
}

static int compare_changes(const void *a, const void *b)
{
    size_t x = ((const struct vg_trend_change *)a)->index, y = ((const struct vg_trend_change *)b)->index;
    return (x > y) - (x < y);
}

/* What was known of this trend and is not among its changes now. */
static bool add_the_rest(struct vg_history *history, struct vg_trends *trends, struct vg_trend *trend,
                         struct rows *rows, bool save, struct vg_error *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->items[i];
        unsigned at =
            row->matched || row->series != trend->series ? trend->count : point_of(trends, trend, row->run_after);
        if (at == trend->count || at == 0)
            continue;
        row->matched = true;
        if (save && row->state == VG_TREND_DETECTED) {
            if (!forget(history, row->id, err))
                return false;
            continue;
        }
        const struct vg_changepoint change = { .index = at,
                                               .first = 0,
                                               .last = trend->count,
                                               .before = row->before,
                                               .after = row->after,
                                               .ratio =
                                                   row->before > 0 && row->after > 0 ? row->after / row->before : NAN,
                                               .low = NAN,
                                               .high = NAN,
                                               .p = NAN,
                                               .autocorrelation = NAN };
        hist_add_change(trends, trend, &change);
        struct vg_trend_change *added = &trend->changes[trend->change_count - 1];
        added->id = row->id;
        added->state = row->state;
        added->author = copy(row->author);
        added->note = copy(row->note);
        added->noted_s = row->noted;
    }
    if (trend->change_count)
        qsort(trend->changes, trend->change_count, sizeof(*trend->changes), compare_changes);
    return true;
}

/* A worse level after which the trend came back to where it was, within the metric's practical threshold. */
static bool came_back(const struct vg_trend *trend, unsigned at, unsigned *back)
{
    const struct vg_trend_change *change = &trend->changes[at];
    for (unsigned i = at + 1; i < trend->change_count; i++) {
        const struct vg_trend_change *later = &trend->changes[i];
        double worse = trend->better == VG_LOWER ? later->after - change->before : change->before - later->after;
        if (later->found && !later->doubtful && later->direction == VG_TREND_BETTER &&
            worse <= trend->min_effect * fabs(change->before)) {
            *back = i;
            return true;
        }
    }
    return false;
}

static bool settle(struct vg_history *history, const struct vg_trends *trends, struct vg_trend *trend,
                   struct vg_error *err)
{
    for (unsigned i = 0; i < trend->change_count; i++) {
        struct vg_trend_change *change = &trend->changes[i];
        unsigned back;
        if (!change->id || change->direction != VG_TREND_WORSE ||
            (change->state != VG_TREND_DETECTED && change->state != VG_TREND_ACKNOWLEDGED) ||
            !came_back(trend, i, &back))
            continue;
        const struct vg_history_run *run = &trends->runs[trend->points[trend->changes[back].index].run];
        vg_autofree char *note = vg_format("%s%sthe level came back with run %lld", change->note ? change->note : "",
                                           change->note ? "; " : "", (long long)run->id);
        if (!hist_set_state(history, change->id, VG_TREND_FIXED, NULL, note, err))
            return false;
        change->state = VG_TREND_FIXED;
        free(change->author);
        free(change->note);
        change->author = NULL;
        change->note = VG_TAKE(note);
        change->noted_s = (int64_t)time(NULL);
    }
    return true;
}

bool hist_merge_known(struct vg_history *history, struct vg_trends *trends, bool save, struct vg_error *err)
{
    struct rows rows = { .history = history };
    bool good = hist_query(history, "SELECT id, " COLUMN_NAMES " FROM change ORDER BY id", NULL, 0, take, &rows, err);
    for (unsigned i = 0; good && i < trends->count; i++) {
        struct vg_trend *trend = &trends->items[i];
        for (unsigned c = 0; good && c < trend->change_count; c++)
            if (!trend->changes[c].doubtful)
                good = join(history, trends, trend, &trend->changes[c], &rows, save, err);
        good = good && add_the_rest(history, trends, trend, &rows, save, err) &&
               (!save || settle(history, trends, trend, err));
    }
    free_rows(&rows);
    return good;
}

bool hist_set_state(struct vg_history *history, int64_t id, enum vg_trend_state state, const char *author,
                    const char *note, struct vg_error *err)
{
    struct rows rows = { .history = history };
    const struct hist_cell which[] = { HIST_I(id) };
    bool good =
        hist_query(history, "SELECT id, " COLUMN_NAMES " FROM change WHERE id = $1", which, 1, take, &rows, err);
    if (good && rows.count != 1)
        good = vg_fail(err, VG_ERROR_INPUT, "%s knows no change %lld; `vgauge history changes` lists them",
                       history->shown, (long long)id);
    if (good) {
        struct row row = rows.items[0];
        row.state = state;
        row.author = (char *)author;
        row.note = (char *)(note ? note : row.note);
        row.noted = (int64_t)time(NULL);
        good = write_row(history, &row, err);
    }
    free_rows(&rows);
    return good;
}

bool vg_history_mark(struct vg_history *history, int64_t id, enum vg_trend_state state, const char *author,
                     const char *note, struct vg_error *err)
{
    return hist_begin(history, true, err) &&
           hist_end(history, hist_set_state(history, id, state, author, note, err), err);
}
