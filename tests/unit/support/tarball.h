/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A package taken apart, changed, and put together again, by a writer that can do what no honest one does. */
#ifndef VG_TEST_TARBALL_H
#define VG_TEST_TARBALL_H

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "certify/internal.h"

struct item {
    char *name, *data; /* data end with a NUL that does not count */
    size_t length;
    /* What the header says otherwise; 0 and NULL: as it should be. */
    char type, padding;
    const char *target, *mode, *uid, *mtime, *user;
    uint64_t said;
    bool bad_checksum;
};

struct tarball {
    struct item *items;
    unsigned count;
    bool after_end, second_member, trailing, gzip_name, no_end;
    const char *other_suite, *other_version; /* of the manifest, when it is signed again */
};

static inline void insist(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "tarball: %s\n", what);
    abort();
}

static inline void tarball_load(struct tarball *ball, const char *path)
{
    gzFile file = gzopen(path, "rb");
    insist(file != NULL, "cannot open it");
    unsigned char block[CERT_BLOCK_BYTES];
    char name[CERT_NAME_MAX_BYTES + 2];
    struct vg_error err = { 0 };
    while (gzread(file, block, sizeof(block)) == (int)sizeof(block) && block[0]) {
        uint64_t bytes;
        insist(cert_header_read(block, name, &bytes, &err), err.text);
        struct item item = { .name = vg_strdup(name),
                             .length = (size_t)bytes,
                             .data = vg_calloc(1, (size_t)bytes + 1) };
        insist(gzread(file, item.data, (unsigned)bytes) == (int)bytes, "cut");
        insist(gzread(file, block, (unsigned)(-bytes & 511)) >= 0, "cut");
        vg_push(ball->items, ball->count) = item;
    }
    gzclose(file);
}

static inline void tarball_free(struct tarball *ball)
{
    for (unsigned i = 0; i < ball->count; i++) {
        free(ball->items[i].name);
        free(ball->items[i].data);
    }
    free(ball->items);
    *ball = (struct tarball) { 0 };
}

static inline struct tarball tarball_copy(const struct tarball *ball)
{
    struct tarball copy = { 0 };
    for (unsigned i = 0; i < ball->count; i++) {
        const struct item *item = &ball->items[i];
        struct item again = { .name = vg_strdup(item->name), .length = item->length };
        again.data = vg_calloc(1, item->length + 1);
        memcpy(again.data, item->data, item->length);
        vg_push(copy.items, copy.count) = again;
    }
    return copy;
}

static inline unsigned tarball_index(const struct tarball *ball, const char *name)
{
    for (unsigned i = 0; i < ball->count; i++)
        if (vg_equal(ball->items[i].name, name))
            return i;
    insist(false, name);
    return 0;
}

static inline struct item *tarball_find(struct tarball *ball, const char *name)
{
    return &ball->items[tarball_index(ball, name)];
}

static inline void tarball_insert(struct tarball *ball, unsigned at, const char *name, const char *text)
{
    struct item item = { .name = vg_strdup(name), .data = vg_strdup(text), .length = strlen(text) };
    vg_push(ball->items, ball->count) = item;
    memmove(&ball->items[at + 1], &ball->items[at], (ball->count - 1 - at) * sizeof(item));
    ball->items[at] = item;
}

static inline void tarball_remove(struct tarball *ball, unsigned at)
{
    free(ball->items[at].name);
    free(ball->items[at].data);
    memmove(&ball->items[at], &ball->items[at + 1], (ball->count - at - 1) * sizeof(ball->items[0]));
    ball->count--;
}

static inline void item_rename(struct item *item, const char *name)
{
    free(item->name);
    item->name = vg_strdup(name);
}

static inline void item_set(struct item *item, const char *text)
{
    char *copy = vg_strdup(text);
    free(item->data);
    item->data = copy;
    item->length = strlen(copy);
}

/* The first occurrence, which must be there. */
static inline void item_replace(struct item *item, const char *find, const char *put)
{
    char *at = strstr(item->data, find);
    insist(at != NULL, find);
    vg_autofree char *text = vg_format("%.*s%s%s", (int)(at - item->data), item->data, put, at + strlen(find));
    item_set(item, text);
}

/* Sets what a path of keys and indices leads to. */
static inline void item_edit_json(struct item *item, const char *path, json_t *value_stolen)
{
    struct vg_error err = { 0 };
    vg_autojson json_t *document = vg_json_load_text(item->data, item->length, &err);
    insist(document != NULL, err.text);
    json_t *at = document;
    vg_autofree char *words = vg_strdup(path);
    char *rest = words, *word = strsep(&rest, "/");
    for (; rest; word = strsep(&rest, "/")) {
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(word)) : json_object_get(at, word);
        insist(at != NULL, path);
    }
    insist(json_object_get(at, word) != NULL, path);
    vg_json_set(at, word, value_stolen);
    vg_autofree char *text = json_dumps(document, JSON_INDENT(2));
    item_set(item, text);
}

/* The manifest as it is, signed by this key. */
static inline void tarball_sign_manifest(struct tarball *ball, const char *key_path)
{
    struct vg_error err = { 0 };
    cert_autokey struct cert_key *key = cert_key_load(key_path, &err);
    insist(key != NULL, err.text);
    struct item *manifest = tarball_find(ball, CERT_MANIFEST), *signature = tarball_find(ball, CERT_SIGNATURE);
    insist(cert_key_sign(key, manifest->data, manifest->length, (unsigned char *)signature->data, &err), err.text);
}

