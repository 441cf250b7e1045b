/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From libcyaml's log to a sentence with file, line, column and the nearest right word. The place comes from the path
 * in libcyaml's backtrace, looked up in the document: its own line numbers are those of the text that bind.c wrote. */
#include "catalog/explain.h"

#include <stdio.h>

void vg_complaint_free(struct vg_complaint *complaint)
{
    free(complaint->message);
    free(complaint->path);
}

/* Backtrace lines come innermost first. */
static void add_outer(struct vg_complaint *complaint, const char *component)
{
    char *longer = vg_format("%s%s%s", component, complaint->path ? "/" : "", complaint->path ? complaint->path : "");
    free(complaint->path);
    complaint->path = longer;
}

void vg_complaint_log(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct vg_complaint *complaint = context;
    char line[512];
    (void)level;
    vsnprintf(line, sizeof line, format, arguments);
    char *text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
    text[strcspn(text, "\n")] = '\0';
    char field[160];
    unsigned entry;
    bool innermost = !complaint->path && !complaint->in_mapping;
    if (sscanf(text, "  in mapping field '%150[^']'", field) == 1) {
        complaint->in_field = complaint->in_field || innermost;
        add_outer(complaint, field);
    } else if (sscanf(text, "  in sequence entry '%u'", &entry) == 1) {
        snprintf(field, sizeof field, "%u", entry ? entry - 1 : 0);
        add_outer(complaint, field);
    } else if (strncmp(text, "  in mapping", 12) == 0) {
        complaint->in_mapping = complaint->in_mapping || innermost;
    } else if (!complaint->message && strcmp(text, "Backtrace:") != 0) {
        complaint->message = vg_strdup(text);
    }
}

