/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that all drills are made of. Each asks the mechanism once and writes one row. */
#include <stdarg.h>
#include "engine/drill.h"

const char *vg_drill_param(const struct vg_drill *drill, const char *name)
{
    return vg_settings_or_default(drill->params, drill->action, name);
}

long long vg_drill_number(const struct vg_drill *drill, const char *name)
{
    return vg_settings_number(drill->params, drill->action, name);
}

/* splitmix64, so that a seed means the same walk on every machine. */
uint32_t vg_drill_random(struct vg_drill *drill, uint32_t below)
{
    drill->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = drill->random;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    value ^= value >> 31;
    return below ? (uint32_t)(((value >> 32) * below) >> 32) : 0;
}

bool vg_drill_turn(struct vg_drill *drill, struct vg_error *err)
{
    return vg_engine_turn(drill->engine, 0, err);
}

void vg_drill_skip(struct vg_drill *drill, const char *format, ...)
{
    if (drill->skip)
        return;
    va_list arguments;
    va_start(arguments, format);
    drill->skip = vg_vformat(format, arguments);
    va_end(arguments);
}

void vg_drill_trouble(struct vg_drill *drill, const char *what)
{
    if (!drill->trouble)
        drill->trouble = vg_strdup(what);
}

struct vg_step *vg_drill_step(struct vg_drill *drill, enum vg_step_op op, int64_t round, int64_t pgpu)
{
    struct vg_walk *walk = &drill->walk;
    unsigned number = walk->step_count;
    struct vg_step *step = &vg_push(walk->steps, walk->step_count);
    *step = (struct vg_step) { .step = number,
                               .round = round,
                               .op = op,
                               .pgpu = pgpu,
                               .type = VG_ANY,
                               .instance = VG_ANY,
                               .wanted = VG_ANY,
                               .seen = VG_ANY,
                               .vf = VG_ANY,
                               .place = VG_ANY,
                               .start_ns = vg_now_ns() };
    return step;
}

const struct vg_host_profile *vg_drill_profile(const struct vg_drill *drill, unsigned pgpu, unsigned type)
{
    return &drill->config->profiles[drill->walk.classes[pgpu].types[type].id - 1];
}

int64_t vg_drill_keep(struct vg_drill *drill, struct vg_vgpu *vgpu)
{
    vg_push(drill->vgpus, drill->vgpu_count) = vgpu;
    if (drill->with_tenants)
        vg_drill_enrol(drill, vgpu);
    return drill->vgpu_count - 1;
}

int64_t vg_drill_create_again(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf,
                              const char *uuid)
{
    struct vg_step *step = vg_drill_step(drill, VG_STEP_CREATE, round, pgpu);
    struct vg_error err = { 0 };
    struct vg_vgpu *vgpu = NULL;
    const struct vg_create_as how = {
        .pgpu_index = drill->host_index[pgpu], .profile = vg_drill_profile(drill, pgpu, type), .uuid = uuid, .vf = vf
    };
    step->type = type;
    step->wanted = vf;
    step->outcome = drill->mechanism->create_as(drill->state, &how, &vgpu, &err);
    step->end_ns = vg_now_ns();
    if (step->outcome == VG_REFUSED_ERROR)
        vg_drill_trouble(drill, err.text);
    if (step->outcome != VG_REFUSED_NOT)
        return VG_ANY;
    step->vf = vgpu->vf;
    step->place = vgpu->placement_id;
    step->granted_bytes = (int64_t)vgpu->granted_bytes;
    step->instance = vg_drill_keep(drill, vgpu);
    return step->instance;
}

int64_t vg_drill_create_as(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type, int vf)
{
    return vg_drill_create_again(drill, round, pgpu, type, vf, NULL);
}

int64_t vg_drill_create(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    return vg_drill_create_as(drill, round, pgpu, type, VG_ANY);
}

static int64_t drill_pgpu(const struct vg_drill *drill, const struct vg_vgpu *vgpu)
{
    for (unsigned i = 0; i < drill->walk.class_count; i++)
        if (drill->host_index[i] == vgpu->pgpu_index)
            return i;
    return VG_ANY;
}

enum vg_refusal vg_drill_destroy(struct vg_drill *drill, int64_t round, int64_t instance)
{
    struct vg_error err = { 0 };
    struct vg_vgpu *vgpu = drill->vgpus[instance];
    int64_t pgpu = drill_pgpu(drill, vgpu), start_ns = vg_now_ns();
    bool gone = drill->with_tenants ? vg_drill_dismiss(drill, instance, &err)
                                    : drill->mechanism->destroy(drill->state, vgpu, &err);
    struct vg_step *step = vg_drill_step(drill, VG_STEP_DESTROY, round, pgpu);
    step->instance = instance;
    step->start_ns = start_ns;
    step->end_ns = vg_now_ns();
    step->outcome = gone ? VG_REFUSED_NOT : err.kind == VG_ERROR_REFUSED ? VG_REFUSED_BUSY : VG_REFUSED_ERROR;
    if (gone || drill->with_tenants)
        drill->vgpus[instance] = NULL;
    if (!gone && drill->with_tenants)
        vg_drill_trouble(drill, err.text);
    return (enum vg_refusal)step->outcome;
}

