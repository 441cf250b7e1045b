/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions judged by the words of each policy, the most specific of several pGPUs' reasons, and what a driver must
 * refuse when it is asked without a look at its counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "judge/judge.h"

#define GIB (UINT64_C(1) << 30)
enum { SMALL = 11, LARGE = 12, FOREIGN = 13 };

/* Three pGPUs: 8, 8 and 16 small ones, or 1, 1 and 2 large ones; types do not mix. */
static struct vg_pgpu_class classes[3];

static void make_classes(void)
{
    for (unsigned i = 0; i < 3; i++) {
        unsigned times = i == 2 ? 2 : 1;
        struct vg_error err = { 0 };
        classes[i] =
            (struct vg_pgpu_class) { .name = "card",
                                     .model = VG_CAPACITY_SAME_TYPE,
                                     .size_bytes = times * 8 * GIB,
                                     .types = { { .name = "small", .id = SMALL, .size_bytes = GIB, .max = times * 8 },
                                                { .name = "large", .id = LARGE, .size_bytes = 8 * GIB, .max = times } },
                                     .type_count = 2 };
        if (!vg_capacity_prepare(&classes[i], &err))
            fail_msg("%s", err.text);
    }
}

static struct vg_walk_result judge(const char *policy, struct vg_step *steps, unsigned count)
{
    unsigned boards[] = { 0, 1, 2 }, totals[] = { 0, 0, 0 };
    struct vg_walk_result result;
    make_classes();
    for (unsigned i = 0; i < count; i++)
        steps[i].step = i;
    const struct vg_walk walk = {
        .classes = classes, .class_count = 3, .boards = boards, .vf_totals = totals, .steps = steps, .step_count = count
    };
    vg_walk_check(&walk, policy, &result);
    return result;
}

#define MAKE(number, where, its_type)                                                                                  \
    {                                                                                                                  \
        .op = VG_STEP_CREATE, .pgpu = where, .type = its_type, .instance = number, .wanted = VG_ANY, .vf = VG_ANY,     \
        .place = VG_ANY                                                                                                \
    }
#define CHOOSE(number, where)                                                                                          \
    {                                                                                                                  \
        .op = VG_STEP_CREATE, .pgpu = where, .type = SMALL, .decided = 1, .instance = number, .wanted = VG_ANY,        \
        .vf = VG_ANY, .place = VG_ANY                                                                                  \
    }
#define NOWHERE(its_type, why)                                                                                         \
    {                                                                                                                  \
        .op = VG_STEP_CREATE, .pgpu = VG_ANY, .type = its_type, .decided = 1, .outcome = why, .instance = VG_ANY,      \
        .wanted = VG_ANY, .vf = VG_ANY, .place = VG_ANY                                                                \
    }
#define INSIST(number, where, its_type, answer)                                                                        \
    {                                                                                                                  \
        .op = VG_STEP_INSIST, .pgpu = where, .type = its_type, .outcome = answer, .instance = number,                  \
        .wanted = VG_ANY, .vf = VG_ANY, .place = VG_ANY                                                                \
    }

/* Residents 2, 1, 3; room for 6, 7, 13 more: each policy has one answer, and no two the same reason for it. */
static void each_policy_has_one_answer(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        int64_t right;
    } rows[] = { { "breadth-first-residents", 1 },
                 { "depth-first-residents", 2 },
                 { "breadth-first-remaining", 2 },
                 { "depth-first-remaining", 0 } };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        for (int64_t chosen = 0; chosen < 3; chosen++) {
            struct vg_step steps[] = { MAKE(0, 0, 0), MAKE(1, 0, 0), MAKE(2, 1, 0),    MAKE(3, 2, 0),
                                       MAKE(4, 2, 0), MAKE(5, 2, 0), CHOOSE(6, chosen) };
            struct vg_walk_result result = judge(rows[i].policy, steps, VG_COUNT(steps));
            assert_int_equal(result.decisions, 1);
            assert_int_equal(result.contested, 1);
            assert_int_equal(result.wrong_decisions, chosen != rows[i].right);
        }
    }
}

/* A pGPU that does not take the type is no choice, and where only alike ones are left every choice is right. */
static void what_could_not_go_wrong_is_not_contested(void **state)
{
    (void)state;
    for (int64_t chosen = 0; chosen < 2; chosen++) {
        struct vg_step alike[] = { MAKE(0, 2, 1), CHOOSE(1, chosen) };
        struct vg_walk_result result = judge("depth-first-residents", alike, VG_COUNT(alike));
        assert_int_equal(result.contested, 0);
        assert_int_equal(result.wrong_decisions, 0);
    }
    struct vg_step full[] = { MAKE(0, 0, 1), MAKE(1, 1, 1), CHOOSE(2, 2) };
    struct vg_walk_result result = judge("depth-first-residents", full, VG_COUNT(full));
    assert_int_equal(result.contested, 0);
    assert_int_equal(result.wrong_decisions, 0);
    struct vg_step none[] = { MAKE(0, 0, 0), NOWHERE(SMALL, VG_REFUSED_NO_CAPACITY) };
    assert_int_equal(judge("depth-first-residents", none, VG_COUNT(none)).wrong_decisions, 1);
}

