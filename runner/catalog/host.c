/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host files: one hypervisor each, with what it offers. */
#include "catalog/bind.h"
#include "catalog/host_check.h"
#include "catalog/host_promise.h"
#include "catalog/load.h"

static const cyaml_schema_field_t pgpu_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_host_pgpu, name),
    VG_FIELD_WORD("cpus", VG_OPTIONAL, struct vg_host_pgpu, cpus),
    VG_FIELD_WORD("pci", VG_OPTIONAL, struct vg_host_pgpu, pci),
    VG_FIELD_WORD("render_node", VG_OPTIONAL, struct vg_host_pgpu, render_node),
    VG_FIELD_WORD("parent", VG_OPTIONAL, struct vg_host_pgpu, parent),
    VG_FIELD_WORD("board", VG_OPTIONAL, struct vg_host_pgpu, board),
    VG_FIELD_WORD("mechanism", VG_OPTIONAL, struct vg_host_pgpu, mechanism),
    VG_FIELD_WORD("capacity", VG_OPTIONAL, struct vg_host_pgpu, capacity),
    VG_FIELD_WORDS("profiles", VG_OPTIONAL, struct vg_host_pgpu, profiles),
    CYAML_FIELD_UINT("vfs", VG_OPTIONAL, struct vg_host_pgpu, vfs),
    CYAML_FIELD_UINT("instances", VG_OPTIONAL, struct vg_host_pgpu, instances),
    CYAML_FIELD_UINT("memory_mib", VG_OPTIONAL, struct vg_host_pgpu, memory_bytes),
    CYAML_FIELD_UINT("low_gm_mib", VG_OPTIONAL, struct vg_host_pgpu, low_gm_mib),
    CYAML_FIELD_UINT("high_gm_mib", VG_OPTIONAL, struct vg_host_pgpu, high_gm_mib),
    CYAML_FIELD_UINT("fences", VG_OPTIONAL, struct vg_host_pgpu, fences),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t pgpu_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_host_pgpu, pgpu_fields),
};

/* memory_mib is read into memory_bytes and multiplied by vg_host_check. */
static const cyaml_schema_field_t profile_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_host_profile, name),
    CYAML_FIELD_UINT("memory_mib", VG_OPTIONAL, struct vg_host_profile, memory_bytes),
    CYAML_FIELD_UINT("max", VG_OPTIONAL, struct vg_host_profile, max),
    VG_FIELD_WORD("type", VG_OPTIONAL, struct vg_host_profile, type),
    CYAML_FIELD_UINT("low_gm_mib", VG_OPTIONAL, struct vg_host_profile, low_gm_mib),
    CYAML_FIELD_UINT("high_gm_mib", VG_OPTIONAL, struct vg_host_profile, high_gm_mib),
    CYAML_FIELD_UINT("fences", VG_OPTIONAL, struct vg_host_profile, fences),
    CYAML_FIELD_BOOL("whole", VG_OPTIONAL, struct vg_host_profile, whole),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t profile_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_host_profile, profile_fields),
};

static const cyaml_schema_field_t policy_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_host_policy, name),
    CYAML_FIELD_UINT("period_us", VG_OPTIONAL, struct vg_host_policy, period_us),
    CYAML_FIELD_UINT("slice_us", VG_OPTIONAL, struct vg_host_policy, slice_us),
    VG_FIELD_WORD("priority", VG_OPTIONAL, struct vg_host_policy, priority),
    CYAML_FIELD_UINT("elastic_percent", VG_OPTIONAL, struct vg_host_policy, elastic_percent),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_host_policy, policy_fields),
};

