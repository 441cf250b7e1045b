/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and signatures, by OpenSSL. */
#include "certify/package.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

struct cert_hash {
    EVP_MD_CTX *context;
};

struct cert_hash *cert_hash_new(void)
{
    struct cert_hash *hash = vg_calloc(1, sizeof(*hash));
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1)
        vg_out_of_memory();
    return hash;
}

void cert_hash_add(struct cert_hash *hash, const void *bytes, size_t length)
{
    if (EVP_DigestUpdate(hash->context, bytes, length) != 1)
        vg_out_of_memory();
}

static void to_digits(const unsigned char *bytes, size_t length, char *digits)
{
    static const char words[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *digits++ = words[bytes[i] >> 4];
        *digits++ = words[bytes[i] & 15];
    }
    *digits = '\0';
}

void cert_hash_end(struct cert_hash *hash, char digits[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex(hash->context, digest, &length) != 1 || length != 32)
        vg_out_of_memory();
    to_digits(digest, length, digits);
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

bool cert_hash_file(const char *path, uint64_t *bytes, char digits[65], struct vg_error *err)
{
    enum { PIECE_BYTES = 1 << 18 };
    vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", path);
    struct cert_hash *hash = cert_hash_new();
    vg_autofree unsigned char *piece = vg_calloc(1, PIECE_BYTES);
    ssize_t got;
    for (*bytes = 0; (got = read(fd, piece, PIECE_BYTES)) > 0 || (got < 0 && errno == EINTR);) {
        if (got < 0)
            continue;
        cert_hash_add(hash, piece, (size_t)got);
        *bytes += (uint64_t)got;
    }
    int failed = errno;
    cert_hash_end(hash, digits);
    return got == 0 || vg_fail_errno(err, VG_ERROR_INPUT, failed, "cannot read %s", path);
}

static EVP_PKEY *read_public(const char *pem, size_t length, struct vg_error *err)
{
    BIO *bio = length <= CERT_SIGNER_MAX_BYTES ? BIO_new_mem_buf(pem, (int)length) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return key;
    EVP_PKEY_free(key);
    vg_fail(err, VG_ERROR_INPUT, "there is no public Ed25519 key in PEM");
    return NULL;
}

bool cert_signature_good(const char *pem, size_t pem_length, const void *bytes, size_t length,
                         const unsigned char signature[CERT_SIGNATURE_BYTES], struct vg_error *err)
{
    EVP_PKEY *key = read_public(pem, pem_length, err);
    EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
    bool good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, CERT_SIGNATURE_BYTES, bytes, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good || (err->kind == VG_ERROR_NONE && vg_fail(err, VG_ERROR_INPUT, "the signature is not of that key"));
}

char *cert_pem_fingerprint(const char *pem, size_t length, struct vg_error *err)
{
    EVP_PKEY *key = read_public(pem, length, err);
    unsigned char raw[32];
    size_t raw_length = sizeof(raw);
    bool good = key && EVP_PKEY_get_raw_public_key(key, raw, &raw_length) == 1 && raw_length == sizeof(raw);
    EVP_PKEY_free(key);
    if (!good)
        return NULL;
    char digits[65];
    struct cert_hash *hash = cert_hash_new();
    cert_hash_add(hash, raw, sizeof(raw));
    cert_hash_end(hash, digits);
    return vg_format("sha256:%s", digits);
}
