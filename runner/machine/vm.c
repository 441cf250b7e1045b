/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM from start to end. libvirt's events say how it ended; the process itself, held by a pidfd, says whether it is
 * really gone. Both must agree before a stop is called done. */
#include "machine/internal.h"
#include <libvirt/virterror.h>
#include <signal.h>
#include <sys/syscall.h>

#define STOP_MS        10000
#define STEP_NS        (3 * VG_NS_PER_MS)
#define EVENT_GRACE_MS 300
#define PAUSE_MS       2000

static const char *stopped_reason(int detail)
{
    switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
        return "shutdown";
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
        return "destroyed";
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
        return "crashed";
    default:
        return "stopped";
    }
}

void vg_vm_event(struct vg_machine *machine, const char *uuid, int event, int detail)
{
    pthread_mutex_lock(&machine->lock);
    struct vg_vm *vm = machine->vms;
    while (vm && (vm->ended || strcasecmp(vm->uuid, uuid) != 0))
        vm = vm->next;
    if (vm && event == VIR_DOMAIN_EVENT_STOPPED) {
        vm->ended = true;
        snprintf(vm->why, sizeof(vm->why), "%s", stopped_reason(detail));
    }
    if (vm && (event == VIR_DOMAIN_EVENT_SUSPENDED || event == VIR_DOMAIN_EVENT_RESUMED))
        vm->halted = event == VIR_DOMAIN_EVENT_SUSPENDED;
    pthread_mutex_unlock(&machine->lock);
}

static bool has_ended(struct vg_vm *vm)
{
    if (!vm->machine)
        return true;
    pthread_mutex_lock(&vm->machine->lock);
    bool ended = vm->ended;
    pthread_mutex_unlock(&vm->machine->lock);
    return ended;
}

static void set_ended(struct vg_vm *vm, const char *why)
{
    if (vm->machine)
        pthread_mutex_lock(&vm->machine->lock);
    if (!vm->ended)
        snprintf(vm->why, sizeof(vm->why), "%s", why);
    vm->ended = true;
    if (vm->machine)
        pthread_mutex_unlock(&vm->machine->lock);
}

static void unlist(struct vg_vm *vm)
{
    if (!vm->machine)
        return;
    pthread_mutex_lock(&vm->machine->lock);
    struct vg_vm **link = &vm->machine->vms;
    while (*link && *link != vm)
        link = &(*link)->next;
    if (*link)
        *link = vm->next;
    pthread_mutex_unlock(&vm->machine->lock);
    vm->machine = NULL;
}

static void discard(struct vg_vm *vm)
{
    unlist(vm);
    vg_monitor_close(vm->monitor, EVENT_GRACE_MS);
    if (vm->domain)
        virDomainFree(vm->domain);
    if (vm->pidfd >= 0)
        close(vm->pidfd);
    free(vm->name);
    free(vm->uuid);
    free(vm->link_socket);
    free(vm->console_file);
    free(vm->log_file);
    free(vm);
}

static char *copy_or_null(const char *text)
{
    return text ? vg_strdup(text) : NULL;
}

struct vg_vm *vg_vm_start(struct vg_machine *machine, const struct vg_vm_spec *spec, struct vg_error *err)
{
    vg_autofree char *xml = vg_domain_xml(spec, err);
    if (!xml)
        return NULL;
    struct vg_vm *vm = vg_calloc(1, sizeof(*vm));
    vm->machine = machine;
    vm->pidfd = -1;
    vm->monitor = vg_monitor_new();
    vm->name = vg_strdup(spec->name);
    vm->uuid = vg_strdup(spec->uuid);
    vm->link_socket = vg_strdup(spec->link_socket);
    vm->console_file = copy_or_null(spec->console_file);
    vm->rasterizes = spec->attachment.kind == VG_ATTACH_VIRTIO_GPU && !spec->attachment.virtio.venus;
    vm->log_file = machine->root ? vg_format("%s/log/qemu/%s.log", machine->root, spec->name) : NULL;
    /* Listed first: a QEMU that dies at once sends its event before the call below returns. */
    pthread_mutex_lock(&machine->lock);
    vm->next = machine->vms;
    machine->vms = vm;
    pthread_mutex_unlock(&machine->lock);
    /* The in-process driver cannot destroy by itself what its process leaves; vg_machine_reap does. */
    vg_machine_starting(machine, 1);
    vm->domain = virDomainCreateXML(machine->connection, xml, machine->root ? 0 : VIR_DOMAIN_START_AUTODESTROY);
    vg_machine_starting(machine, -1);
    if (!vm->domain) {
        vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be started", spec->name);
        discard(vm);
        return NULL;
    }
    vg_vm_locate(vm);
    return vm;
}

pid_t vg_vm_pid(const struct vg_vm *vm)
{
    return vm->pid;
}

bool vg_vm_alive(struct vg_vm *vm, const char **why)
{
    /* The process goes a moment before libvirt knows why. */
    for (int waited_ms = 0; vm->pidfd >= 0 && vg_pidfd_gone(vm->pidfd) && !has_ended(vm); waited_ms += 3) {
        if (waited_ms > EVENT_GRACE_MS)
            set_ended(vm, "crashed");
        vg_sleep_ns(STEP_NS);
    }
    if (has_ended(vm)) {
        if (why)
            *why = vm->why;
        return false;
    }
    pthread_mutex_lock(&vm->machine->lock);
    bool halted = vm->halted && !vm->paused;
    pthread_mutex_unlock(&vm->machine->lock);
    if (halted && why)
        *why = "halted: its accelerator gave up, QEMU stands still";
    return !halted;
}

