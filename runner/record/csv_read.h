/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to record/: line by line through a sample CSV that may be hostile. */
#ifndef VG_RECORD_CSV_READ_H
#define VG_RECORD_CSV_READ_H

#include "record/record.h"

struct rec_lines;
struct rec_lines *rec_lines_open(const char *directory, const struct vg_measured_stream *stream, struct vg_error *err);
void rec_lines_close(struct rec_lines *lines);
VG_DEFINE_CLEANUP(rec_lines_cleanup, struct rec_lines *, rec_lines_close)
#define rec_autolines VG_CLEANUP(rec_lines_cleanup)

/* "FILE, line N: what"; returns false. */
bool rec_lines_fail(const struct rec_lines *lines, struct vg_error *err, const char *what);
/* The first line must be prefix and the names of the stream's columns. */
bool rec_lines_header(struct rec_lines *lines, const char *prefix, const struct vg_measured_stream *stream,
                      struct vg_error *err);
/* Whether a table of stream->rows rows may be allocated. */
bool rec_lines_room(const struct rec_lines *lines, const struct vg_measured_stream *stream, unsigned columns,
                    struct vg_error *err);
/* All further lines: row(samples, line) for each. As many must come as the stream promises. */
bool rec_lines_rows(struct rec_lines *lines, const struct vg_measured_stream *stream,
                    bool (*row)(const struct rec_lines *lines, void *samples, char *line, struct vg_error *err),
                    void *samples, struct vg_error *err);

#endif
