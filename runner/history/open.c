/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a history: finds the kind of database, tells what is none of ours, brings an older schema up to date. */
#include "history/internal.h"

static int64_t newest_schema(const struct hist_store *store)
{
    int64_t count = 0;
    while (store->migrations[count])
        count++;
    return count;
}

/* "postgresql://alice:secret@db/x?password=secret" -> "postgresql://alice@db/x". Caller frees. */
static char *without_secrets(const char *where)
{
    const char *host = strstr(where, "://");
    if (!host)
        return vg_printable(where, strlen(where), 300);
    host += 3;
    size_t length = strcspn(where, "?#");
    const char *path = host + strcspn(host, "/?#"), *at = memrchr(host, '@', (size_t)(path - host));
    const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    vg_autofree char *shown =
        colon ? vg_format("%.*s%.*s", (int)(colon - where), where, (int)(length - (size_t)(at - where)), at)
              : vg_format("%.*s", (int)length, where);
    return vg_printable(shown, strlen(shown), 300);
}

const char *vg_history_shown(const struct vg_history *history)
{
    return history->shown;
}

bool hist_query(struct vg_history *history, const char *statement, const struct hist_cell *parameters,
                unsigned parameter_count, hist_row *row, void *context, struct vg_error *err)
{
    return history->store->query(history->database, statement, parameters, parameter_count, row, context, err);
}

bool hist_insert(struct vg_history *history, const char *statement, const struct hist_cell *rows,
                 unsigned parameter_count, size_t row_count, struct vg_error *err)
{
    return history->store->insert(history->database, statement, rows, parameter_count, row_count, err);
}

bool hist_begin(struct vg_history *history, bool writing, struct vg_error *err)
{
    return history->store->begin(history->database, writing, err);
}

bool hist_end(struct vg_history *history, bool good, struct vg_error *err)
{
    if (good && history->store->commit(history->database, err))
        return true;
    history->store->roll_back(history->database);
    return false;
}

bool hist_tampered(const struct vg_history *history, struct vg_error *err, const char *format, ...)
{
    va_list arguments;
    char what[512];
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return vg_fail(err, VG_ERROR_INPUT,
                   "%s was changed by something else than vgauge: %s; take a copy from a backup, or add the runs to a "
                   "new one",
                   history->shown, what);
}

bool hist_row_is(const struct hist_cell *cells, const char *types)
{
    for (; *types; types++, cells++) {
        bool good = *types == 'i'   ? cells->type == HIST_INT
                    : *types == 'r' ? cells->type == HIST_REAL
                    : *types == 't' ? cells->type == HIST_TEXT
                                    : cells->type == HIST_TEXT || cells->type == HIST_NULL;
        if (!good)
            return false;
    }
    return true;
}

bool hist_take_id(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    if (!hist_row_is(cells, "i"))
        return vg_fail(err, VG_ERROR_INPUT, "the history answers with something that is no number");
    *(int64_t *)context = cells[0].integer;
    return true;
}

static bool take_schema(void *context, const struct hist_cell *cells, struct vg_error *err)
{
    (void)err;
    long long version;
    if (hist_row_is(cells, "t") && vg_parse_int(cells[0].text, &version))
        *(int64_t *)context = version;
    return true;
}

/* 0: it holds nothing yet. */
static bool read_schema(struct vg_history *history, int64_t *version, struct vg_error *err)
{
    enum hist_content content;
    *version = 0;
    if (!history->store->content(history->database, &content, err))
        return false;
    if (content == HIST_FOREIGN)
        return vg_fail(err, VG_ERROR_INPUT, "%s is no history of vgauge: it holds something else; give another place",
                       history->shown);
    if (content == HIST_EMPTY)
        return true;
    *version = -1;
    if (!hist_query(history, "SELECT value FROM meta WHERE name = 'schema'", NULL, 0, take_schema, version, err))
        return false;
    return *version > 0 || hist_tampered(history, err, "it does not say which schema it has");
}

static bool migrate(struct vg_history *history, int64_t version, struct vg_error *err)
{
    const struct hist_store *store = history->store;
    for (int64_t newest = newest_schema(store); version < newest; version++)
        if (!store->script(history->database, store->migrations[version], err))
            return vg_wrap(err, "bringing %s to schema %lld", history->shown, (long long)version + 1);
    vg_autofree char *text = vg_format("%lld", (long long)version);
    const struct hist_cell parameters[] = { HIST_T(text) };
    return hist_query(history,
                      "INSERT INTO meta (name, value) VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = "
                      "excluded.value",
                      parameters, 1, NULL, NULL, err);
}

static bool check_version(const struct vg_history *history, int64_t version, struct vg_error *err)
{
    int64_t newest = newest_schema(history->store);
    return version <= newest ||
           vg_fail(err, VG_ERROR_INPUT,
                   "%s was written by a newer vgauge: its schema is %lld, and this one knows up to %lld; use the newer "
                   "vgauge",
                   history->shown, (long long)version, (long long)newest);
}

static bool bring_up_to_date(struct vg_history *history, enum vg_history_mode mode, struct vg_error *err)
{
    const struct hist_store *store = history->store;
    int64_t version, newest = newest_schema(store);
    if (!read_schema(history, &version, err) || !check_version(history, version, err))
        return false;
    if (mode == VG_HISTORY_READ && version < newest)
        return version ? vg_fail(err, VG_ERROR_INPUT,
                                 "%s has the older schema %lld; `vgauge history changes` or `add` brings it up to date",
                                 history->shown, (long long)version)
                       : vg_fail(err, VG_ERROR_INPUT, "%s holds no history yet; `vgauge history add RUN` makes one",
                                 history->shown);
    if (mode == VG_HISTORY_UPDATE && !version)
        return vg_fail(err, VG_ERROR_INPUT, "%s holds no history yet; `vgauge history add RUN` makes one",
                       history->shown);
    if (mode == VG_HISTORY_READ)
        return true;
    if (version == newest)
        return true;
    if (!version && !store->adopt(history->database, err))
        return false;
    if (!hist_begin(history, true, err))
        return false;
    /* Another process may have done it in the meantime. */
    bool good = read_schema(history, &version, err) && check_version(history, version, err) &&
                (version == newest || migrate(history, version, err));
    return hist_end(history, good, err);
}

static const struct hist_store *store_of(const char *where, struct vg_error *err)
{
    for (const struct vg_descriptor *each = NULL; (each = vg_descriptor_next(VG_KIND_STORE, each)) != NULL;) {
        const struct hist_store *store = (const struct hist_store *)each;
        if (store->accepts(where))
            return store;
    }
    vg_fail(err, VG_ERROR_INPUT, "a history is a file, or a database at postgresql://USER@HOST/DATABASE");
    return NULL;
}

struct vg_history *vg_history_open(const char *where, enum vg_history_mode mode, struct vg_error *err)
{
    const struct hist_store *store = store_of(where, err);
    if (!store)
        return NULL;
    struct vg_history *history = vg_calloc(1, sizeof(*history));
    history->store = store;
    history->shown = without_secrets(where);
    history->database = store->open(where, history->shown, mode, err);
    if (history->database && bring_up_to_date(history, mode, err))
        return history;
    vg_history_close(history);
    return NULL;
}

void vg_history_close(struct vg_history *history)
{
    if (!history)
        return;
    if (history->database)
        history->store->close(history->database);
    free(history->shown);
    free(history);
}
