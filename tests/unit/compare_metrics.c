/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a metric is called regressed, improved, equivalent, inconclusive, and when it is not even asked. Runs from the
 * root of the source tree. */
#include "compare/compare.h"
#include "support/judged_run.h"

static struct vg_gate_policy *policy;

static int load_policy(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    policy = vg_gate_policy_load("suites", NULL, &err);
    if (!policy)
        print_error("%s\n", err.text);
    return policy ? 0 : -1;
}

static int free_policy(void **state)
{
    (void)state;
    vg_gate_policy_free(policy);
    return 0;
}

static struct vg_metric_series *add(struct vg_metrics *metrics, const char *metric, const char *better,
                                    double min_effect)
{
    if (!metrics->places)
        metrics->places = vg_json_new_object();
    struct vg_metric_series *series = &vg_push(metrics->items, metrics->count);
    *series = (struct vg_metric_series) {
        .id = vg_format("t/c/%s", metric),
        .test = vg_strdup("t"),
        .configuration = vg_strdup("c"),
        .metric = vg_strdup(metric),
        .unit = vg_strdup("ns"),
        .better = vg_strdup(better),
        .min_effect = min_effect,
        .recipe = vg_strdup("r"),
    };
    vg_json_set_int(metrics->places, series->id, metrics->count - 1);
    return series;
}

/* Boots around centre, spread evenly over +-spread; each value is another. */
static void boots(struct vg_metric_series *series, unsigned count, double centre, double spread)
{
    for (unsigned i = 0; i < count; i++) { /* 7 is prime to the counts used: the order is not that of the sizes */
        double place = count > 1 ? 2.0 * ((i * 7) % count) / (count - 1) - 1 : 0;
        vg_push(series->values, series->value_count) =
            (struct vg_boot_value) { centre * (1 + spread * place), series->value_count + 1, 0 };
    }
}

struct pair {
    struct vg_metrics now, then;
};

static void add_pair(struct pair *pair, const char *metric, const char *better, double ratio, double spread, unsigned n,
                     unsigned m)
{
    boots(add(&pair->now, metric, better, 0.05), n, 1000.1 * ratio, spread);
    boots(add(&pair->then, metric, better, 0.05), m, 1000, spread);
}

static struct vg_comparison *compare(const struct pair *pair, unsigned least_then)
{
    const struct vg_comparing comparing = {
        .policy = policy, .now = &pair->now, .then = &pair->then, .least_then = least_then, .look = 1
    };
    return vg_compare(&comparing);
}

static void drop(struct pair *pair, struct vg_comparison *comparison)
{
    vg_comparison_free(comparison);
    vg_metrics_free(&pair->now);
    vg_metrics_free(&pair->then);
}

static void expect(const struct vg_comparison *comparison, const char *id, enum vg_change change)
{
    const struct vg_compared *item = vg_compared_find(comparison, id);
    assert_non_null(item);
    if (item->change != change)
        fail_msg("%s is %s, expected %s (%s; ratio %g, %g to %g; p %g, q %g)", id, vg_change_name(item->change),
                 vg_change_name(change), item->note ? item->note : "", item->ratio, item->lower, item->upper,
                 item->p_regressed, item->q_regressed);
}

