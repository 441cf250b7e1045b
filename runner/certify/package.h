/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to certify/: the archive. There is exactly one way to write a given package, and the reader takes no other:
 * no dialect of tar, no second gzip member, no link, no name that was not promised by the signed manifest. Needs
 * nothing of the runner above base/ and record/, so that it can be fuzzed alone. */
#ifndef VG_CERTIFY_PACKAGE_H
#define VG_CERTIFY_PACKAGE_H

#include "base/base.h"

enum {
    CERT_BLOCK_BYTES = 512,    /* of tar */
    CERT_NAME_MAX_BYTES = 255, /* what a ustar header can hold, split at a slash */
    CERT_SIGNATURE_BYTES = 64, /* Ed25519 */
    CERT_FILES_MAX = 200000,
    CERT_MANIFEST_MAX_BYTES = 48 << 20,
    CERT_SIGNER_MAX_BYTES = 1024,
};
#define CERT_FILE_MAX_BYTES  ((uint64_t)2 << 30)
#define CERT_TOTAL_MAX_BYTES ((uint64_t)16 << 30)

#define CERT_MANIFEST  "manifest.json"
#define CERT_SIGNATURE "manifest.json.sig"
#define CERT_SIGNER    "signer.pem"
#define CERT_STATEMENT "statement.json"
#define CERT_DOCUMENT  "document/certificate.html"
#define CERT_PAPER     "document/certificate.pdf"
#define CERT_RUN       "run/"

/* --- names -----------------------------------------------------------------------------------------------------------
 */

/* Why a name cannot be one of a package at all: absolute, "..", foreign characters, too long; NULL if it can. Static.
 */
const char *cert_name_trouble(const char *name);
/* Whether a package may hold a file of that name: the fixed ones, and the known kinds of files of a run. */
bool cert_name_allowed(const char *name);

/* --- tar headers -----------------------------------------------------------------------------------------------------
 */

/* The header of a regular file as libarchive's ustar writer makes it: mode 0644, owner 0, time 0. False: the name does
 * not fit. */
bool cert_header_make(const char *name, uint64_t bytes, unsigned char block[CERT_BLOCK_BYTES]);
/* Takes no header but one that cert_header_make makes; else says what it is. */
bool cert_header_read(const unsigned char block[CERT_BLOCK_BYTES], char name[CERT_NAME_MAX_BYTES + 2], uint64_t *bytes,
                      struct vg_error *err);

/* --- the stream ------------------------------------------------------------------------------------------------------
 */

/* Bytes from outside: how many were read, 0 at the end, -1 with errno. */
struct cert_source {
    ssize_t (*read)(void *context, void *buffer, size_t length);
    void *context;
};
struct cert_stream;
struct cert_stream *cert_stream_open(struct cert_source source, struct vg_error *err);
void cert_stream_close(struct cert_stream *stream);
VG_DEFINE_CLEANUP(cert_cleanup_stream, struct cert_stream *, cert_stream_close)
#define cert_autostream VG_CLEANUP(cert_cleanup_stream)
/* The next entry; what is left of the one before must have been read. *end: there is none, and nothing behind it. */
bool cert_stream_next(struct cert_stream *stream, char name[CERT_NAME_MAX_BYTES + 2], uint64_t *bytes, bool *end,
                      struct vg_error *err);
/* Exactly length bytes of the entry. */
bool cert_stream_data(struct cert_stream *stream, void *buffer, size_t length, struct vg_error *err);

/* --- the manifest ----------------------------------------------------------------------------------------------------
 */

struct cert_file {
    char *name;
    uint64_t bytes;
    char *sha256; /* 64 hexadecimal digits */
};
struct cert_manifest {
    char *vgauge, *suite;    /* version, digest of the suite */
    struct cert_file *files; /* signer.pem first, the others strictly ascending by name */
    unsigned count;
    uint64_t total; /* bytes of all */
};
void cert_manifest_free(struct cert_manifest *manifest);
/* As text in its one form. Caller frees. */
char *cert_manifest_text(const struct cert_manifest *manifest);
bool cert_manifest_parse(const char *text, size_t length, struct cert_manifest *manifest, struct vg_error *err);
const struct cert_file *cert_manifest_find(const struct cert_manifest *manifest, const char *name);

/* --- digests and signatures ------------------------------------------------------------------------------------------
 */

struct cert_hash;
struct cert_hash *cert_hash_new(void);
void cert_hash_add(struct cert_hash *hash, const void *bytes, size_t length);
/* Frees hash. */
void cert_hash_end(struct cert_hash *hash, char digits[65]);
/* Of a file as it is on disk now. */
bool cert_hash_file(const char *path, uint64_t *bytes, char digits[65], struct vg_error *err);

/* Whether the PEM of a public Ed25519 key made this signature. */
bool cert_signature_good(const char *pem, size_t pem_length, const void *bytes, size_t length,
                         const unsigned char signature[CERT_SIGNATURE_BYTES], struct vg_error *err);
/* "sha256:..." of the 32 bytes of a public key in PEM. Caller frees; NULL with the error. */
char *cert_pem_fingerprint(const char *pem, size_t length, struct vg_error *err);

/* --- whole packages --------------------------------------------------------------------------------------------------
 */

struct cert_opened {
    struct cert_manifest manifest;
    char *signer; /* fingerprint of the key that signed it */
};
void cert_opened_free(struct cert_opened *opened);
/* Reads all of it into the new files below directory (NULL: nothing is written): manifest and signature first, then
 * exactly the files that the manifest names, in its order. Nothing is written before the signature is good.
 * key: fingerprint that must have signed it; NULL: any. */
bool cert_package_read(struct cert_source source, const char *key, const char *directory, struct cert_opened *opened,
                       struct vg_error *err);
bool cert_package_read_file(const char *path, const char *key, const char *directory, struct cert_opened *opened,
                            struct vg_error *err);

/* One entry to write: from a file, or from memory if text is not NULL. */
struct cert_entry {
    const char *name, *path, *text;
    size_t length;
    bool program; /* mode 0755; never so in a package */
};
/* An archive by libarchive: ustar in one gzip member, regular files, no owner, no time. */
bool cert_archive_write(const char *path, const struct cert_entry *entries, size_t count, struct vg_error *err);

#endif
