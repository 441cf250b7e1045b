/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which driver served a workload. Where the promised vGPU is missing, user space falls back to a software renderer
 * without a word, and every number then belongs to the CPU; nothing else betrays it but the driver's name. */
#include "judge/internal.h"

#include "mechanism/mechanism.h"

#include <fnmatch.h>

/* Facts by which workloads name their driver. */
static const char *const driver_facts[] = { "vk_driver_id", "vk_device_name", "gl_renderer" };

/* Any of comma-separated globs, whatever the case. */
static bool matches_any(const char *globs, const char *text)
{
    vg_autofree char *copy = vg_strdup(globs ? globs : "");
    char *state = NULL;
    for (char *glob = strtok_r(copy, ",", &state); glob; glob = strtok_r(NULL, ",", &state))
        if (fnmatch(glob + strspn(glob, " "), text, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

/* The name of the fact by which the run shows a software renderer, or NULL. */
static const char *software_fact(const struct vg_mechanism *mechanism, const struct vg_measured_run *run)
{
    for (size_t i = 0; i < VG_COUNT(driver_facts); i++) {
        const char *value = vg_fact_get(run, driver_facts[i]);
        if (value && matches_any(mechanism->software_drivers, value))
            return driver_facts[i];
    }
    return NULL;
}

/* Of the promised facts that the run has: the first whose value is none of those promised for it. */
static const struct vg_identity *broken_promise(const struct vg_mechanism *mechanism, const struct vg_measured_run *run,
                                                bool *any)
{
    for (const struct vg_identity *one = mechanism->identity; one && one->fact; one++) {
        const char *value = vg_fact_get(run, one->fact);
        if (!value)
            continue;
        *any = true;
        bool kept = false; /* several entries for one fact are alternatives */
        for (const struct vg_identity *other = mechanism->identity; other->fact && !kept; other++)
            kept = vg_equal(other->fact, one->fact) && fnmatch(other->value, value, FNM_CASEFOLD) == 0;
        if (!kept)
            return one;
    }
    return NULL;
}

static char *describe(const struct vg_measured_run *run, const char *fact, const char *what)
{
    const char *value = vg_fact_get(run, fact);
    vg_autofree char *shown = vg_printable(value, strlen(value), 120);
    return vg_format("%s in %s reports %s \"%s\", %s", run->workload, run->tenant, fact, shown, what);
}

enum judge_driver judge_driver_of(const struct vg_measurements *measurements, const struct vg_measured_run *run,
                                  char **sentence)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(measurements->mechanism);
    *sentence = NULL;
    if (!mechanism)
        return JUDGE_DRIVER_UNKNOWN;
    bool any = false;
    const struct vg_identity *broken = broken_promise(mechanism, run, &any);
    const char *software = software_fact(mechanism, run);
    /* On a host that is known to render in software, a process on that host may do so; a VM that does has no vGPU. */
    if (software && !mechanism->vm && measurements->software_renderer)
        software = NULL;
    if (software) {
        vg_autofree char *what = vg_format("a software renderer: the tenant did not use its %s vGPU.", mechanism->name);
        *sentence = describe(run, software, what);
        return JUDGE_DRIVER_SOFTWARE;
    }
    if (broken) {
        vg_autofree char *what =
            vg_format("and %s must show \"%s\": another driver serves it.", mechanism->name, broken->value);
        *sentence = describe(run, broken->fact, what);
        return JUDGE_DRIVER_OTHER;
    }
    if (any)
        return JUDGE_DRIVER_AS_PROMISED;
    if (mechanism->identity && mechanism->identity[0].fact)
        return JUDGE_DRIVER_UNKNOWN;
    for (size_t i = 0; i < VG_COUNT(driver_facts); i++)
        if (vg_fact_get(run, driver_facts[i]))
            return JUDGE_DRIVER_AS_PROMISED; /* nothing is promised but that it is hardware, or known not to be */
    return JUDGE_DRIVER_UNKNOWN;
}
