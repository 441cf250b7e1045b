/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads trends: runs in the order of time, each metric's value per run, one trend per environment. */
#include <math.h>
#include "history/internal.h"

enum { RUNS_MOST = 10000000, FINGERPRINT_MOST_BYTES = 1 << 20 };

/* What a walk through the database needs to know. */
struct loading {
    struct vg_history *history;
    struct vg_trends *trends;
    int64_t *fingerprint_ids;
    char **fingerprint_texts;
    struct place {
        int64_t id, tag;
        unsigned run;
        unsigned values; /* seen so far */
        int64_t seal;    /* of them */
    } * places;          /* of the runs, by id */
    const struct hist_series *series;
    struct read_value {
        unsigned place, boot;
        double value;
    } * values; /* of one series, by run's id and boot */
    size_t value_count;
};

static bool take_fingerprint(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    struct loading *loading = context;
    struct vg_trends *trends = loading->trends;
    struct vg_error wrong = { 0 };
    size_t length = hist_row_is(cells, "it") ? strlen(cells[1].text) : 0;
    json_t *fields =
        length && length < FINGERPRINT_MOST_BYTES ? vg_json_load_text(cells[1].text, length, &wrong) : NULL;
    if (!json_is_object(fields)) {
        json_decref(fields);
        return hist_tampered(loading->history, err, "a fingerprint that is none");
    }
    unsigned texts = trends->fingerprint_count;
    unsigned ids = texts;
    vg_push(loading->fingerprint_texts, texts) = vg_strdup(cells[1].text);
    vg_push(loading->fingerprint_ids, ids) = cells[0].integer;
    vg_push(trends->fingerprints, trends->fingerprint_count) = fields;
    return true;
}

