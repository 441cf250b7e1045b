/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The libvirt domain of a tenant. The machine is as small as it can be, for a quick boot and a quiet host: no USB, no
 * balloon, no watchdog, no sound, one display device. Built as a tree, so that libxml2 does all of the escaping. */
#include <inttypes.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <libxml/xmlstring.h>
#include <sys/un.h>
#include "machine/machine.h"

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

VG_DEFINE_CLEANUP(cleanup_document, xmlDocPtr, xmlFreeDoc)

/* libxml2 returns NULL only when memory is gone; a child added to NULL is NULL, so one check at the end would do for
 * elements, but not for attributes: hence the flag. */
struct tree {
    xmlDocPtr document;
    bool failed;
};

/* Adds an element with text (or NULL) and pairs of attribute and value, ended by NULL. */
static xmlNodePtr __attribute__((sentinel))
element(struct tree *tree, xmlNodePtr parent, const char *name, const char *text, ...)
{
    if (!parent)
        return NULL;
    xmlNodePtr node = xmlNewTextChild(parent, NULL, BAD_CAST name, BAD_CAST text);
    if (!node)
        tree->failed = true;
    va_list attributes;
    va_start(attributes, text);
    for (const char *key; node && (key = va_arg(attributes, const char *)) != NULL;)
        if (!xmlNewProp(node, BAD_CAST key, BAD_CAST va_arg(attributes, const char *)))
            tree->failed = true;
    va_end(attributes);
    return node;
}

static void number(struct tree *tree, xmlNodePtr parent, const char *name, unsigned value, const char *unit)
{
    vg_autofree char *text = vg_format("%u", value);
    if (unit)
        element(tree, parent, name, text, "unit", unit, NULL);
    else
        element(tree, parent, name, text, NULL);
}

static void add_disk(struct tree *tree, xmlNodePtr devices, const char *file, const char *target)
{
    if (!file)
        return;
    xmlNodePtr disk = element(tree, devices, "disk", NULL, "type", "file", "device", "disk", NULL);
    element(tree, disk, "driver", NULL, "name", "qemu", "type", "raw", NULL);
    element(tree, disk, "source", NULL, "file", file, NULL);
    element(tree, disk, "target", NULL, "dev", target, "bus", "virtio", NULL);
    element(tree, disk, "readonly", NULL, NULL);
}

static void add_serial(struct tree *tree, xmlNodePtr devices, const struct vg_vm_spec *spec)
{
    if (spec->console_file) {
        xmlNodePtr serial = element(tree, devices, "serial", NULL, "type", "file", NULL);
        element(tree, serial, "source", NULL, "path", spec->console_file, "append", "on", NULL);
        element(tree, serial, "target", NULL, "port", "0", NULL);
    }
    xmlNodePtr channel = element(tree, devices, "channel", NULL, "type", "unix", NULL);
    element(tree, channel, "source", NULL, "mode", "bind", "path", spec->link_socket, NULL);
    element(tree, channel, "target", NULL, "type", "virtio", "name", "org.vgauge.0", NULL);
}

static void add_display(struct tree *tree, xmlNodePtr devices, const struct vg_vm_spec *spec)
{
    if (spec->attachment.kind != VG_ATTACH_VIRTIO_GPU) {
        xmlNodePtr video = element(tree, devices, "video", NULL, NULL);
        element(tree, video, "model", NULL, "type", "none", NULL);
        return;
    }
    if (spec->display == VG_DISPLAY_SDL) {
        xmlNodePtr graphics = element(tree, devices, "graphics", NULL, "type", "sdl", "display", spec->x_display, NULL);
        if (graphics && spec->x_authority && !xmlNewProp(graphics, BAD_CAST "xauth", BAD_CAST spec->x_authority))
            tree->failed = true;
        element(tree, graphics, "gl", NULL, "enable", "yes", NULL);
    } else {
        xmlNodePtr graphics = element(tree, devices, "graphics", NULL, "type", "egl-headless", NULL);
        if (spec->render_node)
            element(tree, graphics, "gl", NULL, "rendernode", spec->render_node, NULL);
    }
    /* SDL makes libvirt add a sound card's back end unless there is one. */
    element(tree, devices, "audio", NULL, "id", "1", "type", "none", NULL);
    /* The only display device: beside a second one QEMU's GL has no current context and aborts. */
    xmlNodePtr video = element(tree, devices, "video", NULL, NULL);
    xmlNodePtr model = element(tree, video, "model", NULL, "type", "virtio", "heads", "1", "primary", "yes", NULL);
    element(tree, model, "acceleration", NULL, "accel3d", "yes", NULL);
}

