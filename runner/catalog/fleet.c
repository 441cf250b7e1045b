/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fleet files: kinds of pGPU, and hosts that have them. What a capacity model demands of its numbers is checked where
 * the models are (placement/); here is what holds for every model. */
#include <inttypes.h>
#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

enum { MIB = 1 << 20, MAX_MIB = 1 << 24 /* 16 TiB */, MAX_HOSTS = 1000000, MAX_PGPUS = 4000000, MAX_NUMA = 63 };

static const cyaml_schema_field_t type_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_fleet_type, name),
    CYAML_FIELD_UINT("memory_mib", VG_OPTIONAL, struct vg_fleet_type, memory_bytes),
    CYAML_FIELD_UINT("max", VG_OPTIONAL, struct vg_fleet_type, max),
    CYAML_FIELD_BOOL("disabled", VG_OPTIONAL, struct vg_fleet_type, disabled),
    CYAML_FIELD_BOOL("whole", VG_OPTIONAL, struct vg_fleet_type, whole),
    CYAML_FIELD_UINT("slots", VG_OPTIONAL, struct vg_fleet_type, slots),
    VG_FIELD_WORDS("placement_ids", VG_OPTIONAL, struct vg_fleet_type, ids),
    VG_FIELD_WORDS("denied_placement_ids", VG_OPTIONAL, struct vg_fleet_type, denied),
    VG_FIELD_WORD("gpu_instance", VG_OPTIONAL, struct vg_fleet_type, gpu_instance),
    CYAML_FIELD_UINT("max_per_gpu_instance", VG_OPTIONAL, struct vg_fleet_type, per_gpu_instance),
    CYAML_FIELD_UINT("low_gm_mib", VG_OPTIONAL, struct vg_fleet_type, low_gm_mib),
    CYAML_FIELD_UINT("high_gm_mib", VG_OPTIONAL, struct vg_fleet_type, high_gm_mib),
    CYAML_FIELD_UINT("fences", VG_OPTIONAL, struct vg_fleet_type, fences),
    VG_FIELD_WORDS("beside", VG_OPTIONAL, struct vg_fleet_type, beside),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t type_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_fleet_type, type_fields),
};

static const cyaml_schema_field_t class_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_fleet_class, name),
    VG_FIELD_WORD("model", VG_MANDATORY, struct vg_fleet_class, model),
    CYAML_FIELD_UINT("memory_mib", VG_OPTIONAL, struct vg_fleet_class, memory_bytes),
    CYAML_FIELD_BOOL("sriov", VG_OPTIONAL, struct vg_fleet_class, sriov),
    CYAML_FIELD_UINT("vfs", VG_OPTIONAL, struct vg_fleet_class, vfs),
    CYAML_FIELD_UINT("count", VG_OPTIONAL, struct vg_fleet_class, count),
    CYAML_FIELD_UINT("slots", VG_OPTIONAL, struct vg_fleet_class, slots),
    VG_FIELD_WORDS("gpu_instances", VG_OPTIONAL, struct vg_fleet_class, gpu_instances),
    CYAML_FIELD_UINT("low_gm_mib", VG_OPTIONAL, struct vg_fleet_class, low_gm_mib),
    CYAML_FIELD_UINT("high_gm_mib", VG_OPTIONAL, struct vg_fleet_class, high_gm_mib),
    CYAML_FIELD_UINT("fences", VG_OPTIONAL, struct vg_fleet_class, fences),
    VG_FIELD_LIST("types", VG_MANDATORY, struct vg_fleet_class, types, type_count, type_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t class_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_fleet_class, class_fields),
};

static const cyaml_schema_field_t pgpus_fields[] = {
    VG_FIELD_WORD("class", VG_MANDATORY, struct vg_fleet_pgpus, class_name),
    CYAML_FIELD_UINT("count", VG_OPTIONAL, struct vg_fleet_pgpus, count),
    CYAML_FIELD_UINT("numa", VG_OPTIONAL, struct vg_fleet_pgpus, numa),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t pgpus_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_fleet_pgpus, pgpus_fields),
};

static const cyaml_schema_field_t hosts_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_fleet_hosts, name),
    CYAML_FIELD_UINT("count", VG_OPTIONAL, struct vg_fleet_hosts, count),
    VG_FIELD_LIST("pgpus", VG_MANDATORY, struct vg_fleet_hosts, pgpus, pgpus_count, pgpus_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t hosts_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_fleet_hosts, hosts_fields),
};

static const cyaml_schema_field_t fleet_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_fleet_file, name),
    VG_FIELD_TEXT("summary", VG_MANDATORY, struct vg_fleet_file, summary),
    VG_FIELD_LIST("classes", VG_MANDATORY, struct vg_fleet_file, classes, class_count, class_entry),
    VG_FIELD_LIST("hosts", VG_MANDATORY, struct vg_fleet_file, hosts, hosts_count, hosts_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t fleet_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_fleet_file, fleet_fields),
};

