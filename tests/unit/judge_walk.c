/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay of what was asked of a driver: what a reboot does to what must be there, and memory that is given twice.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "judge/judge.h"

#define GIB (UINT64_C(1) << 30)

static struct vg_pgpu_class mixed(void)
{
    struct vg_error err = { 0 };
    struct vg_pgpu_class class = { .name = "card",
                                   .model = VG_CAPACITY_MIXED_SIZE,
                                   .sriov = true,
                                   .vf_count = 4,
                                   .size_bytes = 8 * GIB,
                                   .types = { { .name = "4g", .id = 1, .size_bytes = 4 * GIB, .max = 2 },
                                              { .name = "8g", .id = 2, .size_bytes = 8 * GIB, .max = 1 } },
                                   .type_count = 2 };
    if (!vg_capacity_prepare(&class, &err))
        fail_msg("%s", err.text);
    return class;
}

static struct vg_walk_result check(struct vg_pgpu_class *class, struct vg_step *steps, unsigned step_count,
                                   struct vg_counter *counters, unsigned counter_count)
{
    unsigned board = 0, total = 4;
    struct vg_walk_result result;
    for (unsigned i = 0; i < step_count; i++)
        steps[i].step = i;
    const struct vg_walk walk = { .classes = class,
                                  .class_count = 1,
                                  .boards = &board,
                                  .vf_totals = &total,
                                  .steps = steps,
                                  .step_count = step_count,
                                  .counters = counters,
                                  .counter_count = counter_count };
    vg_walk_check(&walk, NULL, &result);
    return result;
}

#define CREATE(number, its_type, its_vf, its_place)                                                                    \
    {                                                                                                                  \
        .op = VG_STEP_CREATE, .type = its_type, .instance = number, .wanted = VG_ANY, .vf = its_vf, .place = its_place \
    }
#define REBOOT                                                                                                         \
    {                                                                                                                  \
        .op = VG_STEP_REBOOT                                                                                           \
    }
#define VFS(count)                                                                                                     \
    {                                                                                                                  \
        .op = VG_STEP_VFS, .wanted = count, .seen = count                                                              \
    }

static void a_reboot_takes_vgpus_vfs_and_mode(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = {
        CREATE(0, 0, 0, 0),
        REBOOT,
        { .op = VG_STEP_CREATE, .instance = VG_ANY, .wanted = 0, .outcome = VG_REFUSED_DISABLED }, /* no VF yet */
        VFS(4),
        { .op = VG_STEP_MIXED, .wanted = 1, .seen = 1 },
        CREATE(1, 0, 0, 0),
        { .op = VG_STEP_SAME, .instance = 1, .wanted = 0, .seen = 1 },
        { .op = VG_STEP_DESTROY, .instance = 1, .wanted = VG_ANY },
    };
    struct vg_counter counters[] = {
        { .step = 0, .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 1 },
        { .step = 1, .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 0 },
        { .step = 1, .type = VG_COUNTER_VFS, .vf = VG_ANY, .value = 0 },
        { .step = 1, .type = VG_COUNTER_MIXED, .vf = VG_ANY, .value = 0 },
        { .step = 4, .type = VG_COUNTER_MIXED, .vf = VG_ANY, .value = 1 },
    };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), counters, VG_COUNT(counters));
    if (result.first_step >= 0)
        fail_msg("%s", result.first);
    assert_int_equal(result.reboots, 1);
    assert_int_equal(result.restored, 1);
    assert_int_equal(result.left_over, 0);
}

static void what_outlives_a_reboot_is_wrong(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { CREATE(0, 0, 0, 0), REBOOT };
    struct vg_counter counter = { .step = 1, .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 1 };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), &counter, 1);
    assert_int_equal(result.wrong_counters, 1);
    assert_int_equal(result.first_step, 1);
    assert_non_null(strstr(result.first, "the host reboots"));
}

static void a_vgpu_before_its_vf_is_wrong(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { REBOOT, CREATE(0, 0, 0, 0) };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), NULL, 0);
    assert_int_equal(result.wrong_grants, 1);
}

static void another_vgpu_than_was_defined_is_wrong(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = {
        REBOOT, VFS(4), CREATE(1, 0, 0, 0), { .op = VG_STEP_SAME, .instance = 1, .wanted = 0, .seen = 0 }
    };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), NULL, 0);
    assert_int_equal(result.restored, 0);
    assert_int_equal(result.wrong_setups, 1);
    assert_non_null(strstr(result.first, "#1 is not what #0 was"));
}

