/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request streams: CSV, one event a line, because a million lines must be read in a second or two and made or cut with
 * any tool. The header names the columns; what is wrong is told with file, line and column. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include "catalog/catalog.h"

enum column { TIME, EVENT, VM, TYPE, NUMA, HOST, PGPU, COLUMNS };
static const char *const column_names[] = { "time_s", "event", "vm", "type", "numa", "host", "pgpu" };
enum { MANDATORY = TYPE + 1, MAX_LINE = 1000, MAX_NAME = 64, SHOWN = 80 };
#define MOST_TIME_S 1e10 /* three centuries: any sum of times is exact to a microsecond */

struct reader {
    const char *path;
    const struct vg_fleet_file *fleet;
    struct vg_request_stream *stream;
    struct vg_error *err;
    unsigned long line;
    int place[COLUMNS]; /* which field of a line, or -1 */
    unsigned field_count;
    char *fields[COLUMNS];
    unsigned starts[COLUMNS]; /* column of each field's first character, from 1 */
    json_t *present;          /* VM name -> number of its arrival; a hash table that hostile names cannot slow down */
};

static bool fail_at(const struct reader *reader, unsigned field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail_at(const struct reader *reader, unsigned field, const char *format, ...)
{
    va_list arguments;
    char text[600];
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    vg_autofree char *shown = vg_printable(reader->path, strlen(reader->path), 512);
    return vg_fail(reader->err, VG_ERROR_INPUT, "%s, line %lu, column %u: %s", shown, reader->line,
                   field < COLUMNS ? reader->starts[field] : 1, text);
}

/* Cuts the line at its commas. A line without an end was too long for the buffer, holds a zero byte, or is the last. */
static bool split(struct reader *reader, char *line, size_t read, bool last)
{
    size_t length = strlen(line);
    reader->starts[0] = 1;
    if (length != read)
        return fail_at(reader, COLUMNS, "not a line of text: byte %zu is zero", length + 1);
    if (length && line[length - 1] == '\n')
        line[--length] = '\0';
    else if (!last)
        return fail_at(reader, COLUMNS, "not a line of text with at most %d characters", MAX_LINE);
    if (length && line[length - 1] == '\r')
        line[--length] = '\0';
    reader->field_count = 0;
    for (char *rest = line, *field; (field = strsep(&rest, ",")) != NULL; reader->field_count++) {
        if (reader->field_count == COLUMNS)
            return fail_at(reader, COLUMNS, "more than %d fields", COLUMNS);
        reader->fields[reader->field_count] = field;
        reader->starts[reader->field_count] = (unsigned)(field - line) + 1;
    }
    return true;
}

static bool read_header(struct reader *reader)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        reader->place[i] = -1;
    for (unsigned field = 0; field < reader->field_count; field++) {
        unsigned at = 0;
        while (at < COLUMNS && strcmp(column_names[at], reader->fields[field]) != 0)
            at++;
        vg_autofree char *shown = vg_printable(reader->fields[field], strlen(reader->fields[field]), SHOWN);
        vg_autofree char *hint = vg_did_you_mean(reader->fields[field], column_names, COLUMNS);
        if (at == COLUMNS)
            return fail_at(reader, field, "unknown column `%s`%s", shown,
                           *hint ? hint : "; the first line names the columns: time_s,event,vm,type,numa,host,pgpu");
        if (reader->place[at] >= 0)
            return fail_at(reader, field, "column `%s` stands there twice", shown);
        reader->place[at] = (int)field;
    }
    for (unsigned i = 0; i < MANDATORY; i++)
        if (reader->place[i] < 0)
            return fail_at(reader, COLUMNS, "the first line lacks the column `%s`", column_names[i]);
    return true;
}

/* "" where the file has no such column. */
static const char *text_of(const struct reader *reader, enum column column)
{
    return reader->place[column] < 0 ? "" : reader->fields[reader->place[column]];
}

static bool fail_in(const struct reader *reader, enum column column, const char *what, const char *hint)
{
    const char *text = text_of(reader, column);
    vg_autofree char *shown = vg_printable(text, strlen(text), SHOWN);
    return fail_at(reader, (unsigned)reader->place[column], "%s `%s`%s", what, shown, hint);
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '"')
            return false;
    return true;
}