static void count(struct vg_drill *drill, unsigned pgpu, int64_t type, int64_t vf, int64_t value)
{
    struct vg_walk *walk = &drill->walk;
    vg_push(walk->counters, walk->counter_count) = (struct vg_counter) {
        .step = (int64_t)walk->step_count - 1, .pgpu = pgpu, .type = type, .vf = vf, .value = value
    };
}

/* In mixed-size mode fewer fit than the driver advertises for a type alone; and how many VFs are enabled is no
 * advertisement. */
static bool is_maximum_comparable(const struct vg_pgpu_class *class)
{
    return class->model != VG_CAPACITY_MIXED_SIZE && class->model != VG_CAPACITY_VF;
}

void vg_drill_maxima(struct vg_drill *drill, unsigned pgpu)
{
    const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
    const struct vg_host_pgpu *host = &drill->host->pgpus[drill->host_index[pgpu]];
    struct vg_error ignored = { 0 }; /* what is not advertised is not compared, and not counted as read */
    for (unsigned i = 0; drill->mechanism->maximum && is_maximum_comparable(class) && i < class->type_count; i++)
        drill->mechanism->maximum(drill->host, host, vg_drill_profile(drill, pgpu, i),
                                  &drill->advertised[pgpu * VG_CLASS_TYPES_MAX + i], &ignored);
}

static void write_down(struct vg_drill *drill, unsigned pgpu, const struct vg_pgpu *seen)
{
    const struct vg_pgpu_class *class = &drill->walk.classes[pgpu];
    struct vg_walk *walk = &drill->walk;
    count(drill, pgpu, VG_COUNTER_LIVE, VG_ANY, seen->live);
    if (vg_equal(seen->host->capacity, "mixed-size"))
        count(drill, pgpu, VG_COUNTER_MIXED, VG_ANY, seen->mixed);
    if (class->sriov)
        count(drill, pgpu, VG_COUNTER_VFS, VG_ANY, seen->vf_count);
    for (unsigned i = 0; i < class->type_count && i < seen->profile_count; i++) {
        if (seen->profiles[i].max && is_maximum_comparable(class))
            drill->advertised[pgpu * VG_CLASS_TYPES_MAX + i] = seen->profiles[i].max;
        if (!class->sriov)
            count(drill, pgpu, i, VG_ANY, seen->profiles[i].available);
        for (unsigned j = 0; class->sriov && j < seen->vf_count; j++)
            count(drill, pgpu, i, j, (int64_t)((seen->vfs[j].offers >> i & 1) + (seen->vfs[j].offers_more >> i & 1)));
        if (class->sriov && seen->pf_was_read)
            count(drill, pgpu, i, VG_ANY, (int64_t)(seen->pf_offers >> i & 1));
    }
    for (unsigned i = 0; i < seen->vgpu_count; i++) {
        const struct vg_live_vgpu *vgpu = &seen->vgpus[i];
        struct vg_memory_range range = { .step = (int64_t)walk->step_count - 1, .pgpu = pgpu, .vf = vgpu->vf };
        if (vgpu->memory_bytes) {
            range.of = VG_RANGE_MEMORY;
            range.first = VG_ANY;
            range.bytes = (int64_t)vgpu->memory_bytes;
            vg_push(walk->ranges, walk->range_count) = range;
        }
        if (vgpu->addresses) {
            range.of = VG_RANGE_ADDRESSES;
            range.first = (int64_t)vgpu->first_address;
            range.bytes = (int64_t)vgpu->addresses;
            vg_push(walk->ranges, walk->range_count) = range;
        }
    }
}

bool vg_drill_look(struct vg_drill *drill, unsigned pgpu)
{
    struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error err = { 0 };
    if (!drill->walk.step_count) /* counters belong to a step */
        vg_drill_step(drill, VG_STEP_LOOK, 0, pgpu);
    if (!vg_drill_see(drill, pgpu, &seen, &err)) {
        vg_drill_trouble(drill, err.text);
        return false;
    }
    write_down(drill, pgpu, &seen);
    return true;
}

struct vg_drill_definition vg_drill_definition(const struct vg_drill *drill, unsigned pgpu, unsigned type,
                                               int64_t instance)
{
    const struct vg_vgpu *vgpu = drill->vgpus[instance];
    struct vg_drill_definition definition = { .pgpu = pgpu, .type = type, .vf = vgpu->vf, .instance = instance };
    memcpy(definition.uuid, vgpu->uuid, sizeof(definition.uuid));
    return definition;
}

static bool is_same(struct vg_drill *drill, const struct vg_drill_definition *definition)
{
    struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error err = { 0 };
    if (!drill->mechanism->look(drill->state, drill->host_index[definition->pgpu], &seen, &err)) {
        vg_drill_trouble(drill, err.text);
        return false;
    }
    for (unsigned i = 0; i < seen.vgpu_count; i++) {
        const struct vg_live_vgpu *live = &seen.vgpus[i];
        bool named = vg_equal(live->uuid, definition->uuid), there = live->vf == definition->vf;
        if (definition->vf == VG_ANY ? named : there && (named || !*live->uuid))
            return live->profile == (int)definition->type;
    }
    return false;
}