/* By their ids, ascending. */
static int find_fingerprint(const struct loading *loading, int64_t id)
{
    unsigned low = 0, high = loading->trends->fingerprint_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (loading->fingerprint_ids[middle] == id)
            return (int)middle;
        if (loading->fingerprint_ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static bool take_run(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    struct loading *loading = context;
    struct vg_trends *trends = loading->trends;
    int fingerprint = hist_row_is(cells, "itiitttiiii") ? find_fingerprint(loading, cells[7].integer) : -1;
    if (fingerprint < 0)
        return hist_tampered(loading->history, err, "a run without its fingerprint");
    const struct hist_run_row row = {
        .identity = cells[1].text,
        .started = cells[2].integer,
        .ended = cells[3].integer,
        .plan = cells[4].text,
        .host = cells[5].text,
        .directory = cells[6].text,
        .fields = loading->fingerprint_texts[fingerprint],
        .value_count = cells[8].integer,
        .value_seal = cells[9].integer,
    };
    if (hist_run_seal(&row) != cells[10].integer)
        return hist_tampered(loading->history, err, "run %lld, or its fingerprint", (long long)cells[0].integer);
    if (trends->run_count == RUNS_MOST)
        return vg_fail(err, VG_ERROR_INPUT, "%s has over %d runs", loading->history->shown, RUNS_MOST);
    vg_push(trends->runs, trends->run_count) = (struct vg_history_run) {
        .id = cells[0].integer,
        .started_s = row.started,
        .ended_s = row.ended,
        .plan = vg_strdup(row.plan),
        .host = vg_strdup(row.host),
        .directory = vg_strdup(row.directory),
        .identity = vg_strdup(row.identity),
        .fields = trends->fingerprints[fingerprint],
        .value_count = (unsigned)row.value_count,
        .value_seal = row.value_seal,
    };
    return true;
}

static int compare_places(const void *a, const void *b)
{
    int64_t x = ((const struct place *)a)->id, y = ((const struct place *)b)->id;
    return (x > y) - (x < y);
}

static void index_runs(struct loading *loading)
{
    const struct vg_trends *trends = loading->trends;
    loading->places = vg_calloc(trends->run_count + 1, sizeof(*loading->places));
    for (unsigned i = 0; i < trends->run_count; i++)
        loading->places[i] =
            (struct place) { .id = trends->runs[i].id, .tag = hist_run_tag(trends->runs[i].identity), .run = i };
    qsort(loading->places, trends->run_count, sizeof(*loading->places), compare_places);
}

static bool take_value(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    struct loading *loading = context;
    const struct place wanted = { .id = cells[0].integer };
    struct place *place = NULL;
    if (hist_row_is(cells, "iiri") && isfinite(cells[2].real) && cells[1].integer >= 0 && cells[1].integer <= INT32_MAX)
        place = bsearch(&wanted, loading->places, loading->trends->run_count, sizeof(wanted), compare_places);
    if (!place || hist_value_seal(loading->series->tag, place->tag, (unsigned)cells[1].integer, cells[2].real) !=
                      cells[3].integer)
        return hist_tampered(loading->history, err, "a value of %s", loading->series->name);
    place->values++;
    place->seal += cells[3].integer;
    vg_push(loading->values, loading->value_count) = (struct read_value) { .place = (unsigned)(place - loading->places),
                                                                           .boot = (unsigned)cells[1].integer,
                                                                           .value = cells[2].real };
    return true;
}

static int compare_points(const void *a, const void *b)
{
    unsigned x = ((const struct vg_trend_point *)a)->run, y = ((const struct vg_trend_point *)b)->run;
    return (x > y) - (x < y);
}

/* One point per run, from its boots, which lie side by side. Caller frees. */
static struct vg_trend_point *points_of(const struct loading *loading, size_t *count)
{
    struct vg_trend_point *points = vg_calloc(loading->value_count + 1, sizeof(*points));
    vg_autofree double *boots = vg_calloc(loading->value_count + 1, sizeof(*boots));
    *count = 0;
    for (size_t first = 0, next; first < loading->value_count; first = next) {
        struct vg_trend_point *point = &points[(*count)++];
        point->run = loading->places[loading->values[first].place].run;
        point->lowest = INFINITY;
        point->highest = -INFINITY;
        for (next = first; next < loading->value_count && loading->values[next].place == loading->values[first].place;
             next++) {
            double value = loading->values[next].value;
            boots[point->boots++] = value;
            point->lowest = fmin(point->lowest, value);
            point->highest = fmax(point->highest, value);
        }
        point->value = point->boots == 1 ? boots[0] : vg_median(boots, point->boots);
    }
    qsort(points, *count, sizeof(*points), compare_points);
    return points;
}

static enum vg_better better_of(const char *word)
{
    return vg_equal(word, "lower") ? VG_LOWER : vg_equal(word, "higher") ? VG_HIGHER : VG_NEITHER;
}

static struct vg_trend *trend_in(struct vg_trends *trends, const struct hist_series *series, unsigned first,
                                 int environment)
{
    for (unsigned i = first; i < trends->count; i++)
        if (trends->items[i].environment == environment)
            return &trends->items[i];
    struct vg_trend *trend = &vg_push(trends->items, trends->count);
    *trend = (struct vg_trend) {
        .series = series->id,
        .name = vg_strdup(series->name),
        .unit = vg_strdup(series->unit),
        .recipe = vg_strdup(series->recipe),
        .better = better_of(series->better),
        .min_effect = series->min_effect,
        .environment = environment,
    };
    return trend;
}

static bool load_series(struct loading *loading, const struct hist_series *series, struct vg_error *err)
{
    const struct hist_cell which[] = { HIST_I(series->id) };
    struct vg_trends *trends = loading->trends;
    loading->series = series;
    loading->value_count = 0;
    if (!hist_query(loading->history, "SELECT run, boot, value, seal FROM value WHERE series = $1 ORDER BY run, boot",
                    which, 1, take_value, loading, err))
        return false;
    size_t count;
    unsigned first = trends->count;
    vg_autofree struct vg_trend_point *points = points_of(loading, &count);
    for (size_t i = 0; i < count; i++) {
        int environment = trends->runs[points[i].run].environment;
        if (environment < 0)
            continue;
        struct vg_trend *trend = trend_in(trends, series, first, environment);
        vg_push(trend->points, trend->count) = points[i];
    }
    return true;
}

/* Rows that are gone leave no seal behind, but their run knows how many there were. */
static bool nothing_is_missing(const struct loading *loading, struct vg_error *err)
{
    for (unsigned i = 0; i < loading->trends->run_count; i++) {
        const struct place *place = &loading->places[i];
        const struct vg_history_run *run = &loading->trends->runs[place->run];
        if (place->values != run->value_count || place->seal != run->value_seal)
            return hist_tampered(loading->history, err, "run %lld has %u values and had %u", (long long)run->id,
                                 place->values, run->value_count);
    }
    return true;
}

static bool load(struct loading *loading, const char *select, const char *across, struct vg_error *err)
{
    struct vg_history *history = loading->history;
    VG_CLEANUP(hist_series_free) struct hist_series_table table = { 0 };
    if (!hist_query(history, "SELECT id, fields FROM fingerprint ORDER BY id", NULL, 0, take_fingerprint, loading,
                    err) ||
        !hist_query(history,
                    "SELECT id, identity, started, ended, plan, host, directory, fingerprint, value_count, value_seal, "
                    "seal FROM run ORDER BY started, id",
                    NULL, 0, take_run, loading, err) ||
        !hist_series_load(history, &table, err))
        return false;
    hist_environments(loading->trends, across);
    index_runs(loading);
    bool all = true;
    for (size_t i = 0; i < table.count; i++) {
        if (!vg_select(select, table.items[i].name))
            all = false;
        else if (!load_series(loading, &table.items[i], err))
            return false;
    }
    return !all || nothing_is_missing(loading, err);
}

bool vg_trends_load(struct vg_history *history, const char *select, const char *across, struct vg_trends *trends,
                    struct vg_error *err)
{
    struct loading loading = { .history = history, .trends = trends };
    *trends = (struct vg_trends) { 0 };
    bool good = hist_begin(history, false, err) && hist_end(history, load(&loading, select, across, err), err);
    for (unsigned i = 0; i < trends->fingerprint_count; i++)
        free(loading.fingerprint_texts[i]);
    free(loading.fingerprint_texts);
    free(loading.fingerprint_ids);
    free(loading.places);
    free(loading.values);
    if (!good)
        vg_trends_free(trends);
    return good;
}

static void free_trend(struct vg_trend *trend)
{
    for (unsigned i = 0; i < trend->change_count; i++) {
        free(trend->changes[i].author);
        free(trend->changes[i].note);
        free(trend->changes[i].differences);
    }
    free(trend->changes);
    free(trend->name);
    free(trend->unit);
    free(trend->recipe);
    free(trend->points);
}

void vg_trends_free(struct vg_trends *trends)
{
    for (unsigned i = 0; i < trends->count; i++)
        free_trend(&trends->items[i]);
    for (unsigned i = 0; i < trends->run_count; i++) {
        free(trends->runs[i].plan);
        free(trends->runs[i].host);
        free(trends->runs[i].directory);
        free(trends->runs[i].identity);
        free(trends->runs[i].incomparable);
    }
    for (unsigned i = 0; i < trends->environment_count; i++)
        free(trends->environments[i]);
    for (unsigned i = 0; i < trends->fingerprint_count; i++)
        json_decref(trends->fingerprints[i]);
    free(trends->items);
    free(trends->runs);
    free(trends->environments);
    free(trends->fingerprints);
    *trends = (struct vg_trends) { 0 };
}