static void the_four_verdicts(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    add_pair(&pair, "slower", "lower", 1.20, 0.02, 8, 20);
    add_pair(&pair, "faster", "lower", 0.80, 0.02, 8, 20);
    add_pair(&pair, "same", "lower", 1.00, 0.02, 8, 20);
    add_pair(&pair, "noisy", "lower", 1.06, 0.10, 8, 20);
    add_pair(&pair, "less", "higher", 0.80, 0.02, 8, 20);
    add_pair(&pair, "more", "higher", 1.20, 0.02, 8, 20);
    add_pair(&pair, "little", "lower", 1.02, 0.001, 8, 20); /* certainly slower, and nobody would care */
    struct vg_comparison *comparison = compare(&pair, 20);
    expect(comparison, "t/c/slower", VG_CHANGE_REGRESSED);
    expect(comparison, "t/c/faster", VG_CHANGE_IMPROVED);
    expect(comparison, "t/c/same", VG_CHANGE_EQUIVALENT);
    expect(comparison, "t/c/noisy", VG_CHANGE_INCONCLUSIVE);
    expect(comparison, "t/c/less", VG_CHANGE_REGRESSED);
    expect(comparison, "t/c/more", VG_CHANGE_IMPROVED);
    expect(comparison, "t/c/little", VG_CHANGE_EQUIVALENT);
    assert_int_equal(comparison->tested, 7);
    assert_int_equal(comparison->counts[VG_CHANGE_REGRESSED], 2);
    const struct vg_compared *slower = vg_compared_find(comparison, "t/c/slower");
    assert_true(fabs(slower->ratio - 1.2) < 0.01 && slower->lower > 1.15 && slower->upper < 1.25);
    assert_true(slower->cliffs_delta == 1);
    assert_int_equal(slower->now.boots, 8);
    assert_true(slower->q_regressed >= slower->p_regressed);
    drop(&pair, comparison);
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    add_pair(&pair, "few", "lower", 1.5, 0.02, 5, 20);
    add_pair(&pair, "few-there", "lower", 1.5, 0.02, 8, 19);
    add_pair(&pair, "zero", "lower", 1.5, 0.02, 8, 20);
    pair.now.items[2].values[3].value = 0;
    boots(add(&pair.now, "new", "lower", 0.05), 8, 100, 0.02);
    boots(add(&pair.then, "gone", "lower", 0.05), 20, 100, 0.02);
    add_pair(&pair, "changed", "lower", 1.5, 0.02, 8, 20);
    pair.now.items[4].recipe[0] = 's';
    boots(add(&pair.now, "not-compared", "lower", 0), 8, 100, 0.02);
    boots(add(&pair.then, "not-compared", "lower", 0), 20, 200, 0.02);
    boots(add(&pair.now, "neither", "neither", 0.05), 8, 100, 0.02);
    boots(add(&pair.then, "neither", "neither", 0.05), 20, 200, 0.02);
    struct vg_comparison *comparison = compare(&pair, 20);
    expect(comparison, "t/c/few", VG_CHANGE_INSUFFICIENT);
    expect(comparison, "t/c/few-there", VG_CHANGE_INSUFFICIENT);
    expect(comparison, "t/c/zero", VG_CHANGE_INSUFFICIENT);
    expect(comparison, "t/c/new", VG_CHANGE_NO_BASELINE);
    expect(comparison, "t/c/gone", VG_CHANGE_NOT_MEASURED);
    expect(comparison, "t/c/changed", VG_CHANGE_NO_BASELINE);
    assert_null(vg_compared_find(comparison, "t/c/not-compared"));
    assert_null(vg_compared_find(comparison, "t/c/neither"));
    assert_int_equal(comparison->tested, 0);
    assert_non_null(strstr(vg_compared_find(comparison, "t/c/few")->note, "5 boots"));
    assert_non_null(strstr(vg_compared_find(comparison, "t/c/changed")->note, "test has changed"));
    drop(&pair, comparison);
}

static void many_metrics_share_the_error(void **state)
{
    (void)state;
    struct pair one = { 0 }, many = { 0 };
    add_pair(&one, "m0", "lower", 1.12, 0.05, 8, 20);
    struct vg_comparison *alone = compare(&one, 20);
    expect(alone, "t/c/m0", VG_CHANGE_REGRESSED);
    double p = alone->items[0].p_regressed;
    assert_true(alone->items[0].q_regressed == p);
    for (unsigned i = 0; i < 1000; i++) {
        vg_autofree char *name = vg_format("m%u", i);
        add_pair(&many, name, "lower", i ? 1 : 1.12, 0.05, 8, 20);
    }
    struct vg_comparison *crowd = compare(&many, 20);
    assert_true(fabs(crowd->items[0].q_regressed - 1000 * p) < 1e-9 || crowd->items[0].q_regressed == 1);
    assert_int_equal(crowd->items[0].change != VG_CHANGE_REGRESSED, 1000 * p > policy->error);
    drop(&one, alone);
    drop(&many, crowd);
}

