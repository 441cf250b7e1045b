/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each driver documents about capacity, example by example. placement_walk.c has what must hold always. */
#include "support/placement_classes.h"

static struct vg_pgpu_class class;
static struct vg_pgpu_state state;

static unsigned type_of(const char *name)
{
    int type = vg_class_type_named(&class, name);
    assert_true(type >= 0);
    return (unsigned)type;
}

static unsigned available(const char *name)
{
    return vg_capacity_available(&class, &state, type_of(name));
}

static enum vg_refusal create(const char *name, struct vg_vgpu_instance *made)
{
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type_of(name)), thrown_away;
    return vg_capacity_create(&class, &state, &wanted, made ? made : &thrown_away);
}

/* Creates until refused. */
static unsigned fill(const char *name)
{
    unsigned count = 0;
    while (create(name, NULL) == VG_REFUSED_NOT)
        count++;
    return count;
}

static int empty(void **ignored)
{
    (void)ignored;
    state = (struct vg_pgpu_state) { 0 };
    return 0;
}

static void equal_size_maxima(void **ignored)
{
    (void)ignored;
    static const struct size_and_max documented[] = { { "A100D-16C", 0, 5 },
                                                      { "A100D-8C", 0, 10 },
                                                      { "A100D-4C", 0, 20 } };
    for (unsigned i = 0; i < VG_COUNT(documented); i++) {
        make_a100_80(&class, VG_CAPACITY_SAME_SIZE);
        empty(NULL);
        assert_int_equal(vg_capacity_maximum(&class, type_of(documented[i].name)), documented[i].max);
        assert_int_equal(fill(documented[i].name), documented[i].max);
        assert_int_equal(create(documented[i].name, NULL), VG_REFUSED_NO_CAPACITY);
    }
}

static void mixed_size_maxima(void **ignored)
{
    (void)ignored;
    static const struct size_and_max a100[] = { { "A100D-80C", 0, 1 }, { "A100D-40C", 0, 2 }, { "A100D-20C", 0, 4 },
                                                { "A100D-16C", 0, 4 }, { "A100D-10C", 0, 8 }, { "A100D-8C", 0, 8 },
                                                { "A100D-4C", 0, 16 } };
    static const struct size_and_max a30[] = {
        { "A30-24C", 0, 1 }, { "A30-12C", 0, 2 }, { "A30-8C", 0, 2 }, { "A30-4C", 0, 4 }
    };
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    for (unsigned i = 0; i < VG_COUNT(a100); i++) {
        empty(NULL);
        assert_int_equal(vg_capacity_maximum(&class, type_of(a100[i].name)), a100[i].max);
        assert_int_equal(fill(a100[i].name), a100[i].max);
    }
    make_a30(&class, VG_CAPACITY_MIXED_SIZE);
    for (unsigned i = 0; i < VG_COUNT(a30); i++) {
        empty(NULL);
        assert_int_equal(fill(a30[i].name), a30[i].max);
    }
}