void vg_fleet_file_free(struct vg_fleet_file *fleet)
{
    if (!fleet)
        return;
    free(fleet->file);
    free(fleet->type_names);
    vg_unbind(&fleet_schema, fleet);
}

bool vg_fleet_file_fail(const struct vg_fleet_file *fleet, unsigned class_index, struct vg_error *err)
{
    const struct vg_fleet_class *class = &fleet->classes[class_index];
    err->kind = VG_ERROR_INPUT;
    return vg_wrap(err, "%s, line %u, column %u", fleet->file, class->line, class->column);
}

/* Vendors' names have capitals and blanks; commas and quotes would break the CSV files that they stand in. */
static bool check_type_name(const struct vg_document *document, const char *path, const char *name,
                            struct vg_error *err)
{
    size_t length = strcspn(name, ",\"'\n\t");
    if (length && length <= 64 && !name[length] && *name != ' ' && name[length - 1] != ' ')
        return true;
    vg_autofree char *shown = vg_printable(name, strlen(name), 80);
    return vg_document_fail(document, path, err,
                            "`%s` cannot name a type: use 1 to 64 characters without commas and quotes", shown);
}

static bool to_bytes(const struct vg_document *document, const char *path, uint64_t *value, struct vg_error *err)
{
    if (*value > MAX_MIB)
        return vg_document_fail(document, path, err, "%" PRIu64 " MiB are more than 16 TiB", *value);
    *value *= MIB;
    return true;
}

static bool check_numbers(const struct vg_document *document, const char *path, const char *key,
                          const struct vg_words *list, struct vg_error *err)
{
    for (unsigned i = 0; i < list->count; i++) {
        long long number;
        vg_autofree char *place = vg_format("%s/%s/%u", path, key, i);
        vg_autofree char *shown = vg_printable(list->items[i], strlen(list->items[i]), 80);
        if (!vg_parse_int(list->items[i], &number) || number < 0 || number > 127)
            return vg_document_fail(document, place, err, "a placement ID is a whole number from 0 to 127, not `%s`",
                                    shown);
    }
    return true;
}

static bool check_type(const struct vg_document *document, const struct vg_fleet_class *class, const char *path,
                       unsigned index, struct vg_error *err)
{
    struct vg_fleet_type *type = &class->types[index];
    vg_autofree char *at = vg_format("%s/types/%u", path, index);
    vg_autofree char *name = vg_format("%s/name", at);
    vg_autofree char *memory = vg_format("%s/memory_mib", at);
    vg_autofree char *beside = vg_format("%s/beside", at);
    vg_autofree char *instance = vg_format("%s/gpu_instance", at);
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < class->type_count; i++)
        vg_push(names, count) = class->types[i].name;
    if (!check_type_name(document, name, type->name, err) || !to_bytes(document, memory, &type->memory_bytes, err) ||
        !check_numbers(document, at, "placement_ids", &type->ids, err) ||
        !check_numbers(document, at, "denied_placement_ids", &type->denied, err) ||
        !vg_check_words(document, beside, "type", &type->beside, names, count, err))
        return false;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(class->types[i].name, type->name))
            return vg_document_fail(document, name, err, "two types of the class are called `%s`", type->name);
    return !type->gpu_instance || !class->gpu_instances.count || strlen(type->gpu_instance) <= 64 ||
           vg_document_fail(document, instance, err, "a GPU instance profile has at most 64 characters");
}

static bool check_class(const struct vg_document *document, struct vg_fleet_file *fleet, unsigned index,
                        const char *const *models, size_t model_count, struct vg_error *err)
{
    struct vg_fleet_class *class = &fleet->classes[index];
    vg_autofree char *at = vg_format("classes/%u", index);
    vg_autofree char *name = vg_format("%s/name", at);
    vg_autofree char *model = vg_format("%s/model", at);
    vg_autofree char *memory = vg_format("%s/memory_mib", at);
    vg_autofree char *vfs = vg_format("%s/vfs", at);
    const struct vg_node *node = vg_document_at(document, at);
    class->line = node ? node->line : 0;
    class->column = node ? node->column : 0;
    if (!vg_check_name(document, name, class->name, err) ||
        !vg_check_word(document, model, "capacity model", class->model, models, model_count, err) ||
        !to_bytes(document, memory, &class->memory_bytes, err) ||
        !vg_check_range(document, vfs, &class->vfs, 0, 0, 64, err))
        return false;
    class->sriov = class->sriov || class->vfs;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(fleet->classes[i].name, class->name))
            return vg_document_fail(document, name, err, "two classes are called `%s`", class->name);
    for (unsigned i = 0; i < class->type_count; i++)
        if (!check_type(document, class, at, i, err))
            return false;
    return true;
}

