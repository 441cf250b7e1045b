/* SPDX-License-Identifier: MIT */
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/base.h"
#include "procfs.h"

bool sysfs_parse(const char *text, uint64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
    return errno == 0 && (*end == '\n' || *end == '\0');
}

bool sysfs_number(const char *root, const char *path, uint64_t *value)
{
    char text[64];
    vg_autoclose int fd = procfs_open(root, path, 0);
    return fd >= 0 && procfs_read_fd(fd, text, sizeof(text)) >= 0 && sysfs_parse(text, value);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t sysfs_list(const char *root, const char *path, size_t most, char ***names)
{
    vg_autofree char *full = vg_format("%s/%s", root, path);
    vg_autodir DIR *directory = opendir(full);
    size_t count = 0;
    *names = NULL;
    for (const struct dirent *entry; directory && count < most && (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && !strpbrk(entry->d_name, ",\"\n\033"))
            vg_push(*names, count) = vg_strdup(entry->d_name);
    if (count)
        qsort(*names, count, sizeof(**names), by_name);
    return count;
}

void sysfs_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

void sysfs_link_name(const char *root, const char *path, char *name, size_t size)
{
    char target[512];
    vg_autofree char *full = vg_format("%s/%s", root, path);
    ssize_t length = readlink(full, target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(target, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : target);
}