static void assert_ids(const char *name, const unsigned *ids, unsigned count)
{
    const struct vg_vgpu_type *type = &class.types[type_of(name)];
    assert_int_equal(type->placement_id_count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(type->placement_ids[i], ids[i]);
}

static void placement_ids(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    assert_ids("A100D-80C", (unsigned[]) { 0 }, 1);
    assert_ids("A100D-40C", (unsigned[]) { 0, 40 }, 2);
    assert_ids("A100D-20C", (unsigned[]) { 0, 20, 40, 60 }, 4);
    assert_ids("A100D-16C", (unsigned[]) { 0, 24, 40, 64 }, 4); /* starts of left quarters, ends of right ones */
    assert_ids("A100D-8C", (unsigned[]) { 0, 12, 20, 32, 40, 52, 60, 72 }, 8);
    assert_ids("A100D-10C", (unsigned[]) { 0, 10, 20, 30, 40, 50, 60, 70 }, 8);
    make_a40_mixed(&class);
    const struct vg_vgpu_type *smallest = &class.types[type_of("A40-1Q")];
    assert_int_equal(smallest->placement_id_count, 30); /* 32 less the denied 8 and 32 */
    for (unsigned i = 0; i < smallest->placement_id_count; i++)
        assert_true(smallest->placement_ids[i] != 8 && smallest->placement_ids[i] != 32);
    assert_false(vg_capacity_placement_creatable(&class, &state, type_of("A40-1Q"), 8));
    assert_true(vg_capacity_placement_creatable(&class, &state, type_of("A40-1Q"), 9));
}

static void mixed_sizes_share_and_ids_return(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    struct vg_vgpu_instance half, small;
    assert_int_equal(create("A100D-40C", &half), VG_REFUSED_NOT);
    assert_int_equal(half.placement_id, 0);
    assert_int_equal(create("A100D-4C", &small), VG_REFUSED_NOT);
    assert_int_equal(small.placement_id, 40);
    assert_int_equal(available("A100D-40C"), 0);
    assert_int_equal(available("A100D-20C"), 1);
    assert_int_equal(available("A100D-4C"), 7);
    assert_false(vg_capacity_placement_creatable(&class, &state, type_of("A100D-40C"), 40));
    assert_true(vg_capacity_destroy(&class, &state, &small));
    assert_true(vg_capacity_placement_creatable(&class, &state, type_of("A100D-40C"), 40));
    /* More than equal-size `max` would allow of the total: three vGPUs, and still a 40C fits. */
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type_of("A100D-40C"));
    wanted.placement_id = 40;
    assert_int_equal(vg_capacity_create(&class, &state, &wanted, &wanted), VG_REFUSED_NOT);
    assert_int_equal(wanted.placement_id, 40);
    wanted = VG_INSTANCE_OF(type_of("A100D-4C"));
    wanted.placement_id = 40;
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_NO_CAPACITY);
    wanted.placement_id = 41;
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_UNSUPPORTED);
}

static void legacy_rule_is_one_type(void **ignored)
{
    (void)ignored;
    make_p40(&class, VG_CAPACITY_SAME_TYPE);
    struct vg_vgpu_instance made;
    assert_int_equal(create("P40-4Q", &made), VG_REFUSED_NOT);
    assert_int_equal(available("P40-4Q"), 5);
    for (unsigned i = 0; i < class.type_count; i++)
        if (i != type_of("P40-4Q"))
            assert_int_equal(vg_capacity_available(&class, &state, i), 0);
    assert_int_equal(create("P40-4A", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_int_equal(create("P40-24Q", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_true(vg_capacity_destroy(&class, &state, &made));
    assert_int_equal(available("P40-4A"), 6);
    assert_int_equal(available("P40-24Q"), 1);
}

static void current_rule_is_one_size(void **ignored)
{
    (void)ignored;
    make_p40(&class, VG_CAPACITY_SAME_SIZE);
    struct vg_vgpu_instance made[2];
    assert_int_equal(create("P40-4Q", &made[0]), VG_REFUSED_NOT);
    assert_int_equal(create("P40-4A", &made[1]), VG_REFUSED_NOT);
    assert_int_equal(available("P40-4Q"), 4);
    assert_int_equal(available("P40-4A"), 4);
    assert_int_equal(create("P40-12Q", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_true(vg_capacity_destroy(&class, &state, &made[0]));
    assert_int_equal(available("P40-12Q"), 0); /* one is left */
    assert_true(vg_capacity_destroy(&class, &state, &made[1]));
    assert_int_equal(available("P40-12Q"), 2);
}

static void one_vgpu_per_vf(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_SAME_SIZE);
    class.sriov = true;
    prepared(&class);
    assert_int_equal(create("A100D-4C", NULL), VG_REFUSED_DISABLED); /* no VF is enabled */
    with_vfs(&class, 16);
    unsigned type = type_of("A100D-4C");
    assert_int_equal(vg_capacity_maximum(&class, type), 16);                 /* 20 fit, but there are 16 VFs */
    assert_int_equal(vg_capacity_reported(&class, &state, type, VG_ANY), 0); /* the PF offers nothing */
    assert_int_equal(vg_capacity_reported(&class, &state, type, 15), 1);
    assert_int_equal(vg_capacity_reported(&class, &state, type, 16), 0);
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type), made;
    wanted.vf = 3;
    assert_int_equal(vg_capacity_create(&class, &state, &wanted, &made), VG_REFUSED_NOT);
    assert_int_equal(made.vf, 3);
    assert_int_equal(vg_capacity_reported(&class, &state, type, 3), 0);
    assert_int_equal(vg_capacity_reported(&class, &state, type, 4), 1);
    assert_int_equal(vg_capacity_reported(&class, &state, type_of("A100D-8C"), 4), 0); /* another size */
    struct vg_pgpu_state before = state;
    assert_int_equal(vg_capacity_create(&class, &state, &wanted, &made), VG_REFUSED_NO_CAPACITY);
    assert_memory_equal(&before, &state, sizeof(state));
    wanted.vf = 16;
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_UNSUPPORTED);
    assert_int_equal(create("A100D-4C", &made), VG_REFUSED_NOT);
    assert_int_equal(made.vf, 0); /* the lowest free one */
    assert_int_equal(fill("A100D-4C"), 14);
}

static void plain_vfs(void **ignored)
{
    (void)ignored;
    class = (struct vg_pgpu_class) {
        .name = "flex-170", .model = VG_CAPACITY_VF, .types = { { .name = "vf", .id = 1 } }, .type_count = 1
    };
    with_vfs(&class, 31);
    assert_int_equal(fill("vf"), 31);
    assert_int_equal(create("vf", NULL), VG_REFUSED_NO_CAPACITY);
}

static void mig_needs_a_gpu_instance(void **ignored)
{
    (void)ignored;
    make_mig(&class, 1);
    assert_int_equal(available("3-40C"), 1);
    assert_int_equal(available("1-10C"), 2);
    assert_int_equal(available("7-80C"), 0);
    assert_int_equal(create("7-80C", NULL), VG_REFUSED_DISABLED); /* no such GPU instance exists */
    assert_int_equal(create("40C", NULL), VG_REFUSED_DISABLED);   /* time-sliced, in MIG mode */
    struct vg_vgpu_instance made;
    assert_int_equal(create("1-10C", &made), VG_REFUSED_NOT);
    assert_int_equal(made.gi, 2);
    assert_int_equal(available("1-10C"), 1);
    assert_int_equal(fill("1-10C"), 1);
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type_of("1-10C"));
    wanted.gi = 0;
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_UNSUPPORTED);
    wanted.gi = 2;
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_NO_CAPACITY);
    assert_true(vg_capacity_destroy(&class, &state, &made));
    assert_int_equal(vg_capacity_check(&class, &state, &wanted), VG_REFUSED_NOT);
    make_a100_80(&class, VG_CAPACITY_SAME_SIZE);
    class.types[0].gi_profile = 1;
    prepared(&class);
    empty(NULL);
    assert_int_equal(create("A100D-80C", NULL), VG_REFUSED_DISABLED); /* MIG-backed, outside MIG mode */
}

