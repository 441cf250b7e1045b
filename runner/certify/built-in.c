/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suite inside the program: what embed-suites put into one file, and the assembler into the data. A verifier needs
 * nothing but the package and this program, and nobody's edited directory can decide what a threshold is. */
#include "certify/internal.h"

__asm__(".section .rodata\n"
        ".global cert_suites_begin\n"
        "cert_suites_begin:\n"
        ".incbin \"suites.bin\"\n"
        ".global cert_suites_end\n"
        "cert_suites_end:\n"
        ".byte 0\n"
        ".previous\n");
extern const char cert_suites_begin[], cert_suites_end[];

/* The word at *at, and behind it. Caller frees. */
static char *take_word(const char **at)
{
    size_t length = strcspn(*at, " \n");
    char *word = vg_format("%.*s", (int)length, *at);
    *at += length + (*(*at + length) == ' ');
    return word;
}

void cert_built_in_source(char **commit, char **suites_state, char **tree_state)
{
    const char *at = cert_suites_begin + strlen("vgauge-suites ");
    *commit = take_word(&at);
    *suites_state = take_word(&at);
    *tree_state = take_word(&at);
}

/* "NAME LENGTH\n", then so many bytes. */
bool cert_built_in_next(size_t *at, const char **name, size_t *name_length, const char **bytes, size_t *length)
{
    const char *line = cert_suites_begin + *at;
    if (*at == 0)
        line += strcspn(line, "\n") + 1;
    if (line >= cert_suites_end)
        return false;
    *name = line;
    *name_length = strcspn(line, " ");
    char *end;
    *length = strtoul(line + *name_length + 1, &end, 10);
    *bytes = end + 1;
    *at = (size_t)(*bytes + *length - cert_suites_begin);
    return true;
}