static bool read_time(struct reader *reader, struct vg_request_event *event)
{
    const struct vg_request_stream *stream = reader->stream;
    if (!vg_parse_real(text_of(reader, TIME), &event->time_s) || !isfinite(event->time_s) || event->time_s < 0 ||
        event->time_s > MOST_TIME_S)
        return fail_in(reader, TIME, "a time is a number of seconds from 0 to 10,000,000,000, not", "");
    if (stream->event_count && event->time_s < stream->events[stream->event_count - 1].time_s)
        return fail_in(reader, TIME, "time goes back to", "; sort the events by time");
    return true;
}

/* An optional number or name: -1 where the field is empty. */
static bool read_place(struct reader *reader, enum column column, const char *what, int64_t most, int64_t index,
                       int64_t *value)
{
    *value = -1;
    if (!*text_of(reader, column))
        return true;
    *value = index;
    return (index >= 0 && index <= most) || fail_in(reader, column, what, "");
}

static bool read_places(struct reader *reader, struct vg_request_event *event)
{
    int64_t numa, host, pgpu;
    long long node = -1;
    if (!vg_parse_int(text_of(reader, NUMA), &node))
        node = -1;
    if (!read_place(reader, NUMA, "a NUMA node is a number from 0 to 63, not", 63, node, &numa) ||
        !read_place(reader, HOST, "the fleet has no host", INT32_MAX,
                    vg_fleet_host_index(reader->fleet, text_of(reader, HOST)), &host) ||
        !read_place(reader, PGPU, "the fleet has no pGPU", INT32_MAX,
                    vg_fleet_pgpu_index(reader->fleet, text_of(reader, PGPU)), &pgpu))
        return false;
    event->numa = (int16_t)numa;
    event->host = (int32_t)host;
    event->pgpu = (int32_t)pgpu;
    return true;
}

static bool read_arrival(struct reader *reader, const char *vm, struct vg_request_event *event)
{
    struct vg_request_stream *stream = reader->stream;
    int type = vg_fleet_type_index(reader->fleet, text_of(reader, TYPE));
    if (type < 0) {
        vg_autofree char *hint =
            vg_did_you_mean(text_of(reader, TYPE), reader->fleet->type_names, reader->fleet->type_count);
        return fail_in(reader, TYPE, "no pGPU of the fleet offers a type", hint);
    }
    if (json_object_get(reader->present, vm))
        return fail_in(reader, VM, "this VM is there already:", "");
    event->type = (int16_t)type;
    event->vm = (uint32_t)stream->arrival_count;
    if (json_object_set_new(reader->present, vm, json_integer(event->vm)) < 0)
        return fail_in(reader, VM, "not readable text:", "");
    vg_push(stream->names, stream->arrival_count) = vg_strdup(vm);
    return read_places(reader, event);
}

static bool read_departure(struct reader *reader, const char *vm, struct vg_request_event *event)
{
    const json_t *number = json_object_get(reader->present, vm);
    if (!number)
        return fail_in(reader, VM, "no such VM is there to leave:", "");
    event->vm = (uint32_t)json_integer_value(number);
    event->leaves = true;
    json_object_del(reader->present, vm);
    return true;
}

static bool read_event(struct reader *reader)
{
    struct vg_request_stream *stream = reader->stream;
    struct vg_request_event event = { .type = -1, .numa = -1, .host = -1, .pgpu = -1 };
    unsigned named = 0;
    for (unsigned i = 0; i < COLUMNS; i++)
        named += reader->place[i] >= 0;
    if (reader->field_count != named)
        return fail_at(reader, COLUMNS, "%u fields where the first line names %u", reader->field_count, named);
    if (stream->event_count == VG_REQUESTS_MAX)
        return fail_at(reader, COLUMNS, "more than %d events; split the stream", VG_REQUESTS_MAX);
    const char *vm = text_of(reader, VM), *word = text_of(reader, EVENT);
    if (!read_time(reader, &event))
        return false;
    if (!*vm || strlen(vm) > MAX_NAME || !is_plain(vm)) /* what is decided is written with it, as CSV again */
        return fail_in(reader, VM, "a VM's name has 1 to 64 characters, and no quotes or control characters, not", "");
    bool arrives = strcmp(word, "arrive") == 0;
    if (!arrives && strcmp(word, "leave") != 0)
        return fail_in(reader, EVENT, "an event is `arrive` or `leave`, not", "");
    if (arrives ? !read_arrival(reader, vm, &event) : !read_departure(reader, vm, &event))
        return false;
    vg_push(stream->events, stream->event_count) = event;
    return true;
}

