/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a placer whose breadth-first is depth-first as soon as types mix. It chooses among pGPUs that hold only
 * the requested type as it should, and fills up the fullest one otherwise. Linked into vgauge-control only. */
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

static int64_t choose(struct vg_drill *drill, const struct vg_placement_policy *policy, unsigned type_id,
                      enum vg_refusal *refusal)
{
    struct vg_placement_policy turned = *policy;
    if (types_mix(drill) && policy->direction != VG_LARGEST && policy->key == VG_KEY_RESIDENTS)
        turned.direction = VG_LARGEST;
    else if (types_mix(drill) && policy->direction != VG_LOWEST && policy->key == VG_KEY_REMAINING)
        turned.direction = VG_LOWEST;
    return good(drill, &turned, type_id, refusal);
}

static void __attribute__((constructor)) take_its_place(void)
{
    const char *wanted = getenv("VGAUGE_CONTROL");
    if (!vg_equal(wanted, "mixed-placer"))
        return;
    good = vg_drill_choose;
    vg_drill_choose = choose;
}
