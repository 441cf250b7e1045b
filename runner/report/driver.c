/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which driver served each result: two mechanisms with different drivers differ in more than the mechanism, and a
 * reader who compares them has to know. */
#include "report/parts.h"

static const char *const facts[][2] = { { "vk_device_name", "vk_driver_info" }, { "gl_renderer", "gl_version" } };

/* "22.3.6" of "Mesa 22.3.6 (LLVM 15.0.6)" and of "OpenGL ES 3.2 Mesa 22.3.6"; NULL: not Mesa. Caller frees. */
static char *mesa_version(const char *version)
{
    static const char name[] = "Mesa ";
    const char *found = strstr(version, name);
    return found ? vg_format("%.*s", (int)strcspn(found + strlen(name), " "), found + strlen(name)) : NULL;
}

static void add(struct vg_report_drivers *drivers, const char *label, const char *name, const char *version,
                unsigned api)
{
    for (unsigned i = 0; i < drivers->count; i++)
        if (vg_equal(drivers->items[i].label, label) && vg_equal(drivers->items[i].name, name) &&
            vg_equal(drivers->items[i].version, version))
            return;
    vg_push(drivers->items, drivers->count) = (struct vg_report_driver) {
        .label = vg_strdup(label), .name = vg_strdup(name), .version = vg_strdup(version), .api = api
    };
}

void vg_report_drivers_add(struct vg_report_drivers *drivers, const char *label,
                           const struct vg_measurements *measurements)
{
    for (unsigned p = 0; p < measurements->phase_count; p++)
        for (unsigned r = 0; r < measurements->phases[p].run_count; r++)
            for (unsigned api = 0; api < VG_COUNT(facts); api++) {
                const struct vg_measured_run *run = &measurements->phases[p].runs[r];
                const char *name = vg_fact_get(run, facts[api][0]), *version = vg_fact_get(run, facts[api][1]);
                if (name || version)
                    add(drivers, label, name ? name : "", version ? version : "", api);
            }
}

char *vg_report_driver_text(const struct vg_report_driver *driver)
{
    vg_autofree char *text =
        vg_format("%s%s%s", driver->name, *driver->name && *driver->version ? ", " : "", driver->version);
    return vg_report_clean(text);
}

char *vg_report_drivers_text(const struct vg_report_drivers *drivers)
{
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < drivers->count; i++) {
        vg_autofree char *driver = vg_report_driver_text(&drivers->items[i]);
        vg_text_add(&text, "%s%s", i ? "; " : "", driver);
    }
    return text.data ? VG_TAKE(text.data) : vg_strdup("");
}

/* Versions of Mesa can be compared across APIs; others only where the same API words them. */
char *vg_report_drivers_warning(const struct vg_report_drivers *drivers)
{
    bool differ = false;
    for (unsigned i = 0; i < drivers->count; i++)
        for (unsigned j = 0; j < i; j++) {
            const struct vg_report_driver *a = &drivers->items[j], *b = &drivers->items[i];
            vg_autofree char *one = mesa_version(a->version), *other = mesa_version(b->version);
            if (one && other && strcmp(one, other) != 0)
                return vg_format("Different Mesa versions (%s and %s): compare with care.", one, other);
            differ = differ || (a->api == b->api && !(one && other) && strcmp(a->version, b->version) != 0);
        }
    return differ ? vg_strdup("Different drivers: compare with care.") : NULL;
}

void vg_report_drivers_free(struct vg_report_drivers *drivers)
{
    for (unsigned i = 0; i < drivers->count; i++) {
        free(drivers->items[i].label);
        free(drivers->items[i].name);
        free(drivers->items[i].version);
    }
    free(drivers->items);
    *drivers = (struct vg_report_drivers) { 0 };
}
