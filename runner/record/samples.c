/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of a workload: a CSV of integers as columns of doubles. Nanoseconds since boot stay exact in a double for 104
 * days and good to 2 ns for 208, far below any clock uncertainty. */
#include "record/csv_read.h"

void vg_samples_free(struct vg_samples *samples)
{
    for (unsigned i = 0; i < samples->column_count; i++) {
        free(samples->names[i]);
        free(samples->columns[i]);
    }
    free(samples->names);
    free(samples->columns);
    *samples = (struct vg_samples) { 0 };
}

const double *vg_samples_column(const struct vg_samples *samples, const char *name)
{
    for (unsigned i = 0; i < samples->column_count; i++)
        if (vg_equal(samples->names[i], name))
            return samples->columns[i];
    return NULL;
}

/* One integer cell; NULL if it is not one, or does not fit. */
static const char *parse_cell(const char *text, double *value)
{
    bool negative = *text == '-';
    const char *digit = text + negative;
    uint64_t number = 0;
    unsigned length = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++, length++)
        number = number * 10 + (uint64_t)(*digit - '0');
    if (length == 0 || length > 19 || number > (uint64_t)INT64_MAX + negative)
        return NULL;
    *value = negative ? -(double)number : (double)number;
    return digit;
}

static bool load_row(const struct rec_lines *lines, void *context, char *text, struct vg_error *err)
{
    struct vg_samples *samples = context;
    const char *line = text;
    for (unsigned i = 0; i < samples->column_count; i++) {
        line = parse_cell(line, &samples->columns[i][samples->rows]);
        if (!line)
            return rec_lines_fail(lines, err, "a cell is not a 64-bit integer");
        if (*line != (i + 1 < samples->column_count ? ',' : '\0'))
            return rec_lines_fail(lines, err, "a row does not have as many integers as the header names");
        line++;
    }
    samples->rows++;
    return true;
}

bool vg_samples_load(const char *directory, const struct vg_measured_stream *stream, struct vg_samples *samples,
                     struct vg_error *err)
{
    *samples = (struct vg_samples) { 0 };
    rec_autolines struct rec_lines *lines = rec_lines_open(directory, stream, err);
    if (!lines || !rec_lines_header(lines, "", stream, err) ||
        !rec_lines_room(lines, stream, stream->column_count, err))
        return false;
    samples->column_count = stream->column_count;
    samples->names = vg_calloc(stream->column_count, sizeof(*samples->names));
    samples->columns = vg_calloc(stream->column_count, sizeof(*samples->columns));
    for (unsigned i = 0; i < stream->column_count; i++) {
        samples->names[i] = vg_strdup(stream->columns[i].name);
        samples->columns[i] = vg_reallocarray(NULL, (size_t)stream->rows + 1, sizeof(double));
    }
    if (rec_lines_rows(lines, stream, load_row, samples, err))
        return true;
    vg_samples_free(samples);
    return false;
}
