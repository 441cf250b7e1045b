/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pGPU a policy chooses: what its documents say, where the two readings of breadth-first differ, and that the
 * index decides as the plain scan does over long random streams with departures. */
#include "support/placement_classes.h"

enum { MOST = 400, STREAM = 20000 };

static struct vg_pgpu_class classes[9];
static struct vg_fleet_pgpu pgpus[MOST];
static struct vg_pgpu_state states[MOST];
static struct vg_fleet fleet = { .classes = classes, .pgpus = pgpus, .states = states };

static const struct vg_placement_policy *policy(const char *name)
{
    const struct vg_placement_policy *found = vg_placement_policy_find(name);
    assert_non_null(found);
    return found;
}

static void small_fleet(unsigned count, enum vg_capacity_model model)
{
    make_a100_80(&classes[0], model);
    make_a30(&classes[1], model);
    for (unsigned i = 0; i < classes[1].type_count; i++)
        classes[1].types[i].id = 200 + i;
    prepared(&classes[1]);
    memset(states, 0, sizeof(states));
    memset(pgpus, 0, sizeof(pgpus));
    fleet.class_count = 2;
    fleet.pgpu_count = count;
}

static void put(unsigned pgpu, const char *name, unsigned count)
{
    const struct vg_pgpu_class *class = &classes[pgpus[pgpu].class];
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF((unsigned)vg_class_type_named(class, name)), made;
    while (count--)
        assert_int_equal(vg_capacity_create(class, &states[pgpu], &wanted, &made), VG_REFUSED_NOT);
}

static struct vg_placement_request request_for(const char *name)
{
    for (unsigned i = 0; i < fleet.class_count; i++) {
        int type = vg_class_type_named(&classes[i], name);
        if (type >= 0)
            return (struct vg_placement_request) {
                .type = classes[i].types[type].id, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY
            };
    }
    fail_msg("no type %s", name);
    return (struct vg_placement_request) { 0 };
}

static int chosen(const char *policy_name, struct vg_placement_request request)
{
    struct vg_decision decision = vg_placement_decide(policy(policy_name), &fleet, &request);
    assert_int_equal(decision.pgpu == VG_ANY, decision.refusal != VG_REFUSED_NOT);
    return (int)decision.pgpu;
}

static enum vg_refusal refused(const char *policy_name, struct vg_placement_request request)
{
    return vg_placement_decide(policy(policy_name), &fleet, &request).refusal;
}

/* One type on equal pGPUs: breadth-first keeps them level, depth-first leaves at most one partly filled (the accept
 * rules of VGPU-PLACE-003 and -004), in both readings alike. */
static void one_type_on_equal_pgpus(void **ignored)
{
    (void)ignored;
    static const char *const names[] = { "breadth-first-residents", "breadth-first-remaining", "depth-first-residents",
                                         "depth-first-remaining" };
    for (unsigned p = 0; p < VG_COUNT(names); p++) {
        small_fleet(4, VG_CAPACITY_SAME_SIZE);
        for (unsigned step = 0; step < 40; step++) {
            int at = chosen(names[p], request_for("A100D-8C"));
            assert_true(at >= 0);
            put((unsigned)at, "A100D-8C", 1);
            unsigned least = UINT32_MAX, most = 0, partly = 0;
            for (unsigned i = 0; i < 4; i++) {
                least = states[i].live < least ? states[i].live : least;
                most = states[i].live > most ? states[i].live : most;
                partly += states[i].live > 0 && states[i].live < 10;
            }
            if (p < 2)
                assert_true(most - least <= 1);
            else
                assert_true(partly <= 1);
        }
        assert_int_equal(refused(names[p], request_for("A100D-8C")), VG_REFUSED_NO_CAPACITY);
    }
}