static void a_vgpu_that_is_not_as_it_was_is_wrong(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { CREATE(0, 0, 0, 0), { .op = VG_STEP_SAME, .instance = 0, .wanted = 0, .seen = 0 } };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), NULL, 0);
    assert_int_equal(result.wrong_setups, 1);
    assert_non_null(strstr(result.first, "#0 is not as it was"));
}

/* The driver says yes to 12 of 8 GiB. */
static void memory_is_added_up(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step good[] = { CREATE(0, 0, 0, 0), CREATE(1, 0, 1, 4) };
    struct vg_walk_result result = check(&class, good, VG_COUNT(good), NULL, 0);
    assert_int_equal(result.memory_checks, 2);
    assert_int_equal(result.overlaps, 0);
    struct vg_step bad[] = { CREATE(0, 0, 0, 0), CREATE(1, 1, 1, 8) };
    result = check(&class, bad, VG_COUNT(bad), NULL, 0);
    assert_int_equal(result.overlaps, 1);
    /* It rounded the second up: what was given counts, not what was asked. */
    good[1].granted_bytes = (INT64_C(4) << 30) + (2 << 20);
    result = check(&class, good, VG_COUNT(good), NULL, 0);
    assert_int_equal(result.overlaps, 1);
    assert_non_null(strstr(result.first, "together need 8592031744 bytes of memory"));
}

/* With VFs the PF offers nothing, and a VF no more than one. */
static void a_pf_and_a_vf_that_offer_too_much(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { CREATE(0, 0, 0, 0) };
    struct vg_counter counters[] = { { .type = 0, .vf = VG_ANY, .value = 0 }, { .type = 0, .vf = 1, .value = 1 } };
    assert_int_equal(check(&class, steps, 1, counters, VG_COUNT(counters)).wrong_counters, 0);
    counters[0].value = 1;
    struct vg_walk_result result = check(&class, steps, 1, counters, VG_COUNT(counters));
    assert_int_equal(result.wrong_counters, 1);
    assert_non_null(strstr(result.first, " on the PF on "));
    counters[0].value = 0;
    counters[1].value = 2;
    result = check(&class, steps, 1, counters, VG_COUNT(counters));
    assert_int_equal(result.wrong_counters, 1);
    assert_non_null(strstr(result.first, "reads 2 and must be 1"));
}

/* A card of which the host file wants two VFs of 4 GiB each: so many are enabled, and so many made before a refusal. */
static struct walk_of_vfs {
    uint64_t size_bytes;
    unsigned enabled, made;
} const walks_of_vfs[] = {
    { 16 * GIB, 2, 1 }, /* the host file says that there is room */
    { 0, 2, 1 },        /* and does here */
    { 8 * GIB, 2, 1 },  /* nothing would be left for the PF */
    { 16 * GIB, 3, 2 }, /* more than the host file promises memory for */
    { 16 * GIB, 3, 3 }, /* they fit all the same */
};

static struct vg_walk_result fill_vfs(const struct walk_of_vfs *walk_of)
{
    struct vg_error err = { 0 };
    struct vg_pgpu_class class = { .name = "card",
                                   .model = VG_CAPACITY_VF,
                                   .sriov = true,
                                   .vf_count = 2,
                                   .size_bytes = walk_of->size_bytes,
                                   .types = { { .name = "vf", .id = 1, .size_bytes = 4 * GIB } },
                                   .type_count = 1 };
    if (!vg_capacity_prepare(&class, &err))
        fail_msg("%s", err.text);
    struct vg_step steps[8] = { VFS(walk_of->enabled) };
    unsigned count = 1;
    for (unsigned i = 0; i < walk_of->made; i++)
        steps[count++] = (struct vg_step)CREATE(i, 0, i, VG_ANY);
    steps[count] = (struct vg_step)CREATE(VG_ANY, 0, VG_ANY, VG_ANY);
    steps[count++].outcome = VG_REFUSED_NO_CAPACITY;
    return check(&class, steps, count, NULL, 0);
}

