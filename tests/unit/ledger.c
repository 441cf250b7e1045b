/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run noted of PCI functions before it died is undone, and only as far as nobody else has to do with it: VFs
 * that it enabled, functions that it gave to vfio-pci, vGPUs that it put on VFs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "machine/internal.h"
#include "support/fake_trees.h"

static char directory[] = "/tmp/vgauge-ledger-XXXXXX";
static char *pf, *vf0, *vf1;

static char *function_path(const char *address)
{
    return vg_format("%s/sys/bus/pci/devices/%s", fake_root, address);
}

static int begin(void **ignored)
{
    (void)ignored;
    begin_tree("xe-sriov", make_sriov_tree);
    snprintf(directory, sizeof(directory), "/tmp/vgauge-ledger-XXXXXX");
    assert_non_null(mkdtemp(directory));
    pf = function_path("0000:41:00.0");
    vf0 = function_path("0000:41:00.4");
    vf1 = function_path("0000:41:00.5");
    fake_put(PF "vendor", "0x8086\n");
    vg_ledger_begin(directory);
    return 0;
}

static int end(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    vg_ledger_begin(NULL);
    free(pf);
    free(vf0);
    free(vf1);
    end_tree();
    return vg_exists(directory) && !vg_remove_tree(directory, &err) ? -1 : 0;
}

static void expect_driver(const char *vf, const char *driver)
{
    vg_autofree char *link = vg_format("%s/driver", vf);
    vg_autofree char *has = vg_link_name(link);
    assert_string_equal(has, driver);
}

static void expect_text(const char *function, const char *file, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", function, file), *has = NULL;
    assert_true(vg_read_attribute(path, &has, &err));
    assert_string_equal(has, text);
}

static void give(const char *file)
{
    fake_link(file, "../../drivers/vfio-pci");
}

static void note_vfs(unsigned before, unsigned after)
{
    struct vg_error err = { 0 };
    assert_true(vg_ledger_note_vfs(pf, before, after, &err));
}

static void what_was_given_is_taken_back(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    give(VF0 "driver");
    give(VF1 "driver"); /* by somebody else */
    vg_ledger_undo(directory);
    expect_driver(vf0, "usual");
    expect_driver(vf1, "vfio-pci");
    expect_text(pf, "sriov_numvfs", "2");
}

static void what_somebody_has_is_never_noted(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    give(VF0 "driver");
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    vg_ledger_undo(directory);
    expect_driver(vf0, "vfio-pci");
}

static void what_was_given_back_is_no_longer_ours(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    assert_true(vg_ledger_note_given(vf1, "usual", &err));
    vg_ledger_note_back(vf0, "usual");
    give(VF1 "driver");
    vg_ledger_note_back(vf1, "usual"); /* said too early: it is still given */
    give(VF0 "driver");                /* by somebody else */
    vg_ledger_undo(directory);
    expect_driver(vf0, "vfio-pci");
    expect_driver(vf1, "usual");
}

/* A run that died between two drivers: the function is nobody's, and its usual driver gets it again. */
static void what_nobody_has_goes_to_its_driver(void **ignored)
{
    (void)ignored;
    static const struct {
        const char *override, *driver; /* as the run left them */
        bool probe;                    /* brings something */
    } cases[] = {
        { "vfio-pci\n", NULL, true },    /* on the way there */
        { "\n", NULL, true },            /* on the way back */
        { "\n", NULL, false },           /* only its driver's own file is left */
        { "vfio-pci\n", "usual", true }, /* before it was taken from its driver */
    };
    vg_autofree char *driver = vg_format("%s/driver", vf0);
    vg_autofree char *probe = vg_format("%s/sys/bus/pci/drivers_probe", fake_root);
    vg_autofree char *made = vg_format("%s/made", directory);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        vg_ledger_begin(directory);
        assert_true(vg_ledger_note_given(vf0, "usual", &err));
        fake_put(VF0 "driver_override", cases[i].override);
        if (!cases[i].driver)
            assert_int_equal(unlink(driver), 0);
        if (!cases[i].probe)
            assert_int_equal(unlink(probe), 0);
        if (!cases[i].driver)
            vg_ledger_note_back(vf0, "usual"); /* nobody has it: it is not back */
        vg_ledger_undo(directory);
        expect_driver(vf0, "usual");
        expect_text(vf0, "driver_override", "");
        fake_put("sys/bus/pci/drivers_probe", "");
        unlink(made);
    }
}

