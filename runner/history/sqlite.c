/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history as one SQLite file, the default. Write-ahead logging, so that readers and a writer do not wait for each
 * other; a commit has reached the disk before `history add` says so. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include "history/store.h"

/* In the file's header, so that file(1) and we can tell a history from any other SQLite database: "vgau". */
#define APPLICATION_ID     0x76676175
#define APPLICATION_ID_SQL "1986486645"
enum { BUSY_TIMEOUT_MS = 30000, TEXT_MAX_BYTES = 16 << 20 };

/* A file on disk, SQLite's handle, and what errors call it. */
struct sqlite {
    sqlite3 *handle;
    char *shown;
};

static const char *const migrations[] = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE fingerprint (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, fields TEXT NOT NULL) STRICT;"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, started INTEGER NOT NULL,"
    " ended INTEGER NOT NULL, plan TEXT NOT NULL, host TEXT NOT NULL, directory TEXT NOT NULL,"
    " fingerprint INTEGER NOT NULL REFERENCES fingerprint, value_count INTEGER NOT NULL, value_seal INTEGER NOT NULL,"
    " seal INTEGER NOT NULL) STRICT;"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, recipe TEXT NOT NULL,"
    " better TEXT NOT NULL, min_effect REAL NOT NULL, seal INTEGER NOT NULL, UNIQUE (name, unit, recipe)) STRICT;"
    /* Clustered by series, since that is how values are read; by run they are only removed. */
    "CREATE TABLE value (series INTEGER NOT NULL REFERENCES series, run INTEGER NOT NULL REFERENCES run,"
    " boot INTEGER NOT NULL, value REAL NOT NULL, seal INTEGER NOT NULL, PRIMARY KEY (series, run, boot))"
    " STRICT, WITHOUT ROWID;",
    "CREATE TABLE change (id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series,"
    " run_before INTEGER NOT NULL, run_after INTEGER NOT NULL, level_before REAL NOT NULL, level_after REAL NOT NULL,"
    " state TEXT NOT NULL, author TEXT, noted INTEGER NOT NULL, note TEXT, seal INTEGER NOT NULL) STRICT;"
    "CREATE INDEX change_series ON change (series);",
    NULL,
};

static bool accepts(const char *where)
{
    return strncmp(where, "sqlite:", 7) == 0 || !strstr(where, "://");
}

/* What SQLite says, as a sentence that tells what to do. */
static bool fail(const struct sqlite *database, int code, struct vg_error *err)
{
    const char *shown = database->shown;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "%s is being written by another process and was not free within %d s; nothing was changed, try "
                       "again",
                       shown, BUSY_TIMEOUT_MS / 1000);
    case SQLITE_FULL:
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the disk that holds %s is full; nothing was changed, make room and try again", shown);
    case SQLITE_CORRUPT:
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s is damaged: it was cut or changed by something else (%s); take a copy from a backup, or "
                       "add the runs to a new one",
                       shown, sqlite3_errmsg(database->handle));
    case SQLITE_NOTADB:
        return vg_fail(err, VG_ERROR_INPUT, "%s is no history: it is not an SQLite database", shown);
    case SQLITE_READONLY:
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be written: it, or its directory, is read-only", shown);
    case SQLITE_IOERR: {
        int number = sqlite3_system_errno(database->handle);
        if (number == ENOSPC || number == EFBIG || number == EDQUOT)
            return fail(database, SQLITE_FULL, err);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be read or written: %s%s%s", shown,
                       sqlite3_errmsg(database->handle), number ? ": " : "", number ? strerror(number) : "");
    }
    case SQLITE_CONSTRAINT:
        return vg_fail(err, VG_ERROR_INPUT, "%s refuses this: %s", shown, sqlite3_errmsg(database->handle));
    default:
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s: %s", shown, sqlite3_errmsg(database->handle));
    }
}

static bool script(void *context, const char *statements, struct vg_error *err)
{
    const struct sqlite *database = context;
    int code = sqlite3_exec(database->handle, statements, NULL, NULL, NULL);
    return code == SQLITE_OK || fail(database, code, err);
}

static void close_database(void *context)
{
    struct sqlite *database = context;
    sqlite3_close(database->handle);
    free(database->shown);
    free(database);
}

/* A directory, a device or a pipe is none; a link is followed, as for any file of the user's. */
static bool check_file(const char *path, const char *shown, enum vg_history_mode mode, struct vg_error *err)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        if (errno != ENOENT)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot open the history %s", shown);
        return mode == VG_HISTORY_CREATE ||
               vg_fail(err, VG_ERROR_INPUT, "there is no history %s; `vgauge history add RUN` makes one", shown);
    }
    if (!S_ISREG(status.st_mode))
        return vg_fail(err, VG_ERROR_INPUT, "%s is no history: it is not a regular file", shown);
    return true;
}

