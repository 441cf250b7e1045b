/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of a host probe: a time, two quoted words and numbers. The words repeat endlessly ("peer.0", "vcpu0"), so
 * that each is kept once. */
#include "record/csv_read.h"

enum { WORDS_MAX = 4096 }; /* thread names are the guest's to choose to some degree */

void vg_probe_samples_free(struct vg_probe_samples *samples)
{
    for (unsigned i = 0; i < samples->column_count; i++) {
        free(samples->names[i]);
        free(samples->columns[i]);
    }
    for (size_t i = 0; i < samples->word_count; i++)
        free(samples->words[i]);
    free(samples->names);
    free(samples->columns);
    free(samples->words);
    free(samples->time_ns);
    free(samples->tenant);
    free(samples->item);
    *samples = (struct vg_probe_samples) { 0 };
}

const double *vg_probe_samples_column(const struct vg_probe_samples *samples, const char *name)
{
    for (unsigned i = 0; i < samples->column_count; i++)
        if (vg_equal(samples->names[i], name))
            return samples->columns[i];
    return NULL;
}

static const char *intern(struct vg_probe_samples *samples, const char *word)
{
    for (size_t i = samples->word_count; i-- > 0;) /* the latest first: threads come and go */
        if (strcmp(samples->words[i], word) == 0)
            return samples->words[i];
    if (samples->word_count >= WORDS_MAX)
        return NULL;
    vg_push(samples->words, samples->word_count) = vg_strdup(word);
    return samples->words[samples->word_count - 1];
}

/* A quoted cell, unquoted in place; *rest is behind the comma that must follow. */
static char *parse_quoted(char *text, char **rest)
{
    if (*text != '"')
        return NULL;
    char *out = text;
    for (char *in = text + 1; *in; in++) {
        if (*in == '"') {
            if (in[1] != '"') {
                *rest = in + 2;
                bool good = in[1] == ',';
                *out = '\0';
                return good ? text : NULL;
            }
            in++;
        }
        *out++ = *in;
    }
    return NULL;
}

static bool parse_number(char *text, char **rest, double *value)
{
    size_t length = strcspn(text, ",");
    *rest = text[length] ? text + length + 1 : NULL;
    text[length] = '\0';
    *value = __builtin_nan("");
    return length == 0 || vg_parse_real(text, value);
}

static bool load_row(const struct rec_lines *lines, void *context, char *line, struct vg_error *err)
{
    struct vg_probe_samples *samples = context;
    size_t row = samples->rows;
    char *rest = strchr(line, ',');
    long long time_ns = 0;
    if (!rest)
        return rec_lines_fail(lines, err, "a row needs a time, a tenant and an item");
    *rest++ = '\0';
    if (!vg_parse_int(line, &time_ns))
        return rec_lines_fail(lines, err, "the time is not an integer");
    char *tenant = parse_quoted(rest, &rest);
    char *item = tenant ? parse_quoted(rest, &rest) : NULL;
    if (!tenant || !item)
        return rec_lines_fail(lines, err, "tenant and item must be quoted text");
    samples->time_ns[row] = time_ns;
    samples->tenant[row] = intern(samples, tenant);
    samples->item[row] = intern(samples, item);
    if (!samples->tenant[row] || !samples->item[row])
        return rec_lines_fail(lines, err, "the file has too many different items");
    for (unsigned i = 0; i < samples->column_count; i++) {
        if (!rest || !parse_number(rest, &rest, &samples->columns[i][row]))
            return rec_lines_fail(lines, err, "a row does not have a number for each column of the header");
    }
    if (rest)
        return rec_lines_fail(lines, err, "a row has more cells than the header names");
    samples->rows++;
    return true;
}

bool vg_probe_samples_load(const char *directory, const struct vg_measured_stream *stream,
                           struct vg_probe_samples *samples, struct vg_error *err)
{
    *samples = (struct vg_probe_samples) { 0 };
    rec_autolines struct rec_lines *lines = rec_lines_open(directory, stream, err);
    /* The three leading columns may be declared with the others or go without saying. */
    unsigned first = stream->column_count > 3 && vg_equal(stream->columns[0].name, "time_ns") ? 3 : 0;
    if (!lines || !rec_lines_header(lines, first ? "" : "time_ns,tenant,item,", stream, err) ||
        !rec_lines_room(lines, stream, stream->column_count + 3 - first, err))
        return false;
    size_t rows = (size_t)stream->rows;
    samples->column_count = stream->column_count - first;
    samples->names = vg_calloc(samples->column_count, sizeof(*samples->names));
    samples->columns = vg_calloc(samples->column_count, sizeof(*samples->columns));
    samples->time_ns = vg_calloc(rows + 1, sizeof(*samples->time_ns));
    samples->tenant = vg_calloc(rows + 1, sizeof(*samples->tenant));
    samples->item = vg_calloc(rows + 1, sizeof(*samples->item));
    for (unsigned i = 0; i < samples->column_count; i++) {
        samples->names[i] = vg_strdup(stream->columns[first + i].name);
        samples->columns[i] = vg_reallocarray(NULL, rows + 1, sizeof(double));
    }
    if (rec_lines_rows(lines, stream, load_row, samples, err))
        return true;
    vg_probe_samples_free(samples);
    return false;
}
