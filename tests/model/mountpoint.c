/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a model may be mounted: an empty directory at which nothing is. What a model that was killed left there is
 * taken away first. */
#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

/* The path without links in front of its last part, which a dead mount does not let anybody ask for. */
static bool absolute(const char *path, char *result, size_t size)
{
    char copy[PATH_MAX], parent[PATH_MAX];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (!length || length >= sizeof(copy))
        return false;
    memcpy(copy, path, length);
    copy[length] = '\0';
    char *slash = strrchr(copy, '/');
    const char *last = slash ? slash + 1 : copy;
    if (slash)
        *slash = '\0';
    if (!realpath(!slash ? "." : *copy ? copy : "/", parent))
        return false;
    int written = snprintf(result, size, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, last);
    return written > 0 && (size_t)written < size;
}

static bool model_is_mounted(const char *path)
{
    char where[PATH_MAX], line[PATH_MAX * 2], point[PATH_MAX];
    bool found = false;
    FILE *mounts = absolute(path, where, sizeof(where)) ? fopen("/proc/self/mountinfo", "re") : NULL;
    while (mounts && fgets(line, sizeof(line), mounts))
        found = found || (sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1 && strcmp(point, where) == 0 &&
                          strstr(line, " vgauge-model "));
    if (mounts)
        fclose(mounts);
    return found;
}

/* A user who is not root has the tool that comes with FUSE. */
static bool take_away(const char *path)
{
    char tool[] = "fusermount3", unmount[] = "-uz";
    char *const arguments[] = { tool, unmount, (char *)path, NULL };
    pid_t pid;
    int status;
    if (umount2(path, MNT_DETACH) == 0)
        return true;
    return posix_spawnp(&pid, tool, NULL, NULL, arguments, environ) == 0 && waitpid(pid, &status, 0) == pid &&
           status == 0;
}

static bool is_empty(const char *path, bool *empty)
{
    DIR *directory = opendir(path);
    *empty = true;
    if (!directory)
        return false;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        *empty = *empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(directory);
    return true;
}

/* Asked for its entries: the kernel may still know a dead file system's attributes. */
static bool is_dead(const char *path)
{
    DIR *directory = opendir(path);
    bool dead = !directory && errno == ENOTCONN;
    if (directory)
        closedir(directory);
    return dead;
}

bool model_may_be_at(const char *path)
{
    struct stat status;
    bool empty, ours = model_is_mounted(path);
    if (ours && is_dead(path)) {
        if (!take_away(path)) {
            fprintf(stderr,
                    "vgauge-model: %s was left by a model that was killed and cannot be unmounted; try "
                    "fusermount3 -uz\n",
                    path);
            return false;
        }
        fprintf(stderr, "vgauge-model: %s was left by a model that was killed; it is unmounted\n", path);
        ours = false;
    }
    const char *why = NULL;
    if (ours)
        why = "a model is served there already";
    else if (stat(path, &status) < 0)
        why = strerror(errno);
    else if (!S_ISDIR(status.st_mode))
        why = "it is no directory";
    else if (!is_empty(path, &empty))
        why = strerror(errno);
    else if (!empty)
        why = "it is not empty, and what is in it would be hidden";
    if (why)
        fprintf(stderr, "vgauge-model: cannot serve at %s: %s\n", path, why);
    return !why;
}
