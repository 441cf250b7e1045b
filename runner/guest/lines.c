/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Framing: see lines.h. What is moved to the front of the buffer arrived after the last newline, so moving costs no
 * more than receiving did, and a guest that dribbles a long line byte by byte costs one comparison for each byte. */
#include "guest/lines.h"

#include "base/base.h"

#define CHUNK_BYTES 65536

void vg_lines_init(struct vg_lines *lines, size_t max_line)
{
    *lines = (struct vg_lines) { .max_line = max_line, .capacity = max_line + CHUNK_BYTES };
    lines->data = vg_calloc(lines->capacity, 1);
}

void vg_lines_free(struct vg_lines *lines)
{
    free(lines->data);
    *lines = (struct vg_lines) { 0 };
}

char *vg_lines_space(struct vg_lines *lines, size_t *room)
{
    if (lines->start > 0) {
        memmove(lines->data, lines->data + lines->start, lines->end - lines->start);
        lines->scanned -= lines->start;
        lines->end -= lines->start;
        lines->start = 0;
    }
    *room = lines->capacity - lines->end;
    return lines->data + lines->end;
}

void vg_lines_received(struct vg_lines *lines, size_t count)
{
    lines->end += count;
}

enum vg_line_state vg_lines_next(struct vg_lines *lines, const char **line, size_t *length)
{
    *line = lines->data + lines->start;
    const char *newline = memchr(lines->data + lines->scanned, '\n', lines->end - lines->scanned);
    if (!newline) {
        lines->scanned = lines->end;
        *length = lines->end - lines->start;
        return *length >= lines->max_line ? VG_LINE_TOO_LONG : VG_LINE_NONE;
    }
    *length = (size_t)(newline - *line);
    if (*length >= lines->max_line)
        return VG_LINE_TOO_LONG;
    lines->start += *length + 1;
    lines->scanned = lines->start;
    return VG_LINE_FOUND;
}