/* xapi's arithmetic over unequal fill: few large against many small. */
static void the_two_readings_differ(void **ignored)
{
    (void)ignored;
    small_fleet(3, VG_CAPACITY_REMAINING);
    put(0, "A100D-40C", 1); /* 1 resident, 40 GiB left */
    put(1, "A100D-4C", 3);  /* 3 residents, 68 GiB left */
    put(2, "A100D-20C", 2); /* 2 residents, 40 GiB left */
    assert_int_equal(chosen("breadth-first-residents", request_for("A100D-4C")), 0);
    assert_int_equal(chosen("breadth-first-remaining", request_for("A100D-4C")), 1);
    assert_int_equal(chosen("depth-first-residents", request_for("A100D-4C")), 1);
    assert_int_equal(chosen("depth-first-remaining", request_for("A100D-4C")), 0); /* 0 and 2 tie */
    put(0, "A100D-20C", 2);
    assert_int_equal(chosen("breadth-first-residents", request_for("A100D-4C")), 2); /* 0 is full: not eligible */
    assert_int_equal(chosen("depth-first-remaining", request_for("A100D-40C")), 1);
    unsigned rank[2];
    enum vg_refusal why;
    struct vg_placement_request request = request_for("A100D-4C");
    assert_false(vg_placement_rank(policy("breadth-first-residents"), &fleet, &request, 0, &rank[0], &why));
    assert_int_equal(why, VG_REFUSED_NO_CAPACITY);
    assert_true(vg_placement_rank(policy("breadth-first-residents"), &fleet, &request, 1, &rank[0], &why));
    assert_true(vg_placement_rank(policy("breadth-first-residents"), &fleet, &request, 2, &rank[1], &why));
    assert_true(rank[1] < rank[0]);
}

static void numa_and_host_and_name(void **ignored)
{
    (void)ignored;
    small_fleet(4, VG_CAPACITY_SAME_SIZE);
    pgpus[2].numa = pgpus[3].numa = 1;
    pgpus[1].host = pgpus[3].host = 7;
    put(2, "A100D-40C", 1);
    struct vg_placement_request request = request_for("A100D-40C");
    request.numa = 1;
    assert_int_equal(chosen("breadth-first-residents", request), 0); /* pays no attention to it */
    assert_int_equal(chosen("numa-preferred", request), 3);
    put(3, "A100D-40C", 2);
    assert_int_equal(chosen("numa-preferred", request), 2);
    put(2, "A100D-40C", 1);
    assert_int_equal(chosen("numa-preferred", request), 0);
    assert_int_equal(refused("numa-required", request), VG_REFUSED_NO_CAPACITY);
    request.numa = 5;
    assert_int_equal(refused("numa-required", request), VG_REFUSED_UNSUPPORTED);
    request.numa = VG_ANY;
    assert_int_equal(chosen("numa-required", request), 0);
    request.host = 7;
    assert_int_equal(chosen("breadth-first-residents", request), 1);
    request.host = 8;
    assert_int_equal(refused("breadth-first-residents", request), VG_REFUSED_UNSUPPORTED);
    request.host = VG_ANY;
    assert_int_equal(refused("explicit", request), VG_REFUSED_UNSUPPORTED); /* it names none */
    request.pgpu = 1;
    assert_int_equal(chosen("explicit", request), 1);
    request.pgpu = 3;
    assert_int_equal(refused("explicit", request), VG_REFUSED_NO_CAPACITY);
    request.pgpu = 4;
    assert_int_equal(refused("explicit", request), VG_REFUSED_UNSUPPORTED);
}

/* Of many reasons the most specific is told, however few pGPUs have it. */
static void the_most_specific_refusal(void **ignored)
{
    (void)ignored;
    small_fleet(4, VG_CAPACITY_SAME_TYPE);
    pgpus[0].class = 1; /* does not offer it */
    assert_int_equal(
        refused("breadth-first-remaining",
                (struct vg_placement_request) { .type = 999, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY }),
        VG_REFUSED_UNSUPPORTED);
    classes[0].types[1].disabled = true;
    prepared(&classes[0]);
    assert_int_equal(refused("breadth-first-remaining", request_for("A100D-40C")), VG_REFUSED_DISABLED);
    classes[0].types[1].disabled = false;
    prepared(&classes[0]);
    for (unsigned i = 1; i < 4; i++)
        put(i, "A100D-4C", 1);
    assert_int_equal(refused("breadth-first-remaining", request_for("A100D-40C")), VG_REFUSED_INCOMPATIBLE);
    memset(&states[2], 0, sizeof(states[2]));
    put(2, "A100D-40C", 2);
    assert_int_equal(refused("breadth-first-remaining", request_for("A100D-40C")), VG_REFUSED_NO_CAPACITY);
}

