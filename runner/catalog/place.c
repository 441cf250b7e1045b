/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds places in a document by path, and reports errors there. */
#include "catalog/document.h"

#include <stdio.h>

const struct vg_node *vg_node_member(const struct vg_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != VG_NODE_MAPPING)
        return NULL;
    for (unsigned i = 0; i < mapping->count; i++)
        if (strcmp(mapping->items[i]->key, key) == 0)
            return mapping->items[i];
    return NULL;
}

static const struct vg_node *step(const struct vg_node *node, const char *name)
{
    if (node->kind == VG_NODE_MAPPING)
        return vg_node_member(node, name);
    long long index;
    if (node->kind == VG_NODE_LIST && vg_parse_int(name, &index) && index >= 0 && index < (long long)node->count)
        return node->items[index];
    return NULL;
}

/* Follows path as far as it goes; *whole tells whether that was all of it. */
static const struct vg_node *follow(const struct vg_document *document, const char *path, bool *whole)
{
    const struct vg_node *node = document->root;
    vg_autofree char *copy = vg_strdup(path);
    char *rest = copy;
    *whole = true;
    for (char *name; (name = strsep(&rest, "/"));) {
        if (!*name)
            continue;
        const struct vg_node *next = step(node, name);
        if (!next) {
            *whole = false;
            break;
        }
        node = next;
    }
    return node;
}

const struct vg_node *vg_document_at(const struct vg_document *document, const char *path)
{
    bool whole;
    const struct vg_node *node = follow(document, path, &whole);
    return whole ? node : NULL;
}

static bool fail_at(const struct vg_document *document, const char *path, bool at_key, struct vg_error *err,
                    const char *format, va_list arguments)
{
    char what[1536];
    vsnprintf(what, sizeof what, format, arguments);
    if (!document->has_positions)
        return vg_fail(err, VG_ERROR_INPUT, "%s, at /%s: %s", document->file, path, what);
    bool whole;
    const struct vg_node *node = follow(document, path, &whole);
    bool key = at_key && node->key;
    return vg_fail(err, VG_ERROR_INPUT, "%s, line %u, column %u: %s", document->file, key ? node->key_line : node->line,
                   key ? node->key_column : node->column, what);
}

bool vg_document_fail(const struct vg_document *document, const char *path, struct vg_error *err, const char *format,
                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(document, path, false, err, format, arguments);
    va_end(arguments);
    return false;
}

bool vg_document_fail_key(const struct vg_document *document, const char *path, struct vg_error *err,
                          const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_at(document, path, true, err, format, arguments);
    va_end(arguments);
    return false;
}
