/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate on paper: the same bytes each time, every text in it once and in order, whatever its length, and a
 * file whose table of offsets is right. tests/integration/report-page.sh shows it to a viewer. */
#include "report/paper.h"
#include "report/sheet.h"
#include "support/report_results.h"

static void letters_are_encoded(void **state)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        { "plain", "plain" },
        { "\u00fcber \u2013 \u20ac", "\xfc"
                                     "ber \x96 \x80" },
        { "\u4e2d\u56fd", "[U+4E2D][U+56FD]" },
        { "\U0001f600", "[U+1F600]" },
        { "a\nb\x7f\xc2\x85", "a b  " },
        { "cut \xe2\x82", "cut [U+FFFD][U+FFFD]" },
        { "\xc0\x80", "[U+FFFD]" }, /* overlong */
        { "", "" },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_autofree char *bytes = vg_paper_encode(cases[i].text);
        assert_string_equal(bytes, cases[i].bytes);
    }
}

static void widths_are_those_of_the_fonts(void **state)
{
    (void)state;
    assert_int_equal(vg_paper_width(VG_PAPER_PLAIN, 1000, "Wi.", 3), 944 + 222 + 278);
    assert_int_equal(vg_paper_width(VG_PAPER_BOLD, 1000, "Wi.", 3), 944 + 278 + 278);
    assert_int_equal(vg_paper_width(VG_PAPER_PLAIN, 500, "\xff\x96", 2), 250 + 278);
}

/* All that is shown, in the order of the file: the strings before each Tj. */
static char *shown(const char *pdf)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (const char *end = pdf; (end = strstr(end, ") Tj")) != NULL; end++) {
        const char *begin = end;
        while (begin > pdf && !(begin[-1] == '(' && begin[-2] != '\\'))
            begin--;
        vg_text_add_bytes(&text, begin, (size_t)(end - begin));
        vg_text_add(&text, "\n");
    }
    return text.data;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* Each object lies where the table at the end says. */
static void offsets_are_right(const char *pdf)
{
    const char *table = strstr(pdf, "\nxref\n0 ");
    assert_non_null(table);
    assert_int_equal(atol(strstr(pdf, "startxref\n") + 10), table + 1 - pdf);
    unsigned count = (unsigned)atoi(table + 8);
    const char *entry = strchr(table + 8, '\n') + 1 + 20;
    for (unsigned i = 1; i < count; i++, entry += 20) {
        vg_autofree char *begin = vg_format("%u 0 obj\n", i);
        assert_memory_equal(pdf + atol(entry), begin, strlen(begin));
    }
    assert_memory_equal(entry, "trailer", 7);
    for (const char *at = pdf; *at; at++)
        assert_true((unsigned char)*at < 0x80);
}

static void fill(struct vg_sheet *sheet, unsigned rows)
{
    static const struct vg_sheet_column columns[] = { { "First", 1 }, { "Second", 3 } };
    sheet->title = vg_strdup("A title \u4e2d");
    vg_sheet_add(sheet, VG_SHEET_TITLE, "A (round\\) title");
    vg_sheet_add(sheet, VG_SHEET_GOOD, "It is good.");
    vg_sheet_add(sheet, VG_SHEET_HEADING, "A table");
    vg_sheet_table(sheet, columns, VG_COUNT(columns));
    for (unsigned i = 0; i < rows; i++) {
        vg_autofree char *name = vg_format("row-%u-", i);
        vg_sheet_cell(sheet, name);
        vg_sheet_cell(sheet,
                      i % 7 ? "some words that are long enough to need a second line on any paper, however wide it "
                              "may be made by whoever makes it"
                            : NULL);
    }
}

static void tables_go_on_from_page_to_page(void **state)
{
    (void)state;
    struct vg_sheet sheet VG_CLEANUP(vg_sheet_free) = { 0 };
    fill(&sheet, 200);
    vg_autofree char *pdf = vg_sheet_pdf(&sheet, "2026-11-22T09:12:00Z"), *text = shown(pdf);
    vg_autofree char *again = vg_sheet_pdf(&sheet, "2026-11-22T09:12:00Z");
    assert_string_equal(pdf, again);
    offsets_are_right(pdf);
    assert_non_null(strstr(pdf, "/CreationDate (D:20261122091200Z)"));
    assert_non_null(strstr(pdf, "/Title <FEFF00410020007400690074006C006500204E2D>"));
    assert_non_null(strstr(text, "A \\(round\\\\\\) title\n"));
    unsigned pages = count_of(pdf, "/Type /Page ");
    assert_in_range(pages, 5, 20);
    assert_int_equal(count_of(text, "First\n"), pages); /* its head on each */
    for (unsigned i = 0; i < 200; i++) {
        vg_autofree char *name = vg_format("row-%u-\n", i);
        assert_int_equal(count_of(text, name), 1);
    }
    for (unsigned i = 1; i <= pages; i++) {
        vg_autofree char *number = vg_format("page %u of %u\n", i, pages);
        assert_int_equal(count_of(text, number), 1);
    }
}

/* A text that no page can hold is cut between lines, and nothing of it is lost. */
static void a_cell_longer_than_a_page(void **state)
{
    static const struct vg_sheet_column columns[] = { { "One", 1 } };
    enum { MANY = 4000 };
    (void)state;
    struct vg_sheet sheet VG_CLEANUP(vg_sheet_free) = { .title = vg_strdup("t") };
    vg_autotext struct vg_text words = { 0 };
    for (unsigned i = 0; i < MANY; i++)
        vg_text_add(&words, "w%u ", i);
    vg_sheet_table(&sheet, columns, 1);
    vg_sheet_cell(&sheet, words.data);
    vg_autofree char *pdf = vg_sheet_pdf(&sheet, NULL), *text = shown(pdf);
    offsets_are_right(pdf);
    assert_null(strstr(pdf, "/CreationDate"));
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    const char *at = text;
    for (unsigned i = 0; i < MANY; i++) {
        vg_autofree char *word = vg_format("w%u ", i);
        at = strstr(at, word);
        assert_non_null(at);
    }
}

static void a_long_name_is_broken(void **state)
{
    static const struct vg_sheet_column columns[] = { { "Narrow", 1 }, { "Wide", 9 } };
    (void)state;
    struct vg_sheet sheet VG_CLEANUP(vg_sheet_free) = { .title = vg_strdup("t") };
    vg_sheet_table(&sheet, columns, 2);
    vg_sheet_cell(&sheet, "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    vg_sheet_cell(&sheet, "x");
    vg_autofree char *pdf = vg_sheet_pdf(&sheet, NULL), *text = shown(pdf);
    assert_non_null(strstr(text, "sha256:\n0123456"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(vg_paper_width(VG_PAPER_PLAIN, 800, line, strlen(line)) < VG_PAPER_WIDTH / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_encoded),
        cmocka_unit_test(widths_are_those_of_the_fonts),
        cmocka_unit_test(tables_go_on_from_page_to_page),
        cmocka_unit_test(a_cell_longer_than_a_page),
        cmocka_unit_test(a_long_name_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
