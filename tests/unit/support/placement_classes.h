/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of pGPU for tests of placement, with the numbers of real boards (docs/placement.md says where they are from).
 */
#ifndef VG_TEST_PLACEMENT_CLASSES_H
#define VG_TEST_PLACEMENT_CLASSES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "placement/placement.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

struct size_and_max {
    const char *name;
    unsigned gib, max;
};

static inline void prepared(struct vg_pgpu_class *class)
{
    struct vg_error err = { 0 };
    if (!vg_capacity_prepare(class, &err))
        fail_msg("%s", err.text);
}

static inline void add_sizes(struct vg_pgpu_class *class, const struct size_and_max *sizes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        class->types[class->type_count++] = (struct vg_vgpu_type) {
            .name = sizes[i].name, .id = 100 + i, .size_bytes = sizes[i].gib * GIB, .max = sizes[i].max
        };
}

static inline void make_a100_80(struct vg_pgpu_class *class, enum vg_capacity_model model)
{
    static const struct size_and_max sizes[] = { { "A100D-80C", 80, 1 }, { "A100D-40C", 40, 2 }, { "A100D-20C", 20, 4 },
                                                 { "A100D-16C", 16, 5 }, { "A100D-10C", 10, 8 }, { "A100D-8C", 8, 10 },
                                                 { "A100D-4C", 4, 20 } };
    *class = (struct vg_pgpu_class) { .name = "a100-80", .model = model, .size_bytes = 80 * GIB };
    add_sizes(class, sizes, VG_COUNT(sizes));
    prepared(class);
}

static inline void make_a30(struct vg_pgpu_class *class, enum vg_capacity_model model)
{
    static const struct size_and_max sizes[] = {
        { "A30-24C", 24, 1 }, { "A30-12C", 12, 2 }, { "A30-8C", 8, 3 }, { "A30-6C", 6, 4 }, { "A30-4C", 4, 6 }
    };
    *class = (struct vg_pgpu_class) { .name = "a30", .model = model, .size_bytes = 24 * GIB };
    add_sizes(class, sizes, VG_COUNT(sizes));
    prepared(class);
}

/* Two series in each size, as boards with displays have. */
static inline void make_p40(struct vg_pgpu_class *class, enum vg_capacity_model model)
{
    static const struct size_and_max sizes[] = { { "P40-24Q", 24, 1 }, { "P40-24A", 24, 1 }, { "P40-12Q", 12, 2 },
                                                 { "P40-12A", 12, 2 }, { "P40-4Q", 4, 6 },   { "P40-4A", 4, 6 },
                                                 { "P40-1Q", 1, 24 },  { "P40-1A", 1, 24 } };
    *class = (struct vg_pgpu_class) { .name = "p40", .model = model, .size_bytes = 24 * GIB };
    add_sizes(class, sizes, VG_COUNT(sizes));
    prepared(class);
}

static inline void make_a40_mixed(struct vg_pgpu_class *class)
{
    static const struct size_and_max sizes[] = { { "A40-48Q", 48, 1 }, { "A40-24Q", 24, 2 }, { "A40-16Q", 16, 3 },
                                                 { "A40-8Q", 8, 6 },   { "A40-4Q", 4, 12 },  { "A40-1Q", 1, 32 } };
    *class = (struct vg_pgpu_class) { .name = "a40", .model = VG_CAPACITY_MIXED_SIZE, .size_bytes = 48 * GIB };
    add_sizes(class, sizes, VG_COUNT(sizes));
    struct vg_vgpu_type *smallest = &class->types[class->type_count - 1];
    smallest->placement_denied[0] = 8;
    smallest->placement_denied[1] = 32;
    smallest->placement_denied_count = 2;
    prepared(class);
}

static inline void make_mdpy(struct vg_pgpu_class *class)
{
    *class = (struct vg_pgpu_class) {
        .name = "mdpy",
        .model = VG_CAPACITY_COUNT_POOL,
        .count = 4,
        .types = { { .name = "vga", .id = 1 }, { .name = "xga", .id = 2 }, { .name = "hd", .id = 3 } },
        .type_count = 3
    };
    prepared(class);
}

