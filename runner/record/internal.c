/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed, bounded reading of JSON members for everything that record/ loads. A run directory may come from somebody
 * else's machine, so that nothing in it is believed: not a type, not a size, not a file name. */
#include "record/internal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sys/stat.h>

static bool wrong(struct vg_error *err, const char *key, const char *expected)
{
    return vg_fail(err, VG_ERROR_INPUT, "`%s` is missing or is not %s", key, expected);
}

bool vg_record_name_ok(const char *text)
{
    if (!text || !text[0] || text[0] == '.' || text[0] == '-')
        return false;
    size_t length = 0;
    for (const char *p = text; *p; p++, length++)
        if (length >= 200 || !(isalnum((unsigned char)*p) || *p == '_' || *p == '.' || *p == '-'))
            return false;
    return strstr(text, "..") == NULL;
}

bool rec_text(const json_t *object, const char *key, char **value, struct vg_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member))
        return wrong(err, key, "text");
    if (json_string_length(member) > REC_TEXT_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is longer than %d bytes", key, REC_TEXT_MAX);
    *value = vg_strdup(json_string_value(member));
    return true;
}

bool rec_text_or_null(const json_t *object, const char *key, char **value, struct vg_error *err)
{
    const json_t *member = json_object_get(object, key);
    *value = NULL;
    return !member || json_is_null(member) || rec_text(object, key, value, err);
}

bool rec_name(const json_t *object, const char *key, char **value, struct vg_error *err)
{
    if (!rec_text(object, key, value, err))
        return false;
    if (vg_record_name_ok(*value))
        return true;
    vg_autofree char *shown = vg_printable(*value, strlen(*value), 80);
    return vg_fail(err, VG_ERROR_INPUT, "`%s` is \"%s\", which is not a plain name of letters, digits and \"_.-\"", key,
                   shown);
}

bool rec_int64(const json_t *object, const char *key, int64_t *value, struct vg_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_integer(member))
        return wrong(err, key, "an integer");
    *value = json_integer_value(member);
    return true;
}

bool rec_uint64(const json_t *object, const char *key, uint64_t *value, struct vg_error *err)
{
    int64_t number = 0;
    if (!rec_int64(object, key, &number, err))
        return false;
    if (number < 0)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is negative", key);
    *value = (uint64_t)number;
    return true;
}

bool rec_unsigned(const json_t *object, const char *key, unsigned *value, struct vg_error *err)
{
    uint64_t number = 0;
    if (!rec_uint64(object, key, &number, err))
        return false;
    if (number > INT_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is out of range", key);
    *value = (unsigned)number;
    return true;
}

bool rec_real(const json_t *object, const char *key, double *value, struct vg_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (!member || (!json_is_number(member) && !json_is_null(member)))
        return wrong(err, key, "a number or null");
    *value = json_is_null(member) ? NAN : json_number_value(member);
    return true;
}

bool rec_bool(const json_t *object, const char *key, bool *value, struct vg_error *err)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_boolean(member))
        return wrong(err, key, "true or false");
    *value = json_is_true(member);
    return true;
}

bool rec_objects(const json_t *object, const char *key, json_t **list, struct vg_error *err)
{
    *list = json_object_get(object, key);
    if (!json_is_array(*list))
        return wrong(err, key, "a list");
    if (json_array_size(*list) > REC_LIST_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` has more than %d members", key, REC_LIST_MAX);
    size_t index;
    json_t *member;
    json_array_foreach(*list, index, member) if (!json_is_object(member)) return vg_fail(
        err, VG_ERROR_INPUT, "`%s[%zu]` is not an object", key, index);
    return true;
}

bool rec_texts(const json_t *object, const char *key, char ***texts, unsigned *count, struct vg_error *err)
{
    const json_t *list = json_object_get(object, key);
    if (!json_is_array(list) || json_array_size(list) > REC_LIST_MAX)
        return wrong(err, key, "a list of texts");
    size_t index;
    json_t *member;
    json_array_foreach(list, index, member)
    {
        if (!json_is_string(member) || json_string_length(member) > REC_TEXT_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "`%s[%zu]` is not text of at most %d bytes", key, index, REC_TEXT_MAX);
        vg_push(*texts, *count) = vg_strdup(json_string_value(member));
    }
    return true;
}

bool rec_json(const json_t *object, const char *key, json_t **value, struct vg_error *err)
{
    json_t *member = json_object_get(object, key);
    *value = NULL;
    if (!member || json_is_null(member))
        return true;
    if (!json_is_object(member) && !json_is_array(member))
        return wrong(err, key, "an object or a list");
    *value = json_incref(member);
    return true;
}

bool rec_is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 || errno != ENOENT;
}

json_t *rec_load_document(const char *path, const char *schema, struct vg_error *err)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read %s", path);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        vg_fail(err, VG_ERROR_INPUT, "%s is not a regular file", path);
        return NULL;
    }
    vg_autojson json_t *document = vg_json_load_file(path, REC_FILE_MAX, err);
    if (!document)
        return NULL;
    const char *found = json_string_value(json_object_get(document, "schema"));
    if (!vg_equal(found, schema)) {
        vg_autofree char *shown = vg_printable(found ? found : "nothing", found ? strlen(found) : 7, 60);
        vg_fail(err, VG_ERROR_INPUT, "%s: `schema` says %s, and this vgauge reads %s only", path, shown, schema);
        return NULL;
    }
    return VG_TAKE(document);
}

json_t *rec_texts_to_json(char *const *texts, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *text = json_string(texts[i]);
        if (!text) { /* not UTF-8: keep what can be shown */
            vg_autofree char *printable = vg_printable(texts[i], strlen(texts[i]), REC_TEXT_MAX);
            text = json_string(printable);
        }
        vg_json_append(list, text);
    }
    return list;
}

void rec_free_texts(char **texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}
