/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a mechanism does, in the order of a vGPU's life, over a tree as its driver has it: discovered,
 * created, seen, attached, given a policy that is read back or refused by type, destroyed, and the pGPU as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "support/fake_trees.h"

static void make_weighted_mdev_tree(void)
{
    make_mdev_tree();
    fake_put(TYPE "description", "low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\nweight: 4\n");
}

static void make_nvidia_tree_with_module(void)
{
    make_nvidia_tree();
    fake_put("proc/driver/nvidia/params", "RegistryDwords: \"RmPVMRL=0x01\"\n");
}

static void make_nvidia_mdev_tree(void)
{
    make_mdev_tree();
    fake_put("proc/driver/nvidia/params", "RegistryDwords: \"RmPVMRL=0x01\"\n");
}

static void make_nvidia_mdev_vf_tree(void)
{
    make_mdev_vf_tree();
    fake_put("proc/driver/nvidia/params", "RegistryDwords: \"RmPVMRL=0x01\"\n");
}

static const struct life {
    const char *name;
    void (*make)(void);
    const char *address; /* of the hostdev; NULL: by UUID */
    struct {
        const char *policy;
        unsigned slice_us;
        enum vg_refusal answer;
    } policies[3];
    struct {
        const char *path, *text;
    } after[4]; /* what stands in the driver's files then */
} lives[] = {
    { "nvidia-mdev",
      make_nvidia_mdev_tree,
      NULL,
      { { "equal-share", 0, VG_REFUSED_NOT },
        { "fixed-share", 0, VG_REFUSED_NEEDS_REBOOT },
        { "xe-quanta", 0, VG_REFUSED_UNSUPPORTED } },
      { { NULL, NULL } } },
    { "nvidia-mdev",
      make_nvidia_mdev_vf_tree,
      NULL,
      { { "equal-share", 0, VG_REFUSED_NOT }, { "fixed-share", 0, VG_REFUSED_NEEDS_REBOOT } },
      { { NULL, NULL } } },
    { "gvt-g",
      make_weighted_mdev_tree,
      NULL,
      { { "gvt-weights", 0, VG_REFUSED_NOT }, { "equal-share", 0, VG_REFUSED_UNSUPPORTED } },
      { { NULL, NULL } } },
    { "kernel-sample-mdev",
      make_mdev_tree,
      NULL,
      { { "equal-share", 0, VG_REFUSED_UNSUPPORTED } },
      { { NULL, NULL } } },
    { "nvidia-vfio",
      make_nvidia_tree_with_module,
      "0000:41:00.4",
      { { "equal-share", 0, VG_REFUSED_NOT }, { "fixed-share", 0, VG_REFUSED_NEEDS_REBOOT } },
      { { VF0 "nvidia/current_vgpu_type", "46" } } },
    { "nvidia-mig",
      make_nvidia_tree_with_module,
      "0000:41:00.4",
      { { "equal-share", 0, VG_REFUSED_NOT }, { "fixed-share", 0, VG_REFUSED_NEEDS_REBOOT } },
      { { VF0 "nvidia/current_vgpu_type", "46" } } },
    { "xe-sriov",
      make_xe_tree_with_shares,
      "0000:41:00.4",
      { { "best-effort", 0, VG_REFUSED_NOT },
        { "xe-quanta", 16000, VG_REFUSED_NOT },
        { "equal-share", 0, VG_REFUSED_UNSUPPORTED } },
      { { SHARE "exec_quantum_ms", "16" },
        { SHARE "preempt_timeout_us", "32000" },
        { SHARE "vram_quota", "1073741824" },
        { VF0 "driver_override", "vfio-pci" } } },
    { "amd-mxgpu",
      make_sriov_tree,
      "0000:41:00.4",
      { { "best-effort", 0, VG_REFUSED_NOT }, { "amd-liquid", 6000, VG_REFUSED_UNSUPPORTED } },
      { { VF0 "driver_override", "vfio-pci" } } },
    { "passthrough",
      make_passthrough_tree,
      "0000:41:00.0",
      { { "equal-share", 0, VG_REFUSED_UNSUPPORTED } },
      { { PF "driver_override", "vfio-pci" } } },
};