static void memory_that_nobody_knows_of_may_be_refused(void **state)
{
    (void)state;
    static const unsigned wrong[] = { 1, 1, 0, 0, 0 }, open[] = { 0, 0, 1, 1, 0 }, filled[] = { 0, 0, 0, 0, 3 };
    for (size_t i = 0; i < VG_COUNT(walks_of_vfs); i++) {
        struct vg_walk_result result = fill_vfs(&walks_of_vfs[i]);
        if (result.wrong_refusals != wrong[i] || result.open_refusals != open[i] || result.vfs_filled != filled[i])
            fail_msg("walk %zu: %u wrong, %u open, %u filled: %s", i, result.wrong_refusals, result.open_refusals,
                     result.vfs_filled, result.first);
        assert_int_equal(result.vfs_advertised, 4);
        assert_int_equal(result.fills, filled[i] > 0);
        assert_int_equal(result.refusals, 1);
    }
}

/* What a driver tells of each VF: how much memory, without saying where, and which graphics addresses. */
static struct vg_walk_result check_ranges(struct vg_memory_range *ranges, unsigned count)
{
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { { .op = VG_STEP_LOOK } };
    unsigned board = 0, total = 4;
    struct vg_walk_result result;
    const struct vg_walk walk = { .classes = &class,
                                  .class_count = 1,
                                  .boards = &board,
                                  .vf_totals = &total,
                                  .steps = steps,
                                  .step_count = 1,
                                  .ranges = ranges,
                                  .range_count = count };
    vg_walk_check(&walk, NULL, &result);
    assert_int_equal(result.memory_checks, count);
    return result;
}

static void what_vfs_are_told_to_have(void **state)
{
    (void)state;
    struct vg_memory_range ranges[] = {
        { .vf = 0, .of = VG_RANGE_MEMORY, .first = VG_ANY, .bytes = 4 * GIB },
        { .vf = 0, .of = VG_RANGE_ADDRESSES, .first = 0x1000, .bytes = 0x1000 },
        { .vf = 1, .of = VG_RANGE_MEMORY, .first = VG_ANY, .bytes = 4 * GIB },
        { .vf = 1, .of = VG_RANGE_ADDRESSES, .first = 0x2000, .bytes = 0x1000 },
    };
    assert_int_equal(check_ranges(ranges, VG_COUNT(ranges)).overlaps, 0);
    ranges[3].first = 0x1fff;
    struct vg_walk_result result = check_ranges(ranges, VG_COUNT(ranges));
    assert_int_equal(result.overlaps, 1);
    assert_non_null(strstr(result.first, "graphics addresses of VF 1 overlap those of VF 0"));
    ranges[3].first = 0x2000;
    ranges[2].bytes++;
    result = check_ranges(ranges, VG_COUNT(ranges));
    assert_int_equal(result.overlaps, 1);
    assert_non_null(strstr(result.first, "8589934593 bytes of memory, and the pGPU has 8589934592"));
}

/* Of a card of unknown size no memory is compared with anything; its addresses are with each other's. */
static void what_was_not_compared_is_not_counted(void **state)
{
    (void)state;
    static const unsigned told[] = { 0, 1, 3 }; /* bits: addresses, memory */
    for (unsigned sized = 0; sized < 2; sized++)
        for (size_t i = 0; i < VG_COUNT(told); i++) {
            struct vg_error err = { 0 };
            struct vg_pgpu_class class = { .name = "card",
                                           .model = VG_CAPACITY_VF,
                                           .sriov = true,
                                           .vf_count = 4,
                                           .size_bytes = sized ? 8 * GIB : 0,
                                           .types = { { .name = "vf", .id = 1, .size_bytes = GIB } },
                                           .type_count = 1 };
            if (!vg_capacity_prepare(&class, &err))
                fail_msg("%s", err.text);
            struct vg_step step = { .op = VG_STEP_LOOK };
            struct vg_counter live = { .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 2 };
            struct vg_memory_range ranges[4];
            unsigned board = 0, total = 4, count = 0;
            for (unsigned vf = 0; vf < 2; vf++) {
                if (told[i] & 1)
                    ranges[count++] = (struct vg_memory_range) {
                        .vf = vf, .of = VG_RANGE_ADDRESSES, .first = vf * 0x1000, .bytes = 0x1000
                    };
                if (told[i] & 2)
                    ranges[count++] =
                        (struct vg_memory_range) { .vf = vf, .of = VG_RANGE_MEMORY, .first = VG_ANY, .bytes = GIB };
            }
            const struct vg_walk walk = { .classes = &class,
                                          .class_count = 1,
                                          .boards = &board,
                                          .vf_totals = &total,
                                          .steps = &step,
                                          .step_count = 1,
                                          .counters = &live,
                                          .counter_count = 1,
                                          .ranges = ranges,
                                          .range_count = count };
            struct vg_walk_result result;
            vg_walk_check(&walk, NULL, &result);
            assert_int_equal(result.memory_checks, (told[i] & 1 ? 2 : 0) + (told[i] & 2 && sized ? 2 : 0));
            assert_int_equal(result.parts_unread, 4 - count);
        }
}

