/* SPDX-License-Identifier: MIT */
/* Whole files, atomically and within bounds. */
#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

bool vg_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool vg_is_gone(const char *path)
{
    return access(path, F_OK) < 0 && errno == ENOENT;
}

/* Reads to the end or to max_bytes + 1, whichever comes first. sysfs and procfs say nothing true about sizes. */
static bool read_all(int fd, size_t max_bytes, struct vg_text *content)
{
    char buffer[65536];
    while (content->length <= max_bytes) {
        ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        vg_text_add_bytes(content, buffer, (size_t)got);
    }
    return true;
}

bool vg_read_file(const char *path, size_t max_bytes, char **data, size_t *length, struct vg_error *err)
{
    vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", path);
    struct stat status;
    if (fstat(fd, &status) < 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot inspect %s", path);
    if (!S_ISREG(status.st_mode))
        return vg_fail(err, VG_ERROR_INPUT, "%s is not a regular file", path);
    vg_autotext struct vg_text content = { 0 };
    vg_text_add_bytes(&content, "", 0);
    if (!read_all(fd, max_bytes, &content))
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", path);
    if (content.length > max_bytes)
        return vg_fail(err, VG_ERROR_INPUT, "%s is larger than the %zu bytes allowed", path, max_bytes);
    *length = content.length;
    *data = VG_TAKE(content.data);
    return true;
}

bool vg_read_attribute(const char *path, char **value, struct vg_error *err)
{
    size_t length;
    if (!vg_read_file(path, 65536, value, &length, err)) {
        err->kind = VG_ERROR_ENVIRONMENT;
        return false;
    }
    while (length && (*value)[length - 1] == '\n')
        (*value)[--length] = '\0';
    return true;
}

char *vg_link_name(const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    return vg_strdup(slash ? slash + 1 : target);
}

bool vg_write_attribute(const char *path, const char *value, struct vg_error *err)
{
    vg_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot open %s for writing", path);
    size_t length = strlen(value);
    ssize_t written = write(fd, value, length);
    if (written < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write `%s` to %s", value, path);
    if ((size_t)written != length)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s took only %zd bytes of `%s`", path, written, value);
    return true;
}

static bool write_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t written = write(fd, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        length -= (size_t)written;
    }
    return true;
}

/* Where links lead, though nothing may be there yet. NULL: in a circle. */
static char *follow_links(const char *path)
{
    enum { MOST_LINKS = 40 }; /* as the kernel */
    char *at = vg_strdup(path);
    for (unsigned i = 0; i < MOST_LINKS; i++) {
        char target[PATH_MAX];
        ssize_t length = readlink(at, target, sizeof(target) - 1);
        if (length < 0) /* no link, or nothing; or the same error as whoever opens it meets */
            return at;
        target[length] = '\0';
        const char *slash = strrchr(at, '/');
        char *next =
            target[0] == '/' || !slash ? vg_strdup(target) : vg_format("%.*s/%s", (int)(slash - at), at, target);
        free(at);
        at = next;
    }
    free(at);
    return NULL;
}

bool vg_check_output(const char *path, struct vg_error *err)
{
    struct stat status;
    vg_autofree char *shown = vg_printable(path, strlen(path), 300);
    if (stat(path, &status) < 0 || S_ISREG(status.st_mode))
        return true; /* whether it can be written is seen by whoever writes it */
    return vg_fail(err, VG_ERROR_INPUT, "%s is %s; give the name of a file", shown,
                   S_ISDIR(status.st_mode)                              ? "a directory"
                   : S_ISFIFO(status.st_mode)                           ? "a FIFO"
                   : S_ISSOCK(status.st_mode)                           ? "a socket"
                   : S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) ? "a device"
                                                                        : "no regular file");
}

static bool replace_file(const char *given, const void *data, size_t length, bool durable, struct vg_error *err)
{
    if (!vg_check_output(given, err))
        return false;
    vg_autofree char *path = follow_links(given);
    if (!path)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, ELOOP, "cannot write %s", given);
    vg_autofree char *temporary = vg_format("%s.tmp-%ld", path, (long)getpid());
    vg_autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create %s", temporary);
    if (!write_all(fd, data, length) || (durable && fsync(fd) < 0) || rename(temporary, path) < 0) {
        int cause = errno;
        unlink(temporary);
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, cause, "cannot write %s", path);
    }
    return true;
}

bool vg_write_file(const char *path, const void *data, size_t length, struct vg_error *err)
{
    return replace_file(path, data, length, true, err);
}

bool vg_write_file_unsynced(const char *path, const void *data, size_t length, struct vg_error *err)
{
    return replace_file(path, data, length, false, err);
}

