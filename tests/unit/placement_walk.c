/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of every capacity model after every step of long random walks of creates and destroys. The reference
 * keeps a plain list of vGPUs and finds out how many more fit by trying all ways to add them, slowly and with nothing
 * of the product's arithmetic. The seed of a failing walk is printed. */
#include "support/placement_classes.h"

enum { STEPS = 400, WALKS = 12, DRAIN_EVERY = 20 };

static struct vg_pgpu_class class;
static struct vg_vgpu_instance list[VG_CLASS_INSTANCES_MAX];
static unsigned count;
static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

/* --- the reference ------------------------------------------------------------------------------------------------ */

static bool overlap(unsigned a, unsigned a_slots, unsigned b, unsigned b_slots)
{
    return a < b + b_slots && b < a + a_slots;
}

/* May `new` live beside all of the list, given that its place is filled in? */
static bool allowed(const struct vg_vgpu_instance *new)
{
    const struct vg_vgpu_type *type = &class.types[new->type];
    uint64_t size = 0, low = type->low_gm_mib, high = type->high_gm_mib, fences = type->fences;
    unsigned on_gi = 0;
    if (type->disabled || (!type->whole && (type->gi_profile != 0) != (class.model == VG_CAPACITY_MIG)))
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct vg_vgpu_type *other = &class.types[list[i].type];
        if (other->whole || type->whole || (class.sriov && list[i].vf == new->vf))
            return false;
        if ((class.model == VG_CAPACITY_SAME_TYPE && other != type) ||
            (class.model == VG_CAPACITY_SAME_SIZE && other->size_bytes != type->size_bytes) ||
            (class.model == VG_CAPACITY_REMAINING && type->compatible && !(type->compatible >> list[i].type & 1)))
            return false;
        if (class.model == VG_CAPACITY_MIXED_SIZE && overlap((unsigned)new->placement_id, type->placement_slots,
                                                             (unsigned)list[i].placement_id, other->placement_slots))
            return false;
        if (class.model == VG_CAPACITY_MIG && list[i].gi == new->gi) {
            on_gi++;
            if (other->size_bytes != type->size_bytes)
                return false;
        }
        size += other->size_bytes ? other->size_bytes : other->max ? class.size_bytes / other->max : 0;
        low += other->low_gm_mib;
        high += other->high_gm_mib;
        fences += other->fences;
    }
    size += type->size_bytes ? type->size_bytes : type->max ? class.size_bytes / type->max : 0;
    switch (type->whole ? VG_CAPACITY_VF : class.model) {
    case VG_CAPACITY_SAME_TYPE:
    case VG_CAPACITY_SAME_SIZE:
        return count < type->max;
    case VG_CAPACITY_MIG:
        return class.gi_profiles[new->gi] == type->gi_profile && on_gi < type->max_per_gi;
    case VG_CAPACITY_COUNT_POOL:
        return count < class.count;
    case VG_CAPACITY_MEMORY_POOL:
    case VG_CAPACITY_REMAINING:
        return size <= class.size_bytes;
    case VG_CAPACITY_GVT:
        return low <= class.low_gm_mib && high <= class.high_gm_mib && fences <= class.fences;
    case VG_CAPACITY_VF:
    case VG_CAPACITY_MIXED_SIZE:
        break;
    }
    return true;
}

/* The most that can be added, over all places: a search, with places of one type tried in ascending order only, since
 * the order in which equals are added makes no difference. */