/* Gone: no process, and libvirt has forgotten it. */
static bool is_gone(struct vg_vm *vm)
{
    if (vm->pidfd >= 0 && !vg_pidfd_gone(vm->pidfd))
        return false;
    return has_ended(vm) || virDomainIsActive(vm->domain) != 1;
}

static bool wait_gone(struct vg_vm *vm, int timeout_ms)
{
    int64_t deadline_ns = vg_now_ns() + timeout_ms * VG_NS_PER_MS;
    while (!is_gone(vm)) {
        if (vg_now_ns() > deadline_ns)
            return false;
        vg_sleep_ns(STEP_NS);
    }
    return true;
}

/* A last event may be on its way; it must not be taken for that of a later VM with the same UUID. */
static void settle(struct vg_vm *vm, const char *why)
{
    for (int waited_ms = 0; waited_ms < EVENT_GRACE_MS && !has_ended(vm); waited_ms += 3)
        vg_sleep_ns(STEP_NS);
    set_ended(vm, why);
}

bool vg_vm_stop(struct vg_vm *vm, enum vg_vm_stop how, struct vg_error *err)
{
    if (!vm->domain || !vm->machine) /* its machine was closed */
        return true;
    bool killed = how == VG_VM_KILL && vm->pidfd >= 0 && !has_ended(vm);
    if (killed)
        syscall(SYS_pidfd_send_signal, vm->pidfd, SIGKILL, NULL, 0);
    if (!killed || !wait_gone(vm, STOP_MS / 2)) {
        if (virDomainDestroy(vm->domain) < 0) {
            int code = virGetLastErrorCode();
            bool was_gone = code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID;
            if (!was_gone && !is_gone(vm))
                return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be destroyed", vm->name);
        }
        if (!wait_gone(vm, STOP_MS))
            return vg_fail(err, VG_ERROR_TIMEOUT, "the VM %s (process %d) is still there %d s after it was destroyed",
                           vm->name, (int)vm->pid, STOP_MS / 1000);
    }
    settle(vm, killed ? "crashed" : "destroyed");
    /* A renderer that is caught in a shader without end notices nothing of QEMU's death. */
    if (!vg_session_kill(vm->session, 2000))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "processes of the VM %s (session %d) cannot be killed", vm->name,
                       (int)vm->session);
    unlink(vm->link_socket);
    return true;
}

bool vg_vm_wait_shutdown(struct vg_vm *vm, int timeout_ms, struct vg_error *err)
{
    int64_t deadline_ns = vg_now_ns() + timeout_ms * VG_NS_PER_MS;
    while (!has_ended(vm) && !(vm->pidfd >= 0 && vg_pidfd_gone(vm->pidfd))) {
        if (vg_now_ns() > deadline_ns)
            return vg_fail(err, VG_ERROR_TIMEOUT, "the guest of %s did not shut down within %d ms", vm->name,
                           timeout_ms);
        vg_sleep_ns(STEP_NS);
    }
    return vg_vm_stop(vm, VG_VM_DESTROY, err);
}

bool vg_vm_reset(struct vg_vm *vm, struct vg_error *err)
{
    if (!vm->domain || virDomainReset(vm->domain, 0) < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be reset", vm->name);
    return true;
}

/* Libvirt's event has to be seen as well: one that is still on its way would be taken for a VM that gave up. */
static bool wait_halted(struct vg_vm *vm, bool wanted, struct vg_error *err)
{
    int64_t deadline_ns = vg_now_ns() + PAUSE_MS * VG_NS_PER_MS;
    for (;;) {
        pthread_mutex_lock(&vm->machine->lock);
        bool there = vm->halted == wanted;
        if (there && !wanted)
            vm->paused = false;
        pthread_mutex_unlock(&vm->machine->lock);
        if (there)
            return true;
        if (has_ended(vm) || vg_now_ns() > deadline_ns)
            return vg_fail(err, VG_ERROR_TENANT, "the VM %s did not %s within %d ms", vm->name,
                           wanted ? "stand still" : "go on", PAUSE_MS);
        vg_sleep_ns(STEP_NS);
    }
}

bool vg_vm_pause(struct vg_vm *vm, struct vg_error *err)
{
    pthread_mutex_lock(&vm->machine->lock);
    vm->paused = true;
    pthread_mutex_unlock(&vm->machine->lock);
    if (virDomainSuspend(vm->domain) < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be paused", vm->name);
    return wait_halted(vm, true, err);
}

bool vg_vm_resume(struct vg_vm *vm, struct vg_error *err)
{
    if (virDomainResume(vm->domain) < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be resumed", vm->name);
    return wait_halted(vm, false, err);
}

static void stop_for_good(struct vg_vm *vm)
{
    struct vg_error error = { 0 };
    if (vm->machine && !vg_vm_stop(vm, VG_VM_DESTROY, &error))
        vg_warn("%s", error.text);
}

void vg_vm_orphan(struct vg_vm *vm)
{
    stop_for_good(vm);
    set_ended(vm, "destroyed");
    unlist(vm);
    if (vm->domain)
        virDomainFree(vm->domain);
    vm->domain = NULL;
}

void vg_vm_free(struct vg_vm *vm)
{
    if (!vm)
        return;
    stop_for_good(vm);
    discard(vm);
}
