/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a reboot of the host leaves of vGPUs: nothing but their definitions, which come back once VFs are enabled and
 * the mode is set, in this order. Only a model can be rebooted while a run goes on. */
#include "engine/drill.h"

enum { MOST_DEFINED = 256, MOST_EACH = 5 };

static unsigned define_some(struct vg_drill *drill, int64_t round, struct vg_drill_definition *all)
{
    unsigned count = 0;
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        unsigned types = drill->walk.classes[pgpu].type_count;
        for (unsigned i = vg_drill_random(drill, MOST_EACH) + 1; i > 0 && count < MOST_DEFINED; i--) {
            unsigned type = vg_drill_random(drill, types);
            int64_t instance = vg_drill_create(drill, round, pgpu, type);
            if (instance < 0)
                continue;
            all[count++] = vg_drill_definition(drill, pgpu, type, instance);
        }
    }
    return count;
}

static int64_t restore(struct vg_drill *drill, int64_t round, const struct vg_drill_definition *definition)
{
    return vg_drill_create_again(drill, round, definition->pgpu, definition->type, definition->vf, definition->uuid);
}

/* Each comes back, and a VM can have it. */
static void restore_all(struct vg_drill *drill, int64_t round, const struct vg_drill_definition *all, unsigned count)
{
    for (unsigned i = 0; i < count && !drill->trouble; i++) {
        pid_t pid;
        int64_t instance = restore(drill, round, &all[i]);
        if (instance < 0)
            continue; /* the judge says that there was room */
        vg_drill_same(drill, round, instance, &all[i]);
        if (drill->mechanism->device && vg_drill_hold(drill, round, all[i].pgpu, instance, &pid))
            vg_drill_let_go(drill, round, all[i].pgpu, instance, pid, VG_DRILL_BY_GUEST);
    }
}

/* What must come before the vGPUs, with a try at each wrong order, which must be refused in words. */
static void prepare(struct vg_drill *drill, int64_t round, unsigned pgpu, const struct vg_drill_definition *first)
{
    const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
    if (!class->sriov)
        return;
    if (first)
        restore(drill, round, first); /* no VF is there */
    vg_drill_set_vfs(drill, round, pgpu, (int)class->vf_count);
    if (class->model != VG_CAPACITY_MIXED_SIZE)
        return;
    int64_t early = first ? restore(drill, round, first) : VG_ANY;
    if (early >= 0) {
        vg_drill_set_mixed(drill, round, pgpu, true); /* too late: a vGPU is there */
        vg_drill_destroy(drill, round, early);
    }
    vg_drill_set_mixed(drill, round, pgpu, true);
}

static bool reboot(struct vg_drill *drill, int64_t round)
{
    struct vg_step *step = vg_drill_step(drill, VG_STEP_REBOOT, round, 0);
    bool done = vg_model_reset(drill->host);
    step->end_ns = vg_now_ns();
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++)
        vg_drill_look(drill, pgpu);
    if (!done)
        vg_drill_trouble(drill, "the model of the drivers cannot be set back to how it is after boot");
    else if (!vg_drill_destroy_quietly(drill)) /* what this process knew of them */
        vg_drill_trouble(drill, "a vGPU is still there after the reboot");
    return done;
}

static bool run(struct vg_drill *drill, struct vg_error *err)
{
    long long reboots = vg_drill_number(drill, "reboots");
    vg_autofree struct vg_drill_definition *all = vg_calloc(MOST_DEFINED, sizeof(*all));
    if (!drill->host->model) {
        vg_drill_skip(drill, "a host cannot be rebooted while a run on it goes on; only a model can");
        return true;
    }
    for (long long round = 1; round <= reboots && !drill->trouble; round++) {
        unsigned count = define_some(drill, round, all);
        vg_drill_look_all(drill, round);
        if (!reboot(drill, round))
            break;
        for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
            unsigned first = 0;
            while (first < count && all[first].pgpu != pgpu)
                first++;
            prepare(drill, round, pgpu, first < count ? &all[first] : NULL);
        }
        restore_all(drill, round, all, count);
        vg_drill_look_all(drill, round);
        vg_drill_drain(drill, round);
        vg_drill_look_all(drill, round);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    return true;
}

VG_DRILL(reboot) = {
    .kind = VG_KIND_ACTION,
    .name = "reboot",
    .summary = "reboots the host and brings every vGPU back from its definition: VFs, then the mode, then the vGPU",
    .why = "a vGPU that comes back with another UUID, type or VF, or not at all, is a VM that does not start",
    .params =
        VG_PARAMS {
            { .name = "reboots",
              .type = VG_INT,
              .def = "5",
              .min = 1,
              .max = 1000,
              .unit = "1",
              .summary = "how often" },
            { .name = NULL },
        },
    .run = run,
};
