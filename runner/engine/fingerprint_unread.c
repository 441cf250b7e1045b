/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VGPU-TEL-004: a result whose environment is not known is none. Licences, limits, clocks and drivers change results,
 * so that a field that applies and has no value makes the numbers of all that depend on it worthless. */
#include "engine/internal.h"

static const char *const of_any_run[] = { "host.kernel",    "host.machine", "host.cpu",  "host.cores",
                                          "host.memory",    "host.os",      "host.name", "vgauge.version",
                                          "host.placement", "host.pinning" };
static const char *const of_any_vm[] = { "host.vmm", "host.accel" }; /* libvirt, QEMU, and what runs the CPU */
static const char *const of_any_pgpu[] = { "device", "driver", "firmware", "clocks", "ecc", "mig" };
static const char *const of_any_tenant[] = { "kernel", "os", "agent" };
static const char *const of_any_vm_tenant[] = { "machine" };

static const struct vg_fingerprint_field *field_of(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return &run->fingerprint[i];
    return NULL;
}

static void note(struct vg_measurements *m, const char *key, const char *why)
{
    vg_autofree char *shown = vg_printable(why, strlen(why), 300);
    vg_push(m->unread, m->unread_count) =
        vg_format("The environment's `%s` is not known (%s), and the numbers may depend on it.", key, shown);
}

static void need(const struct vg_run *run, struct vg_measurements *m, const char *group, const char *name,
                 const char *field)
{
    vg_autofree char *key = group ? vg_format("%s.%s.%s", group, name, field) : vg_strdup(field);
    if (!field_of(run, key))
        note(m, key, "nobody told it");
}

static bool belongs_to(const char *key, const char *group, const char *name)
{
    vg_autofree char *prefix = vg_format("%s.", group);
    if (strncmp(key, prefix, strlen(prefix)) != 0)
        return true; /* of another group */
    vg_autofree char *ours = vg_format("%s%s.", prefix, name ? name : "");
    return strncmp(key, ours, strlen(ours)) == 0;
}

/* What is known of other mechanisms makes no difference here. */
static bool concerns(const struct vg_measurements *m, const char *key)
{
    return belongs_to(key, "mechanism", m->mechanism) && belongs_to(key, "tenant", m->mechanism);
}

/* Whoever judges the run later holds it against this. */
static void note_known(const struct vg_run *run, struct vg_measurements *m)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (run->fingerprint[i].value && concerns(m, run->fingerprint[i].key))
            vg_push(m->rests_on, m->rests_on_count) = vg_strdup(run->fingerprint[i].key);
}

void vg_environment_note_unread(const struct vg_scene *scene)
{
    const struct vg_run *run = scene->engine->config->run;
    struct vg_measurements *m = scene->measurements;
    if (m->skip)
        return; /* nothing was measured */
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        const struct vg_fingerprint_field *field = &run->fingerprint[i];
        if (!field->value && concerns(m, field->key) && !vg_equal(field->source, VG_FINGERPRINT_GONE))
            note(m, field->key, field->source ? field->source : "no source");
    }
    for (size_t i = 0; i < VG_COUNT(of_any_run); i++)
        need(run, m, NULL, NULL, of_any_run[i]);
    const struct vg_host *host = scene->engine->host;
    for (unsigned i = 0; i < host->pgpu_count; i++)
        for (size_t j = 0; j < VG_COUNT(of_any_pgpu); j++)
            need(run, m, "pgpu", host->pgpus[i].name, of_any_pgpu[j]);
    bool said_hello = false;
    for (unsigned i = 0; i < scene->tenant_count; i++)
        said_hello = said_hello || (scene->tenants[i] && scene->tenants[i]->hello);
    for (size_t i = 0; said_hello && i < VG_COUNT(of_any_tenant); i++)
        need(run, m, "tenant", m->mechanism, of_any_tenant[i]);
    const struct vg_mechanism *mechanism = vg_mechanism_find(m->mechanism);
    bool vm = said_hello && mechanism && mechanism->vm;
    for (size_t i = 0; vm && i < VG_COUNT(of_any_vm); i++)
        need(run, m, NULL, NULL, of_any_vm[i]);
    for (size_t i = 0; vm && i < VG_COUNT(of_any_vm_tenant); i++)
        need(run, m, "tenant", m->mechanism, of_any_vm_tenant[i]);
    note_known(run, m);
}
