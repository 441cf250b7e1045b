/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a sample CSV, read in large pieces. Shared by the loader of workload samples and that of probe samples;
 * which cells a line has is their business. */
#include "record/csv_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 1 << 20, LINE_MAX_BYTES = 1 << 16 };

struct rec_lines {
    int fd;
    char *path;
    char *buffer;
    size_t start, end; /* what is in the buffer and was not yet handed out */
    bool at_end;
    bool absent; /* there is no file, and need not be */
    uint64_t line;
    uint64_t size;
};

struct rec_lines *rec_lines_open(const char *directory, const struct vg_measured_stream *stream, struct vg_error *err)
{
    if (!vg_record_name_ok(stream->file)) {
        vg_fail(err, VG_ERROR_INPUT, "the sample file of stream `%s` has a name that is not a plain file name",
                stream->name);
        return NULL;
    }
    vg_autofree char *path = vg_format("%s/%s", directory, stream->file);
    /* O_NONBLOCK: a FIFO put there must not hang the judge. */
    vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status = { .st_mode = S_IFREG };
    bool absent = fd < 0 && errno == ENOENT && stream->rows == 0; /* a table without rows needs no file */
    if (!absent && (fd < 0 || fstat(fd, &status) != 0)) {
        vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read the samples in %s", path);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        vg_fail(err, VG_ERROR_INPUT, "%s is not a regular file", path);
        return NULL;
    }
    struct rec_lines *lines = vg_calloc(1, sizeof(*lines));
    lines->fd = fd;
    lines->absent = lines->at_end = absent;
    fd = -1;
    lines->path = VG_TAKE(path);
    lines->buffer = vg_calloc(1, PIECE_BYTES);
    lines->size = (uint64_t)status.st_size;
    return lines;
}

void rec_lines_close(struct rec_lines *lines)
{
    if (!lines->absent)
        close(lines->fd);
    free(lines->path);
    free(lines->buffer);
    free(lines);
}

/* Moves what is left to the front and reads more behind it. */
static bool refill(struct rec_lines *lines, struct vg_error *err)
{
    size_t left = lines->end - lines->start;
    memmove(lines->buffer, lines->buffer + lines->start, left);
    lines->start = 0;
    lines->end = left;
    while (lines->end < PIECE_BYTES && !lines->at_end) {
        ssize_t got = read(lines->fd, lines->buffer + lines->end, PIECE_BYTES - lines->end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot read %s", lines->path);
        lines->at_end = got == 0;
        lines->end += (size_t)got;
    }
    return true;
}

/* The next line without its newline, valid until the next call; NULL at the end. */
static bool next_line(struct rec_lines *lines, char **line, struct vg_error *err)
{
    *line = NULL;
    char *newline = memchr(lines->buffer + lines->start, '\n', lines->end - lines->start);
    if (!newline) {
        if (!refill(lines, err))
            return false;
        if (lines->end == 0)
            return true;
        newline = memchr(lines->buffer, '\n', lines->end);
    }
    lines->line++;
    if (!newline)
        return rec_lines_fail(lines, err, "does not end with a newline: the file is cut");
    *line = lines->buffer + lines->start;
    if (newline - *line > LINE_MAX_BYTES)
        return rec_lines_fail(lines, err, "is too long");
    *newline = '\0';
    lines->start = (size_t)(newline + 1 - lines->buffer);
    return true;
}

bool rec_lines_fail(const struct rec_lines *lines, struct vg_error *err, const char *what)
{
    return vg_fail(err, VG_ERROR_INPUT, "%s, line %llu: %s", lines->path, (unsigned long long)lines->line, what);
}

bool rec_lines_header(struct rec_lines *lines, const char *prefix, const struct vg_measured_stream *stream,
                      struct vg_error *err)
{
    if (lines->absent)
        return true;
    struct vg_text expected VG_CLEANUP(vg_text_free) = { 0 };
    vg_text_add(&expected, "%s", prefix);
    for (unsigned i = 0; i < stream->column_count; i++)
        vg_text_add(&expected, "%s%s", i ? "," : "", stream->columns[i].name);
    char *line;
    if (!next_line(lines, &line, err))
        return false;
    if (!vg_equal(line, expected.data))
        return rec_lines_fail(lines, err, "the header does not name the columns that measurements.json names");
    return true;
}

bool rec_lines_room(const struct rec_lines *lines, const struct vg_measured_stream *stream, unsigned columns,
                    struct vg_error *err)
{
    /* A value takes two bytes at least, a digit (or for a probe nothing) and its separator: a row count that the file
     * cannot hold would only make us allocate. */
    if (stream->rows > 100000000 / columns)
        return vg_fail(err, VG_ERROR_INPUT, "%s: %llu rows of %u columns are more than the 100 million values allowed",
                       lines->path, (unsigned long long)stream->rows, columns);
    if (stream->rows * columns > lines->size)
        return vg_fail(err, VG_ERROR_INPUT, "%s is too small for the %llu rows that measurements.json names: it is cut",
                       lines->path, (unsigned long long)stream->rows);
    return true;
}

bool rec_lines_rows(struct rec_lines *lines, const struct vg_measured_stream *stream,
                    bool (*row)(const struct rec_lines *lines, void *samples, char *line, struct vg_error *err),
                    void *samples, struct vg_error *err)
{
    for (uint64_t rows = 0;; rows++) {
        char *line;
        if (!next_line(lines, &line, err))
            return false;
        if (!line && rows == stream->rows)
            return true;
        if (!line)
            return vg_fail(err, VG_ERROR_INPUT,
                           "%s has %llu rows, and measurements.json says %llu: the file is cut or changed", lines->path,
                           (unsigned long long)rows, (unsigned long long)stream->rows);
        if (rows == stream->rows)
            return rec_lines_fail(lines, err, "more rows than measurements.json names");
        if (!row(lines, samples, line, err))
            return false;
    }
}
