/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantum, timeout and priority of each function of an Intel GPU. Two drivers have them, each in files of its own:
 * - xe (Linux 6.19, Documentation/ABI/testing/sysfs-driver-intel-xe-sriov): below the PF, per function; the driver
 * keeps all tiles alike. The priority of VFs can be read only, and that of all functions be set at once;
 * - i915 of Intel's own tree, not of Linux (intel_iov_sysfs.c there): below the PF's DRM card, per function and then
 * per GT. It has no priorities, but tells the same firmware through sched_if_idle, per GT and for all functions,
 * whether those that have no work get their quantum: xe's "normal" and "low" are that same switch
 * (xe_sriov_pf_provision.c).
 */
#include <sys/stat.h>
#include "mechanism/drm-card.h"
#include "mechanism/sched-knobs.h"
#include "base/sysfs-text.h"

enum { MOST_QUANTUM_MS = 100000, MOST_TIMEOUT_US = 100000000, MOST_VFS = 64, MOST_PARTS = 4 };
static const char *const priorities[] = { "low", "normal", "high" };

/* Where one driver has what. */
struct layout {
    const char *driver;
    const char *place;    /* below the PF, or below its DRM card */
    bool of_card;         /* the latter */
    const char *parts[5]; /* below the function: each that is there has a quantum and a timeout */
    const char *own;      /* in a part: the function's priority, one word of several; NULL: it has none */
    const char *common;   /* below the place: the priority of all functions, which can only be written */
    const char *idle;     /* in a part of the PF: 1 normal, 0 low; for all functions */
};
static const struct layout layouts[] = {
    { .driver = "xe",
      .place = "sriov_admin",
      .parts = { "profile" },
      .own = "sched_priority",
      .common = ".bulk_profile/sched_priority" },
    { .driver = "i915",
      .place = "prelim_iov",
      .of_card = true,
      .parts = { "gt", "gt0", "gt1", "gt2", "gt3" },
      .idle = "policies/sched_if_idle" },
    { .driver = "i915",
      .place = "iov",
      .of_card = true,
      .parts = { "gt", "gt0", "gt1", "gt2", "gt3" },
      .idle = "policies/sched_if_idle" },
};

/* What of a layout is there for one function. */
struct files {
    const struct layout *layout;
    char *place;
    char *parts[VG_COUNT(layouts[0].parts)];    /* directories */
    char *switches[VG_COUNT(layouts[0].parts)]; /* layout->idle, where it is there */
    unsigned part_count, switch_count;
};

static void files_free(struct files *files)
{
    free(files->place);
    for (unsigned i = 0; i < VG_COUNT(files->parts); i++) {
        free(files->parts[i]);
        free(files->switches[i]);
    }
    *files = (struct files) { 0 };
}

/* The first layout whose place is there. */
static char *find_place(const char *root, const char *pf, const struct layout **layout)
{
    const char *below = vg_equal(root, "/") ? "" : root;
    vg_autofree char *device = vg_format("%s/sys/bus/pci/devices/%s", below, pf);
    vg_autofree char *card = vg_drm_card(device);
    for (size_t i = 0; i < VG_COUNT(layouts); i++) {
        const char *above = layouts[i].of_card ? card : device;
        vg_autofree char *place = above ? vg_format("%s/%s", above, layouts[i].place) : NULL;
        if (!place || !vg_exists(place))
            continue;
        *layout = &layouts[i];
        return VG_TAKE(place);
    }
    return NULL;
}

bool vg_intel_scheduling_there(const char *root, const char *pf)
{
    const struct layout *layout;
    vg_autofree char *place = find_place(root, pf, &layout);
    return place != NULL;
}

static bool find_files(const char *root, const char *pf, unsigned function, struct files *files, struct vg_error *err)
{
    vg_autofree char *name = function ? vg_format("vf%u", function) : vg_strdup("pf");
    *files = (struct files) { 0 };
    files->place = find_place(root, pf, &files->layout);
    if (!files->place)
        return vg_fail(
            err, VG_ERROR_ENVIRONMENT,
            "the driver of %s has neither sriov_admin (xe of Linux 6.19 or newer) nor drm/cardN/prelim_iov or "
            "drm/cardN/iov (i915 of Intel's own tree)",
            pf);
    const struct layout *layout = files->layout;
    for (size_t i = 0; i < VG_COUNT(layout->parts) && layout->parts[i]; i++) {
        vg_autofree char *part = vg_format("%s/%s/%s", files->place, name, layout->parts[i]);
        vg_autofree char *idle =
            layout->idle ? vg_format("%s/pf/%s/%s", files->place, layout->parts[i], layout->idle) : NULL;
        if (idle && vg_exists(idle))
            files->switches[files->switch_count++] = VG_TAKE(idle);
        if (vg_exists(part))
            files->parts[files->part_count++] = VG_TAKE(part);
    }
    if (files->part_count)
        return true;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s has no share of %s/%s; is that function there", layout->driver, files->place,
            name);
    files_free(files);
    return false;
}

/* One number that all files must agree on: what differs between tiles is no scheduling to judge. (xe itself refuses to
 * read it then: EUCLEAN.) */
