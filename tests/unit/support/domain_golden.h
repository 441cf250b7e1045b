/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM in every detail but its vGPU, and the comparison of its domain XML with a golden file (written anew with
 * VG_WRITE_GOLDEN); and libvirt's own schema, which is asked of every golden file in a test of its own, so that its
 * absence is seen. */
#ifndef VG_TEST_DOMAIN_GOLDEN_H
#define VG_TEST_DOMAIN_GOLDEN_H

#include <stdlib.h>
#include "machine/machine.h"

static const struct vg_vm_spec plain_domain = {
    .name = "vgauge-1-peer.0",
    .uuid = "b82b75a5-7f38-4755-9f38-06eda9c3761d",
    .memory_mib = 1024,
    .vcpus = 2,
    .kernel = "/cache/kernel",
    .initrd = "/cache/initrd",
    .rootfs = "/cache/rootfs",
    .payload = "/build/payload.squashfs",
    .link_socket = "/run/vgauge/1/peer.0.link",
    .console_file = "/run/vgauge/1/peer.0.console",
};

static char *domains_checked[32]; /* paths of golden files */
static unsigned domain_count;

static void check_domain(const char *name, const struct vg_vm_spec *spec)
{
    struct vg_error err = { 0 };
    vg_autofree char *xml = vg_domain_xml(spec, &err);
    if (!xml)
        fail_msg("%s: %s", name, err.text);
    vg_autofree char *path =
        vg_format("%.*s../data/domain/%s.xml", (int)(strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__, name);
    vg_autofree char *golden = NULL;
    size_t length;
    if (getenv("VG_WRITE_GOLDEN"))
        assert_true(vg_write_file(path, xml, strlen(xml), &err));
    if (!vg_read_file(path, 1 << 20, &golden, &length, &err))
        fail_msg("%s", err.text);
    assert_string_equal(xml, golden);
    assert_true(domain_count < VG_COUNT(domains_checked));
    domains_checked[domain_count++] = vg_strdup(path);
}

static bool is_installed(const char *program)
{
    const char *const argv[] = { "sh", "-c", "command -v \"$0\"", program, NULL };
    vg_autofree char *output = NULL;
    struct vg_error ignored = { 0 };
    int status = 0;
    return vg_run_command(argv, 20000, 8192, &output, &status, &ignored) && status == 0;
}

/* A test that runs after all that call check_domain. */
static void libvirts_schema_takes_each(void **state)
{
    (void)state;
    assert_true(domain_count > 0);
    if (!is_installed("virt-xml-validate")) {
        print_message("virt-xml-validate is not installed: libvirt's schema was asked of none of %u domains\n",
                      domain_count);
        skip();
    }
    for (unsigned i = 0; i < domain_count; i++) {
        const char *const argv[] = { "virt-xml-validate", domains_checked[i], "domain", NULL };
        vg_autofree char *output = NULL;
        struct vg_error err = { 0 };
        int status = 0;
        assert_true(vg_run_command(argv, 20000, 8192, &output, &status, &err));
        if (status != 0)
            fail_msg("%s", output);
    }
}

#endif
