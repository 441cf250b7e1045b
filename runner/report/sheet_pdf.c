/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document on paper: lines are broken, tables go on from page to page with their head repeated, and each page says
 * which one of how many it is. */
#include "report/sheet.h"
#include "report/paper.h"

enum {
    MARGIN = 4800,
    INNER = VG_PAPER_WIDTH - 2 * MARGIN,
    BOTTOM = VG_PAPER_HEIGHT - 5400,
    TEXT_MAX_BYTES = 1 << 20,
    CELL_PAD_X = 500,
    CELL_PAD_Y = 280,
    ROOM_AFTER_HEADING = 6000, /* a heading alone at the foot of a page helps nobody */
};
enum { INK = 0x1c2126, SOFT = 0x56606a, LINE = 0xdcdfe2, HEAD = 0xeef0f2 };

struct face {
    enum vg_paper_font font;
    int size, leading, before, after;
    unsigned colour;
};
static const struct face table_face = { VG_PAPER_PLAIN, 800, 1020, 0, 1000, INK };
static const struct face head_face = { VG_PAPER_BOLD, 750, 1020, 0, 0, SOFT };
static const struct face foot_face = { VG_PAPER_PLAIN, 750, 900, 0, 0, SOFT };
static const struct face term_face = { VG_PAPER_PLAIN, 950, 1250, 0, 300, INK };
static const struct face faces[] = {
    [VG_SHEET_KIND] = { VG_PAPER_BOLD, 800, 1100, 0, 300, SOFT },
    [VG_SHEET_TITLE] = { VG_PAPER_BOLD, 1800, 2200, 0, 900, INK },
    [VG_SHEET_GOOD] = { VG_PAPER_BOLD, 1300, 1700, 0, 900, 0x0a6138 },
    [VG_SHEET_WAIVED] = { VG_PAPER_BOLD, 1300, 1700, 0, 900, 0x6a4a00 },
    [VG_SHEET_BAD] = { VG_PAPER_BOLD, 1300, 1700, 0, 900, 0xa01518 },
    [VG_SHEET_HEADING] = { VG_PAPER_BOLD, 1200, 1500, 1400, 500, INK },
    [VG_SHEET_PARAGRAPH] = { VG_PAPER_PLAIN, 950, 1300, 0, 700, INK },
};

struct writer {
    struct vg_paper paper;
    int y; /* the lower edge of what is written */
};

static unsigned page_of(const struct writer *writer)
{
    return writer->paper.count - 1;
}

static void next_page(struct writer *writer)
{
    vg_paper_page(&writer->paper);
    writer->y = MARGIN;
}

/* A text in lines that fit: pieces of the one buffer. */
struct lines {
    char *bytes;
    struct {
        size_t at, length;
    } * items;
    unsigned count;
};

static void lines_free(struct lines *lines)
{
    free(lines->bytes);
    free(lines->items);
}

static void add_line(struct lines *lines, size_t from, size_t to)
{
    while (to > from && lines->bytes[to - 1] == ' ')
        to--;
    vg_push(lines->items, lines->count).at = from;
    lines->items[lines->count - 1].length = to - from;
}

/* At the last space that fits, else behind a mark inside a long name, else wherever the line is full. */
static struct lines broken(const char *text, const struct face *face, int width)
{
    vg_autofree char *safe = vg_printable(text, strlen(text), TEXT_MAX_BYTES);
    struct lines lines = { .bytes = vg_paper_encode(safe) };
    size_t from = 0, space = 0, mark = 0, at = 0;
    for (; lines.bytes[at]; at++) {
        if (at > from && vg_paper_width(face->font, face->size, lines.bytes + from, at + 1 - from) > width &&
            lines.bytes[at] != ' ') {
            size_t cut = space > from ? space : mark > from ? mark : at;
            add_line(&lines, from, cut);
            from = cut;
        }
        if (lines.bytes[at] == ' ')
            space = at + 1;
        else if (strchr("/-_.,:;", lines.bytes[at]))
            mark = at + 1;
    }
    if (at > from || !lines.count)
        add_line(&lines, from, at);
    return lines;
}