/* It had no driver before, and has none then. */
static void what_was_nobodys_is_nobodys_again(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    vg_autofree char *driver = vg_format("%s/driver", vf0);
    assert_true(vg_ledger_note_given(vf0, "", &err));
    give(VF0 "driver");
    fake_put(VF0 "driver_override", "vfio-pci\n");
    vg_ledger_undo(directory);
    assert_false(vg_exists(driver));
    expect_text(vf0, "driver_override", "");
}

static void what_a_process_has_open_stays(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    note_vfs(0, 2);
    give(VF0 "driver");
    fake_put("dev/vfio/7", "");
    fake_link(VF0 "iommu_group", "../../../../kernel/iommu_groups/7");
    vg_autofree char *group = vg_format("%s/dev/vfio/7", fake_root);
    int user = open(group, O_RDONLY | O_CLOEXEC);
    assert_true(user >= 0);
    vg_ledger_undo(directory);
    expect_driver(vf0, "vfio-pci");
    expect_text(pf, "sriov_numvfs", "2");
    close(user);
    vg_ledger_undo(directory);
    expect_driver(vf0, "usual");
    expect_text(pf, "sriov_numvfs", "0");
}

static void vfs_become_what_they_were(void **ignored)
{
    (void)ignored;
    static const struct {
        unsigned before, after, now, others;
        const char *then;
    } cases[] = {
        { 0, 2, 2, 0, "0" }, /* enabled by the run */
        { 2, 0, 0, 0, "2" }, /* disabled by it */
        { 1, 2, 2, 0, "1" }, /* through 0 */
        { 0, 2, 0, 0, "0" }, /* it died before it could */
        { 0, 1, 2, 0, "2" }, /* somebody else changed them since */
        { 0, 2, 2, 1, "2" }, /* somebody else has one */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_ledger_begin(directory);
        vg_autofree char *now = vg_format("%u\n", cases[i].now);
        fake_put(PF "sriov_numvfs", now);
        fake_link(VF1 "driver", cases[i].others ? "../../drivers/vfio-pci" : "../../drivers/usual");
        if (cases[i].before && cases[i].after) { /* the kernel goes from one number to another through 0 only */
            note_vfs(cases[i].before, 0);
            note_vfs(0, cases[i].after);
        } else {
            note_vfs(cases[i].before, cases[i].after);
        }
        vg_ledger_end(directory);
        expect_text(pf, "sriov_numvfs", cases[i].then);
        vg_autofree char *made = vg_format("%s/made", directory);
        unlink(made);
    }
}

#define QUOTA PF "sriov_admin/vf1/profile/vram_quota"

