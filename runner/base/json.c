/* SPDX-License-Identifier: MIT */
/* JSON with errors that name the place. */
#include <math.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

json_t *vg_json_load_text(const char *text, size_t length, struct vg_error *err)
{
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        vg_autofree char *shown = vg_printable(error.text, strlen(error.text), 200);
        vg_fail(err, VG_ERROR_INPUT, "line %d, column %d: %s", error.line, error.column, shown);
    }
    return json;
}

json_t *vg_json_load_file(const char *path, size_t max_bytes, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length;
    if (!vg_read_file(path, max_bytes, &text, &length, err))
        return NULL;
    json_t *json = vg_json_load_text(text, length, err);
    if (!json)
        vg_wrap(err, "%s is not valid JSON", path);
    return json;
}

static bool save_file(const json_t *json, const char *path,
                      bool (*write)(const char *path, const void *data, size_t length, struct vg_error *err),
                      struct vg_error *err)
{
    vg_autofree char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    if (!text)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s: cannot be written as JSON (out of memory or not UTF-8)", path);
    vg_autofree char *line = vg_format("%s\n", text);
    return write(path, line, strlen(line), err);
}

bool vg_json_save_file(const json_t *json, const char *path, struct vg_error *err)
{
    return save_file(json, path, vg_write_file, err);
}

bool vg_json_save_file_unsynced(const json_t *json, const char *path, struct vg_error *err)
{
    return save_file(json, path, vg_write_file_unsynced, err);
}

static const json_t *member(const json_t *object, const char *key, const char *type, struct vg_error *err)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        vg_fail(err, VG_ERROR_INPUT, "`%s` (%s) is missing", key, type);
    return value;
}

static bool wrong_type(const char *key, const char *type, struct vg_error *err)
{
    return vg_fail(err, VG_ERROR_INPUT, "`%s` must be %s", key, type);
}

bool vg_json_text(const json_t *object, const char *key, const char **value, struct vg_error *err)
{
    const json_t *found = member(object, key, "text", err);
    if (!found)
        return false;
    if (!json_is_string(found))
        return wrong_type(key, "text", err);
    *value = json_string_value(found);
    return true;
}

bool vg_json_int(const json_t *object, const char *key, int64_t *value, struct vg_error *err)
{
    const json_t *found = member(object, key, "an integer", err);
    if (!found)
        return false;
    if (!json_is_integer(found))
        return wrong_type(key, "an integer", err);
    *value = json_integer_value(found);
    return true;
}

bool vg_json_real(const json_t *object, const char *key, double *value, struct vg_error *err)
{
    const json_t *found = member(object, key, "a number", err);
    if (!found)
        return false;
    if (!json_is_number(found))
        return wrong_type(key, "a number", err);
    *value = json_number_value(found);
    return true;
}

bool vg_json_array(const json_t *object, const char *key, json_t **value, struct vg_error *err)
{
    const json_t *found = member(object, key, "a list", err);
    if (!found)
        return false;
    if (!json_is_array(found))
        return wrong_type(key, "a list", err);
    *value = (json_t *)found;
    return true;
}

bool vg_json_object(const json_t *object, const char *key, json_t **value, struct vg_error *err)
{
    const json_t *found = member(object, key, "an object", err);
    if (!found)
        return false;
    if (!json_is_object(found))
        return wrong_type(key, "an object", err);
    *value = (json_t *)found;
    return true;
}

const char *vg_json_text_or(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

int64_t vg_json_int_or(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void must(int result)
{
    if (result != 0)
        vg_out_of_memory(); /* the only way in which jansson fails here */
}

static json_t *must_have(json_t *json)
{
    if (!json)
        must(-1);
    return json;
}

void vg_json_set(json_t *object, const char *key, json_t *value_stolen)
{
    must(json_object_set_new(object, key, must_have(value_stolen)));
}

void vg_json_set_text(json_t *object, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    if (!value && text) { /* not UTF-8: keep what can be shown */
        vg_autofree char *printable = vg_printable(text, strlen(text), SIZE_MAX / 8);
        value = json_string(printable);
    }
    vg_json_set(object, key, value);
}

void vg_json_set_int(json_t *object, const char *key, int64_t value)
{
    vg_json_set(object, key, json_integer(value));
}

void vg_json_set_real(json_t *object, const char *key, double value)
{
    vg_json_set(object, key, isfinite(value) ? json_real(value) : json_null());
}

void vg_json_set_bool(json_t *object, const char *key, bool value)
{
    vg_json_set(object, key, json_boolean(value));
}

void vg_json_append(json_t *array, json_t *value_stolen)
{
    must(json_array_append_new(array, must_have(value_stolen)));
}

json_t *vg_json_new_object(void)
{
    return must_have(json_object());
}

json_t *vg_json_new_array(void)
{
    return must_have(json_array());
}