/* Everything made right again: signer, digests, manifest, signature. */
static inline void tarball_sign(struct tarball *ball, const char *key_path)
{
    struct vg_error err = { 0 };
    struct cert_manifest manifest = { 0 };
    cert_autokey struct cert_key *key = cert_key_load(key_path, &err);
    insist(key != NULL, err.text);
    vg_autofree char *pem = cert_key_public_pem(key, &err);
    item_set(tarball_find(ball, CERT_SIGNER), pem);
    struct item *old = tarball_find(ball, CERT_MANIFEST);
    vg_autojson json_t *before = vg_json_load_text(old->data, old->length, &err);
    manifest.vgauge = vg_strdup(ball->other_version ? ball->other_version : vg_json_text_or(before, "vgauge", ""));
    manifest.suite = vg_strdup(ball->other_suite ? ball->other_suite : vg_json_text_or(before, "suite", ""));
    for (unsigned i = 2; i < ball->count; i++) {
        char digits[65];
        struct cert_hash *hash = cert_hash_new();
        cert_hash_add(hash, ball->items[i].data, ball->items[i].length);
        cert_hash_end(hash, digits);
        vg_push(manifest.files, manifest.count) =
            (struct cert_file) { vg_strdup(ball->items[i].name), ball->items[i].length, vg_strdup(digits) };
    }
    vg_autofree char *text = cert_manifest_text(&manifest);
    cert_manifest_free(&manifest);
    item_set(old, text);
    tarball_sign_manifest(ball, key_path);
}

/* Offsets of a header's fields. */
enum {
    AT_MODE = 100,
    AT_UID = 108,
    AT_SIZE = 124,
    AT_MTIME = 136,
    AT_CHECKSUM = 148,
    AT_TYPE = 156,
    AT_LINK = 157,
    AT_USER = 265
};

static inline void tarball_header(const struct item *item, unsigned char block[CERT_BLOCK_BYTES])
{
    /* Names that no package may have do not fit the honest writer's split: they are put in as they are. */
    bool odd = strlen(item->name) <= 100;
    insist(cert_header_make(odd ? "x" : item->name, item->length, block), "no header");
    if (odd) {
        memset(block, 0, 100);
        memcpy(block, item->name, strlen(item->name));
    }
    if (item->type)
        block[AT_TYPE] = (unsigned char)item->type;
    if (item->target)
        memcpy(block + AT_LINK, item->target, strlen(item->target));
    if (item->mode)
        memcpy(block + AT_MODE, item->mode, 7);
    if (item->uid)
        memcpy(block + AT_UID, item->uid, 7);
    if (item->mtime)
        memcpy(block + AT_MTIME, item->mtime, 12);
    if (item->user)
        memcpy(block + AT_USER, item->user, strlen(item->user));
    if (item->said) {
        vg_autofree char *digits = vg_format("%011llo ", (unsigned long long)item->said);
        memcpy(block + AT_SIZE, digits, 12);
    }
    memset(block + AT_CHECKSUM, ' ', 8);
    unsigned sum = item->bad_checksum;
    for (size_t i = 0; i < CERT_BLOCK_BYTES; i++)
        sum += block[i];
    vg_autofree char *digits = vg_format("%06o", sum);
    memcpy(block + AT_CHECKSUM, digits, 7);
}

static inline void tarball_member(FILE *file, const void *bytes, size_t length, bool named)
{
    z_stream zip = { 0 };
    gz_header header = { .name = (Bytef *)"evil.tar", .os = 3 };
    insist(deflateInit2(&zip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib");
    if (named)
        deflateSetHeader(&zip, &header);
    size_t room = deflateBound(&zip, length) + 64;
    vg_autofree unsigned char *out = vg_calloc(1, room);
    zip.next_in = (Bytef *)(uintptr_t)bytes;
    zip.avail_in = (unsigned)length;
    zip.next_out = out;
    zip.avail_out = (unsigned)room;
    insist(deflate(&zip, Z_FINISH) == Z_STREAM_END, "zlib");
    insist(fwrite(out, 1, room - zip.avail_out, file) == room - zip.avail_out, "cannot write");
    deflateEnd(&zip);
}

static inline void tarball_save(const struct tarball *ball, const char *path)
{
    struct vg_text tar = { 0 };
    static const char zeros[1024];
    for (unsigned i = 0; i < ball->count; i++) {
        const struct item *item = &ball->items[i];
        unsigned char block[CERT_BLOCK_BYTES];
        char padding[CERT_BLOCK_BYTES];
        tarball_header(item, block);
        vg_text_add_bytes(&tar, (const char *)block, sizeof(block));
        vg_text_add_bytes(&tar, item->data, item->length);
        memset(padding, item->padding, sizeof(padding));
        vg_text_add_bytes(&tar, padding, -item->length & 511);
    }
    if (!ball->no_end)
        vg_text_add_bytes(&tar, zeros, sizeof(zeros));
    if (ball->after_end)
        vg_text_add_bytes(&tar, "more", 4);
    vg_autofile FILE *file = fopen(path, "we");
    insist(file != NULL, "cannot write");
    tarball_member(file, tar.data, tar.length, ball->gzip_name);
    if (ball->second_member)
        tarball_member(file, zeros, sizeof(zeros), false);
    if (ball->trailing)
        fputs("more", file);
    vg_text_free(&tar);
}

#endif
