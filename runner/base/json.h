/* SPDX-License-Identifier: MIT */
/* JSON through jansson, with errors that name the place, and with limits for what comes from outside. */
#ifndef VG_BASE_JSON_H
#define VG_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/* One document of at most max_bytes; duplicate keys are refused. Returns a new reference or NULL. */
json_t *vg_json_load_file(const char *path, size_t max_bytes, struct vg_error *err);
json_t *vg_json_load_text(const char *text, size_t length, struct vg_error *err);
/* Atomic (vg_write_file), indented by 2, keys in insertion order, newline at the end. */
bool vg_json_save_file(const json_t *json, const char *path, struct vg_error *err);
/* As vg_write_file_unsynced. */
bool vg_json_save_file_unsynced(const json_t *json, const char *path, struct vg_error *err);

/* Typed members of an object; a missing key or another type is VG_ERROR_INPUT naming the key. Text is borrowed. */
bool vg_json_text(const json_t *object, const char *key, const char **value, struct vg_error *err);
bool vg_json_int(const json_t *object, const char *key, int64_t *value, struct vg_error *err);
bool vg_json_real(const json_t *object, const char *key, double *value, struct vg_error *err);
bool vg_json_array(const json_t *object, const char *key, json_t **value, struct vg_error *err);
bool vg_json_object(const json_t *object, const char *key, json_t **value, struct vg_error *err);
/* As above, with a default if the key is missing or null. */
const char *vg_json_text_or(const json_t *object, const char *key, const char *otherwise);
int64_t vg_json_int_or(const json_t *object, const char *key, int64_t otherwise);

/* Sets object[key]; NULL text becomes JSON null, a real that is not finite becomes null (JSON has no NaN). Out of
 * memory ends the process. */
void vg_json_set(json_t *object, const char *key, json_t *value_stolen);
void vg_json_set_text(json_t *object, const char *key, const char *text);
void vg_json_set_int(json_t *object, const char *key, int64_t value);
void vg_json_set_real(json_t *object, const char *key, double value);
void vg_json_set_bool(json_t *object, const char *key, bool value);
void vg_json_append(json_t *array, json_t *value_stolen);
json_t *vg_json_new_object(void);
json_t *vg_json_new_array(void);

#endif
