/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PDF file (ISO 32000-1) of the simplest kind: pages of text and boxes, a table of offsets, nothing compressed. */
#include "report/paper.h"

#include <inttypes.h>

enum { FIXED_OBJECTS = 5 }; /* catalogue, pages, two fonts, information; then a page and its content in turn */

/* "12.34": lengths are whole hundredths, so that no machine rounds another way. */
static void add_length(struct vg_text *text, int hundredths)
{
    int size = hundredths < 0 ? -hundredths : hundredths;
    vg_text_add(text, "%s%d.%02d ", hundredths < 0 ? "-" : "", size / 100, size % 100);
}

static void add_colour(struct vg_text *text, unsigned colour)
{
    for (int shift = 16; shift >= 0; shift -= 8) {
        unsigned part = ((colour >> shift & 0xff) * 1000 + 127) / 255;
        vg_text_add(text, "%u.%03u ", part / 1000, part % 1000);
    }
    vg_text_add(text, "rg ");
}

/* In parentheses, with what means something there escaped. */
static void add_string(struct vg_text *text, const char *bytes, size_t length)
{
    vg_text_add(text, "(");
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' || byte > '~')
            vg_text_add(text, "\\%03o", byte);
        else
            vg_text_add(text, "%s%c", strchr("()\\", byte) ? "\\" : "", byte);
    }
    vg_text_add(text, ")");
}

void vg_paper_page(struct vg_paper *paper)
{
    vg_push(paper->pages, paper->count) = (struct vg_text) { 0 };
}

void vg_paper_text(struct vg_paper *paper, unsigned page, int x, int y, enum vg_paper_font font, int size,
                   unsigned colour, const char *text, size_t length)
{
    struct vg_text *content = &paper->pages[page];
    vg_text_add(content, "BT /%s ", font == VG_PAPER_BOLD ? "B" : "R");
    add_length(content, size);
    vg_text_add(content, "Tf ");
    add_colour(content, colour);
    add_length(content, x);
    add_length(content, VG_PAPER_HEIGHT - y);
    vg_text_add(content, "Td ");
    add_string(content, text, length);
    vg_text_add(content, " Tj ET\n");
}

void vg_paper_box(struct vg_paper *paper, unsigned page, int x, int y, int width, int height, unsigned colour)
{
    struct vg_text *content = &paper->pages[page];
    add_colour(content, colour);
    add_length(content, x);
    add_length(content, VG_PAPER_HEIGHT - y - height);
    add_length(content, width);
    add_length(content, height);
    vg_text_add(content, "re f\n");
}

bool vg_paper_instant(const char *instant, char digits[15])
{
    unsigned count = 0;
    for (const char *c = instant ? instant : ""; *c && count < 14; c++)
        if (*c >= '0' && *c <= '9')
            digits[count++] = *c;
    digits[count] = '\0';
    return count == 14;
}

struct file {
    struct vg_text text;
    size_t *offsets;
    unsigned count;
};

static void begin_object(struct file *file)
{
    vg_push(file->offsets, file->count) = file->text.length;
    vg_text_add(&file->text, "%u 0 obj\n", file->count);
}

static void add_object(struct file *file, const char *body)
{
    begin_object(file);
    vg_text_add(&file->text, "%s\nendobj\n", body);
}

/* A title may hold any character: UTF-16 with its mark, as hexadecimal digits. */
static void add_title(struct vg_text *text, const char *title)
{
    vg_text_add(text, "<FEFF");
    for (const unsigned char *at = (const unsigned char *)title; *at; at++) {
        unsigned code = *at;
        unsigned more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;
        code &= more ? 0x3fu >> more : 0x7f;
        for (; more && (at[1] & 0xc0) == 0x80; more--)
            code = code << 6 | (*++at & 0x3f);
        if (code >= 0x10000)
            vg_text_add(text, "%04X%04X", 0xd800 + ((code - 0x10000) >> 10 & 0x3ff), 0xdc00 + (code & 0x3ff));
        else
            vg_text_add(text, "%04X", code);
    }
    vg_text_add(text, ">");
}

static void add_information(struct file *file, const char *title, const char *made)
{
    char digits[15];
    begin_object(file);
    vg_text_add(&file->text, "<< /Title ");
    add_title(&file->text, title);
    vg_text_add(&file->text, " /Producer (vgauge)");
    if (vg_paper_instant(made, digits))
        vg_text_add(&file->text, " /CreationDate (D:%sZ)", digits);
    vg_text_add(&file->text, " >>\nendobj\n");
}

static void add_pages(struct file *file, const struct vg_paper *paper)
{
    for (unsigned i = 0; i < paper->count; i++) {
        const struct vg_text *content = &paper->pages[i];
        vg_autofree char *page = vg_format("<< /Type /Page /Parent 2 0 R /Contents %u 0 R >>", file->count + 2);
        add_object(file, page);
        begin_object(file);
        vg_text_add(&file->text, "<< /Length %zu >>\nstream\n", content->length);
        vg_text_add_bytes(&file->text, content->data ? content->data : "", content->length);
        vg_text_add(&file->text, "endstream\nendobj\n");
    }
}

char *vg_paper_finish(const struct vg_paper *paper, const char *title, const char *made)
{
    static const char font[] = "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>";
    struct file file = { 0 };
    vg_text_add(&file.text, "%%PDF-1.4\n");
    add_object(&file, "<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>");
    begin_object(&file);
    vg_text_add(
        &file.text,
        "<< /Type /Pages /Count %u /MediaBox [0 0 %d %d] /Resources << /Font << /R 3 0 R /B 4 0 R >> >> /Kids [",
        paper->count, VG_PAPER_WIDTH / 100, VG_PAPER_HEIGHT / 100);
    for (unsigned i = 0; i < paper->count; i++)
        vg_text_add(&file.text, "%s%u 0 R", i ? " " : "", FIXED_OBJECTS + 1 + 2 * i);
    vg_text_add(&file.text, "] >>\nendobj\n");
    vg_autofree char *plain = vg_format(font, "Helvetica"), *bold = vg_format(font, "Helvetica-Bold");
    add_object(&file, plain);
    add_object(&file, bold);
    add_information(&file, title, made);
    add_pages(&file, paper);
    size_t table = file.text.length;
    vg_text_add(&file.text, "xref\n0 %u\n0000000000 65535 f \n", file.count + 1);
    for (unsigned i = 0; i < file.count; i++)
        vg_text_add(&file.text, "%010zu 00000 n \n", file.offsets[i]);
    vg_text_add(&file.text, "trailer\n<< /Size %u /Root 1 0 R /Info 5 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
                file.count + 1, table);
    free(file.offsets);
    return file.text.data;
}

void vg_paper_free(struct vg_paper *paper)
{
    for (unsigned i = 0; i < paper->count; i++)
        vg_text_free(&paper->pages[i]);
    free(paper->pages);
    *paper = (struct vg_paper) { 0 };
}
