/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to record/: reading JSON members out of files that may be hostile. Each reader checks the type and a bound,
 * and says which member is wrong; they are chained with &&, so that the first wrong member is the one reported. */
#ifndef VG_RECORD_INTERNAL_H
#define VG_RECORD_INTERNAL_H

#include "record/record.h"

enum {
    REC_TEXT_MAX = 65536,  /* bytes of one text member */
    REC_LIST_MAX = 100000, /* members of one list */
};
#define REC_FILE_MAX ((size_t)64 << 20)

/* A copy of a text member. rec_text_or_null also takes null and a missing member. */
bool rec_text(const json_t *object, const char *key, char **value, struct vg_error *err);
bool rec_text_or_null(const json_t *object, const char *key, char **value, struct vg_error *err);
/* As rec_text, and the text must be a name that is safe as a path component (vg_record_name_ok). */
bool rec_name(const json_t *object, const char *key, char **value, struct vg_error *err);
bool rec_unsigned(const json_t *object, const char *key, unsigned *value, struct vg_error *err);
bool rec_uint64(const json_t *object, const char *key, uint64_t *value, struct vg_error *err);
bool rec_int64(const json_t *object, const char *key, int64_t *value, struct vg_error *err);
/* A finite number, or null for NaN. */
bool rec_real(const json_t *object, const char *key, double *value, struct vg_error *err);
bool rec_bool(const json_t *object, const char *key, bool *value, struct vg_error *err);
/* A list of at most REC_LIST_MAX objects; a missing one is an error. */
bool rec_objects(const json_t *object, const char *key, json_t **list, struct vg_error *err);
/* A list of texts, copied. */
bool rec_texts(const json_t *object, const char *key, char ***texts, unsigned *count, struct vg_error *err);
/* An object or array as it is, or null for NULL; a new reference. */
bool rec_json(const json_t *object, const char *key, json_t **value, struct vg_error *err);

/* A list of objects into a growing array, each zeroed and then read by load_one(member, item, err); false at the first
 * that is wrong, which the error names by its index. What was read so far stays in the array. */
#define REC_LOAD_LIST(object, key, items, count, load_one, err)                                                        \
    __extension__({                                                                                                    \
        json_t *list_ = NULL;                                                                                          \
        bool good_ = rec_objects(object, key, &list_, err);                                                            \
        for (size_t i_ = 0; good_ && i_ < json_array_size(list_); i_++) {                                              \
            __typeof__(*(items)) *one_ = &vg_push(items, count);                                                       \
            *one_ = (__typeof__(*(items))) { 0 };                                                                      \
            good_ = load_one(json_array_get(list_, i_), one_, err) || vg_wrap(err, "%s[%zu]", key, i_);                \
        }                                                                                                              \
        good_;                                                                                                         \
    })

/* Loads a regular file (no link, no device) whose top level is an object with "schema": schema. */
/* Also what cannot be read, such as a link to nothing: a file that is optional must not be missed in silence. */
bool rec_is_there(const char *path);
json_t *rec_load_document(const char *path, const char *schema, struct vg_error *err);

/* The head of a run (plan, host, times, state, ...) and its fingerprint, as run.json and results.json carry them. */
json_t *rec_run_to_json(const struct vg_run *run);
json_t *rec_fingerprint_to_json(const struct vg_run *run);

/* Whether value is one of the words (ended by NULL). */
bool rec_one_of(const char *key, const char *value, const char *const *words, struct vg_error *err);
extern const char *const rec_column_kind_words[], *const rec_better_words[];

#define REC_MEASUREMENTS_SCHEMA "vgauge-measurements/4"

json_t *rec_texts_to_json(char *const *texts, unsigned count);
void rec_free_texts(char **texts, unsigned count);

#endif