/* What NVML tells of a pGPU with two places for 4 GiB, at 0 and 4, and one for 8. */
static struct vg_walk_result check_placements(struct vg_placement_row *rows, unsigned count)
{
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { CREATE(0, 0, 0, 0) };
    unsigned board = 0, total = 4;
    struct vg_walk_result result;
    const struct vg_walk walk = { .classes = &class,
                                  .class_count = 1,
                                  .boards = &board,
                                  .vf_totals = &total,
                                  .steps = steps,
                                  .step_count = 1,
                                  .placements = rows,
                                  .placement_count = count };
    vg_walk_check(&walk, NULL, &result);
    return result;
}

static void what_is_told_of_placements(void **state)
{
    (void)state;
    enum { CREATABLE = 1, CREATABLE_8 = 4 };
    const struct vg_placement_row good[] = {
        { .type = 0, .of = VG_PLACEMENT_SLOTS, .value = 4 },
        { .type = 0, .of = VG_PLACEMENT_CREATABLE, .value = 1 << 4 },
        { .type = 0, .of = VG_PLACEMENT_SUPPORTED, .value = 1 | 1 << 4 },
        { .type = 1, .of = VG_PLACEMENT_SLOTS, .value = 8 },
        { .type = 1, .of = VG_PLACEMENT_CREATABLE, .value = 0 },
        { .type = 1, .of = VG_PLACEMENT_CREATABLE, .first = 32, .value = 0 },
        { .type = 1, .of = VG_PLACEMENT_SUPPORTED, .value = 1 },
    };
    const struct {
        unsigned row;
        struct vg_placement_row is;
        unsigned wrong;
        const char *says;
    } bad[] = {
        { CREATABLE,
          { .of = VG_PLACEMENT_CREATABLE, .value = 1 | 1 << 4 },
          1,
          "placement ID 0 of 4g on card is told to be creatable, and must not be" },
        { CREATABLE,
          { .of = VG_PLACEMENT_CREATABLE, .value = 0 },
          1,
          "placement ID 4 of 4g on card is not told to be creatable, and must be" },
        { CREATABLE_8, { .type = 1, .of = VG_PLACEMENT_CREATABLE, .value = 1 }, 1, "placement ID 0 of 8g" },
        { CREATABLE_8 + 1,
          { .type = 1, .of = VG_PLACEMENT_CREATABLE, .first = 32, .value = 1 << 8 },
          1,
          "placement ID 40 of 8g" },
        { 2,
          { .of = VG_PLACEMENT_SUPPORTED, .value = 1 | 1 << 2 },
          2,
          "placement ID 2 of 4g on card is told to be sup" },
        { 0, { .of = VG_PLACEMENT_SLOTS, .value = 5 }, 1, "told to take 5 placement slots on card, and must take 4" },
    };
    struct vg_placement_row rows[VG_COUNT(good)];
    memcpy(rows, good, sizeof(rows));
    struct vg_walk_result result = check_placements(rows, VG_COUNT(rows));
    assert_int_equal(result.wrong_placements, 0);
    assert_int_equal(result.placements, VG_COUNT(rows));
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        memcpy(rows, good, sizeof(rows));
        rows[bad[i].row] = bad[i].is;
        result = check_placements(rows, VG_COUNT(rows));
        if (result.wrong_placements != bad[i].wrong || !strstr(result.first, bad[i].says))
            fail_msg("row %zu: %u, %s", i, result.wrong_placements, result.first);
    }
    /* Rows come from a file: what is out of range leads nowhere. */
    struct vg_placement_row wild[] = { { .type = 7, .of = VG_PLACEMENT_CREATABLE },
                                       { .pgpu = 3 },
                                       { .of = 9 },
                                       { .of = VG_PLACEMENT_CREATABLE, .first = INT64_MAX, .value = -1 },
                                       { .of = VG_PLACEMENT_CREATABLE, .first = -1, .value = -1 },
                                       { .of = VG_PLACEMENT_CREATABLE, .first = 250, .value = 0 } };
    assert_int_equal(check_placements(wild, VG_COUNT(wild)).wrong_placements, 0);
}

