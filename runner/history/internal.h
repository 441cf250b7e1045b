/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to history/: an open database, and seals. */
#ifndef VG_HISTORY_INTERNAL_H
#define VG_HISTORY_INTERNAL_H

#include "history/history.h"
#include "history/store.h"

struct vg_history {
    const struct hist_store *store;
    void *database;
    char *shown;
};

bool hist_query(struct vg_history *history, const char *statement, const struct hist_cell *parameters,
                unsigned parameter_count, hist_row *row, void *context, struct vg_error *err);
bool hist_insert(struct vg_history *history, const char *statement, const struct hist_cell *rows,
                 unsigned parameter_count, size_t row_count, struct vg_error *err);
bool hist_begin(struct vg_history *history, bool writing, struct vg_error *err);
/* Commits if good, else rolls back and keeps err; returns whether it is committed. */
bool hist_end(struct vg_history *history, bool good, struct vg_error *err);
/* "%s was changed by something else than vgauge: ...". Returns false. */
bool hist_tampered(const struct vg_history *history, struct vg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A row_fn for one integer: context is an int64_t. */
bool hist_take_id(void *context, const struct hist_cell *cells, struct vg_error *err);
/* Whether the cells of a row are of these types: one letter each, "i" integer, "r" real, "t" text, "n" text or null. */
bool hist_row_is(const struct hist_cell *cells, const char *types);

/* The first 64 bits of SHA-256 over the cells, each with its type and length. Never negative, so that both databases
 * and people can hold it. */
int64_t hist_seal(const struct hist_cell *cells, size_t count);
/* The same for a value, in 32 bits: there are millions of them. */
int32_t hist_value_seal(int64_t series_tag, int64_t run_tag, unsigned boot, double value);
int64_t hist_series_tag(const char *name, const char *unit, const char *recipe);
int64_t hist_run_tag(const char *identity);

/* --- series ---------------------------------------------------------------------------------------------------------
 */

struct hist_series {
    int64_t id;
    char *name, *unit, *recipe, *better;
    double min_effect;
    int64_t tag;
};
struct hist_series_table {
    struct hist_series *items; /* by name, unit, recipe */
    size_t count;
    json_t *places; /* private */
};
bool hist_series_load(struct vg_history *history, struct hist_series_table *table, struct vg_error *err);
const struct hist_series *hist_series_find(const struct hist_series_table *table, const char *name, const char *unit,
                                           const char *recipe);
void hist_series_free(struct hist_series_table *table);

/* --- environments
 * -----------------------------------------------------------------------------------------------------
 */

/* Fills environment and incomparable of every run, and the list of environments. */
void hist_environments(struct vg_trends *trends, const char *across);

/* The seal of a row of `run`. */
struct hist_run_row {
    const char *identity, *plan, *host, *directory, *fields;
    int64_t started, ended, value_count, value_seal;
};
int64_t hist_run_seal(const struct hist_run_row *row);

#endif
