/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AMD's GIM: `sch_policy`, a parameter of the module with one number for each GPU in the order in which it found them
 * (gim's module options). It may be read while the module is loaded, and changed only when it is loaded again. */
#include "mechanism/sched-knobs.h"
#include "base/sysfs-text.h"

/* By its number. Solid slices and the software's fairness hold an idle VF's part back; liquid ones give it away; round
 * robin counts the VFs that are initialised. 0: nothing was chosen. */
static const char *const policies[] = { NULL, "fixed-share", "amd-liquid", "fixed-share", "equal-share", "amd-liquid" };

static char *parameter_path(const char *root)
{
    return vg_format("%s/sys/module/gim/parameters/sch_policy", vg_equal(root, "/") ? "" : root);
}

bool vg_gim_is_loaded(const char *root)
{
    vg_autofree char *path = parameter_path(root);
    return vg_exists(path);
}

bool vg_gim_policy_active(const char *root, unsigned gpu, const char **policy, struct vg_error *err)
{
    vg_autofree char *path = parameter_path(root), *text = NULL;
    uint64_t number = 0;
    bool there;
    *policy = NULL;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (!vg_sysfs_list_entry(text, gpu, VG_COUNT(policies) - 1, &there, &number)) {
        vg_autofree char *shown = vg_printable(text, strlen(text), 60);
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "%s has `%s`, of which the one for GPU %u is no scheduler of 0 to %zu", path, shown, gpu,
                       VG_COUNT(policies) - 1);
    }
    if (there) /* else fewer numbers than GPUs: the others were left to the driver */
        *policy = policies[number];
    return true;
}

enum vg_refusal vg_gim_policy_require(const char *root, unsigned gpu, const struct vg_host_policy *policy,
                                      struct vg_error *err)
{
    const char *now;
    unsigned number = 1;
    while (number < VG_COUNT(policies) && !vg_equal(policies[number], policy->name))
        number++;
    if (number == VG_COUNT(policies)) {
        vg_fail(err, VG_ERROR_REFUSED, "GIM has no scheduling policy %s", policy->name);
        return VG_REFUSED_UNSUPPORTED;
    }
    if (!vg_gim_policy_active(root, gpu, &now, err))
        return VG_REFUSED_ERROR;
    if (vg_equal(now, policy->name))
        return VG_REFUSED_NOT;
    vg_fail(
        err, VG_ERROR_REFUSED,
        "the scheduler of GIM is chosen when it is loaded: the policy %s needs sch_policy=%u for GPU %u; now it is %s",
        policy->name, number, gpu, now ? now : "the driver's own choice");
    return VG_REFUSED_NEEDS_REBOOT;
}
