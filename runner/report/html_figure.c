/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture on the page, inside the page: what it shows in words, and whose driver served which of its curves. */
#include "report/page.h"
#include "report/svg.h"

/* Under a picture: whose curve was served by which driver. */
static void write_drivers(struct vg_page *page, const struct vg_report_drivers *drivers)
{
    vg_autofree char *warning = vg_report_drivers_warning(drivers);
    if (drivers->count)
        vg_xml_open_class(page->xml, "table", "drivers");
    for (unsigned i = 0; i < drivers->count; i++) {
        vg_autofree char *driver = vg_report_driver_text(&drivers->items[i]);
        vg_xml_open(page->xml, "tr");
        vg_xml_open(page->xml, "th");
        vg_xml_attribute(page->xml, "scope", "row");
        vg_xml_text(page->xml, drivers->items[i].label);
        vg_xml_close(page->xml);
        vg_xml_element(page->xml, "td", driver);
        vg_xml_close(page->xml);
    }
    if (drivers->count)
        vg_xml_close(page->xml);
    if (warning)
        vg_xml_element_class(page->xml, "span", "warning", warning);
}

void vg_page_figure(struct vg_page *page, const struct vg_figure *figure)
{
    vg_xml_open_class(page->xml, "figure", figure->wide ? "plot wide" : "plot");
    struct vg_error err = { 0 };
    vg_autofree char *drawing = figure->svg ? vg_svg_inline(figure->svg, figure->alternative, &err) : NULL;
    if (drawing) {
        vg_xml_open_class(page->xml, "div", "paper scroll");
        vg_xml_attribute(page->xml, "role", "region");
        vg_xml_attribute(page->xml, "tabindex", "0");
        vg_xml_attribute(page->xml, "aria-label", figure->title);
        vg_xml_raw(page->xml, drawing);
        vg_xml_close(page->xml);
    }
    vg_xml_open(page->xml, "figcaption");
    vg_xml_element(page->xml, "strong", figure->title);
    vg_xml_text(page->xml, " ");
    vg_xml_text(page->xml, figure->caption);
    if (figure->svg && !drawing)
        vg_xml_element_class(page->xml, "span", "problem", err.text);
    if (figure->problem)
        vg_xml_element_class(page->xml, "span", "problem", figure->problem);
    write_drivers(page, &figure->drivers);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}