static void add_host_device(struct tree *tree, xmlNodePtr devices, const struct vg_attachment *attachment)
{
    if (attachment->kind == VG_ATTACH_MDEV) {
        xmlNodePtr device =
            element(tree, devices, "hostdev", NULL, "mode", "subsystem", "type", "mdev", "model", "vfio-pci", NULL);
        xmlNodePtr source = element(tree, device, "source", NULL, NULL);
        element(tree, source, "address", NULL, "uuid", attachment->mdev_uuid, NULL);
    }
    if (attachment->kind == VG_ATTACH_PCI) {
        vg_autofree char *domain = vg_format("0x%04x", attachment->pci.domain);
        vg_autofree char *bus = vg_format("0x%02x", attachment->pci.bus);
        vg_autofree char *slot = vg_format("0x%02x", attachment->pci.slot);
        vg_autofree char *function = vg_format("0x%x", attachment->pci.function);
        xmlNodePtr device = element(tree, devices, "hostdev", NULL, "mode", "subsystem", "type", "pci", "managed",
                                    attachment->pci.managed ? "yes" : "no", NULL);
        xmlNodePtr source = element(tree, device, "source", NULL, NULL);
        element(tree, source, "address", NULL, "domain", domain, "bus", bus, "slot", slot, "function", function, NULL);
    }
}

/* What libvirt has no words for. Its own blob='on' is not used: it asks for /dev/udmabuf, which Venus does without. */
static void add_override(struct tree *tree, xmlNodePtr domain, xmlNsPtr qemu, const struct vg_attachment *attachment)
{
    bool blob = attachment->virtio.venus || attachment->virtio.blob;
    if (attachment->kind != VG_ATTACH_VIRTIO_GPU || !blob)
        return;
    xmlNodePtr override = element(tree, domain, "override", NULL, NULL);
    xmlNodePtr device = element(tree, override, "device", NULL, "alias", "video0", NULL);
    xmlNodePtr frontend = element(tree, device, "frontend", NULL, NULL);
    vg_autofree char *hostmem = vg_format("%" PRIu64, attachment->virtio.hostmem_bytes);
    xmlNodePtr nodes[6] = { override, device, frontend };
    unsigned count = 3;
    if (attachment->virtio.venus)
        nodes[count++] =
            element(tree, frontend, "property", NULL, "name", "venus", "type", "bool", "value", "true", NULL);
    nodes[count++] = element(tree, frontend, "property", NULL, "name", "blob", "type", "bool", "value", "true", NULL);
    if (attachment->virtio.hostmem_bytes)
        nodes[count++] =
            element(tree, frontend, "property", NULL, "name", "hostmem", "type", "unsigned", "value", hostmem, NULL);
    for (unsigned i = 0; i < count; i++)
        if (nodes[i])
            xmlSetNs(nodes[i], qemu);
}

/* Before the guest may run, libvirt asks QEMU for every CPU feature by its name, one question each: half a second with
 * the hundreds that an emulated CPU has. QEMU's older interface answers in one, and libvirt uses it if this is missing.
 */
static void quicken_start(struct tree *tree, xmlNodePtr domain, xmlNsPtr qemu)
{
    xmlNodePtr capabilities = element(tree, domain, "capabilities", NULL, NULL);
    xmlNodePtr without = element(tree, capabilities, "del", NULL, "capability", "cpu-unavailable-features", NULL);
    if (without) {
        xmlSetNs(capabilities, qemu);
        xmlSetNs(without, qemu);
    }
}

static void add_environment(struct tree *tree, xmlNodePtr domain, xmlNsPtr qemu, const struct vg_attachment *attachment)
{
    if (!attachment->environment_count)
        return;
    xmlNodePtr line = element(tree, domain, "commandline", NULL, NULL);
    if (line)
        xmlSetNs(line, qemu);
    for (unsigned i = 0; i < attachment->environment_count; i++) {
        const char *entry = attachment->environment[i];
        const char *equals = strchr(entry, '=');
        vg_autofree char *name = vg_format("%.*s", (int)(equals - entry), entry);
        xmlNodePtr variable = element(tree, line, "env", NULL, "name", name, "value", equals + 1, NULL);
        if (variable)
            xmlSetNs(variable, qemu);
    }
}

