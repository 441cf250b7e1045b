/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups in a host file, and a host file as JSON with the keys of its YAML. */
#include "catalog/host_promise.h"
#include "catalog/load.h"

const struct vg_host_mechanism *vg_host_mechanism_find(const struct vg_host *host, const char *name)
{
    for (unsigned i = 0; i < host->mechanism_count; i++)
        if (vg_equal(host->mechanisms[i].name, name))
            return &host->mechanisms[i];
    return NULL;
}

const struct vg_host_profile *vg_host_profile_find(const struct vg_host_mechanism *mechanism, const char *name)
{
    for (unsigned i = 0; i < mechanism->profile_count; i++)
        if (vg_equal(mechanism->profiles[i].name, name))
            return &mechanism->profiles[i];
    return NULL;
}

const struct vg_host_policy *vg_host_policy_find(const struct vg_host_mechanism *mechanism, const char *name)
{
    for (unsigned i = 0; i < mechanism->policy_count; i++)
        if (vg_equal(mechanism->policies[i].name, name))
            return &mechanism->policies[i];
    return NULL;
}

static void set_text_if(json_t *json, const char *key, const char *text)
{
    if (text)
        vg_json_set_text(json, key, text);
}

static json_t *machine_to_json(const struct vg_host_machine *machine)
{
    json_t *json = vg_json_new_object();
    vg_json_set_text(json, "accel", machine->accel);
    vg_json_set_int(json, "vcpus", machine->vcpus);
    vg_json_set_int(json, "memory_mib", machine->memory_mib);
    set_text_if(json, "vcpu_cpus", machine->vcpu_cpus);
    vg_json_set_text(json, "display", machine->display);
    set_text_if(json, "emulator", machine->emulator);
    set_text_if(json, "kernel", machine->kernel);
    set_text_if(json, "initrd", machine->initrd);
    set_text_if(json, "rootfs", machine->rootfs);
    set_text_if(json, "cmdline", machine->cmdline);
    vg_json_set_int(json, "boot_timeout_s", machine->boot_timeout_s);
    return json;
}

static void set_int_if(json_t *json, const char *key, uint64_t value)
{
    if (value)
        vg_json_set_int(json, key, (int64_t)value);
}

static void add_capacity(json_t *json, const struct vg_host_pgpu *pgpu)
{
    set_text_if(json, "parent", pgpu->parent);
    set_text_if(json, "board", pgpu->board);
    set_text_if(json, "mechanism", pgpu->mechanism);
    set_text_if(json, "capacity", pgpu->capacity);
    if (pgpu->profiles.count)
        vg_json_set(json, "profiles", vg_words_to_json(&pgpu->profiles));
    set_int_if(json, "vfs", pgpu->vfs);
    set_int_if(json, "instances", pgpu->instances);
    set_int_if(json, "memory_mib", pgpu->memory_bytes >> 20);
    set_int_if(json, "low_gm_mib", pgpu->low_gm_mib);
    set_int_if(json, "high_gm_mib", pgpu->high_gm_mib);
    set_int_if(json, "fences", pgpu->fences);
}

static json_t *pgpus_to_json(const struct vg_host *host)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < host->pgpu_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", host->pgpus[i].name);
        set_text_if(json, "cpus", host->pgpus[i].cpus);
        set_text_if(json, "pci", host->pgpus[i].pci);
        set_text_if(json, "render_node", host->pgpus[i].render_node);
        add_capacity(json, &host->pgpus[i]);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *profiles_to_json(const struct vg_host_mechanism *mechanism)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < mechanism->profile_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", mechanism->profiles[i].name);
        vg_json_set_int(json, "memory_mib", (int64_t)(mechanism->profiles[i].memory_bytes >> 20));
        vg_json_set_int(json, "max", mechanism->profiles[i].max);
        set_text_if(json, "type", mechanism->profiles[i].type);
        set_int_if(json, "low_gm_mib", mechanism->profiles[i].low_gm_mib);
        set_int_if(json, "high_gm_mib", mechanism->profiles[i].high_gm_mib);
        set_int_if(json, "fences", mechanism->profiles[i].fences);
        if (mechanism->profiles[i].whole)
            vg_json_set_bool(json, "whole", true);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *policies_to_json(const struct vg_host_mechanism *mechanism)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < mechanism->policy_count; i++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", mechanism->policies[i].name);
        if (mechanism->policies[i].period_us)
            vg_json_set_int(json, "period_us", mechanism->policies[i].period_us);
        if (mechanism->policies[i].slice_us)
            vg_json_set_int(json, "slice_us", mechanism->policies[i].slice_us);
        set_text_if(json, "priority", mechanism->policies[i].priority);
        set_int_if(json, "elastic_percent", mechanism->policies[i].elastic_percent);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *mechanisms_to_json(const struct vg_host *host)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        const struct vg_host_mechanism *mechanism = &host->mechanisms[i];
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", mechanism->name);
        vg_json_set(json, "profiles", profiles_to_json(mechanism));
        if (mechanism->policy_count)
            vg_json_set(json, "policies", policies_to_json(mechanism));
        if (mechanism->promise_count)
            vg_json_set(json, "promises", vg_promises_to_json(mechanism));
        vg_json_set_int(json, "hostmem_mib", (int64_t)(mechanism->hostmem_bytes >> 20));
        vg_json_set_bool(json, "software_renderer", mechanism->software_renderer);
        vg_json_set(json, "environment", vg_words_to_json(&mechanism->environment));
        if (mechanism->managers.count)
            vg_json_set(json, "managers", vg_words_to_json(&mechanism->managers));
        set_text_if(json, "driver", mechanism->driver);
        vg_json_append(array, json);
    }
    return array;
}

json_t *vg_host_to_json(const struct vg_host *host)
{
    json_t *json = vg_json_new_object();
    vg_json_set_text(json, "name", host->name);
    vg_json_set_text(json, "summary", host->summary);
    set_text_if(json, "connection", host->connection);
    vg_json_set_text(json, "root", host->root);
    vg_json_set(json, "machine", machine_to_json(&host->machine));
    vg_json_set(json, "pgpus", pgpus_to_json(host));
    vg_json_set(json, "mechanisms", mechanisms_to_json(host));
    vg_json_set(json, "allow", vg_words_to_json(&host->allow));
    set_text_if(json, "placement", host->placement);
    set_text_if(json, "model", host->model);
    set_text_if(json, "model_break", host->model_break);
    return json;
}
