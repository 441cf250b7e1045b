/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MIG-backed vGPUs: one needs a GPU instance of its type's profile. Older cards take one vGPU per GPU instance, newer
 * ones several, which then follow the equal-size rule within their GPU instance. */
#include "placement/internal.h"

enum { MOST_PER_GI = 12 /* NV-CTRL */ };

static bool prepare(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    struct vg_vgpu_type *t = &class->types[type];
    if (class->gi_count > VG_CLASS_GIS_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "class %s: a pGPU has at most %d GPU instances", class->name,
                       VG_CLASS_GIS_MAX);
    for (unsigned i = 0; i < class->gi_count; i++)
        if (!class->gi_profiles[i])
            return vg_fail(err, VG_ERROR_INPUT, "class %s: GPU instance %u has no profile", class->name, i);
    if (t->gi_profile && !t->max_per_gi)
        t->max_per_gi = 1;
    if (t->max_per_gi > MOST_PER_GI)
        return vg_type_fail(class, type, err, "at most %d vGPUs share a GPU instance", MOST_PER_GI);
    return true;
}

/* How many more of the type the GPU instance takes; *compatible says whether it would if it were not full. */
static unsigned room_on(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type,
                        unsigned gi, bool *compatible)
{
    const struct vg_vgpu_type *t = &class->types[type];
    unsigned live = state->gi_live[gi];
    *compatible = !live || class->types[state->gi_type[gi]].size_bytes == t->size_bytes;
    return *compatible && live < t->max_per_gi ? t->max_per_gi - live : 0;
}

static unsigned room(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type)
{
    unsigned sum = 0;
    bool compatible;
    for (unsigned i = 0; i < class->gi_count; i++)
        if (class->gi_profiles[i] == class->types[type].gi_profile)
            sum += room_on(class, state, type, i, &compatible);
    return sum;
}

/* Over several GPU instances the most specific reason is told, as over several pGPUs. */
static enum vg_refusal find(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                            const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *found)
{
    unsigned profile = class->types[wanted->type].gi_profile;
    if (wanted->gi != VG_ANY && ((unsigned)wanted->gi >= class->gi_count || class->gi_profiles[wanted->gi] != profile))
        return VG_REFUSED_UNSUPPORTED;
    bool matching = false;
    enum vg_refusal refusal = VG_REFUSED_INCOMPATIBLE;
    for (unsigned i = 0; i < class->gi_count; i++) {
        bool compatible;
        if (class->gi_profiles[i] != profile || (wanted->gi != VG_ANY && (unsigned)wanted->gi != i))
            continue;
        matching = true;
        if (room_on(class, state, wanted->type, i, &compatible)) {
            found->gi = (int)i;
            return VG_REFUSED_NOT;
        }
        if (compatible)
            refusal = VG_REFUSED_NO_CAPACITY;
    }
    return matching ? refusal : VG_REFUSED_DISABLED; /* offered, but the pGPU was cut otherwise */
}

static void take(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    (void)class;
    state->gi_live[it->gi]++;
    state->gi_type[it->gi] = (uint8_t)it->type;
}

static void give(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it)
{
    (void)class;
    state->gi_live[it->gi]--;
}

static bool holds(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                  const struct vg_vgpu_instance *it)
{
    return it->gi >= 0 && (unsigned)it->gi < class->gi_count && state->gi_live[it->gi] > 0 &&
           class->types[it->type].gi_profile == class->gi_profiles[it->gi] &&
           class->types[it->type].size_bytes == class->types[state->gi_type[it->gi]].size_bytes;
}

const struct vg_capacity_rule vg_rule_mig = {
    .name = "mig",
    .most = VG_NVIDIA_MOST,
    .prepare = prepare,
    .room = room,
    .find = find,
    .take = take,
    .give = give,
    .holds = holds,
};
