/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every HTML page of vgauge has: one file that needs no script, no network and no other file. Its style and its
 * longer texts live in reports/. */
#include <ctype.h>
#include <libxml/parser.h>
#include "report/page.h"

enum { TEMPLATE_MAX_BYTES = 1 << 20 };

static const struct {
    const char *mark, *class_name;
} badges[] = {
    [VG_PASS] = { "\u2713", "badge pass" },       [VG_FAIL] = { "\u2715", "badge fail" },
    [VG_SKIP] = { "\u2013", "badge skip" },       [VG_INVALID] = { "?", "badge invalid" },
    [VG_FINDING] = { "!", "badge finding" },      [VG_LOST] = { "\u2715", "badge lost" },
    [VG_TIMEOUT] = { "\u2715", "badge timeout" },
};

void vg_page_badge(struct vg_page *page, enum vg_verdict verdict)
{
    vg_xml_open_class(page->xml, "span", badges[verdict].class_name);
    vg_xml_open(page->xml, "span");
    vg_xml_attribute(page->xml, "aria-hidden", "true");
    vg_xml_text(page->xml, badges[verdict].mark);
    vg_xml_close(page->xml);
    vg_xml_text(page->xml, " ");
    vg_xml_text(page->xml, vg_verdict_name(verdict));
    vg_xml_close(page->xml);
}

void vg_page_prose(struct vg_page *page, const char *id)
{
    xmlNodePtr root = xmlDocGetRootElement(page->prose);
    for (xmlNodePtr part = root ? root->children : NULL; part; part = part->next) {
        xmlChar *name = part->type == XML_ELEMENT_NODE ? xmlGetProp(part, BAD_CAST "id") : NULL;
        bool found = name && vg_equal((const char *)name, id);
        xmlFree(name);
        if (!found)
            continue;
        xmlBufferPtr text = xmlBufferCreate();
        for (xmlNodePtr child = part->children; text && child; child = child->next)
            xmlNodeDump(text, page->prose, child, 0, 0);
        if (text)
            vg_xml_raw(page->xml, (const char *)xmlBufferContent(text));
        xmlBufferFree(text);
        return;
    }
    vg_warn("reports/prose.xml has no part `%s`", id);
}

void vg_page_scroll_box(struct vg_page *page, const char *label)
{
    vg_xml_open_class(page->xml, "div", "scroll");
    vg_xml_attribute(page->xml, "role", "region");
    vg_xml_attribute(page->xml, "tabindex", "0");
    vg_xml_attribute(page->xml, "aria-label", label);
}

void vg_page_heading(struct vg_page *page, const char *element, const char *id, const char *text)
{
    vg_xml_open(page->xml, element);
    vg_xml_attribute(page->xml, "id", id);
    vg_xml_text(page->xml, text);
    vg_xml_close(page->xml);
}

void vg_page_folded(struct vg_page *page, const char *text)
{
    enum { SHOWN_BYTES = 160 };
    size_t shown = SHOWN_BYTES;
    if (strlen(text) <= shown) {
        vg_xml_text(page->xml, text);
        return;
    }
    while (shown > SHOWN_BYTES / 2 && text[shown] != ' ') /* between words, if there are any */
        shown--;
    if (text[shown] != ' ')
        for (shown = SHOWN_BYTES; ((unsigned char)text[shown] & 0xc0) == 0x80;) /* at least not inside a character */
            shown--;
    vg_autofree char *first = vg_format("%.*s \u2026", (int)shown, text);
    vg_autofree char *rest = vg_format("\u2026 %s", text + shown + strspn(text + shown, " "));
    vg_xml_open(page->xml, "details");
    vg_xml_element(page->xml, "summary", first);
    vg_xml_text(page->xml, rest);
    vg_xml_close(page->xml);
}

char *vg_page_test_anchor(const char *test)
{
    char *anchor = vg_format("test-%.80s", test);
    for (char *c = anchor; *c; c++)
        if ((unsigned char)*c >= 0x80 || !isalnum((unsigned char)*c))
            *c = '-';
    return anchor;
}

const json_t *vg_page_requirement(const struct vg_page *page, const char *id)
{
    size_t index;
    json_t *requirement;
    json_array_foreach(page->requirements, index, requirement)
    {
        if (vg_equal(vg_json_text_or(requirement, "id", NULL), id))
            return requirement;
    }
    return NULL;
}

const char *vg_page_statement(const struct vg_page *page, const char *id)
{
    const json_t *requirement = vg_page_requirement(page, id);
    return requirement ? vg_json_text_or(requirement, "statement", NULL) : NULL;
}

void vg_page_labelled(struct vg_page *page, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    vg_xml_open_class(page->xml, "p", "labelled");
    vg_xml_element_class(page->xml, "span", "label", label);
    vg_xml_text(page->xml, " ");
    vg_xml_text(page->xml, text);
    vg_xml_close(page->xml);
}

void vg_page_link(struct vg_page *page, const char *target, const char *text)
{
    vg_xml_open(page->xml, "a");
    vg_xml_attribute(page->xml, "href", target);
    vg_xml_text(page->xml, text);
    vg_xml_close(page->xml);
}

void vg_page_table_head(struct vg_page *page, const char *const *titles, unsigned count)
{
    vg_xml_open(page->xml, "thead");
    vg_xml_open(page->xml, "tr");
    for (unsigned i = 0; i < count; i++) {
        vg_xml_open(page->xml, "th");
        vg_xml_attribute(page->xml, "scope", "col");
        vg_xml_text(page->xml, titles[i]);
        vg_xml_close(page->xml);
    }
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
}

static bool load_prose(const char *directory, xmlDocPtr *prose, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/prose.xml", directory), *text = NULL;
    size_t length = 0;
    if (!vg_read_file(path, TEMPLATE_MAX_BYTES, &text, &length, err))
        return false;
    *prose = xmlReadMemory(text, (int)length, path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!*prose) {
        const xmlError *error = xmlGetLastError();
        return vg_fail(err, VG_ERROR_INPUT, "%s is not well-formed XML (line %d)", path, error ? error->line : 0);
    }
    return true;
}

bool vg_page_open(struct vg_page *page, const char *template_directory, const char *title, struct vg_error *err)
{
    vg_autofree char *style_path = vg_format("%s/style.css", template_directory), *style = NULL;
    size_t length = 0;
    if (!vg_read_file(style_path, TEMPLATE_MAX_BYTES, &style, &length, err) ||
        !load_prose(template_directory, &page->prose, err))
        return vg_wrap(err, "cannot write the HTML page");
    if (strstr(style, "</"))
        return vg_fail(err, VG_ERROR_INPUT, "%s holds \"</\", which would end the page's style element", style_path);
    page->xml = vg_xml_create(VG_XML_HTML, err);
    if (!page->xml)
        return false;
    vg_xml_begin_page(page->xml, title, style, true);
    return true;
}

bool vg_page_save(struct vg_page *page, const char *footer, const char *path, struct vg_error *err)
{
    vg_xml_open(page->xml, "footer");
    vg_page_prose(page, footer);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    vg_xml_close(page->xml);
    struct vg_xml *xml = page->xml;
    page->xml = NULL;
    return vg_xml_save(xml, path, err);
}

void vg_page_free(struct vg_page *page)
{
    vg_xml_discard(page->xml);
    xmlFreeDoc(page->prose);
    vg_palette_free(&page->palette);
    json_decref(page->gate_items);
    free(page->gate_trouble);
    json_decref(page->gate);
    json_decref(page->requirements);
}
