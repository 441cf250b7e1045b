/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: a document of headings, paragraphs and tables, which is built once and then shown as a page or on
 * paper, so that the two never say different things. */
#ifndef VG_REPORT_SHEET_H
#define VG_REPORT_SHEET_H

#include "base/base.h"

enum vg_sheet_kind {
    VG_SHEET_KIND,      /* what sort of document it is; small */
    VG_SHEET_TITLE,     /* once */
    VG_SHEET_GOOD,      /* the outcome: it is good, */
    VG_SHEET_WAIVED,    /* not wholly good, */
    VG_SHEET_BAD,       /* or bad */
    VG_SHEET_HEADING,   /* of what follows */
    VG_SHEET_PARAGRAPH, /* of text */
    VG_SHEET_TERMS,     /* cells are a term and what it is, in turn */
    VG_SHEET_TABLE,     /* cells row by row */
};
struct vg_sheet_column {
    const char *title;
    unsigned parts; /* of the width of the paper, relative to the other columns */
};
struct vg_sheet_block {
    enum vg_sheet_kind kind;
    const struct vg_sheet_column *columns; /* of a table; borrowed, must outlive the document */
    unsigned column_count;                 /* 2 for terms, 1 for text */
    char **cells;
    unsigned cell_count;
};
struct vg_sheet {
    char *title; /* of the window */
    struct vg_sheet_block *blocks;
    unsigned count;
};
void vg_sheet_free(struct vg_sheet *sheet);
#define vg_report_autosheet VG_CLEANUP(vg_sheet_free)

/* A block of text. */
void vg_sheet_add(struct vg_sheet *sheet, enum vg_sheet_kind kind, const char *text);
/* Begins terms or a table; vg_sheet_cell fills it. */
void vg_sheet_terms(struct vg_sheet *sheet);
void vg_sheet_table(struct vg_sheet *sheet, const struct vg_sheet_column *columns, unsigned count);
/* NULL or "": a dash. */
void vg_sheet_cell(struct vg_sheet *sheet, const char *text);

/* As one self-contained page. Caller frees; NULL with the error. */
char *vg_sheet_html(const struct vg_sheet *sheet, struct vg_error *err);
/* As a PDF file, which is ASCII text; the same bytes on every machine. made: the instant that it says it was made at.
 * Caller frees. */
char *vg_sheet_pdf(const struct vg_sheet *sheet, const char *made);

#endif
