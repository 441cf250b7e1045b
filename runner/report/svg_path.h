/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: the geometry of svg.c. */
#ifndef VG_REPORT_SVG_PATH_H
#define VG_REPORT_SVG_PATH_H

#include "report/parts.h"

/* A number with one decimal, without a useless zero. */
void vg_svg_add_number(struct vg_text *text, double value);
/* Path data of straight lines ("M1,2 L3,4 ... Z"), shortened; false if it holds anything else. */
bool vg_svg_add_path(struct vg_text *text, const char *path);
/* "x,y x,y ..." of a polygon; false if that is not what it is. */
bool vg_svg_add_points(struct vg_text *text, const char *points);

#endif
