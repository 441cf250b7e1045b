/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a pGPU is set up: number of VFs, mixed-size mode, given away as a whole; and what its driver's tree must hold. */
#include "engine/drill.h"

static void set_vfs(struct vg_drill *drill, enum vg_step_op op, int64_t round, unsigned pgpu, int vfs)
{
    const struct vg_pgpu_setup setup = { .vfs = vfs, .mixed = VG_ANY, .blind = op == VG_STEP_RAW_VFS };
    struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error err = { 0 };
    struct vg_step *step = vg_drill_step(drill, op, round, pgpu);
    step->wanted = vfs;
    step->outcome = drill->mechanism->setup(drill->state, drill->host_index[pgpu], &setup, &err);
    if (drill->mechanism->look(drill->state, drill->host_index[pgpu], &seen, &err))
        step->seen = seen.vf_count;
    step->end_ns = vg_now_ns();
}

void vg_drill_set_vfs(struct vg_drill *drill, int64_t round, unsigned pgpu, int vfs)
{
    set_vfs(drill, VG_STEP_VFS, round, pgpu, vfs);
}

/* As it is: no "too many", "in use" or way through 0 of the manager's before the driver is asked. */
static void set_raw_vfs(struct vg_drill *drill, int64_t round, unsigned pgpu, int vfs)
{
    set_vfs(drill, VG_STEP_RAW_VFS, round, pgpu, vfs);
}

void vg_drill_set_mixed(struct vg_drill *drill, int64_t round, unsigned pgpu, bool mixed)
{
    const struct vg_pgpu_setup setup = { .vfs = VG_ANY, .mixed = mixed };
    struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error err = { 0 };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_MIXED, round, pgpu);
    step->wanted = mixed;
    step->outcome = drill->mechanism->setup(drill->state, drill->host_index[pgpu], &setup, &err);
    if (drill->mechanism->look(drill->state, drill->host_index[pgpu], &seen, &err))
        step->seen = seen.mixed;
    step->end_ns = vg_now_ns();
}

unsigned vg_drill_vfs_that_fit(const struct vg_drill *drill, unsigned pgpu, unsigned type)
{
    const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
    uint64_t each = class->types[type].size_bytes, total = drill->walk.vf_totals[pgpu];
    uint64_t fit = class->model != VG_CAPACITY_VF || !each ? total
                   : class->size_bytes                     ? class->size_bytes / each
                                                           : class->vf_count;
    fit = fit < total ? fit : total;
    return fit ? (unsigned)fit : 1;
}

/* NVIDIA's tool knows all VFs or none; the kernel's file any number. */
static bool any_number(const struct vg_drill *drill)
{
    return drill->walk.class_count && drill->walk.classes[0].model == VG_CAPACITY_VF;
}

/* The models of NVIDIA's tool and of sriov_numvfs are busy for their next calls; on real hardware there is no such
 * file. */
static void make_busy(const struct vg_drill *drill, unsigned pgpu, const char *calls)
{
    static const char *const ways[] = { "nvml", "sriov" };
    const struct vg_host_pgpu *host = &drill->host->pgpus[drill->host_index[pgpu]];
    struct vg_error ignored = { 0 };
    for (size_t i = 0; i < VG_COUNT(ways); i++) {
        vg_autofree char *path =
            vg_format("%s/model/%s/%s/busy", drill->host->root, ways[i], host->pci ? host->pci : "-");
        if (vg_exists(path))
            vg_write_attribute(path, calls, &ignored);
    }
}

/* Too many, and from one number to another: the kernel's own rules, of which a tool that knows all or none has none. */
static void raw_numbers(struct vg_drill *drill, int64_t round, unsigned pgpu, int total)
{
    if (!any_number(drill) || total < 2)
        return;
    set_raw_vfs(drill, round, pgpu, total + 1);
    set_raw_vfs(drill, round, pgpu, total - 1);
    set_raw_vfs(drill, round, pgpu, total - 1); /* once more is nothing */
    set_raw_vfs(drill, round, pgpu, total);
    set_raw_vfs(drill, round, pgpu, total + 1);
    set_raw_vfs(drill, round, pgpu, 0);
    set_raw_vfs(drill, round, pgpu, 0);
    vg_drill_look(drill, pgpu);
}

