/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each mechanism adds to a libvirt domain: against golden files, and against libvirt's own schema where it is
 * installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mechanism/mechanism.h"
#include "support/domain_golden.h"

#define T(text) ((char *)(text))

static const char *seen[16];
static unsigned seen_count;

static struct vg_vm_spec on_kvm(void)
{
    struct vg_vm_spec spec = plain_domain;
    spec.accel = VG_ACCEL_KVM;
    spec.emulator = "/usr/bin/qemu-system-x86_64";
    spec.cmdline = "console=ttyS0 quiet";
    spec.display = VG_DISPLAY_EGL_HEADLESS;
    spec.render_node = "/dev/dri/renderD128";
    return spec;
}

static void attach(const char *name, void *state, const struct vg_vgpu *vgpu)
{
    struct vg_error err = { 0 };
    struct vg_vm_spec spec = on_kvm();
    const struct vg_mechanism *mechanism = vg_mechanism_find(name);
    assert_non_null(mechanism);
    if (!mechanism->attach(state, vgpu, &spec.attachment, &err))
        fail_msg("%s: %s", name, err.text);
    vg_autofree char *golden = vg_format("attach-%s", name);
    check_domain(golden, &spec);
    seen[seen_count++] = name;
}

static void check(const char *name, const char *address)
{
    const struct vg_vgpu vgpu = { .uuid = "11111111-2222-4333-8444-555555555555", .state = T(address) };
    attach(name, NULL, &vgpu);
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

/* Its own words come from the host file, so that it must be open. */
static void virtio(const char *name)
{
    struct vg_error err = { 0 };
    struct vg_host_profile profile = { .name = T("full"), .max = 1 };
    char *environment[] = { T("LP_NUM_THREADS=1") };
    struct vg_host_mechanism config = {
        .name = T(name), .profiles = &profile, .profile_count = 1, .environment = { .items = environment, .count = 1 }
    };
    struct vg_host_pgpu pgpu = { .name = T("card") };
    const struct vg_host host = { .name = T("test"),
                                  .root = T("/nonexistent"),
                                  .pgpus = &pgpu,
                                  .pgpu_count = 1,
                                  .mechanisms = &config,
                                  .mechanism_count = 1 };
    const struct vg_mechanism *mechanism = vg_mechanism_find(name);
    struct vg_vgpu *vgpu = NULL;
    void *opened = NULL;
    assert_true(mechanism->open(&host, &config, &opened, &err));
    assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
    attach(name, opened, vgpu);
    assert_true(mechanism->destroy(opened, vgpu, &err));
    mechanism->close(opened);
}

static void virtio_gpus(void **state)
{
    (void)state;
    virtio("virtio-venus");
    virtio("virtio-virgl");
}

/* A mechanism that is added later must come here too. */
static void every_mechanism_with_vms_was_seen(void **state)
{
    (void)state;
    const struct vg_descriptor *next = NULL;
    while ((next = vg_descriptor_next(VG_KIND_MECHANISM, next)) != NULL) {
        bool found = !((const struct vg_mechanism *)next)->vm;
        for (unsigned j = 0; j < seen_count; j++)
            found = found || vg_equal(seen[j], next->name);
        if (!found)
            fail_msg("%s was not attached", next->name);
    }
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
        cmocka_unit_test(virtio_gpus),
        cmocka_unit_test(every_mechanism_with_vms_was_seen),
        cmocka_unit_test(libvirts_schema_takes_each),
        cmocka_unit_test(no_address_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