static void discover(const struct vg_mechanism *mechanism, void *opened, unsigned expected_live, unsigned *available)
{
    struct vg_error err = { 0 };
    struct vg_inventory inventory = { 0 };
    if (!mechanism->discover(opened, &inventory, &err))
        fail_msg("%s: %s", mechanism->name, err.text);
    assert_int_equal(inventory.pgpu_count, 1);
    assert_true(inventory.pgpus[0].present);
    assert_int_equal(inventory.pgpus[0].profile_count, 1);
    assert_int_equal(inventory.pgpus[0].live, expected_live);
    *available = inventory.pgpus[0].profiles[0].available;
    vg_inventory_free(&inventory);
}

static void attach(const struct life *life, const struct vg_mechanism *mechanism, void *opened,
                   const struct vg_vgpu *vgpu)
{
    struct vg_error err = { 0 };
    struct vg_attachment attachment = { 0 };
    assert_true(mechanism->attach(opened, vgpu, &attachment, &err));
    if (!life->address) {
        assert_int_equal(attachment.kind, VG_ATTACH_MDEV);
        assert_string_equal(attachment.mdev_uuid, vgpu->uuid);
        return;
    }
    assert_int_equal(attachment.kind, VG_ATTACH_PCI);
    assert_false(attachment.pci.managed);
    vg_autofree char *address = vg_format("%04x:%02x:%02x.%x", attachment.pci.domain, attachment.pci.bus,
                                          attachment.pci.slot, attachment.pci.function);
    assert_string_equal(address, life->address);
}

static void apply_policies(const struct life *life, const struct vg_mechanism *mechanism, void *opened,
                           struct vg_vgpu *vgpu)
{
    const struct vg_policy_tenant tenant = { .tenant = "a", .vgpu = vgpu, .pid = 1, .weight = 1 };
    for (size_t i = 0; i < VG_COUNT(life->policies) && life->policies[i].policy; i++) {
        struct vg_error err = { 0 };
        const struct vg_host_policy policy = { .name = T(life->policies[i].policy),
                                               .slice_us = life->policies[i].slice_us };
        enum vg_refusal answer = mechanism->policy(opened, 0, &policy, &tenant, 1, &err);
        if (answer != life->policies[i].answer ||
            (answer != VG_REFUSED_NOT && (err.kind != VG_ERROR_REFUSED || !*err.text)))
            fail_msg("%s, %s: %s: %s", life->name, policy.name, vg_refusal_name(answer), err.text);
    }
    for (size_t i = 0; i < VG_COUNT(life->after) && life->after[i].path; i++) {
        struct vg_error err = { 0 };
        vg_autofree char *path = vg_format("%s/%s", fake_root, life->after[i].path);
        vg_autofree char *text = NULL;
        assert_true(vg_read_attribute(path, &text, &err));
        if (!vg_equal(text, life->after[i].text))
            fail_msg("%s: %s reads %s and must read %s", life->name, path, text, life->after[i].text);
    }
}

static void every_mechanism_lives_through_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(lives); i++) {
        const struct life *life = &lives[i];
        const struct vg_mechanism *mechanism = vg_mechanism_find(life->name);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        unsigned before, during, after;
        begin_tree(life->name, life->make);
        if (!mechanism->open(&host, &config, &opened, &err))
            fail_msg("%s: %s", life->name, err.text);
        discover(mechanism, opened, 0, &before);
        assert_true(before >= 1);
        if (mechanism->create(opened, 0, &profile, &vgpu, &err) != VG_REFUSED_NOT)
            fail_msg("%s: %s", life->name, err.text);
        assert_int_equal(live(), 1);
        discover(mechanism, opened, 1, &during);
        attach(life, mechanism, opened, vgpu);
        apply_policies(life, mechanism, opened, vgpu);
        if (!mechanism->destroy(opened, vgpu, &err))
            fail_msg("%s: %s", life->name, err.text);
        assert_int_equal(live(), 0);
        discover(mechanism, opened, 0, &after);
        assert_int_equal(after, before);
        mechanism->close(opened);
        end_tree();
    }
}

/* Mediated devices on VFs: each goes to a VF that offers its type, or to the one that is named; the counters are the
 * VFs', and what the PF offers beside them, or a VF twice, is seen. */
