/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How every HTML page of vgauge begins. */
#include "report/xml.h"

static void meta(struct vg_xml *xml, const char *attribute, const char *name, const char *content)
{
    vg_xml_open(xml, "meta");
    vg_xml_attribute(xml, attribute, name);
    vg_xml_attribute(xml, "content", content);
    vg_xml_close_void(xml);
}

void vg_xml_begin_page(struct vg_xml *xml, const char *title, const char *style, bool dark)
{
    vg_xml_open(xml, "html");
    vg_xml_attribute(xml, "lang", "en");
    vg_xml_open(xml, "head");
    vg_xml_open(xml, "meta");
    vg_xml_attribute(xml, "charset", "utf-8");
    vg_xml_close_void(xml);
    /* Nothing on the page may run or be fetched, should a foreign text ever get past the escaping. */
    meta(xml, "http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    meta(xml, "name", "viewport", "width=device-width, initial-scale=1");
    meta(xml, "name", "color-scheme", dark ? "light dark" : "light");
    meta(xml, "name", "generator", "vgauge");
    vg_xml_element(xml, "title", title);
    vg_xml_open(xml, "style");
    vg_xml_raw(xml, style);
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_open(xml, "body");
}