void vg_drill_same(struct vg_drill *drill, int64_t round, int64_t instance,
                   const struct vg_drill_definition *definition)
{
    bool same = is_same(drill, definition);
    struct vg_step *step = vg_drill_step(drill, VG_STEP_SAME, round, definition->pgpu);
    step->instance = instance;
    step->wanted = definition->instance;
    step->seen = same;
    step->end_ns = vg_now_ns();
}

static void write_placements(struct vg_drill *drill, struct vg_placement_row row, const uint64_t *bits)
{
    struct vg_walk *walk = &drill->walk;
    for (row.first = 0; row.first < VG_CLASS_SLOTS_MAX; row.first += VG_PLACEMENT_BITS) {
        row.value = (int64_t)(bits[row.first / 64] >> (row.first % 64) & UINT32_MAX);
        if (row.value || row.first < walk->classes[row.pgpu].placement_slots)
            vg_push(walk->placements, walk->placement_count) = row;
    }
}

void vg_drill_placements(struct vg_drill *drill, unsigned pgpu, bool supported)
{
    struct vg_walk *walk = &drill->walk;
    vg_autofree struct vg_placements *all = NULL;
    unsigned count = 0;
    struct vg_error err = { 0 };
    if (!drill->mechanism->placements(drill->state, drill->host_index[pgpu], supported, &all, &count, &err))
        vg_drill_trouble(drill, err.text);
    for (unsigned i = 0; i < count; i++) {
        struct vg_placement_row row = {
            .step = (int64_t)walk->step_count - 1, .pgpu = pgpu, .type = i, .of = VG_PLACEMENT_SLOTS
        };
        row.value = all[i].slots;
        vg_push(walk->placements, walk->placement_count) = row;
        row.of = VG_PLACEMENT_CREATABLE;
        write_placements(drill, row, all[i].creatable);
        row.of = VG_PLACEMENT_SUPPORTED;
        if (supported)
            write_placements(drill, row, all[i].supported);
    }
}

void vg_drill_look_all(struct vg_drill *drill, int64_t round)
{
    for (unsigned i = 0; i < drill->walk.class_count; i++) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_LOOK, round, i);
        step->end_ns = step->start_ns;
        vg_drill_look(drill, i);
    }
}

void vg_drill_drain(struct vg_drill *drill, int64_t round)
{
    for (unsigned i = drill->vgpu_count; i-- > 0;)
        if (drill->vgpus[i])
            vg_drill_destroy(drill, round, i);
}

unsigned vg_drill_live(const struct vg_drill *drill, int64_t *instances, unsigned most)
{
    unsigned found = 0;
    for (unsigned i = 0; i < drill->vgpu_count && found < most; i++)
        if (drill->vgpus[i])
            instances[found++] = i;
    return found;
}

bool vg_drill_has(const struct vg_drill *drill, enum vg_capacity_model model, unsigned *pgpu)
{
    for (*pgpu = 0; *pgpu < drill->walk.class_count; ++*pgpu)
        if (drill->walk.classes[*pgpu].model == model)
            return true;
    return false;
}

bool vg_drill_destroy_quietly(struct vg_drill *drill)
{
    bool all = true;
    if (drill->with_tenants) {
        vg_drill_dismiss_all(drill); /* their vGPUs go with them */
        return true;
    }
    for (unsigned i = drill->vgpu_count; i-- > 0;) {
        struct vg_error ignored = { 0 };
        if (drill->vgpus[i] && drill->mechanism->destroy(drill->state, drill->vgpus[i], &ignored))
            drill->vgpus[i] = NULL;
        all = all && !drill->vgpus[i];
    }
    return all;
}

bool vg_drill_restart(struct vg_drill *drill)
{
    bool empty = true;
    if (vg_model_reset(drill->host)) {
        for (unsigned i = 0; drill->mechanism->setup && i < drill->walk.class_count; i++) {
            const struct vg_host_pgpu *pgpu = &drill->host->pgpus[drill->host_index[i]];
            const struct vg_pgpu_setup setup = { .vfs = (int)pgpu->vfs,
                                                 .mixed = vg_equal(pgpu->capacity, "mixed-size") ? 1 : VG_ANY };
            struct vg_error err = { 0 };
            if (pgpu->vfs &&
                drill->mechanism->setup(drill->state, drill->host_index[i], &setup, &err) != VG_REFUSED_NOT) {
                vg_drill_trouble(drill, err.text);
                empty = false;
            }
        }
    }
    empty = vg_drill_destroy_quietly(drill) && empty;
    free(drill->vgpus);
    drill->vgpus = NULL;
    drill->vgpu_count = 0;
    return empty;
}

void vg_drill_free_walk(struct vg_walk *walk)
{
    free(walk->classes);
    free(walk->boards);
    free(walk->vf_totals);
    free(walk->steps);
    free(walk->counters);
    free(walk->ranges);
    free(walk->placements);
}