static void *open_database(const char *where, const char *shown, enum vg_history_mode mode, struct vg_error *err)
{
    const char *given = strncmp(where, "sqlite:", 7) == 0 ? where + 7 : where;
    /* ":memory:" is a file's name here, too. */
    vg_autofree char *path = vg_format("%s%s", given[0] == '/' ? "" : "./", given);
    if (!check_file(path, shown, mode, err))
        return NULL;
    struct sqlite *database = vg_calloc(1, sizeof(*database));
    database->shown = vg_strdup(shown);
    /* Reading needs the log's index too, so that a reader opens for writing where it may; SQLite falls back by itself.
     */
    int code = sqlite3_open_v2(
        path, &database->handle,
        SQLITE_OPEN_READWRITE | (mode == VG_HISTORY_CREATE ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX, NULL);
    if (!database->handle)
        vg_out_of_memory();
    if (code != SQLITE_OK) {
        fail(database, code, err);
        close_database(database);
        return NULL;
    }
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    /* The file may be anybody's: what its schema says must not run, and its pages are checked. */
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(database->handle, SQLITE_LIMIT_LENGTH, TEXT_MAX_BYTES);
    if (script(database, "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;", err))
        return database;
    close_database(database);
    return NULL;
}

static bool bind(const struct sqlite *database, sqlite3_stmt *statement, const struct hist_cell *cells, unsigned count,
                 struct vg_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "$%u", i + 1);
        int at = sqlite3_bind_parameter_index(statement, name), code = SQLITE_OK;
        if (!at)
            continue;
        switch (cells[i].type) {
        case HIST_NULL:
            code = sqlite3_bind_null(statement, at);
            break;
        case HIST_INT:
            code = sqlite3_bind_int64(statement, at, cells[i].integer);
            break;
        case HIST_REAL:
            code = sqlite3_bind_double(statement, at, cells[i].real);
            break;
        case HIST_TEXT:
            code = sqlite3_bind_text(statement, at, cells[i].text, -1, SQLITE_STATIC);
            break;
        }
        if (code != SQLITE_OK)
            return fail(database, code, err);
    }
    return true;
}

enum { COLUMNS_MOST = 32 };

static bool hand_over(sqlite3_stmt *statement, hist_row *row, void *context, struct vg_error *err)
{
    struct hist_cell cells[COLUMNS_MOST] = { 0 };
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count && i < COLUMNS_MOST; i++)
        switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
            cells[i] = HIST_I(sqlite3_column_int64(statement, i));
            break;
        case SQLITE_FLOAT:
            cells[i] = HIST_R(sqlite3_column_double(statement, i));
            break;
        case SQLITE_TEXT:
            cells[i] = HIST_T((const char *)sqlite3_column_text(statement, i));
            break;
        default:
            break;
        }
    return row(context, cells, err);
}

static void finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

static bool query(void *context, const char *text, const struct hist_cell *parameters, unsigned parameter_count,
                  hist_row *row, void *row_context, struct vg_error *err)
{
    const struct sqlite *database = context;
    VG_CLEANUP(finalize) sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, text, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return fail(database, code, err);
    if (!bind(database, statement, parameters, parameter_count, err))
        return false;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (row && !hand_over(statement, row, row_context, err))
            return false;
    return code == SQLITE_DONE || fail(database, code, err);
}

static bool insert(void *context, const char *text, const struct hist_cell *rows, unsigned parameter_count,
                   size_t row_count, struct vg_error *err)
{
    const struct sqlite *database = context;
    VG_CLEANUP(finalize) sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, text, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return fail(database, code, err);
    for (size_t i = 0; i < row_count; i++) {
        if (!bind(database, statement, rows + i * parameter_count, parameter_count, err))
            return false;
        code = sqlite3_step(statement);
        if (code != SQLITE_DONE && code != SQLITE_ROW)
            return fail(database, code, err);
        sqlite3_reset(statement);
    }
    return true;
}

static bool take_number(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    (void)err;
    *(int64_t *)context = cells[0].type == HIST_INT ? cells[0].integer : -1;
    return true;
}

static bool content(void *context, enum hist_content *content, struct vg_error *err)
{
    int64_t tables = 0, active = 0, id = 0;
    if (!query(context, "SELECT count(*) FROM sqlite_schema", NULL, 0, take_number, &tables, err) ||
        !query(context, "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')", NULL, 0, take_number,
               &active, err) ||
        !query(context, "PRAGMA application_id", NULL, 0, take_number, &id, err))
        return false;
    if (id != APPLICATION_ID && (id || tables))
        *content = HIST_FOREIGN;
    else
        *content = active ? HIST_FOREIGN : tables ? HIST_OURS : HIST_EMPTY;
    return true;
}

/* Two processes may make the same new file at once: then SQLite calls it busy without waiting for its turn. */
static bool adopt(void *context, struct vg_error *err)
{
    enum { PAUSE_MS = 50 };
    const struct sqlite *database = context;
    const int64_t deadline_ns = vg_now_ns() + BUSY_TIMEOUT_MS * VG_NS_PER_MS;
    int code;
    for (;;) {
        code =
            sqlite3_exec(database->handle, "PRAGMA journal_mode = WAL; PRAGMA application_id = " APPLICATION_ID_SQL ";",
                         NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY || vg_now_ns() > deadline_ns)
            break;
        vg_sleep_ns(PAUSE_MS * VG_NS_PER_MS);
    }
    return code == SQLITE_OK || fail(database, code, err);
}

static bool begin(void *context, bool writing, struct vg_error *err)
{
    return script(context, writing ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static bool commit(void *context, struct vg_error *err)
{
    return script(context, "COMMIT", err);
}

static void roll_back(void *context)
{
    const struct sqlite *database = context;
    if (!sqlite3_get_autocommit(database->handle)) /* a full disk may have rolled back already */
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

HIST_STORE(sqlite) = {
    .kind = VG_KIND_STORE,
    .name = "sqlite",
    .summary = "a history in one file: PATH or sqlite:PATH",
    .why = "needs no server; enough for one host, or for a team that shares a disk",
    .accepts = accepts,
    .open = open_database,
    .close = close_database,
    .content = content,
    .adopt = adopt,
    .migrations = migrations,
    .script = script,
    .begin = begin,
    .commit = commit,
    .roll_back = roll_back,
    .query = query,
    .insert = insert,
};
