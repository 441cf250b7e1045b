/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document as a page, with a style of its own: it is to look the same wherever it is made again. */
#include "report/sheet.h"
#include "report/xml.h"

/* Every pair of text and background has a contrast of at least 4.5:1; a word says what a colour says. */
static const char style[] =
    ":root{color-scheme:light}*{box-sizing:border-box}"
    "body{margin:0 auto;padding:2.5rem clamp(1rem,5vw,4rem) 4rem;max-width:62rem;background:#fff;color:#1c2126;"
    "font:1rem/1.5 system-ui,\"Noto Sans\",\"DejaVu Sans\",sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.25;margin:.2rem 0 1rem}h2{font-size:1.2rem;margin:2.2rem 0 .5rem}"
    ".kind{color:#56606a;margin:0;letter-spacing:.06em;text-transform:uppercase;font-size:.8rem}"
    ".outcome{border-left:6px solid;padding:.8rem 1.2rem;font-size:1.25rem;font-weight:650;margin:1rem 0}"
    ".good{border-color:#1c9a5b;background:#dff3e7;color:#0a6138}"
    ".waived{border-color:#c9920e;background:#fbefc9;color:#6a4a00}"
    ".bad{border-color:#d03a35;background:#fde5e4;color:#a01518}"
    "dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.25rem 1.5rem;margin:0}"
    "dt{color:#56606a}dd{margin:0}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem;table-layout:fixed}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #dcdfe2}"
    "thead th{color:#56606a;font-weight:400}tr{break-inside:avoid}"
    /* A phone has no room for columns: a row becomes a block, and each cell says what it is. */
    "@media screen and (max-width:40rem){table,tbody,tr,td{display:block}"
    "thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden;white-space:nowrap}"
    "tr{padding:.5rem 0;border-bottom:1px solid #dcdfe2}"
    "td{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:0 1rem;border:0;padding:.1rem 0}"
    "td::before{content:attr(data-label);color:#56606a}}"
    "@media print{body{padding:0;font-size:10pt}h2{break-after:avoid}.scroll{overflow:visible}}";

static void write_terms(struct vg_xml *xml, const struct vg_sheet_block *block)
{
    vg_xml_open(xml, "dl");
    for (unsigned i = 0; i < block->cell_count; i++)
        vg_xml_element(xml, i % 2 ? "dd" : "dt", block->cells[i]);
    vg_xml_close(xml);
}

/* In a box of its own, which can scroll; the keyboard reaches it under the name of the heading before. */
static void write_table(struct vg_xml *xml, const struct vg_sheet_block *block, const char *heading)
{
    unsigned parts = 0;
    for (unsigned i = 0; i < block->column_count; i++)
        parts += block->columns[i].parts;
    vg_xml_open_class(xml, "div", "scroll");
    vg_xml_attribute(xml, "role", "region");
    vg_xml_attribute(xml, "tabindex", "0");
    vg_xml_attribute(xml, "aria-label", heading);
    vg_xml_open(xml, "table");
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    for (unsigned i = 0; i < block->column_count; i++) {
        vg_autofree char *width = vg_format("width:%u%%", 100 * block->columns[i].parts / parts);
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_attribute(xml, "style", width);
        vg_xml_text(xml, block->columns[i].title);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_open(xml, "tbody");
    for (unsigned i = 0; i < block->cell_count; i++) {
        if (i % block->column_count == 0)
            vg_xml_open(xml, "tr");
        vg_xml_open(xml, "td");
        vg_xml_attribute(xml, "data-label", block->columns[i % block->column_count].title);
        vg_xml_text(xml, block->cells[i]);
        vg_xml_close(xml);
        if ((i + 1) % block->column_count == 0)
            vg_xml_close(xml);
    }
    for (int i = 0; i < 3; i++)
        vg_xml_close(xml);
}

char *vg_sheet_html(const struct vg_sheet *sheet, struct vg_error *err)
{
    static const struct {
        const char *element, *class_name;
    } shapes[] = {
        [VG_SHEET_KIND] = { "p", "kind" },         [VG_SHEET_TITLE] = { "h1", NULL },
        [VG_SHEET_GOOD] = { "p", "outcome good" }, [VG_SHEET_WAIVED] = { "p", "outcome waived" },
        [VG_SHEET_BAD] = { "p", "outcome bad" },   [VG_SHEET_HEADING] = { "h2", NULL },
        [VG_SHEET_PARAGRAPH] = { "p", NULL },
    };
    struct vg_xml *xml = vg_xml_create(VG_XML_HTML, err);
    if (!xml)
        return NULL;
    vg_xml_begin_page(xml, sheet->title, style, false);
    vg_xml_open(xml, "main");
    const char *heading = sheet->title;
    for (unsigned i = 0; i < sheet->count; i++) {
        const struct vg_sheet_block *block = &sheet->blocks[i];
        if (block->kind == VG_SHEET_TERMS) {
            write_terms(xml, block);
        } else if (block->kind == VG_SHEET_TABLE) {
            write_table(xml, block, heading);
        } else {
            vg_xml_element_class(xml, shapes[block->kind].element, shapes[block->kind].class_name, block->cells[0]);
            heading = block->kind == VG_SHEET_HEADING ? block->cells[0] : heading;
        }
    }
    for (int i = 0; i < 3; i++)
        vg_xml_close(xml);
    return vg_xml_finish(xml, err);
}
