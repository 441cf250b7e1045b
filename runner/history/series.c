/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of series: what is measured, in which unit, by which version of its test. */
#include <math.h>
#include "history/internal.h"

enum { SERIES_MOST = 1000000 };

static char *key_of(const char *name, const char *unit, const char *recipe)
{
    return vg_format("%s\n%s\n%s", name, unit, recipe);
}

struct taking {
    struct vg_history *history;
    struct hist_series_table *table;
};

static bool take(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    const struct taking *taking = context;
    struct hist_series_table *table = taking->table;
    if (!hist_row_is(cells, "ittttri") || hist_seal(cells + 1, 5) != cells[6].integer || !isfinite(cells[5].real))
        return hist_tampered(taking->history, err, "the name, unit, direction or threshold of a metric");
    if (table->count == SERIES_MOST)
        return vg_fail(err, VG_ERROR_INPUT, "%s has over %d metrics", taking->history->shown, SERIES_MOST);
    vg_autofree char *key = key_of(cells[1].text, cells[2].text, cells[3].text);
    vg_json_set_int(table->places, key, (int64_t)table->count);
    vg_push(table->items, table->count) = (struct hist_series) {
        .id = cells[0].integer,
        .name = vg_strdup(cells[1].text),
        .unit = vg_strdup(cells[2].text),
        .recipe = vg_strdup(cells[3].text),
        .better = vg_strdup(cells[4].text),
        .min_effect = cells[5].real,
        .tag = hist_series_tag(cells[1].text, cells[2].text, cells[3].text),
    };
    return true;
}

bool hist_series_load(struct vg_history *history, struct hist_series_table *table, struct vg_error *err)
{
    struct taking taking = { history, table };
    table->places = vg_json_new_object();
    return hist_query(history,
                      "SELECT id, name, unit, recipe, better, min_effect, seal FROM series ORDER BY name, unit, recipe",
                      NULL, 0, take, &taking, err);
}

const struct hist_series *hist_series_find(const struct hist_series_table *table, const char *name, const char *unit,
                                           const char *recipe)
{
    vg_autofree char *key = key_of(name, unit, recipe);
    const json_t *place = json_object_get(table->places, key);
    return place ? &table->items[json_integer_value(place)] : NULL;
}

void hist_series_free(struct hist_series_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->items[i].name);
        free(table->items[i].unit);
        free(table->items[i].recipe);
        free(table->items[i].better);
    }
    free(table->items);
    json_decref(table->places);
    *table = (struct hist_series_table) { 0 };
}
