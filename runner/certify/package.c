/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A package read from end to end: manifest, signature and signer first; from then on nothing is taken but the files
 * that the signed manifest promises, in its order, with their sizes and digests. */
#include "certify/package.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { PIECE_BYTES = 1 << 18 };

void cert_opened_free(struct cert_opened *opened)
{
    cert_manifest_free(&opened->manifest);
    free(opened->signer);
    *opened = (struct cert_opened) { 0 };
}

/* An entry that must be there, of at most max bytes, into memory. */
static bool take_text(struct cert_stream *stream, const char *wanted, size_t max, char **text, size_t *length,
                      struct vg_error *err)
{
    char name[CERT_NAME_MAX_BYTES + 2];
    uint64_t bytes;
    bool end;
    if (!cert_stream_next(stream, name, &bytes, &end, err))
        return false;
    if (end || !vg_equal(name, wanted)) {
        vg_autofree char *shown = vg_printable(name, strlen(name), 300);
        return end ? vg_fail(err, VG_ERROR_INPUT, "it ends where %s should be", wanted)
                   : vg_fail(err, VG_ERROR_INPUT, "`%s` stands where %s should be", shown, wanted);
    }
    if (bytes > max)
        return vg_fail(err, VG_ERROR_INPUT, "%s has %llu bytes; the most that it may have is %zu", wanted,
                       (unsigned long long)bytes, max);
    *length = (size_t)bytes;
    *text = vg_calloc(1, *length + 1);
    return cert_stream_data(stream, *text, *length, err);
}

static bool digest_good(const struct cert_file *file, const char *digits, struct vg_error *err)
{
    return vg_equal(file->sha256, digits) ||
           vg_fail(err, VG_ERROR_INPUT, "`%s` is not the file that was signed: its digest is another", file->name);
}

/* Manifest, signature, signer: what decides whether anything else is looked at. */
static bool take_head(struct cert_stream *stream, const char *key, struct cert_opened *opened, char **pem,
                      size_t *pem_length, struct vg_error *err)
{
    vg_autofree char *manifest = NULL, *signature = NULL;
    size_t length, signature_length;
    if (!take_text(stream, CERT_MANIFEST, CERT_MANIFEST_MAX_BYTES, &manifest, &length, err) ||
        !take_text(stream, CERT_SIGNATURE, CERT_SIGNATURE_BYTES, &signature, &signature_length, err) ||
        !take_text(stream, CERT_SIGNER, CERT_SIGNER_MAX_BYTES, pem, pem_length, err))
        return false;
    if (signature_length != CERT_SIGNATURE_BYTES)
        return vg_fail(err, VG_ERROR_INPUT, "%s is no Ed25519 signature", CERT_SIGNATURE);
    opened->signer = cert_pem_fingerprint(*pem, *pem_length, err);
    if (!opened->signer)
        return vg_wrap(err, CERT_SIGNER);
    if (key && !vg_equal(key, opened->signer))
        return vg_fail(err, VG_ERROR_INPUT, "it was signed by another key (%s) than the one given (%s)", opened->signer,
                       key);
    if (!cert_signature_good(*pem, *pem_length, manifest, length, (const unsigned char *)signature, err))
        return vg_wrap(err, CERT_SIGNATURE);
    if (!cert_manifest_parse(manifest, length, &opened->manifest, err))
        return false;
    char digits[65];
    struct cert_hash *hash = cert_hash_new();
    cert_hash_add(hash, *pem, *pem_length);
    cert_hash_end(hash, digits);
    if (!opened->manifest.count)
        return vg_fail(err, VG_ERROR_INPUT, "its manifest names no file");
    return digest_good(&opened->manifest.files[0], digits, err);
}

static bool enough_room(const char *directory, uint64_t bytes, struct vg_error *err)
{
    struct statvfs status;
    if (statvfs(directory, &status) != 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot look at %s", directory);
    uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return bytes < free_bytes ||
           vg_fail(err, VG_ERROR_ENVIRONMENT,
                   "its files need %llu MiB below %s, which has %llu; set TMPDIR to a larger place",
                   (unsigned long long)(bytes >> 20), directory, (unsigned long long)(free_bytes >> 20));
}

/* Only names that cert_name_trouble lets pass come here, and the directory is new and ours. */
static int create(const char *directory, const char *name, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", directory, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if (!vg_exists(path) && !vg_make_directories(path, err))
        return -1;
    *slash = '/';
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
    return fd;
}

static bool put(int fd, const char *bytes, size_t length, struct vg_error *err)
{
    while (fd >= 0 && length) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot unpack");
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool take_file(struct cert_stream *stream, const struct cert_file *file, const char *directory, char *piece,
                      struct vg_error *err)
{
    char name[CERT_NAME_MAX_BYTES + 2], digits[65];
    uint64_t bytes;
    bool end;
    if (!cert_stream_next(stream, name, &bytes, &end, err))
        return vg_wrap(err, "where `%s` should be", file->name);
    if (end)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is missing", file->name);
    if (!vg_equal(name, file->name))
        return vg_fail(err, VG_ERROR_INPUT,
                       "`%s` stands where `%s` should be: files were added, removed, renamed or moved", name,
                       file->name);
    if (bytes != file->bytes)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` has %llu bytes, and %llu were signed", name,
                       (unsigned long long)bytes, (unsigned long long)file->bytes);
    vg_autoclose int fd = directory ? create(directory, name, err) : -1;
    if (directory && fd < 0)
        return false;
    struct cert_hash *hash = cert_hash_new();
    bool good = true;
    for (uint64_t left = bytes; good && left;) {
        size_t length = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        good = cert_stream_data(stream, piece, length, err) && put(fd, piece, length, err);
        cert_hash_add(hash, piece, length);
        left -= length;
    }
    cert_hash_end(hash, digits);
    return good && digest_good(file, digits, err);
}

bool cert_package_read(struct cert_source source, const char *key, const char *directory, struct cert_opened *opened,
                       struct vg_error *err)
{
    *opened = (struct cert_opened) { 0 };
    vg_autofree char *pem = NULL, *piece = vg_calloc(1, PIECE_BYTES);
    size_t pem_length = 0;
    cert_autostream struct cert_stream *stream = cert_stream_open(source, err);
    bool good = stream && take_head(stream, key, opened, &pem, &pem_length, err) &&
                (!directory || enough_room(directory, opened->manifest.total, err));
    if (good && directory) {
        vg_autoclose int fd = create(directory, CERT_SIGNER, err);
        good = fd >= 0 && put(fd, pem, pem_length, err);
    }
    for (unsigned i = 1; good && i < opened->manifest.count; i++)
        good = take_file(stream, &opened->manifest.files[i], directory, piece, err);
    if (good) {
        char name[CERT_NAME_MAX_BYTES + 2];
        uint64_t bytes;
        bool end = false;
        good = cert_stream_next(stream, name, &bytes, &end, err) &&
               (end || vg_fail(err, VG_ERROR_INPUT, "`%s` is not in the manifest", name));
    }
    if (!good)
        cert_opened_free(opened);
    return good;
}

static ssize_t read_fd(void *context, void *buffer, size_t length)
{
    return read(*(const int *)context, buffer, length);
}

bool cert_package_read_file(const char *path, const char *key, const char *directory, struct cert_opened *opened,
                            struct vg_error *err)
{
    struct stat status;
    vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return vg_fail(err, VG_ERROR_INPUT, "%s is not a regular file", path);
    return cert_package_read((struct cert_source) { read_fd, &fd }, key, directory, opened, err);
}