static void noise_alone_is_no_regression(void **state)
{
    (void)state;
    /* The run's boots lie above most of the baseline's by chance: an interval beyond the threshold, and yet boots that
     * differ in nothing would be this far apart more often than once in a thousand comparisons. */
    struct pair pair = { 0 };
    boots(add(&pair.now, "m", "lower", 0.05), 6, 1500, 0.20);
    boots(add(&pair.then, "m", "lower", 0.05), 20, 1000, 0.55);
    struct vg_comparison *comparison = compare(&pair, 20);
    const struct vg_compared *item = &comparison->items[0];
    assert_true(item->lower > 1.05 && item->q_regressed <= policy->error);
    assert_true(item->p_unchanged > policy->false_alarm);
    expect(comparison, "t/c/m", VG_CHANGE_INCONCLUSIVE);
    drop(&pair, comparison);
}

/* What a tripled metric is called with so many boots a side, or pairs. */
static enum vg_change called(unsigned boots_a_side, bool paired, unsigned *powerless)
{
    struct pair pair = { 0 };
    add_pair(&pair, "m", "lower", 3, 0.02, boots_a_side, boots_a_side);
    const struct vg_comparing comparing = {
        .policy = policy, .now = &pair.now, .then = &pair.then, .least_then = boots_a_side, .paired = paired, .look = 1
    };
    struct vg_comparison *comparison = vg_compare(&comparing);
    enum vg_change change = comparison->items[0].change;
    *powerless = comparison->powerless;
    if (comparison->powerless)
        assert_non_null(strstr(comparison->items[0].note, "could not single out"));
    drop(&pair, comparison);
    return change;
}

static void boots_that_cannot_decide_are_named(void **state)
{
    (void)state;
    unsigned powerless;
    /* In both directions together: 2 of 924 orders, and 2 of 3,432; 2 of 2,048 signs, and 2 of 4,096. */
    assert_true(policy->false_alarm > 2.0 / 3432 && policy->false_alarm < 2.0 / 2048);
    assert_int_equal(called(6, false, &powerless), VG_CHANGE_INSUFFICIENT);
    assert_int_equal(powerless, 1);
    assert_int_equal(called(7, false, &powerless), VG_CHANGE_REGRESSED);
    assert_int_equal(powerless, 0);
    assert_int_equal(called(11, true, &powerless), VG_CHANGE_INSUFFICIENT);
    assert_int_equal(powerless, 1);
    assert_int_equal(called(12, true, &powerless), VG_CHANGE_REGRESSED);
}

static void both_directions_count_as_false_alarms(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    add_pair(&pair, "up", "lower", 3, 0.02, 7, 7);
    add_pair(&pair, "down", "lower", 1 / 3.0, 0.02, 7, 7);
    add_pair(&pair, "same", "lower", 1, 0.02, 7, 7);
    struct vg_comparison *comparison = compare(&pair, 7);
    for (unsigned i = 0; i < 2; i++)
        assert_true(fabs(comparison->items[i].p_unchanged - 2.0 / 3432) < 1e-12);
    assert_true(comparison->items[2].p_unchanged <= 1);
    drop(&pair, comparison);
}

static void drift_is_told(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    add_pair(&pair, "m", "lower", 1, 0.02, 8, 20);
    struct vg_metric_series *then = &pair.then.items[0];
    for (unsigned i = 0; i < then->value_count; i++)
        then->values[i].value = 1000 + i;
    struct vg_comparison *comparison = compare(&pair, 20);
    assert_non_null(comparison->items[0].note);
    assert_non_null(strstr(comparison->items[0].note, "drift"));
    drop(&pair, comparison);
}

