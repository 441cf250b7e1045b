/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to placement/: what a capacity model adds to the rules that all share (VFs, whole pGPUs, disabled types,
 * compatibility), one descriptor per model. */
#ifndef VG_PLACEMENT_INTERNAL_H
#define VG_PLACEMENT_INTERNAL_H

#include "placement/placement.h"

struct vg_capacity_rule {
    const char *name;
    unsigned most; /* vGPUs on one pGPU, whatever their types; 0: as many as fit */
    /* Checks and derives what belongs to types[type] only. NULL: nothing. */
    bool (*prepare)(struct vg_pgpu_class *class, unsigned type, struct vg_error *err);
    /* Types that may live beside types[type], as bits; NULL: all. */
    uint64_t (*compatible)(const struct vg_pgpu_class *class, unsigned type);
    /* How many more fit, given that the type is compatible with all that lives there. VFs are not its matter. */
    unsigned (*room)(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type);
    /* Where several places differ (placement IDs, GPU instances): the place that `wanted` would get, or why none. It is
     * asked only when the type is enabled and compatible. NULL: room decides. */
    enum vg_refusal (*find)(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                            const struct vg_vgpu_instance *wanted, struct vg_vgpu_instance *found);
    /* Takes and gives back what the instance holds; NULL: the number of live vGPUs says all. */
    void (*take)(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it);
    void (*give)(const struct vg_pgpu_class *class, struct vg_pgpu_state *state, const struct vg_vgpu_instance *it);
    /* Does the instance hold what it says? NULL: yes. */
    bool (*holds)(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state,
                  const struct vg_vgpu_instance *it);
};

/* vGPUs on one pGPU that NVIDIA's resource manager keeps count of (NV-CTRL): time-sliced ones, of which each needs a
 * software runlist, and all in MIG mode. */
enum { VG_NVIDIA_MOST_SLICED = 32, VG_NVIDIA_MOST = 48 };
extern const struct vg_capacity_rule vg_rule_same_type, vg_rule_same_size, vg_rule_mixed_size, vg_rule_mig, vg_rule_vf,
    vg_rule_count_pool, vg_rule_memory_pool, vg_rule_gvt, vg_rule_remaining;
const struct vg_capacity_rule *vg_capacity_rule(enum vg_capacity_model model);

/* VG_ERROR_INPUT, "class CLASS, type TYPE: ..."; returns false. */
bool vg_type_fail(const struct vg_pgpu_class *class, unsigned type, struct vg_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Fills in the placement IDs of a type whose list is empty: the resource manager's halving. */
bool vg_layout_placements(struct vg_pgpu_class *class, unsigned type, struct vg_error *err);
/* The part of a rank that does not depend on the place: 0 to VG_CLASS_INSTANCES_MAX, lower is better. */
unsigned vg_placement_key_rank(const struct vg_placement_policy *policy, unsigned live, unsigned available);

unsigned vg_placement_index_class(const struct vg_placement_index *index, unsigned pgpu);
/* Bring nearer where the pGPU stands, and then what an update of it will look at; they change nothing. */
void vg_placement_index_prefetch_place(const struct vg_placement_index *index, unsigned pgpu);
void vg_placement_index_prefetch(const struct vg_placement_index *index, unsigned pgpu);

#endif
