/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM in every detail but its vGPU, and the comparison of its domain XML with a golden file (written anew with
 * VG_WRITE_GOLDEN) and with libvirt's own schema where virt-xml-validate is installed. */
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

/* False: nothing is installed to ask for the schema. */
static bool check_domain(const char *name, const struct vg_vm_spec *spec)
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

    const char *const argv[] = { "virt-xml-validate", path, "domain", NULL };
    vg_autofree char *output = NULL;
    int status = 0;
    if (!vg_exists("/usr/bin/virt-xml-validate"))
        return false;
    assert_true(vg_run_command(argv, 20000, 8192, &output, &status, &err));
    if (status != 0)
        fail_msg("%s", output);
    return true;
}

#endif