/* As many as there may be must have their memory. */
static void max_has_its_memory(void **ignored)
{
    (void)ignored;
    static const struct {
        enum vg_capacity_model model;
        uint64_t pgpu, type;
        unsigned max;
        const char *says; /* NULL: taken */
    } rows[] = {
        { VG_CAPACITY_SAME_SIZE, 8 * GIB, 2 * GIB, 4, NULL },
        { VG_CAPACITY_SAME_SIZE, 8 * GIB, 2 * GIB, 5,
          "does not fit into the 8192 MiB of the pGPU; it must be at most 4" },
        { VG_CAPACITY_SAME_SIZE, 8 * GIB, 2 * GIB, 40, "a `max` of 40 with 2048 MiB each" },
        { VG_CAPACITY_SAME_SIZE, 2 * GIB - 1, 2 * GIB, 1, "at most 0" },
        { VG_CAPACITY_SAME_SIZE, 0, 2 * GIB, 40, NULL }, /* nobody says how much the pGPU has */
        { VG_CAPACITY_SAME_SIZE, UINT64_MAX, UINT64_MAX / 2, 3, "at most 2" },
        { VG_CAPACITY_SAME_TYPE, 8 * GIB, 2 * GIB, 4, NULL },
        { VG_CAPACITY_SAME_TYPE, 8 * GIB, 2 * GIB, 5, "a `max` of 5" },
        { VG_CAPACITY_SAME_TYPE, 8 * GIB, 0, 40, NULL },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        class = (struct vg_pgpu_class) {
            .name = "card",
            .model = rows[i].model,
            .size_bytes = rows[i].pgpu,
            .types = { { .name = "x", .id = 1, .size_bytes = rows[i].type, .max = rows[i].max } },
            .type_count = 1
        };
        bool good = vg_capacity_prepare(&class, &err);
        if (good != !rows[i].says || (!good && (err.kind != VG_ERROR_INPUT || !strstr(err.text, rows[i].says))))
            fail_msg("row %zu: %s", i, good ? "taken" : err.text);
    }
}

