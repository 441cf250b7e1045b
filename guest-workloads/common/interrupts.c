/* SPDX-License-Identifier: MIT */
#include "common/interrupts.h"

#include <ctype.h>
#include "base/base.h"

#define MOST_BYTES (1 << 20)

static unsigned cpus_of(const char *header)
{
    unsigned cpus = 0;
    for (const char *at = header; (at = strstr(at, "CPU")) != NULL; at += 3)
        cpus++;
    return cpus;
}

/* " 24:   1   0  PCI-MSI ...": the counts of a numbered row; others are the CPUs' own. */
static int64_t row_sum(const char *line, unsigned cpus)
{
    const char *at = line + strspn(line, " "), *digits = at;
    while (isdigit((unsigned char)*at))
        at++;
    if (at == digits || *at != ':')
        return 0;
    int64_t sum = 0;
    at++;
    for (unsigned i = 0; i < cpus; i++) {
        char *end;
        unsigned long long count = strtoull(at, &end, 10);
        if (end == at || count > INT32_MAX * 1024ull)
            break;
        sum += (int64_t)count;
        at = end;
    }
    return sum;
}

int64_t vg_device_interrupts(const char *root)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/proc/interrupts", root), *text = NULL;
    size_t length;
    if (!vg_read_file(path, MOST_BYTES, &text, &length, &err))
        return -1;
    char *at = text, *line = strsep(&at, "\n");
    unsigned cpus = cpus_of(line);
    int64_t sum = 0;
    while (cpus && (line = strsep(&at, "\n")) != NULL)
        sum += row_sum(line, cpus);
    return cpus ? sum : -1;
}
