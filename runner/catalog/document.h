/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/. A YAML (or JSON) text as a small tree that remembers where each key and value stands, so that
 * whatever is wrong with it, found by libcyaml or by a later check, is reported with file, line and column. It also
 * refuses what no file of ours needs and a hostile one may hold: aliases, tags, deep nesting, control characters. */
#ifndef VG_CATALOG_DOCUMENT_H
#define VG_CATALOG_DOCUMENT_H

#include "base/base.h"

#define VG_DOCUMENT_MAX_BYTES ((size_t)1 << 20)

enum vg_node_kind { VG_NODE_SCALAR, VG_NODE_LIST, VG_NODE_MAPPING };

struct vg_node {
    enum vg_node_kind kind;
    unsigned line, column; /* from 1 */
    char *text;            /* scalars */
    char *key;             /* if it stands in a mapping */
    unsigned key_line, key_column;
    struct vg_node **items;
    unsigned count;
};

struct vg_document {
    char *file;         /* as shown in messages */
    bool has_positions; /* false: made by a program (JSON), messages name the path instead of a line */
    struct vg_node *root;
};

/* NULL with VG_ERROR_INPUT if it cannot be read, is empty, is too large or is not well-formed. */
struct vg_document *vg_document_read(const char *path, struct vg_error *err);
struct vg_document *vg_document_parse(const char *text, size_t length, const char *file, bool has_positions,
                                      struct vg_error *err);
void vg_document_free(struct vg_document *document);
VG_DEFINE_CLEANUP(vg_cleanup_document, struct vg_document *, vg_document_free)
#define vg_autodocument VG_CLEANUP(vg_cleanup_document)

const struct vg_node *vg_node_member(const struct vg_node *mapping, const char *key);
/* A node by its path from the root, keys and list indices: "phases/1/run/0/workload". NULL if it is not there. */
const struct vg_node *vg_document_at(const struct vg_document *document, const char *path);

/* Sets the error "FILE, line L, column C: ..." for the value at path, or for its key; a path that is not there stands
 * for its nearest ancestor. Returns false. */
bool vg_document_fail(const struct vg_document *document, const char *path, struct vg_error *err, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
bool vg_document_fail_key(const struct vg_document *document, const char *path, struct vg_error *err,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
