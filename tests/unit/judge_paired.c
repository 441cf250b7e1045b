/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of phases: the right ones are paired, the ratio is the way round that it says, the interval has the ranks of
 * the sign test's tables, and a pair that is not whole is told. */
#include "judge_fixture.h"

static void add(struct vg_measurements *m, const char *phase, const char *workload, const char *stream, int64_t ns)
{
    struct vg_measured_run *run = fixture_run(fixture_phase(m, phase, 0, 10), "guest.0", workload);
    /* The median is what counts, not the mean, and what is not available does not. */
    const int64_t rows[][2] = { { 1, ns - 1 }, { 2, ns }, { 3, 1000 * ns }, { 4, -1 } };
    fixture_stream(m, run, stream, "t0", "latency", rows, VG_COUNT(rows));
}

static struct vg_measurements *new_measurements(char **directory)
{
    *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(*directory, "native", "");
    fixture_tenant(m, "guest.0");
    return m;
}

static void add_pair(struct vg_measurements *m, unsigned number, int64_t ns, int64_t against_ns)
{
    vg_autofree char *one = vg_format("one-%02u", number), *other = vg_format("other-%02u", number);
    if (number % 2)
        add(m, one, "some-workload", "submission", ns);
    add(m, other, "some-workload", "printed", against_ns);
    if (number % 2 == 0)
        add(m, one, "some-workload", "submission", ns);
}

static struct vg_judgement *judge(struct vg_measurements *m)
{
    struct vg_error err = { 0 };
    struct fixture_test f;
    fixture_test(&f, "paired");
    fixture_param(&f, "phases", "one");
    fixture_param(&f, "against", "other");
    fixture_param(&f, "against_stream", "printed");
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    return judgement;
}

static void end(char *directory, struct vg_measurements *m, struct vg_judgement *judgement)
{
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

/* Ranks of the 95 % interval: Hollander and Wolfe's table of the sign test (R: qbinom(0.025, n, 0.5)). */
static void intervals_have_the_ranks_of_the_sign_test(void **state)
{
    (void)state;
    static const struct {
        unsigned pairs, rank;
    } cases[] = { { 5, 0 }, { 6, 1 }, { 8, 1 }, { 9, 2 }, { 20, 6 }, { 30, 10 } };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char *directory;
        struct vg_measurements *m = new_measurements(&directory);
        unsigned pairs = cases[i].pairs, rank = cases[i].rank;
        for (unsigned j = 0; j < pairs; j++) /* ratios 1.01, 1.02, ..., in no order */
            add_pair(m, j + 1, 1000 + 10 * ((j * 7) % pairs + 1), 1000);
        if (pairs % 7 == 0)
            fail_msg("%u pairs would not be shuffled but repeated", pairs);
        struct vg_judgement *judgement = judge(m);
        assert_verdict(judgement, VG_PASS, NULL);
        assert_near(value_of(judgement, "x.pairs"), pairs, 0);
        assert_near(value_of(judgement, "x.median"), 1 + 0.01 * (pairs + 1) / 2, 1e-9);
        if (rank) {
            assert_near(value_of(judgement, "x.low"), 1 + 0.01 * rank, 1e-9);
            assert_near(value_of(judgement, "x.high"), 1 + 0.01 * (pairs + 1 - rank), 1e-9);
        } else {
            assert_true(isnan(value_of(judgement, "x.low")) && isnan(value_of(judgement, "x.high")));
        }
        end(directory, m, judgement);
    }
}

static void pairs_are_those_of_one_number(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory);
    add_pair(m, 1, 300, 100);
    add_pair(m, 2, 100, 400);
    add(m, "one", "some-workload", "submission", 9); /* no repetition, and no prefix of one */
    add(m, "onerous-03", "some-workload", "submission", 9);
    struct vg_judgement *judgement = judge(m);
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.ratio[01]"), 3, 1e-12);
    assert_near(value_of(judgement, "x.ratio[02]"), 0.25, 1e-12);
    assert_near(value_of(judgement, "x.value[02]"), 100, 0);
    assert_near(value_of(judgement, "x.against[02]"), 400, 0);
    assert_near(value_of(judgement, "x.pairs"), 2, 0);
    end(directory, m, judgement);
}

static void a_pair_that_is_not_whole_is_invalid(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory);
    add_pair(m, 1, 100, 100);
    add(m, "one-02", "some-workload", "submission", 100);
    struct vg_judgement *judgement = judge(m);
    assert_verdict(judgement, VG_INVALID, "Pair 02 is not whole");
    vg_judgement_free(judgement);
    add(m, "other-02", "some-workload", "submission", 100); /* but not the stream that was asked for */
    judgement = judge(m);
    assert_verdict(judgement, VG_INVALID, "Pair 02 is not whole");
    end(directory, m, judgement);
}

static void no_pair_at_all_is_invalid(void **state)
{
    (void)state;
    char *directory;
    struct vg_measurements *m = new_measurements(&directory);
    add(m, "main", "some-workload", "submission", 100);
    struct vg_judgement *judgement = judge(m);
    assert_verdict(judgement, VG_INVALID, "no pair of phases");
    end(directory, m, judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_have_the_ranks_of_the_sign_test),
        cmocka_unit_test(pairs_are_those_of_one_number),
        cmocka_unit_test(a_pair_that_is_not_whole_is_invalid),
        cmocka_unit_test(no_pair_at_all_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