static void fill(struct tree *tree, xmlNodePtr domain, const struct vg_vm_spec *spec)
{
    bool host_device = spec->attachment.kind == VG_ATTACH_MDEV || spec->attachment.kind == VG_ATTACH_PCI;
    element(tree, domain, "name", spec->name, NULL);
    element(tree, domain, "uuid", spec->uuid, NULL);
    number(tree, domain, "memory", spec->memory_mib, "MiB");
    /* Shared memory: the render server, another process, maps the guest's. */
    xmlNodePtr backing = element(tree, domain, "memoryBacking", NULL, NULL);
    element(tree, backing, "source", NULL, "type", "memfd", NULL);
    element(tree, backing, "access", NULL, "mode", "shared", NULL);
    number(tree, domain, "vcpu", spec->vcpus, NULL);

    xmlNodePtr os = element(tree, domain, "os", NULL, NULL);
    /* pc boots faster than q35; a host device wants the PCIe slots that only q35 has. */
    element(tree, os, "type", "hvm", "arch", "x86_64", "machine", host_device ? "q35" : "pc", NULL);
    if (spec->firmware)
        element(tree, os, "loader", spec->firmware, "readonly", "yes", "type", "rom", NULL);
    element(tree, os, "kernel", spec->kernel, NULL);
    if (spec->initrd)
        element(tree, os, "initrd", spec->initrd, NULL);
    if (spec->cmdline)
        element(tree, os, "cmdline", spec->cmdline, NULL);
    xmlNodePtr features = element(tree, domain, "features", NULL, NULL);
    element(tree, features, "acpi", NULL, NULL);
    element(tree, features, "apic", NULL, NULL);
    element(tree, domain, "cpu", NULL, "mode", spec->accel == VG_ACCEL_KVM ? "host-passthrough" : "maximum", NULL);
    element(tree, domain, "on_poweroff", "destroy", NULL);
    element(tree, domain, "on_reboot", "restart", NULL);
    element(tree, domain, "on_crash", "destroy", NULL);

    xmlNodePtr devices = element(tree, domain, "devices", NULL, NULL);
    element(tree, devices, "emulator", spec->emulator, NULL);
    add_disk(tree, devices, spec->rootfs, "vda");
    add_disk(tree, devices, spec->payload, "vdb");
    element(tree, devices, "controller", NULL, "type", "usb", "model", "none", NULL);
    add_serial(tree, devices, spec);
    add_display(tree, devices, spec);
    add_host_device(tree, devices, &spec->attachment);
    element(tree, devices, "memballoon", NULL, "model", "none", NULL);
    xmlNodePtr rng = element(tree, devices, "rng", NULL, "model", "virtio", NULL);
    element(tree, rng, "backend", "/dev/urandom", "model", "random", NULL);
}

/* --- what must hold ------------------------------------------------------------------------------------------------
 */

static bool check_text(const char *what, const char *text, bool wanted, struct vg_error *err)
{
    if (!text || !*text) {
        if (!wanted && !text)
            return true;
        return vg_fail(err, VG_ERROR_INPUT, "a VM needs %s, but it is empty", what);
    }
    if (!xmlCheckUTF8(BAD_CAST text))
        return vg_fail(err, VG_ERROR_INPUT, "%s of a VM is not UTF-8 text, so it cannot be put into XML", what);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return vg_fail(err, VG_ERROR_INPUT, "%s of a VM holds a control character (byte %ld)", what,
                           (long)(c - text));
    return true;
}

static bool check_path(const char *what, const char *path, bool wanted, struct vg_error *err)
{
    if (!check_text(what, path, wanted, err))
        return false;
    if (path && *path != '/')
        return vg_fail(err, VG_ERROR_INPUT, "%s of a VM must be an absolute path, not `%s`", what, path);
    return true;
}

