/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad, by VGAUGE_CONTROL. mixed-placer: breadth-first is depth-first, and the other way round, as soon as types
 * mix; among pGPUs that hold one type only it chooses as it should. vague-placer: tells the least specific of the
 * pGPUs' reasons. Linked into vgauge-control only. */
#include <stdlib.h>
#include "engine/drill.h"

static int64_t (*good)(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                       enum vg_refusal *refusal);

static bool types_mix(const struct vg_drill *drill)
{
    const struct vg_host_profile *first = NULL;
    for (unsigned i = 0; i < drill->vgpu_count; i++) {
        if (!drill->vgpus[i])
            continue;
        if (first && first != drill->vgpus[i]->profile)
            return true;
        first = drill->vgpus[i]->profile;
    }
    return false;
}

static int64_t choose_the_other_end(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                                    enum vg_refusal *refusal)
{
    struct vg_placement_policy turned = *policy;
    if (types_mix(drill))
        turned.direction = policy->direction == VG_LARGEST ? VG_LOWEST : VG_LARGEST;
    return good(drill, &turned, type_id, refusal);
}

static int64_t choose_vaguely(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                              enum vg_refusal *refusal)
{
    int64_t pgpu = good(drill, policy, type_id, refusal);
    if (pgpu < 0)
        *refusal = VG_REFUSED_UNSUPPORTED;
    return pgpu;
}

static void __attribute__((constructor)) take_its_place(void)
{
    const char *wanted = getenv("VGAUGE_CONTROL");
    if (!vg_equal(wanted, "mixed-placer") && !vg_equal(wanted, "vague-placer"))
        return;
    good = vg_drill_choose;
    vg_drill_choose = vg_equal(wanted, "mixed-placer") ? choose_the_other_end : choose_vaguely;
}
