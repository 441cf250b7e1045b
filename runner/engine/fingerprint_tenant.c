/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tenants' part of the fingerprint: their kernel, machine and drivers, as they reported them while they were
 * measured. Foreign text, bounded and escaped. */
#include <stdlib.h>
#include "engine/internal.h"

enum { VALUE_BYTES = 200 };

static const char *value_of(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return run->fingerprint[i].value;
    return NULL;
}

/* Tenants of one mechanism that differ among themselves are one more thing that two runs can differ in. */
static void put(struct vg_run *run, const char *mechanism, const char *what, const char *value, const char *source)
{
    if (!value || !*value)
        return;
    vg_autofree char *key = vg_format("tenant.%s.%s", mechanism, what);
    vg_autofree char *shown = vg_printable(value, strlen(value), VALUE_BYTES);
    const char *before = value_of(run, key);
    if (before && strstr(before, shown))
        return;
    vg_autofree char *both = before ? vg_format("%s | %s", before, shown) : vg_strdup(shown);
    vg_run_fingerprint(run, key, strlen(both) > 4 * VALUE_BYTES ? before : both, source);
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
    }
    for (unsigned i = 0; i < measurements->phase_count; i++)
        for (unsigned j = 0; j < measurements->phases[i].run_count; j++)
            put_driver(run, measurements->mechanism, &measurements->phases[i].runs[j]);
}
