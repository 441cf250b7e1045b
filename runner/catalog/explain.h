/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/. libcyaml says what is wrong in several log lines for developers; this turns them into one
 * sentence for the person who wrote the file. */
#ifndef VG_CATALOG_EXPLAIN_H
#define VG_CATALOG_EXPLAIN_H

#include <cyaml/cyaml.h>
#include "catalog/document.h"

enum { VG_SHOWN_BYTES = 80 };

/* What libcyaml logged while it loaded one text. Zero-initialised is empty. */
struct vg_complaint {
    char *message;   /* its first line */
    char *path;      /* from its backtrace, as in document.h; ends with the field that it was in */
    bool in_mapping; /* the innermost place is a mapping, before any of its fields was recognised */
    bool in_field;   /* the innermost place is a field */
};
void vg_complaint_log(cyaml_log_t level, void *complaint, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
/* Sets err; returns false. */
bool vg_complaint_explain(const struct vg_complaint *complaint, cyaml_err_t code, const struct vg_document *document,
                          const cyaml_schema_value_t *schema, struct vg_error *err);
void vg_complaint_free(struct vg_complaint *complaint);

/* A field by its key; NULL if there is none. The key "*" is never found: it is no key that a person may write. */
const cyaml_schema_field_t *vg_schema_field(const cyaml_schema_field_t *fields, const char *key);
bool vg_schema_is_open(const cyaml_schema_field_t *fields);
/* "`seconds`", "entry 2 of `tenants`", "the file", for sentences. Caller frees. */
char *vg_path_name(const char *path);
const char *vg_node_words(const struct vg_node *node); /* "a list", "a mapping", "a single value", "nothing" */

#endif
