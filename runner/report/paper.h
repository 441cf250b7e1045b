/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: a small writer of PDF. The certificate's PDF must be the same, byte for byte, wherever it is made
 * again: no library promises that from one of its versions to the next, and a browser does not even from one machine to
 * another. So this writes text and boxes on A4 in two of the fonts that every PDF viewer has, without compression, in
 * whole numbers, and nothing else. What it writes is plain ASCII.
 * Lengths are in hundredths of a point (1/7200 inch); y runs down from the upper edge. */
#ifndef VG_REPORT_PAPER_H
#define VG_REPORT_PAPER_H

#include "base/base.h"

enum { VG_PAPER_WIDTH = 59500, VG_PAPER_HEIGHT = 84200 }; /* A4, to a whole point */
enum vg_paper_font { VG_PAPER_PLAIN, VG_PAPER_BOLD };     /* Helvetica, Helvetica-Bold */

struct vg_paper {
    struct vg_text *pages;
    unsigned count;
};
/* Begins a page; what follows is drawn on it. */
void vg_paper_page(struct vg_paper *paper);
/* On the page with that number (0 is the first). text: bytes as vg_paper_encode makes them, length of them; y: of the
 * baseline; colour: 0xRRGGBB. */
void vg_paper_text(struct vg_paper *paper, unsigned page, int x, int y, enum vg_paper_font font, int size,
                   unsigned colour, const char *text, size_t length);
void vg_paper_box(struct vg_paper *paper, unsigned page, int x, int y, int width, int height, unsigned colour);
/* The file. title: UTF-8; made: the instant that it says it was made at, "2026-11-22T08:00:00Z"; NULL or no instant:
 * none. Caller frees. */
char *vg_paper_finish(const struct vg_paper *paper, const char *title, const char *made);
void vg_paper_free(struct vg_paper *paper);

/* UTF-8 as the bytes of the fonts' encoding (WinAnsi): a character that they lack becomes "[U+4E2D]", a control
 * character a space. Caller frees. */
char *vg_paper_encode(const char *text);
/* How wide these bytes are in that font. */
int vg_paper_width(enum vg_paper_font font, int size, const char *text, size_t length);
/* The 14 digits of an instant as PDF wants them; false if it has fewer. */
bool vg_paper_instant(const char *instant, char digits[15]);

#endif