/* Memory of a VF and the host's care for new ones are as before the run, unless somebody else has to do with them. */
static void settings_become_what_they_were(void **ignored)
{
    (void)ignored;
    static const struct {
        const char *file, *now; /* as the run left it; before it was 4096, or autoprobe 1 */
        bool reset, others, full;
        const char *then;
    } cases[] = {
        { QUOTA, "8192\n", false, false, false, "4096" },
        { QUOTA, "4096\n", false, false, false, "4096" }, /* it died before it could */
        { QUOTA, "1\n", false, false, false, "1" },       /* somebody else set it since */
        { QUOTA, "8192\n", false, true, false, "8192" },  /* somebody else has the VF */
        { QUOTA, "8192\n", true, false, false, "8192" },  /* it was given back, and somebody gave as much again */
        { QUOTA, "8192\n", false, false, true, "0" },     /* its 4096 are others' by now */
        { PF "sriov_drivers_autoprobe", "0\n", false, false, false, "1" },
        { PF "sriov_drivers_autoprobe", "1\n", false, false, false, "1" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        bool quota = strcmp(cases[i].file, QUOTA) == 0;
        vg_autofree char *path = vg_format("%s/%s", fake_root, cases[i].file);
        vg_autofree char *made = vg_format("%s/made", directory);
        vg_ledger_begin(directory);
        assert_true(vg_ledger_note_set(path, quota ? 4096 : 1, quota ? 8000 : 0, &err));
        if (quota) /* the driver rounded it up */
            assert_true(vg_ledger_note_set(path, 4096, 8192, &err));
        if (cases[i].reset)
            vg_ledger_note_reset(path);
        fake_put(cases[i].file, cases[i].now);
        fake_link(VF0 "driver", cases[i].others ? "../../drivers/vfio-pci" : "../../drivers/usual");
        fake_fault = (struct fake_fault) { .ending = "/vram_quota", .error = ENOSPC, .times = cases[i].full };
        vg_ledger_undo(directory);
        fake_fault = (struct fake_fault) { 0 };
        expect_text(fake_root, cases[i].file, cases[i].then);
        unlink(made);
    }
}

static char quota_then[16]; /* when VFs were disabled */

static void read_quota(const char *path, const char *value)
{
    struct vg_error err = { 0 };
    vg_autofree char *quota = vg_format("%s/" QUOTA, fake_root), *text = NULL;
    (void)value;
    if (ends_with(path, "/sriov_numvfs") && vg_read_attribute(quota, &text, &err))
        snprintf(quota_then, sizeof(quota_then), "%s", text);
}

/* With the VFs that a run enabled goes what it gave them; but first what it gave, while it can be given back. */
static void a_quota_goes_before_its_vfs(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/" QUOTA, fake_root);
    note_vfs(0, 2);
    assert_true(vg_ledger_note_set(path, 4096, 8192, &err));
    fake_acts = read_quota;
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    fake_put(QUOTA, "8192\n");
    fake_put(VF0 "driver_override", "vfio-pci\n");
    give(VF0 "driver");
    vg_ledger_undo(directory);
    fake_acts = NULL;
    expect_driver(vf0, "usual");
    expect_text(fake_root, QUOTA, "4096");
    assert_string_equal(quota_then, "4096");
    expect_text(pf, "sriov_numvfs", "0");
}

static void mediated_devices_keep_their_vfs(void **ignored)
{
    (void)ignored;
    note_vfs(0, 2);
    fake_put(VF1 "11111111-2222-4333-8444-555555555555/remove", "");
    vg_ledger_undo(directory);
    expect_text(pf, "sriov_numvfs", "2");
}

static void nvidia_has_a_tool(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    make_nvidia_tree();
    fake_put(PF "vendor", "0x10de\n");
    vg_autofree char *script = vg_format("#!/bin/sh\necho \"$*\" >%s/asked\necho 0 >%s/sriov_numvfs\n", fake_root, pf);
    vg_autofree char *tool = vg_format("%s/usr/lib/nvidia/sriov-manage", fake_root);
    fake_put("usr/lib/nvidia/sriov-manage", script);
    assert_int_equal(chmod(tool, 0755), 0);
    note_vfs(0, 2);
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
    fake_put(VF0 "nvidia/current_vgpu_type", "46\n");
    vg_ledger_undo(directory);
    expect_text(vf0, "nvidia/current_vgpu_type", "0");
    expect_text(pf, "sriov_numvfs", "0");
    expect_text(fake_root, "asked", "-d 0000:41:00.0");
}

/* The directory is the runner's own, and yet nothing in it leads out of /sys. */
static void other_lines_are_nothing(void **ignored)
{
    (void)ignored;
    static const char *const lines[] = {
        "given usual %s/sys/../sys/bus/pci/devices/0000:41:00.4\n",
        "given usual %s/sys/bus/pci/devices/0000:41:00.4/driver\n",
        "given usual%s/sys/bus/pci/devices/0000:41:00.4\n",
        "given usual %s/sys/bus/pci/device5/0000:41:00.4\n",
        "gives %s/sys/bus/pci/devices/0000:41:00.4\n",
        "vfs 0 %s/sys/bus/pci/devices/0000:41:00.0\n",
        "vfs 0 2 3 %s/sys/bus/pci/devices/0000:41:00.0\n",
        "vfs x 2 %s/sys/bus/pci/devices/0000:41:00.0\n",
        "vfs 0 2 %s/sys/bus/pci/devices/0000:41:00.x\n",

        "set 1 7 %s/sys/bus/pci/devices/0000:41:00.0/sriov_totalvfs\n",
        "set 1 7 %s/sys/bus/pci/devices/0000:41:00.0/../0000:41:00.0/sriov_drivers_autoprobe\n",
        "set 1 8192%s/" QUOTA "\n",
        "set 8192 %s/" QUOTA "\n",
        "set -1 8192 %s/" QUOTA "\n",
        "set 1 8192 %s/sys/bus/pci/devices/0000:41:00.x/vf1/vram_quota\n",
        "given %s/sys/bus/pci/devices/0000:41:00.4\n",
        "given .. %s/sys/bus/pci/devices/0000:41:00.4\n",
        "given usual %s/sys/bus/pci/devices/0000:41:00.4", /* cut off: the last */
    };
    vg_autotext struct vg_text text = { 0 };
    struct vg_error err = { 0 };
    fake_put(PF "sriov_totalvfs", "7\n");
    fake_put(QUOTA, "8192\n");
    for (size_t i = 0; i < VG_COUNT(lines); i++) {
        const char *place = strstr(lines[i], "%s");
        vg_text_add(&text, "%.*s%s%s", (int)(place - lines[i]), lines[i], fake_root, place + 2);
    }
    vg_autofree char *made = vg_format("%s/made", directory);
    assert_true(vg_write_file(made, text.data, text.length, &err));
    give(VF0 "driver");
    vg_ledger_undo(directory);
    expect_driver(vf0, "vfio-pci");
    expect_text(pf, "sriov_numvfs", "2");
    expect_text(pf, "sriov_totalvfs", "7");
    expect_text(fake_root, QUOTA, "8192");
}

static void without_a_note_nothing_may_be_made(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    assert_true(vg_remove_tree(directory, &err));
    assert_false(vg_ledger_note_vfs(pf, 0, 2, &err));
    assert_non_null(strstr(err.text, "must not be made without that"));
    err = (struct vg_error) { 0 };
    assert_false(vg_ledger_note_given(vf0, "usual", &err));
    vg_ledger_begin(NULL); /* no run: nothing to note */
    assert_true(vg_ledger_note_given(vf0, "usual", &err));
}

/* The note of a mediated device that could not be removed is kept while the device is there, be it by its own run or
 * by who cleans up after that. */
static void a_device_that_stays_keeps_its_note(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    vg_autofree char *run = vg_format("%s/17", directory);
    vg_autofree char *device = vg_format("%s/sys/bus/mdev/devices/11111111-2222-4333-8444-555555555555", fake_root);
    assert_true(vg_make_directories(run, &err));
    int claim = vg_runtime_claim(run, &err);
    assert_true(claim >= 0);
    vg_ledger_begin(run);
    assert_true(vg_ledger_note(device, &err));
    assert_true(vg_ledger_end(run)); /* not made yet */
    fake_put("sys/bus/mdev/devices/11111111-2222-4333-8444-555555555555/remove", "");
    assert_false(vg_ledger_end(run));
    vg_runtime_release(claim);
    fake_fault = (struct fake_fault) { .ending = "/remove", .error = EBUSY, .times = -1 };
    assert_int_equal(vg_machine_reap(directory), 0);
    assert_true(vg_exists(device) && vg_exists(run));
    fake_fault = (struct fake_fault) { 0 };
    assert_int_equal(vg_machine_reap(directory), 1);
    assert_false(vg_exists(device) || vg_exists(run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_given_is_taken_back, begin, end),
        cmocka_unit_test_setup_teardown(what_somebody_has_is_never_noted, begin, end),
        cmocka_unit_test_setup_teardown(what_was_given_back_is_no_longer_ours, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_has_goes_to_its_driver, begin, end),
        cmocka_unit_test_setup_teardown(what_was_nobodys_is_nobodys_again, begin, end),
        cmocka_unit_test_setup_teardown(what_a_process_has_open_stays, begin, end),
        cmocka_unit_test_setup_teardown(vfs_become_what_they_were, begin, end),
        cmocka_unit_test_setup_teardown(settings_become_what_they_were, begin, end),
        cmocka_unit_test_setup_teardown(a_quota_goes_before_its_vfs, begin, end),
        cmocka_unit_test_setup_teardown(mediated_devices_keep_their_vfs, begin, end),
        cmocka_unit_test_setup_teardown(a_device_that_stays_keeps_its_note, begin, end),
        cmocka_unit_test_setup_teardown(nvidia_has_a_tool, begin, end),
        cmocka_unit_test_setup_teardown(other_lines_are_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_a_note_nothing_may_be_made, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
