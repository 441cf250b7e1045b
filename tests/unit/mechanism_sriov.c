/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a VF is given besides itself, and that it is given back: memory by quotas of xe and i915, as far as the driver
 * did what it said; VFs that are enabled while the host's drivers keep off them, and that are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "support/fake_trees.h"

/* A driver that takes a quota and gives another, or none, has not given what the profile says. */
static void a_quota_is_read_back(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    const int errors[] = { 0, ENOSPC, EIO };
    const enum vg_refusal answers[] = { VG_REFUSED_ERROR, VG_REFUSED_NO_CAPACITY, VG_REFUSED_ERROR };
    for (size_t i = 0; i < VG_COUNT(errors); i++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_xe_tree_with_shares);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        fake_fault = (struct fake_fault) { .ending = "/vram_quota", .error = errors[i], .times = -1 };
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), answers[i]);
        assert_non_null(strstr(err.text, "vram_quota"));
        assert_int_equal(live(), 0);
        mechanism->close(opened);
        end_tree();
    }
}

static void assert_file(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = vg_format("%s/%s", fake_root, path), *now = NULL;
    assert_true(vg_read_attribute(full, &now, &err));
    assert_string_equal(now, text);
}

/* The ABI lets the driver align what it is asked for: that is granted, and told; what is no alignment is not. */
static void a_quota_may_be_rounded_up(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    static const struct {
        uint64_t asked, granule, granted; /* 0: refused */
    } rows[] = {
        { (UINT64_C(1) << 30), 0, UINT64_C(1) << 30 },
        { (UINT64_C(1) << 30) - 1, 2 << 20, UINT64_C(1) << 30 },
        { (UINT64_C(1) << 30) + 1, 8 << 20, (UINT64_C(1) << 30) + (8 << 20) },
        { (UINT64_C(1) << 30) + 1, 16 << 20, 0 },
        { 1, 64 << 20, 0 },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_xe_tree_with_shares);
        profile.memory_bytes = rows[i].asked;
        assert_true(mechanism->open(&host, &config, &opened, &err));
        fake_granule = rows[i].granule;
        enum vg_refusal answer = mechanism->create(opened, 0, &profile, &vgpu, &err);
        if (answer != (rows[i].granted ? VG_REFUSED_NOT : VG_REFUSED_ERROR))
            fail_msg("row %zu: %s: %s", i, vg_refusal_name(answer), err.text);
        if (vgpu)
            assert_true(vgpu->granted_bytes == rows[i].granted);
        assert_int_equal(live(), vgpu != NULL);
        mechanism->close(opened);
        fake_granule = 0;
        end_tree();
    }
    profile.memory_bytes = UINT64_C(1) << 30;
}

/* Without a file to write to, the driver's own division must be seen to be enough: a profile's memory is a promise. */
static void memory_that_cannot_be_given_is_seen(void **state)
{
    (void)state;
    static const struct {
        const char *vram; /* vram_provisioned; NULL: there is none */
        enum vg_refusal answer;
        const char *says;
    } rows[] = {
        { "VF1:\t1073741824\t(1.00 GiB)\nVF2:\t1\t(1 B)\n", VG_REFUSED_NOT, NULL },
        { "VF1:\t2147483648\t(2.00 GiB)\n", VG_REFUSED_NOT, NULL },
        { "VF1:\t1073741823\t(1.00 GiB)\nVF2:\t2147483648\t(2.00 GiB)\n", VG_REFUSED_UNSUPPORTED,
          "has 1023 MiB of memory, its profile says 1024" },
        { "VF2:\t1073741824\t(1.00 GiB)\n", VG_REFUSED_UNSUPPORTED, "has 0 MiB of memory" },
        { "VF1:\tmuch\n", VG_REFUSED_ERROR, "vram_provisioned" },
        { NULL, VG_REFUSED_UNSUPPORTED, "leave `memory_mib` out of the profile" },
    };
    static const char *const mechanisms[] = { "xe-sriov", "amd-mxgpu" };
    for (size_t row = 0; row < VG_COUNT(mechanisms) * VG_COUNT(rows); row++) {
        size_t i = row % VG_COUNT(rows);
        const struct vg_mechanism *mechanism = vg_mechanism_find(mechanisms[row / VG_COUNT(rows)]);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree(mechanism->name, make_sriov_tree);
        vg_autofree char *file = vg_format("%s/" DEBUG "vram_provisioned", fake_root);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        if (rows[i].vram)
            fake_put(DEBUG "vram_provisioned", rows[i].vram);
        else
            assert_int_equal(unlink(file), 0);
        enum vg_refusal answer = mechanism->create(opened, 0, &profile, &vgpu, &err);
        if (answer != rows[i].answer || (rows[i].says && !strstr(err.text, rows[i].says)))
            fail_msg("%s, row %zu: %s: %s", mechanism->name, i, vg_refusal_name(answer), err.text);
        assert_int_equal(live(), answer == VG_REFUSED_NOT);
        mechanism->close(opened);
        all_are_with_the_usual_driver(mechanism->name);
        profile.memory_bytes = 0; /* nothing is promised: nothing is looked at */
        err = (struct vg_error) { 0 };
        if (rows[i].answer == VG_REFUSED_UNSUPPORTED) {
            assert_true(mechanism->open(&host, &config, &opened, &err));
            assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
            mechanism->close(opened);
        }
        profile.memory_bytes = UINT64_C(1) << 30;
        end_tree();
    }
}