static void equal_pgpus_of_one_board_take_different_types(void **ignored)
{
    (void)ignored;
    small_fleet(2, VG_CAPACITY_SAME_TYPE);
    pgpus[0].board = pgpus[1].board = 3;
    put(0, "A100D-40C", 1);
    assert_int_equal(chosen("depth-first-residents", request_for("A100D-20C")), 1); /* the rule is per pGPU */
    put(1, "A100D-20C", 1);
    assert_int_equal(chosen("breadth-first-residents", request_for("A100D-40C")), 0);
}

/* --- the index ---------------------------------------------------------------------------------------------------- */

static uint64_t random_state;
static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

static void renumber(struct vg_pgpu_class *class, unsigned first)
{
    for (unsigned i = 0; i < class->type_count; i++)
        class->types[i].id = first + i;
    prepared(class);
}

static void motley_fleet(unsigned count, unsigned disabled)
{
    make_a100_80(&classes[0], VG_CAPACITY_SAME_SIZE);
    with_vfs(&classes[0], 16);
    make_a100_80(&classes[1], VG_CAPACITY_MIXED_SIZE); /* the same types in two classes */
    make_p40(&classes[2], VG_CAPACITY_SAME_TYPE);
    renumber(&classes[2], 20);
    make_mig(&classes[3], 2);
    renumber(&classes[3], 30);
    make_gvt(&classes[4], 512, 4096, 32);
    renumber(&classes[4], 40);
    make_xapi(&classes[5], false);
    renumber(&classes[5], 50);
    make_mbochs(&classes[6]);
    renumber(&classes[6], 60);
    make_mdpy(&classes[7]);
    renumber(&classes[7], 70);
    make_a30(&classes[8], VG_CAPACITY_SAME_SIZE);
    classes[8].types[disabled].disabled = true;
    renumber(&classes[8], 80);
    fleet.class_count = 9;
    fleet.pgpu_count = count;
    memset(states, 0, sizeof(states));
    for (unsigned i = 0; i < count; i++)
        pgpus[i] = (struct vg_fleet_pgpu) { .class = (uint16_t)below(9),
                                            .numa = (uint16_t)below(3),
                                            .host = below(count / 5 + 1) };
}

struct live {
    unsigned pgpu;
    struct vg_vgpu_instance instance;
};