/* NVIDIA's resource manager keeps count of 32 time-sliced vGPUs, and of 48 in MIG mode, whatever would fit. */
static void nvidia_counts_no_further(void **ignored)
{
    (void)ignored;
    static const struct size_and_max sizes[] = { { "48Q", 48, 1 }, { "2Q", 2, 24 }, { "1Q", 1, 32 } };
    class = (struct vg_pgpu_class) { .name = "l40", .model = VG_CAPACITY_MIXED_SIZE, .size_bytes = 48 * GIB };
    add_sizes(&class, sizes, VG_COUNT(sizes));
    prepared(&class);
    unsigned small = fill("1Q");
    assert_int_equal(small, available("1Q") + small);
    assert_true(small >= 24 && small <= 32);
    empty(NULL);
    unsigned large = 0;
    while (large < 12 && create("2Q", NULL) == VG_REFUSED_NOT)
        large++;
    unsigned before = available("1Q");
    assert_true(large + before <= 32);
    assert_int_equal(fill("1Q"), before);
    class = (struct vg_pgpu_class) { .name = "card", .model = VG_CAPACITY_SAME_SIZE };
    class.types[class.type_count++] = (struct vg_vgpu_type) { .name = "x", .id = 1, .size_bytes = GIB, .max = 40 };
    prepared(&class);
    empty(NULL);
    assert_int_equal(available("x"), 32);
    assert_int_equal(fill("x"), 32);
    assert_int_equal(create("x", NULL), VG_REFUSED_NO_CAPACITY);
    class.model = VG_CAPACITY_COUNT_POOL; /* the kernel's own sample has no such limit */
    class.count = 40;
    prepared(&class);
    empty(NULL);
    assert_int_equal(available("x"), 40);
    class = (struct vg_pgpu_class) { .name = "sliced-mig", .model = VG_CAPACITY_MIG, .gi_count = 7 };
    for (unsigned i = 0; i < class.gi_count; i++)
        class.gi_profiles[i] = 19;
    class.types[class.type_count++] =
        (struct vg_vgpu_type) { .name = "x", .id = 1, .size_bytes = GIB, .gi_profile = 19, .max_per_gi = 12 };
    prepared(&class);
    empty(NULL);
    assert_int_equal(available("x"), 48);
    assert_int_equal(fill("x"), 48);
    assert_int_equal(create("x", NULL), VG_REFUSED_NO_CAPACITY);
}

static void time_sliced_mig(void **ignored)
{
    (void)ignored;
    make_mig(&class, 4); /* most = per GPU instance x GPU instances */
    assert_int_equal(available("1-10C"), 8);
    assert_int_equal(available("1-5C"), 16);
    assert_int_equal(create("1-10C", NULL), VG_REFUSED_NOT);
    assert_int_equal(available("1-10C"), 7);
    assert_int_equal(available("1-5C"), 8); /* one size per GPU instance; the other one is still open */
    assert_int_equal(create("1-5C", NULL), VG_REFUSED_NOT);
    assert_int_equal(available("1-10C"), 3);
    assert_int_equal(fill("1-10C"), 3);
    assert_int_equal(available("1-5C"), 7);
}

static void shared_pools(void **ignored)
{
    (void)ignored;
    make_mdpy(&class);
    assert_int_equal(create("vga", NULL), VG_REFUSED_NOT);
    for (unsigned i = 0; i < class.type_count; i++)
        assert_int_equal(vg_capacity_available(&class, &state, i), 3);
    assert_int_equal(fill("hd"), 3);
    assert_int_equal(create("xga", NULL), VG_REFUSED_NO_CAPACITY);
    make_mbochs(&class);
    empty(NULL);
    assert_int_equal(available("small"), 64);
    assert_int_equal(available("medium"), 16);
    assert_int_equal(available("large"), 4);
    assert_int_equal(create("large", NULL), VG_REFUSED_NOT);
    assert_int_equal(create("small", NULL), VG_REFUSED_NOT);
    assert_int_equal(available("large"), 2); /* 188 MB are left */
    assert_int_equal(available("medium"), 11);
    assert_int_equal(available("small"), 47);
}