/* Memory that was given to a VF is given back with it, also when the VF itself could not be had; where what it had is
 * somebody else's by now, it keeps none. */
static void memory_does_not_stay_with_a_vf(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    enum { DESTROYED, NOT_HAD, TAKEN_MEANWHILE, WAYS };
    for (int way = 0; way < WAYS; way++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_xe_tree_with_shares);
        fake_put(SHARE "vram_quota", "4096\n");
        assert_true(mechanism->open(&host, &config, &opened, &err));
        if (way == NOT_HAD)
            fake_fault = (struct fake_fault) { .ending = "/drivers_probe", .error = EIO, .times = 1 };
        enum vg_refusal refusal = mechanism->create(opened, 0, &profile, &vgpu, &err);
        assert_int_equal(refusal, way == NOT_HAD ? VG_REFUSED_ERROR : VG_REFUSED_NOT);
        if (vgpu) {
            assert_file(SHARE "vram_quota", "1073741824");
            fake_fault =
                (struct fake_fault) { .ending = "/vram_quota", .error = ENOSPC, .times = way == TAKEN_MEANWHILE };
            assert_true(mechanism->destroy(opened, vgpu, &err));
        }
        assert_file(SHARE "vram_quota", way == TAKEN_MEANWHILE ? "0" : "4096");
        assert_int_equal(live(), 0);
        mechanism->close(opened);
        end_tree();
    }
}

/* A quota that cannot be given back is no destroy: the vGPU stays the caller's, who can try again. */
static void memory_that_stays_is_no_destroy(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    static const struct fake_fault faults[] = {
        { .ending = "/vram_quota", .error = EIO, .times = -1 },
        { .ending = "/vram_quota", .error = 0, .times = -1 },
        { .ending = "/vram_quota", .error = EIO, .times = -1, .reading = true },
    };
    for (size_t i = 0; i < VG_COUNT(faults); i++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_xe_tree_with_shares);
        fake_put(SHARE "vram_quota", "4096\n");
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        fake_fault = faults[i];
        if (mechanism->destroy(opened, vgpu, &err))
            fail_msg("fault %zu: it is said to be gone, and its memory is not", i);
        assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
        assert_non_null(strstr(err.text, "0000:41:00.4 keeps memory that nobody uses"));
        assert_int_equal(live(), 0); /* the VF itself is back */
        fake_fault = (struct fake_fault) { 0 };
        assert_true(mechanism->destroy(opened, vgpu, &err));
        assert_file(SHARE "vram_quota", "4096");
        all_are_with_the_usual_driver("a second destroy");
        mechanism->close(opened);
        end_tree();
    }
}

/* --- VFs, enabled while the host's drivers keep off them ------------------------------------------------------------
 */

