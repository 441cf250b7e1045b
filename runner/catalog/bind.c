/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a document out again in the one form that libcyaml takes exactly (see bind.h), and has libcyaml load that. */
#include "catalog/bind.h"

#include <inttypes.h>
#include "catalog/explain.h"

static const cyaml_schema_field_t setting_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_setting, name),
    VG_FIELD_WORD("value", VG_MANDATORY, struct vg_setting, value),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t vg_settings_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_setting, setting_fields),
};
const cyaml_schema_value_t vg_words_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, VG_WORD_MAX),
};

struct writer {
    const struct vg_document *document;
    struct vg_text out;
    struct vg_error *err;
};

static bool write_node(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                       const char *path);

/* As a double-quoted YAML scalar: nothing in it can be taken for structure. */
static void write_text(struct vg_text *out, const char *text)
{
    vg_text_add(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            vg_text_add(out, "\\%c", *c);
        else if (*c == '\n' || *c == '\t')
            vg_text_add(out, *c == '\n' ? "\\n" : "\\t");
        else
            vg_text_add_bytes(out, c, 1);
    }
    vg_text_add(out, "\"");
}

static bool is_decimal(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 20 && !text[digits] && (text[0] != '0' || digits == 1);
}

static bool write_number(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                         const char *path)
{
    uint64_t most = schema->data_size >= sizeof(uint64_t) ? INT64_MAX : UINT32_MAX;
    vg_autofree char *shown = vg_printable(node->text, strlen(node->text), VG_SHOWN_BYTES);
    vg_autofree char *name = vg_path_name(path);
    double real;
    if (schema->type == CYAML_FLOAT && !vg_parse_real(node->text, &real))
        return vg_document_fail(writer->document, path, writer->err, "%s must be a number, not `%s`", name, shown);
    if (schema->type == CYAML_UINT && (!is_decimal(node->text) || strtoull(node->text, NULL, 10) > most))
        return vg_document_fail(writer->document, path, writer->err,
                                "%s must be a whole number from 0 to %" PRIu64 ", not `%s`", name, most, shown);
    write_text(&writer->out, node->text);
    return true;
}

static bool write_scalar(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                         const char *path)
{
    bool truth;
    switch (schema ? schema->type : CYAML_STRING) {
    case CYAML_UINT:
    case CYAML_FLOAT:
        return write_number(writer, node, schema, path);
    case CYAML_BOOL:
        if (!vg_parse_bool(node->text, &truth)) {
            vg_autofree char *shown = vg_printable(node->text, strlen(node->text), VG_SHOWN_BYTES);
            vg_autofree char *name = vg_path_name(path);
            return vg_document_fail(writer->document, path, writer->err, "%s must be true or false, not `%s`", name,
                                    shown);
        }
        vg_text_add(&writer->out, truth ? "true" : "false");
        return true;
    case CYAML_SEQUENCE:
        if (schema->sequence.entry == &vg_words_entry) {
            vg_text_add(&writer->out, "[");
            write_text(&writer->out, node->text);
            vg_text_add(&writer->out, "]");
            return true;
        }
        break;
    default:
        break;
    }
    write_text(&writer->out, node->text);
    return true;
}

static bool write_setting(struct writer *writer, const struct vg_node *node, const char *path)
{
    vg_autofree char *shown = vg_printable(node->key, strlen(node->key), VG_SHOWN_BYTES);
    if (node->kind != VG_NODE_SCALAR || !*node->text)
        return vg_document_fail(writer->document, path, writer->err, "`%s` must be a single value, not %s", shown,
                                vg_node_words(node));
    if (strlen(node->text) > VG_WORD_MAX)
        return vg_document_fail(writer->document, path, writer->err, "`%s` is longer than %d characters", shown,
                                VG_WORD_MAX);
    vg_text_add(&writer->out, "{\"name\": ");
    write_text(&writer->out, node->key);
    vg_text_add(&writer->out, ", \"value\": ");
    write_text(&writer->out, node->text);
    vg_text_add(&writer->out, "}");
    return true;
}

