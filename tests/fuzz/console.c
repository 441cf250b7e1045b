/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last lines of what a guest printed on its console: few, short, and nothing in them that a terminal obeys. */
#include "machine/internal.h"
#include "support/file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    enum { LINES = 3 };
    vg_autofree char *tail = vg_file_tail(fuzz_write("console", bytes, length), LINES);
    unsigned breaks = 0;
    for (const char *at = tail; *at; at++) {
        if (((unsigned char)*at < ' ' && *at != '\n') || *at == 0x7f)
            abort();
        breaks += *at == '\n';
    }
    if (breaks >= LINES)
        abort();
    return 0;
}