static bool read_lines(struct reader *reader, FILE *file)
{
    char line[MAX_LINE + 2];
    /* fgets does not say how much it read: its own zero is the last one in what was filled with something else. */
    while (memset(line, ' ', sizeof(line)) && fgets(line, sizeof(line), file)) {
        const char *end = memrchr(line, '\0', sizeof(line));
        static const char mark[] = "\xef\xbb\xbf"; /* some spreadsheets begin with it */
        bool marked = ++reader->line == 1 && strncmp(line, mark, strlen(mark)) == 0;
        char *text = line + (marked ? strlen(mark) : 0);
        if (!split(reader, text, (size_t)(end - text), feof(file)))
            return false;
        if (reader->field_count == 1 && !*reader->fields[0])
            continue;
        if (reader->line == 1 ? !read_header(reader) : !read_event(reader))
            return false;
    }
    vg_autofree char *shown = vg_printable(reader->path, strlen(reader->path), 512);
    if (ferror(file))
        return vg_fail_errno(reader->err, VG_ERROR_INPUT, errno, "cannot read %s", shown);
    if (!reader->stream->arrival_count)
        return vg_fail(reader->err, VG_ERROR_INPUT, "%s holds no requests", shown);
    return true;
}

bool vg_requests_load(const char *path, const struct vg_fleet_file *fleet, struct vg_request_stream *stream,
                      struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(path, strlen(path), 512);
    vg_autofile FILE *file = fopen(path, "re");
    struct stat about;
    if (!file)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open the requests %s", shown);
    if (fstat(fileno(file), &about) < 0 || S_ISDIR(about.st_mode))
        return vg_fail(err, VG_ERROR_INPUT, "%s is a directory, not a file of requests", shown);
    vg_autojson json_t *present = vg_json_new_object();
    *stream = (struct vg_request_stream) { 0 };
    struct reader reader = { .path = path, .fleet = fleet, .stream = stream, .err = err, .present = present };
    if (read_lines(&reader, file)) {
        /* A departure knows its type without its arrival at hand. */
        vg_autofree int16_t *types = vg_calloc(stream->arrival_count, sizeof(*types));
        for (size_t i = 0; i < stream->event_count; i++) {
            struct vg_request_event *event = &stream->events[i];
            if (event->leaves)
                event->type = types[event->vm];
            else
                types[event->vm] = event->type;
        }
        return true;
    }
    vg_requests_free(stream);
    return false;
}

bool vg_requests_save(const char *path, const struct vg_fleet_file *fleet, const struct vg_request_stream *stream,
                      struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(path, strlen(path), 512);
    if (!vg_check_output(path, err))
        return vg_wrap(err, "cannot write the requests");
    vg_autofile FILE *file = fopen(path, "we");
    if (!file)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot write the requests to %s", shown);
    fprintf(file, "time_s,event,vm,type,numa,host,pgpu\n");
    for (size_t i = 0; i < stream->event_count; i++) {
        const struct vg_request_event *event = &stream->events[i];
        fprintf(file, "%.3f,%s,", event->time_s, event->leaves ? "leave" : "arrive");
        if (stream->names)
            fprintf(file, "%s,", stream->names[event->vm]);
        else
            fprintf(file, "%u,", event->vm);
        if (event->leaves) {
            fprintf(file, ",,,\n");
            continue;
        }
        vg_autofree char *host = event->host < 0 ? NULL : vg_fleet_host_name(fleet, (unsigned)event->host);
        vg_autofree char *pgpu = event->pgpu < 0 ? NULL : vg_fleet_pgpu_name(fleet, (unsigned)event->pgpu);
        fprintf(file, "%s,", fleet->type_names[event->type]);
        if (event->numa >= 0)
            fprintf(file, "%d", event->numa);
        fprintf(file, ",%s,%s\n", host ? host : "", pgpu ? pgpu : "");
    }
    if (fflush(file) != 0 || ferror(file))
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write all requests to %s", shown);
    return true;
}

void vg_requests_free(struct vg_request_stream *stream)
{
    for (size_t i = 0; stream->names && i < stream->arrival_count; i++)
        free(stream->names[i]);
    free(stream->names);
    free(stream->events);
    *stream = (struct vg_request_stream) { 0 };
}