/* The members of mapping that fields (may be NULL: all) do not name, as settings. */
static bool write_settings(struct writer *writer, const struct vg_node *mapping, const cyaml_schema_field_t *fields,
                           const char *path)
{
    if (mapping->kind != VG_NODE_MAPPING) {
        vg_autofree char *name = vg_path_name(path);
        return vg_document_fail(writer->document, path, writer->err, "%s must be a mapping of names to values, not %s",
                                name, vg_node_words(mapping));
    }
    const char *separator = "";
    vg_text_add(&writer->out, "[");
    for (unsigned i = 0; i < mapping->count; i++) {
        if (vg_schema_field(fields, mapping->items[i]->key))
            continue;
        vg_autofree char *inner = vg_format("%s/%s", path, mapping->items[i]->key);
        vg_text_add(&writer->out, "%s", separator);
        separator = ", ";
        if (!write_setting(writer, mapping->items[i], inner))
            return false;
    }
    vg_text_add(&writer->out, "]");
    return true;
}

static bool write_mapping(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                          const char *path)
{
    const cyaml_schema_field_t *fields = schema && schema->type == CYAML_MAPPING ? schema->mapping.fields : NULL;
    bool open = vg_schema_is_open(fields);
    const char *separator = "";
    vg_text_add(&writer->out, "{");
    for (unsigned i = 0; i < node->count; i++) {
        const cyaml_schema_field_t *field = vg_schema_field(fields, node->items[i]->key);
        if (!field && open)
            continue;
        vg_autofree char *inner = vg_format("%s%s%s", path, *path ? "/" : "", node->items[i]->key);
        vg_text_add(&writer->out, "%s", separator);
        separator = ", ";
        write_text(&writer->out, node->items[i]->key);
        vg_text_add(&writer->out, ": ");
        if (!write_node(writer, node->items[i], field ? &field->value : NULL, inner))
            return false;
    }
    if (open) {
        vg_text_add(&writer->out, "%s\"*\": ", separator);
        if (!write_settings(writer, node, fields, path))
            return false;
    }
    vg_text_add(&writer->out, "}");
    return true;
}

static bool write_list(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                       const char *path)
{
    const cyaml_schema_value_t *entry = schema && schema->type == CYAML_SEQUENCE ? schema->sequence.entry : NULL;
    vg_text_add(&writer->out, "[");
    for (unsigned i = 0; i < node->count; i++) {
        vg_autofree char *inner = vg_format("%s%s%u", path, *path ? "/" : "", i);
        vg_text_add(&writer->out, "%s", i ? ", " : "");
        if (!write_node(writer, node->items[i], entry, inner))
            return false;
    }
    vg_text_add(&writer->out, "]");
    return true;
}

static bool write_node(struct writer *writer, const struct vg_node *node, const cyaml_schema_value_t *schema,
                       const char *path)
{
    if (schema && schema->type == CYAML_SEQUENCE && schema->sequence.entry == &vg_settings_entry)
        return write_settings(writer, node, NULL, path);
    switch (node->kind) {
    case VG_NODE_SCALAR:
        return write_scalar(writer, node, schema, path);
    case VG_NODE_LIST:
        return write_list(writer, node, schema, path);
    case VG_NODE_MAPPING:
        return write_mapping(writer, node, schema, path);
    }
    return false;
}

static cyaml_config_t config_with(struct vg_complaint *complaint)
{
    return (cyaml_config_t) {
        .log_fn = complaint ? vg_complaint_log : NULL,
        .log_ctx = complaint,
        .log_level = CYAML_LOG_WARNING,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void *vg_bind(const struct vg_document *document, const cyaml_schema_value_t *schema, struct vg_error *err)
{
    struct writer writer = { .document = document, .err = err };
    void *data = NULL;
    if (write_node(&writer, document->root, schema, "")) {
        struct vg_complaint complaint = { 0 };
        cyaml_config_t config = config_with(&complaint);
        cyaml_err_t code = cyaml_load_data((const uint8_t *)writer.out.data, writer.out.length, &config, schema,
                                           (cyaml_data_t **)&data, NULL);
        if (code != CYAML_OK) {
            data = NULL;
            vg_complaint_explain(&complaint, code, document, schema, err);
        }
        vg_complaint_free(&complaint);
    }
    vg_text_free(&writer.out);
    return data;
}

void vg_unbind(const cyaml_schema_value_t *schema, void *data)
{
    cyaml_config_t config = config_with(NULL);
    if (data)
        cyaml_free(&config, schema, data, 0);
}