/* Off while a VM has one. Only a model is asked that itself: a kernel may wait, where nobody can interrupt it, until
 * the VM lets go. */
static void raw_off_in_use(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t instance)
{
    pid_t pid;
    if (instance < 0 || !drill->host->model || !drill->mechanism->device ||
        !vg_drill_hold(drill, round, pgpu, instance, &pid))
        return;
    set_raw_vfs(drill, round, pgpu, 0);
    vg_drill_look(drill, pgpu); /* the VM is unaffected */
    vg_drill_let_go(drill, round, pgpu, instance, pid, VG_DRILL_BY_GUEST);
}

/* One that a VM can have, while all VFs are there or, where these have too little memory each, as many as fit. */
static int64_t create_one(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned enabled)
{
    for (unsigned vfs = vg_drill_vfs_that_fit(drill, pgpu, 0); vfs; vfs--) {
        if (vfs != enabled)
            vg_drill_set_vfs(drill, round, pgpu, (int)vfs);
        enabled = vfs;
        vg_drill_look(drill, pgpu);
        int64_t instance = vg_drill_create(drill, round, pgpu, 0);
        if (instance >= 0 || drill->trouble || vg_walk_room_is_known(&drill->walk.classes[pgpu], 0, vfs))
            return instance;
    }
    vg_drill_trouble(drill, "no VF could be given its memory, so that none was in use when VFs were to be disabled");
    return VG_ANY;
}

static bool vf_counts(struct vg_drill *drill, struct vg_error *err)
{
    long long rounds = vg_drill_number(drill, "rounds");
    unsigned with_vfs = 0;
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        int total = (int)drill->walk.vf_totals[pgpu];
        if (!drill->walk.classes[pgpu].sriov || !drill->mechanism->setup)
            continue;
        with_vfs++;
        for (long long round = 1; round <= rounds; round++) {
            int vfs = any_number(drill) ? (int)vg_drill_random(drill, (uint32_t)total) + 1 : total;
            for (int i = 0; i < 4; i++) /* each once more, which is nothing */
                vg_drill_set_vfs(drill, round, pgpu, i < 2 ? vfs : 0);
            if (!vg_drill_turn(drill, err))
                return false;
        }
        vg_drill_set_vfs(drill, rounds + 1, pgpu, total + 1);
        raw_numbers(drill, rounds + 1, pgpu, total);
        make_busy(drill, pgpu, "2");
        vg_drill_set_vfs(drill, rounds + 1, pgpu, total);
        int64_t instance = create_one(drill, rounds + 1, pgpu, (unsigned)total);
        vg_drill_set_vfs(drill, rounds + 1, pgpu, 0); /* in use */
        vg_drill_look(drill, pgpu);
        raw_off_in_use(drill, rounds + 1, pgpu, instance);
        vg_drill_drain(drill, rounds + 1);
    }
    if (!with_vfs)
        vg_drill_skip(drill, "no pGPU of %s here has virtual functions (`vfs` of the host file)", drill->config->name);
    return true;
}

VG_DRILL(vf_counts) = {
    .kind = VG_KIND_ACTION,
    .name = "vf-counts",
    .summary = "enables and disables VFs: twice, too many, while the tool is busy, while one is in use",
    .why = "VFs that go while a VM has one take its memory with them",
    .params =
        VG_PARAMS {
            { .name = "rounds",
              .type = VG_INT,
              .def = "20",
              .min = 1,
              .max = 1000,
              .unit = "1",
              .summary = "on and off" },
            { .name = NULL },
        },
    .run = vf_counts,
};

