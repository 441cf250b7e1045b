/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: a plot as a part of the page itself. */
#ifndef VG_REPORT_SVG_H
#define VG_REPORT_SVG_H

#include "report/parts.h"

/* gnuplot's SVG as an <svg> element for HTML: only lines, shapes and text are taken over, with numbers to a tenth of a
 * px and lines without the points that nobody could see, which makes it a quarter of the size. Colours become "#rrggbb"
 * attributes, so that the style sheet can set others in the dark. label: what a reader who cannot see it is told; it is
 * escaped here. NULL and the error if it is no SVG. Caller frees. */
char *vg_svg_inline(const char *svg, const char *label, struct vg_error *err);

#endif