static char autoprobe_then[8]; /* when VFs were enabled last */

static void enable_vfs(const char *path, const char *value)
{
    struct vg_error err = { 0 };
    if (!ends_with(path, "/sriov_numvfs"))
        return;
    bool on = value[0] != '0';
    vg_autofree char *autoprobe = vg_format("%s/" PF "sriov_drivers_autoprobe", fake_root), *text = NULL;
    vg_autofree char *first = vg_format("%s/" PF "virtfn0", fake_root);
    vg_autofree char *second = vg_format("%s/" PF "virtfn1", fake_root);
    if (on && vg_exists(autoprobe)) {
        assert_true(vg_read_attribute(autoprobe, &text, &err));
        snprintf(autoprobe_then, sizeof(autoprobe_then), "%s", text);
    }
    unlink(first);
    unlink(second);
    if (on) {
        fake_link(PF "virtfn0", "../0000:41:00.4");
        fake_link(PF "virtfn1", "../0000:41:00.5");
    }
}

static void the_hosts_drivers_keep_off_new_vfs(void **state)
{
    (void)state;
    static const struct {
        const char *autoprobe;   /* as it is before, and after; NULL: this kernel has none */
        struct fake_fault fault; /* of which VFs cannot be enabled */
        const char *then;
    } rows[] = {
        { "1", { 0 }, "0" },
        { "0", { 0 }, "0" },
        { NULL, { 0 }, "" },
        { "1", { .ending = "/sriov_numvfs", .error = EIO, .times = -1 }, "" },
        { "1", { .ending = "/sriov_drivers_autoprobe", .error = 0, .times = -1 }, "" },
    };
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        void *opened = NULL;
        begin_tree("xe-sriov", make_xe_tree_with_shares);
        fake_put(PF "sriov_numvfs", "0\n");
        enable_vfs("/sriov_numvfs", "0");
        if (rows[i].autoprobe)
            fake_put(PF "sriov_drivers_autoprobe", rows[i].autoprobe);
        autoprobe_then[0] = '\0';
        fake_acts = enable_vfs;
        fake_fault = rows[i].fault;
        bool opens = mechanism->open(&host, &config, &opened, &err);
        fake_acts = NULL;
        if (opens == (rows[i].fault.ending != NULL))
            fail_msg("row %zu: %s", i, opens ? "VFs were enabled" : err.text);
        assert_string_equal(autoprobe_then, rows[i].then);
        if (rows[i].autoprobe)
            assert_file(PF "sriov_drivers_autoprobe", rows[i].autoprobe);
        if (opens)
            mechanism->close(opened);
        end_tree();
    }
}

/* What a run that is killed would leave is written down before it is done, and that it was set back, after. */
static void what_is_set_is_noted(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    struct vg_error err = { 0 };
    struct vg_vgpu *vgpu = NULL;
    void *opened = NULL;
    begin_tree("xe-sriov", make_xe_tree_with_shares);
    fake_put(PF "sriov_numvfs", "0\n");
    enable_vfs("/sriov_numvfs", "0");
    fake_put(PF "sriov_drivers_autoprobe", "1");
    fake_acts = enable_vfs;
    char directory[] = "/tmp/vgauge-noted-XXXXXX"; /* what is below the tree's root is written as a driver writes it */
    assert_non_null(mkdtemp(directory));
    vg_ledger_begin(directory);
    assert_true(mechanism->open(&host, &config, &opened, &err));
    fake_acts = NULL;
    assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
    assert_true(mechanism->destroy(opened, vgpu, &err));
    mechanism->close(opened);
    vg_ledger_begin(NULL);
    vg_autofree char *ledger = vg_format("%s/made", directory), *text = NULL;
    size_t length;
    assert_true(vg_read_file(ledger, 1 << 20, &text, &length, &err));
    const char *const lines[] = { "set 1 0 ", "reset ", "set 0 1073741824 ", "reset " };
    const char *const files[] = { "sriov_drivers_autoprobe\n", "sriov_drivers_autoprobe\n", "vram_quota\n",
                                  "vram_quota\n" };
    const char *at = text;
    for (size_t i = 0; i < VG_COUNT(lines); i++) {
        const char *line = strstr(at, lines[i]), *file = line ? strstr(line, files[i]) : NULL;
        if (!file || memchr(line, '\n', (size_t)(file - line)))
            fail_msg("no line \"%s...%s\" in order: %s", lines[i], files[i], text);
        at = file;
    }
    assert_true(vg_remove_tree(directory, &err));
    end_tree();
}

