/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of expectations that a run was judged by, kept with it, so that its results mean the same elsewhere. */
#include "record/expectations.h"

#include <errno.h>
#include <unistd.h>

#define SCHEMA "vgauge-expectations/1"
enum { FILES_MAX = 16 };

static char *path_of(const char *run_directory)
{
    return vg_format("%s/expectations.json", run_directory);
}

static json_t *file_to_json(const char *path, struct vg_error *err)
{
    struct vg_known_issues *issues = vg_known_issues_load(path, err);
    vg_autofree char *text = NULL;
    size_t length;
    if (!issues || !vg_read_file(path, REC_FILE_MAX, &text, &length, err)) {
        vg_known_issues_free(issues);
        return NULL;
    }
    vg_autofree char *digest = vg_digest(text, length);
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "file", path);
    vg_json_set_text(object, "digest", digest);
    vg_json_set(object, "content", vg_known_issues_to_json(issues));
    vg_known_issues_free(issues);
    return object;
}

bool vg_run_save_expectations(const char *run_directory, const char *const *files, unsigned count, struct vg_error *err)
{
    vg_autofree char *path = path_of(run_directory);
    vg_autojson json_t *document = vg_json_new_object();
    json_t *list = vg_json_new_array();
    vg_json_set_text(document, "schema", SCHEMA);
    vg_json_set(document, "files", list);
    if (count == 0)
        return unlink(path) == 0 || errno == ENOENT ||
               vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot remove %s", path);
    for (unsigned i = 0; i < count; i++) {
        json_t *file = file_to_json(files[i], err);
        if (!file)
            return false;
        vg_json_append(list, file);
    }
    return vg_json_save_file(document, path, err);
}

/* Of the file that was given, so that somebody who has it can tell whether it is the same. */
static bool digest_good(const char *digest)
{
    static const char prefix[] = "sha256:", digits[] = "0123456789abcdef";
    size_t length = strlen(prefix);
    return strncmp(digest, prefix, length) == 0 && strspn(digest + length, digits) == 64 && !digest[length + 64];
}

static struct vg_known_issues *load_file(const json_t *member, struct vg_error *err)
{
    const char *file, *digest;
    json_t *content;
    if (!vg_json_text(member, "file", &file, err) || !vg_json_text(member, "digest", &digest, err) ||
        !vg_json_object(member, "content", &content, err))
        return NULL;
    if (!digest_good(digest)) {
        vg_fail(err, VG_ERROR_INPUT, "`digest` is not sha256: and 64 hexadecimal digits");
        return NULL;
    }
    return vg_known_issues_from_json(content, file, err);
}

bool rec_expectations_load(struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *path = path_of(results->run->directory);
    if (!rec_is_there(path))
        return true;
    vg_autojson json_t *document = rec_load_document(path, SCHEMA, err);
    json_t *list;
    if (!document || !rec_objects(document, "files", &list, err))
        return false;
    if (json_array_size(list) > FILES_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "%s names more than %d files", path, FILES_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct vg_known_issues *issues = load_file(json_array_get(list, i), err);
        if (!issues)
            return vg_wrap(err, "%s, files[%zu]", path, i);
        vg_push(results->expectations, results->expectation_count) = issues;
    }
    return true;
}

json_t *rec_expectations_to_json(const struct vg_results *results)
{
    vg_autofree char *path = path_of(results->run->directory);
    struct vg_error ignored = { 0 };
    json_t *list = vg_json_new_array();
    vg_autojson json_t *document = vg_exists(path) ? rec_load_document(path, SCHEMA, &ignored) : NULL;
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(document, "files"), index, member)
    {
        json_t *file = vg_json_new_object();
        vg_json_set_text(file, "file", vg_json_text_or(member, "file", ""));
        vg_json_set_text(file, "digest", vg_json_text_or(member, "digest", ""));
        vg_json_append(list, file);
    }
    return list;
}