static void draw_line(struct writer *writer, const struct lines *lines, unsigned number, const struct face *face, int x,
                      int top)
{
    /* The baseline lies so that letters stand in the middle of their line. */
    int baseline = top + (face->leading + face->size * 7 / 10) / 2;
    vg_paper_text(&writer->paper, page_of(writer), x, baseline, face->font, face->size, face->colour,
                  lines->bytes + lines->items[number].at, lines->items[number].length);
}

static void write_text(struct writer *writer, const char *text, const struct face *face, int x, int width)
{
    struct lines lines VG_CLEANUP(lines_free) = broken(text, face, width);
    for (unsigned i = 0; i < lines.count; i++) {
        if (writer->y + face->leading > BOTTOM)
            next_page(writer);
        draw_line(writer, &lines, i, face, x, writer->y);
        writer->y += face->leading;
    }
    writer->y += face->after;
}

static void write_outcome(struct writer *writer, const char *text, enum vg_sheet_kind kind)
{
    enum { PAD = 800, BAR = 400 };
    static const unsigned behind[] = {
        [VG_SHEET_GOOD] = 0xdff3e7, [VG_SHEET_WAIVED] = 0xfbefc9, [VG_SHEET_BAD] = 0xfde5e4
    };
    const struct face *face = &faces[kind];
    int height = face->leading + 2 * PAD;
    vg_paper_box(&writer->paper, page_of(writer), MARGIN, writer->y, INNER, height, behind[kind]);
    vg_paper_box(&writer->paper, page_of(writer), MARGIN, writer->y, BAR, height, face->colour);
    writer->y += PAD;
    write_text(writer, text, face, MARGIN + BAR + PAD, INNER - BAR - 2 * PAD);
    writer->y += PAD;
}

static void write_terms(struct writer *writer, const struct vg_sheet_block *block)
{
    enum { TERM_WIDTH = 9000 };
    struct face term = term_face;
    term.colour = SOFT;
    for (unsigned i = 0; i + 1 < block->cell_count; i += 2) {
        if (writer->y + term.leading > BOTTOM)
            next_page(writer);
        int top = writer->y;
        struct lines lines VG_CLEANUP(lines_free) = broken(block->cells[i], &term, TERM_WIDTH);
        draw_line(writer, &lines, 0, &term, MARGIN, top);
        write_text(writer, block->cells[i + 1], &term_face, MARGIN + TERM_WIDTH, INNER - TERM_WIDTH);
    }
    writer->y += term.leading / 2;
}

/* Where a column begins; that behind the last one is the right margin. */
static int column_at(const struct vg_sheet_block *block, unsigned column)
{
    unsigned before = 0, all = 0;
    for (unsigned i = 0; i < block->column_count; i++) {
        all += block->columns[i].parts;
        before += i < column ? block->columns[i].parts : 0;
    }
    return MARGIN + (int)((unsigned)INNER * before / (all ? all : 1));
}

static void write_table_head(struct writer *writer, const struct vg_sheet_block *block)
{
    vg_paper_box(&writer->paper, page_of(writer), MARGIN, writer->y, INNER, head_face.leading + 2 * CELL_PAD_Y, HEAD);
    for (unsigned i = 0; i < block->column_count; i++) {
        int x = column_at(block, i), width = column_at(block, i + 1) - x - 2 * CELL_PAD_X;
        struct lines lines VG_CLEANUP(lines_free) = broken(block->columns[i].title, &head_face, width);
        draw_line(writer, &lines, 0, &head_face, x + CELL_PAD_X, writer->y + CELL_PAD_Y);
    }
    writer->y += head_face.leading + 2 * CELL_PAD_Y;
}