/* A type that the pGPU does not have comes from a file, and leads nowhere. */
static void a_type_out_of_range_is_no_memory(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step steps[] = { CREATE(0, 77, 0, 0) };
    struct vg_walk_result result = check(&class, steps, VG_COUNT(steps), NULL, 0);
    assert_int_equal(result.memory_checks, 0);
}

/* --- what the manager holds ---------------------------------------------------------------------------------------
 */

#define WEIGHED(at, bytes)                                                                                             \
    {                                                                                                                  \
        .op = VG_STEP_HELD, .type = VG_HELD_MEMORY, .round = (at), .wanted = VG_ANY, .seen = (bytes)                   \
    }

static struct vg_line weigh(struct vg_step *steps, unsigned count)
{
    const struct vg_walk walk = { .steps = steps, .step_count = count };
    return vg_walk_memory(&walk);
}

static void memory_has_a_trend(void **state)
{
    (void)state;
    struct vg_step flat[] = { WEIGHED(50, 70000), WEIGHED(100, 70400), WEIGHED(150, 69800), WEIGHED(200, 70100) };
    struct vg_step grows[] = { WEIGHED(50, 102400), WEIGHED(100, 204800), WEIGHED(150, 307200), WEIGHED(200, 409600) };
    struct vg_line line = weigh(flat, VG_COUNT(flat));
    assert_int_equal(line.count, 4);
    assert_true(line.slope_upper < 50 && line.slope_lower < 0);
    line = weigh(grows, VG_COUNT(grows));
    assert_float_equal(line.slope, 2048, 1e-6);
    assert_float_equal(line.slope_upper, 2048, 1e-3);
    /* Other rows are no readings of memory, whatever they hold. */
    struct vg_step others[] = { CREATE(0, 0, 0, 0), { .op = VG_STEP_HELD, .type = VG_HELD_FILES, .seen = 9 } };
    assert_int_equal(weigh(others, VG_COUNT(others)).count, 0);
    /* Of too few nothing is known: no number at all, which no limit is met by. */
    line = weigh(grows, 2);
    assert_int_equal(line.count, 2);
    assert_true(isnan(line.slope_upper));
}

/* Memory is not compared with the first reading, files are. */
static void a_file_too_many_is_left_over(void **state)
{
    (void)state;
    struct vg_pgpu_class class = mixed();
    struct vg_step good[] = { WEIGHED(1, 5),
                              WEIGHED(2, 9),
                              { .op = VG_STEP_HELD, .type = VG_HELD_FILES, .wanted = 7, .seen = 7 } };
    assert_int_equal(check(&class, good, VG_COUNT(good), NULL, 0).left_over, 0);
    struct vg_step node[] = { { .op = VG_STEP_HELD, .type = VG_HELD_NODES, .wanted = 7, .seen = 8 } };
    struct vg_walk_result result = check(&class, node, 1, NULL, 0);
    assert_int_equal(result.left_over, 1);
    assert_int_equal(result.node_checks, 1);
    assert_non_null(strstr(result.first, "a refusal changes nothing"));
    struct vg_step bad[] = { { .op = VG_STEP_HELD, .type = VG_HELD_FILES, .wanted = 7, .seen = 9 } };
    result = check(&class, bad, VG_COUNT(bad), NULL, 0);
    assert_int_equal(result.left_over, 2);
    assert_non_null(strstr(result.first, "holds 9 open files"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reboot_takes_vgpus_vfs_and_mode),
        cmocka_unit_test(what_outlives_a_reboot_is_wrong),
        cmocka_unit_test(a_vgpu_before_its_vf_is_wrong),
        cmocka_unit_test(another_vgpu_than_was_defined_is_wrong),
        cmocka_unit_test(a_vgpu_that_is_not_as_it_was_is_wrong),
        cmocka_unit_test(memory_is_added_up),
        cmocka_unit_test(a_pf_and_a_vf_that_offer_too_much),
        cmocka_unit_test(memory_that_nobody_knows_of_may_be_refused),
        cmocka_unit_test(what_vfs_are_told_to_have),
        cmocka_unit_test(what_was_not_compared_is_not_counted),
        cmocka_unit_test(what_is_told_of_placements),
        cmocka_unit_test(a_type_out_of_range_is_no_memory),
        cmocka_unit_test(memory_has_a_trend),
        cmocka_unit_test(a_file_too_many_is_left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