static void the_most_specific_reason_is_told(void **state)
{
    (void)state;
    /* Large ones: the first pGPU is full of them, the others have small ones. */
#define TAKEN MAKE(0, 0, 1), MAKE(1, 1, 0), MAKE(2, 2, 0)
    struct vg_step right[] = { TAKEN, NOWHERE(LARGE, VG_REFUSED_NO_CAPACITY),
                               NOWHERE(FOREIGN, VG_REFUSED_UNSUPPORTED) };
    struct vg_walk_result result = judge(NULL, right, VG_COUNT(right));
    assert_int_equal(result.wrong_reasons, 0);
    assert_int_equal(result.mixed_refusals, 1);
    assert_int_equal(result.reasons, 1 << VG_REFUSED_NO_CAPACITY | 1 << VG_REFUSED_UNSUPPORTED);
    struct vg_step vague[] = { TAKEN, NOWHERE(LARGE, VG_REFUSED_INCOMPATIBLE) };
    result = judge(NULL, vague, VG_COUNT(vague));
    assert_int_equal(result.wrong_reasons, 1);
    assert_int_equal(result.mixed_refusals, 0);
    assert_non_null(strstr(result.first, "the most specific reason is no-capacity"));
}

static void a_grant_that_no_counter_promised_is_wrong(void **state)
{
    (void)state;
    struct vg_step good[] = { MAKE(0, 0, 1), INSIST(VG_ANY, 0, 1, VG_REFUSED_NO_CAPACITY),
                              INSIST(VG_ANY, 0, 0, VG_REFUSED_NO_CAPACITY) };
    struct vg_walk_result result = judge(NULL, good, VG_COUNT(good));
    assert_int_equal(result.insisted, 2);
    assert_int_equal(result.first_step, -1);
    struct vg_step grants[] = { MAKE(0, 0, 1), INSIST(1, 0, 1, VG_REFUSED_NOT) };
    result = judge(NULL, grants, VG_COUNT(grants));
    assert_int_equal(result.insisted, 0);
    assert_int_equal(result.wrong_grants, 1);
    assert_non_null(strstr(result.first, "the capacity model refuses it"));
    struct vg_step breaks[] = { MAKE(0, 0, 1), INSIST(VG_ANY, 0, 1, VG_REFUSED_ERROR) };
    assert_int_equal(judge(NULL, breaks, VG_COUNT(breaks)).wrong_reasons, 1);
}

#define RAW(number, answer, there)                                                                                     \
    {                                                                                                                  \
        .op = VG_STEP_RAW_VFS, .wanted = number, .outcome = answer, .seen = there, .instance = VG_ANY                  \
    }

static struct vg_walk_result judge_vfs(struct vg_step *steps, unsigned count)
{
    unsigned board = 0, total = 4;
    struct vg_error err = { 0 };
    struct vg_walk_result result;
    struct vg_pgpu_class class = { .name = "card",
                                   .model = VG_CAPACITY_VF,
                                   .sriov = true,
                                   .types = { { .name = "vf", .id = SMALL, .size_bytes = GIB, .max = 4 } },
                                   .type_count = 1 };
    if (!vg_capacity_prepare(&class, &err))
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < count; i++)
        steps[i].step = i;
    const struct vg_walk walk = {
        .classes = &class, .class_count = 1, .boards = &board, .vf_totals = &total, .steps = steps, .step_count = count
    };
    vg_walk_check(&walk, NULL, &result);
    return result;
}

static void numbers_of_vfs_that_the_kernel_refuses(void **state)
{
    (void)state;
    const struct vg_step made = { .op = VG_STEP_CREATE, .wanted = VG_ANY };
    const struct vg_step held = { .op = VG_STEP_HOLD };
    struct vg_step good[] = {
        RAW(5, VG_REFUSED_NO_CAPACITY, 0), RAW(3, VG_REFUSED_NOT, 3), RAW(4, VG_REFUSED_BUSY, 3), made, held,
        RAW(0, VG_REFUSED_BUSY, 3)
    };
    struct vg_walk_result result = judge_vfs(good, VG_COUNT(good));
    assert_int_equal(result.first_step, -1);
    assert_int_equal(result.raw_refusals, 3);
    struct vg_step many[] = { RAW(5, VG_REFUSED_NOT, 5) };
    assert_int_equal(judge_vfs(many, VG_COUNT(many)).wrong_setups, 1);
    struct vg_step straight[] = { RAW(3, VG_REFUSED_NOT, 3), RAW(4, VG_REFUSED_NOT, 4) };
    assert_int_equal(judge_vfs(straight, VG_COUNT(straight)).wrong_setups, 1);
    struct vg_step off[] = { RAW(3, VG_REFUSED_NOT, 3), made, held, RAW(0, VG_REFUSED_NOT, 0) };
    assert_int_equal(judge_vfs(off, VG_COUNT(off)).wrong_setups, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_has_one_answer),
        cmocka_unit_test(what_could_not_go_wrong_is_not_contested),
        cmocka_unit_test(the_most_specific_reason_is_told),
        cmocka_unit_test(a_grant_that_no_counter_promised_is_wrong),
        cmocka_unit_test(numbers_of_vfs_that_the_kernel_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
