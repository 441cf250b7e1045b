/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history in a PostgreSQL database, for a fleet of hosts that add their runs to one. Everything is in a schema of
 * its own, "vgauge", so that the database may hold other things too. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <math.h>
#include "history/store.h"

/* Any number will do, if nobody else uses it: those who write take turns by it. */
#define LOCK_KEY "7595053"
enum { LOCK_TIMEOUT_S = 30, PARAMETERS_MOST = 16, NUMBER_BYTES = 32, COLUMNS_MOST = 32, BATCH_ROWS = 1000 };
/* From the catalogue of PostgreSQL's types (pg_type.dat): fixed in the protocol. */
enum { OID_INT8 = 20, OID_INT4 = 23, OID_INT2 = 21, OID_FLOAT8 = 701 };

struct postgres {
    PGconn *connection;
    char *shown;
};

static const char *const migrations[] = {
    /* An administrator may have made the schema for somebody who may not. */
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'vgauge') THEN"
    " CREATE SCHEMA vgauge; END IF; END $$;"
    "CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL);"
    "CREATE TABLE fingerprint (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest text NOT NULL UNIQUE,"
    " fields text NOT NULL);"
    "CREATE TABLE run (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, identity text NOT NULL UNIQUE,"
    " started bigint NOT NULL, ended bigint NOT NULL, plan text NOT NULL, host text NOT NULL,"
    " directory text NOT NULL, fingerprint bigint NOT NULL REFERENCES fingerprint, value_count bigint NOT NULL,"
    " value_seal bigint NOT NULL, seal bigint NOT NULL);"
    "CREATE TABLE series (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,"
    " unit text NOT NULL, recipe text NOT NULL, better text NOT NULL, min_effect double precision NOT NULL,"
    " seal bigint NOT NULL,"
    " UNIQUE (name, unit, recipe));"
    /* Widest first: no bytes are lost to alignment. No foreign keys here: `history add` writes runs and series in the
     * same transaction, and each of a run's values would pay for two look-ups. */
    "CREATE TABLE value (value double precision NOT NULL, series integer NOT NULL, run integer NOT NULL,"
    " seal integer NOT NULL, boot smallint NOT NULL, PRIMARY KEY (series, run, boot));",
    "CREATE TABLE change (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " series integer NOT NULL REFERENCES series, run_before integer NOT NULL, run_after integer NOT NULL,"
    " level_before double precision NOT NULL, level_after double precision NOT NULL, state text NOT NULL,"
    " author text, noted bigint NOT NULL, note text, seal bigint NOT NULL);"
    "CREATE INDEX change_series ON change (series);",
    NULL,
};

