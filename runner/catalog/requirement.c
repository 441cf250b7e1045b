/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requirement files: one group per file, each requirement a normative statement with a stable id. */
#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

static const cyaml_strval_t levels[] = { { "MUST", VG_MUST }, { "SHOULD", VG_SHOULD } };
static const cyaml_strval_t severities[] = { { "S1", VG_S1 }, { "S2", VG_S2 }, { "S3", VG_S3 }, { "S4", VG_S4 } };
static const char *const tiers[] = { "software-rendering", "kvm-render-node", "vtest", "model",
                                     "kernel-sample-mdev", "vendor-hardware" };

static const cyaml_schema_field_t requirement_fields[] = {
    VG_FIELD_WORD("id", VG_MANDATORY, struct vg_requirement, id),
    CYAML_FIELD_ENUM("level", CYAML_FLAG_STRICT, struct vg_requirement, level, levels, VG_COUNT(levels)),
    CYAML_FIELD_ENUM("severity", CYAML_FLAG_STRICT, struct vg_requirement, severity, severities, VG_COUNT(severities)),
    VG_FIELD_WORDS("tiers", VG_MANDATORY, struct vg_requirement, tiers),
    VG_FIELD_WORDS("mechanisms", VG_MANDATORY, struct vg_requirement, mechanisms),
    VG_FIELD_TEXT("statement", VG_MANDATORY, struct vg_requirement, statement),
    VG_FIELD_TEXT("probe", VG_MANDATORY, struct vg_requirement, probe),
    VG_FIELD_TEXT("workload", VG_MANDATORY, struct vg_requirement, workload),
    VG_FIELD_TEXT("accept", VG_MANDATORY, struct vg_requirement, accept),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_requirement, source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t requirement_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_requirement, requirement_fields),
};
static const cyaml_schema_field_t file_fields[] = {
    VG_FIELD_WORD("group", VG_MANDATORY, struct vg_requirement_file, group),
    VG_FIELD_TEXT("title", VG_MANDATORY, struct vg_requirement_file, title),
    VG_FIELD_LIST("requirements", VG_MANDATORY, struct vg_requirement_file, requirements, requirement_count,
                  requirement_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_requirement_file, file_fields),
};

/* VGPU-GROUP-NNN, with the group of the file. */
static bool id_is_right(const char *id, const char *group)
{
    vg_autofree char *prefix = vg_format("VGPU-%s-", group);
    size_t length = strlen(prefix);
    return strncmp(id, prefix, length) == 0 && strspn(id + length, "0123456789") == 3 && !id[length + 3];
}

static bool check_requirement(const struct vg_document *document, unsigned index, struct vg_requirement *requirement,
                              const char *group, struct vg_error *err)
{
    vg_autofree char *id = vg_format("requirements/%u/id", index);
    vg_autofree char *tier = vg_format("requirements/%u/tiers", index);
    vg_autofree char *mechanism = vg_format("requirements/%u/mechanisms", index);
    if (!id_is_right(requirement->id, group)) {
        vg_autofree char *shown = vg_printable(requirement->id, strlen(requirement->id), 80);
        return vg_document_fail(document, id, err, "`%s` is not an id of this group: it must be VGPU-%s-NNN", shown,
                                group);
    }
    if (!requirement->tiers.count)
        return vg_document_fail(document, tier, err, "`tiers` must not be empty");
    if (!requirement->mechanisms.count)
        return vg_document_fail(document, mechanism, err, "`mechanisms` must not be empty");
    requirement->group = group;
    return vg_check_words(document, tier, "tier", &requirement->tiers, tiers, VG_COUNT(tiers), err) &&
           vg_check_words(document, mechanism, "mechanism", &requirement->mechanisms, vg_known_mechanisms,
                          vg_known_mechanism_count, err);
}

struct vg_requirement_file *vg_requirement_file_load(const char *path, struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    if (!document)
        return NULL;
    struct vg_requirement_file *file = vg_bind(document, &file_schema, err);
    if (!file)
        return NULL;
    bool good = true;
    if (strspn(file->group, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(file->group))
        good = vg_document_fail(document, "group", err, "a group is a word in capital letters");
    for (unsigned i = 0; good && i < file->requirement_count; i++)
        good = check_requirement(document, i, &file->requirements[i], file->group, err);
    if (good)
        return file;
    vg_requirement_file_free(file);
    return NULL;
}

void vg_requirement_file_free(struct vg_requirement_file *file)
{
    vg_unbind(&file_schema, file);
}

json_t *vg_requirement_to_json(const struct vg_requirement *requirement)
{
    json_t *json = vg_json_new_object();
    vg_autofree char *severity = vg_format("S%d", (int)requirement->severity);
    vg_json_set_text(json, "id", requirement->id);
    vg_json_set_text(json, "group", requirement->group);
    vg_json_set_text(json, "level", requirement->level == VG_MUST ? "MUST" : "SHOULD");
    vg_json_set_text(json, "severity", severity);
    vg_json_set(json, "tiers", vg_words_to_json(&requirement->tiers));
    vg_json_set(json, "mechanisms", vg_words_to_json(&requirement->mechanisms));
    vg_json_set_text(json, "statement", requirement->statement);
    vg_json_set_text(json, "probe", requirement->probe);
    vg_json_set_text(json, "workload", requirement->workload);
    vg_json_set_text(json, "accept", requirement->accept);
    vg_json_set_text(json, "source", requirement->source);
    return json;
}
