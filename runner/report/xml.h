/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: the one way in which text gets into XML or HTML. Every text is cleaned and escaped here, so a
 * caller cannot forget it. An error is kept and told once, at vg_xml_save(). */
#ifndef VG_REPORT_XML_H
#define VG_REPORT_XML_H

#include <stdbool.h>
#include "base/base.h"

struct vg_xml;
enum vg_xml_kind { VG_XML_DOCUMENT, VG_XML_HTML };

struct vg_xml *vg_xml_create(enum vg_xml_kind kind, struct vg_error *err);
void vg_xml_open(struct vg_xml *xml, const char *element);
/* open with class="...". */
void vg_xml_open_class(struct vg_xml *xml, const char *element, const char *class_names);
/* Between open and the first content; NULL value: left out. */
void vg_xml_attribute(struct vg_xml *xml, const char *name, const char *value);
void vg_xml_text(struct vg_xml *xml, const char *text);
void vg_xml_close(struct vg_xml *xml);
/* Closes an element that HTML gives no end tag (img, meta). */
void vg_xml_close_void(struct vg_xml *xml);
/* open, text, close. */
void vg_xml_element(struct vg_xml *xml, const char *element, const char *text);
void vg_xml_element_class(struct vg_xml *xml, const char *element, const char *class_names, const char *text);
/* As it is: only for what comes from reports/, which is ours. */
void vg_xml_raw(struct vg_xml *xml, const char *trusted);
/* An HTML page up to and with <body>: no script, nothing fetched. style: of ours. dark: it has colours for the dark. */
void vg_xml_begin_page(struct vg_xml *xml, const char *title, const char *style, bool dark);
/* Frees it unwritten; NULL is fine. */
void vg_xml_discard(struct vg_xml *xml);
/* What was written, as text; frees xml in any case. NULL with the error. Caller frees. */
char *vg_xml_finish(struct vg_xml *xml, struct vg_error *err);
/* Writes the file (atomically) and frees xml in any case. */
bool vg_xml_save(struct vg_xml *xml, const char *path, struct vg_error *err);

#endif
