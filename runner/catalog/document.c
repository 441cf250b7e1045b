/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads YAML with libyaml into the tree of document.h. libcyaml reports where it stumbled only roughly, and knows
 * nothing of checks that come after it; this tree gives both an exact place. */
#include "catalog/document.h"

#include <stdint.h>
#include <yaml.h>

enum { MAX_DEPTH = 24, MAX_NODES = 20000, MAX_MEMBERS = 1000, MAX_KEY = 128, SHOWN_BYTES = 80 };

struct reader {
    yaml_parser_t parser;
    const char *file;
    struct vg_error *err;
    unsigned nodes;
};

static void node_free(struct vg_node *node)
{
    if (!node)
        return;
    for (unsigned i = 0; i < node->count; i++)
        node_free(node->items[i]);
    free(node->items);
    free(node->text);
    free(node->key);
    free(node);
}
VG_DEFINE_CLEANUP(cleanup_node, struct vg_node *, node_free)

static bool fail_at(const struct reader *reader, yaml_mark_t mark, const char *what)
{
    return vg_fail(reader->err, VG_ERROR_INPUT, "%s, line %zu, column %zu: %s", reader->file, mark.line + 1,
                   mark.column + 1, what);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    const yaml_parser_t *p = &reader->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return vg_fail(reader->err, VG_ERROR_ENVIRONMENT, "%s: out of memory while reading", reader->file);
    if (p->error == YAML_READER_ERROR)
        return vg_fail(reader->err, VG_ERROR_INPUT, "%s, byte %zu: not readable text (%s)", reader->file,
                       p->problem_offset + 1, p->problem ? p->problem : "unknown encoding");
    vg_autofree char *what = vg_format("not well-formed YAML: %s%s%s", p->problem ? p->problem : "syntax error",
                                       p->context ? ", " : "", p->context ? p->context : "");
    return fail_at(reader, p->problem_mark, what);
}

/* No file of ours needs control characters; they would reach terminals and reports. */
static bool text_is_clean(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

/* Refuses whatever is not a plain scalar, list or mapping; the event stays the caller's. */
static bool check_event(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail_at(reader, event->start_mark, "aliases (`*name`) are not allowed here; write the value out");
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (!text_is_clean(event->data.scalar.value, event->data.scalar.length))
            return fail_at(reader, event->start_mark, "text holds control characters; remove them");
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        return fail_at(reader, event->start_mark, "a value is expected here");
    }
    if (anchor)
        return fail_at(reader, event->start_mark, "anchors (`&name`) are not allowed here; write the value out");
    if (tag)
        return fail_at(reader, event->start_mark, "tags (`!name`) are not allowed here; remove it");
    if (depth > MAX_DEPTH)
        return fail_at(reader, event->start_mark, "nested too deeply");
    if (++reader->nodes > MAX_NODES)
        return fail_at(reader, event->start_mark, "too many values in one file; split it");
    return true;
}

static struct vg_node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth);

static bool read_key(struct reader *reader, const yaml_event_t *event, const struct vg_node *mapping, char **key)
{
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(reader, event->start_mark, "a key must be a word");
    if (!check_event(reader, event, 0))
        return false;
    if (event->data.scalar.length == 0 || event->data.scalar.length > MAX_KEY)
        return fail_at(reader, event->start_mark, "a key must have 1 to 128 characters");
    *key = vg_strdup((const char *)event->data.scalar.value);
    vg_autofree char *shown = vg_printable(*key, strlen(*key), SHOWN_BYTES);
    vg_autofree char *twice = vg_format("key `%s` is given twice", shown);
    if (vg_node_member(mapping, *key))
        return fail_at(reader, event->start_mark, twice);
    if (mapping->count >= MAX_MEMBERS)
        return fail_at(reader, event->start_mark, "too many keys in one mapping");
    return true;
}

/* Children of a list or mapping up to its end event. */
static bool read_children(struct reader *reader, struct vg_node *node, unsigned depth)
{
    yaml_event_type_t end = node->kind == VG_NODE_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    for (;;) {
        yaml_event_t event VG_CLEANUP(yaml_event_delete) = { 0 };
        if (!next_event(reader, &event))
            return false;
        if (event.type == end)
            return true;
        if (node->kind == VG_NODE_LIST) {
            struct vg_node *item = read_node(reader, &event, depth + 1);
            if (!item)
                return false;
            vg_push(node->items, node->count) = item;
            continue;
        }
        vg_autofree char *key = NULL;
        if (!read_key(reader, &event, node, &key))
            return false;
        yaml_event_t value_event VG_CLEANUP(yaml_event_delete) = { 0 };
        if (!next_event(reader, &value_event))
            return false;
        struct vg_node *value = read_node(reader, &value_event, depth + 1);
        if (!value)
            return false;
        value->key = VG_TAKE(key);
        value->key_line = (unsigned)event.start_mark.line + 1;
        value->key_column = (unsigned)event.start_mark.column + 1;
        vg_push(node->items, node->count) = value;
    }
}

static struct vg_node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    if (!check_event(reader, event, depth))
        return NULL;
    struct vg_node *node VG_CLEANUP(cleanup_node) = vg_calloc(1, sizeof *node);
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = VG_NODE_SCALAR;
        node->text = vg_strdup((const char *)event->data.scalar.value);
        return VG_TAKE(node);
    }
    node->kind = event->type == YAML_SEQUENCE_START_EVENT ? VG_NODE_LIST : VG_NODE_MAPPING;
    return read_children(reader, node, depth) ? VG_TAKE(node) : NULL;
}

/* The stream must hold exactly one document. */
static struct vg_node *read_stream(struct reader *reader)
{
    struct vg_node *root VG_CLEANUP(cleanup_node) = NULL;
    for (;;) {
        yaml_event_t event VG_CLEANUP(yaml_event_delete) = { 0 };
        if (!next_event(reader, &event))
            return NULL;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (root) {
                fail_at(reader, event.start_mark, "a second document starts here; put it into a file of its own");
                return NULL;
            }
            break;
        case YAML_STREAM_END_EVENT:
            if (!root)
                vg_fail(reader->err, VG_ERROR_INPUT, "%s: the file is empty", reader->file);
            return VG_TAKE(root);
        default:
            root = read_node(reader, &event, 0);
            if (!root)
                return NULL;
        }
    }
}

struct vg_document *vg_document_parse(const char *text, size_t length, const char *file, bool has_positions,
                                      struct vg_error *err)
{
    if (length > VG_DOCUMENT_MAX_BYTES) {
        vg_fail(err, VG_ERROR_INPUT, "%s: larger than 1 MiB, which no file of this kind is", file);
        return NULL;
    }
    struct reader reader = { .file = file, .err = err };
    if (!yaml_parser_initialize(&reader.parser)) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "%s: out of memory while reading", file);
        return NULL;
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    struct vg_node *root = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    if (!root)
        return NULL;
    struct vg_document *document = vg_calloc(1, sizeof *document);
    document->file = vg_strdup(file);
    document->has_positions = has_positions;
    document->root = root;
    return document;
}

struct vg_document *vg_document_read(const char *path, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length = 0;
    if (!vg_read_file(path, VG_DOCUMENT_MAX_BYTES, &text, &length, err)) {
        err->kind = VG_ERROR_INPUT; /* also an unreadable file is the user's to mend */
        return NULL;
    }
    vg_autofree char *shown = vg_printable(path, strlen(path), 512);
    return vg_document_parse(text, length, shown, true, err);
}

void vg_document_free(struct vg_document *document)
{
    if (!document)
        return;
    node_free(document->root);
    free(document->file);
    free(document);
}
