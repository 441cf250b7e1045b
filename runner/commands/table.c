/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aligned columns and other small forms of output that several commands share. */
#include <ctype.h>
#include "commands/command.h"

int cmd_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void cmd_table_add(struct cmd_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *cell = vg_vformat(format, arguments);
    va_end(arguments);
    /* Folded text from YAML keeps its line ends. */
    for (char *c = cell; *c; c++)
        if (*c == '\n')
            *c = c[1] ? ' ' : '\0';
    vg_push(table->cells, table->cell_count) = cell;
}

static size_t columns(const struct cmd_table *table)
{
    size_t count = 0;
    while (table->headers[count])
        count++;
    return count;
}

static void print_row(FILE *out, const char *const *cells, const int *widths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vg_autofree char *shown = vg_printable(cells[i], strlen(cells[i]), 4096);
        fputs(shown, out);
        if (i + 1 < count)
            fprintf(out, "%*s", widths[i] - cmd_width(shown) + 2, "");
    }
    fputc('\n', out);
}

void cmd_table_print(const struct cmd_table *table, FILE *out)
{
    size_t count = columns(table);
    vg_autofree int *widths = vg_calloc(count, sizeof(*widths));
    for (size_t i = 0; i < count; i++)
        widths[i] = cmd_width(table->headers[i]);
    for (size_t i = 0; i < table->cell_count; i++) {
        vg_autofree char *shown = vg_printable(table->cells[i], strlen(table->cells[i]), 4096);
        int width = cmd_width(shown);
        widths[i % count] = width > widths[i % count] ? width : widths[i % count];
    }
    print_row(out, table->headers, widths, count);
    for (size_t i = 0; i + count <= table->cell_count; i += count)
        print_row(out, (const char *const *)&table->cells[i], widths, count);
}

json_t *cmd_table_to_json(const struct cmd_table *table)
{
    size_t count = columns(table);
    json_t *array = vg_json_new_array();
    for (size_t i = 0; i + count <= table->cell_count; i += count) {
        json_t *row = vg_json_new_object();
        for (size_t j = 0; j < count; j++) {
            vg_autofree char *key = vg_strdup(table->headers[j]);
            for (char *c = key; *c; c++)
                *c = (char)(*c == ' ' ? '_' : tolower((unsigned char)*c));
            vg_json_set_text(row, key, table->cells[i + j]);
        }
        vg_json_append(array, row);
    }
    return array;
}

void cmd_table_free(struct cmd_table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct cmd_table) { 0 };
}

enum { LABEL_COLUMNS = 14, LINE_COLUMNS = 110 };

void cmd_field(const char *label, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_autofree char *text = vg_vformat(format, arguments);
    va_end(arguments);
    int column = printf("  %-*s", LABEL_COLUMNS - 2, label);
    bool first = true;
    char *rest = text;
    for (char *word; (word = strsep(&rest, " \n")) != NULL;) {
        if (!*word)
            continue;
        vg_autofree char *shown = vg_printable(word, strlen(word), 4096);
        int width = cmd_width(shown);
        if (!first && column + 1 + width > LINE_COLUMNS) {
            printf("\n%*s", LABEL_COLUMNS, "");
            column = LABEL_COLUMNS;
            first = true;
        }
        column += printf("%s%s", first ? "" : " ", shown);
        first = false;
    }
    putchar('\n');
}

char *cmd_words(const struct vg_words *words, const char *otherwise)
{
    struct vg_text text = { 0 };
    for (unsigned i = 0; i < words->count; i++)
        vg_text_add(&text, "%s%s", i ? ", " : "", words->items[i]);
    if (!words->count)
        vg_text_add(&text, "%s", otherwise);
    return text.data;
}

void cmd_print_json(json_t *json_stolen)
{
    vg_autojson json_t *json = json_stolen;
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);
    putchar('\n');
}

bool cmd_colour(FILE *out)
{
    const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");
    return isatty(fileno(out)) && !(refused && *refused) && term && strcmp(term, "dumb") != 0;
}