/* What cannot be reached may be there: only what is not there is gone. */
static void unreachable_is_not_gone(void **state)
{
    (void)state;
    static const struct {
        const char *name, *ending; /* NULL: the vGPU's UUID */
        void (*make)(void);
    } rows[] = {
        { "kernel-sample-mdev", NULL, make_mdev_tree },
        { "nvidia-vfio", VF0 "nvidia/current_vgpu_type", make_nvidia_tree },
        { "xe-sriov", "0000:41:00.4", make_xe_tree_with_shares },
        { "passthrough", "0000:41:00.0", make_passthrough_tree },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(rows[i].name);
        const int errors[] = { EIO, ENOTCONN };
        for (size_t j = 0; j < VG_COUNT(errors); j++) {
            struct vg_error err = { 0 };
            struct vg_vgpu *vgpu = NULL;
            void *opened = NULL;
            begin_tree(rows[i].name, rows[i].make);
            assert_true(mechanism->open(&host, &config, &opened, &err));
            assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
            vg_autofree char *uuid = vg_strdup(vgpu->uuid);
            fake_fault = (struct fake_fault) { .ending = rows[i].ending ? rows[i].ending : uuid,
                                               .error = errors[j],
                                               .reaching = true };
            bool gone = mechanism->destroy(opened, vgpu, &err);
            if (gone && live())
                fail_msg("%s: it is said to be gone, and could only not be reached", rows[i].name);
            fake_fault = (struct fake_fault) { 0 };
            if (!gone && !mechanism->destroy(opened, vgpu, &err))
                fail_msg("%s: %s", rows[i].name, err.text);
            assert_int_equal(live(), 0);
            mechanism->close(opened);
            end_tree();
        }
    }
}

/* One that has a vGPU has no room; one that is not there is not to be had. */
static void a_vf_is_named(void **state)
{
    (void)state;
    static const char *const names[] = { "xe-sriov", "amd-mxgpu" };
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(names[i]);
        struct vg_error err = { 0 };
        struct vg_vgpu *first = NULL, *second = NULL, *third = NULL;
        void *opened = NULL;
        begin_tree(names[i], make_sriov_tree);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        struct vg_create_as how = { .pgpu_index = 0, .profile = &profile, .vf = 1 };
        assert_int_equal(mechanism->create_as(opened, &how, &first, &err), VG_REFUSED_NOT);
        assert_int_equal(first->vf, 1);
        for (int full = 0; full < 2; full++) {
            how.vf = 1;
            assert_int_equal(mechanism->create_as(opened, &how, &third, &err), VG_REFUSED_NO_CAPACITY);
            assert_non_null(strstr(err.text, "the VF 0000:41:00.5 has a vGPU already"));
            how.vf = 2;
            err = (struct vg_error) { 0 };
            assert_int_equal(mechanism->create_as(opened, &how, &third, &err), VG_REFUSED_UNSUPPORTED);
            assert_non_null(strstr(err.text, "card has no VF 2, only 0 to 1"));
            assert_null(third);
            how.vf = 0;
            if (!full)
                assert_int_equal(mechanism->create_as(opened, &how, &second, &err), VG_REFUSED_NOT);
        }
        mechanism->close(opened);
        assert_int_equal(live(), 0);
        end_tree();
    }
}

/* --- i915's quota, in the tree of Intel's own driver ----------------------------------------------------------------
 */

#define CARD PF "drm/card1/"

static void make_i915_tree(void)
{
    make_sriov_tree();
    fake_put("sys/bus/pci/drivers/i915/unbind", "");
    fake_link(PF "driver", "../../drivers/i915");
    fake_put(PF "drm/renderD128/dev", "226:128\n");
    fake_put(CARD "dev", "226:1\n");
}