static void looks_share_the_error_and_keep_their_decisions(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    add_pair(&pair, "decided", "lower", 1.5, 0.02, 6, 20);
    add_pair(&pair, "open", "lower", 1.06, 0.08, 6, 20);
    struct vg_comparing comparing = {
        .policy = policy, .now = &pair.now, .then = &pair.then, .least_then = 20, .look = 1, .looks = true
    };
    struct vg_comparison *first = vg_compare(&comparing);
    assert_int_equal(first->looks, 3);
    assert_true(fabs(first->error - policy->error / 3) < 1e-12);
    expect(first, "t/c/decided", VG_CHANGE_REGRESSED);
    expect(first, "t/c/open", VG_CHANGE_INCONCLUSIVE);
    /* Six more boots of the open one, all slow; the decided one's would now say otherwise and are not asked. */
    boots(&pair.now.items[1], 14, 1500, 0.02);
    for (unsigned i = 0; i < pair.now.items[0].value_count; i++)
        pair.now.items[0].values[i].value = 1000 + i;
    comparing.before = first;
    comparing.look = 2;
    struct vg_comparison *second = vg_compare(&comparing);
    expect(second, "t/c/decided", VG_CHANGE_REGRESSED);
    assert_int_equal(vg_compared_find(second, "t/c/decided")->look, 1);
    expect(second, "t/c/open", VG_CHANGE_REGRESSED);
    assert_int_equal(vg_compared_find(second, "t/c/open")->look, 2);
    assert_int_equal(second->tested, 2);
    const struct vg_compared *open = vg_compared_find(second, "t/c/open"); /* one of two, though the other is decided */
    assert_true(open->q_regressed == 2 * open->p_regressed);
    vg_comparison_free(first);
    drop(&pair, second);
}

static void pairs_cancel_what_drifts(void **state)
{
    (void)state;
    struct pair pair = { 0 };
    struct vg_metric_series *now = add(&pair.now, "m", "lower", 0.05), *then = add(&pair.then, "m", "lower", 0.05);
    for (unsigned i = 0; i < 20; i++) { /* the machine halves its speed on the way; B is 10 % slower throughout */
        double machine = 1000 * (1 + i / 20.0);
        vg_push(then->values, then->value_count) = (struct vg_boot_value) { machine, 1, i };
        if (i != 3) /* this boot was lost: its partner is left out */
            vg_push(now->values, now->value_count) = (struct vg_boot_value) { machine * (1.10 + 0.0001 * i), 1, i };
    }
    struct vg_comparing comparing = {
        .policy = policy, .now = &pair.now, .then = &pair.then, .least_then = 6, .look = 1
    };
    struct vg_comparison *apart = vg_compare(&comparing);
    expect(apart, "t/c/m", VG_CHANGE_INCONCLUSIVE);
    comparing.paired = true;
    struct vg_comparison *together = vg_compare(&comparing);
    expect(together, "t/c/m", VG_CHANGE_REGRESSED);
    assert_true(fabs(together->items[0].ratio - 1.101) < 0.001);
    vg_comparison_free(apart);
    drop(&pair, together);
}

/* Boots that took turns: the core's speed jumps between rounds, for both sides alike, so that the boots' own values say
 * anything; round by round B is 10 % slower, but for one round in which something else ran. */
static void rounds_of_boots_that_took_turns_are_paired(void **state)
{
    (void)state;
    enum { BOOTS = 12, ROUNDS = 5 };
    struct pair pair = { 0 };
    add(&pair.now, "tiny.p50", "lower", 0.05);
    add(&pair.then, "tiny.p50", "lower", 0.05);
    for (unsigned boot = 0; boot < BOOTS; boot++) {
        double wrong = boot % 2 ? 1.4 : 0.7;
        struct vg_metric_series *now = &pair.now.items[0], *then = &pair.then.items[0];
        vg_push(now->values, now->value_count) = (struct vg_boot_value) { 1000 * wrong + boot, 1, boot };
        vg_push(then->values, then->value_count) = (struct vg_boot_value) { 1000, 1, boot };
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        vg_autofree char *metric = vg_format("tiny.round_p50[%02u]", round + 1);
        struct vg_metric_series *now = add(&pair.now, metric, "lower", 0), *then = add(&pair.then, metric, "lower", 0);
        for (unsigned boot = 0; boot < BOOTS; boot++) {
            double machine = (boot + round) % 3 ? 1000 : 1400, worse = round == 2 ? 3 : 1.10 + 0.0001 * boot;
            vg_push(then->values, then->value_count) = (struct vg_boot_value) { machine, 1, boot };
            vg_push(now->values, now->value_count) = (struct vg_boot_value) { machine * worse, 1, boot };
        }
    }
    struct vg_comparing comparing = {
        .policy = policy, .now = &pair.now, .then = &pair.then, .least_then = 6, .paired = true, .look = 1
    };
    struct vg_comparison *boots_alone = vg_compare(&comparing);
    expect(boots_alone, "t/c/tiny.p50", VG_CHANGE_INCONCLUSIVE);
    comparing.turns = true;
    struct vg_comparison *in_turns = vg_compare(&comparing);
    expect(in_turns, "t/c/tiny.p50", VG_CHANGE_REGRESSED);
    assert_int_equal(in_turns->count, 1); /* rounds are no metrics of their own */
    assert_true(fabs(in_turns->items[0].ratio - 1.1005) < 0.0006);
    vg_comparison_free(boots_alone);
    drop(&pair, in_turns);
}

