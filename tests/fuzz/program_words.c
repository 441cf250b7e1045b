/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program of others printed in a tenant: piglit's result lines, the figures of benchmarks, names of GPUs; and
 * the lists of tests that such a program is given. Whatever is found fits, and is text of what was printed. */
#include <ctype.h>
#include <stdlib.h>
#include "common/program.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

enum { SMALL = 16 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void look_at(const char *text, const char *value)
{
    size_t length = strlen(value);
    must(length < SMALL && strstr(text, value));
    must(!length || !isspace((unsigned char)value[0]));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static struct vg_program program;
    char value[SMALL], name[SMALL];
    program = (struct vg_program) { .length = length < VG_PROGRAM_OUTPUT ? length : VG_PROGRAM_OUTPUT - 1 };
    memcpy(program.output, bytes, program.length);
    program.timed_out = length % 3 == 0;
    program.signal = length % 3 == 1 ? 11 : 0;
    must(strlen(vg_program_text(&program)) < sizeof(program.how));
    if (vg_program_last(program.output, "PIGLIT: {\"result\": \"", "\"", value, sizeof(value)))
        look_at(program.output, value);
    if (vg_program_last(program.output, "FPS:", " \n", value, sizeof(value)))
        look_at(program.output, value);
    if (vg_program_value(program.output, "Device Name:", value, sizeof(value)))
        look_at(program.output, value);
    const char *list = program.output, *before = list;
    for (; vg_program_next(&list, value, sizeof(value)); before = list) {
        must(list > before && list <= program.output + program.length);
        look_at(before, value);
    }
    vg_program_check_name(program.output, name, sizeof(name));
    must(strlen(name) < SMALL && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
    must(name[0] != '-' && !strstr(name, "--") && (!name[0] || name[strlen(name) - 1] != '-'));
    return 0;
}
