/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a run: its fingerprint, its series where they are new, and one row per boot per metric. */
#include <math.h>
#include "history/internal.h"

static bool parse_time(const char *text, int64_t *seconds)
{
    struct tm broken = { 0 };
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &broken) : NULL;
    *seconds = end && !*end ? (int64_t)timegm(&broken) : 0;
    return *seconds > 0;
}

static char *fields_of(const struct vg_run *run)
{
    vg_autojson json_t *fields = vg_json_new_object();
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        vg_json_set_text(fields, run->fingerprint[i].key, run->fingerprint[i].value);
    char *text = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        vg_out_of_memory();
    return text;
}

/* What makes it this run, wherever its directory is now and however often it was judged. Caller frees. */
static char *identity_of(const struct vg_run *run, const char *fields)
{
    vg_autojson json_t *identity = vg_json_new_object();
    vg_autofree char *seed = vg_format("%llu", (unsigned long long)run->seed);
    vg_json_set_text(identity, "fingerprint", fields);
    vg_json_set_text(identity, "started", run->started);
    vg_json_set_text(identity, "plan", run->plan);
    vg_json_set_text(identity, "host", run->host);
    vg_json_set_text(identity, "seed", seed);
    return vg_digest_json(identity);
}

static bool fingerprint_id(struct vg_history *history, const char *fields, int64_t *id, struct vg_error *err)
{
    vg_autofree char *digest = vg_digest(fields, strlen(fields));
    const struct hist_cell cells[] = { HIST_T(digest), HIST_T(fields) };
    *id = 0;
    return hist_query(history, "SELECT id FROM fingerprint WHERE digest = $1", cells, 1, hist_take_id, id, err) &&
           (*id || hist_query(history, "INSERT INTO fingerprint (digest, fields) VALUES ($1, $2) RETURNING id", cells,
                              2, hist_take_id, id, err));
}

static bool series_id(struct vg_history *history, struct hist_series_table *table,
                      const struct vg_metric_series *series, int64_t *id, struct vg_error *err)
{
    const struct hist_series *known = hist_series_find(table, series->id, series->unit, series->recipe);
    if (known && vg_equal(known->better, series->better) && known->min_effect == series->min_effect) {
        *id = known->id;
        return true;
    }
    struct hist_cell cells[] = { HIST_T(series->id),     HIST_T(series->unit),       HIST_T(series->recipe),
                                 HIST_T(series->better), HIST_R(series->min_effect), { 0 } };
    cells[5] = HIST_I(hist_seal(cells, 5));
    if (!known)
        return hist_query(history,
                          "INSERT INTO series (name, unit, recipe, better, min_effect, seal) VALUES ($1, $2, $3, $4, "
                          "$5, $6) RETURNING id",
                          cells, VG_COUNT(cells), hist_take_id, id, err);
    /* Direction and threshold are the newest run's. */
    *id = known->id;
    return hist_query(history,
                      "UPDATE series SET better = $4, min_effect = $5, seal = $6 WHERE name = $1 AND unit = $2 AND "
                      "recipe = $3",
                      cells, VG_COUNT(cells), NULL, NULL, err);
}

/* The rows of `value`; their seals' sum is part of the run's seal, so that a lost row is noticed. */
struct rows {
    struct hist_cell *cells;
    size_t count; /* of cells */
    int64_t seal;
};
enum { VALUE_COLUMNS = 5 };

static bool collect(struct vg_history *history, struct hist_series_table *table, const struct vg_metrics *metrics,
                    int64_t run, const char *identity, struct rows *rows, struct vg_error *err)
{
    int64_t run_tag = hist_run_tag(identity);
    for (unsigned i = 0; i < metrics->count; i++) {
        const struct vg_metric_series *series = &metrics->items[i];
        int64_t id;
        if (!series->value_count)
            continue;
        if (!series_id(history, table, series, &id, err))
            return false;
        int64_t tag = hist_series_tag(series->id, series->unit, series->recipe);
        for (unsigned v = 0; v < series->value_count; v++) {
            const struct vg_boot_value *value = &series->values[v];
            int32_t seal = hist_value_seal(tag, run_tag, value->boot, value->value);
            vg_push(rows->cells, rows->count) = HIST_I(id);
            vg_push(rows->cells, rows->count) = HIST_I(run);
            vg_push(rows->cells, rows->count) = HIST_I(value->boot);
            vg_push(rows->cells, rows->count) = HIST_R(value->value);
            vg_push(rows->cells, rows->count) = HIST_I(seal);
            rows->seal += seal;
        }
    }
    return true;
}