static unsigned most_more(unsigned type, unsigned from)
{
    unsigned best = 0;
    unsigned places = class.model == VG_CAPACITY_MIXED_SIZE && !class.types[type].whole
                          ? class.types[type].placement_id_count
                      : class.model == VG_CAPACITY_MIG ? class.gi_count
                                                       : 1;
    for (unsigned place = from; place < places; place++) {
        struct vg_vgpu_instance new = VG_INSTANCE_OF(type);
        if (class.model == VG_CAPACITY_MIXED_SIZE && !class.types[type].whole)
            new.placement_id = (int)class.types[type].placement_ids[place];
        if (class.model == VG_CAPACITY_MIG)
            new.gi = (int)place;
        for (int vf = 0; class.sriov && !class.types[type].whole && vf < (int)class.vf_count && new.vf == VG_ANY;
             vf++) {
            bool taken = false;
            for (unsigned i = 0; i < count; i++)
                taken = taken || list[i].vf == vf;
            if (!taken)
                new.vf = vf;
        }
        if ((class.sriov && !class.types[type].whole && new.vf == VG_ANY) || !allowed(&new))
            continue;
        list[count++] = new;
        unsigned more = 1 + most_more(type, place);
        count--;
        if (more > best)
            best = more;
        /* Places of one type never stand in each other's way, so leaving one out cannot help; without this the search
         * over 16 IDs would look at 65,536 sets. The exhaustive one is placement_ids_exhaustively. */
        if (class.model == VG_CAPACITY_MIXED_SIZE || places == 1)
            return best;
    }
    return best;
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static void compare(const struct vg_pgpu_state *state)
{
    assert_int_equal(state->live, count);
    for (unsigned i = 0; i < class.type_count; i++) {
        unsigned expected = most_more(i, 0), said = vg_capacity_available(&class, state, i);
        if (said != expected)
            fail_msg("class %s: %u more of %s, the reference says %u", class.name, said, class.types[i].name, expected);
        struct vg_vgpu_instance wanted = VG_INSTANCE_OF(i);
        assert_int_equal(vg_capacity_check(&class, state, &wanted) == VG_REFUSED_NOT, expected > 0);
        unsigned open = 0;
        for (int vf = 0; vf < VG_CLASS_INSTANCES_MAX; vf++)
            open += vg_capacity_reported(&class, state, i, vf);
        if (class.sriov && !class.types[i].whole) {
            assert_int_equal(open, expected ? class.vf_count - count : 0);
            assert_int_equal(vg_capacity_reported(&class, state, i, VG_ANY), 0);
        } else if (!class.sriov) {
            assert_int_equal(open, 0);
            assert_int_equal(vg_capacity_reported(&class, state, i, VG_ANY), expected);
        }
    }
}

static void try_create(struct vg_pgpu_state *state)
{
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(below(class.type_count)), made;
    wanted.scheduled = below(4) == 0;
    if (class.types[wanted.type].placement_id_count && below(2))
        wanted.placement_id =
            (int)class.types[wanted.type].placement_ids[below(class.types[wanted.type].placement_id_count)];
    if (class.sriov && !class.types[wanted.type].whole && below(2))
        wanted.vf = (int)below(class.vf_count);
    struct vg_pgpu_state before = *state;
    if (vg_capacity_create(&class, state, &wanted, &made) != VG_REFUSED_NOT) {
        assert_memory_equal(&before, state, sizeof(before));
        return;
    }
    assert_true(allowed(&made));
    assert_true(wanted.placement_id == VG_ANY || wanted.placement_id == made.placement_id);
    assert_true(wanted.vf == VG_ANY || wanted.vf == made.vf);
    list[count++] = made;
}

static void destroy_one(struct vg_pgpu_state *state)
{
    unsigned i = below(count);
    if (below(2))
        vg_capacity_start(&class, state, &list[i]);
    assert_true(vg_capacity_destroy(&class, state, &list[i]));
    list[i] = list[--count];
}

/* The counter is a promise: exactly so many creates succeed, and undoing them brings the same state back. */
static void fill_and_drain(const struct vg_pgpu_state *now)
{
    for (unsigned type = 0; type < class.type_count; type++) {
        struct vg_pgpu_state state = *now;
        struct vg_vgpu_instance made[VG_CLASS_INSTANCES_MAX + 1], wanted = VG_INSTANCE_OF(type);
        unsigned granted = 0;
        while (granted <= VG_CLASS_INSTANCES_MAX &&
               vg_capacity_create(&class, &state, &wanted, &made[granted]) == VG_REFUSED_NOT)
            granted++;
        assert_int_equal(granted, vg_capacity_available(&class, now, type));
        while (granted)
            assert_true(vg_capacity_destroy(&class, &state, &made[--granted]));
        memcpy(state.gi_type, now->gi_type, sizeof(state.gi_type)); /* means nothing where none lives */
        assert_memory_equal(&state, now, sizeof(state));
    }
}

static void walk(void)
{
    static const struct vg_pgpu_state none;
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct vg_pgpu_state state = none;
        count = 0;
        random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        print_message("class %s, seed %u\n", class.name, (unsigned)seed);
        unsigned keep = 2 + below(6); /* how full it gets */
        for (unsigned step = 0; step < STEPS; step++) {
            if (count && below(keep) == 0)
                destroy_one(&state);
            else
                try_create(&state);
            compare(&state);
            if (step % DRAIN_EVERY == 0)
                fill_and_drain(&state);
        }
        while (count)
            destroy_one(&state);
        memset(state.gi_type, 0, sizeof(state.gi_type));
        assert_memory_equal(&state, &none, sizeof(state));
    }
}

