/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document while it is built. */
#include "report/sheet.h"

static struct vg_sheet_block *begin(struct vg_sheet *sheet, enum vg_sheet_kind kind,
                                    const struct vg_sheet_column *columns, unsigned count)
{
    vg_push(sheet->blocks, sheet->count) =
        (struct vg_sheet_block) { .kind = kind, .columns = columns, .column_count = count };
    return &sheet->blocks[sheet->count - 1];
}

void vg_sheet_cell(struct vg_sheet *sheet, const char *text)
{
    struct vg_sheet_block *block = &sheet->blocks[sheet->count - 1];
    vg_push(block->cells, block->cell_count) = vg_strdup(text && *text ? text : "\u2013");
}

void vg_sheet_add(struct vg_sheet *sheet, enum vg_sheet_kind kind, const char *text)
{
    begin(sheet, kind, NULL, 1);
    vg_sheet_cell(sheet, text);
}

void vg_sheet_terms(struct vg_sheet *sheet)
{
    begin(sheet, VG_SHEET_TERMS, NULL, 2);
}

void vg_sheet_table(struct vg_sheet *sheet, const struct vg_sheet_column *columns, unsigned count)
{
    begin(sheet, VG_SHEET_TABLE, columns, count);
}

void vg_sheet_free(struct vg_sheet *sheet)
{
    for (unsigned i = 0; i < sheet->count; i++) {
        for (unsigned j = 0; j < sheet->blocks[i].cell_count; j++)
            free(sheet->blocks[i].cells[j]);
        free(sheet->blocks[i].cells);
    }
    free(sheet->blocks);
    free(sheet->title);
    *sheet = (struct vg_sheet) { 0 };
}