static void gvt_takes_the_scarcest(void **ignored)
{
    (void)ignored;
    make_gvt(&class, 512, 4096, 32);
    assert_int_equal(available("GVTg_V5_8"), 8);
    assert_int_equal(available("GVTg_V5_4"), 4);
    assert_int_equal(available("GVTg_V5_2"), 2);
    assert_int_equal(available("GVTg_V5_1"), 1);
    assert_int_equal(create("GVTg_V5_2", NULL), VG_REFUSED_NOT); /* different types share the GPU */
    assert_int_equal(available("GVTg_V5_8"), 4);
    assert_int_equal(available("GVTg_V5_4"), 2);
    assert_int_equal(available("GVTg_V5_2"), 1);
    assert_int_equal(available("GVTg_V5_1"), 0);
    make_gvt(&class, 512, 4096, 7); /* fences bind: one vGPU of any type */
    empty(NULL);
    assert_int_equal(fill("GVTg_V5_8"), 1);
    make_gvt(&class, 512, 800, 32); /* high graphics memory binds */
    empty(NULL);
    assert_int_equal(available("GVTg_V5_8"), 2);
    assert_int_equal(available("GVTg_V5_1"), 0);
}

static void xapi_counts_scheduled(void **ignored)
{
    (void)ignored;
    make_xapi(&class, false);
    struct vg_vgpu_instance promised = VG_INSTANCE_OF(type_of("K260Q"));
    promised.scheduled = true;
    assert_int_equal(vg_capacity_create(&class, &state, &promised, &promised), VG_REFUSED_NOT);
    assert_int_equal(state.scheduled, 1);
    assert_int_equal(available("K240Q"), 2);
    assert_int_equal(available("K250"), 1);
    vg_capacity_start(&class, &state, &promised);
    assert_int_equal(state.scheduled, 0);
    assert_int_equal(state.live, 1);
    assert_int_equal(available("K240Q"), 2);
    assert_true(vg_capacity_destroy(&class, &state, &promised));
    assert_int_equal(available("K240Q"), 4);
    assert_int_equal(available("K250"), 3); /* sizes are rounded down, so the third third fits */
    make_xapi(&class, true);
    class.types[type_of("K260Q")].compatible |= UINT64_C(1) << type_of("K240Q"); /* but K240Q does not list it */
    prepared(&class);
    assert_int_equal(create("K260Q", NULL), VG_REFUSED_NOT);
    assert_int_equal(create("K240Q", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_int_equal(fill("K260Q"), 1);
}

static void passthrough_excludes(void **ignored)
{
    (void)ignored;
    make_xapi(&class, false);
    struct vg_vgpu_instance whole, part;
    assert_int_equal(available("passthrough"), 1);
    assert_int_equal(create("passthrough", &whole), VG_REFUSED_NOT);
    assert_int_equal(available("passthrough"), 0);
    assert_int_equal(create("passthrough", NULL), VG_REFUSED_NO_CAPACITY); /* binary */
    assert_int_equal(available("K200"), 0);
    assert_int_equal(create("K200", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_true(vg_capacity_destroy(&class, &state, &whole));
    assert_int_equal(create("K200", &part), VG_REFUSED_NOT);
    assert_int_equal(create("passthrough", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_true(vg_capacity_destroy(&class, &state, &part));
    assert_int_equal(create("passthrough", NULL), VG_REFUSED_NOT);
}

static void refusals_in_order(void **ignored)
{
    (void)ignored;
    make_p40(&class, VG_CAPACITY_SAME_TYPE);
    class.types[type_of("P40-12Q")].disabled = true;
    prepared(&class);
    assert_int_equal(fill("P40-4Q"), 6);
    assert_int_equal(create("P40-4Q", NULL), VG_REFUSED_NO_CAPACITY);
    assert_int_equal(create("P40-24Q", NULL), VG_REFUSED_INCOMPATIBLE);
    assert_int_equal(create("P40-12Q", NULL), VG_REFUSED_DISABLED);
    struct vg_vgpu_instance unknown = VG_INSTANCE_OF(class.type_count);
    assert_int_equal(vg_capacity_check(&class, &state, &unknown), VG_REFUSED_UNSUPPORTED);
    assert_int_equal(vg_capacity_available(&class, &state, class.type_count), 0);
    assert_int_equal(vg_refusal_more_specific(VG_REFUSED_UNSUPPORTED, VG_REFUSED_DISABLED), VG_REFUSED_DISABLED);
    assert_int_equal(vg_refusal_more_specific(VG_REFUSED_INCOMPATIBLE, VG_REFUSED_NO_CAPACITY), VG_REFUSED_NO_CAPACITY);
    assert_int_equal(vg_refusal_more_specific(VG_REFUSED_INCOMPATIBLE, VG_REFUSED_DISABLED), VG_REFUSED_INCOMPATIBLE);
    assert_string_equal(vg_refusal_name(VG_REFUSED_NO_CAPACITY), "no-capacity");
}

static void destroy_of_what_is_not_there(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    struct vg_vgpu_instance made;
    assert_int_equal(create("A100D-20C", &made), VG_REFUSED_NOT);
    struct vg_pgpu_state before = state;
    struct vg_vgpu_instance wrong[] = { made, made, made, made };
    wrong[0].type = type_of("A100D-4C");
    wrong[1].placement_id = 20;
    wrong[2].vf = 0;
    wrong[3].scheduled = true;
    for (unsigned i = 0; i < VG_COUNT(wrong); i++) {
        assert_false(vg_capacity_destroy(&class, &state, &wrong[i]));
        assert_memory_equal(&before, &state, sizeof(state));
    }
    assert_true(vg_capacity_destroy(&class, &state, &made));
    assert_false(vg_capacity_destroy(&class, &state, &made));
}

/* A type of which no empty pGPU has room for one, or that is promised more often than there is memory. */
static void what_can_never_be_is_refused(void **ignored)
{
    (void)ignored;
    static const struct {
        struct vg_pgpu_class class; /* of one type */
        const char *says;           /* NULL: taken */
    } rows[] = {
#define CLASS(what, ...) .class = { .name = "card", .model = VG_CAPACITY_##what, .type_count = 1, __VA_ARGS__ }
#define ONE(...)         .types = { { .name = "x", .id = 1, __VA_ARGS__ } }
        { CLASS(MIXED_SIZE, .size_bytes = 3000 * MIB, ONE(.size_bytes = 20 * GIB, .max = 1)),
          "1 of them with 20480 MiB each do not fit into the 3000 MiB of the pGPU, where at most 0 do" },
        { CLASS(MIXED_SIZE, .size_bytes = 20 * GIB, .placement_slots = 20, ONE(.size_bytes = 4 * GIB, .max = 5)),
          NULL },
        { CLASS(MIXED_SIZE, .size_bytes = 20 * GIB, .placement_slots = 20, ONE(.size_bytes = 4 * GIB, .max = 7)),
          "7 of them with 4096 MiB each do not fit into the 20480 MiB" },
        { CLASS(MIXED_SIZE, .size_bytes = 8 * GIB, .placement_slots = 16, ONE(.size_bytes = 4 * GIB, .max = 4)),
          "do not fit into the 8192 MiB" },
        { CLASS(VF, .sriov = true, .vf_count = 4, .size_bytes = 1000 * MIB, ONE(.size_bytes = 4000 * MIB)),
          "4 of them with 4000 MiB each do not fit into the 1000 MiB of the pGPU, where at most 0 do" },
        { CLASS(VF, .sriov = true, .vf_count = 4, .size_bytes = 8000 * MIB, ONE(.size_bytes = 4000 * MIB)),
          "where at most 2 do; correct `memory_mib` or `vfs`" },
        { CLASS(VF, .sriov = true, .vf_count = 4, .size_bytes = 8000 * MIB, ONE(.size_bytes = 4000 * MIB, .max = 2)),
          "where at most 2 do" }, /* the model does not look at `max` */
        { CLASS(VF, .sriov = true, .vf_count = 4, .size_bytes = 8000 * MIB, ONE(.size_bytes = 2000 * MIB)), NULL },
        { CLASS(VF, .sriov = true, .vf_count = 4, ONE(.size_bytes = 2000 * MIB)), NULL }, /* nobody says how much */
        { CLASS(VF, .sriov = true, ONE(.size_bytes = 2000 * MIB)), NULL },                /* disabled, not impossible */
        { CLASS(REMAINING, .size_bytes = GIB, ONE(.size_bytes = 2 * GIB)), "type x: it can never fit" },
        { CLASS(REMAINING, .size_bytes = GIB, ONE(.size_bytes = GIB)), NULL },
        { CLASS(MEMORY_POOL, .size_bytes = GIB, ONE(.size_bytes = GIB + 1)), "type x: it can never fit" },
        { CLASS(MEMORY_POOL, .size_bytes = GIB, ONE(.size_bytes = GIB + 1, .disabled = true)), NULL },
        { CLASS(GVT, .low_gm_mib = 64, .high_gm_mib = 512, .fences = 4,
                ONE(.low_gm_mib = 64, .high_gm_mib = 512, .fences = 5)),
          "type x: it can never fit" },
        { CLASS(GVT, .low_gm_mib = 64, .high_gm_mib = 512, .fences = 4,
                ONE(.low_gm_mib = 64, .high_gm_mib = 512, .fences = 4)),
          NULL },
#undef CLASS
#undef ONE
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        class = rows[i].class;
        prepared(&class);
        bool good = vg_capacity_is_possible(&class, &err);
        if (good != !rows[i].says || (!good && (err.kind != VG_ERROR_INPUT || !strstr(err.text, rows[i].says))))
            fail_msg("row %zu: %s", i, good ? "taken" : err.text);
    }
}

static void refuse_to_prepare(const char *part)
{
    struct vg_error err = { 0 };
    assert_false(vg_capacity_prepare(&class, &err));
    if (!strstr(err.text, part))
        fail_msg("`%s` does not say `%s`", err.text, part);
}

static void classes_that_make_no_sense(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    class.types[1].placement_ids[1] = 30;
    refuse_to_prepare("class a100-80, type A100D-40C: the slots of placement ID 30 overlap");
    class.types[1].placement_ids[1] = 41;
    refuse_to_prepare("placement ID 41 with 40 slots does not fit into the 80");
    make_a100_80(&class, VG_CAPACITY_SAME_SIZE);
    class.types[2].max = 0;
    refuse_to_prepare("class a100-80, type A100D-20C: `max` must be 1 to 64");
    make_a100_80(&class, VG_CAPACITY_SAME_SIZE);
    class.types[2].id = class.types[1].id;
    refuse_to_prepare("stands there twice");
    make_mbochs(&class);
    class.types[0].size_bytes = MIB;
    refuse_to_prepare("256 fit on one pGPU");
    make_mdpy(&class);
    class.count = 65;
    refuse_to_prepare("`count` of 1 to 64");
    make_mdpy(&class);
    class.model = VG_CAPACITY_VF;
    refuse_to_prepare("needs SR-IOV");
    make_mdpy(&class);
    class.vf_count = 4;
    refuse_to_prepare("only with SR-IOV");
    make_mdpy(&class);
    class.type_count = 0;
    refuse_to_prepare("1 to 64 types, not 0");
}

static void names_of_models(void **ignored)
{
    (void)ignored;
    enum vg_capacity_model model;
    for (int i = VG_CAPACITY_SAME_TYPE; i <= VG_CAPACITY_REMAINING; i++) {
        assert_true(vg_capacity_model_find(vg_capacity_model_name((enum vg_capacity_model)i), &model));
        assert_int_equal(model, i);
    }
    assert_false(vg_capacity_model_find("equal", &model));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup(test, empty)
    const struct CMUnitTest tests[] = {
        T(equal_size_maxima),
        T(mixed_size_maxima),
        T(placement_ids),
        T(legacy_rule_is_one_type),
        T(current_rule_is_one_size),
        T(mixed_sizes_share_and_ids_return),
        T(one_vgpu_per_vf),
        T(plain_vfs),
        T(mig_needs_a_gpu_instance),
        T(max_has_its_memory),
        T(what_can_never_be_is_refused),
        T(time_sliced_mig),
        T(nvidia_counts_no_further),
        T(shared_pools),
        T(gvt_takes_the_scarcest),
        T(xapi_counts_scheduled),
        T(passthrough_excludes),
        T(refusals_in_order),
        T(names_of_models),
        T(destroy_of_what_is_not_there),
        T(classes_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