static void equal_size(void **ignored)
{
    (void)ignored;
    make_p40(&class, VG_CAPACITY_SAME_TYPE);
    walk();
    make_p40(&class, VG_CAPACITY_SAME_SIZE);
    walk();
    with_vfs(&class, 16);
    walk();
}

static void mixed_size(void **ignored)
{
    (void)ignored;
    make_a100_80(&class, VG_CAPACITY_MIXED_SIZE);
    walk();
    with_vfs(&class, 10);
    walk();
    make_a40_mixed(&class);
    walk();
}

static void gpu_instances(void **ignored)
{
    (void)ignored;
    make_mig(&class, 1);
    walk();
    make_mig(&class, 3);
    with_vfs(&class, 7);
    walk();
}

static void pools(void **ignored)
{
    (void)ignored;
    make_mdpy(&class);
    walk();
    make_mbochs(&class);
    walk();
    make_gvt(&class, 512, 4096, 32);
    walk();
    make_gvt(&class, 900, 3000, 22);
    walk();
    class = (struct vg_pgpu_class) {
        .name = "vf", .model = VG_CAPACITY_VF, .types = { { .name = "vf", .id = 1 } }, .type_count = 1
    };
    with_vfs(&class, 12);
    walk();
}

static void remaining_capacity(void **ignored)
{
    (void)ignored;
    make_xapi(&class, true);
    walk();
    make_xapi(&class, false);
    walk();
    class.types[1].disabled = true;
    prepared(&class);
    walk();
}

/* Placement IDs against every subset: for small random layouts, the most vGPUs of a type that fit beside what lives. */
static unsigned best_subset(const struct vg_vgpu_type *type, uint64_t taken)
{
    unsigned best = 0;
    for (unsigned subset = 0; subset < 1U << type->placement_id_count; subset++) {
        uint64_t used = taken;
        unsigned members = 0;
        bool fits = true;
        for (unsigned i = 0; i < type->placement_id_count && fits; i++) {
            if (!(subset >> i & 1))
                continue;
            uint64_t slots = ((UINT64_C(1) << type->placement_slots) - 1) << type->placement_ids[i];
            fits = !(used & slots);
            used |= slots;
            members++;
        }
        if (fits && members > best)
            best = members;
    }
    return best;
}

static void placement_ids_exhaustively(void **ignored)
{
    (void)ignored;
    random_state = 7;
    for (unsigned round = 0; round < 300; round++) {
        unsigned region = 4 + below(21);
        class = (struct vg_pgpu_class) { .name = "random", .model = VG_CAPACITY_MIXED_SIZE, .placement_slots = region };
        static const char *const names[] = { "a", "b", "c", "d" };
        class.type_count = 2 + below(3);
        for (unsigned i = 0; i < class.type_count; i++) {
            struct vg_vgpu_type *type = &class.types[i];
            *type =
                (struct vg_vgpu_type) { .name = names[i], .id = i, .max = 1, .placement_slots = 1 + below(region / 2) };
            for (unsigned id = below(3); id + type->placement_slots <= region && type->placement_id_count < 8;
                 id += type->placement_slots + below(3))
                type->placement_ids[type->placement_id_count++] = id;
        }
        struct vg_error err = { 0 };
        if (!vg_capacity_prepare(&class, &err))
            continue; /* a type whose IDs did not fit got the computed ones, which need not fit either */
        struct vg_pgpu_state state = { 0 };
        uint64_t taken = 0;
        for (unsigned step = 0; step < 12; step++) {
            for (unsigned i = 0; i < class.type_count; i++)
                assert_int_equal(vg_capacity_available(&class, &state, i), best_subset(&class.types[i], taken));
            struct vg_vgpu_instance it = VG_INSTANCE_OF(below(class.type_count));
            const struct vg_vgpu_type *type = &class.types[it.type];
            it.placement_id = (int)type->placement_ids[below(type->placement_id_count)];
            uint64_t slots = ((UINT64_C(1) << type->placement_slots) - 1) << it.placement_id;
            assert_int_equal(vg_capacity_placement_creatable(&class, &state, it.type, (unsigned)it.placement_id),
                             !(taken & slots));
            if (vg_capacity_create(&class, &state, &it, &it) == VG_REFUSED_NOT) {
                assert_false(taken & slots);
                taken |= slots;
            } else {
                assert_true(taken & slots);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_size),         cmocka_unit_test(mixed_size),
        cmocka_unit_test(gpu_instances),      cmocka_unit_test(pools),
        cmocka_unit_test(remaining_capacity), cmocka_unit_test(placement_ids_exhaustively),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