static bool read_alike(char *const *paths, unsigned count, const char *knob, uint64_t most, uint64_t *value,
                       struct vg_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *path = knob ? vg_format("%s/%s", paths[i], knob) : vg_strdup(paths[i]);
        uint64_t now;
        if (!vg_knob_read(path, most, &now, err))
            return false;
        if (i && now != *value)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s reads %llu, and another tile of the same function %llu", path,
                           (unsigned long long)now, (unsigned long long)*value);
        *value = now;
    }
    return true;
}

static bool read_priority(const struct files *files, enum vg_intel_priority *priority, struct vg_error *err)
{
    uint64_t kept;
    size_t index;
    *priority = VG_INTEL_UNSAID;
    if (files->layout->own) {
        vg_autofree char *path = vg_format("%s/%s", files->parts[0], files->layout->own);
        if (!vg_knob_read_choice(path, priorities, VG_COUNT(priorities), &index, err))
            return false;
        *priority = VG_INTEL_LOW + (enum vg_intel_priority)index;
    } else if (files->switch_count) {
        if (!read_alike(files->switches, files->switch_count, NULL, 1, &kept, err))
            return false;
        *priority = kept ? VG_INTEL_NORMAL : VG_INTEL_LOW;
    }
    return true;
}

static bool read_files(const struct files *files, struct vg_intel_scheduling *now, struct vg_error *err)
{
    uint64_t quantum_ms, timeout_us;
    if (!read_alike(files->parts, files->part_count, "exec_quantum_ms", MOST_QUANTUM_MS, &quantum_ms, err) ||
        !read_alike(files->parts, files->part_count, "preempt_timeout_us", MOST_TIMEOUT_US, &timeout_us, err) ||
        !read_priority(files, &now->priority, err))
        return false;
    now->exec_quantum_ms = (unsigned)quantum_ms;
    now->preempt_timeout_us = (unsigned)timeout_us;
    return true;
}

bool vg_intel_scheduling_get(const char *root, const char *pf, unsigned function, struct vg_intel_scheduling *now,
                             struct vg_error *err)
{
    struct files files VG_CLEANUP(files_free) = { 0 };
    return find_files(root, pf, function, &files, err) && read_files(&files, now, err);
}

static enum vg_refusal check(unsigned function, const struct vg_intel_scheduling *wanted, struct vg_error *err)
{
    bool good = true;
    if (function > MOST_VFS)
        good = vg_fail(err, VG_ERROR_REFUSED, "a pGPU has no VF %u", function);
    else if (wanted->exec_quantum_ms > MOST_QUANTUM_MS)
        good = vg_fail(err, VG_ERROR_REFUSED, "an execution quantum of %u ms cannot be had: 0 (unlimited) to %d",
                       wanted->exec_quantum_ms, MOST_QUANTUM_MS);
    else if (wanted->preempt_timeout_us > MOST_TIMEOUT_US)
        good = vg_fail(err, VG_ERROR_REFUSED, "a preemption timeout of %u us cannot be had: 0 (unlimited) to %d",
                       wanted->preempt_timeout_us, MOST_TIMEOUT_US);
    else if ((unsigned)wanted->priority > VG_COUNT(priorities))
        good = vg_fail(err, VG_ERROR_REFUSED, "there is no scheduling priority %u", (unsigned)wanted->priority);
    return good ? VG_REFUSED_NOT : VG_REFUSED_UNSUPPORTED;
}

static bool may_be_written(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
}

static enum vg_refusal write_priority(const struct files *files, enum vg_intel_priority wanted, struct vg_error *err)
{
    enum vg_refusal refusal = VG_REFUSED_NOT;
    if (files->layout->own) {
        vg_autofree char *own = vg_format("%s/%s", files->parts[0], files->layout->own);
        vg_autofree char *common = vg_format("%s/%s", files->place, files->layout->common);
        return may_be_written(own) || !vg_exists(common)
                   ? vg_knob_write_choice(own, own, priorities, VG_COUNT(priorities), wanted - VG_INTEL_LOW, err)
                   : vg_knob_write_choice(common, own, priorities, VG_COUNT(priorities), wanted - VG_INTEL_LOW, err);
    }
    if (wanted == VG_INTEL_HIGH || !files->switch_count) {
        vg_fail(err, VG_ERROR_REFUSED, "%s cannot give functions the priority %s: below %s/pf it has %s",
                files->layout->driver, priorities[wanted - VG_INTEL_LOW], files->place,
                files->switch_count ? "sched_if_idle alone, which is low or normal" : "no policies/sched_if_idle");
        return VG_REFUSED_UNSUPPORTED;
    }
    for (unsigned i = 0; refusal == VG_REFUSED_NOT && i < files->switch_count; i++)
        refusal = vg_knob_write(files->switches[i], wanted == VG_INTEL_NORMAL, err);
    return refusal;
}

static enum vg_refusal write_alike(const struct files *files, const char *knob, uint64_t value, struct vg_error *err)
{
    enum vg_refusal refusal = VG_REFUSED_NOT;
    for (unsigned i = 0; refusal == VG_REFUSED_NOT && i < files->part_count; i++) {
        vg_autofree char *path = vg_format("%s/%s", files->parts[i], knob);
        refusal = vg_knob_write(path, value, err);
    }
    return refusal;
}

