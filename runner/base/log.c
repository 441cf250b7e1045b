/* SPDX-License-Identifier: MIT */
/* Levelled messages on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"

static enum vg_log_level chosen_level = VG_LOG_WARN;
static void (*before)(void);

void vg_log_set_level(enum vg_log_level level)
{
    chosen_level = level;
}

void vg_log_set_hook(void (*before_message)(void))
{
    before = before_message;
}

void vg_log(enum vg_log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    if (level > chosen_level)
        return;
    if (before)
        before();
    /* One write per message, so that lines of threads do not mix. */
    char line[4096];
    int head = snprintf(line, sizeof(line), "vgauge: %s: ", names[level]);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s\n", line);
}
