/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a vGPU may cost against bare metal: which limit is about what, when it is passed, and runs given the wrong way
 * round. Runs from the root of the source tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "compare/compare.h"

static struct vg_gate_policy *policy_of(const char *user_text, struct vg_error *err)
{
    if (!user_text)
        return vg_gate_policy_load("suites", NULL, err);
    char path[] = "/tmp/vgauge-test-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "%s", user_text), (int)strlen(user_text));
    close(fd);
    struct vg_gate_policy *policy = vg_gate_policy_load("suites", path, err);
    unlink(path);
    return policy;
}

static void a_ratio_is_turned_where_more_is_better(void **unused)
{
    (void)unused;
    char lower[] = "lower", higher[] = "higher";
    struct vg_compared item = { .better = lower, .ratio = 2, .lower = 1.6, .upper = 2.5 };
    struct vg_cost cost = vg_cost_of(&item);
    assert_true(cost.ratio == 2 && cost.lower == 1.6 && cost.upper == 2.5);
    item.better = higher;
    cost = vg_cost_of(&item);
    assert_true(cost.ratio == 0.5 && cost.lower == 0.4 && cost.upper == 0.625);
}

static void the_whole_interval_decides(void **unused)
{
    (void)unused;
    const struct vg_overhead_limit limit = { .at_most = 1.1 };
    assert_int_equal(vg_cost_judge((struct vg_cost) { 1.05, 1.02, 1.1 }, &limit), VG_COST_WITHIN);
    assert_int_equal(vg_cost_judge((struct vg_cost) { 1.05, 1.02, 1.11 }, &limit), VG_COST_OPEN);
    assert_int_equal(vg_cost_judge((struct vg_cost) { 1.2, 1.1, 1.3 }, &limit), VG_COST_OPEN);
    assert_int_equal(vg_cost_judge((struct vg_cost) { 1.2, 1.12, 1.3 }, &limit), VG_COST_BEYOND);
    assert_int_equal(vg_cost_judge((struct vg_cost) { 1.2, -INFINITY, INFINITY }, &limit), VG_COST_OPEN);
    assert_int_equal(vg_cost_judge((struct vg_cost) { NAN, NAN, NAN }, &limit), VG_COST_OPEN);
    assert_int_equal(vg_cost_judge((struct vg_cost) { 9, 8, 10 }, NULL), VG_COST_REPORTED);
    assert_string_equal(vg_cost_verdict_name(VG_COST_BEYOND), "beyond");
}

static void limits_are_of_a_metric_and_a_mechanism(void **unused)
{
    (void)unused;
    struct vg_error err = { 0 };
    struct vg_gate_policy *policy = policy_of(NULL, &err);
    assert_non_null(policy);
    const struct vg_overhead_limit *limit =
        vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p50", "nvidia-vfio");
    assert_non_null(limit);
    assert_true(limit->at_most == 1.1 && strstr(limit->source, "VGPU-DSUB-007"));
    assert_non_null(vg_overhead_limit_find(policy, "dsub-gl-latency/tiny.p50", "xe-sriov"));
    assert_null(vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p99", "nvidia-vfio"));
    assert_null(vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p50", "virtio-venus")); /* "else reported" */
    assert_null(vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p50", NULL));
    vg_gate_policy_free(policy);
    policy = policy_of("source: mine\noverhead:\n"
                       "  - { metric: \"*.p50\", mechanisms: nvidia-vfio, at_most: 1.5, source: a contract }\n",
                       &err);
    assert_non_null(policy);
    limit = vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p50", "nvidia-vfio");
    assert_true(limit && limit->at_most == 1.5);
    limit = vg_overhead_limit_find(policy, "dsub-vulkan-latency/tiny.p50", "xe-sriov"); /* ours stay behind it */
    assert_true(limit && limit->at_most == 1.1);
    assert_true(vg_words_have(&policy->bare_metal, "passthrough"));
    vg_gate_policy_free(policy);
}

static void wrong_limits_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *word;
    } wrong[] = {
        { "source: x\noverhead:\n  - { metric: a, mechanisms: nvidia-vfoi, at_most: 1.5, source: x }\n",
          "nvidia-vfio" },
        { "source: x\noverhead:\n  - { metric: a, mechanisms: [], at_most: 1.5, source: x }\n", "must not be empty" },
        { "source: x\noverhead:\n  - { metric: a, mechanisms: gvt-g, at_most: 0, source: x }\n", "is a ratio" },
        { "source: x\noverhead:\n  - { metric: a, mechanisms: gvt-g, at_most: 1.5 }\n", "source" },
        { "source: x\nbare_metal: natvie\n", "native" },
    };
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vg_error err = { 0 };
        struct vg_gate_policy *policy = policy_of(wrong[i].text, &err);
        if (policy || !strstr(err.text, wrong[i].word))
            fail_msg("\"%s\" is not in: %s", wrong[i].word, policy ? "(it was taken)" : err.text);
        if (i != 3 && !strstr(err.text, "line"))
            fail_msg("no line: %s", err.text);
    }
}

static void bare_metal_comes_first(void **unused)
{
    (void)unused;
    struct vg_error err = { 0 };
    struct vg_gate_policy *policy = policy_of(NULL, &err);
    assert_non_null(policy);
    static const struct {
        const char *bare, *vgpu;
        bool good, warns;
    } cases[] = {
        { "native", "virtio-venus", true, false },
        { "passthrough", "nvidia-vfio", true, false },
        { "native", "passthrough", true, false },
        { "native", "native", true, false },
        { "virtio-venus", "native", false, false },
        { "nvidia-vfio", "passthrough", false, false },
        { "virtio-venus", "nvidia-vfio", true, true },
        { NULL, "virtio-venus", true, true },
        { "native", NULL, true, false },
        { NULL, "native", false, false },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error why = { 0 };
        char *warning;
        assert_true(vg_overhead_sides(policy, cases[i].bare, cases[i].vgpu, &warning, &why) == cases[i].good);
        assert_true((warning != NULL) == cases[i].warns);
        if (!cases[i].good)
            assert_non_null(strstr(why.text, "wrong way round"));
        free(warning);
    }
    vg_gate_policy_free(policy);
}

static void a_side_has_one_mechanism_or_none(void **unused)
{
    (void)unused;
    char native[] = "native", venus[] = "virtio-venus", vfio[] = "nvidia-vfio";
    struct vg_judgement first = { .mechanism = native, .verdict = VG_PASS }, second = first, skipped = first;
    skipped.mechanism = venus;
    skipped.verdict = VG_SKIP;
    struct vg_judgement *judgements[] = { &first, &skipped, &second };
    struct vg_results results = { .judgements = judgements, .count = 3 };
    struct vg_results *runs[] = { &results };
    const struct vg_side side = { .runs = runs, .count = 1 };
    assert_string_equal(vg_side_mechanism(&side), "native");
    second.mechanism = vfio;
    assert_null(vg_side_mechanism(&side));
    results.count = 0;
    assert_null(vg_side_mechanism(&side));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratio_is_turned_where_more_is_better),
        cmocka_unit_test(the_whole_interval_decides),
        cmocka_unit_test(limits_are_of_a_metric_and_a_mechanism),
        cmocka_unit_test(wrong_limits_are_refused),
        cmocka_unit_test(bare_metal_comes_first),
        cmocka_unit_test(a_side_has_one_mechanism_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
