/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a vGPU costs against bare metal, and the limits that the rules set for it. */
#include <math.h>
#include "compare/internal.h"

struct vg_cost vg_cost_of(const struct vg_compared *item)
{
    if (vg_equal(item->better, "higher"))
        return (struct vg_cost) { 1 / item->ratio, 1 / item->upper, 1 / item->lower };
    return (struct vg_cost) { item->ratio, item->lower, item->upper };
}

const char *vg_cost_verdict_name(enum vg_cost_verdict verdict)
{
    static const char *const names[] = {
        [VG_COST_REPORTED] = "reported",
        [VG_COST_WITHIN] = "within",
        [VG_COST_BEYOND] = "beyond",
        [VG_COST_OPEN] = "open",
    };
    return names[verdict];
}

const struct vg_overhead_limit *vg_overhead_limit_find(const struct vg_gate_policy *policy, const char *metric,
                                                       const char *mechanism)
{
    for (unsigned i = 0; mechanism && i < policy->overhead_count; i++)
        if (vg_select(policy->overhead[i].metric, metric) && vg_words_have(&policy->overhead[i].mechanisms, mechanism))
            return &policy->overhead[i];
    return NULL;
}

enum vg_cost_verdict vg_cost_judge(struct vg_cost cost, const struct vg_overhead_limit *limit)
{
    if (!limit)
        return VG_COST_REPORTED;
    if (cost.upper <= limit->at_most)
        return VG_COST_WITHIN;
    return cost.lower > limit->at_most ? VG_COST_BEYOND : VG_COST_OPEN; /* NaN is neither */
}

const char *vg_side_mechanism(const struct vg_side *side)
{
    const char *found = NULL;
    for (unsigned i = 0; i < side->count; i++)
        for (unsigned j = 0; j < side->runs[i]->count; j++) {
            const struct vg_judgement *judgement = side->runs[i]->judgements[j];
            if (judgement->verdict == VG_SKIP || !judgement->mechanism)
                continue;
            if (found && !vg_equal(found, judgement->mechanism))
                return NULL;
            found = judgement->mechanism;
        }
    return found;
}

bool vg_overhead_sides(const struct vg_gate_policy *policy, const char *bare, const char *vgpu, char **warning,
                       struct vg_error *err)
{
    *warning = NULL;
    bool bare_is = bare && vg_words_have(&policy->bare_metal, bare);
    bool vgpu_is = vgpu && vg_words_have(&policy->bare_metal, vgpu);
    if (!bare_is && vgpu_is)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the runs are the wrong way round: the first is of %s, the second, of %s, is bare metal; give "
                       "bare metal first",
                       bare ? bare : "several mechanisms", vgpu);
    if (!bare_is)
        *warning = vg_format("BARE is %s, not bare metal: the ratios are of two ways to share a GPU",
                             bare ? bare : "of several mechanisms");
    return true;
}