static const cyaml_schema_field_t mechanism_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_host_mechanism, name),
    VG_FIELD_LIST("profiles", VG_MANDATORY, struct vg_host_mechanism, profiles, profile_count, profile_entry),
    VG_FIELD_LIST("policies", VG_OPTIONAL, struct vg_host_mechanism, policies, policy_count, policy_entry),
    VG_FIELD_LIST("promises", VG_OPTIONAL, struct vg_host_mechanism, promises, promise_count, vg_promise_entry),
    CYAML_FIELD_UINT("hostmem_mib", VG_OPTIONAL, struct vg_host_mechanism, hostmem_bytes),
    CYAML_FIELD_BOOL("software_renderer", VG_OPTIONAL, struct vg_host_mechanism, software_renderer),
    VG_FIELD_WORDS("environment", VG_OPTIONAL, struct vg_host_mechanism, environment),
    VG_FIELD_WORDS("managers", VG_OPTIONAL, struct vg_host_mechanism, managers),
    VG_FIELD_WORD("driver", VG_OPTIONAL, struct vg_host_mechanism, driver),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t mechanism_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_host_mechanism, mechanism_fields),
};

static const cyaml_schema_field_t machine_fields[] = {
    VG_FIELD_WORD("accel", VG_OPTIONAL, struct vg_host_machine, accel),
    CYAML_FIELD_UINT("vcpus", VG_OPTIONAL, struct vg_host_machine, vcpus),
    CYAML_FIELD_UINT("memory_mib", VG_OPTIONAL, struct vg_host_machine, memory_mib),
    VG_FIELD_WORD("vcpu_cpus", VG_OPTIONAL, struct vg_host_machine, vcpu_cpus),
    VG_FIELD_WORD("display", VG_OPTIONAL, struct vg_host_machine, display),
    VG_FIELD_WORD("emulator", VG_OPTIONAL, struct vg_host_machine, emulator),
    VG_FIELD_WORD("kernel", VG_OPTIONAL, struct vg_host_machine, kernel),
    VG_FIELD_WORD("initrd", VG_OPTIONAL, struct vg_host_machine, initrd),
    VG_FIELD_WORD("rootfs", VG_OPTIONAL, struct vg_host_machine, rootfs),
    VG_FIELD_TEXT("cmdline", VG_OPTIONAL, struct vg_host_machine, cmdline),
    CYAML_FIELD_UINT("boot_timeout_s", VG_OPTIONAL, struct vg_host_machine, boot_timeout_s),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t host_fields[] = {
    VG_FIELD_WORD("name", VG_MANDATORY, struct vg_host, name),
    VG_FIELD_TEXT("summary", VG_MANDATORY, struct vg_host, summary),
    VG_FIELD_WORD("connection", VG_OPTIONAL, struct vg_host, connection),
    VG_FIELD_WORD("root", VG_OPTIONAL, struct vg_host, root),
    CYAML_FIELD_MAPPING("machine", VG_OPTIONAL, struct vg_host, machine, machine_fields),
    VG_FIELD_LIST("pgpus", VG_MANDATORY, struct vg_host, pgpus, pgpu_count, pgpu_entry),
    VG_FIELD_LIST("mechanisms", VG_MANDATORY, struct vg_host, mechanisms, mechanism_count, mechanism_entry),
    VG_FIELD_WORDS("allow", VG_OPTIONAL, struct vg_host, allow),
    VG_FIELD_WORD("placement", VG_OPTIONAL, struct vg_host, placement),
    VG_FIELD_WORD("model", VG_OPTIONAL, struct vg_host, model),
    VG_FIELD_WORD("model_break", VG_OPTIONAL, struct vg_host, model_break),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t host_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_host, host_fields),
};

void vg_host_free(struct vg_host *host)
{
    if (!host)
        return;
    free(host->file);
    vg_unbind(&host_schema, host);
}

bool vg_host_names(const char *directory, char ***names, unsigned *count, struct vg_error *err)
{
    vg_autofree char *hosts = vg_format("%s/hosts", directory);
    return vg_list_yaml(hosts, names, count, err);
}

struct vg_host *vg_host_load(const char *directory, const char *name_or_path, struct vg_error *err)
{
    vg_autofree char *path = vg_find_yaml(directory, "host", name_or_path, err);
    vg_autodocument struct vg_document *document = path ? vg_document_read(path, err) : NULL;
    struct vg_host *host = document ? vg_bind(document, &host_schema, err) : NULL;
    if (!host)
        return NULL;
    host->file = vg_strdup(path);
    if (vg_host_check(document, host, err))
        return host;
    vg_host_free(host);
    return NULL;
}