static void follow(const struct vg_placement_policy *p, unsigned pgpu_count, unsigned lifetime, uint64_t seed)
{
    static struct live live[MOST * VG_CLASS_INSTANCES_MAX];
    unsigned live_count = 0, granted = 0, reasons[VG_REFUSED_ERROR + 1] = { 0 };
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
    motley_fleet(pgpu_count, 1);
    for (unsigned i = 0; i < pgpu_count / 2; i++) { /* the index starts from a fleet that is in use */
        struct vg_vgpu_instance it = VG_INSTANCE_OF(below(4));
        if (vg_capacity_create(&classes[pgpus[i].class], &states[i], &it, &it) == VG_REFUSED_NOT)
            live[live_count++] = (struct live) { i, it };
    }
    struct vg_placement_index *index = vg_placement_index_new(p, &fleet);
    for (unsigned step = 0; step < STREAM; step++) {
        if (live_count && below(live_count + lifetime) < live_count) {
            unsigned i = below(live_count);
            assert_true(
                vg_capacity_destroy(&classes[pgpus[live[i].pgpu].class], &states[live[i].pgpu], &live[i].instance));
            vg_placement_index_update(index, live[i].pgpu);
            live[i] = live[--live_count];
        }
        const struct vg_pgpu_class *any = &classes[below(9)];
        struct vg_placement_request request = { .type = below(50) ? any->types[below(any->type_count)].id : 5000,
                                                .numa = below(3) ? (int)below(4) : VG_ANY,
                                                .host = below(10) ? VG_ANY : (int64_t)below(pgpu_count / 5 + 2),
                                                .pgpu = below(5) ? (int64_t)below(pgpu_count + 1) : VG_ANY };
        struct vg_decision plain = vg_placement_decide(p, &fleet, &request);
        struct vg_decision quick = vg_placement_index_decide(index, &request);
        if (plain.pgpu != quick.pgpu || plain.refusal != quick.refusal)
            fail_msg("%s, seed %u, step %u: the index says %d (%s), the scan %d (%s)", p->name, (unsigned)seed, step,
                     (int)quick.pgpu, vg_refusal_name(quick.refusal), (int)plain.pgpu, vg_refusal_name(plain.refusal));
        reasons[plain.refusal]++;
        if (plain.pgpu == VG_ANY)
            continue;
        const struct vg_pgpu_class *class = &classes[pgpus[plain.pgpu].class];
        struct vg_vgpu_instance it = VG_INSTANCE_OF((unsigned)vg_class_type(class, request.type));
        assert_int_equal(vg_capacity_create(class, &states[plain.pgpu], &it, &it), VG_REFUSED_NOT);
        vg_placement_index_update(index, (unsigned)plain.pgpu);
        live[live_count++] = (struct live) { (unsigned)plain.pgpu, it };
        granted++;
    }
    vg_placement_index_free(index);
    assert_true(granted > 100); /* the streams do exercise what they are for */
    assert_true(reasons[VG_REFUSED_NO_CAPACITY] + reasons[VG_REFUSED_INCOMPATIBLE] > 100);
    assert_true(reasons[VG_REFUSED_UNSUPPORTED] > 0);
}

static void the_index_decides_as_the_scan(void **ignored)
{
    (void)ignored;
    unsigned policies = 0;
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(VG_KIND_PLACEMENT, d)) != NULL; policies++) {
        follow((const struct vg_placement_policy *)d, 60, 200, 1);
        follow((const struct vg_placement_policy *)d, 200, 2000, 2);
        follow((const struct vg_placement_policy *)d, 9, 40, 3);
    }
    assert_int_equal(policies, 7);
}

/* The sets below the index, where a fleet is larger than one word of a level. */
static void far_members_are_found(void **ignored)
{
    (void)ignored;
    enum { LARGE = 70000 };
    struct vg_fleet_pgpu *many = vg_calloc(LARGE, sizeof(*many));
    struct vg_pgpu_state *their = vg_calloc(LARGE, sizeof(*their));
    make_mdpy(&classes[0]);
    struct vg_fleet large = {
        .classes = classes, .class_count = 1, .pgpus = many, .states = their, .pgpu_count = LARGE
    };
    struct vg_placement_index *index = vg_placement_index_new(policy("depth-first-residents"), &large);
    struct vg_placement_request request = { .type = 1, .numa = VG_ANY, .host = VG_ANY, .pgpu = VG_ANY };
    static const unsigned at[] = { 69999, 4096, 4095, 262, 64, 63, 0 };
    for (unsigned i = 0; i < VG_COUNT(at); i++) {
        struct vg_vgpu_instance it = VG_INSTANCE_OF(0);
        assert_int_equal(vg_capacity_create(&classes[0], &their[at[i]], &it, &it), VG_REFUSED_NOT);
        vg_placement_index_update(index, at[i]);
        assert_int_equal(vg_placement_index_decide(index, &request).pgpu, at[i]);
    }
    for (unsigned i = VG_COUNT(at); i-- > 1;) {
        memset(&their[at[i]], 0, sizeof(their[at[i]]));
        vg_placement_index_update(index, at[i]);
        assert_int_equal(vg_placement_index_decide(index, &request).pgpu, at[i - 1]);
    }
    vg_placement_index_free(index);
    free(many);
    free(their);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_type_on_equal_pgpus),
        cmocka_unit_test(the_two_readings_differ),
        cmocka_unit_test(numa_and_host_and_name),
        cmocka_unit_test(the_most_specific_refusal),
        cmocka_unit_test(equal_pgpus_of_one_board_take_different_types),
        cmocka_unit_test(the_index_decides_as_the_scan),
        cmocka_unit_test(far_members_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
