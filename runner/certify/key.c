/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: made, read and signed with, by OpenSSL. The files are PEM, so that `openssl pkey` reads them too. */
#include "certify/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

enum { KEY_MAX_BYTES = 4096 };

struct cert_key {
    EVP_PKEY *pkey;
};

void cert_key_free(struct cert_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* What OpenSSL wrote into memory, as text. Caller frees. */
static char *text_of(BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    return length > 0 ? vg_format("%.*s", (int)length, bytes) : NULL;
}

char *cert_key_public_pem(const struct cert_key *key, struct vg_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = bio && PEM_write_bio_PUBKEY(bio, key->pkey) == 1 ? text_of(bio) : NULL;
    BIO_free(bio);
    if (!pem)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "OpenSSL could not write the public key");
    return pem;
}

static char *private_pem(const struct cert_key *key, struct vg_error *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *pem =
        bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1 ? text_of(bio) : NULL;
    BIO_free(bio);
    if (!pem)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "OpenSSL could not write the private key");
    return pem;
}

/* A password is never asked for: a program that waits for a person cannot run at night. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

struct cert_key *cert_key_load(const char *path, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length;
    if (!vg_read_file(path, KEY_MAX_BYTES, &text, &length, err)) {
        vg_wrap(err, "the key (`vgauge key new FILE` makes one)");
        return NULL;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)length);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    OPENSSL_cleanse(text, length);
    ERR_clear_error();
    if (!pkey || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        vg_fail(err, VG_ERROR_INPUT,
                "%s holds no private Ed25519 key in PEM without a password; `vgauge key new FILE` makes one", path);
        return NULL;
    }
    struct cert_key *key = vg_calloc(1, sizeof(*key));
    key->pkey = pkey;
    return key;
}

bool cert_key_sign(const struct cert_key *key, const void *bytes, size_t length,
                   unsigned char signature[CERT_SIGNATURE_BYTES], struct vg_error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signed_length = CERT_SIGNATURE_BYTES;
    bool good = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(context, signature, &signed_length, bytes, length) == 1 &&
                signed_length == CERT_SIGNATURE_BYTES;
    EVP_MD_CTX_free(context);
    return good || vg_fail(err, VG_ERROR_ENVIRONMENT, "OpenSSL could not sign");
}

static bool write_new(const char *path, mode_t mode, const char *text, struct vg_error *err)
{
    vg_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return vg_fail_errno(err, errno == EEXIST ? VG_ERROR_INPUT : VG_ERROR_ENVIRONMENT, errno,
                             "cannot make %s (a key is never written over)", path);
    size_t length = strlen(text);
    if (write(fd, text, length) == (ssize_t)length && fsync(fd) == 0)
        return true;
    vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
    unlink(path);
    return false;
}

bool vg_key_new(const char *path, char **fingerprint, struct vg_error *err)
{
    vg_autofree char *beside = vg_format("%s.pub", path);
    if (vg_exists(beside))
        return vg_fail(err, VG_ERROR_INPUT, "%s is there already, and a key is never written over", beside);
    cert_autokey struct cert_key *key = vg_calloc(1, sizeof(*key));
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!key->pkey)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "OpenSSL could not make a key");
    vg_autofree char *public = cert_key_public_pem(key, err);
    vg_autofree char *private = public ? private_pem(key, err) : NULL;
    if (!private)
        return false;
    bool good = write_new(path, 0600, private, err) && write_new(beside, 0644, public, err);
    OPENSSL_cleanse(private, strlen(private));
    *fingerprint = good ? cert_pem_fingerprint(public, strlen(public), err) : NULL;
    return *fingerprint != NULL;
}

char *vg_key_fingerprint(const char *path, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length;
    if (!vg_read_file(path, KEY_MAX_BYTES, &text, &length, err))
        return NULL;
    char *fingerprint = NULL;
    if (strstr(text, "PRIVATE KEY")) {
        cert_autokey struct cert_key *key = cert_key_load(path, err);
        vg_autofree char *pem = key ? cert_key_public_pem(key, err) : NULL;
        fingerprint = pem ? cert_pem_fingerprint(pem, strlen(pem), err) : NULL;
    } else {
        fingerprint = cert_pem_fingerprint(text, length, err);
    }
    OPENSSL_cleanse(text, length);
    if (!fingerprint)
        vg_wrap(err, "%s", path);
    return fingerprint;
}
