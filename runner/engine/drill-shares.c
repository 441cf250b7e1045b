/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver gives each VF by itself when VFs are enabled, before anybody asks for a quota. */
#include "engine/drill.h"

static void write_share(struct vg_walk *walk, struct vg_memory_range range, int64_t of, int64_t first, uint64_t bytes)
{
    range.of = of;
    range.first = first;
    range.bytes = (int64_t)bytes;
    vg_push(walk->ranges, walk->range_count) = range;
}

/* A driver that tells nothing of any VF's memory has none to give, or does not say; one that tells of some tells 0 of
 * the others. */
static void write_shares(struct vg_drill *drill, unsigned pgpu, const struct vg_pgpu *seen)
{
    struct vg_walk *walk = &drill->walk;
    struct vg_memory_range range = { .step = (int64_t)walk->step_count - 1, .pgpu = pgpu };
    uint64_t memory = 0, addresses = 0;
    for (unsigned i = 0; i < seen->vf_count; i++) {
        memory += seen->vfs[i].memory_bytes;
        addresses += seen->vfs[i].addresses;
    }
    for (unsigned i = 0; i < seen->vf_count; i++) {
        const struct vg_vf_state *vf = &seen->vfs[i];
        range.vf = i;
        if (memory)
            write_share(walk, range, VG_RANGE_OWN_MEMORY, VG_ANY, vf->memory_bytes);
        if (addresses)
            write_share(walk, range, VG_RANGE_OWN_ADDRESSES, (int64_t)vf->first_address, vf->addresses);
    }
}

static bool shares(struct vg_drill *drill, struct vg_error *err)
{
    long long rounds = vg_drill_number(drill, "rounds");
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        uint32_t total = drill->walk.vf_totals[pgpu];
        if (drill->walk.classes[pgpu].model != VG_CAPACITY_VF || !drill->mechanism->setup || !total)
            continue;
        for (long long round = 1; round <= rounds && !drill->trouble; round++) {
            struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
            struct vg_error failed = { 0 };
            vg_drill_set_vfs(drill, round, pgpu, 0);
            /* All that there are first, then any number. */
            vg_drill_set_vfs(drill, round, pgpu, (int)(round == 1 ? total : vg_drill_random(drill, total) + 1));
            if (drill->mechanism->look(drill->state, drill->host_index[pgpu], &seen, &failed))
                write_shares(drill, pgpu, &seen);
            else
                vg_drill_trouble(drill, failed.text);
            if (!vg_drill_turn(drill, err))
                return false;
        }
    }
    return true;
}

VG_DRILL(shares) = {
    .kind = VG_KIND_ACTION,
    .name = "shares",
    .summary = "enables VFs, ever another number of them, and reads what the driver gave each by itself",
    .why = "what a VF has before anybody sets a quota is what most tenants get",
    .params =
        VG_PARAMS {
            { .name = "rounds",
              .type = VG_INT,
              .def = "5",
              .min = 1,
              .max = 1000,
              .unit = "1",
              .summary = "numbers of VFs; the first is all" },
            { .name = NULL },
        },
    .run = shares,
};