static void a_user_sets_thresholds(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/policy.yaml", directory);
    static const char text[] = "thresholds:\n  - { metric: 't/c/slow*', min_effect: 0.5, source: mine }\n"
                               "steady:\n  - { metric: '*/jitter', at_most: 0.25, source: mine }\n"
                               "baseline_boots: 10\nsource: test\n";
    assert_good(vg_write_file(path, text, strlen(text), &err), err);
    struct vg_gate_policy *user = vg_gate_policy_load("suites", path, &err);
    assert_good(user, err);
    assert_int_equal(user->baseline_boots, 10);
    assert_int_equal(user->boots, policy->boots);
    assert_int_equal(user->look_count, policy->look_count);
    assert_true(vg_gate_policy_threshold(user, "t/c/slower", 0.05) == 0.5);
    assert_true(vg_gate_policy_threshold(user, "t/c/other", 0.05) == 0.05);
    assert_int_equal(user->steady_count, policy->steady_count + 1); /* beside ours */
    assert_string_equal(user->steady[0].metric, "*/jitter");
    assert_true(user->steady[0].at_most == 0.25);
    assert_string_equal(user->steady[1].metric, policy->steady[0].metric);
    vg_gate_policy_free(user);
    static const char *const wrong[][2] = {
        { "error: 1.5\nsource: x\n", "line 1" },
        { "boots: 0\nsource: x\n", "line 1" },
        { "looks: [6, 6]\nsource: x\n", "looks" },
        { "lookz: [6]\nsource: x\n", "looks" },
        { "error: 0.05\n", "source" },
        { "thresholds: [{ metric: a, min_effect: -1, source: x }]\nsource: x\n", "min_effect" },
        { "steady: [{ metric: a, at_most: -1, source: x }]\nsource: x\n", "at_most" },
        { "steady: [{ metric: a, at_most: 1 }]\nsource: x\n", "source" },
    };
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        assert_good(vg_write_file(path, wrong[i][0], strlen(wrong[i][0]), &err), err);
        assert_null(vg_gate_policy_load("suites", path, &err));
        if (!strstr(err.text, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], err.text);
    }
    scratch_remove(directory);
}

/* The rules of this text over a run that has empty.p50 and a baseline that has tiny.p50 besides. */
static bool rules_apply(const char *path, const char *text, struct vg_error *err)
{
    struct pair pair = { 0 };
    add(&pair.now, "empty.p50", "lower", 0.05);
    add(&pair.then, "empty.p50", "lower", 0.05);
    add(&pair.then, "tiny.p50", "lower", 0.05);
    const struct vg_metrics *const sides[] = { &pair.now, &pair.then };
    assert_good(vg_write_file(path, text, strlen(text), err), *err);
    struct vg_gate_policy *user = vg_gate_policy_load("suites", path, err);
    assert_good(user, *err);
    bool good =
        vg_thresholds_apply(user, sides, VG_COUNT(sides), err) && vg_steady_apply(user, sides, VG_COUNT(sides), err);
    vg_gate_policy_free(user);
    vg_metrics_free(&pair.now);
    vg_metrics_free(&pair.then);
    return good;
}

