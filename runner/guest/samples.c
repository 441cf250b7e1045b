/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of samples. They are nearly all of what a tenant sends, and a general JSON parser spends most of its time on one
 * heap object for each number; so the spelling that agents use is read directly, and any other goes through jansson.
 * Both ways end in the same checks. */
#include "guest/link.h"

#include <inttypes.h>

/* --- the direct way: a cursor that a newline stops ------------------------------------------------------------------
 */

static bool take(const char **cursor, const char *word)
{
    const char *at = *cursor;
    while (*word)
        if (*at++ != *word++)
            return false;
    *cursor = at;
    return true;
}

static void take_blanks(const char **cursor)
{
    while (**cursor == ' ')
        ++*cursor;
}

static bool take_key(const char **cursor, const char *key)
{
    take_blanks(cursor);
    if (!take(cursor, key))
        return false;
    take_blanks(cursor);
    if (!take(cursor, ":"))
        return false;
    take_blanks(cursor);
    return true;
}

static bool take_comma(const char **cursor)
{
    take_blanks(cursor);
    return take(cursor, ",");
}

static inline unsigned digit_at(const char *at)
{
    return (unsigned)(unsigned char)*at - '0'; /* more than 9: not a digit */
}

/* A JSON integer that fits: no plus, no leading zero, no fraction or exponent (what follows is the caller's to check).
 */
static inline bool take_int(const char **cursor, int64_t *value)
{
    const char *at = *cursor;
    bool negative = *at == '-';
    at += negative;
    const char *first = at;
    if (digit_at(at) > 9 || (*at == '0' && digit_at(at + 1) <= 9))
        return false;
    uint64_t magnitude = 0;
    for (unsigned digit; (digit = digit_at(at)) <= 9; at++) {
        if (at - first >= 19)
            return false;
        magnitude = magnitude * 10 + digit; /* 19 digits fit into 64 bits without a sign */
    }
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    *cursor = at;
    return true;
}

static bool take_name(const char **cursor, char name[VG_LINK_NAME_BYTES + 1])
{
    if (!take(cursor, "\""))
        return false;
    size_t length = 0;
    while (**cursor != '"') {
        if (**cursor == '\n' || length == VG_LINK_NAME_BYTES)
            return false;
        name[length++] = *(*cursor)++;
    }
    name[length] = '\0';
    ++*cursor;
    return vg_link_name_ok(name);
}

bool vg_link_samples_scan(struct vg_link *link, const char *line, struct vg_link_samples *samples)
{
    const char *cursor = line;
    if (!take(&cursor, "{") || !take_key(&cursor, "\"type\"") || !take(&cursor, "\"samples\"") ||
        !take_comma(&cursor) || !take_key(&cursor, "\"run\"") || !take_int(&cursor, &samples->run) ||
        !take_comma(&cursor) || !take_key(&cursor, "\"stream\"") || !take_name(&cursor, samples->stream) ||
        !take_comma(&cursor) || !take_key(&cursor, "\"width\"") || !take_int(&cursor, &samples->width) ||
        !take_comma(&cursor) || !take_key(&cursor, "\"values\"") || !take(&cursor, "["))
        return false;
    samples->value_count = 0;
    take_blanks(&cursor);
    if (*cursor == ']') {
        cursor++;
    } else {
        for (;;) {
            if (samples->value_count == link->value_capacity || !take_int(&cursor, &link->values[samples->value_count]))
                return false;
            samples->value_count++;
            take_blanks(&cursor);
            if (*cursor == ',') {
                cursor++;
                take_blanks(&cursor);
            } else if (*cursor == ']') {
                cursor++;
                break;
            } else {
                return false;
            }
        }
    }
    take_blanks(&cursor);
    return take(&cursor, "}\n"); /* the newline is the line's own: no byte of a line is one */
}

/* --- the general way ------------------------------------------------------------------------------------------------
 */

bool vg_link_samples_parse(struct vg_link *link, const json_t *message, struct vg_link_samples *samples,
                           struct vg_error *err)
{
    samples->run = json_integer_value(json_object_get(message, "run"));
    samples->width = json_integer_value(json_object_get(message, "width"));
    snprintf(samples->stream, sizeof(samples->stream), "%s",
             json_string_value(json_object_get(message, "stream"))); /* a name: it fits */
    const json_t *values = json_object_get(message, "values");
    samples->value_count = json_array_size(values);
    if (samples->value_count > link->value_capacity)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent more samples than a line can hold");
    for (size_t i = 0; i < samples->value_count; i++) {
        const json_t *value = json_array_get(values, i);
        if (!json_is_integer(value))
            return vg_fail(err, VG_ERROR_TENANT, "the tenant sent samples whose value %zu is not a whole number", i);
        link->values[i] = json_integer_value(value);
    }
    return true;
}

/* --- the rules ------------------------------------------------------------------------------------------------------
 */

static bool column_ok(const struct vg_link *link, const struct vg_link_run *entry, const struct vg_column *column,
                      const int64_t *first, size_t width, size_t rows, struct vg_error *err)
{
    int64_t least = INT64_MIN, most = INT64_MAX;
    if (vg_column_is_instant(column->kind))
        vg_link_instants(link, entry, &least, &most);
    else if (column->kind == VG_COLUMN_DURATION)
        least = -1; /* not available */
    else
        return true;
    for (size_t i = 0; i < rows; i++) {
        int64_t value = first[i * width];
        if (value >= least && value <= most)
            continue;
        if (column->kind == VG_COLUMN_DURATION)
            return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a negative duration in column %s (%" PRId64 ")",
                           column->name, value);
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a sample from %s in column %s (%" PRId64 " ns)",
                       value > most ? "the future" : "before its run", column->name, value);
    }
    return true;
}

bool vg_link_samples_accept(struct vg_link *link, const struct vg_link_samples *samples, struct vg_error *err)
{
    struct vg_link_run *entry = vg_link_live_run(link, samples->run, "samples", err);
    if (!entry || !vg_link_run_released(entry, samples->run, "samples", err))
        return false;
    unsigned stream = 0;
    const struct vg_stream_spec *specs = entry->workload->streams;
    while (specs && specs[stream].name && strcmp(specs[stream].name, samples->stream) != 0)
        stream++;
    if (!specs || !specs[stream].name)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent samples of a stream that %s does not have",
                       entry->workload->name);
    size_t width = 0;
    while (specs[stream].columns[width].name)
        width++;
    if (width == 0 || samples->width != (int64_t)width)
        return vg_fail(err, VG_ERROR_TENANT,
                       "the tenant sent samples of width %" PRId64 " and the stream %s has %zu columns", samples->width,
                       samples->stream, width);
    if (samples->value_count % width)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent %zu values, which are no rows of %zu",
                       samples->value_count, width);
    size_t rows = samples->value_count / width;
    if (rows > link->limits.rows_per_run - entry->rows)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent more than %" PRIu64 " rows for run %" PRId64,
                       link->limits.rows_per_run, samples->run);
    for (size_t i = 0; i < width; i++)
        if (!column_ok(link, entry, &specs[stream].columns[i], link->values + i, width, rows, err))
            return false;
    entry->rows += rows;
    if (rows && link->events.samples)
        link->events.samples(link->context, (unsigned)samples->run, stream, link->values, rows);
    return true;
}
