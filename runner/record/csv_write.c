/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw samples to disk as CSV. Millions of rows per second must not disturb what is being measured, so that rows are
 * formatted by hand into one large buffer; a full disk is remembered and told when the file is closed. */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>

enum {
    BUFFER_BYTES = 1 << 18,
    FIRST_BYTES = 1 << 12, /* most files of a short test stay below this */
    CELL_BYTES = 32,       /* the longest number and its separator */
    TEXT_BYTES = 256,      /* of a text cell, before quoting */
};

struct vg_csv {
    int fd;
    int error; /* errno of the first failed write; later rows are dropped, the file is told to be bad */
    unsigned column_count;
    uint64_t rows;
    char *path;
    size_t used, size;
    char *buffer;
};

static atomic_size_t buffers_bytes; /* of all files: probes write theirs in a thread of their own */

size_t vg_csv_buffers_bytes(void)
{
    return atomic_load(&buffers_bytes);
}

static void flush(struct vg_csv *csv)
{
    size_t done = 0;
    while (done < csv->used && !csv->error) {
        ssize_t written = write(csv->fd, csv->buffer + done, csv->used - done);
        if (written > 0)
            done += (size_t)written;
        else if (written == 0 || errno != EINTR)
            csv->error = written == 0 ? ENOSPC : errno;
    }
    csv->used = 0;
}

static void reserve(struct vg_csv *csv, size_t bytes)
{
    while (csv->size - csv->used < bytes) {
        if (csv->size == BUFFER_BYTES) {
            flush(csv);
            return;
        }
        size_t before = csv->size;
        csv->size = before ? 4 * before : FIRST_BYTES;
        csv->buffer = vg_reallocarray(csv->buffer, csv->size, 1);
        atomic_fetch_add(&buffers_bytes, csv->size - before);
    }
}

static void put_text(struct vg_csv *csv, const char *text, size_t length)
{
    memcpy(csv->buffer + csv->used, text, length);
    csv->used += length;
}

struct vg_csv *vg_csv_create(const char *path, const char *const *columns, unsigned column_count, struct vg_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create the sample file %s", path);
        return NULL;
    }
    struct vg_csv *csv = vg_calloc(1, sizeof(*csv));
    csv->fd = fd;
    csv->path = vg_strdup(path);
    csv->column_count = column_count;
    for (unsigned i = 0; i < column_count; i++) {
        size_t length = strnlen(columns[i], TEXT_BYTES);
        reserve(csv, length + 1);
        put_text(csv, columns[i], length);
        put_text(csv, i + 1 < column_count ? "," : "\n", 1);
    }
    return csv;
}

/* Writes value at the end of scratch, backwards, two digits a step; returns the first byte. */
static char *format_int64(char *end, int64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
        "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
        "9293949596979899";
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    while (rest >= 100) {
        end -= 2;
        memcpy(end, pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (rest >= 10) {
        end -= 2;
        memcpy(end, pairs + 2 * rest, 2);
    } else {
        *--end = (char)('0' + rest);
    }
    if (value < 0)
        *--end = '-';
    return end;
}

static void put_int64(struct vg_csv *csv, int64_t value)
{
    char scratch[CELL_BYTES];
    char *start = format_int64(scratch + sizeof(scratch), value);
    put_text(csv, start, (size_t)(scratch + sizeof(scratch) - start));
}

bool vg_csv_row(struct vg_csv *csv, const int64_t *values)
{
    reserve(csv, (size_t)csv->column_count * CELL_BYTES);
    for (unsigned i = 0; i < csv->column_count; i++) {
        put_int64(csv, values[i]);
        csv->buffer[csv->used++] = i + 1 < csv->column_count ? ',' : '\n';
    }
    csv->rows++;
    return csv->error == 0;
}

/* Quoted as RFC 4180 says; a line break or another control character would spoil the file for line-based tools and for
 * terminals, and becomes a space. */
static void put_quoted(struct vg_csv *csv, const char *text)
{
    csv->buffer[csv->used++] = '"';
    for (size_t i = 0; text && text[i] && i < TEXT_BYTES; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"')
            csv->buffer[csv->used++] = '"';
        csv->buffer[csv->used++] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
    }
    csv->buffer[csv->used++] = '"';
}

static void put_double(struct vg_csv *csv, double value)
{
    if (!isfinite(value))
        return; /* an empty cell: the probe had no value */
    if (value == floor(value) && fabs(value) < 9e15) {
        put_int64(csv, (int64_t)value);
        return;
    }
    int length = snprintf(csv->buffer + csv->used, CELL_BYTES, "%.12g", value);
    csv->used += length > 0 ? (size_t)length : 0;
}

bool vg_csv_probe_row(struct vg_csv *csv, int64_t time_ns, const char *tenant, const char *item, const double *values,
                      unsigned count)
{
    reserve(csv, (size_t)(count + 1) * CELL_BYTES + 2 * (2 * TEXT_BYTES + 3));
    put_int64(csv, time_ns);
    put_text(csv, ",", 1);
    put_quoted(csv, tenant);
    put_text(csv, ",", 1);
    put_quoted(csv, item);
    for (unsigned i = 0; i < count; i++) {
        put_text(csv, ",", 1);
        put_double(csv, values[i]);
    }
    put_text(csv, "\n", 1);
    csv->rows++;
    return csv->error == 0;
}

bool vg_csv_close(struct vg_csv *csv, uint64_t *rows, struct vg_error *err)
{
    if (!csv)
        return true;
    flush(csv);
    if (close(csv->fd) != 0 && !csv->error)
        csv->error = errno;
    if (rows)
        *rows = csv->rows;
    int error = csv->error;
    vg_autofree char *path = csv->path;
    atomic_fetch_sub(&buffers_bytes, csv->size);
    free(csv->buffer);
    free(csv);
    if (error == ENOSPC || error == EDQUOT)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, error,
                             "the samples in %s are incomplete; free some space there or choose another place with "
                             "--out",
                             path);
    if (error)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, error, "the samples in %s are incomplete", path);
    return true;
}
