/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manifest.json: every file of a package with its size and digest. It is what is signed, so there is one way to write
 * it, and a text that is not written so is refused. */
#include "certify/package.h"

#define SCHEMA "vgauge-package/1"
enum { WORD_MAX_BYTES = 200 };

void cert_manifest_free(struct cert_manifest *manifest)
{
    for (unsigned i = 0; i < manifest->count; i++) {
        free(manifest->files[i].name);
        free(manifest->files[i].sha256);
    }
    free(manifest->files);
    free(manifest->vgauge);
    free(manifest->suite);
    *manifest = (struct cert_manifest) { 0 };
}

char *cert_manifest_text(const struct cert_manifest *manifest)
{
    vg_autojson json_t *document = vg_json_new_object();
    json_t *files = vg_json_new_array();
    vg_json_set_text(document, "schema", SCHEMA);
    vg_json_set_text(document, "vgauge", manifest->vgauge);
    vg_json_set_text(document, "suite", manifest->suite);
    vg_json_set(document, "files", files);
    for (unsigned i = 0; i < manifest->count; i++) {
        json_t *file = vg_json_new_object();
        vg_json_set_text(file, "name", manifest->files[i].name);
        vg_json_set_int(file, "bytes", (int64_t)manifest->files[i].bytes);
        vg_json_set_text(file, "sha256", manifest->files[i].sha256);
        vg_json_append(files, file);
    }
    vg_autofree char *text = json_dumps(document, JSON_INDENT(1));
    if (!text)
        vg_out_of_memory();
    return vg_format("%s\n", text);
}

static bool is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool take_file(const json_t *object, struct cert_manifest *manifest, struct vg_error *err)
{
    const char *name, *sha256;
    int64_t bytes;
    if (!vg_json_text(object, "name", &name, err) || !vg_json_int(object, "bytes", &bytes, err) ||
        !vg_json_text(object, "sha256", &sha256, err))
        return false;
    vg_autofree char *shown = vg_printable(name, strlen(name), 300);
    const char *trouble = cert_name_trouble(name);
    if (trouble)
        return vg_fail(err, VG_ERROR_INPUT, "the name `%s` %s", shown, trouble);
    if (!cert_name_allowed(name))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no file that a package may hold", shown);
    if (bytes < 0 || (uint64_t)bytes > CERT_FILE_MAX_BYTES)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is said to have %lld bytes; the most that a file may have is %llu",
                       shown, (long long)bytes, (unsigned long long)CERT_FILE_MAX_BYTES);
    if (!is_digest(sha256))
        return vg_fail(err, VG_ERROR_INPUT, "the digest of `%s` is none", shown);
    const struct cert_file *last = manifest->count > 1 ? &manifest->files[manifest->count - 1] : NULL;
    if (manifest->count == 0 && !vg_equal(name, CERT_SIGNER))
        return vg_fail(err, VG_ERROR_INPUT, "its first file is `%s`, not " CERT_SIGNER, shown);
    if ((last && strcmp(last->name, name) >= 0) || (manifest->count && vg_equal(name, CERT_SIGNER)))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is there twice, or not in the order of the names", shown);
    manifest->total += (uint64_t)bytes;
    if (manifest->total > CERT_TOTAL_MAX_BYTES)
        return vg_fail(err, VG_ERROR_INPUT, "its files have more than %llu bytes together",
                       (unsigned long long)CERT_TOTAL_MAX_BYTES);
    vg_push(manifest->files, manifest->count) =
        (struct cert_file) { vg_strdup(name), (uint64_t)bytes, vg_strdup(sha256) };
    return true;
}

static bool take_word(const json_t *document, const char *key, char **word, struct vg_error *err)
{
    const char *text;
    if (!vg_json_text(document, key, &text, err))
        return false;
    if (strlen(text) > WORD_MAX_BYTES)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is longer than %d bytes", key, WORD_MAX_BYTES);
    *word = vg_strdup(text);
    return true;
}

static bool take(const json_t *document, struct cert_manifest *manifest, struct vg_error *err)
{
    const char *schema;
    json_t *files;
    if (!vg_json_text(document, "schema", &schema, err))
        return false;
    if (!vg_equal(schema, SCHEMA)) {
        vg_autofree char *shown = vg_printable(schema, strlen(schema), 60);
        return vg_fail(err, VG_ERROR_INPUT, "it is of schema `%s`, and this vgauge reads " SCHEMA " only", shown);
    }
    if (!take_word(document, "vgauge", &manifest->vgauge, err) ||
        !take_word(document, "suite", &manifest->suite, err) || !vg_json_array(document, "files", &files, err))
        return false;
    if (json_array_size(files) > CERT_FILES_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "it names %zu files; the most that a package may have is %d",
                       json_array_size(files), CERT_FILES_MAX);
    for (size_t i = 0; i < json_array_size(files); i++)
        if (!take_file(json_array_get(files, i), manifest, err))
            return false;
    return true;
}

bool cert_manifest_parse(const char *text, size_t length, struct cert_manifest *manifest, struct vg_error *err)
{
    vg_autojson json_t *document = vg_json_load_text(text, length, err);
    *manifest = (struct cert_manifest) { 0 };
    if (!document)
        return vg_wrap(err, CERT_MANIFEST);
    bool good = take(document, manifest, err);
    if (good) { /* also refuses keys that nobody reads */
        vg_autofree char *again = cert_manifest_text(manifest);
        good = (strlen(again) == length && memcmp(again, text, length) == 0) ||
               vg_fail(err, VG_ERROR_INPUT, "it is not written as vgauge writes it");
    }
    if (good)
        return true;
    cert_manifest_free(manifest);
    return vg_wrap(err, CERT_MANIFEST);
}

const struct cert_file *cert_manifest_find(const struct cert_manifest *manifest, const char *name)
{
    for (unsigned i = 0; i < manifest->count; i++)
        if (vg_equal(manifest->files[i].name, name))
            return &manifest->files[i];
    return NULL;
}