static bool check_attachment(const struct vg_vm_spec *spec, struct vg_error *err)
{
    const struct vg_attachment *attachment = &spec->attachment;
    if (attachment->kind == VG_ATTACH_VIRTIO_GPU && attachment->virtio.hostmem_bytes && !attachment->virtio.venus &&
        !attachment->virtio.blob)
        return vg_fail(err, VG_ERROR_INPUT, "a virtio-gpu with a host memory window needs blob resources");
    if (attachment->kind == VG_ATTACH_MDEV && strnlen(attachment->mdev_uuid, sizeof(attachment->mdev_uuid)) != 36)
        return vg_fail(err, VG_ERROR_INPUT, "a mediated device needs a UUID of 36 characters");
    for (unsigned i = 0; i < attachment->environment_count; i++) {
        const char *entry = attachment->environment[i];
        if (!check_text("the renderer's environment", entry, true, err))
            return false;
        if (!strchr(entry, '=') || *entry == '=')
            return vg_fail(err, VG_ERROR_INPUT, "`%s` in the renderer's environment is not NAME=value", entry);
    }
    if (attachment->kind != VG_ATTACH_VIRTIO_GPU)
        return true;
    return check_text("the X display", spec->x_display, spec->display == VG_DISPLAY_SDL, err) &&
           check_path("the X authority file", spec->x_authority, false, err) &&
           check_path("the render node", spec->render_node, false, err);
}

static bool check_spec(const struct vg_vm_spec *spec, struct vg_error *err)
{
    if (!check_text("the name", spec->name, true, err) || !check_text("the UUID", spec->uuid, true, err) ||
        !check_path("the emulator", spec->emulator, true, err) || !check_path("the kernel", spec->kernel, true, err) ||
        !check_path("the firmware", spec->firmware, false, err) ||
        !check_path("the initrd", spec->initrd, false, err) ||
        !check_path("the root file system", spec->rootfs, false, err) ||
        !check_path("the payload", spec->payload, false, err) ||
        !check_path("the console file", spec->console_file, false, err) ||
        !check_path("the link socket", spec->link_socket, true, err))
        return false;
    if (spec->cmdline && *spec->cmdline && !check_text("the kernel command line", spec->cmdline, false, err))
        return false;
    if (strchr(spec->name, '/'))
        return vg_fail(err, VG_ERROR_INPUT, "the name of a VM cannot hold a slash: `%s`", spec->name);
    size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (strlen(spec->link_socket) > most)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the link socket %s is %zu characters long, a socket can have %zu; use a shorter runtime "
                       "directory",
                       spec->link_socket, strlen(spec->link_socket), most);
    if (spec->memory_mib < 64 || spec->vcpus < 1)
        return vg_fail(err, VG_ERROR_INPUT, "a VM needs at least 64 MiB of memory and one vCPU, not %u MiB and %u",
                       spec->memory_mib, spec->vcpus);
    return check_attachment(spec, err);
}

char *vg_domain_xml(const struct vg_vm_spec *spec, struct vg_error *err)
{
    if (!check_spec(spec, err))
        return NULL;
    VG_CLEANUP(cleanup_document) xmlDocPtr document = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr domain = document ? xmlNewNode(NULL, BAD_CAST "domain") : NULL;
    struct tree tree = { .document = document, .failed = !domain };
    if (domain) {
        xmlDocSetRootElement(document, domain);
        xmlNsPtr qemu = xmlNewNs(domain, BAD_CAST QEMU_NAMESPACE, BAD_CAST "qemu");
        if (!qemu || !xmlNewProp(domain, BAD_CAST "type", BAD_CAST(spec->accel == VG_ACCEL_KVM ? "kvm" : "qemu")))
            tree.failed = true;
        fill(&tree, domain, spec);
        add_environment(&tree, domain, qemu, &spec->attachment);
        if (spec->accel == VG_ACCEL_TCG)
            quicken_start(&tree, domain, qemu);
        add_override(&tree, domain, qemu, &spec->attachment);
    }
    xmlBufferPtr buffer = xmlBufferCreate();
    char *xml = NULL;
    if (buffer && !tree.failed && xmlNodeDump(buffer, document, domain, 0, 1) > 0)
        xml = vg_format("%s\n", (const char *)xmlBufferContent(buffer));
    if (buffer)
        xmlBufferFree(buffer);
    if (!xml)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "out of memory while building the domain XML of %s", spec->name);
    return xml;
}
