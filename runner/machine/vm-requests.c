/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an operator asks of a running VM that a vGPU may not be able to do: save, snapshot, migrate, plug and unplug. */
#include <libvirt/virterror.h>
#include <unistd.h>
#include "machine/internal.h"

enum { ANSWER_MS = 10000 };

static bool said_by_libvirt(const char *otherwise, char **said)
{
    const char *message = virGetLastErrorMessage();
    *said = vg_printable(message ? message : otherwise, strlen(message ? message : otherwise), 500);
    return false;
}

/* A VM that was saved after all goes on from its file: the caller wants to know, not to lose it. */
static bool save(struct vg_vm *vm, char **said)
{
    vg_autofree char *path = vg_format("%s/%s.save", vm->machine->directory, vm->name);
    bool done = virDomainSave(vm->domain, path) == 0;
    if (!done)
        said_by_libvirt("no reason", said);
    else if (virDomainRestore(vm->machine->connection, path) < 0)
        said_by_libvirt("it was saved and cannot be restored", said);
    unlink(path);
    return done;
}

static bool snapshot(struct vg_vm *vm, char **said)
{
    vg_autofree char *path = vg_format("%s/%s.memory", vm->machine->directory, vm->name);
    vg_autofree char *xml = vg_format("<domainsnapshot><memory snapshot='external' file='%s'/><disks>"
                                      "<disk name='vda' snapshot='no'/><disk name='vdb' snapshot='no'/>"
                                      "</disks></domainsnapshot>",
                                      path);
    unsigned flags = VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | VIR_DOMAIN_SNAPSHOT_CREATE_LIVE;
    virDomainSnapshotPtr made = virDomainSnapshotCreateXML(vm->domain, xml, flags);
    unlink(path);
    if (!made)
        return said_by_libvirt("no reason", said);
    virDomainSnapshotFree(made);
    return true;
}

/* To the VMM itself: which commands succeed, and what it says otherwise. */
static bool ask(struct vg_vm *vm, const char *command, char **said)
{
    struct vg_error failed = { 0 };
    vg_autofree char *answer = NULL;
    int64_t cost_ns = 0;
    if (!vg_vm_monitor(vm, command, ANSWER_MS, &answer, &cost_ns, &failed)) {
        *said = vg_strdup(failed.text);
        return false;
    }
    vg_autojson json_t *json = vg_json_load_text(answer, strlen(answer), &failed);
    const char *why = vg_json_text_or(json ? json_object_get(json, "error") : NULL, "desc", NULL);
    *said = why ? vg_printable(why, strlen(why), 500) : vg_strdup("");
    return json && json_object_get(json, "return");
}

static bool migrate(struct vg_vm *vm, char **said)
{
    vg_autofree char *command = vg_format("{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:cat > /dev/null\"}}");
    return ask(vm, command, said);
}

static const char device[] = "<video><model type='virtio' heads='1'><acceleration accel3d='yes'/></model></video>";

static bool plug(struct vg_vm *vm, char **said)
{
    return virDomainAttachDeviceFlags(vm->domain, device, VIR_DOMAIN_AFFECT_LIVE) == 0 ||
           said_by_libvirt("no reason", said);
}

static bool plug_into_vmm(struct vg_vm *vm, char **said)
{
    return ask(vm, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-gpu-gl-pci\",\"id\":\"second\"}}",
               said);
}

static bool unplug(struct vg_vm *vm, char **said)
{
    return virDomainDetachDeviceAlias(vm->domain, "video0", VIR_DOMAIN_AFFECT_LIVE) == 0 ||
           said_by_libvirt("no reason", said);
}

static bool unplug_from_vmm(struct vg_vm *vm, char **said)
{
    return ask(vm, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"video0\"}}", said);
}

static const struct {
    const char *name;
    bool (*ask)(struct vg_vm *vm, char **said);
} requests[] = {
    { "save", save },
    { "snapshot", snapshot },
    { "migrate", migrate },
    { "plug", plug },
    { "plug-vmm", plug_into_vmm },
    { "unplug", unplug },
    { "unplug-vmm", unplug_from_vmm },
};

bool vg_vm_request(struct vg_vm *vm, const char *what, char **said)
{
    *said = NULL;
    virResetLastError();
    for (size_t i = 0; i < VG_COUNT(requests); i++) {
        if (!vg_equal(requests[i].name, what))
            continue;
        bool done = requests[i].ask(vm, said);
        if (!*said)
            *said = vg_strdup("");
        return done;
    }
    *said = vg_format("nothing is called `%s`", what);
    return false;
}