static bool check_pgpus(const struct vg_document *document, const struct vg_fleet_file *fleet, const char *path,
                        struct vg_fleet_pgpus *pgpus, struct vg_error *err)
{
    vg_autofree char *class = vg_format("%s/class", path);
    vg_autofree char *count = vg_format("%s/count", path);
    vg_autofree char *numa = vg_format("%s/numa", path);
    vg_autofree const char **names = NULL;
    size_t name_count = 0;
    for (unsigned i = 0; i < fleet->class_count; i++) {
        vg_push(names, name_count) = fleet->classes[i].name;
        if (vg_equal(fleet->classes[i].name, pgpus->class_name))
            pgpus->class_index = i;
    }
    return vg_check_word(document, class, "class", pgpus->class_name, names, name_count, err) &&
           vg_check_range(document, count, &pgpus->count, 1, 1, 64, err) &&
           vg_check_range(document, numa, &pgpus->numa, 0, 0, MAX_NUMA, err);
}

static bool check_hosts(const struct vg_document *document, struct vg_fleet_file *fleet, unsigned index,
                        struct vg_error *err)
{
    struct vg_fleet_hosts *hosts = &fleet->hosts[index];
    vg_autofree char *name = vg_format("hosts/%u/name", index);
    vg_autofree char *count = vg_format("hosts/%u/count", index);
    if (!vg_check_name(document, name, hosts->name, err) ||
        !vg_check_range(document, count, &hosts->count, 1, 1, MAX_HOSTS, err))
        return false;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(fleet->hosts[i].name, hosts->name))
            return vg_document_fail(document, name, err, "two groups of hosts are called `%s`", hosts->name);
    for (unsigned i = 0; i < hosts->pgpus_count; i++) {
        vg_autofree char *path = vg_format("hosts/%u/pgpus/%u", index, i);
        if (!check_pgpus(document, fleet, path, &hosts->pgpus[i], err))
            return false;
        hosts->pgpus_per_host += hosts->pgpus[i].count;
    }
    hosts->first_host = fleet->host_count;
    hosts->first_pgpu = fleet->pgpu_count;
    uint64_t pgpus = fleet->pgpu_count + (uint64_t)hosts->count * hosts->pgpus_per_host;
    if (fleet->host_count + hosts->count > MAX_HOSTS || pgpus > MAX_PGPUS)
        return vg_document_fail(document, count, err, "a fleet has at most %d hosts and %d pGPUs", MAX_HOSTS,
                                MAX_PGPUS);
    fleet->host_count += hosts->count;
    fleet->pgpu_count = (unsigned)pgpus;
    return true;
}

static void number_types(struct vg_fleet_file *fleet)
{
    for (unsigned i = 0; i < fleet->class_count; i++)
        for (unsigned t = 0; t < fleet->classes[i].type_count; t++) {
            struct vg_fleet_type *type = &fleet->classes[i].types[t];
            int known = vg_fleet_type_index(fleet, type->name);
            type->id = known < 0 ? fleet->type_count : (unsigned)known;
            if (known < 0)
                vg_push(fleet->type_names, fleet->type_count) = type->name;
        }
}

static bool check_fleet(const struct vg_document *document, struct vg_fleet_file *fleet, const char *const *models,
                        size_t model_count, struct vg_error *err)
{
    if (!vg_check_name(document, "name", fleet->name, err))
        return false;
    for (unsigned i = 0; i < fleet->class_count; i++)
        if (!check_class(document, fleet, i, models, model_count, err))
            return false;
    for (unsigned i = 0; i < fleet->hosts_count; i++)
        if (!check_hosts(document, fleet, i, err))
            return false;
    number_types(fleet);
    return true;
}

bool vg_fleet_names(const char *directory, char ***names, unsigned *count, struct vg_error *err)
{
    vg_autofree char *fleets = vg_format("%s/fleets", directory);
    return vg_list_yaml(fleets, names, count, err);
}

struct vg_fleet_file *vg_fleet_file_load(const char *directory, const char *name_or_path, const char *const *models,
                                         size_t model_count, struct vg_error *err)
{
    vg_autofree char *path = vg_find_yaml(directory, "fleet", name_or_path, err);
    vg_autodocument struct vg_document *document = path ? vg_document_read(path, err) : NULL;
    struct vg_fleet_file *fleet = document ? vg_bind(document, &fleet_schema, err) : NULL;
    if (!fleet)
        return NULL;
    fleet->file = vg_strdup(document->file);
    if (check_fleet(document, fleet, models, model_count, err))
        return fleet;
    vg_fleet_file_free(fleet);
    return NULL;
}
