/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scheduling policies of an Intel GPU over trees as xe and Intel's own i915 have them, with a driver behind them that
 * refuses, lies and stops half way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "support/fake_trees.h"

#define ADMIN PF "sriov_admin/"
#define CARD  PF "drm/card1/"

static void make_xe_tree(void)
{
    static const char *const functions[] = { "pf", "vf1", "vf2" };
    make_sriov_tree();
    fake_put(ADMIN ".bulk_profile/sched_priority", "");
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        vg_autofree char *quantum = vg_format(ADMIN "%s/profile/exec_quantum_ms", functions[i]);
        vg_autofree char *timeout = vg_format(ADMIN "%s/profile/preempt_timeout_us", functions[i]);
        vg_autofree char *priority = vg_format(ADMIN "%s/profile/sched_priority", functions[i]);
        vg_autofree char *full = vg_format("%s/%s", fake_root, priority);
        fake_put(quantum, "40\n"); /* as newer drivers provision VFs by themselves */
        fake_put(timeout, "80000\n");
        fake_put(priority, "[low] normal\n");
        assert_int_equal(chmod(full, i ? 0444 : 0644), 0); /* the firmware's rule for VFs */
    }
}

static void make_i915_part(const char *place, const char *part)
{
    static const char *const functions[] = { "pf", "vf1", "vf2" };
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        vg_autofree char *quantum = vg_format(CARD "%s/%s/%s/exec_quantum_ms", place, functions[i], part);
        vg_autofree char *timeout = vg_format(CARD "%s/%s/%s/preempt_timeout_us", place, functions[i], part);
        fake_put(quantum, "0\n");
        fake_put(timeout, "0\n");
    }
    vg_autofree char *idle = vg_format(CARD "%s/pf/%s/policies/sched_if_idle", place, part);
    fake_put(idle, "0\n");
}

static void make_i915_base(void)
{
    make_sriov_tree();
    fake_put("sys/bus/pci/drivers/i915/unbind", "");
    fake_link(PF "driver", "../../drivers/i915");
    fake_put(PF "drm/renderD128/dev", "226:128\n");
}

static void make_i915_tree(void)
{
    make_i915_base();
    make_i915_part("prelim_iov", "gt0");
    make_i915_part("prelim_iov", "gt1");
}

static void make_i915_older_tree(void)
{
    make_i915_base();
    make_i915_part("iov", "gt");
}

static void make_i915_without_switch(void)
{
    struct vg_error err = { 0 };
    make_i915_older_tree();
    vg_autofree char *policies = vg_format("%s/" CARD "iov/pf/gt/policies", fake_root);
    assert_true(vg_remove_tree(policies, &err));
}

static void make_i915_without_card(void)
{
    make_i915_base();
    fake_put(PF "drm/cards/prelim_iov/vf1/gt/exec_quantum_ms", "0\n");
}

struct expected {
    const char *path, *text;
};

static void assert_files(const char *name, const struct expected *files, size_t count)
{
    for (size_t i = 0; i < count && files[i].path; i++) {
        struct vg_error err = { 0 };
        vg_autofree char *path = vg_format("%s/%s", fake_root, files[i].path), *text = NULL;
        if (!vg_read_attribute(path, &text, &err) || !vg_equal(text, files[i].text))
            fail_msg("%s: %s reads `%s` and must read `%s`", name, files[i].path, text ? text : err.text,
                     files[i].text);
    }
}