/* The run's row: new, or as it was, without its values. */
static bool run_id(struct vg_history *history, const struct hist_run_row *row, int64_t fingerprint, int64_t known,
                   int64_t *id, struct vg_error *err)
{
    const struct hist_cell cells[] = { HIST_T(row->identity), HIST_I(row->started), HIST_I(row->ended),
                                       HIST_T(row->plan),     HIST_T(row->host),    HIST_T(row->directory),
                                       HIST_I(fingerprint) };
    *id = known;
    if (known) {
        const struct hist_cell which[] = { HIST_I(known) };
        return hist_query(history, "DELETE FROM value WHERE run = $1", which, 1, NULL, NULL, err) &&
               hist_query(history,
                          "UPDATE run SET started = $2, ended = $3, plan = $4, host = $5, directory = $6, fingerprint "
                          "= $7 WHERE identity = $1",
                          cells, VG_COUNT(cells), NULL, NULL, err);
    }
    return hist_query(history,
                      "INSERT INTO run (identity, started, ended, plan, host, directory, fingerprint, value_count, "
                      "value_seal, seal) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0) RETURNING id",
                      cells, VG_COUNT(cells), hist_take_id, id, err);
}

static bool write_run(struct vg_history *history, struct hist_run_row *row, const struct vg_metrics *metrics,
                      bool replace, enum vg_history_addition *addition, struct vg_error *err)
{
    int64_t known = 0, fingerprint = 0, id;
    const struct hist_cell which[] = { HIST_T(row->identity) };
    if (!hist_query(history, "SELECT id FROM run WHERE identity = $1", which, 1, hist_take_id, &known, err))
        return false;
    *addition = !known ? VG_HISTORY_ADDED : replace ? VG_HISTORY_REPLACED : VG_HISTORY_THERE;
    if (*addition == VG_HISTORY_THERE)
        return true;
    if (!fingerprint_id(history, row->fields, &fingerprint, err) || !run_id(history, row, fingerprint, known, &id, err))
        return false;
    struct rows rows = { 0 };
    VG_CLEANUP(hist_series_free) struct hist_series_table table = { 0 };
    bool good = hist_series_load(history, &table, err) &&
                collect(history, &table, metrics, id, row->identity, &rows, err) &&
                hist_insert(history, "INSERT INTO value (series, run, boot, value, seal) VALUES ($1, $2, $3, $4, $5)",
                            rows.cells, VALUE_COLUMNS, rows.count / VALUE_COLUMNS, err);
    row->value_count = (int64_t)(rows.count / VALUE_COLUMNS);
    row->value_seal = rows.seal;
    free(rows.cells);
    const struct hist_cell sums[] = { HIST_I(id), HIST_I(row->value_count), HIST_I(row->value_seal),
                                      HIST_I(hist_run_seal(row)) };
    return good && hist_query(history, "UPDATE run SET value_count = $2, value_seal = $3, seal = $4 WHERE id = $1",
                              sums, VG_COUNT(sums), NULL, NULL, err);
}

bool vg_history_add(struct vg_history *history, const struct vg_run *run, const struct vg_metrics *metrics,
                    bool replace, enum vg_history_addition *addition, size_t *value_count, struct vg_error *err)
{
    struct hist_run_row row = { .plan = run->plan, .host = run->host, .directory = run->directory };
    if (vg_equal(run->state, "running"))
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s is not over: a run that still runs, or that died, has no place in a "
                       "history",
                       run->directory);
    if (!parse_time(run->started, &row.started))
        return vg_fail(err, VG_ERROR_INPUT, "%s does not say when it was started", run->directory);
    if (!parse_time(run->ended, &row.ended))
        row.ended = row.started;
    *value_count = 0;
    for (unsigned i = 0; i < metrics->count; i++)
        *value_count += metrics->items[i].value_count;
    if (!*value_count)
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s has no number to remember: every result is skipped, invalid, lost or without a metric",
                       run->directory);
    vg_autofree char *fields = fields_of(run), *identity = identity_of(run, fields);
    row.identity = identity;
    row.fields = fields;
    return hist_begin(history, true, err) &&
           hist_end(history, write_run(history, &row, metrics, replace, addition, err), err);
}