static void mediated_devices_sit_on_vfs(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("nvidia-mdev");
    struct vg_error err = { 0 };
    struct vg_vgpu *first = NULL, *second = NULL, *third = NULL;
    struct vg_pgpu seen = { 0 };
    void *opened = NULL;
    begin_tree("nvidia-mdev", make_nvidia_mdev_vf_tree);
    assert_true(mechanism->open(&host, &config, &opened, &err));
    fake_put(VF_TYPE "available_instances", "0\n");
    assert_int_equal(mechanism->create(opened, 0, &profile, &first, &err), VG_REFUSED_NOT);
    assert_int_equal(first->vf, 1);
    fake_put(VF_TYPE "available_instances", "1\n");
    struct vg_create_as how = { .pgpu_index = 0, .profile = &profile, .vf = 0 };
    assert_int_equal(mechanism->create_as(opened, &how, &second, &err), VG_REFUSED_NOT);
    assert_int_equal(second->vf, 0);
    fake_put(VF_TYPE "available_instances", "2\n");
    fake_put(VF1 "mdev_supported_types/46/available_instances", "0\n");
    fake_put(PF "mdev_supported_types/46/available_instances", "1\n");
    fake_link("sys/class/mdev_bus/0000:41:00.0", "../../bus/pci/devices/0000:41:00.0");
    assert_true(mechanism->look(opened, 0, &seen, &err));
    assert_int_equal(seen.live, 2);
    assert_true(seen.vfs[0].taken && seen.vfs[1].taken && seen.pf_was_read);
    assert_int_equal(seen.vfs[0].offers, 1);
    assert_int_equal(seen.vfs[0].offers_more, 1);
    assert_int_equal(seen.vfs[1].offers, 0);
    assert_int_equal(seen.pf_offers, 1);
    vg_pgpu_free(&seen);
    /* One that is named and taken is not asked for: this driver would say yes. */
    assert_int_equal(mechanism->create_as(opened, &how, &third, &err), VG_REFUSED_NO_CAPACITY);
    assert_non_null(strstr(err.text, "the VF 0000:41:00.4 has a vGPU already"));
    assert_null(third);
    /* The driver itself refuses it: because of that VF, whatever its errno says. */
    how.blind = true;
    fake_fault = (struct fake_fault) { .ending = "/create", .error = EPERM, .times = -1 };
    assert_int_equal(mechanism->create_as(opened, &how, &third, &err), VG_REFUSED_NO_CAPACITY);
    assert_non_null(strstr(err.text, "the VF 0000:41:00.4 has a vGPU already"));
    how.vf = 2;
    assert_int_equal(mechanism->create_as(opened, &how, &third, &err), VG_REFUSED_UNSUPPORTED);
    assert_null(third);
    fake_fault = (struct fake_fault) { 0 };
    assert_true(mechanism->destroy(opened, first, &err));
    assert_true(mechanism->destroy(opened, second, &err));
    assert_int_equal(live(), 0);
    mechanism->close(opened);
    end_tree();
}

static void a_vf_that_has_a_vgpu_is_not_written_to(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("nvidia-vfio");
    struct vg_error err = { 0 };
    struct vg_vgpu *first = NULL, *second = NULL;
    void *opened = NULL;
    begin_tree("nvidia-vfio", make_nvidia_tree_with_module);
    assert_true(mechanism->open(&host, &config, &opened, &err));
    assert_int_equal(mechanism->create(opened, 0, &profile, &first, &err), VG_REFUSED_NOT);
    struct vg_create_as how = { .pgpu_index = 0, .profile = &profile, .vf = first->vf };
    fake_fault = (struct fake_fault) { .ending = "/current_vgpu_type", .error = EIO, .times = 1 };
    assert_int_equal(mechanism->create_as(opened, &how, &second, &err), VG_REFUSED_NO_CAPACITY);
    assert_int_equal(fake_fault.times, 1);
    assert_null(second);
    fake_fault = (struct fake_fault) { 0 };
    assert_true(mechanism->destroy(opened, first, &err));
    mechanism->close(opened);
    end_tree();
}

/* A mechanism with a driver of its own that is added later must come here too. */
static void every_mechanism_is_here(void **state)
{
    (void)state;
    const struct vg_descriptor *next = NULL;
    while ((next = vg_descriptor_next(VG_KIND_MECHANISM, next)) != NULL) {
        bool found = !((const struct vg_mechanism *)next)->device; /* no VFIO device: nothing of a driver's */
        for (size_t i = 0; i < VG_COUNT(lives); i++)
            found = found || vg_equal(lives[i].name, next->name);
        if (!found)
            fail_msg("%s has no life here", next->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism_lives_through_it),
        cmocka_unit_test(mediated_devices_sit_on_vfs),
        cmocka_unit_test(a_vf_that_has_a_vgpu_is_not_written_to),
        cmocka_unit_test(every_mechanism_is_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