static inline void make_mbochs(struct vg_pgpu_class *class)
{
    *class = (struct vg_pgpu_class) { .name = "mbochs",
                                      .model = VG_CAPACITY_MEMORY_POOL,
                                      .size_bytes = 256 * MIB,
                                      .types = { { .name = "small", .id = 1, .size_bytes = 4 * MIB },
                                                 { .name = "medium", .id = 2, .size_bytes = 16 * MIB },
                                                 { .name = "large", .id = 3, .size_bytes = 64 * MIB } },
                                      .type_count = 3 };
    prepared(class);
}

static inline void make_gvt(struct vg_pgpu_class *class, unsigned low_gm_mib, unsigned high_gm_mib, unsigned fences)
{
    *class = (struct vg_pgpu_class) {
        .name = "gvt-g",
        .model = VG_CAPACITY_GVT,
        .low_gm_mib = low_gm_mib,
        .high_gm_mib = high_gm_mib,
        .fences = fences,
        .types = { { .name = "GVTg_V5_8", .id = 8, .low_gm_mib = 64, .high_gm_mib = 384, .fences = 4 },
                   { .name = "GVTg_V5_4", .id = 4, .low_gm_mib = 128, .high_gm_mib = 512, .fences = 4 },
                   { .name = "GVTg_V5_2", .id = 2, .low_gm_mib = 256, .high_gm_mib = 1024, .fences = 4 },
                   { .name = "GVTg_V5_1", .id = 1, .low_gm_mib = 512, .high_gm_mib = 2048, .fences = 4 } },
        .type_count = 4
    };
    prepared(class);
}

/* MIG on an A100: one 3g.40gb, one 2g.20gb, two 1g.10gb; and a time-sliced type that is offered but not in this mode.
 */
static inline void make_mig(struct vg_pgpu_class *class, unsigned per_gi)
{
    *class = (struct vg_pgpu_class) {
        .name = "a100-mig",
        .model = VG_CAPACITY_MIG,
        .size_bytes = 80 * GIB,
        .gi_profiles = { 9, 14, 19, 19 },
        .gi_count = 4,
        .types = { { .name = "3-40C", .id = 1, .size_bytes = 40 * GIB, .gi_profile = 9, .max_per_gi = per_gi },
                   { .name = "2-20C", .id = 2, .size_bytes = 20 * GIB, .gi_profile = 14, .max_per_gi = per_gi },
                   { .name = "1-10C", .id = 3, .size_bytes = 10 * GIB, .gi_profile = 19, .max_per_gi = per_gi },
                   { .name = "1-5C", .id = 4, .size_bytes = 5 * GIB, .gi_profile = 19, .max_per_gi = 2 * per_gi },
                   { .name = "7-80C", .id = 5, .size_bytes = 80 * GIB, .gi_profile = 1, .max_per_gi = per_gi },
                   { .name = "40C", .id = 6, .size_bytes = 40 * GIB, .max = 2 } },
        .type_count = 6
    };
    prepared(class);
}

/* xapi's view of a K2-like pGPU: sizes are thirds, quarters, halves of its size; types are compatible with themselves
 * only, or, in another class, with all. */
static inline void make_xapi(struct vg_pgpu_class *class, bool alone)
{
    static const struct size_and_max sizes[] = {
        { "K280Q", 0, 1 }, { "K260Q", 0, 2 }, { "K250", 0, 3 }, { "K240Q", 0, 4 }, { "K200", 0, 8 }
    };
    *class = (struct vg_pgpu_class) { .name = "k2", .model = VG_CAPACITY_REMAINING, .size_bytes = UINT64_C(1) << 20 };
    add_sizes(class, sizes, VG_COUNT(sizes));
    for (unsigned i = 0; alone && i < class->type_count; i++)
        class->types[i].compatible = UINT64_C(1) << i;
    class->types[class->type_count++] = (struct vg_vgpu_type) { .name = "passthrough", .id = 9, .whole = true };
    prepared(class);
}

/* Adds SR-IOV with so many VFs enabled. */
static inline void with_vfs(struct vg_pgpu_class *class, unsigned vfs)
{
    class->sriov = true;
    class->vf_count = vfs;
    prepared(class);
}

#endif