/* Never cut if it fits on a page; a longer one goes on where the page ends. */
static void write_row(struct writer *writer, const struct vg_sheet_block *block, char *const *cells)
{
    vg_autofree struct lines *columns = vg_calloc(block->column_count, sizeof(*columns));
    unsigned most = 1;
    for (unsigned i = 0; i < block->column_count; i++) {
        int width = column_at(block, i + 1) - column_at(block, i) - 2 * CELL_PAD_X;
        columns[i] = broken(cells[i], &table_face, width);
        most = columns[i].count > most ? columns[i].count : most;
    }
    unsigned on_a_page = (unsigned)((BOTTOM - MARGIN - 5000) / table_face.leading);
    for (unsigned done = 0; done < most;) {
        int room = (BOTTOM - writer->y - 2 * CELL_PAD_Y) / table_face.leading;
        unsigned wanted = most - done, fits = room > 0 ? (unsigned)room : 0;
        if (fits < wanted && (wanted <= on_a_page || fits < 3)) {
            next_page(writer);
            write_table_head(writer, block);
            continue;
        }
        unsigned now = wanted < fits ? wanted : fits;
        for (unsigned i = 0; i < block->column_count; i++)
            for (unsigned k = 0; k < now && done + k < columns[i].count; k++)
                draw_line(writer, &columns[i], done + k, &table_face, column_at(block, i) + CELL_PAD_X,
                          writer->y + CELL_PAD_Y + (int)k * table_face.leading);
        writer->y += (int)now * table_face.leading + 2 * CELL_PAD_Y;
        done += now;
    }
    vg_paper_box(&writer->paper, page_of(writer), MARGIN, writer->y - 25, INNER, 50, LINE);
    for (unsigned i = 0; i < block->column_count; i++)
        lines_free(&columns[i]);
}

static void write_table(struct writer *writer, const struct vg_sheet_block *block)
{
    if (writer->y + 4 * table_face.leading > BOTTOM)
        next_page(writer);
    write_table_head(writer, block);
    for (unsigned i = 0; i + block->column_count <= block->cell_count; i += block->column_count)
        write_row(writer, block, block->cells + i);
    writer->y += table_face.after;
}

static void write_block(struct writer *writer, const struct vg_sheet_block *block)
{
    if (block->kind == VG_SHEET_TERMS) {
        write_terms(writer, block);
        return;
    }
    if (block->kind == VG_SHEET_TABLE) {
        write_table(writer, block);
        return;
    }
    if (block->kind == VG_SHEET_GOOD || block->kind == VG_SHEET_WAIVED || block->kind == VG_SHEET_BAD) {
        write_outcome(writer, block->cells[0], block->kind);
        return;
    }
    const struct face *face = &faces[block->kind];
    if (block->kind == VG_SHEET_HEADING && writer->y + face->before + face->leading + ROOM_AFTER_HEADING > BOTTOM)
        next_page(writer);
    else
        writer->y += face->before;
    write_text(writer, block->cells[0], face, MARGIN, INNER);
}

/* The document's name, cut if it must be, and the page's number. */
static void write_feet(struct writer *writer, const char *title)
{
    for (unsigned i = 0; i < writer->paper.count; i++) {
        vg_autofree char *number = vg_format("page %u of %u", i + 1, writer->paper.count);
        int width = vg_paper_width(foot_face.font, foot_face.size, number, strlen(number));
        int baseline = VG_PAPER_HEIGHT - 3000;
        struct lines lines VG_CLEANUP(lines_free) = broken(title, &foot_face, INNER - width - 2000);
        vg_paper_text(&writer->paper, i, MARGIN, baseline, foot_face.font, foot_face.size, foot_face.colour,
                      lines.bytes, lines.items[0].length);
        vg_paper_text(&writer->paper, i, MARGIN + INNER - width, baseline, foot_face.font, foot_face.size,
                      foot_face.colour, number, strlen(number));
    }
}

char *vg_sheet_pdf(const struct vg_sheet *sheet, const char *made)
{
    struct writer writer = { 0 };
    next_page(&writer);
    for (unsigned i = 0; i < sheet->count; i++)
        write_block(&writer, &sheet->blocks[i]);
    write_feet(&writer, sheet->title);
    char *pdf = vg_paper_finish(&writer.paper, sheet->title, made);
    vg_paper_free(&writer.paper);
    return pdf;
}
