/* SPDX-License-Identifier: MIT */
/* Parsers for the few files of /proc that the probes read. A thread's name may hold spaces, brackets and whole fake
 * lines, and with some renderers a guest chooses it, so nothing before the last bracket is trusted. */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include "base/base.h"

int procfs_open(const char *root, const char *path, int flags)
{
    vg_autofree char *full = vg_format("%s/%s", root, path);
    return open(full, O_RDONLY | O_CLOEXEC | flags);
}

ssize_t procfs_read_fd(int fd, char *text, size_t size)
{
    ssize_t length;
    do
        length = pread(fd, text, size - 1, 0);
    while (length < 0 && errno == EINTR);
    text[length > 0 ? length : 0] = '\0';
    return length > 0 ? length : -1;
}

ssize_t procfs_read_at(int directory, const char *path, char *text, size_t size)
{
    vg_autoclose int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    text[0] = '\0';
    return fd < 0 ? -1 : procfs_read_fd(fd, text, size);
}

/* One unsigned decimal number after any spaces. False at anything else, or if it does not fit. */
static bool take_number(const char **text, uint64_t *value)
{
    while (**text == ' ')
        (*text)++;
    if (**text < '0' || **text > '9')
        return false;
    char *end;
    errno = 0;
    *value = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && (*end == ' ' || *end == '\n' || *end == '\0');
}

static bool skip_fields(const char **text, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (**text == ' ')
            (*text)++;
        if (**text == '\0' || **text == '\n')
            return false;
        *text += strcspn(*text, " \n");
    }
    return true;
}

/* pid (comm) state ppid ... 14 utime 15 stime 16 cutime 17 cstime ... 22 starttime */
bool procfs_parse_stat(const char *text, struct procfs_stat *stat)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open)
        return false;
    size_t length = (size_t)(close - open - 1);
    if (length >= sizeof(stat->comm))
        length = sizeof(stat->comm) - 1;
    memcpy(stat->comm, open + 1, length);
    stat->comm[length] = '\0';

    const char *at = close + 1;
    uint64_t parent, user, system, reaped_user, reaped_system;
    if (!skip_fields(&at, 1) || !take_number(&at, &parent) || parent > INT_MAX || !skip_fields(&at, 9) ||
        !take_number(&at, &user) || !take_number(&at, &system) || !take_number(&at, &reaped_user) ||
        !take_number(&at, &reaped_system) || !skip_fields(&at, 4) || !take_number(&at, &stat->start_ticks))
        return false;
    stat->parent = (pid_t)parent;
    stat->own_ticks = user + system;
    stat->reaped_ticks = reaped_user + reaped_system;
    return true;
}

bool procfs_parse_schedstat(const char *text, uint64_t *run_ns, uint64_t *wait_ns)
{
    return take_number(&text, run_ns) && take_number(&text, wait_ns);
}

pid_t procfs_last_pid(const char *loadavg)
{
    return skip_fields(&loadavg, 4) ? procfs_parse_pid(loadavg + strspn(loadavg, " ")) : 0;
}

pid_t procfs_parse_pid(const char *text)
{
    uint64_t value;
    return take_number(&text, &value) && value <= INT_MAX ? (pid_t)value : 0;
}

uint64_t procfs_ticks_per_second(void)
{
    long ticks = sysconf(_SC_CLK_TCK);
    return ticks > 0 ? (uint64_t)ticks : 100;
}
