/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The domain XML of every kind of attachment, against golden files, against libvirt's own schema where it is installed,
 * and with names that try to break out of XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <libxml/parser.h>
#include <cmocka.h>
#include "support/domain_golden.h"

#define T(text) ((char *)(text)) /* an environment is not const */

static char *environment[] = { T("VK_INSTANCE_LAYERS=VK_LAYER_one:VK_LAYER_two"), T("EMPTY="), T("ODD=a=b <&>\"'") };

static struct vg_vm_spec on_sdl(void)
{
    struct vg_vm_spec spec = plain_domain;
    spec.accel = VG_ACCEL_TCG;
    spec.emulator = "/cache/emulator";
    spec.firmware = "/cache/tree/qboot.rom";
    spec.cmdline = "console=ttyS0 quiet";
    spec.display = VG_DISPLAY_SDL;
    spec.x_display = ":7";
    spec.x_authority = "/run/vgauge/1/xauthority";
    return spec;
}

static void venus_on_sdl(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.attachment = (struct vg_attachment) { .kind = VG_ATTACH_VIRTIO_GPU,
                                               .virtio = { .venus = true, .hostmem_bytes = 256U << 20 },
                                               .environment = environment,
                                               .environment_count = VG_COUNT(environment) };
    check_domain("venus-sdl", &spec);
}

static void virgl_on_egl_headless(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.attachment.kind = VG_ATTACH_VIRTIO_GPU;
    spec.display = VG_DISPLAY_EGL_HEADLESS;
    spec.x_display = spec.x_authority = NULL;
    spec.render_node = "/dev/dri/renderD128";
    spec.accel = VG_ACCEL_KVM;
    check_domain("virgl-egl-headless", &spec);
}

static void mediated_device(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.attachment =
        (struct vg_attachment) { .kind = VG_ATTACH_MDEV, .mdev_uuid = "11111111-2222-4333-8444-555555555555" };
    check_domain("mdev", &spec);
}

static void pci_device(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.attachment =
        (struct vg_attachment) { .kind = VG_ATTACH_PCI,
                                 .pci = { .domain = 0, .bus = 0x41, .slot = 0x1f, .function = 7, .managed = true } };
    check_domain("pci", &spec);
}

static void no_device_and_little_else(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.initrd = spec.cmdline = spec.rootfs = spec.payload = spec.console_file = NULL;
    check_domain("nothing", &spec);
}

/* The parser gives back exactly what went in: nothing became markup. */
static void special_characters_stay_text(void **state)
{
    (void)state;
    struct vg_vm_spec spec = on_sdl();
    spec.name = "vgauge-<evil>&\"b\"'c'&lt;]]> \xc3\xa9";
    spec.cmdline = "a=\"1\" b='2' c=<3> d=&amp; ]]>";
    spec.console_file = "/run/a\"b'c<d>&e";
    check_domain("special", &spec);
    struct vg_error err = { 0 };
    vg_autofree char *xml = vg_domain_xml(&spec, &err);
    xmlDocPtr document = xmlReadMemory(xml, (int)strlen(xml), "domain.xml", NULL, XML_PARSE_NONET);
    assert_non_null(document);
    unsigned seen = 0;
    for (xmlNodePtr node = xmlDocGetRootElement(document)->children; node; node = node->next) {
        xmlChar *content = xmlNodeGetContent(node);
        if (xmlStrEqual(node->name, BAD_CAST "name")) {
            assert_string_equal((const char *)content, spec.name);
            seen++;
        }
        assert_false(xmlStrEqual(node->name, BAD_CAST "evil"));
        xmlFree(content);
    }
    assert_int_equal(seen, 1);
    xmlFreeDoc(document);
}

static void refused(const struct vg_vm_spec *spec, const char *word)
{
    struct vg_error err = { 0 };
    vg_autofree char *xml = vg_domain_xml(spec, &err);
    assert_null(xml);
    assert_int_equal(err.kind, VG_ERROR_INPUT);
    if (!strstr(err.text, word))
        fail_msg("`%s` does not mention `%s`", err.text, word);
}

#define REFUSED(word, ...)                                                                                             \
    do {                                                                                                               \
        struct vg_vm_spec spec = on_sdl();                                                                             \
        spec.attachment.kind = VG_ATTACH_VIRTIO_GPU;                                                                   \
        __VA_ARGS__;                                                                                                   \
        refused(&spec, word);                                                                                          \
    } while (0)

static void wrong_input_is_refused(void **state)
{
    (void)state;
    char longest[120];
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[108] = '\0';
    REFUSED("the name", spec.name = "");
    REFUSED("slash", spec.name = "vgauge-../x");
    REFUSED("control character", spec.name = "vgauge-\x1b[31m");
    REFUSED("UTF-8", spec.name = "vgauge-\xff");
    REFUSED("absolute", spec.kernel = "kernel");
    REFUSED("the kernel", spec.kernel = NULL);
    REFUSED("shorter runtime", spec.link_socket = longest);
    REFUSED("64 MiB", spec.memory_mib = 1);
    REFUSED("one vCPU", spec.vcpus = 0);
    REFUSED("X display", spec.x_display = NULL);
    REFUSED("needs blob", spec.attachment.virtio.hostmem_bytes = 4096);
    REFUSED("36 characters", spec.attachment.kind = VG_ATTACH_MDEV);
    char *bad[] = { T("no equals sign") };
    REFUSED("NAME=value", spec.attachment.environment = bad, spec.attachment.environment_count = 1);

    struct vg_error err = { 0 };
    longest[107] = '\0'; /* as long as a socket's path can be */
    struct vg_vm_spec spec = on_sdl();
    spec.link_socket = longest;
    vg_autofree char *xml = vg_domain_xml(&spec, &err);
    assert_non_null(xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(venus_on_sdl),
        cmocka_unit_test(virgl_on_egl_headless),
        cmocka_unit_test(mediated_device),
        cmocka_unit_test(pci_device),
        cmocka_unit_test(no_device_and_little_else),
        cmocka_unit_test(special_characters_stay_text),
        cmocka_unit_test(libvirts_schema_takes_each),
        cmocka_unit_test(wrong_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
