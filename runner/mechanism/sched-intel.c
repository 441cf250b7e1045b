/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intel's two schedulers: xe's quantum, timeout and priority of each function, and GVT-g's weight of each type. */
#include "mechanism/sched-knobs.h"
#include "mechanism/sysfs-text.h"

enum { MOST_QUANTUM_MS = 100000, MOST_TIMEOUT_US = 100000000, MOST_VFS = 64, MOST_WEIGHT = 16 };
static const char *const priorities[] = { "low", "normal", "high" };

static char *knob_path(const char *root, const char *pf, unsigned function, const char *knob)
{
    const char *below = vg_equal(root, "/") ? "" : root;
    vg_autofree char *name = function ? vg_format("vf%u", function) : vg_strdup("pf");
    return vg_format("%s/sys/bus/pci/devices/%s/sriov_admin/%s/profile/%s", below, pf, name, knob);
}

bool vg_xe_scheduling_get(const char *root, const char *pf, unsigned function, struct vg_xe_scheduling *now,
                          struct vg_error *err)
{
    vg_autofree char *quantum = knob_path(root, pf, function, "exec_quantum_ms");
    vg_autofree char *timeout = knob_path(root, pf, function, "preempt_timeout_us");
    vg_autofree char *priority = knob_path(root, pf, function, "sched_priority");
    uint64_t quantum_ms, timeout_us;
    size_t index;
    /* The kernel refuses to read a value that differs between tiles (EUCLEAN): that is no scheduling to judge. */
    if (!vg_knob_read(quantum, MOST_QUANTUM_MS, &quantum_ms, err) ||
        !vg_knob_read(timeout, MOST_TIMEOUT_US, &timeout_us, err) ||
        !vg_knob_read_choice(priority, priorities, VG_COUNT(priorities), &index, err))
        return false;
    *now = (struct vg_xe_scheduling) { (unsigned)quantum_ms, (unsigned)timeout_us, (enum vg_xe_priority)index };
    return true;
}

static enum vg_refusal check_xe(unsigned function, const struct vg_xe_scheduling *wanted, struct vg_error *err)
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
    else if ((unsigned)wanted->priority >= VG_COUNT(priorities))
        good = vg_fail(err, VG_ERROR_REFUSED, "there is no scheduling priority %u", (unsigned)wanted->priority);
    return good ? VG_REFUSED_NOT : VG_REFUSED_UNSUPPORTED;
}

static enum vg_refusal write_xe(const char *root, const char *pf, unsigned function, const struct vg_xe_scheduling *now,
                                const struct vg_xe_scheduling *wanted, struct vg_error *err)
{
    vg_autofree char *quantum = knob_path(root, pf, function, "exec_quantum_ms");
    vg_autofree char *timeout = knob_path(root, pf, function, "preempt_timeout_us");
    vg_autofree char *priority = knob_path(root, pf, function, "sched_priority");
    enum vg_refusal refusal = VG_REFUSED_NOT;
    if (now->priority != wanted->priority)
        refusal = vg_knob_write_choice(priority, priorities, VG_COUNT(priorities), wanted->priority, err);
    if (refusal == VG_REFUSED_NOT && now->exec_quantum_ms != wanted->exec_quantum_ms)
        refusal = vg_knob_write(quantum, wanted->exec_quantum_ms, err);
    if (refusal == VG_REFUSED_NOT && now->preempt_timeout_us != wanted->preempt_timeout_us)
        refusal = vg_knob_write(timeout, wanted->preempt_timeout_us, err);
    return refusal;
}

enum vg_refusal vg_xe_scheduling_set(const char *root, const char *pf, unsigned function,
                                     const struct vg_xe_scheduling *wanted, struct vg_error *err)
{
    struct vg_xe_scheduling before, after;
    enum vg_refusal refusal = check_xe(function, wanted, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_xe_scheduling_get(root, pf, function, &before, err)) {
        vg_wrap(err, "does this pGPU have sriov_admin (xe of Linux 6.19 or newer), and is its function %u there",
                function);
        return VG_REFUSED_ERROR;
    }
    refusal = write_xe(root, pf, function, &before, wanted, err);
    if (refusal == VG_REFUSED_NOT && !vg_xe_scheduling_get(root, pf, function, &after, err))
        return VG_REFUSED_ERROR;
    if (refusal != VG_REFUSED_NOT) { /* half of a setting is none */
        struct vg_error ignored = { 0 };
        if (vg_xe_scheduling_get(root, pf, function, &after, &ignored))
            write_xe(root, pf, function, &after, &before, &ignored);
        return refusal;
    }
    if (after.exec_quantum_ms == wanted->exec_quantum_ms && after.preempt_timeout_us == wanted->preempt_timeout_us &&
        after.priority == wanted->priority)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "what was set for function %u of %s did not stay", function, pf);
    return VG_REFUSED_ERROR;
}

bool vg_gvt_weight_get(const char *root, const char *uuid, unsigned *weight, struct vg_error *err)
{
    const char *below = vg_equal(root, "/") ? "" : root;
    vg_autofree char *path = vg_format("%s/sys/bus/mdev/devices/%s/mdev_type/description", below, uuid);
    vg_autofree char *text = NULL;
    struct vg_error ignored = { 0 };
    struct vg_sysfs_description said;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (!vg_sysfs_describe(text, &said, &ignored) || said.weight < 1 || said.weight > MOST_WEIGHT)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s names no weight from 1 to %d", path, MOST_WEIGHT);
    *weight = said.weight;
    return true;
}

enum vg_refusal vg_gvt_weight_require(const char *root, const char *uuid, unsigned weight, struct vg_error *err)
{
    unsigned now;
    if (!vg_gvt_weight_get(root, uuid, &now, err))
        return VG_REFUSED_ERROR;
    if (now == weight)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_REFUSED, "the vGPU %s has weight %u by its type; for weight %u it must be of another type",
            uuid, now, weight);
    return VG_REFUSED_UNSUPPORTED;
}