static bool mode_switch(struct vg_drill *drill, struct vg_error *err)
{
    unsigned pgpu;
    if (!vg_drill_has(drill, VG_CAPACITY_MIXED_SIZE, &pgpu) || !drill->mechanism->setup) {
        vg_drill_skip(drill, "no pGPU of %s here has the capacity mixed-size (`capacity` of the host file)",
                      drill->config->name);
        return true;
    }
    int total = (int)drill->walk.vf_totals[pgpu];
    /* Before VFs are enabled: taken, and lost by enabling them. That is how the driver is; the runner must see it. */
    vg_drill_set_vfs(drill, 1, pgpu, 0);
    vg_drill_set_mixed(drill, 1, pgpu, true);
    vg_drill_set_vfs(drill, 1, pgpu, total);
    vg_drill_step(drill, VG_STEP_LOOK, 1, pgpu);
    vg_drill_look(drill, pgpu);
    /* After it: stays. */
    vg_drill_set_mixed(drill, 2, pgpu, true);
    vg_drill_look(drill, pgpu);
    vg_drill_create(drill, 2, pgpu, 0);
    vg_drill_set_mixed(drill, 2, pgpu, false); /* in use */
    vg_drill_look(drill, pgpu);
    vg_drill_drain(drill, 2);
    vg_drill_set_mixed(drill, 3, pgpu, false);
    vg_drill_look(drill, pgpu);
    vg_drill_create(drill, 3, pgpu, 0);
    vg_drill_set_mixed(drill, 3, pgpu, true); /* in use */
    vg_drill_look(drill, pgpu);
    vg_drill_drain(drill, 3);
    vg_drill_set_mixed(drill, 4, pgpu, true);
    vg_drill_look(drill, pgpu);
    return vg_drill_turn(drill, err);
}

VG_DRILL(mode_switch) = {
    .kind = VG_KIND_ACTION,
    .name = "mode-switch",
    .summary =
        "switches between equal-size and mixed-size mode, before VFs are enabled, after it, and with a vGPU there",
    .why = "a mode that is silently lost looks like a pGPU that cannot do it",
    .run = mode_switch,
};

/* --- as a whole ----------------------------------------------------------------------------------------------------
 */

static int64_t pass(struct vg_drill *drill, const struct vg_mechanism *mechanism, void *state, int64_t round,
                    unsigned pgpu, struct vg_vgpu **whole)
{
    struct vg_error err = { 0 };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_PASS, round, pgpu);
    step->outcome = mechanism->create(state, drill->host_index[pgpu], vg_profile_whole(), whole, &err);
    step->end_ns = vg_now_ns();
    if (step->outcome == VG_REFUSED_ERROR)
        vg_drill_trouble(drill, err.text);
    return step->outcome;
}

static void take_back(struct vg_drill *drill, const struct vg_mechanism *mechanism, void *state, int64_t round,
                      unsigned pgpu, struct vg_vgpu *whole)
{
    struct vg_error err = { 0 };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_TAKE_BACK, round, pgpu);
    step->outcome = mechanism->destroy(state, whole, &err) ? VG_REFUSED_NOT : VG_REFUSED_ERROR;
    step->end_ns = vg_now_ns();
    if (step->outcome != VG_REFUSED_NOT)
        vg_drill_trouble(drill, err.text);
}

static void exclude(struct vg_drill *drill, const struct vg_mechanism *mechanism, void *state, unsigned pgpu)
{
    struct vg_vgpu *whole = NULL, *twice = NULL;
    int total = drill->walk.classes[pgpu].sriov ? (int)drill->walk.classes[pgpu].vf_count : 0;
    bool mixed = drill->walk.classes[pgpu].model == VG_CAPACITY_MIXED_SIZE;
    vg_drill_create(drill, pgpu, pgpu, 0);
    pass(drill, mechanism, state, pgpu, pgpu, &whole); /* a vGPU is there */
    vg_drill_look(drill, pgpu);                        /* and still is */
    vg_drill_drain(drill, pgpu);
    if (pass(drill, mechanism, state, pgpu, pgpu, &whole) != VG_REFUSED_NOT)
        return;
    pass(drill, mechanism, state, pgpu, pgpu, &twice); /* binary */
    for (unsigned type = 0; type < drill->walk.classes[pgpu].type_count; type++)
        vg_drill_create(drill, pgpu, pgpu, type); /* and the other way round */
    take_back(drill, mechanism, state, pgpu, pgpu, whole);
    if (total)
        vg_drill_set_vfs(drill, pgpu, pgpu, total);
    if (mixed)
        vg_drill_set_mixed(drill, pgpu, pgpu, true);
    vg_drill_create(drill, pgpu, pgpu, 0); /* works again */
    vg_drill_look(drill, pgpu);
    vg_drill_drain(drill, pgpu);
}