const cyaml_schema_field_t *vg_schema_field(const cyaml_schema_field_t *fields, const char *key)
{
    for (const cyaml_schema_field_t *field = fields; field && field->key; field++)
        if (strcmp(field->key, "*") != 0 && strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

bool vg_schema_is_open(const cyaml_schema_field_t *fields)
{
    for (const cyaml_schema_field_t *field = fields; field && field->key; field++)
        if (strcmp(field->key, "*") == 0)
            return true;
    return false;
}

char *vg_path_name(const char *path)
{
    const char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    long long index;
    if (!*last)
        return vg_strdup("the file");
    if (!vg_parse_int(last, &index)) {
        vg_autofree char *shown = vg_printable(last, strlen(last), VG_SHOWN_BYTES);
        return vg_format("`%s`", shown);
    }
    if (last == path)
        return vg_format("entry %lld", index + 1);
    vg_autofree char *outer = strndup(path, (size_t)(last - path - 1));
    vg_autofree char *of = vg_path_name(outer ? outer : "");
    return vg_format("entry %lld of %s", index + 1, of);
}

const char *vg_node_words(const struct vg_node *node)
{
    if (node->kind == VG_NODE_LIST)
        return "a list";
    if (node->kind == VG_NODE_MAPPING)
        return "a mapping";
    return *node->text ? "a single value" : "nothing";
}

/* The schema of the value at path. */
static const cyaml_schema_value_t *schema_at(const cyaml_schema_value_t *schema, const char *path)
{
    vg_autofree char *copy = vg_strdup(path);
    char *rest = copy;
    for (char *name; schema && (name = strsep(&rest, "/"));) {
        if (!*name)
            continue;
        if (schema->type == CYAML_SEQUENCE) {
            schema = schema->sequence.entry;
        } else if (schema->type == CYAML_MAPPING) {
            const cyaml_schema_field_t *field = vg_schema_field(schema->mapping.fields, name);
            schema = field ? &field->value : NULL;
        } else {
            schema = NULL;
        }
    }
    return schema;
}

/* "; possible here: `a`, `b`" */
static char *all_words(const char **words, size_t count)
{
    vg_autotext struct vg_text all = { 0 };
    for (size_t i = 0; i < count; i++)
        vg_text_add(&all, "%s`%s`", i ? ", " : "", words[i]);
    return vg_format("; possible here: %s", all.data ? all.data : "nothing");
}

static bool unknown_key(const char *key, const char *path, const struct vg_document *document,
                        const cyaml_schema_value_t *at, struct vg_error *err)
{
    vg_autofree const char **words = NULL;
    size_t count = 0;
    if (at && at->type == CYAML_MAPPING)
        for (const cyaml_schema_field_t *field = at->mapping.fields; field->key; field++)
            vg_push(words, count) = field->key;
    vg_autofree char *shown = vg_printable(key, strlen(key), VG_SHOWN_BYTES);
    vg_autofree char *meant = vg_did_you_mean(key, words, count);
    vg_autofree char *all = all_words(words, count);
    vg_autofree char *place = vg_format("%s%s%s", path, *path ? "/" : "", key);
    return vg_document_fail_key(document, place, err, "unknown key `%s`%s", shown, *meant ? meant : all);
}

/* In a mapping with free keys a slip in a fixed key looks like a key too many and one too few. */
static bool missing_key(const char *key, const char *path, const struct vg_document *document, struct vg_error *err)
{
    const struct vg_node *mapping = vg_document_at(document, path);
    vg_autofree const char **given = NULL;
    size_t count = 0;
    for (unsigned i = 0; mapping && mapping->kind == VG_NODE_MAPPING && i < mapping->count; i++)
        vg_push(given, count) = mapping->items[i]->key;
    const char *slip = vg_nearest(key, given, count);
    vg_autofree char *where = vg_path_name(path);
    if (slip) {
        vg_autofree char *shown = vg_printable(slip, strlen(slip), VG_SHOWN_BYTES);
        vg_autofree char *place = vg_format("%s%s%s", path, *path ? "/" : "", slip);
        return vg_document_fail_key(document, place, err, "`%s` is missing in %s; is `%s` meant to be it?", key, where,
                                    shown);
    }
    return vg_document_fail(document, path, err, "`%s` is missing in %s", key, where);
}

static bool wrong_word(const char *name, const char *path, const struct vg_document *document,
                       const cyaml_schema_value_t *at, struct vg_error *err)
{
    const struct vg_node *node = vg_document_at(document, path);
    const char *word = node && node->kind == VG_NODE_SCALAR ? node->text : "";
    vg_autofree const char **words = NULL;
    size_t count = 0;
    for (uint32_t i = 0; at && at->type == CYAML_ENUM && i < at->enumeration.count; i++)
        vg_push(words, count) = at->enumeration.strings[i].str;
    vg_autofree char *shown = vg_printable(word, strlen(word), VG_SHOWN_BYTES);
    vg_autofree char *all = all_words(words, count);
    return vg_document_fail(document, path, err, "%s cannot be `%s`%s", name, shown, all);
}

static char *parent(const char *path)
{
    char *outer = vg_strdup(path);
    char *slash = strrchr(outer, '/');
    *(slash ? slash : outer) = '\0';
    return outer;
}

static const char *type_words(const cyaml_schema_value_t *at)
{
    if (!at)
        return "something else";
    return at->type == CYAML_MAPPING ? "a mapping" : at->type == CYAML_SEQUENCE ? "a list" : "a single value";
}

bool vg_complaint_explain(const struct vg_complaint *complaint, cyaml_err_t code, const struct vg_document *document,
                          const cyaml_schema_value_t *schema, struct vg_error *err)
{
    const char *message = complaint->message ? complaint->message : cyaml_strerror(code);
    const char *path = complaint->path ? complaint->path : "";
    const char *colon = strstr(message, ": ");
    const char *rest = colon ? colon + 2 : "";
    const cyaml_schema_value_t *at = schema_at(schema, path);
    const struct vg_node *node = vg_document_at(document, path);
    vg_autofree char *name = vg_path_name(path);
    switch (code) {
    case CYAML_ERR_INVALID_KEY:
        return unknown_key(rest, path, document, at, err);
    case CYAML_ERR_MAPPING_FIELD_MISSING: {
        /* The backtrace ends with the last field that was there, which is not the one that is missing. */
        vg_autofree char *outer = complaint->in_field ? parent(path) : vg_strdup(path);
        return missing_key(rest, outer, document, err);
    }
    case CYAML_ERR_STRING_LENGTH_MIN:
        return vg_document_fail(document, path, err, "%s must not be empty", name);
    case CYAML_ERR_STRING_LENGTH_MAX:
        return vg_document_fail(document, path, err, "%s is too long: at most %u characters", name,
                                at && at->type == CYAML_STRING ? at->string.max : VG_SHOWN_BYTES);
    case CYAML_ERR_SEQUENCE_ENTRIES_MIN: {
        vg_autofree char *list = parent(path); /* the backtrace ends with the entry that is not there */
        vg_autofree char *list_name = vg_path_name(list);
        return vg_document_fail(document, list, err, "%s must not be empty", list_name);
    }
    case CYAML_ERR_SEQUENCE_ENTRIES_MAX:
        return vg_document_fail(document, path, err, "%s is one too many: the list may not be longer", name);
    case CYAML_ERR_INVALID_VALUE:
        if (at && at->type == CYAML_ENUM && node && node->kind == VG_NODE_SCALAR)
            return wrong_word(name, path, document, at, err);
        if (node)
            return vg_document_fail(document, path, err, "%s must be %s, not %s", name, type_words(at),
                                    vg_node_words(node));
        break;
    case CYAML_ERR_OOM:
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s: out of memory while reading", document->file);
    default:
        break;
    }
    vg_autofree char *shown = vg_printable(message, strlen(message), 256);
    return vg_document_fail(document, path, err, "%s: %s", name, shown);
}
