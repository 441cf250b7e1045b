/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to guest/: cuts a byte stream into lines. The buffer is allocated once and never grows, each byte is looked
 * at once, and a line that is too long is known as soon as its first byte too many is there. */
#ifndef VG_GUEST_LINES_H
#define VG_GUEST_LINES_H

#include <stddef.h>

struct vg_lines {
    char *data;
    size_t capacity;
    size_t max_line; /* including the newline */
    size_t start;    /* of the line that is being assembled */
    size_t scanned;  /* no newline in [start, scanned) */
    size_t end;      /* of what was received */
};

enum vg_line_state { VG_LINE_NONE, VG_LINE_FOUND, VG_LINE_TOO_LONG };

void vg_lines_init(struct vg_lines *lines, size_t max_line);
void vg_lines_free(struct vg_lines *lines);
/* Where the next bytes may be put, and how many: never 0 after vg_lines_next() returned VG_LINE_NONE. */
char *vg_lines_space(struct vg_lines *lines, size_t *room);
void vg_lines_received(struct vg_lines *lines, size_t count);
/* The next whole line, without its newline, valid until vg_lines_space(). The byte after it is the newline, so that a
 * scanner has a sentinel. For VG_LINE_TOO_LONG and VG_LINE_NONE: what is there of it. */
enum vg_line_state vg_lines_next(struct vg_lines *lines, const char **line, size_t *length);

#endif
