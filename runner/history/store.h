/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to history/: where a history is kept. A store is a database of one kind: one file, one descriptor. What it
 * must do is little, so that SQL that differs between databases (types, locks, how a schema is recognised) is in those
 * files and everything else is said once, in SQL that all of them understand.
 *
 * Values never become part of a statement's text: they are parameters $1, $2, ... */
#ifndef VG_HISTORY_STORE_H
#define VG_HISTORY_STORE_H

#include "base/base.h"
#include "history/history.h"

enum hist_type { HIST_NULL, HIST_INT, HIST_REAL, HIST_TEXT };

struct hist_cell {
    enum hist_type type;
    union {
        int64_t integer;
        double real;
        const char *text; /* borrowed; as a result: valid while the row is looked at */
    };
};
#define HIST_I(value) ((struct hist_cell) { HIST_INT, .integer = (value) })
#define HIST_R(value) ((struct hist_cell) { HIST_REAL, .real = (value) })
#define HIST_T(value) hist_text_cell(value)
static inline struct hist_cell hist_text_cell(const char *text)
{
    return text ? (struct hist_cell) { HIST_TEXT, .text = text } : (struct hist_cell) { .type = HIST_NULL };
}

/* Called for each row of a result; false, with the error set, ends the query. */
typedef bool hist_row(void *context, const struct hist_cell *cells, struct vg_error *err);

enum hist_content { HIST_EMPTY, HIST_OURS, HIST_FOREIGN };

struct hist_store {
    struct vg_descriptor; /* .kind = VG_KIND_STORE */
    bool (*accepts)(const char *where);
    /* Errors name `where` as `shown`, which holds no password. */
    void *(*open)(const char *where, const char *shown, enum vg_history_mode mode, struct vg_error *err);
    void (*close)(void *database);
    /* Whether it holds nothing, a history, or what is none of ours. */
    bool (*content)(void *database, enum hist_content *content, struct vg_error *err);
    /* Makes an empty database ready for its first schema. Not inside a transaction. */
    bool (*adopt)(void *database, struct vg_error *err);
    /* Statements of schema version 1, 2, ... ended by NULL: version n is made by running the first n of them. */
    const char *const *migrations;
    bool (*script)(void *database, const char *statements, struct vg_error *err);
    /* A transaction sees one state of the database. Only one that writes can be open at a time; another waits. */
    bool (*begin)(void *database, bool writing, struct vg_error *err);
    bool (*commit)(void *database, struct vg_error *err);
    void (*roll_back)(void *database);
    /* row may be NULL. */
    bool (*query)(void *database, const char *statement, const struct hist_cell *parameters, unsigned parameter_count,
                  hist_row *row, void *context, struct vg_error *err);
    /* Runs one statement for each of row_count rows of parameter_count parameters. */
    bool (*insert)(void *database, const char *statement, const struct hist_cell *rows, unsigned parameter_count,
                   size_t row_count, struct vg_error *err);
};
#define HIST_STORE(symbol)                                                                                             \
    extern const struct hist_store hist_store_##symbol;                                                                \
    VG_REGISTER(hist_store_##symbol);                                                                                  \
    const struct hist_store hist_store_##symbol

#endif