static bool accepts(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

static void clear_result(PGresult **result)
{
    PQclear(*result);
}
#define autoresult VG_CLEANUP(clear_result)

static bool state_is(const PGresult *result, const char *state)
{
    const char *has = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    return has && strcmp(has, state) == 0;
}

/* result: what went wrong, NULL: the connection. */
static bool fail(const struct postgres *database, const PGresult *result, struct vg_error *err)
{
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!message || !*message)
        message = PQerrorMessage(database->connection);
    vg_autofree char *said = vg_printable(message, strcspn(message, "\n"), 500);
    if (state_is(result, "55P03"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "%s is being written by another process and was not free within %d s; nothing was changed, try "
                       "again",
                       database->shown, LOCK_TIMEOUT_S);
    if (state_is(result, "53100"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the disk of %s is full; nothing was changed, make room and try again", database->shown);
    if (state_is(result, "42501"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "%s: %s; ask its administrator for the right, or for the schema `vgauge` to be yours",
                       database->shown, said);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s: %s", database->shown, said);
}

static void quiet(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static void close_database(void *context)
{
    struct postgres *database = context;
    PQfinish(database->connection);
    free(database->shown);
    free(database);
}

static bool script(void *context, const char *statements, struct vg_error *err)
{
    const struct postgres *database = context;
    autoresult PGresult *result = PQexec(database->connection, statements);
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || fail(database, result, err);
}

static void *open_database(const char *where, const char *shown, enum vg_history_mode mode, struct vg_error *err)
{
    (void)mode;
    struct postgres *database = vg_calloc(1, sizeof(*database));
    database->shown = vg_strdup(shown);
    /* The URL can set all of it but what we need: a later keyword overrides an earlier one. */
    static const char *const keywords[] = { "connect_timeout", "dbname", "client_encoding", "fallback_application_name",
                                            NULL };
    const char *const values[] = { "10", where, "UTF8", "vgauge", NULL };
    database->connection = PQconnectdbParams(keywords, values, 1);
    if (!database->connection)
        vg_out_of_memory();
    if (PQstatus(database->connection) != CONNECTION_OK) {
        fail(database, NULL, err);
    } else {
        PQsetNoticeProcessor(database->connection, quiet, NULL);
        if (script(database,
                   "SET search_path TO vgauge; SET lock_timeout TO '30s'; SET extra_float_digits TO 1;"
                   "SET standard_conforming_strings TO on;",
                   err))
            return database;
    }
    close_database(database);
    return NULL;
}

/* Parameters in text form; numbers in bytes of the caller's. */
static void to_text(const struct hist_cell *cells, unsigned count, const char **values, char (*numbers)[NUMBER_BYTES])
{
    for (unsigned i = 0; i < count && i < PARAMETERS_MOST; i++) {
        values[i] = numbers[i];
        if (cells[i].type == HIST_INT)
            snprintf(numbers[i], NUMBER_BYTES, "%" PRId64, cells[i].integer);
        else if (cells[i].type == HIST_REAL)
            snprintf(numbers[i], NUMBER_BYTES, "%.17g", cells[i].real);
        else
            values[i] = cells[i].type == HIST_TEXT ? cells[i].text : NULL;
    }
}

static bool hand_over(const PGresult *result, int at, hist_row *row, void *context, struct vg_error *err)
{
    struct hist_cell cells[COLUMNS_MOST] = { 0 };
    for (int i = 0; i < PQnfields(result) && i < COLUMNS_MOST; i++) {
        const char *text = PQgetvalue(result, at, i);
        if (PQgetisnull(result, at, i))
            continue;
        switch (PQftype(result, i)) {
        case OID_INT8:
        case OID_INT4:
        case OID_INT2:
            cells[i] = HIST_I(strtoll(text, NULL, 10));
            break;
        case OID_FLOAT8:
            cells[i] = HIST_R(strtod(text, NULL));
            break;
        default:
            cells[i] = HIST_T(text);
        }
    }
    return row(context, cells, err);
}

static bool query(void *context, const char *text, const struct hist_cell *parameters, unsigned parameter_count,
                  hist_row *row, void *row_context, struct vg_error *err)
{
    const struct postgres *database = context;
    const char *values[PARAMETERS_MOST];
    char numbers[PARAMETERS_MOST][NUMBER_BYTES];
    to_text(parameters, parameter_count, values, numbers);
    autoresult PGresult *result =
        PQexecParams(database->connection, text, (int)parameter_count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return fail(database, result, err);
    for (int i = 0; row && i < PQntuples(result); i++)
        if (!hand_over(result, i, row, row_context, err))
            return false;
    return true;
}

/* One result of the pipeline; NULL separates those of two statements. */
static bool collect(const struct postgres *database, size_t statements, struct vg_error *err)
{
    bool good = true;
    for (size_t separators = 0; separators < statements;) {
        autoresult PGresult *result = PQgetResult(database->connection);
        if (!result) {
            separators++;
            if (PQstatus(database->connection) != CONNECTION_OK)
                return fail(database, NULL, err);
            continue;
        }
        ExecStatusType status = PQresultStatus(result);
        if (good && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            good = fail(database, result, err);
    }
    autoresult PGresult *sync = PQgetResult(database->connection);
    if (PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        return good ? fail(database, sync, err) : false;
    return good;
}

/* Many statements in one round trip: a host of the fleet may be far from its database. */
static bool insert(void *context, const char *text, const struct hist_cell *rows, unsigned parameter_count,
                   size_t row_count, struct vg_error *err)
{
    const struct postgres *database = context;
    autoresult PGresult *prepared = PQprepare(database->connection, "vgauge_insert", text, (int)parameter_count, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
        return fail(database, prepared, err);
    if (!PQenterPipelineMode(database->connection))
        return fail(database, NULL, err);
    bool good = true;
    for (size_t first = 0; good && first < row_count; first += BATCH_ROWS) {
        size_t last = first + BATCH_ROWS < row_count ? first + BATCH_ROWS : row_count;
        for (size_t i = first; good && i < last; i++) {
            const char *values[PARAMETERS_MOST];
            char numbers[PARAMETERS_MOST][NUMBER_BYTES];
            to_text(rows + i * parameter_count, parameter_count, values, numbers);
            good = PQsendQueryPrepared(database->connection, "vgauge_insert", (int)parameter_count, values, NULL, NULL,
                                       0) ||
                   fail(database, NULL, err);
        }
        good = good && (PQpipelineSync(database->connection) || fail(database, NULL, err)) &&
               collect(database, last - first, err);
    }
    if (good && !PQexitPipelineMode(database->connection))
        return fail(database, NULL, err);
    return good && script(context, "DEALLOCATE vgauge_insert", err);
}

struct found {
    int64_t tables, ours, odd;
};

static bool take_found(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    (void)err;
    struct found *found = context;
    found->tables = cells[0].integer;
    found->ours = cells[1].integer;
    found->odd = cells[2].integer;
    return true;
}

/* Plain tables only: a view or a rule of somebody's would run as us. */
static bool content(void *context, enum hist_content *content, struct vg_error *err)
{
    struct found found = { 0 };
    if (!query(context,
               "SELECT count(*), count(*) FILTER (WHERE c.relname = 'meta'),"
               " count(*) FILTER (WHERE c.relkind <> 'r' OR c.relhasrules) FROM pg_catalog.pg_class c"
               " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
               " WHERE n.nspname = 'vgauge' AND c.relkind IN ('r', 'v', 'm', 'f', 'p')",
               NULL, 0, take_found, &found, err))
        return false;
    *content = !found.tables ? HIST_EMPTY : found.ours == 1 && !found.odd ? HIST_OURS : HIST_FOREIGN;
    return true;
}

static bool adopt(void *context, struct vg_error *err)
{
    (void)context;
    (void)err;
    return true;
}

static bool begin(void *context, bool writing, struct vg_error *err)
{
    if (writing)
        return script(context, "BEGIN; SELECT pg_advisory_xact_lock(" LOCK_KEY ")", err);
    return script(context, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

static bool commit(void *context, struct vg_error *err)
{
    const struct postgres *database = context;
    autoresult PGresult *result = PQexec(database->connection, "COMMIT");
    /* A COMMIT of a transaction that failed answers ROLLBACK and counts as good. */
    return (PQresultStatus(result) == PGRES_COMMAND_OK && vg_equal(PQcmdStatus(result), "COMMIT")) ||
           fail(database, result, err);
}

static void roll_back(void *context)
{
    const struct postgres *database = context;
    if (PQpipelineStatus(database->connection) != PQ_PIPELINE_OFF) {
        /* What was sent is answered first; then the connection is as it was. */
        for (int nothing = 0; nothing < 2 && PQstatus(database->connection) == CONNECTION_OK;) {
            autoresult PGresult *result = PQgetResult(database->connection);
            nothing = result ? 0 : nothing + 1;
        }
        PQexitPipelineMode(database->connection);
    }
    autoresult PGresult *result = PQexec(database->connection, "ROLLBACK");
    autoresult PGresult *statement = PQexec(database->connection, "DEALLOCATE ALL");
}

HIST_STORE(postgres) = {
    .kind = VG_KIND_STORE,
    .name = "postgresql",
    .summary = "a history in a PostgreSQL database: postgresql://USER@HOST/DATABASE",
    .why = "many hosts of a fleet add their runs to one history",
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