static bool same_priority(enum vg_intel_priority now, enum vg_intel_priority wanted)
{
    return wanted == VG_INTEL_UNSAID || now == wanted;
}

static enum vg_refusal write_files(const struct files *files, const struct vg_intel_scheduling *now,
                                   const struct vg_intel_scheduling *wanted, struct vg_error *err)
{
    enum vg_refusal refusal = VG_REFUSED_NOT;
    if (!same_priority(now->priority, wanted->priority))
        refusal = write_priority(files, wanted->priority, err);
    if (refusal == VG_REFUSED_NOT && now->exec_quantum_ms != wanted->exec_quantum_ms)
        refusal = write_alike(files, "exec_quantum_ms", wanted->exec_quantum_ms, err);
    if (refusal == VG_REFUSED_NOT && now->preempt_timeout_us != wanted->preempt_timeout_us)
        refusal = write_alike(files, "preempt_timeout_us", wanted->preempt_timeout_us, err);
    return refusal;
}

/* Half of a setting is none; also where tiles do not agree any more and nothing can be read. */
static void put_back(const struct files *files, const struct vg_intel_scheduling *before,
                     const struct vg_intel_scheduling *tried)
{
    struct vg_error ignored = { 0 };
    if (!same_priority(before->priority, tried->priority) && before->priority != VG_INTEL_UNSAID)
        write_priority(files, before->priority, &ignored);
    if (before->exec_quantum_ms != tried->exec_quantum_ms)
        write_alike(files, "exec_quantum_ms", before->exec_quantum_ms, &ignored);
    if (before->preempt_timeout_us != tried->preempt_timeout_us)
        write_alike(files, "preempt_timeout_us", before->preempt_timeout_us, &ignored);
}

enum vg_refusal vg_intel_scheduling_set(const char *root, const char *pf, unsigned function,
                                        const struct vg_intel_scheduling *wanted, struct vg_error *err)
{
    struct files files VG_CLEANUP(files_free) = { 0 };
    struct vg_intel_scheduling before, after;
    enum vg_refusal refusal = check(function, wanted, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!find_files(root, pf, function, &files, err) || !read_files(&files, &before, err))
        return VG_REFUSED_ERROR;
    refusal = write_files(&files, &before, wanted, err);
    if (refusal == VG_REFUSED_NOT && !read_files(&files, &after, err))
        refusal = VG_REFUSED_ERROR;
    if (refusal == VG_REFUSED_NOT &&
        (after.exec_quantum_ms != wanted->exec_quantum_ms || after.preempt_timeout_us != wanted->preempt_timeout_us ||
         !same_priority(after.priority, wanted->priority))) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "what was set for function %u of %s did not stay", function, pf);
        refusal = VG_REFUSED_ERROR;
    }
    if (refusal != VG_REFUSED_NOT)
        put_back(&files, &before, wanted);
    return refusal;
}

enum vg_refusal vg_intel_scheduling_policy(const char *root, const char *pf, const struct vg_host_policy *policy,
                                           const struct vg_policy_tenant *tenants, unsigned count, struct vg_error *err)
{
    enum { US_PER_MS = 1000, TIMEOUT_OF_QUANTUM = 2 }; /* as IGT's scheduling tests have it */
    struct vg_intel_scheduling wanted = { 0 };         /* best-effort: unlimited */
    bool quanta = vg_equal(policy->name, "xe-quanta");
    if (quanta && (!policy->slice_us || policy->slice_us % US_PER_MS)) { /* 0 would be unlimited */
        vg_fail(err, VG_ERROR_REFUSED, "%s needs `slice_us` in whole milliseconds, and has %u us", policy->name,
                policy->slice_us);
        return VG_REFUSED_UNSUPPORTED;
    }
    for (size_t i = 0; policy->priority && i < VG_COUNT(priorities); i++)
        if (vg_equal(policy->priority, priorities[i]))
            wanted.priority = VG_INTEL_LOW + (enum vg_intel_priority)i;
    for (unsigned i = 0; i < count; i++) {
        uint64_t quantum_us = quanta ? (uint64_t)policy->slice_us * (tenants[i].weight ? tenants[i].weight : 1) : 0;
        if (quantum_us > (uint64_t)MOST_QUANTUM_MS * US_PER_MS) /* cannot be had, whatever the exact number */
            quantum_us = ((uint64_t)MOST_QUANTUM_MS + 1) * US_PER_MS;
        wanted.exec_quantum_ms = (unsigned)(quantum_us / US_PER_MS);
        wanted.preempt_timeout_us = (unsigned)(quantum_us * TIMEOUT_OF_QUANTUM);
        enum vg_refusal refusal = vg_intel_scheduling_set(root, pf, (unsigned)tenants[i].vgpu->vf + 1, &wanted, err);
        if (refusal != VG_REFUSED_NOT)
            return refusal;
    }
    return VG_REFUSED_NOT;
}
