/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tenants' part of the fingerprint: their kernel, machine and drivers, as they reported them while they were
 * measured. Foreign text, bounded and escaped. */
#include <stdlib.h>
#include "engine/internal.h"

enum { VALUE_BYTES = 200 };
static const char gone[] = VG_FINGERPRINT_GONE;

static const struct vg_fingerprint_field *field_of(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return &run->fingerprint[i];
    return NULL;
}

/* Is it one of "a | b"? "licensed" is none of "unlicensed". */
static bool is_one_of(const char *values, const char *value)
{
    vg_autofree char *all = vg_format(" | %s | ", values);
    vg_autofree char *one = vg_format(" | %s | ", value);
    return strstr(all, one) != NULL;
}

/* Tenants of one mechanism that differ among themselves are one more thing that two runs can differ in. What could not
 * be read of one of them is not known of the run, whatever the others say. */
static void put(struct vg_run *run, const char *mechanism, const char *what, const char *value, const char *source)
{
    if (!value || !*value)
        return;
    vg_autofree char *key = vg_format("tenant.%s.%s", mechanism, what);
    vg_autofree char *shown = vg_printable(value, strlen(value), VALUE_BYTES);
    const struct vg_fingerprint_field *field = field_of(run, key);
    const char *before = field ? field->value : NULL;
    if (field && (before ? is_one_of(before, shown) : !vg_equal(field->source, gone)))
        return;
    vg_autofree char *both = before ? vg_format("%s | %s", before, shown) : vg_strdup(shown);
    vg_run_fingerprint(run, key, strlen(both) > 4 * VALUE_BYTES ? before : both, source);
}

void vg_environment_fingerprint_limit(struct vg_run *run, const struct vg_mechanism *mechanism, enum vg_limit limit,
                                      const struct vg_host *host, const struct vg_host_pgpu *pgpu)
{
    struct vg_words texts = { 0 };
    struct vg_error unread = { 0 };
    if (mechanism->limit(host, pgpu, limit, &texts, &unread)) {
        for (unsigned i = 0; i < texts.count; i++)
            put(run, mechanism->name, vg_limit_names[limit], texts.items[i], "driver, for each vGPU that runs");
    } else {
        vg_autofree char *key = vg_format("tenant.%s.%s", mechanism->name, vg_limit_names[limit]);
        vg_run_fingerprint(run, key, NULL, unread.text);
    }
    vg_names_free(texts.items, texts.count);
}

/* While the vGPUs run: a VM that is gone has no licence any more. What dead tenants measured does not count. */
static void put_limits(const struct vg_scene *scene, const struct vg_tenant *tenant)
{
    struct vg_engine *engine = scene->engine;
    const struct vg_mechanism *mechanism = tenant->mechanism;
    if (!mechanism || !mechanism->limit || tenant->dead || !tenant->vgpu)
        return;
    for (unsigned i = 0; i < VG_LIMITS; i++) {
        vg_autofree char *key = vg_format("tenant.%s.%s", mechanism->name, vg_limit_names[i]);
        if (!tenant->stopped)
            vg_environment_fingerprint_limit(engine->config->run, mechanism, (enum vg_limit)i, engine->host,
                                             &engine->host->pgpus[tenant->pgpu_index]);
        else if (!field_of(engine->config->run, key))
            vg_run_fingerprint(engine->config->run, key, NULL, gone);
    }
}

static void put_hello(struct vg_run *run, const char *mechanism, const json_t *hello)
{
    put(run, mechanism, "kernel", vg_json_text_or(hello, "kernel", ""), "the tenant's hello");
    put(run, mechanism, "os", vg_json_text_or(hello, "os", ""), "the tenant's hello");
    put(run, mechanism, "agent", vg_json_text_or(hello, "agent", ""), "the tenant's hello");
}

static void put_driver(struct vg_run *run, const char *mechanism, const struct vg_measured_run *measured)
{
    static const char *const facts[] = { "vk_device_name", "vk_driver_name", "vk_driver_info",
                                         "vk_api_version", "gl_renderer",    "gl_version" };
    for (size_t i = 0; i < VG_COUNT(facts); i++)
        put(run, mechanism, facts[i], vg_fact_get(measured, facts[i]), "fact of a workload");
}

/* The machine type that libvirt was asked for, out of the domain XML of ours. */
static void put_machine(struct vg_run *run, const char *mechanism, const char *domain_xml)
{
    const char *type = domain_xml ? strstr(domain_xml, "machine=\"") : NULL;
    if (!type)
        return;
    type += strlen("machine=\"");
    vg_autofree char *value = vg_format("%.*s", (int)strcspn(type, "\""), type);
    put(run, mechanism, "machine", value, "domain XML");
}

void vg_environment_fingerprint_tenants(const struct vg_scene *scene)
{
    struct vg_run *run = scene->engine->config->run;
    const struct vg_measurements *measurements = scene->measurements;
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        if (!scene->tenants[i] || !scene->tenants[i]->hello)
            continue;
        put_hello(run, measurements->mechanism, scene->tenants[i]->hello);
        put_machine(run, measurements->mechanism, scene->tenants[i]->domain_xml);
        put_limits(scene, scene->tenants[i]);
    }
    for (unsigned i = 0; i < measurements->phase_count; i++)
        for (unsigned j = 0; j < measurements->phases[i].run_count; j++)
            put_driver(run, measurements->mechanism, &measurements->phases[i].runs[j]);
}
