/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Archives written by libarchive, always with the same bytes for the same files. */
#include "certify/package.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

VG_DEFINE_CLEANUP(cleanup_writer, struct archive *, archive_write_free)
VG_DEFINE_CLEANUP(cleanup_entry, struct archive_entry *, archive_entry_free)

static bool trouble(struct archive *archive, const char *path, struct vg_error *err)
{
    const char *why = archive_error_string(archive);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "libarchive could not write %s: %s", path, why ? why : "out of memory");
}

static struct archive *open_writer(const char *path, struct vg_error *err)
{
    struct archive *archive VG_CLEANUP(cleanup_writer) = archive_write_new();
    if (!archive)
        vg_out_of_memory();
    /* No time in gzip's header, no padding behind the archive: both would depend on more than the files. */
    if (archive_write_set_format_ustar(archive) == ARCHIVE_OK && archive_write_add_filter_gzip(archive) == ARCHIVE_OK &&
        archive_write_set_filter_option(archive, "gzip", "compression-level", "6") == ARCHIVE_OK &&
        archive_write_set_filter_option(archive, "gzip", "timestamp", NULL) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
        archive_write_open_filename(archive, path) == ARCHIVE_OK)
        return VG_TAKE(archive);
    trouble(archive, path, err);
    return NULL;
}

static bool begin(struct archive *archive, const char *path, const struct cert_entry *entry, uint64_t bytes,
                  struct vg_error *err)
{
    struct archive_entry *header VG_CLEANUP(cleanup_entry) = archive_entry_new();
    if (!header)
        vg_out_of_memory();
    archive_entry_set_pathname(header, entry->name);
    archive_entry_set_filetype(header, AE_IFREG);
    archive_entry_set_perm(header, entry->program ? 0755 : 0644);
    archive_entry_set_size(header, (int64_t)bytes);
    archive_entry_set_mtime(header, 0, 0);
    return archive_write_header(archive, header) == ARCHIVE_OK || trouble(archive, path, err);
}

static bool copy_file(struct archive *archive, const char *path, const struct cert_entry *entry, struct vg_error *err)
{
    enum { PIECE_BYTES = 1 << 18 };
    struct stat status;
    vg_autoclose int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", entry->path);
    if (!S_ISREG(status.st_mode))
        return vg_fail(err, VG_ERROR_INPUT, "%s is not a regular file", entry->path);
    if (!begin(archive, path, entry, (uint64_t)status.st_size, err))
        return false;
    vg_autofree char *piece = vg_calloc(1, PIECE_BYTES);
    int64_t left = status.st_size;
    while (left > 0) {
        ssize_t got = read(fd, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return vg_fail(err, VG_ERROR_INPUT, "%s became shorter while it was read", entry->path);
        if (archive_write_data(archive, piece, (size_t)got) != got)
            return trouble(archive, path, err);
        left -= got;
    }
    return true;
}

bool cert_archive_write(const char *path, const struct cert_entry *entries, size_t count, struct vg_error *err)
{
    struct archive *archive VG_CLEANUP(cleanup_writer) = open_writer(path, err);
    if (!archive)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct cert_entry *entry = &entries[i];
        if (!entry->text) {
            if (!copy_file(archive, path, entry, err))
                return false;
        } else if (!begin(archive, path, entry, entry->length, err)) {
            return false;
        } else if (archive_write_data(archive, entry->text, entry->length) != (la_ssize_t)entry->length) {
            return trouble(archive, path, err);
        }
    }
    return archive_write_close(archive) == ARCHIVE_OK || trouble(archive, path, err);
}
