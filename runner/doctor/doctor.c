/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the checks in order and keeps what they find. */
#include <errno.h>
#include <fnmatch.h>
#include "doctor/internal.h"
#include "mechanism/mechanism.h"

enum { NAMES_MAX = 4096 };

const char *vg_ability_name(enum vg_ability ability)
{
    switch (ability) {
    case VG_CAN:
        return "yes";
    case VG_CAN_PARTLY:
        return "partly";
    case VG_CANNOT:
        return "no";
    default:
        return "unknown";
    }
}

void vg_findings_free(struct vg_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].what);
        free(findings->items[i].found);
        free(findings->items[i].advice);
    }
    free(findings->items);
    *findings = (struct vg_findings) { 0 };
}

const struct vg_finding *vg_findings_stop(const struct vg_findings *findings, bool in_vm)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct vg_finding *finding = &findings->items[i];
        if (finding->stops && (in_vm || vg_equal(finding->stops, VG_STOPS_ALL)))
            return finding;
    }
    return NULL;
}

void vg_find(struct vg_findings *findings, const struct vg_check *check, enum vg_ability ability, const char *what,
             const char *found, const char *advice)
{
    vg_push(findings->items, findings->count) = (struct vg_finding) {
        .check = check->name,
        .ability = ability,
        .what = vg_printable(what, strlen(what), 200),
        .found = vg_printable(found, strlen(found), 1000),
        .advice = advice && *advice ? vg_printable(advice, strlen(advice), 1000) : NULL,
    };
}

void vg_find_stops(struct vg_findings *findings, const char *what)
{
    struct vg_finding *last = &findings->items[findings->count - 1];
    if (last->ability == VG_CANNOT)
        last->stops = what;
}

char *vg_patient_path(const struct vg_patient *patient, const char *path)
{
    return vg_format("%s%s", patient->root, path);
}

char *vg_patient_read(const struct vg_patient *patient, const char *path)
{
    vg_autofree char *full = vg_patient_path(patient, path);
    vg_autofree char *value = NULL;
    struct vg_error unread = { 0 };
    return vg_read_attribute(full, &value, &unread) ? vg_printable(value, strlen(value), 4000) : NULL;
}

char *vg_patient_link(const struct vg_patient *patient, const char *path)
{
    vg_autofree char *full = vg_patient_path(patient, path);
    return vg_link_name(full);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool vg_patient_names(const struct vg_patient *patient, const char *path, const char *glob, char ***names,
                      unsigned *count)
{
    *names = NULL;
    *count = 0;
    vg_autofree char *full = vg_patient_path(patient, path);
    vg_autodir DIR *directory = opendir(full);
    if (!directory)
        return false;
    for (struct dirent *entry; *count < NAMES_MAX && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.' && fnmatch(glob, entry->d_name, 0) == 0)
            vg_push(*names, *count) = vg_strdup(entry->d_name);
    if (*count)
        qsort(*names, *count, sizeof(**names), by_name);
    return true;
}

bool vg_patient_has_vms(const struct vg_patient *patient)
{
    for (unsigned i = 0; i < patient->host->mechanism_count; i++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(patient->host->mechanisms[i].name);
        if (mechanism && mechanism->vm)
            return true;
    }
    return false;
}

static int by_order(const void *a, const void *b)
{
    const struct vg_check *first = *(const struct vg_check *const *)a, *second = *(const struct vg_check *const *)b;
    return first->order != second->order ? first->order - second->order : strcmp(first->name, second->name);
}

void vg_doctor_examine(const struct vg_patient *patient, void (*before)(void *context, const struct vg_check *check),
                       void *context, struct vg_findings *findings)
{
    *findings = (struct vg_findings) { 0 };
    vg_autofree const struct vg_check **checks = NULL;
    size_t count = 0;
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(VG_KIND_CHECK, d)) != NULL;)
        vg_push(checks, count) = (const struct vg_check *)d;
    if (count)
        qsort(checks, count, sizeof(*checks), by_order);
    for (size_t i = 0; i < count; i++) {
        if (before)
            before(context, checks[i]);
        checks[i]->examine(checks[i], patient, findings);
    }
}
