/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/. Binds a document to structs through a libcyaml schema, which parses, validates and allocates.
 * What libcyaml 1.3.1 is too lenient for or cannot say is done on the way in, driven by the same schema:
 *   - numbers and truth values are taken strictly (it reads `12x` as 12, `010` as 8 and any word as true);
 *   - where a list of words is wanted, a single word stands for a list of one;
 *   - a mapping whose keys are not fixed (parameters) becomes a list of struct vg_setting. Such a field has
 *     vg_settings_entry as its entry; if its key is "*", the mapping around it gives it every key that it does not
 * know. */
#ifndef VG_CATALOG_BIND_H
#define VG_CATALOG_BIND_H

#include <cyaml/cyaml.h>
#include "catalog/catalog.h"
#include "catalog/document.h"

enum { VG_TEXT_MAX = 2000, VG_WORD_MAX = 200, VG_LIST_MAX = 64 };

extern const cyaml_schema_value_t vg_settings_entry;
extern const cyaml_schema_value_t vg_words_entry;

/* Shorthands for schema tables; member may be nested. OPTIONAL or MANDATORY. */
#define VG_OPTIONAL  CYAML_FLAG_OPTIONAL
#define VG_MANDATORY CYAML_FLAG_DEFAULT
#define VG_FIELD_TEXT(key, flags, type, member)                                                                        \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, VG_TEXT_MAX)
#define VG_FIELD_WORD(key, flags, type, member)                                                                        \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, VG_WORD_MAX)
#define VG_FIELD_WORDS(key, flags, type, member)                                                                       \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member.items, member.count, &vg_words_entry,   \
                               0, VG_LIST_MAX)
#define VG_FIELD_SETTINGS(key, flags, type, member)                                                                    \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member.items, member.count,                    \
                               &vg_settings_entry, 0, VG_LIST_MAX)
#define VG_FIELD_LIST(key, flags, type, member, count, entry)                                                          \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member, count, &(entry), 1, VG_LIST_MAX)

/* Returns what the schema's top level describes, or NULL. Free it with vg_unbind and the same schema. */
void *vg_bind(const struct vg_document *document, const cyaml_schema_value_t *schema, struct vg_error *err);
void vg_unbind(const cyaml_schema_value_t *schema, void *data);

#endif
