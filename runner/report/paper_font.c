/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fonts of the paper: which byte a character is, and how wide it is. */
#include "report/paper.h"

enum { FIRST = 0x20, CODES = 0x100 - FIRST, EM = 1000 };

/* Widths of Helvetica and Helvetica-Bold in thousandths of the size, from 0x20 on, as Adobe's metrics of the 14
 * standard fonts of PDF have them (ISO 32000-1, 9.6.2.2); tests/integration/report-page.sh asks a viewer. */
static const short widths[2][CODES] = {
    {
        278,  278, 355, 556,  556, 889, 667, 191, 333, 333, 389, 584,  278, 333, 278,  278, 556,  556,  556, 556,  556,
        556,  556, 556, 556,  556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722,  722, 667,  611,  778, 722,  278,
        500,  667, 556, 833,  722, 778, 667, 778, 722, 667, 611, 722,  667, 944, 667,  667, 611,  278,  278, 278,  469,
        556,  333, 556, 556,  500, 556, 556, 278, 556, 556, 222, 222,  500, 222, 833,  556, 556,  556,  556, 333,  500,
        278,  556, 500, 722,  500, 500, 500, 334, 260, 334, 584, 0,    556, 350, 222,  556, 333,  1000, 556, 556,  333,
        1000, 667, 333, 1000, 350, 611, 350, 350, 222, 222, 333, 333,  350, 556, 1000, 333, 1000, 500,  333, 944,  350,
        500,  667, 278, 333,  556, 556, 556, 556, 260, 556, 333, 737,  370, 556, 584,  333, 737,  333,  400, 584,  333,
        333,  333, 556, 537,  278, 333, 333, 365, 556, 834, 834, 834,  611, 667, 667,  667, 667,  667,  667, 1000, 722,
        667,  667, 667, 667,  278, 278, 278, 278, 722, 722, 778, 778,  778, 778, 778,  584, 778,  722,  722, 722,  722,
        667,  667, 611, 556,  556, 556, 556, 556, 556, 889, 500, 556,  556, 556, 556,  278, 278,  278,  278, 556,  556,
        556,  556, 556, 556,  556, 584, 611, 556, 556, 556, 556, 500,  556, 500,
    },
    {
        278,  333, 474, 556,  556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278,  278, 556,  556,  556, 556,  556,
        556,  556, 556, 556,  556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722,  722, 667,  611,  778, 722,  278,
        556,  722, 611, 833,  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,  667, 611,  333,  278, 333,  584,
        556,  333, 556, 611,  556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889,  611, 611,  611,  611, 389,  556,
        333,  611, 556, 778,  556, 556, 500, 389, 280, 389, 584, 0,   556, 350, 278,  556, 500,  1000, 556, 556,  333,
        1000, 667, 333, 1000, 350, 611, 350, 350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556,  333, 944,  350,
        500,  667, 278, 333,  556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584,  333, 737,  333,  400, 584,  333,
        333,  333, 611, 556,  278, 333, 333, 365, 556, 834, 834, 834, 611, 722, 722,  722, 722,  722,  722, 1000, 722,
        667,  667, 667, 667,  278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778,  584, 778,  722,  722, 722,  722,
        667,  667, 611, 556,  556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556,  278, 278,  278,  278, 611,  611,
        611,  611, 611, 611,  611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
    },
};

/* 0x80 to 0x9f of WinAnsiEncoding (ISO 32000-1, annex D); the rest is Latin-1. 0: nothing. */
static const unsigned short special[0x20] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* One character of UTF-8, and how many bytes it has; a byte that begins none is U+FFFD. */
static unsigned decode(const unsigned char *at, unsigned *length)
{
    static const struct {
        unsigned char mask, lead;
        unsigned least;
    } forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
    for (unsigned i = 0; i < VG_COUNT(forms); i++) {
        if ((*at & forms[i].mask) != forms[i].lead)
            continue;
        unsigned code = *at & (unsigned char)~forms[i].mask;
        for (unsigned k = 1; k <= i; k++) {
            if ((at[k] & 0xc0) != 0x80) { /* also the end of the text */
                *length = 1;
                return 0xfffd;
            }
            code = code << 6 | (at[k] & 0x3f);
        }
        *length = i + 1;
        return code >= forms[i].least ? code : 0xfffd;
    }
    *length = 1;
    return 0xfffd;
}

char *vg_paper_encode(const char *text)
{
    struct vg_text bytes = { 0 };
    vg_text_add(&bytes, "%s", "");
    unsigned length;
    for (const unsigned char *at = (const unsigned char *)text; *at; at += length) {
        unsigned code = decode(at, &length);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            vg_text_add_bytes(&bytes, " ", 1);
            continue;
        }
        unsigned byte = code <= 0xff ? code : 0;
        for (unsigned i = 0; i < VG_COUNT(special) && !byte; i++)
            byte = special[i] == code ? 0x80 + i : 0;
        if (byte)
            vg_text_add_bytes(&bytes, &(char) { (char)byte }, 1);
        else
            vg_text_add(&bytes, "[U+%04X]", code);
    }
    return bytes.data;
}

int vg_paper_width(enum vg_paper_font font, int size, const char *text, size_t length)
{
    int64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        sum += byte >= FIRST ? widths[font][byte - FIRST] : 0;
    }
    sum = sum * size / EM;
    return sum < INT32_MAX ? (int)sum : INT32_MAX;
}
