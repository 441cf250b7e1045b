/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was done to a driver, in words. */
#include "judge/internal.h"

static const char *const held_words[VG_HELD_KINDS] = { "open files", "threads", "processes of VMs", "bytes",
                                                       "device nodes" };

const char *judge_type_name(const struct vg_walk *walk, int64_t pgpu, int64_t type)
{
    if (pgpu < 0 || pgpu >= walk->class_count || type < 0 || type >= walk->classes[pgpu].type_count)
        return "an unsupported type";
    return walk->classes[pgpu].types[type].name;
}

static const char *type_by_id(const struct vg_walk *walk, int64_t id)
{
    for (unsigned i = 0; i < walk->class_count; i++)
        for (unsigned j = 0; j < walk->classes[i].type_count; j++)
            if (walk->classes[i].types[j].id == id)
                return walk->classes[i].types[j].name;
    return "an unsupported type";
}

char *vg_step_text(const struct vg_walk *walk, const struct vg_step *step)
{
    const char *pgpu = step->pgpu >= 0 && step->pgpu < walk->class_count ? walk->classes[step->pgpu].name : "no pGPU";
    const char *type = step->decided ? type_by_id(walk, step->type) : judge_type_name(walk, step->pgpu, step->type);
    const char *outcome = vg_refusal_name((enum vg_refusal)step->outcome);
    switch ((enum vg_step_op)step->op) {
    case VG_STEP_CREATE:
        return vg_format("create #%lld %s on %s: %s", (long long)step->instance, type, pgpu, outcome);
    case VG_STEP_INSIST:
        return vg_format("ask for %s on %s once more, whatever the counters say: %s", type, pgpu, outcome);
    case VG_STEP_DESTROY:
        return vg_format("destroy #%lld on %s: %s", (long long)step->instance, pgpu, outcome);
    case VG_STEP_LOOK:
        return vg_format("look at %s", pgpu);
    case VG_STEP_BAD_UUID:
        return vg_format("create %s on %s with bad UUID %lld: %s", type, pgpu, (long long)step->wanted, outcome);
    case VG_STEP_HOLD:
        return vg_format("a VM takes #%lld: %s", (long long)step->instance, outcome);
    case VG_STEP_RELEASE:
        return vg_format("the VM of #%lld ends", (long long)step->instance);
    case VG_STEP_VFS:
        return vg_format("%lld VFs on %s: %s, %lld there", (long long)step->wanted, pgpu, outcome,
                         (long long)step->seen);
    case VG_STEP_RAW_VFS:
        return vg_format("%lld VFs on %s, whatever there are: %s, %lld there", (long long)step->wanted, pgpu, outcome,
                         (long long)step->seen);
    case VG_STEP_MIXED:
        return vg_format("mixed-size mode %s on %s: %s, reads %s", step->wanted ? "on" : "off", pgpu, outcome,
                         step->seen ? "on" : "off");
    case VG_STEP_PASS:
        return vg_format("pass %s through: %s", pgpu, outcome);
    case VG_STEP_TAKE_BACK:
        return vg_format("take %s back: %s", pgpu, outcome);
    case VG_STEP_INSPECT:
        return vg_format("inspect %s: %lld of %lld missing", pgpu, (long long)step->seen, (long long)step->wanted);
    case VG_STEP_REBOOT:
        return vg_strdup("the host reboots");
    case VG_STEP_SAME:
        if (step->instance == step->wanted)
            return vg_format("#%lld is%s as it was", (long long)step->instance, step->seen == 1 ? "" : " not");
        return vg_format("#%lld is%s what #%lld was before the reboot", (long long)step->instance,
                         step->seen == 1 ? "" : " not", (long long)step->wanted);
    case VG_STEP_HELD:
        if (step->type == VG_HELD_NODES)
            return vg_format("the host has %lld device nodes after that refusal, and had %lld", (long long)step->seen,
                             (long long)step->wanted);
        return vg_format("the manager holds %lld %s", (long long)step->seen,
                         step->type >= 0 && step->type < VG_HELD_KINDS ? held_words[step->type] : "unknown things");
    }
    return vg_format("an unknown step %lld", (long long)step->op);
}
