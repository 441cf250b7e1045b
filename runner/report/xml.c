/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Well-formed output by libxml2's writer: what is foreign cannot become markup, an attribute or a control character. */
#include <libxml/xmlwriter.h>
#include "report/xml.h"

struct vg_xml {
    enum vg_xml_kind kind;
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
    bool failed;
};

enum { TEXT_MAX_BYTES = 16 << 20 }; /* a plot as a data URI is the longest thing that is ever written */

static void keep(struct vg_xml *xml, int result)
{
    if (result < 0)
        xml->failed = true;
}

struct vg_xml *vg_xml_create(enum vg_xml_kind kind, struct vg_error *err)
{
    struct vg_xml *xml = vg_calloc(1, sizeof(*xml));
    xml->kind = kind;
    xml->buffer = xmlBufferCreate();
    xml->writer = xml->buffer ? xmlNewTextWriterMemory(xml->buffer, 0) : NULL;
    if (!xml->writer) {
        xmlBufferFree(xml->buffer);
        free(xml);
        vg_fail(err, VG_ERROR_ENVIRONMENT, "libxml2 could not make a writer for a report: out of memory");
        return NULL;
    }
    if (kind == VG_XML_HTML) {
        keep(xml, xmlTextWriterWriteDTD(xml->writer, BAD_CAST "html", NULL, NULL, NULL));
        keep(xml, xmlTextWriterWriteRaw(xml->writer, BAD_CAST "\n"));
    } else {
        keep(xml, xmlTextWriterSetIndent(xml->writer, 1));
        keep(xml, xmlTextWriterSetIndentString(xml->writer, BAD_CAST "  "));
        keep(xml, xmlTextWriterStartDocument(xml->writer, NULL, "UTF-8", NULL));
    }
    return xml;
}

void vg_xml_open(struct vg_xml *xml, const char *element)
{
    keep(xml, xmlTextWriterStartElement(xml->writer, BAD_CAST element));
}

void vg_xml_open_class(struct vg_xml *xml, const char *element, const char *class_names)
{
    vg_xml_open(xml, element);
    vg_xml_attribute(xml, "class", class_names);
}

/* Newlines are ours (paragraphs of a failure's text): they are let through one by one, all other control bytes are not.
 * U+FFFE and U+FFFF are no control characters, but XML 1.0 knows no way to write them. */
static char *clean(const char *text)
{
    if (strcmp(text, "\n") == 0)
        return vg_strdup(text);
    char *safe = vg_printable(text, strlen(text), TEXT_MAX_BYTES);
    for (char *c = safe; (c = strstr(c, "\xef\xbf")) != NULL; c += 2)
        if (c[2] == '\xbe' || c[2] == '\xbf')
            memcpy(c, "???", 3);
    return safe;
}

void vg_xml_attribute(struct vg_xml *xml, const char *name, const char *value)
{
    if (!value)
        return;
    vg_autofree char *safe = clean(value);
    keep(xml, xmlTextWriterWriteAttribute(xml->writer, BAD_CAST name, BAD_CAST safe));
}

void vg_xml_text(struct vg_xml *xml, const char *text)
{
    if (!text || !*text)
        return;
    vg_autofree char *safe = clean(text);
    keep(xml, xmlTextWriterWriteString(xml->writer, BAD_CAST safe));
}

void vg_xml_close(struct vg_xml *xml)
{
    /* In HTML `<td/>` opens a cell that never ends, so only elements of XML may be short. */
    keep(xml,
         xml->kind == VG_XML_HTML ? xmlTextWriterFullEndElement(xml->writer) : xmlTextWriterEndElement(xml->writer));
}

void vg_xml_close_void(struct vg_xml *xml)
{
    keep(xml, xmlTextWriterEndElement(xml->writer));
}

void vg_xml_element(struct vg_xml *xml, const char *element, const char *text)
{
    vg_xml_element_class(xml, element, NULL, text);
}

void vg_xml_element_class(struct vg_xml *xml, const char *element, const char *class_names, const char *text)
{
    vg_xml_open_class(xml, element, class_names);
    vg_xml_text(xml, text);
    vg_xml_close(xml);
}

void vg_xml_raw(struct vg_xml *xml, const char *trusted)
{
    keep(xml, xmlTextWriterWriteRaw(xml->writer, BAD_CAST trusted));
}

void vg_xml_discard(struct vg_xml *xml)
{
    if (!xml)
        return;
    xmlFreeTextWriter(xml->writer);
    xmlBufferFree(xml->buffer);
    free(xml);
}

char *vg_xml_finish(struct vg_xml *xml, struct vg_error *err)
{
    keep(xml, xmlTextWriterEndDocument(xml->writer));
    xmlFreeTextWriter(xml->writer); /* flushes into the buffer */
    char *text = xml->failed ? NULL : vg_strdup((const char *)xmlBufferContent(xml->buffer));
    if (!text)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "libxml2 could not write a document: out of memory");
    xmlBufferFree(xml->buffer);
    free(xml);
    return text;
}

bool vg_xml_save(struct vg_xml *xml, const char *path, struct vg_error *err)
{
    keep(xml, xmlTextWriterEndDocument(xml->writer));
    xmlFreeTextWriter(xml->writer); /* flushes into the buffer */
    bool ok = !xml->failed;
    if (!ok)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "libxml2 could not write %s: out of memory", path);
    else
        ok = vg_write_file(path, xmlBufferContent(xml->buffer), (size_t)xmlBufferLength(xml->buffer), err);
    xmlBufferFree(xml->buffer);
    free(xml);
    return ok;
}