static void i915_gives_memory_where_it_has_a_file(void **state)
{
    (void)state;
    static const struct {
        const char *files[2]; /* lmem_quota is there */
        enum vg_refusal answer;
        const char *says;
    } rows[] = {
        { { CARD "prelim_iov/vf1/gt/lmem_quota" }, VG_REFUSED_NOT, NULL },
        { { CARD "iov/vf1/gt/lmem_quota" }, VG_REFUSED_NOT, NULL },
        { { CARD "prelim_iov/vf1/gt0/lmem_quota" }, VG_REFUSED_NOT, NULL },
        { { CARD "prelim_iov/vf1/gt0/lmem_quota", CARD "prelim_iov/vf1/gt1/lmem_quota" },
          VG_REFUSED_UNSUPPORTED,
          "2 tiles" },
        { { CARD "prelim_iov/vf2/gt/lmem_quota" }, VG_REFUSED_UNSUPPORTED, "prelim_iov/vf1/gt*/lmem_quota" },
        { { CARD "prelim_iov/vf1/gt/ggtt_quota" }, VG_REFUSED_UNSUPPORTED, "iov/vf1/gt*/lmem_quota" },
        { { PF "drm/cards/iov/vf1/gt/lmem_quota" }, VG_REFUSED_UNSUPPORTED, "drm/cardN" },
    };
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_i915_tree);
        for (size_t j = 0; j < VG_COUNT(rows[i].files) && rows[i].files[j]; j++)
            fake_put(rows[i].files[j], "0\n");
        assert_true(mechanism->open(&host, &config, &opened, &err));
        enum vg_refusal answer = mechanism->create(opened, 0, &profile, &vgpu, &err);
        if (answer != rows[i].answer || (rows[i].says && !strstr(err.text, rows[i].says)))
            fail_msg("%s: %s: %s", rows[i].files[0], vg_refusal_name(answer), err.text);
        assert_int_equal(live(), answer == VG_REFUSED_NOT);
        vg_autofree char *path = vg_format("%s/%s", fake_root, rows[i].files[0]);
        vg_autofree char *text = NULL;
        assert_true(vg_read_attribute(path, &text, &err));
        assert_string_equal(text, answer == VG_REFUSED_NOT ? "1073741824" : "0");
        mechanism->close(opened);
        assert_int_equal(live(), 0);
        end_tree();
    }
}

/* Quotas that i915 does not take, and takes and does not give. */
static void i915_is_not_believed(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("xe-sriov");
    const int errors[] = { 0, ENOSPC, EBUSY, EIO };
    const enum vg_refusal answers[] = { VG_REFUSED_ERROR, VG_REFUSED_NO_CAPACITY, VG_REFUSED_BUSY, VG_REFUSED_ERROR };
    for (size_t i = 0; i < VG_COUNT(errors); i++) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree("xe-sriov", make_i915_tree);
        fake_put(CARD "prelim_iov/vf1/gt/lmem_quota", "4096\n");
        assert_true(mechanism->open(&host, &config, &opened, &err));
        fake_fault = (struct fake_fault) { .ending = "/lmem_quota", .error = errors[i], .times = -1 };
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), answers[i]);
        assert_non_null(strstr(err.text, "lmem_quota"));
        assert_int_equal(live(), 0);
        mechanism->close(opened);
        end_tree();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_read_back),
        cmocka_unit_test(a_quota_may_be_rounded_up),
        cmocka_unit_test(memory_that_cannot_be_given_is_seen),
        cmocka_unit_test(memory_does_not_stay_with_a_vf),
        cmocka_unit_test(memory_that_stays_is_no_destroy),
        cmocka_unit_test(the_hosts_drivers_keep_off_new_vfs),
        cmocka_unit_test(what_is_set_is_noted),
        cmocka_unit_test(unreachable_is_not_gone),
        cmocka_unit_test(a_vf_is_named),
        cmocka_unit_test(i915_gives_memory_where_it_has_a_file),
        cmocka_unit_test(i915_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