static void a_rule_for_no_metric_is_told(void **state)
{
    (void)state;
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/mine.yaml", directory);
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "thresholds: [{ metric: 't/c/empty*', min_effect: 0.5, source: x }]\nsource: x\n", NULL },
        { "thresholds: [{ metric: '*/tiny.p50', min_effect: 0.5, source: x }]\nsource: x\n", NULL },
        { "thresholds: [{ metric: 't/d/*', min_effect: 0.5, source: x, optional: true }]\nsource: x\n", NULL },
        { "baseline_boots: 21\nsource: x\n", NULL },
        { "thresholds: [{ metric: 't/d/*', min_effect: 0.5, source: x, optional: false }]\nsource: x\n", "`t/d/*`" },
        { "thresholds: [{ metric: '*/tinny.p50', min_effect: 0.5, source: x }]\nsource: x\n",
          "did you mean `tiny.p50`?" },
        { "thresholds: [{ metric: '*', min_effect: 0, source: x }, { metric: t/c/tinny.p50, min_effect: 0.5, source: "
          "x }]\nsource: x\n",
          "mine.yaml, line 1, column 67: no metric of these runs is called `t/c/tinny.p50`, did you mean "
          "`t/c/tiny.p50`?" },
        { "steady: [{ metric: '*/tiny.p50', at_most: 1, source: x }]\nsource: x\n", NULL },
        { "steady: [{ metric: '*/jitter', at_most: 1, source: x, optional: true }]\nsource: x\n", NULL },
        { "source: x\nsteady:\n  - { metric: '*/empty.p50', at_most: 1, source: x }\n  - { metric: '*/tiny.p5', "
          "at_most: "
          "1, source: x }\n",
          "mine.yaml, line 4, column 15: no metric of these runs is called `*/tiny.p5`, did you mean `tiny.p50`?" },
        { "steady: [{ metric: '*.p05', at_most: 1, source: x }]\nsource: x\n", "`*.p05`, did you mean `p50`?" },
        { "steady: [{ metric: 't/c/tinny.p50', at_most: 1, source: x, optional: false }]\nsource: x\n",
          "mine.yaml, line 1, column 20: no metric of these runs is called `t/c/tinny.p50`, did you mean "
          "`t/c/tiny.p50`?" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        bool good = rules_apply(path, cases[i].text, &err);
        if (good != !cases[i].says || (!good && !strstr(err.text, cases[i].says)))
            fail_msg("%s: %d %s", cases[i].text, good, err.text);
    }
    /* The suites' own file is for all runs, whatever they have. */
    struct vg_error err = { 0 };
    struct vg_metrics none = { 0 };
    struct vg_threshold threshold = { .metric = (char *)"nothing", .min_effect = 1, .source = (char *)"x" };
    const struct vg_gate_policy own = { .thresholds = &threshold, .threshold_count = 1 };
    const struct vg_gate_policy users = {
        .thresholds = &threshold, .threshold_count = 1, .user_file = (char *)"f", .user_threshold_count = 1
    };
    const struct vg_metrics *const empty[] = { &none };
    assert_true(vg_thresholds_apply(&users, empty, 1, &err)); /* nothing was measured, which is told elsewhere */
    add(&none, "a", "lower", 0.05);
    assert_true(vg_thresholds_apply(&own, empty, 1, &err));
    assert_false(vg_thresholds_apply(&users, empty, 1, &err));
    assert_true(vg_steady_apply(policy, empty, 1, &err)); /* ours: `*.spread` */
    vg_metrics_free(&none);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_verdicts),
        cmocka_unit_test(what_cannot_be_asked_is_said),
        cmocka_unit_test(many_metrics_share_the_error),
        cmocka_unit_test(noise_alone_is_no_regression),
        cmocka_unit_test(boots_that_cannot_decide_are_named),
        cmocka_unit_test(both_directions_count_as_false_alarms),
        cmocka_unit_test(drift_is_told),
        cmocka_unit_test(looks_share_the_error_and_keep_their_decisions),
        cmocka_unit_test(pairs_cancel_what_drifts),
        cmocka_unit_test(rounds_of_boots_that_took_turns_are_paired),
        cmocka_unit_test(a_user_sets_thresholds),
        cmocka_unit_test(a_rule_for_no_metric_is_told),
    };
    return cmocka_run_group_tests(tests, load_policy, free_policy);
}