static const struct row {
    const char *name;
    void (*make)(void);
    struct vg_host_policy policy;
    unsigned weight;
    enum vg_refusal answer;
    const char *says;
    struct expected after[6];
} rows[] = {
    { "xe gets quanta, and keeps its priority",
      make_xe_tree,
      { .name = T("xe-quanta"), .slice_us = 16000 },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { ADMIN "vf1/profile/exec_quantum_ms", "16" },
        { ADMIN "vf1/profile/preempt_timeout_us", "32000" },
        { ADMIN "vf2/profile/exec_quantum_ms", "40" },
        { ADMIN "vf1/profile/sched_priority", "[low] normal" } } },
    { "a weight multiplies",
      make_xe_tree,
      { .name = T("xe-quanta"), .slice_us = 16000 },
      3,
      VG_REFUSED_NOT,
      NULL,
      { { ADMIN "vf1/profile/exec_quantum_ms", "48" }, { ADMIN "vf1/profile/preempt_timeout_us", "96000" } } },
    { "best effort takes back what the driver provisioned",
      make_xe_tree,
      { .name = T("best-effort") },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { ADMIN "vf1/profile/exec_quantum_ms", "0" }, { ADMIN "vf1/profile/preempt_timeout_us", "0" } } },
    { "the priority of VFs goes through that of all",
      make_xe_tree,
      { .name = T("xe-quanta"), .slice_us = 16000, .priority = T("normal") },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { ADMIN "vf1/profile/sched_priority", "normal" },
        { ADMIN "pf/profile/sched_priority", "normal" },
        { ADMIN "vf1/profile/exec_quantum_ms", "16" } } },
    { "a quantum is whole milliseconds",
      make_xe_tree,
      { .name = T("xe-quanta"), .slice_us = 900 },
      1,
      VG_REFUSED_UNSUPPORTED,
      "whole milliseconds",
      { { ADMIN "vf1/profile/exec_quantum_ms", "40" } } },
    { "no slice is not unlimited",
      make_xe_tree,
      { .name = T("xe-quanta") },
      1,
      VG_REFUSED_UNSUPPORTED,
      "slice_us",
      { { ADMIN "vf1/profile/exec_quantum_ms", "40" } } },
    { "a weight that goes too far",
      make_xe_tree,
      { .name = T("xe-quanta"), .slice_us = 10000000 },
      UINT32_MAX,
      VG_REFUSED_UNSUPPORTED,
      "quantum of 100001 ms",
      { { ADMIN "vf1/profile/exec_quantum_ms", "40" } } },
    { "other policies",
      make_xe_tree,
      { .name = T("equal-share") },
      1,
      VG_REFUSED_UNSUPPORTED,
      "offers no",
      { { ADMIN "vf1/profile/exec_quantum_ms", "40" } } },
    { "i915 gets quanta on each tile",
      make_i915_tree,
      { .name = T("xe-quanta"), .slice_us = 20000 },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { CARD "prelim_iov/vf1/gt0/exec_quantum_ms", "20" },
        { CARD "prelim_iov/vf1/gt1/exec_quantum_ms", "20" },
        { CARD "prelim_iov/vf1/gt1/preempt_timeout_us", "40000" },
        { CARD "prelim_iov/vf2/gt0/exec_quantum_ms", "0" },
        { CARD "prelim_iov/pf/gt0/policies/sched_if_idle", "0" } } },
    { "i915's other place",
      make_i915_older_tree,
      { .name = T("xe-quanta"), .slice_us = 20000 },
      2,
      VG_REFUSED_NOT,
      NULL,
      { { CARD "iov/vf1/gt/exec_quantum_ms", "40" }, { CARD "iov/vf1/gt/preempt_timeout_us", "80000" } } },
    { "i915's normal is sched_if_idle",
      make_i915_tree,
      { .name = T("xe-quanta"), .slice_us = 20000, .priority = T("normal") },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { CARD "prelim_iov/pf/gt0/policies/sched_if_idle", "1" },
        { CARD "prelim_iov/pf/gt1/policies/sched_if_idle", "1" } } },
    { "i915 has no high",
      make_i915_tree,
      { .name = T("xe-quanta"), .slice_us = 20000, .priority = T("high") },
      1,
      VG_REFUSED_UNSUPPORTED,
      "sched_if_idle alone",
      { { CARD "prelim_iov/vf1/gt0/exec_quantum_ms", "0" },
        { CARD "prelim_iov/pf/gt0/policies/sched_if_idle", "0" } } },
    { "i915 without the switch",
      make_i915_without_switch,
      { .name = T("xe-quanta"), .slice_us = 20000, .priority = T("low") },
      1,
      VG_REFUSED_UNSUPPORTED,
      "no policies/sched_if_idle",
      { { CARD "iov/vf1/gt/exec_quantum_ms", "0" } } },
    { "i915 without the switch, and not asked for",
      make_i915_without_switch,
      { .name = T("xe-quanta"), .slice_us = 20000 },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { CARD "iov/vf1/gt/exec_quantum_ms", "20" } } },
    { "i915 of Linux",
      make_i915_without_card,
      { .name = T("xe-quanta"), .slice_us = 20000 },
      1,
      VG_REFUSED_UNSUPPORTED,
      "offers no",
      { { NULL, NULL } } },
    { "i915 of Linux, best effort",
      make_i915_without_card,
      { .name = T("best-effort") },
      1,
      VG_REFUSED_NOT,
      NULL,
      { { NULL, NULL } } },
};

/* Applies a row's policy to one tenant, that of the first VF. */
static enum vg_refusal apply(const struct row *row, struct fake_fault fault, struct vg_error *err)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    struct vg_vgpu *vgpu = NULL;
    void *opened = NULL;
    profile.memory_bytes = 0;
    if (!mechanism->open(&host, &config, &opened, err) ||
        mechanism->create(opened, 0, &profile, &vgpu, err) != VG_REFUSED_NOT)
        fail_msg("%s: %s", row->name, err->text);
    const struct vg_policy_tenant tenant = { .tenant = "a", .vgpu = vgpu, .pid = 1, .weight = row->weight };
    fake_fault = fault;
    enum vg_refusal answer = mechanism->policy(opened, 0, &row->policy, &tenant, 1, err);
    fake_fault = (struct fake_fault) { 0 };
    mechanism->close(opened);
    return answer;
}

