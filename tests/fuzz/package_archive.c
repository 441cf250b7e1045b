/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of packages, on archives: the input is a tar, which is compressed here, and whose signature is put right
 * wherever one is asked for, since no fuzzer would guess either. What is left to break is everything behind them. */
#include "input.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static EVP_PKEY *key;
static char *pem;

static void add_entry(struct vg_text *tar, const char *name, const char *bytes, size_t length)
{
    static const char zeros[CERT_BLOCK_BYTES];
    unsigned char block[CERT_BLOCK_BYTES];
    cert_header_make(name, length, block);
    vg_text_add_bytes(tar, (const char *)block, sizeof(block));
    vg_text_add_bytes(tar, bytes, length);
    vg_text_add_bytes(tar, zeros, -length & (CERT_BLOCK_BYTES - 1));
}

static void list(struct cert_manifest *manifest, const char *name, const char *bytes)
{
    char digits[65];
    struct cert_hash *hash = cert_hash_new();
    cert_hash_add(hash, bytes, strlen(bytes));
    cert_hash_end(hash, digits);
    vg_push(manifest->files, manifest->count) =
        (struct cert_file) { vg_strdup(name), strlen(bytes), vg_strdup(digits) };
}

/* A package that is right, for the fuzzer to begin with: without it no input gets behind the first header. */
static void write_seed(const char *directory)
{
    static const char *const files[][2] = { { "document/certificate.html", "<html></html>\n" },
                                            { "document/certificate.pdf", "%PDF-1.4\n" },
                                            { "run/run.json", "{}\n" },
                                            { "run/tests/t/i/a.csv", "t0\n1\n2\n" },
                                            { "statement.json", "{}\n" } };
    static const char zeros[2 * CERT_BLOCK_BYTES];
    struct cert_manifest manifest = { .vgauge = vg_strdup("0"), .suite = vg_strdup("sha256:0") };
    struct vg_text tar = { 0 };
    list(&manifest, CERT_SIGNER, pem);
    for (size_t i = 0; i < VG_COUNT(files); i++)
        list(&manifest, files[i][0], files[i][1]);
    vg_autofree char *text = cert_manifest_text(&manifest);
    add_entry(&tar, CERT_MANIFEST, text, strlen(text));
    add_entry(&tar, CERT_SIGNATURE, zeros, CERT_SIGNATURE_BYTES);
    add_entry(&tar, CERT_SIGNER, pem, strlen(pem));
    for (size_t i = 0; i < VG_COUNT(files); i++)
        add_entry(&tar, files[i][0], files[i][1], strlen(files[i][1]));
    vg_text_add_bytes(&tar, zeros, sizeof(zeros));
    vg_autofree char *path = vg_format("%s/seed", directory);
    vg_autofile FILE *file = fopen(path, "wb");
    if (!file || fwrite(tar.data, 1, tar.length, file) != tar.length)
        abort();
    vg_text_free(&tar);
    cert_manifest_free(&manifest);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const unsigned char secret[32] = { 1 }; /* the same key each time, so that the corpus stays good */
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret));
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    if (!key || PEM_write_bio_PUBKEY(bio, key) != 1)
        abort();
    long length = BIO_get_mem_data(bio, &bytes);
    pem = vg_format("%.*s", (int)length, bytes);
    BIO_free(bio);
    if (*argc > 1 && (*argv)[*argc - 1][0] != '-')
        write_seed((*argv)[*argc - 1]); /* the last argument is the corpus */
    return 0;
}

/* If the input begins with a manifest and room for its signature: signs it. */
static void sign(unsigned char *tar, size_t length)
{
    struct vg_error err = { 0 };
    char name[CERT_NAME_MAX_BYTES + 2];
    uint64_t bytes;
    if (length < CERT_BLOCK_BYTES || !cert_header_read(tar, name, &bytes, &err) || bytes > length)
        return;
    size_t signature = 2 * CERT_BLOCK_BYTES + ((size_t)bytes + 511) / 512 * 512, signed_length = CERT_SIGNATURE_BYTES;
    if (signature + CERT_SIGNATURE_BYTES > length)
        return;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(context, tar + signature, &signed_length, tar + CERT_BLOCK_BYTES, (size_t)bytes) != 1)
        abort();
    EVP_MD_CTX_free(context);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct vg_error err = { 0 };
    struct cert_opened opened;
    vg_autofree unsigned char *tar = vg_calloc(1, length + 1);
    memcpy(tar, bytes, length);
    sign(tar, length);
    z_stream zip = { 0 };
    if (deflateInit2(&zip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&zip, length);
    vg_autofree unsigned char *out = vg_calloc(1, room + 1);
    zip.next_in = tar;
    zip.avail_in = (unsigned)length;
    zip.next_out = out;
    zip.avail_out = (unsigned)room;
    if (deflate(&zip, Z_FINISH) != Z_STREAM_END)
        abort();
    struct input input = { out, room - zip.avail_out, 0 };
    deflateEnd(&zip);
    bool good = cert_package_read((struct cert_source) { read_input, &input }, NULL, NULL, &opened, &err);
    if (good == (err.kind != VG_ERROR_NONE)) /* a refusal has a reason, and nothing else has */
        abort();
    if (good)
        cert_opened_free(&opened);
    return 0;
}
