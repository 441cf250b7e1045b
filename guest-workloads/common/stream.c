/* SPDX-License-Identifier: MIT */
/* Sample streams: rows into memory that was touched beforehand, so that a push inside a measurement is a copy and
 * nothing else, and lines of at most 64 KiB when they are flushed. */
#include <stdio.h>
#include "common/runtime.h"

struct vg_stream *vg_w_stream(struct vg_workload_context *context, const char *name, size_t capacity_rows)
{
    const struct vg_stream_spec *spec = context->workload->streams;
    while (spec && spec->name && !vg_equal(spec->name, name))
        spec++;
    if (!spec || !spec->name)
        vg_bug(context, "stream `%s` is not in the descriptor", name);
    struct vg_stream *stream = &context->streams[spec - context->workload->streams];
    if (stream->width)
        vg_bug(context, "stream `%s` was opened twice", name);
    if (capacity_rows == 0)
        vg_bug(context, "stream `%s` has no room", name);
    unsigned width = 0;
    while (spec->columns[width].name)
        width++;
    *stream = (struct vg_stream) { .context = context, .spec = spec, .width = width, .capacity = capacity_rows };
    stream->rows = vg_reallocarray(NULL, capacity_rows, width * sizeof(int64_t));
    memset(stream->rows, 0xff, capacity_rows * width * sizeof(int64_t)); /* no page fault in a timed region */
    return stream;
}

void vg_w_push(struct vg_stream *stream, const int64_t *row)
{
    if (stream->count == stream->capacity)
        vg_bug(stream->context, "stream `%s` is full: %zu rows without a flush", stream->spec->name, stream->capacity);
    int64_t *to = stream->rows + stream->count * stream->width;
    for (unsigned i = 0; i < stream->width; i++) /* a few words: less than a call of memcpy */
        to[i] = row[i];
    stream->count++;
}

size_t vg_w_room(const struct vg_stream *stream)
{
    return stream->capacity - stream->count;
}

size_t vg_format_int(char *out, int64_t value)
{
    char reversed[20];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t digits = 0, length = 0;
    do {
        reversed[digits++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        out[length++] = '-';
    while (digits)
        out[length++] = reversed[--digits];
    return length;
}

/* Formats rows into the context's line: as many as fit. Returns the rows taken; *length is the line's. */
static size_t format_rows(struct vg_workload_context *context, const struct vg_stream_spec *spec, unsigned width,
                          const int64_t *rows, size_t count, size_t *length)
{
    char *line = context->line;
    int head =
        snprintf(line, VG_LINE_BYTES, "{\"type\":\"samples\",\"run\":%u,\"stream\":\"%s\",\"width\":%u,\"values\":[",
                 context->run, spec->name, width);
    size_t used = (size_t)head, taken = 0;
    size_t row_bytes = (size_t)width * 21; /* 20 digits and sign, and a comma */
    while (taken < count && used + row_bytes + sizeof("]}\n") <= VG_LINE_BYTES) {
        for (unsigned column = 0; column < width; column++) {
            used += vg_format_int(line + used, rows[taken * width + column]);
            line[used++] = ',';
        }
        taken++;
    }
    if (taken)
        used--; /* the last comma */
    memcpy(line + used, "]}\n", 3);
    *length = used + 3;
    return taken;
}

void vg_w_flush(struct vg_stream *stream)
{
    struct vg_workload_context *context = stream->context;
    if (stream->count == 0)
        return;
    if (!context->released)
        vg_bug(context, "samples of `%s` before the barrier", stream->spec->name);
    if (!context->run) {
        stream->kept =
            vg_reallocarray(stream->kept, stream->kept_count + stream->count, stream->width * sizeof(*stream->kept));
        memcpy(stream->kept + stream->kept_count * stream->width, stream->rows,
               stream->count * stream->width * sizeof(*stream->rows));
        stream->kept_count += stream->count;
        stream->count = 0;
        return;
    }
    for (size_t done = 0; done < stream->count;) {
        size_t length;
        size_t taken = format_rows(context, stream->spec, stream->width, stream->rows + done * stream->width,
                                   stream->count - done, &length);
        vg_emit_bytes(context, context->line, length);
        done += taken;
    }
    stream->count = 0;
}