bool vg_make_directories(const char *path, struct vg_error *err)
{
    vg_autofree char *copy = vg_strdup(path);
    for (char *slash = copy + 1;; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        char saved = *slash;
        *slash = '\0';
        if (mkdir(copy, 0755) < 0 && errno != EEXIST)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create the directory %s", copy);
        *slash = saved;
        if (!saved)
            break;
    }
    struct stat status;
    if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is there, but is not a directory", path);
    return true;
}

/* By directory descriptors, so that a link swapped in halfway leads nowhere. */
static bool remove_inside(int directory_fd)
{
    int copy = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    vg_autodir DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (!directory)
        return false;
    bool removed = true;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(directory_fd, entry->d_name, 0) == 0)
            continue;
        vg_autoclose int inner = openat(directory_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        removed =
            inner >= 0 && remove_inside(inner) && unlinkat(directory_fd, entry->d_name, AT_REMOVEDIR) == 0 && removed;
    }
    return removed;
}

bool vg_remove_tree(const char *path, struct vg_error *err)
{
    vg_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0 ? unlink(path) < 0 : !remove_inside(fd) || rmdir(path) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot remove %s", path);
    return true;
}

/* Files and directories on their way to the disk. All at once: what waits together is part of one commit of the file
 * system, where one after the other would be a commit, or at least a flush of the disk, each. */
enum { SYNCS_MOST = 64 };
struct syncs {
    struct aiocb items[SYNCS_MOST];
    unsigned count;
    int failed; /* errno of the first that did; 0: none */
};

static void wait_syncs(struct syncs *syncs)
{
    for (unsigned i = 0; i < syncs->count; i++) {
        struct aiocb *item = &syncs->items[i];
        const struct aiocb *const list[] = { item };
        while (aio_error(item) == EINPROGRESS)
            (void)aio_suspend(list, 1, NULL); /* what became of it is asked right after */
        int failed = aio_error(item);
        if (aio_return(item) < 0 && !syncs->failed)
            syncs->failed = failed;
        close(item->aio_fildes);
    }
    syncs->count = 0;
}

/* Takes the descriptor over. */
static void begin_sync(struct syncs *syncs, int fd)
{
    if (syncs->count == SYNCS_MOST)
        wait_syncs(syncs);
    struct aiocb *item = &syncs->items[syncs->count];
    *item = (struct aiocb) { .aio_fildes = fd, .aio_sigevent.sigev_notify = SIGEV_NONE };
    if (aio_fsync(O_SYNC, item) == 0) {
        syncs->count++;
        return;
    }
    if (fsync(fd) < 0 && !syncs->failed)
        syncs->failed = errno;
    close(fd);
}

/* First writing is begun and not waited for, so that the first commit of the file system has all of it. */
enum sync_step { SYNC_BEGIN, SYNC_WAIT };

static bool sync_inside(int directory_fd, enum sync_step step, struct syncs *syncs)
{
    int copy = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    vg_autodir DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (!directory)
        return false;
    rewinddir(directory); /* the place in it is shared with the descriptor, and with the last look */
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (fstatat(directory_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            return false;
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
            continue;
        vg_autoclose int fd = openat(directory_fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || (S_ISDIR(status.st_mode) && !sync_inside(fd, step, syncs)))
            return false;
        if (S_ISREG(status.st_mode) && step == SYNC_BEGIN)
            sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* not every file system has it: fsync decides */
        else if (step == SYNC_WAIT) {
            begin_sync(syncs, fd);
            fd = -1; /* is theirs now */
        }
    }
    return true;
}

bool vg_sync_tree(const char *path, const char *const *beside, unsigned count, struct vg_error *err)
{
    struct syncs syncs = { .failed = 0 };
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool seen = fd >= 0 && sync_inside(fd, SYNC_BEGIN, &syncs) && sync_inside(fd, SYNC_WAIT, &syncs);
    int cause = errno;
    if (fd >= 0)
        begin_sync(&syncs, fd);
    for (unsigned i = 0; seen && i < count; i++) {
        int other = open(beside[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cause = errno;
        seen = other >= 0;
        if (seen)
            begin_sync(&syncs, other);
    }
    wait_syncs(&syncs);
    return (seen && !syncs.failed) ||
           vg_fail_errno(err, VG_ERROR_ENVIRONMENT, seen ? syncs.failed : cause, "cannot bring %s to the disk", path);
}

char *vg_executable_directory(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0)
        return vg_strdup(".");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return vg_strdup(path);
}

char *vg_cache_directory(void)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (base && base[0] == '/')
        return vg_format("%s/vgauge", base);
    return home && home[0] == '/' ? vg_format("%s/.cache/vgauge", home) : NULL;
}