/* Where no driver is moved, a profile says that it takes the pGPU whole. */
static bool exclude_profiles(struct vg_drill *drill, struct vg_error *err)
{
    unsigned tried = 0;
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count && !drill->trouble; pgpu++) {
        const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
        unsigned whole = 0, part = 0;
        while (whole < class->type_count && !class->types[whole].whole)
            whole++;
        while (part < class->type_count && class->types[part].whole)
            part++;
        if (whole == class->type_count || part == class->type_count)
            continue;
        tried++;
        vg_drill_create(drill, pgpu, pgpu, part);
        vg_drill_look(drill, pgpu);
        vg_drill_create(drill, pgpu, pgpu, whole); /* a vGPU is there */
        vg_drill_look(drill, pgpu);                /* and still is */
        vg_drill_drain(drill, pgpu);
        vg_drill_create(drill, pgpu, pgpu, whole);
        vg_drill_look(drill, pgpu);
        for (unsigned type = 0; type < class->type_count; type++)
            vg_drill_create(drill, pgpu, pgpu, type); /* the other way round; and whole twice is no more */
        vg_drill_look(drill, pgpu);
        vg_drill_drain(drill, pgpu);
        vg_drill_create(drill, pgpu, pgpu, part); /* works again */
        vg_drill_look(drill, pgpu);
        vg_drill_drain(drill, pgpu);
        vg_drill_look(drill, pgpu);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    if (!tried)
        vg_drill_skip(drill, "no profile of %s takes a pGPU as a whole (`whole` in the host file)",
                      drill->config->name);
    return true;
}

static bool exclusion(struct vg_drill *drill, struct vg_error *err)
{
    if (drill->with_tenants)
        return exclude_profiles(drill, err);
    const struct vg_mechanism *mechanism = vg_mechanism_find("passthrough");
    const struct vg_host_mechanism config = { .name = (char *)mechanism->name };
    void *state = NULL;
    unsigned tried = 0;
    if (!mechanism->open(drill->host, &config, &state, err))
        return false;
    bool good = true;
    for (unsigned pgpu = 0; good && pgpu < drill->walk.class_count; pgpu++) {
        if (!drill->host->pgpus[drill->host_index[pgpu]].pci)
            continue;
        exclude(drill, mechanism, state, pgpu);
        tried++;
        good = vg_drill_turn(drill, err);
    }
    mechanism->close(state);
    if (!tried)
        vg_drill_skip(drill, "no pGPU of %s here is a PCI device that could be passed through", drill->config->name);
    return good;
}

VG_DRILL(exclusion) = {
    .kind = VG_KIND_ACTION,
    .name = "exclusion",
    .summary = "passes a pGPU through while it has a vGPU, and makes vGPUs on one that is passed through",
    .why = "a pGPU that is given away whole and in parts has two owners",
    .run = exclusion,
};

/* --- the driver's tree ---------------------------------------------------------------------------------------------
 */

static bool tree(struct vg_drill *drill, struct vg_error *err)
{
    if (!drill->mechanism->inspect) {
        vg_drill_skip(drill, "%s has no tree of types to inspect", drill->mechanism->name);
        return true;
    }
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count; pgpu++) {
        for (unsigned type = 0; type < drill->walk.classes[pgpu].type_count; type++) {
            vg_autotext struct vg_text findings = { 0 };
            struct vg_error failed = { 0 };
            unsigned checked = 0, missing = 0;
            int64_t instance = vg_drill_create(drill, pgpu, pgpu, type);
            if (instance < 0)
                continue;
            struct vg_step *step = vg_drill_step(drill, VG_STEP_INSPECT, pgpu, pgpu);
            step->type = type;
            if (!drill->mechanism->inspect(drill->state, drill->host_index[pgpu], drill->vgpus[instance], &checked,
                                           &findings, &missing, &failed))
                vg_drill_trouble(drill, failed.text);
            step->wanted = checked;
            step->seen = missing;
            step->end_ns = vg_now_ns();
            if (missing && !drill->shrunk_end)
                drill->shrunk_end = vg_strdup(findings.data);
            vg_drill_drain(drill, pgpu);
            if (!vg_drill_turn(drill, err))
                return false;
        }
    }
    return true;
}

VG_DRILL(tree) = {
    .kind = VG_KIND_ACTION,
    .name = "tree",
    .summary = "creates one of each type and looks for everything that the ABI says must be there",
    .why = "a tool that relies on the ABI must find it",
    .run = tree,
};