static void policies_become_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        begin_tree("xe-sriov", rows[i].make);
        enum vg_refusal answer = apply(&rows[i], (struct fake_fault) { 0 }, &err);
        if (answer != rows[i].answer || (rows[i].says && !strstr(err.text, rows[i].says)))
            fail_msg("%s: %s: %s", rows[i].name, vg_refusal_name(answer), err.text);
        assert_files(rows[i].name, rows[i].after, VG_COUNT(rows[i].after));
        end_tree();
    }
}

/* A driver that refuses, is broken, or says yes and does nothing, at each file in turn: a typed answer, and everything
 * that had been written before is as it was. */
static void half_a_setting_is_none(void **state)
{
    (void)state;
    static const struct {
        struct row row;
        const char *endings[3];
        struct expected before[5];
    } trees[] = {
        { { "xe",
            make_xe_tree,
            { .name = T("xe-quanta"), .slice_us = 16000, .priority = T("normal") },
            1,
            0,
            NULL,
            { { NULL, NULL } } },
          { "bulk_profile/sched_priority", "vf1/profile/exec_quantum_ms", "vf1/profile/preempt_timeout_us" },
          { { ADMIN "vf1/profile/exec_quantum_ms", "40" }, { ADMIN "vf1/profile/preempt_timeout_us", "80000" } } },
        { { "i915",
            make_i915_tree,
            { .name = T("xe-quanta"), .slice_us = 16000, .priority = T("normal") },
            1,
            0,
            NULL,
            { { NULL, NULL } } },
          { "gt1/policies/sched_if_idle", "vf1/gt1/exec_quantum_ms", "vf1/gt1/preempt_timeout_us" },
          { { CARD "prelim_iov/vf1/gt0/exec_quantum_ms", "0" },
            { CARD "prelim_iov/vf1/gt1/exec_quantum_ms", "0" },
            { CARD "prelim_iov/vf1/gt0/preempt_timeout_us", "0" },
            { CARD "prelim_iov/pf/gt0/policies/sched_if_idle", "0" } } },
    };
    static const struct {
        int error;
        enum vg_refusal answer;
    } faults[] = { { EINVAL, VG_REFUSED_UNSUPPORTED },
                   { EPERM, VG_REFUSED_UNSUPPORTED },
                   { EIO, VG_REFUSED_ERROR },
                   { EBUSY, VG_REFUSED_BUSY },
                   { 0, VG_REFUSED_ERROR } };
    for (size_t i = 0; i < VG_COUNT(trees) * VG_COUNT(trees[0].endings) * VG_COUNT(faults); i++) {
        size_t tree = i / VG_COUNT(faults) / VG_COUNT(trees[0].endings);
        const char *ending = trees[tree].endings[i / VG_COUNT(faults) % VG_COUNT(trees[0].endings)];
        const struct row *row = &trees[tree].row;
        size_t fault = i % VG_COUNT(faults);
        struct vg_error err = { 0 };
        begin_tree("xe-sriov", row->make);
        enum vg_refusal answer =
            apply(row, (struct fake_fault) { .ending = ending, .error = faults[fault].error, .times = 1 }, &err);
        if (answer != faults[fault].answer || !*err.text)
            fail_msg("%s, %s, errno %d: %s: %s", row->name, ending, faults[fault].error, vg_refusal_name(answer),
                     err.text);
        assert_files(ending, trees[tree].before, VG_COUNT(trees[tree].before));
        end_tree();
    }
}

/* Tiles that do not agree are no scheduling; neither is a place without the function, or garbage. */
static void what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const struct expected wrong[] = {
        { CARD "prelim_iov/vf1/gt1/exec_quantum_ms", "5\n" },
        { CARD "prelim_iov/vf1/gt0/exec_quantum_ms", "-1\n" },
        { CARD "prelim_iov/vf1/gt0/preempt_timeout_us", "\n" },
        { CARD "prelim_iov/vf1/gt1/preempt_timeout_us", "4294967296000\n" },
        { CARD "prelim_iov/pf/gt0/policies/sched_if_idle", "2\n" },
        { CARD "prelim_iov/pf/gt1/policies/sched_if_idle", "1\n" },
    };
    static const struct row row = { .name = "wrong", .policy = { .name = T("best-effort") } };
    for (size_t i = 0; i <= VG_COUNT(wrong); i++) {
        struct vg_error err = { 0 };
        begin_tree("xe-sriov", make_i915_tree);
        vg_autofree char *gone = vg_format("%s/" CARD "prelim_iov/vf1", fake_root);
        if (i < VG_COUNT(wrong))
            fake_put(wrong[i].path, wrong[i].text);
        else
            assert_true(vg_remove_tree(gone, &err));
        enum vg_refusal answer = apply(&row, (struct fake_fault) { 0 }, &err);
        if (answer != VG_REFUSED_ERROR || err.kind != VG_ERROR_ENVIRONMENT)
            fail_msg("%zu: %s: %s", i, vg_refusal_name(answer), err.text);
        end_tree();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_become_settings),
        cmocka_unit_test(half_a_setting_is_none),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
