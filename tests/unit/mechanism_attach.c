/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each mechanism adds to a libvirt domain: against golden files, and against libvirt's own schema where it is
 * installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mechanism/mechanism.h"

#define T(text) ((char *)(text))

static const struct vg_vm_spec plain = {
    .name = "vgauge-1-peer.0",
    .uuid = "b82b75a5-7f38-4755-9f38-06eda9c3761d",
    .memory_mib = 1024,
    .vcpus = 2,
    .accel = VG_ACCEL_KVM,
    .emulator = "/usr/bin/qemu-system-x86_64",
    .kernel = "/cache/kernel",
    .initrd = "/cache/initrd",
    .cmdline = "console=ttyS0 quiet",
    .rootfs = "/cache/rootfs",
    .payload = "/build/payload.squashfs",
    .link_socket = "/run/vgauge/1/peer.0.link",
    .console_file = "/run/vgauge/1/peer.0.console",
    .display = VG_DISPLAY_EGL_HEADLESS,
    .render_node = "/dev/dri/renderD128",
};

static void check(const char *name, const char *address)
{
    struct vg_error err = { 0 };
    struct vg_vm_spec spec = plain;
    struct vg_vgpu vgpu = { .uuid = "11111111-2222-4333-8444-555555555555", .state = T(address) };
    const struct vg_mechanism *mechanism = vg_mechanism_find(name);
    assert_non_null(mechanism);
    if (!mechanism->attach(NULL, &vgpu, &spec.attachment, &err))
        fail_msg("%s: %s", name, err.text);
    vg_autofree char *xml = vg_domain_xml(&spec, &err);
    if (!xml)
        fail_msg("%s: %s", name, err.text);
    vg_autofree char *path =
        vg_format("%.*sdata/domain/attach-%s.xml", (int)(strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__, name);
    vg_autofree char *golden = NULL;
    size_t length;
    if (getenv("VG_WRITE_GOLDEN"))
        assert_true(vg_write_file(path, xml, strlen(xml), &err));
    if (!vg_read_file(path, 1 << 20, &golden, &length, &err))
        fail_msg("%s", err.text);
    assert_string_equal(xml, golden);
    const char *const argv[] = { "virt-xml-validate", path, "domain", NULL };
    vg_autofree char *output = NULL;
    int status = 0;
    if (!vg_exists("/usr/bin/virt-xml-validate"))
        return;
    assert_true(vg_run_command(argv, 20000, 8192, &output, &status, &err));
    if (status != 0)
        fail_msg("%s", output);
}

static void mediated_devices(void **state)
{
    (void)state;
    check("nvidia-mdev", NULL);
    check("gvt-g", NULL);
    check("kernel-sample-mdev", NULL);
}

static void virtual_functions(void **state)
{
    (void)state;
    check("nvidia-vfio", "0000:41:00.4");
    check("nvidia-mig", "0000:41:00.5");
    check("xe-sriov", "0000:4d:00.5");
    check("amd-mxgpu", "0000:03:02.0");
}

static void whole_pgpu(void **state)
{
    (void)state;
    check("passthrough", "0000:c1:00.0");
}

static void no_address_is_an_error(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_attachment attachment;
    const struct vg_vgpu vgpu = { .state = T("../../etc") };
    assert_false(vg_mechanism_find("passthrough")->attach(NULL, &vgpu, &attachment, &err));
    assert_int_equal(err.kind, VG_ERROR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mediated_devices),
        cmocka_unit_test(virtual_functions),
        cmocka_unit_test(whole_pgpu),
        cmocka_unit_test(no_address_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
