/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether valgrind runs this program: it makes everything some twenty times slower, brings its own malloc, and makes
 * system calls of its own. A test whose subject is one of these has nothing to say there, and skips. */
#pragma once
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD"); /* its tools travel there, and no package is needed to see it */
    return preloaded && strstr(preloaded, "/vgpreload_");
}
